"""Feasts and shopping festivals as models learn them: one event each, with the days around it that it changes.

The public calendar has a name for every substituted day off; a coefficient for a day that occurs once learns nothing that ever comes again.
So there are few events, each with a window, and worked weekends are a figure of every day (``make_up_workdays``).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from core import calendar
from core.calendar import FIRST_YEAR, LAST_YEAR
from core.models.forecast.history import Event, Floats

MAKE_UP = "make_up_workday"
"""Name of the figure of worked weekends among regressors."""


@dataclass(frozen=True, slots=True)
class Festival:
    """A built-in event: its main day in a year, and the window ``[main day - before_days, main day + after_days]``."""

    name: str
    before_days: int
    after_days: int
    main_day: Callable[[int], date]


def _each(month: int, day: int) -> Callable[[int], date]:
    return lambda year: date(year, month, day)


BUILT_IN = {
    one.name: one
    for one in (
        Festival("spring_festival", 14, 8, calendar.spring_festival),
        Festival("womens_day", 5, 0, _each(3, 8)),
        Festival("labour", 0, 4, _each(5, 1)),
        Festival("520", 2, 0, _each(5, 20)),
        Festival("618", 17, 2, _each(6, 18)),
        Festival("qixi", 5, 0, calendar.qixi),
        Festival("mid_autumn", 3, 0, calendar.mid_autumn),
        Festival("national", 0, 6, _each(10, 1)),
        Festival("double11", 21, 2, _each(11, 11)),
        Festival("double12", 4, 1, _each(12, 12)),
    )
}
"""By name, in the order of the year. Sales of Double 11 begin three weeks ahead: with a shorter window their first days count as usual ones, and
its effect is found too small (on the demo 66 % for 83 %, with 21 days 51 % for 49 %)."""


def occurrences(name: str) -> Iterator[Event]:
    """Every occurrence of a built-in event, oldest first, in the years that the calendar knows. Raises ``KeyError``."""
    one = BUILT_IN[name]
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        yield Event(name, one.main_day(year), one.before_days, one.after_days)


def make_up_workdays(start_on: date, days: int) -> Floats:
    """1 on weekends that are worked in exchange for a day off, else 0; one value per day."""
    found: Floats = np.zeros(days)
    for day in calendar.days(start_on, start_on + timedelta(days=days)):
        if day.kind == "workday":
            found[(day.on - start_on).days] = 1.0
    return found
