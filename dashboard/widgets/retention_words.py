"""What cohorts, intervals and groups of a retention answer are called, and which of its figures are shown."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from dashboard import i18n
from dashboard.data import retention
from dashboard.data.conditions import Condition
from dashboard.data.retention import Asked, Shares, Table, View
from dashboard.data.rows import SMALL
from dashboard.i18n import t
from dashboard.widgets import conditions, names

PARAMETER = "r_people"
"""Where the address says whose people are open."""
Measure = Literal["members", "revenue"]
Mean = Literal["weighted", "simple"]


@dataclass(frozen=True, slots=True)
class Shown:
    """Which figures of an answer are on the page. ``group``: of the breakdown, as the address calls it."""

    measure: Measure
    mean: Mean
    group: str

    def table(self, view: View) -> Table:
        return view.table(self.group)

    def shares(self, table: Table) -> Shares:
        """Shares of the chosen measure."""
        return table.revenue if self.measure == "revenue" and table.revenue is not None else table.members

    def telling(self, view: View) -> range:
        """Intervals that say something: of revenue not interval 0, which is all of its base, unless there is no other."""
        return range(1 if self.measure == "revenue" and view.intervals > 1 else 0, view.intervals)

    def mean_of(self, table: Table, interval: int) -> float | None:
        """The chosen mean of an interval; None where no complete cell has enough members behind it."""
        shares = self.shares(table)
        value = float((shares.weighted if self.mean == "weighted" else shares.simple)[interval])
        return None if np.isnan(value) or table.members.base[interval] < SMALL else value


def interval(asked: Asked, number: int) -> str:
    """``第 3 周``, ``Days 3–6``."""
    low, high = asked.brackets[number], asked.brackets[number + 1] - 1
    if low == high:
        return t(f"retention.interval_{asked.unit}", number=low)
    return t(f"retention.intervals_{asked.unit}", first=low, last=high)


def short(asked: Asked, number: int) -> str:
    """``3``, ``3–6``."""
    low, high = asked.brackets[number], asked.brackets[number + 1] - 1
    return str(low) if low == high else f"{low}–{high}"


def cohort(view: View, number: int) -> str:
    """The first day of a cohort, or its month: ``11月3日``, ``2026-11``; with the year where there are several."""
    day, days = view.answer.cohorts[number], view.answer.days
    if view.asked.unit == "month":
        return f"{day:%Y-%m}"
    return i18n.day(day, with_year=False) if days[0].year == view.last_day(len(days) - 2).year else day.isoformat()


def cohort_days(view: View, number: int) -> str:
    """``2026年11月2日 – 2026年11月8日``."""
    first, last = view.answer.cohorts[number], view.last_day(number)
    return i18n.day(first) if first == last else f"{i18n.day(first)} – {i18n.day(last)}"


def cell_days(view: View, number: int, place: int) -> str:
    """The days of a cell, empty where each member has days of its own."""
    days = view.interval_days(number, place)
    if days is None:
        return ""
    return i18n.day(days[0]) if days[0] == days[1] else f"{i18n.day(days[0])} – {i18n.day(days[1])}"


def group(view: View, text: str) -> str:
    """A group of the breakdown in the reader's words."""
    if text == retention.WHOLE:
        return t("retention.everybody")
    if text == retention.OTHER:
        return t("retention.other", count=i18n.number(len(view.answer.folded)))
    return names.value(view.asked.by or "", None if text == retention.NO_VALUE else text)


def sentence(asked: Asked) -> str:
    """The question in words: ``入群 → 群发言``."""
    start, back = (
        _tested(names.event(" | ".join(events)), tested)
        for events, tested in ((asked.start, asked.start_conditions), (asked.back, asked.back_conditions))
    )
    return t(f"retention.sentence_{asked.entry}", start=start, back=back)


def _tested(events: str, tested: tuple[Condition, ...]) -> str:
    return t("retention.tested", events=events, conditions=conditions.listed(tested)) if tested else events
