"""When things happen: days of the demo world, their weights by season, weekday and festival, and hours of a day."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core import calendar
from core.periods import midnight

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
DAY_S, HOUR_S = 86400, 3600
NEVER = np.iinfo(np.int64).max // 4
"""A time that does not come, in seconds."""

HOURS = np.array(
    [1, 0.5, 0.3, 0.2, 0.3, 0.8, 3.0, 7.5, 4.5, 4, 4.2, 5, 8.5, 6, 4, 4, 4.2, 4.6, 5, 6.5, 10.5, 9.5, 5.5, 2.5]
)
"""Shape of a day: peaks in the three slots of a community, 7, 12 and 20-21 o'clock."""
SHOP_HOURS = np.array([0] * 10 + [4, 5, 6, 5, 6, 7, 7, 7, 7, 6, 5, 3] + [0] * 2, dtype=float)
DUTY_HOURS = np.array([0] * 9 + [5, 7, 7, 6, 5, 6, 6, 6, 6, 5, 5, 6, 4] + [0] * 2, dtype=float)
WEEKDAYS = np.array([0.95, 0.93, 0.95, 0.98, 1.06, 1.2, 1.16])

SALES = {"618": (17, 2.4), "双11": (21, 3.2), "双12": (4, 1.5), "妇女节": (5, 1.5), "七夕": (5, 1.35), "520": (2, 1.25)}
"""Festival -> days of build-up before it, and how many times a usual day it is on the day itself."""


@dataclass(frozen=True)
class Span:
    """The business days ``[end_on - days + 1, end_on]`` of the demo world. Days are counted from 0; times are UTC seconds."""

    end_on: date
    days: int
    zone: str

    @property
    def start_on(self) -> date:
        return self.end_on - timedelta(days=self.days - 1)

    def on(self, day: int) -> date:
        return self.start_on + timedelta(days=int(day))

    @cached_property
    def starts_s(self) -> Ints:
        """UTC second at which each day starts, and the end of the last."""
        return np.array([int(midnight(self.on(day), self.zone).timestamp()) for day in range(self.days + 1)])

    @property
    def first_s(self) -> int:
        return int(self.starts_s[0])

    @property
    def end_s(self) -> int:
        return int(self.starts_s[-1])

    def day_of(self, seconds: Ints) -> Ints:
        """Number of the day a time lies in."""
        return np.searchsorted(self.starts_s, seconds, side="right") - 1

    @cached_property
    def months(self) -> list[tuple[int, int]]:
        """Days ``[first, end)`` of each calendar month that the span touches."""
        firsts = [day for day in range(self.days) if day == 0 or self.on(day).day == 1]
        return list(zip(firsts, [*firsts[1:], self.days], strict=True))

    @cached_property
    def traffic(self) -> Floats:
        """How much happens on a day: weekday x festival, mean about 1."""
        weekdays = WEEKDAYS[[self.on(day).weekday() for day in range(self.days)]]
        return weekdays * self.sales * self._holidays

    @cached_property
    def buying(self) -> Floats:
        """How many times more readily a visitor buys on a day."""
        return self.sales**0.75

    @cached_property
    def sales(self) -> Floats:
        """How many times a usual day a day is because of festivals' sales."""
        weights = np.ones(self.days)
        for day in calendar.days(self.start_on, self.end_on + timedelta(days=30)):
            if day.name not in SALES:
                continue
            lead, peak = SALES[day.name]
            last = (day.on - self.start_on).days
            for before in range(lead + 1):
                if 0 <= last - before < self.days:
                    nearness = (1 - before / (lead + 1)) ** 3
                    weights[last - before] = max(weights[last - before], 1.08 + (peak - 1.08) * nearness)
            if 0 <= last + 1 < self.days:
                weights[last + 1] = min(weights[last + 1], 0.85)
        return weights

    @cached_property
    def _holidays(self) -> Floats:
        weights = np.ones(self.days)
        for day in calendar.days(self.start_on, self.end_on + timedelta(days=1)):
            if day.kind == "holiday":
                dip = {calendar.SPRING_FESTIVAL: 0.42, calendar.NATIONAL_DAY: 0.82}.get(day.name, 0.95)
                weights[(day.on - self.start_on).days] = dip
        return weights

    def draw_days(self, rng: np.random.Generator, first: Ints, end: Ints, weights: Floats | None = None) -> Ints:
        """One day in ``[first, end)`` for each pair, by weight (default: traffic). An empty range gives its first day."""
        total = np.concatenate([[0.0], np.cumsum(self.traffic if weights is None else weights)])
        low, high = total[first], total[np.maximum(end, first)]
        days = np.searchsorted(total, low + rng.random(len(first)) * (high - low), side="right") - 1
        return np.clip(days, first, np.maximum(end - 1, first))

    def draw_times(self, rng: np.random.Generator, days: Ints, hours: Floats = HOURS) -> Ints:
        """A second on each day, by the shape of the day."""
        hour = np.searchsorted(np.cumsum(hours) / hours.sum(), rng.random(len(days)), side="right")
        return self.starts_s[days] + hour * HOUR_S + rng.integers(0, HOUR_S, len(days))
