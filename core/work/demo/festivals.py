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
"""Anonymous visitors come by traffic to this power; members buy in stores by traffic, and by readiness to buy to this one."""


class Visits:
    """Counts visits of each day, month by month. ``found``; ``usual``: what was to be expected of them without sales."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._members, self._others = np.zeros(span.days), np.zeros(span.days)

    def count(self, drawn: Acts, members: int) -> None:
        """``drawn``: the events of a month in the order of time. ``members``: people before this one are members."""
        visit = np.flatnonzero(drawn.session >= 0)
        _, first = np.unique(drawn.session[visit], return_index=True)
        first = visit[first]
        day = np.minimum(self._span.day_of(drawn.at_s[first]), self._span.days - 1)
        is_member = drawn.who[first] < members
        self._members += np.bincount(day[is_member], minlength=self._span.days)
        self._others += np.bincount(day[~is_member], minlength=self._span.days)

    @property
    def expected(self) -> tuple[Floats, Floats]:
        """Visits of each day, and how many there would be without sales."""
        sales = self._span.sales
        return self._members + self._others, self._members / sales + self._others / sales**JOINING_POWER


def orders(span: Span, people: People, made: Orders, gone: Bools) -> tuple[Floats, Floats]:
    """The same of orders that were recorded. Online the number of visits and the readiness to buy on each, with its ceiling, both grow."""
    day = np.clip(span.day_of(made.at_s), 0, span.days - 1)
    sales, buying = span.sales[day], span.buying[day]
    appetite = np.where(made.who >= 0, people.appetite[made.who], 0.0)
    calm, keen = np.maximum(CART_CHANCE * appetite, 1e-9), np.maximum(CART_CHANCE * appetite * buying, 1e-9)
    online = sales * np.minimum(keen, MOST_DESIRE) / np.minimum(calm, MOST_DESIRE)
    in_store = sales * np.where(made.who >= 0, buying**STORE_POWER, 1.0)
    times = np.where(made.kind == ORDINARY, np.where(made.channel == STORE, in_store, online), 1.0)
    return (
        np.bincount(day[~gone], minlength=span.days).astype(float),
        np.bincount(day[~gone], weights=1 / times[~gone], minlength=span.days),
    )


def occurrences(
    span: Span, name: str, visits: tuple[Floats, Floats], bought: tuple[Floats, Floats]
) -> list[dict[str, Any]]:
    """Each time the festival is on, with the days of its build-up, itself and the one after, as far as the span reaches. Times are null
    where there was nothing to be expected."""
    lead = SALES[name][0]
    mains = [one.on for one in calendar.days(span.start_on, span.end_on + timedelta(days=1)) if one.name == name]
    return [{"on": on.isoformat(), "days": _days(span, on, lead, visits, bought)} for on in mains]


def _days(
    span: Span, on: date, lead: int, visits: tuple[Floats, Floats], bought: tuple[Floats, Floats]
) -> list[dict[str, Any]]:
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


def _times(told: tuple[Floats, Floats], day: int) -> dict[str, float | None]:
    found, usual = float(told[0][day]), float(told[1][day])
    return {"found": found, "usual": usual, "times": found / usual if usual else None}
