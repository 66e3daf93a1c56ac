"""Calendar spans of sequence questions: which instants bound the days, weeks and months that a period touches."""

from datetime import date, timedelta
from typing import Literal

import numpy as np

from core.periods import Period
from core.sequences.arrays import Int64s
from core.work.questions.moments import instant

Unit = Literal["day", "week", "month"]
UNITS: tuple[Unit, ...] = ("day", "week", "month")


def start_of(on: date, unit: Unit) -> date:
    """First day of the day, ISO week (from Monday) or month that a day lies in."""
    if unit == "week":
        return on - timedelta(days=on.weekday())
    return on.replace(day=1) if unit == "month" else on


def after(start: date, unit: Unit, count: int = 1) -> date:
    """First day of the ``count``-th unit after the one that starts so."""
    if unit == "month":
        months = start.year * 12 + start.month - 1 + count
        return date(months // 12, months % 12 + 1, 1)
    return start + timedelta(days=count * (7 if unit == "week" else 1))


def starts(period: Period, unit: Unit) -> list[date]:
    """First days of all units that the period touches, and of the one after them: units are whole."""
    found = [start_of(period.start_on, unit)]
    while found[-1] < period.end_on:
        found.append(after(found[-1], unit))
    return found


def edges(days: list[date], zone: str) -> Int64s:
    """Instants at which the days start, microseconds since 1970."""
    return np.array([instant(day, zone) for day in days], np.int64)
