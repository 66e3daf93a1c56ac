"""The Chinese retail calendar: public holidays with their make-up workdays, lunar feasts, shopping festivals.

Days off and make-up workdays (调休) stand as the State Council published them. For years without a notice only the statutory
days are known, and no workdays. Known from 2020 to 2030; a day outside has no entry.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Literal

DayKind = Literal["holiday", "workday", "festival"]
FIRST_YEAR, LAST_YEAR, LAST_PUBLISHED_YEAR = 2020, 2030, 2026

NEW_YEAR_DAY, SPRING_FESTIVAL, QINGMING, LABOUR_DAY = "元旦", "春节", "清明节", "劳动节"
DRAGON_BOAT, MID_AUTUMN, NATIONAL_DAY = "端午节", "中秋节", "国庆节"
MAKE_UP = "调休上班"

_SPRING = "01-25 02-12 02-01 01-22 02-10 01-29 02-17 02-06 01-26 02-13 02-03"
_QINGMING = "04-04 04-04 04-05 04-05 04-04 04-04 04-05 04-05 04-04 04-04 04-05"
_DRAGON = "06-25 06-14 06-03 06-22 06-10 05-31 06-19 06-09 05-28 06-16 06-05"
_SEVENTH = "08-25 08-14 08-04 08-22 08-10 08-29 08-19 08-08 08-26 08-16 08-05"
_MID_AUTUMN = "10-01 09-21 09-10 09-29 09-17 10-06 09-25 09-15 10-03 09-22 09-12"
"""Gregorian month and day of lunar 1-1, the solar term Qingming, lunar 5-5, 7-7 and 8-15, one for each year from 2020."""

_OFF: dict[int, dict[str, str]] = {
    2020: {NEW_YEAR_DAY: "01-01", SPRING_FESTIVAL: "01-24/02-02", QINGMING: "04-04/04-06", LABOUR_DAY: "05-01/05-05",
           DRAGON_BOAT: "06-25/06-27", NATIONAL_DAY: "10-01/10-08"},
    2021: {NEW_YEAR_DAY: "01-01/01-03", SPRING_FESTIVAL: "02-11/02-17", QINGMING: "04-03/04-05", LABOUR_DAY: "05-01/05-05",
           DRAGON_BOAT: "06-12/06-14", MID_AUTUMN: "09-19/09-21", NATIONAL_DAY: "10-01/10-07"},
    2022: {NEW_YEAR_DAY: "01-01/01-03", SPRING_FESTIVAL: "01-31/02-06", QINGMING: "04-03/04-05", LABOUR_DAY: "04-30/05-04",
           DRAGON_BOAT: "06-03/06-05", MID_AUTUMN: "09-10/09-12", NATIONAL_DAY: "10-01/10-07"},
    2023: {NEW_YEAR_DAY: "01-01/01-02", SPRING_FESTIVAL: "01-21/01-27", QINGMING: "04-05", LABOUR_DAY: "04-29/05-03",
           DRAGON_BOAT: "06-22/06-24", MID_AUTUMN: "09-29", NATIONAL_DAY: "09-30/10-06"},
    2024: {NEW_YEAR_DAY: "01-01", SPRING_FESTIVAL: "02-10/02-17", QINGMING: "04-04/04-06", LABOUR_DAY: "05-01/05-05",
           DRAGON_BOAT: "06-10", MID_AUTUMN: "09-15/09-17", NATIONAL_DAY: "10-01/10-07"},
    2025: {NEW_YEAR_DAY: "01-01", SPRING_FESTIVAL: "01-28/02-04", QINGMING: "04-04/04-06", LABOUR_DAY: "05-01/05-05",
           DRAGON_BOAT: "05-31/06-02", NATIONAL_DAY: "10-01/10-08"},
    2026: {NEW_YEAR_DAY: "01-01/01-03", SPRING_FESTIVAL: "02-15/02-23", QINGMING: "04-04/04-06", LABOUR_DAY: "05-01/05-05",
           DRAGON_BOAT: "06-19/06-21", MID_AUTUMN: "09-25/09-27", NATIONAL_DAY: "10-01/10-07"},
}  # fmt: skip
"""Days off as published, first/last. Where two holidays fall together the run bears one name; 2023's 元旦 began on 2022-12-31."""

_WORKDAYS: dict[int, str] = {
    2020: "01-19 04-26 05-09 06-28 09-27 10-10",
    2021: "02-07 02-20 04-25 05-08 09-18 09-26 10-09",
    2022: "01-29 01-30 04-02 04-24 05-07 10-08 10-09",
    2023: "01-28 01-29 04-23 05-06 06-25 10-07 10-08",
    2024: "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    2025: "01-26 02-08 04-27 09-28 10-11",
    2026: "01-04 02-14 02-28 05-09 09-20 10-10",
}

FIXED_FESTIVALS = {
    "情人节": "02-14",
    "妇女节": "03-08",
    "520": "05-20",
    "618": "06-18",
    "双11": "11-11",
    "双12": "12-12",
}


@dataclass(frozen=True, slots=True, order=True)
class Day:
    """What is on one day. A day may have several."""

    on: date
    name: str
    kind: DayKind


def spring_festival(year: int) -> date:
    """First day of the lunar year that begins in ``year``. Raises ``KeyError`` outside 2020-2030."""
    return _lunar(_SPRING, year)


def mid_autumn(year: int) -> date:
    """Lunar 8-15. Raises ``KeyError`` outside 2020-2030."""
    return _lunar(_MID_AUTUMN, year)


def qixi(year: int) -> date:
    """Lunar 7-7. Raises ``KeyError`` outside 2020-2030."""
    return _lunar(_SEVENTH, year)


def days(start_on: date, end_on: date) -> list[Day]:
    """Everything on the days ``[start_on, end_on)``, in the order of days, then names."""
    years = range(max(start_on.year, FIRST_YEAR), min(end_on.year, LAST_YEAR) + 1)
    every = {day for year in years for day in (*_holidays(year), *_workdays(year), *_festivals(year))}
    return sorted(day for day in every if start_on <= day.on < end_on)


def is_day_off(on: date) -> bool:
    """A weekend or public holiday that is not worked. In years without a notice, weekends and statutory days."""
    return days_off([on])[0]


def days_off(of: Sequence[date]) -> list[bool]:
    """``is_day_off`` of each of some days, oldest first."""
    every = days(of[0], of[-1] + timedelta(days=1)) if of else []
    off, worked = ({day.on for day in every if day.kind == kind} for kind in ("holiday", "workday"))
    return [on in off or (on.weekday() >= 5 and on not in worked) for on in of]


# -- like for like -----------------------------------------------------------------------------------------------------

AROUND_SPRING = 30
"""Days before and after Spring Festival that are told by their distance to it."""
WEEKS_AGO = timedelta(weeks=52)
BY_DATE = {"618": (17, 2), "双11": (21, 2), "双12": (4, 1)}
"""Shopping festivals whose days, so many before and after, are alike by their date."""


def alike(on: date) -> date:
    """The day of the year before to hold a day against: within 30 days of Spring Festival the one at the same distance to it, a day off of
    the National Day by its place among them, days of 618, Double 11 and Double 12 by their date, else the same weekday 52 weeks
    ago. So too where the calendar of either year is not known."""
    return _by_distance(on) or _by_place(on) or _by_date(on) or on - WEEKS_AGO


def lunar_alike(on: date) -> date:
    """As ``alike``, by Spring Festival alone."""
    return _by_distance(on) or on - WEEKS_AGO


def _by_distance(on: date) -> date | None:
    for year in (on.year, on.year + 1):
        if FIRST_YEAR < year <= LAST_YEAR and abs((on - spring_festival(year)).days) <= AROUND_SPRING:
            return spring_festival(year - 1) + (on - spring_festival(year))
    return None


def _by_place(on: date) -> date | None:
    """The same of the days off; the last of them where there were fewer."""
    if not FIRST_YEAR < on.year <= LAST_YEAR:
        return None
    now, before = _national(on.year), _national(on.year - 1)
    return before[min(now.index(on), len(before) - 1)] if on in now else None


@cache
def _national(year: int) -> tuple[date, ...]:
    """Days off of the National Day; in years without a notice the seven that it has had since 2000."""
    if year > LAST_PUBLISHED_YEAR:
        return tuple(date(year, 10, 1) + timedelta(days=place) for place in range(7))
    return tuple(sorted(day.on for day in _holidays(year) if day.name == NATIONAL_DAY))


def _by_date(on: date) -> date | None:
    for name, (before, after) in BY_DATE.items():
        main = _on(on.year, FIXED_FESTIVALS[name])
        if -before <= (on - main).days <= after:
            return on.replace(year=on.year - 1)
    return None


def _lunar(table: str, year: int) -> date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise KeyError(year)
    return _on(year, table.split()[year - FIRST_YEAR])


def _on(year: int, month_day: str) -> date:
    return date.fromisoformat(f"{year}-{month_day}")


def _run(name: str, first: date, last: date) -> Iterator[Day]:
    for offset in range((last - first).days + 1):
        yield Day(first + timedelta(days=offset), name, "holiday")


def _holidays(year: int) -> Iterator[Day]:
    if year > LAST_PUBLISHED_YEAR:
        yield from _statutory(year)
        return
    for name, span in _OFF[year].items():
        first, _, last = span.partition("/")
        yield from _run(name, _on(year, first), _on(year, last or first))
    if year == 2022:
        yield Day(date(2022, 12, 31), NEW_YEAR_DAY, "holiday")


def _statutory(year: int) -> Iterator[Day]:
    """The thirteen statutory days in force since 2025: among them New Year's Eve of the lunar year and 2 May."""
    eve = spring_festival(year) - timedelta(days=1)
    yield from _run(NEW_YEAR_DAY, _on(year, "01-01"), _on(year, "01-01"))
    yield from _run(SPRING_FESTIVAL, eve, eve + timedelta(days=3))
    yield from _run(LABOUR_DAY, _on(year, "05-01"), _on(year, "05-02"))
    yield from _run(NATIONAL_DAY, _on(year, "10-01"), _on(year, "10-03"))
    for name, table in ((QINGMING, _QINGMING), (DRAGON_BOAT, _DRAGON), (MID_AUTUMN, _MID_AUTUMN)):
        yield Day(_lunar(table, year), name, "holiday")


def _workdays(year: int) -> Iterator[Day]:
    for day in _WORKDAYS.get(year, "").split():
        yield Day(_on(year, day), MAKE_UP, "workday")


def _festivals(year: int) -> Iterator[Day]:
    for name, day in FIXED_FESTIVALS.items():
        yield Day(_on(year, day), name, "festival")
    yield Day(spring_festival(year) + timedelta(days=14), "元宵节", "festival")
    yield Day(_lunar(_SEVENTH, year), "七夕", "festival")
    first_of_may = date(year, 5, 1)
    yield Day(first_of_may + timedelta(days=(6 - first_of_may.weekday()) % 7 + 7), "母亲节", "festival")
