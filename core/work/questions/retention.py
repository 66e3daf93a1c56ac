"""Retention questions: who started something, and who came back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd
from babel.numbers import get_currency_precision

from core.errors import InvalidRetention, Unknown
from core.metrics.moments import AMOUNT, COLUMNS, ORDER_PLACED
from core.periods import Period
from core.sequences import retention as kernel
from core.sequences.arrays import Array, Int64s
from core.sequences.gather import Bounds
from core.sequences.retention import Counting, Entry, Question, Retention, Shares, Summary
from core.sequences.stream import MISSING, Stream
from core.work.questions import moments, spans
from core.work.questions.funnels import ALIASES, properties
from core.work.questions.moments import Condition, Fit, Prepared, Wanted, instant
from core.work.questions.reading import Reading
from core.work.questions.spans import Unit

Age = Literal["calendar", "rolling"]
AGES: tuple[Age, ...] = ("calendar", "rolling")
ENTRIES: tuple[Entry, ...] = ("first_ever", "first_in_period", "recurring")
COUNTINGS: tuple[Counting, ...] = ("on", "on_or_after")
LENGTHS: dict[Unit, timedelta] = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
"""What a unit lasts when ages roll from each member's own entry."""
MOST_INTERVALS, MOST_COHORTS = 60, 120
TOP = 8
"""Values of a breakdown that stand on their own unless more are asked for."""
MOST_CELLS = 2_000_000
"""Values of a breakdown times cohorts that are counted at most."""
OTHER = "<other>"
"""What rows call the values of a breakdown that are shown together."""
_OWN = {"cohort", "size", "interval", "until", "returned", "share", "is_complete", "value", "value_share"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One retention question. ``start`` and ``back``: names, any of which starts or returns. ``unit`` of cohorts and ages;
    ``age``: calendar units, or lengths counted from the entry. ``brackets``: ages that bound the intervals, the first 0.
    ``by``: a column or property of the start, of whose values the ``top`` ones with the most members stand on their own."""

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
    top: int = TOP

    @property
    def with_value(self) -> bool:
        """Whether returns bring money, so that revenue retention can be told."""
        return ORDER_PLACED in self.back

    @property
    def intervals(self) -> int:
        return len(self.brackets) - 1


@dataclass(frozen=True, eq=False)
class Table:
    """Counts and shares of one group. Grain of ``size`` and ``entry_value``: a cohort; of ``returned`` and ``value``: a
    cohort and an interval; of ``members`` and ``revenue`` as ``Shares``, without its first axis. Money in the smallest
    unit; None where returns bring none."""

    size: Int64s
    returned: Int64s
    value: Int64s | None
    entry_value: Int64s | None
    members: Shares
    revenue: Shares | None

    @property
    def base_value(self) -> Int64s | None:
        """What revenue is a share of, per cohort: interval 0, orders that are the entry themselves included."""
        if self.value is None or self.entry_value is None:
            return None
        base: Int64s = self.value[:, 0] + self.entry_value
        return base


@dataclass(frozen=True, eq=False)
class Answer:
    """``days``: first day of each cohort, and the day after the last. ``values``: values of the breakdown that stand on
    their own, the most entered first; ``folded``: the rest. ``counts``: rows in the order of ``groups``, after which
    comes one for entries without a value. ``as_of_on``: newest day with data. ``currency``: of the amounts."""

    asked: Asked
    days: tuple[date, ...]
    counts: Retention
    summary: Summary
    values: tuple[str, ...]
    folded: tuple[str, ...]
    whole: Table
    as_of_on: date
    currency: str

    @property
    def cohorts(self) -> tuple[date, ...]:
        return self.days[:-1]

    @property
    def groups(self) -> tuple[str | None, ...]:
        """Names of the breakdown's groups that anybody entered by: values, ``OTHER``, None = no value."""
        if not self.asked.by:
            return ()
        found: list[str | None] = [*self.values, *([OTHER] if self.folded else [])]
        return (*found, None) if self.counts.size[-1].any() or not found else tuple(found)

    def place(self, group: str | None) -> int:
        """Row of a group in ``counts``. Raises ``InvalidRetention`` when there is no such group."""
        if group is None:
            return len(self.counts.size) - 1
        known = [*self.values, *([OTHER] if self.folded else [])]
        if group not in known:
            raise InvalidRetention(f"The breakdown has no value {group!r} of its own.", problem="group", name=group)
        return known.index(group)

    def table(self, group: str | None) -> Table:
        place = self.place(group)
        return _table(self.counts, self.summary, place)


def retention(reading: Reading, asked: Asked) -> Answer:
    """Answer within scope and filters. Cohorts are whole units: all that the period touches and that data exists for;
    channels are asked of the start. Raises ``InvalidRetention``, and ``Unknown`` for a name or property that does not
    exist."""
    laid = _laid(reading, asked, with_amounts=asked.with_value)
    counts = kernel.joined(
        laid.ready.walk(
            lambda stream, amounts, _: kernel.counted(
                laid.grouped(stream), laid.question, value=amounts if asked.with_value else None
            )
        )
    )
    as_of = _as_of(reading)
    total = _total(counts)
    return Answer(
        asked, tuple(laid.days), counts, kernel.summary(counts, as_of), laid.values, laid.folded,
        _table(total, kernel.summary(total, as_of), 0), _newest(reading), reading.currency,
    )  # fmt: skip


def people(
    reading: Reading, asked: Asked, cohort: int, interval: int | None = None, *, has_returned: bool = True,
    group: int | None = None,
) -> pd.DataFrame:  # fmt: skip
    """``member_id`` of those who entered a cohort (number from 0), of them who returned in an interval, or who did not.
    ``group``: row of the answer's ``counts``; None = all."""
    laid = _laid(reading, asked if group is not None else replace(asked, by=None), with_amounts=False)
    found = laid.ready.walk(
        lambda stream, _, __: kernel.people(
            laid.grouped(stream), laid.question, cohort, interval, has_returned=has_returned, group=group
        )
    )
    return pd.DataFrame({"member_id": np.sort(laid.ready.ids[np.concatenate(found)])})


def rows(answer: Answer) -> list[dict[str, Any]]:
    """One row per cohort and interval that has begun: ``cohort size interval until returned share is_complete``, with
    ``value`` (money, major units) and ``value_share`` where returns bring money. ``interval`` to ``until``: ages
    ``[from, to)`` in units. A breakdown's value stands first, under its own name (``OTHER`` for the smaller ones, null
    for none). Shares are given for incomplete cells too, and null where nobody entered."""
    asked, found = answer.asked, []
    for named, table in _tables(answer):
        for cohort, day in enumerate(answer.cohorts):
            for interval in np.flatnonzero(answer.summary.is_begun[cohort]).tolist():
                row = named | {
                    "cohort": day.isoformat(),
                    "size": int(table.size[cohort]),
                    "interval": asked.brackets[interval],
                    "until": asked.brackets[interval + 1],
                    "returned": int(table.returned[cohort, interval]),
                    "share": _rounded(table.members.share[cohort, interval]),
                    "is_complete": bool(answer.summary.is_complete[cohort, interval]),
                }
                if table.revenue is not None and table.value is not None:
                    row["value"] = _major(int(table.value[cohort, interval]), answer.currency)
                    row["value_share"] = _rounded(table.revenue.share[cohort, interval])
                found.append(row)
    return found


def means(answer: Answer) -> list[dict[str, Any]]:
    """One row per interval: ``interval until weighted simple cohorts members``, over the complete cells of ``cohorts``
    cohorts with ``members`` members, and ``value_weighted value_simple`` where returns bring money. A breakdown's value
    stands first. Means are null where no cell is complete."""
    found = []
    for named, table in _tables(answer):
        for interval in range(answer.asked.intervals):
            row = named | {
                "interval": answer.asked.brackets[interval],
                "until": answer.asked.brackets[interval + 1],
                "weighted": _rounded(table.members.weighted[interval]),
                "simple": _rounded(table.members.simple[interval]),
                "cohorts": int(table.members.cohorts_count[interval]),
                "members": int(table.members.base[interval]),
            }
            if table.revenue is not None:
                row["value_weighted"] = _rounded(table.revenue.weighted[interval])
                row["value_simple"] = _rounded(table.revenue.simple[interval])
            found.append(row)
    return found


# What comes out


def _tables(answer: Answer) -> list[tuple[dict[str, Any], Table]]:
    by = answer.asked.by
    if not by:
        return [({}, answer.whole)]
    name = f"{by}_of_start" if by in _OWN else by
    return [({name: group}, answer.table(group)) for group in answer.groups]


def _table(counts: Retention, summary: Summary, place: int) -> Table:
    return Table(
        counts.size[place],
        counts.returned[place],
        None if counts.value is None else counts.value[place],
        None if counts.entry_value is None else counts.entry_value[place],
        _shares(summary.members, place),
        None if summary.value is None else _shares(summary.value, place),
    )


def _shares(shares: Shares, place: int) -> Shares:
    return Shares(*(getattr(shares, name)[place] for name in ("share", "weighted", "simple", "cohorts_count", "base")))


def _total(counts: Retention) -> Retention:
    """All groups together: every member of a cohort entered it by one of them."""
    if not counts.question.groups:
        return counts
    value, entry_value = counts.value, counts.entry_value
    return Retention(
        replace(counts.question, groups=0),
        counts.size.sum(axis=0, keepdims=True),
        counts.returned.sum(axis=0, keepdims=True),
        None if value is None else value.sum(axis=0, keepdims=True),
        None if entry_value is None else entry_value.sum(axis=0, keepdims=True),
    )


def _rounded(share: float) -> float | None:
    return None if np.isnan(share) else round(float(share), 6)


def _major(minor: int, currency: str) -> float:
    digits = get_currency_precision(currency)
    return round(minor / 10**digits, digits)


# What goes in


@dataclass(frozen=True, slots=True, eq=False)
class _Laid:
    """A question, ready to be walked. ``code``: group by label's code, None without a breakdown."""

    days: list[date]
    question: Question
    ready: Prepared
    values: tuple[str, ...]
    folded: tuple[str, ...]
    code: Array | None

    def grouped(self, stream: Stream) -> Stream:
        """The stream with the breakdown's groups for codes."""
        if self.code is None or not stream.entry_code.size:
            return stream
        return replace(stream, entry_code=self.code[stream.entry_code])


def _laid(reading: Reading, asked: Asked, *, with_amounts: bool) -> _Laid:
    _check(reading, asked)
    days = _days(reading, asked)
    question = _question(reading, asked, days)
    ready = moments.prepared(reading, _wanted(reading, asked, days, with_amounts=with_amounts))
    if not asked.by:
        return _Laid(days, question, ready, (), (), None)
    ranked = _ranked(question, ready)
    values, folded = ranked[: asked.top], ranked[asked.top :]
    groups = len(values) + bool(folded)
    code = np.full(len(ready.labels) + 1, MISSING, np.int32)  # the last place is that of "no value", code -1
    place = {name: number for number, name in enumerate(values)} | dict.fromkeys(folded, len(values))
    for number, name in enumerate(ready.labels):
        code[number] = place.get(name, MISSING)
    return _Laid(days, replace(question, groups=groups), ready, tuple(values), tuple(folded), code)


def _ranked(question: Question, ready: Prepared) -> list[str]:
    """Values that anybody entered by, the most entered first, of equal ones by name."""
    labels, cohorts = ready.labels, question.cohorts.size - 1
    if not labels:
        return []
    if len(labels) * cohorts > MOST_CELLS:
        raise InvalidRetention(
            f"The breakdown has {len(labels)} values, too many for {cohorts} cohorts.", problem="values",
            count=len(labels),
        )  # fmt: skip
    sized = replace(question, brackets=(0, 1), groups=len(labels))
    size = sum(ready.walk(lambda stream, _, __: kernel.counted(stream, sized).size.sum(axis=1)))
    met = [(-int(size[code]), name) for code, name in enumerate(labels) if size[code]]  # type: ignore[index]
    return [name for _, name in sorted(met)]


def _check(reading: Reading, asked: Asked) -> None:
    if reading.period is None:
        raise InvalidRetention("There is no data yet.", problem="empty")
    if not asked.start or not asked.back:
        raise InvalidRetention("Say what starts and what counts as coming back.", problem="events")
    _check_choices(asked)
    known = moments.names(reading)
    for name in sorted({*asked.start, *asked.back} - set(known)):
        if name in reading.held:
            raise InvalidRetention(f"The event {name!r} waits for approval.", problem="held", name=name)
        raise Unknown("event", name, known)
    tested = {c.name for c in (*asked.start_conditions, *asked.back_conditions)} | ({asked.by} if asked.by else set())
    asks = {ALIASES.get(name, name) for name in tested} - {*COLUMNS, AMOUNT}
    if asks:
        choices = properties(reading)
        for name in sorted(asks - set(choices)):
            raise Unknown("property", name, [*choices, *ALIASES])


def _check_choices(asked: Asked) -> None:
    if asked.intervals > MOST_INTERVALS:
        raise InvalidRetention(f"At most {MOST_INTERVALS} intervals are shown.", problem="intervals")
    if asked.unit not in spans.UNITS:
        raise InvalidRetention(f"Unit {asked.unit!r} is not one of {', '.join(spans.UNITS)}.", problem="unit")
    if asked.age not in AGES:
        raise InvalidRetention(f"Age {asked.age!r} is not one of {', '.join(AGES)}.", problem="age")
    if asked.top < 1:
        raise InvalidRetention("At least one value stands on its own.", problem="top")
    if asked.by == AMOUNT:
        raise InvalidRetention("Amounts are too many to break down by.", problem="by")


def _days(reading: Reading, asked: Asked) -> list[date]:
    """First days of the cohorts, and of the unit after the last: those that data exists for, where there is any."""
    period, whole = reading.period, reading.whole
    assert period is not None and whole is not None
    if period.start_on < whole.end_on and whole.start_on < period.end_on:
        period = Period(max(period.start_on, whole.start_on), min(period.end_on, whole.end_on))
    if period.days > MOST_COHORTS * 31 or len(days := spans.starts(period, asked.unit)) > MOST_COHORTS + 1:
        raise InvalidRetention(f"At most {MOST_COHORTS} cohorts are shown.", problem="cohorts", most=MOST_COHORTS)
    return days


def _wanted(reading: Reading, asked: Asked, days: Sequence[date], *, with_amounts: bool) -> Wanted:
    """The past matters only to who starts for the first time ever."""
    first = instant(days[0], reading.zone)
    bounds = Bounds() if asked.entry == "first_ever" else Bounds(since=first)
    fits = (
        Fit(1, frozenset(asked.start), asked.start_conditions),
        Fit(2, frozenset(asked.back), asked.back_conditions),
    )
    label = ALIASES.get(asked.by, asked.by) if asked.by else None
    return Wanted(fits, bounds, label, with_rows=True, with_amounts=with_amounts)


def _question(reading: Reading, asked: Asked, days: list[date]) -> Question:
    """Calendar units reach to the last interval of the last cohort, and to the end of the data, since who came back at any
    later time counts for "on or after"."""
    unit: timedelta | Int64s = LENGTHS[asked.unit]
    if asked.age == "calendar":
        reach = min(max(asked.brackets, default=0), kernel.OLDEST)
        ages = [*days, *(spans.after(days[-1], asked.unit, n) for n in range(1, reach + 1))]
        while ages[-1] <= _newest(reading):
            ages.append(spans.after(ages[-1], asked.unit))
        unit = spans.edges(ages, reading.zone)
    return Question(spans.edges(days, reading.zone), asked.brackets, unit, asked.entry, asked.counting)


def _newest(reading: Reading) -> date:
    assert reading.as_of_on is not None
    return reading.as_of_on


def _as_of(reading: Reading) -> int:
    """The end of the newest business day with data: that day counts as over, as everywhere."""
    return instant(_newest(reading) + timedelta(days=1), reading.zone)
