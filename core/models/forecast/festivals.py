"""Feasts, shopping festivals and worked weekends as models learn them: one event each, with the days around it that it changes.

The public calendar has a name for every substituted day off; a coefficient for a day that occurs once learns nothing that ever comes again.
So there are few events, each with a window, and all weekends that are worked in exchange for a day off (调休) are one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from core import calendar
from core.calendar import FIRST_YEAR, LAST_YEAR
from core.models.forecast.history import Event

MAKE_UP = "make_up_workday"


@dataclass(frozen=True, slots=True)
class Festival:
    """A built-in event: its main days in a year, and the window of each, ``[main day - before_days, main day + after_days]``."""

    name: str
    before_days: int
    after_days: int
    main_days: Callable[[int], Sequence[date]]


def _each(month: int, day: int) -> Callable[[int], Sequence[date]]:
    return lambda year: (date(year, month, day),)


def _lunar(day: Callable[[int], date]) -> Callable[[int], Sequence[date]]:
    return lambda year: (day(year),)


def _worked_weekends(year: int) -> Sequence[date]:
    return [one.on for one in calendar.days(date(year, 1, 1), date(year + 1, 1, 1)) if one.kind == "workday"]


BUILT_IN = {
    one.name: one
    for one in (
        Festival("spring_festival", 14, 8, _lunar(calendar.spring_festival)),
        Festival("womens_day", 5, 0, _each(3, 8)),
        Festival("labour", 0, 4, _each(5, 1)),
        Festival("520", 2, 0, _each(5, 20)),
        Festival("618", 17, 2, _each(6, 18)),
        Festival("qixi", 5, 0, _lunar(calendar.qixi)),
        Festival("mid_autumn", 3, 0, _lunar(calendar.mid_autumn)),
        Festival("national", 0, 6, _each(10, 1)),
        Festival("double11", 21, 2, _each(11, 11)),
        Festival("double12", 4, 1, _each(12, 12)),
        Festival(MAKE_UP, 0, 0, _worked_weekends),
    )
}
"""By name, in the order of the year, worked weekends last. Sales of Double 11 begin three weeks ahead: with a shorter window their first days count as usual ones, and
its effect is found too small (on the demo 66 % for 83 %, with 21 days 51 % for 49 %)."""


def occurrences(name: str) -> Iterator[Event]:
    """Every occurrence of a built-in event, oldest first, in the years that the calendar knows. Raises ``KeyError``."""
    one = BUILT_IN[name]
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        for on in one.main_days(year):
            yield Event(name, on, one.before_days, one.after_days)
