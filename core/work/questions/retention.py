"""Retention questions: who started something, and who came back."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd

from core.errors import InvalidRetention, Unknown
from core.metrics.moments import AMOUNT, COLUMNS, ORDER_PLACED
from core.periods import Period
from core.sequences import retention as kernel
from core.sequences.arrays import Int64s
from core.sequences.gather import Bounds
from core.sequences.retention import Counting, Entry, Question, Retention, Summary
from core.work.questions import moments, spans
from core.work.questions.funnels import ALIASES, properties
from core.work.questions.moments import Condition, Fit, Wanted, instant
from core.work.questions.reading import Reading
from core.work.questions.spans import Unit

Age = Literal["calendar", "rolling"]
LENGTHS: dict[Unit, timedelta] = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
"""What a unit lasts when ages roll from each member's own entry."""
MOST_INTERVALS, MOST_COHORTS = 60, 120


@dataclass(frozen=True, slots=True)
class Asked:
    """One retention question. ``start`` and ``back``: names, any of which starts or returns. ``unit`` of cohorts and ages;
    ``age``: calendar units, or lengths counted from the entry. ``brackets``: ages that bound the intervals, the first 0.
    ``by``: a column or property of the start."""

    start: tuple[str, ...]
    back: tuple[str, ...]
    unit: Unit = "week"
    age: Age = "calendar"
    brackets: tuple[int, ...] = tuple(range(13))
    entry: Entry = "first_in_period"
    counting: Counting = "on"
    by: str | None = None
    start_conditions: tuple[Condition, ...] = ()
    back_conditions: tuple[Condition, ...] = ()

    @property
    def with_value(self) -> bool:
        """Whether returns bring money, so that revenue retention can be told."""
        return ORDER_PLACED in self.back


@dataclass(frozen=True, eq=False)
class Answer:
    """``days``: first day of each cohort, and the day after the last. ``values``: names of the breakdown's groups; one more
    row of counts follows for entries without a value."""

    asked: Asked
    days: tuple[date, ...]
    counts: Retention
    summary: Summary
    values: tuple[str, ...]

    @property
    def cohorts(self) -> tuple[date, ...]:
        return self.days[:-1]


def retention(reading: Reading, asked: Asked) -> Answer:
    """Answer within scope and filters. Cohorts are whole units, all that the period touches; channels are asked of the
    start. Raises ``InvalidRetention``, and ``Unknown`` for a name or property that does not exist."""
    _check(reading, asked)
    period = reading.period
    if period is None:
        raise InvalidRetention("There is no data yet.", problem="empty")
    days = spans.starts(period, asked.unit)
    if len(days) - 1 > MOST_COHORTS:
        raise InvalidRetention(f"At most {MOST_COHORTS} cohorts are shown, not {len(days) - 1}.", problem="cohorts")
    ready = moments.prepared(reading, _wanted(reading, asked, days))
    question = _question(reading, asked, days, len(ready.labels))
    counts = kernel.joined(
        ready.walk(
            lambda stream, amounts, _: kernel.counted(stream, question, value=amounts if asked.with_value else None)
        )
    )
    return Answer(asked, tuple(days), counts, kernel.summary(counts, _as_of(reading)), ready.labels)


def people(
    reading: Reading, asked: Asked, cohort: int, interval: int | None = None, *, has_returned: bool = True,
    group: int | None = None,
) -> pd.DataFrame:  # fmt: skip
    """``member_id`` of those who entered a cohort (number from 0), of them who returned in an interval, or who did not."""
    _check(reading, asked)
    period: Period = reading.period  # type: ignore[assignment]
    days = spans.starts(period, asked.unit)
    ready = moments.prepared(reading, _wanted(reading, asked, days))
    question = _question(reading, asked, days, len(ready.labels))
    found = ready.walk(
        lambda stream, _, __: kernel.people(stream, question, cohort, interval, has_returned=has_returned, group=group)
    )
    return pd.DataFrame({"member_id": np.sort(ready.ids[np.concatenate(found)])})


def rows(answer: Answer) -> list[dict[str, Any]]:
    """One row per cohort and interval that has begun: ``cohort size interval returned share is_complete``, with ``value``
    (smallest unit) and ``value_share`` where returns bring money, and the breakdown's value first where one was asked."""
    asked, counts, summary = answer.asked, answer.counts, answer.summary
    names: list[str | None] = [*answer.values, None] if asked.by else [None]
    found = []
    for group, name in enumerate(names):
        for cohort, day in enumerate(answer.cohorts):
            for interval in np.flatnonzero(summary.is_begun[cohort]).tolist():
                row: dict[str, Any] = {asked.by: name} if asked.by else {}
                row |= {
                    "cohort": day.isoformat(),
                    "size": int(counts.size[group, cohort]),
                    "interval": asked.brackets[interval],
                    "returned": int(counts.returned[group, cohort, interval]),
                    "share": _rounded(summary.members.share[group, cohort, interval]),
                    "is_complete": bool(summary.is_complete[cohort, interval]),
                }
                if summary.value is not None and counts.value is not None:
                    row["value"] = int(counts.value[group, cohort, interval])
                    row["value_share"] = _rounded(summary.value.share[group, cohort, interval])
                found.append(row)
    return found


def _rounded(share: float) -> float | None:
    return None if np.isnan(share) else round(float(share), 6)


def _check(reading: Reading, asked: Asked) -> None:
    known = moments.names(reading)
    for name in sorted({*asked.start, *asked.back} - set(known)):
        raise Unknown("event", name, known)
    if not asked.start or not asked.back:
        raise InvalidRetention("Say what starts and what counts as coming back.", problem="events")
    if len(asked.brackets) - 1 > MOST_INTERVALS:
        raise InvalidRetention(f"At most {MOST_INTERVALS} intervals are shown.", problem="intervals")
    tested = {c.name for c in (*asked.start_conditions, *asked.back_conditions)} | ({asked.by} if asked.by else set())
    asks = {ALIASES.get(name, name) for name in tested} - {*COLUMNS, AMOUNT}
    if asks:
        choices = properties(reading)
        for name in sorted(asks - set(choices)):
            raise Unknown("property", name, [*choices, *ALIASES])


def _wanted(reading: Reading, asked: Asked, days: list[date]) -> Wanted:
    """The past matters only to who starts for the first time ever."""
    first = instant(days[0], reading.zone)
    bounds = Bounds() if asked.entry == "first_ever" else Bounds(since=first)
    fits = (
        Fit(1, frozenset(asked.start), asked.start_conditions),
        Fit(2, frozenset(asked.back), asked.back_conditions),
    )
    label = ALIASES.get(asked.by, asked.by) if asked.by else None
    return Wanted(fits, bounds, label, with_rows=True, with_amounts=asked.with_value)


def _question(reading: Reading, asked: Asked, days: list[date], groups: int) -> Question:
    cohorts = spans.edges(days, reading.zone)
    unit: timedelta | Int64s = LENGTHS[asked.unit]
    if asked.age == "calendar":
        ages = [*days, *(spans.after(days[-1], asked.unit, n) for n in range(1, asked.brackets[-1] + 1))]
        unit = spans.edges(ages, reading.zone)
    return Question(cohorts, asked.brackets, unit, asked.entry, asked.counting, groups if asked.by else 0)


def _as_of(reading: Reading) -> int:
    """The end of the newest business day with data: that day counts as over, as everywhere."""
    assert reading.as_of_on is not None
    return instant(reading.as_of_on + timedelta(days=1), reading.zone)
