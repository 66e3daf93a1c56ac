"""How many mass messages WeCom still lets a customer or a group chat have.

The rule is a setting of the corp, which no call tells. Messages that employees made themselves count too, so a figure that leaves them
out is an upper bound.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum


class Cap(StrEnum):
    """``MONTH_DAYS``: as many a month as it has days. ``WEEK7``: seven a week. ``DAY1``: one a day. ``MONTH4``: four a month, the rule until it was changed."""

    MONTH_DAYS = "month_days"
    WEEK7 = "week7"
    DAY1 = "day1"
    MONTH4 = "month4"


WEEK = 7


def left(cap: Cap, counted: Sequence[date], on: date) -> int:
    """Messages that may still be counted on a day, 0 or more.

    ``counted``: the days (of Beijing) of all messages that count, past or reserved, one entry each. Where WeCom's week begins is not
    published: here no seven days in a row hold more than seven, which keeps to every beginning.
    """
    match cap:
        case Cap.DAY1:
            free = 1 - sum(day == on for day in counted)
        case Cap.WEEK7:
            windows = (on - timedelta(days=back) for back in range(WEEK))
            free = WEEK - max(_between(counted, first, first + timedelta(days=WEEK - 1)) for first in windows)
        case Cap.MONTH_DAYS:
            free = monthrange(on.year, on.month)[1] - _month(counted, on)
        case Cap.MONTH4:
            free = 4 - _month(counted, on)
    return max(free, 0)


def _between(counted: Sequence[date], first: date, last: date) -> int:
    return sum(first <= day <= last for day in counted)


def _month(counted: Sequence[date], on: date) -> int:
    return sum((day.year, day.month) == (on.year, on.month) for day in counted)
