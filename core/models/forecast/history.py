"""What a model of a daily series is told: values of the past, and what the calendar says of past and future days."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Values of consecutive days, the oldest first. NaN: not known, or set aside, and never learnt."""

    start_on: date
    values: Floats

    @property
    def days(self) -> int:
        return len(self.values)

    @property
    def end_on(self) -> date:
        """The day after the last."""
        return self.start_on + timedelta(days=self.days)

    def on(self, place: int) -> date:
        """The day of a value; also of one ahead."""
        return self.start_on + timedelta(days=place)

    def place(self, on: date) -> int:
        """Where a day stands; negative before the start."""
        return (on - self.start_on).days

    def before(self, place: int) -> "History":
        """What was known before a day."""
        return History(self.start_on, self.values[:place])

    def last(self, days: int | None) -> "History":
        """The last days; all where None or there are fewer."""
        if days is None or days >= self.days:
            return self
        return History(self.on(self.days - days), self.values[self.days - days :])


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One occurrence of something of the calendar, with its window: the days ``[on - before_days, on + after_days]``."""

    name: str
    on: date
    before_days: int = 0
    after_days: int = 0

    @property
    def first_on(self) -> date:
        return self.on - timedelta(days=self.before_days)

    @property
    def last_on(self) -> date:
        return self.on + timedelta(days=self.after_days)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of days whatever their values: occurrences of events, further figures of every day (``regressors``), which begin at
    ``start_on`` and reach as far ahead as anybody forecasts, and days on which the house is ``closed``: they are never learnt, and nothing is forecast on them."""

    start_on: date
    events: tuple[Event, ...] = ()
    regressors: Mapping[str, Floats] = field(default_factory=lambda: MappingProxyType({}))
    closed: tuple[date, ...] = ()

    def of(self, start_on: date, days: int) -> "Known":
        """The same, of the days ``[start_on, start_on + days)``: regressors and closed days cut to them, events that touch them."""
        end_on = start_on + timedelta(days=days)
        place = (start_on - self.start_on).days
        inside = tuple(one for one in self.events if one.last_on >= start_on and one.first_on < end_on)
        figures = {name: told[place : place + days] for name, told in self.regressors.items()}
        return Known(start_on, inside, figures, tuple(on for on in self.closed if start_on <= on < end_on))
