"""Retention: of the members who started something in a period, how many came back, and with what value.

Step 1 (bit 0) is the start event, step 2 (bit 1) the return event; an event may be both. A *cohort* is a period
``[edge, next edge)`` of starts. A subject enters it at a start event that is not barred:

- **first_ever**: at the first such event of the stream. Lies that outside the cohorts, the subject is in none.
- **first_in_period**: at the first such event within all cohorts together, whatever came before.
- **recurring**: in every cohort in which it has one, at its first there. A subject may be in several cohorts.

The *age* of a return is counted in units. With calendar units it is how many units later the return's unit stands than
the entry's; with a fixed length, how many whole lengths lie between the two. Interval j holds the ages ``[brackets[j],
brackets[j + 1])``. A return exactly on an edge belongs to the later unit.

A return comes after the entry in the order of the stream; of equal times that is the order of steps, then of rows. So
the entry is never its own return: interval 0 counts those who came back within the first interval. The column of 100 %
that some products show as interval 0 is ``size``. (ClickHouse's ``retention`` differs there and only there: it has no
order within a period.)

- **on**: a subject counts in each interval in which it returned.
- **on_or_after**: in each interval in which or after which it returned, until the end of the data, later than the last
  interval included.

Value (revenue retention) is summed over every return event, always in its own interval. The entry's own value, where
the entry is a return event too (a first order), is kept apart, and is part of the base.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.errors import InvalidRetention
from core.sequences import returns
from core.sequences.arrays import Array, Int32s, Int64s, frozen
from core.sequences.returns import ANY, CAME_BACK, ENTERED, FOREVER
from core.sequences.stream import Stream

Entry = Literal["first_ever", "first_in_period", "recurring"]
Counting = Literal["on", "on_or_after"]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_ENTRIES: dict[Entry, int] = {
    "first_ever": returns.FIRST_EVER,
    "first_in_period": returns.FIRST_IN_PERIOD,
    "recurring": returns.RECURRING,
}
_COUNTINGS: tuple[Counting, ...] = ("on", "on_or_after")
SHORTEST_UNIT, LONGEST_UNIT = timedelta(minutes=1), timedelta(days=366)
OLDEST = 3_660
"""Most units that an interval may reach: ten years of days."""
_NO_TIMES = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked. Raises ``InvalidRetention``.

    ``cohorts``: the C + 1 ascending edges of C cohorts, UTC microseconds. ``brackets``: the I + 1 ascending ages that
    bound I intervals, from 0: ``0, 1, 2, 3`` or ``0, 1, 3, 7, 14, 30``. ``unit`` of an age: a fixed length, or the
    ascending edges of calendar periods. Those may be finer than the cohorts (weekly cohorts, daily ages), must span them,
    and should reach to the end of the data: events at or after the last edge do not count. ``groups``: number of
    breakdown codes; 0 = no breakdown.
    """

    cohorts: Int64s
    brackets: tuple[int, ...]
    unit: timedelta | Int64s
    entry: Entry = "first_ever"
    counting: Counting = "on"
    groups: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "cohorts", _edges(self.cohorts, "cohorts"))
        _refuse(self.entry not in _ENTRIES, f"Entry {self.entry!r} is not one of {', '.join(_ENTRIES)}.", "entry")
        known = f"Counting {self.counting!r} is not one of {', '.join(_COUNTINGS)}."
        _refuse(self.counting not in _COUNTINGS, known, "counting")
        _refuse_brackets(self.brackets)
        if isinstance(self.unit, timedelta):
            fits = SHORTEST_UNIT <= self.unit <= LONGEST_UNIT
            _refuse(not fits, f"A unit of age lasts 1 minute to 366 days, not {self.unit}.", "unit")
            return
        object.__setattr__(self, "unit", _edges(self.unit, "unit"))
        spans = self.calendar[0] <= self.cohorts[0] and self.cohorts[-1] <= self.calendar[-1]
        _refuse(not spans, "The calendar of ages does not span the cohorts.", "unit")

    @property
    def intervals(self) -> int:
        return len(self.brackets) - 1

    @property
    def calendar(self) -> Int64s:
        """Edges of calendar units; empty where the unit is a length."""
        return _NO_TIMES if isinstance(self.unit, timedelta) else self.unit

    @property
    def length(self) -> int:
        """Microseconds of a unit; 0 where units are calendar periods."""
        return self.unit // timedelta(microseconds=1) if isinstance(self.unit, timedelta) else 0


@dataclass(frozen=True, slots=True, eq=False)
class Retention:
    """Counts by group, cohort and interval; all of them add up over disjoint sets of subjects.

    Groups are the breakdown's codes, then one for entries whose code is missing; a single one without a breakdown.
    ``size`` (group, cohort): subjects that entered. ``returned`` (group, cohort, interval): those of them who came back.
    ``value`` (the same): sum over their return events in the interval. ``entry_value`` (group, cohort): sum over the
    entries that are return events themselves. Both None when no values were given.
    """

    question: Question
    size: Int64s
    returned: Int64s
    value: Int64s | None
    entry_value: Int64s | None


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Parts of a base. NaN stands for null: the base is not above 0, or there is nothing to show yet.

    ``share`` (group, cohort, interval), given for incomplete cells too. ``weighted`` (group, interval): sum of parts by
    sum of bases, ``simple``: mean of the shares, both over the complete cells that have a share; those are
    ``cohorts_count`` many and their bases sum to ``base``.
    """

    share: Floats
    weighted: Floats
    simple: Floats
    cohorts_count: Int64s
    base: Int64s


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """``is_begun`` (cohort, interval): somebody may have had time to return there. ``is_complete``: everybody who may
    have entered had all the time of the interval. ``value``: of the value in interval 0, that of the entries included
    (so the share of interval 0 is 1); None without values."""

    is_begun: Flags
    is_complete: Flags
    members: Shares
    value: Shares | None


def counted(stream: Stream, question: Question, *, value: Int64s | None = None) -> Retention:
    """Count the subjects of a stream, in the calling thread. ``value``: one number per event of the stream, in its
    order. Raises ``ValueError`` when there is a breakdown and the stream has no codes, or one at or above
    ``question.groups`` at an entry."""
    shape = (question.groups + 1 if question.groups else 1, question.cohorts.size - 1)
    size, entry_value = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    returned, sums = (np.zeros((*shape, question.intervals), np.int64) for _ in range(2))
    values = _NO_TIMES if value is None else value
    found = np.empty(0, np.int8)
    _run(stream, question, values, (ANY, ANY, ANY), (size, returned, entry_value, sums, found))
    if value is None:
        return Retention(question, size, returned, None, None)
    return Retention(question, size, returned, sums, entry_value)


def joined(parts: Sequence[Retention]) -> Retention:
    """One answer from those of disjoint sets of subjects."""
    first = parts[0]
    size, returned = (sum(getattr(part, name) for part in parts) for name in ("size", "returned"))
    if first.value is None:
        return replace(first, size=size, returned=returned)
    value, entry_value = (sum(getattr(part, name) for part in parts) for name in ("value", "entry_value"))
    return Retention(first.question, size, returned, value, entry_value)


def summary(retention: Retention, as_of: int) -> Summary:
    """Shares and means. ``as_of``: everything before this time (UTC microseconds) is known.

    A cell is complete when its interval is over for whoever enters last. With a length as unit that is at the cohort's
    end plus the interval's end; with calendar units, when the last unit is over that a member entered in the cohort's
    last unit has. Counting on or after, the same: only members with an equal chance are compared.
    """
    begins, ends = _bounds(retention.question)
    is_begun, is_complete = begins < as_of, ends <= as_of
    members = _shares(retention.returned, retention.size, is_begun, is_complete)
    if retention.value is None or retention.entry_value is None:
        return Summary(is_begun, is_complete, members, None)
    value = retention.value.copy()
    value[..., 0] += retention.entry_value
    return Summary(is_begun, is_complete, members, _shares(value, value[..., 0], is_begun, is_complete))


def missing_share(retention: Retention) -> float | None:
    """Share of the entries whose event has no value for the breakdown; null when nobody entered."""
    if not retention.question.groups:
        raise ValueError("there is no breakdown")
    entries = int(retention.size.sum())
    return int(retention.size[-1].sum()) / entries if entries else None


def people(
    stream: Stream,
    question: Question,
    cohort: int,
    interval: int | None = None,
    *,
    has_returned: bool = True,
    group: int | None = None,
) -> Int32s:
    """Subjects behind a figure, codes ascending: who entered the cohort; with an interval, who of them returned as
    ``returned`` counts it there, or else (``has_returned=False``) who did not. ``group``: row of the breakdown, the last
    one for missing codes; None = all."""
    if not 0 <= cohort < question.cohorts.size - 1:
        raise InvalidRetention(f"There is no cohort {cohort}.", problem="cohort")
    if interval is not None and not 0 <= interval < question.intervals:
        raise InvalidRetention(f"There is no interval {interval}.", problem="interval")
    shape = (question.groups + 1 if question.groups else 1, question.cohorts.size - 1)
    counts = (np.zeros(shape, np.int64), np.zeros((*shape, question.intervals), np.int64))
    unused = (np.zeros(shape, np.int64), np.zeros((*shape, question.intervals), np.int64))
    found = np.zeros(stream.subject.size, np.int8)
    asked = (cohort, ANY if interval is None else interval, ANY if group is None else group)
    _run(stream, question, _NO_TIMES, asked, (*counts, *unused, found))
    wanted = ENTERED | CAME_BACK if interval is not None and has_returned else ENTERED
    subjects: Int32s = stream.subject[found == wanted]
    return subjects


def _run(
    stream: Stream, question: Question, value: Int64s, asked: tuple[int, int, int], into: tuple[Array, ...]
) -> None:
    if question.groups and len(stream) and not stream.entry_code.size:
        raise ValueError("the stream carried no entry codes")
    if value.size not in (0, len(stream)):
        raise ValueError("there is not one value per event")
    is_known = returns.walk(
        *(stream.offset, stream.at, stream.steps, stream.entry_code, frozen(value, np.int64)),
        *(question.cohorts, frozen(question.calendar, np.int64), question.length),
        *(frozen(question.brackets, np.int64), _ENTRIES[question.entry], question.counting == "on", question.groups),
        *asked,
        *(counts.reshape(-1) for counts in into),
    )
    if not is_known:
        raise ValueError("an entry code is not below the number of groups")


def _bounds(question: Question) -> tuple[Int64s, Int64s]:
    """When interval j begins for the first who may enter cohort c, and when it ends for the last."""
    ages = np.asarray(question.brackets, np.int64)
    first, last = question.cohorts[:-1, None], question.cohorts[1:, None]
    if not question.calendar.size:
        return first + ages[:-1] * question.length, last + ages[1:] * question.length
    edges = np.append(question.calendar, FOREVER)
    units = [np.searchsorted(question.calendar, at, "right") - 1 for at in (first, last - 1)]
    begins, ends = (
        np.minimum(unit + age, edges.size - 1) for unit, age in zip(units, (ages[:-1], ages[1:]), strict=True)
    )
    return edges[begins], edges[ends]


def _shares(part: Int64s, base: Int64s, is_begun: Flags, is_complete: Flags) -> Shares:
    wide = np.broadcast_to(base[..., None], part.shape)
    share = np.full(part.shape, np.nan)
    np.divide(part, wide, out=share, where=is_begun & (wide > 0))
    counts = is_complete & (wide > 0)
    base_sum, cohorts_count = np.where(counts, wide, 0).sum(axis=1), counts.sum(axis=1)
    weighted, simple = np.full(base_sum.shape, np.nan), np.full(base_sum.shape, np.nan)
    np.divide(np.where(counts, part, 0).sum(axis=1), base_sum, out=weighted, where=cohorts_count > 0)
    np.divide(np.where(counts, share, 0.0).sum(axis=1), cohorts_count, out=simple, where=cohorts_count > 0)
    return Shares(share, weighted, simple, cohorts_count, base_sum)


def _edges(edges: Int64s, name: str) -> Int64s:
    times: Int64s = frozen(edges, np.int64)
    _refuse(times.ndim != 1 or times.size < 2 or bool(np.any(np.diff(times) <= 0)), "Edges must ascend.", name)
    return times


def _refuse_brackets(brackets: tuple[int, ...]) -> None:
    ascends = len(brackets) >= 2 and brackets[0] == 0 and all(low < high for low, high in pairwise(brackets))
    _refuse(not ascends, "Intervals are bounded by two or more ascending ages, the first of them 0.", "brackets")
    _refuse(brackets[-1] > OLDEST, f"Intervals reach at most {OLDEST} units.", "brackets")


def _refuse(is_wrong: bool, message: str, problem: str) -> None:
    if is_wrong:
        raise InvalidRetention(message, problem=problem)


def warm() -> None:
    """Compile or load the kernels of this module."""
    stream = Stream(
        np.zeros(1, np.int32), np.array([0, 2]), np.arange(2), np.array([1, 2], np.uint16), np.empty(0, np.int32)
    )
    question = Question(np.array([0, 2]), (0, 1), timedelta(days=1))
    counted(stream, question, value=np.ones(2, np.int64))
