"""What sales of a festival do to the days around it, by construction."""

from datetime import date, timedelta
from typing import Any

import numpy as np

from core import calendar
from core.work.demo.activity import CART_CHANCE, MOST_DESIRE, STORE, Acts
from core.work.demo.people import People
from core.work.demo.rhythm import SALES, Bools, Floats, Span
from core.work.demo.shopping import ORDINARY, Orders

JOINING_POWER, STORE_POWER = 0.6, 0.5
"""People come for the first time by traffic to this power; members buy in stores by traffic, and by readiness to buy to this one."""
Counts = tuple[Floats, Floats]
"""Of each day: how many, and how many were to be expected of them without sales."""


class Visits:
    """Counts visits of each day, month by month, by the law that they were drawn by. What is planted has no session: of that a person's
    whole day is a visit."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._by_traffic, self._by_joining, self._steady = (np.zeros(span.days) for _ in range(3))

    def count(self, drawn: Acts, people: People) -> None:
        """``drawn``: the events of a month in the order of time."""
        days = self._span.days
        day = np.minimum(self._span.day_of(drawn.at_s), days - 1)
        ordinary, planted = np.flatnonzero(drawn.session >= 0), np.flatnonzero(drawn.session < 0)
        visit = ordinary[np.unique(drawn.session[ordinary], return_index=True)[1]]
        is_member = drawn.who[visit] < people.members
        self._by_traffic += np.bincount(day[visit[is_member]], minlength=days)
        self._by_joining += np.bincount(day[visit[~is_member]], minlength=days)
        once = planted[np.unique(drawn.who[planted] * days + day[planted], return_index=True)[1]]
        is_first = people.joined_day[drawn.who[once]] == day[once]
        self._by_joining += np.bincount(day[once[is_first]], minlength=days)
        self._steady += np.bincount(day[once[~is_first]], minlength=days)

    @property
    def counts(self) -> Counts:
        sales = self._span.sales
        found = self._by_traffic + self._by_joining + self._steady
        return found, self._by_traffic / sales + self._by_joining / sales**JOINING_POWER + self._steady


def orders(span: Span, people: People, made: Orders, gone: Bools) -> Counts:
    """The same of orders of members that were recorded. Online the number of visits and the readiness to buy on each, with its ceiling, both
    grow."""
    mine = np.flatnonzero(~gone & (made.who >= 0) & (made.who < people.members))
    day = np.clip(span.day_of(made.at_s[mine]), 0, span.days - 1)
    sales, buying = span.sales[day], span.buying[day]
    desire = np.maximum(CART_CHANCE * people.appetite[made.who[mine]], 1e-9)
    online = sales * np.minimum(desire * buying, MOST_DESIRE) / np.minimum(desire, MOST_DESIRE)
    in_store = sales * buying**STORE_POWER
    times = np.where(made.kind[mine] == ORDINARY, np.where(made.channel[mine] == STORE, in_store, online), 1.0)
    found, usual = np.zeros(span.days), np.zeros(span.days)
    np.add.at(found, day, 1.0)
    np.add.at(usual, day, 1 / times)
    return found, usual


def occurrences(span: Span, name: str, visits: Counts, bought: Counts) -> list[dict[str, Any]]:
    """Each time the festival is on, with the days of its build-up, itself and the one after, as far as the span reaches. Times are null
    where there was nothing to be expected."""
    lead = SALES[name][0]
    mains = [one.on for one in calendar.days(span.start_on, span.end_on + timedelta(days=1)) if one.name == name]
    return [{"on": on.isoformat(), "days": _days(span, on, lead, visits, bought)} for on in mains]


def _days(span: Span, on: date, lead: int, visits: Counts, bought: Counts) -> list[dict[str, Any]]:
    last = (on - span.start_on).days
    inside = range(max(last - lead, 0), min(last + 2, span.days))
    return [
        {
            "on": span.on(day).isoformat(),
            "sales": float(span.sales[day]),
            "visits": _times(visits, day),
            "orders": _times(bought, day),
        }
        for day in inside
    ]


def _times(told: Counts, day: int) -> dict[str, float | None]:
    found, usual = float(told[0][day]), float(told[1][day])
    return {"found": found, "usual": usual, "times": found / usual if usual else None}
