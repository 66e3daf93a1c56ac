"""Lifecycle questions: what each member is in each period, how the base of one period came from that of the one before, and
in which stage of its life each member stands.

An action is what the Overview counts members active by, a birth what it counts them new by (data-contract.md 8). Both are told
by business days, so a day's number since 1970 stands for a time here.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, TypeVar

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from core.errors import InvalidLifecycle
from core.metrics import facts as f
from core.periods import Period
from core.sequences import lifecycle as kernel
from core.sequences import shares
from core.sequences.arrays import Array, Int8s, Int64s
from core.sequences.lifecycle import BASES, UNBORN, Base, Flow, Lifecycle, Question, Stage, State
from core.sequences.stream import Batch, Stream, ordered
from core.sequences.subjects import NOBODY
from core.work.questions import population, spans
from core.work.questions.reading import Reading
from core.work.questions.spans import UNITS, Unit

USUAL_LOST_AFTER: dict[Unit, int] = {"day": 30, "week": 12, "month": 3}
"""Silent periods after which a member counts as lost (rule of thumb: about a quarter of a year, a month where days are asked)."""
MOST_PERIODS = 120
LONGEST_STAGE_DAYS = 3650
EVER_SINCE = -UNBORN
"""Birth of a member whose birth has no date: it was there before every period."""
DAY = timedelta(days=1) // timedelta(microseconds=1)
EARLIEST = date(1970, 1, 1)
"""No fact is older (imports refuse it), so nothing is asked about days before."""
MEMBERS_OF_A_PART = 65_536
STATES = tuple(State)[1:]
"""States of members, in order; who is not yet born is none."""
FlowName = Literal["opening", "new", "resurrected", "dormant", "lost", "closing"]
FLOWS: tuple[FlowName, ...] = ("opening", "new", "resurrected", "dormant", "lost", "closing")
_UNIT_LETTERS: dict[Unit, Literal["W", "M"]] = {"week": "W", "month": "M"}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """``unit`` of the periods. ``lost_after``: silent periods after which a member is lost; None = the usual of the unit."""

    unit: Unit = "week"
    lost_after: int | None = None

    @property
    def silence(self) -> int:
        return USUAL_LOST_AFTER[self.unit] if self.lost_after is None else self.lost_after


@dataclass(frozen=True, slots=True)
class Behind:
    """Members who are in one of the states ``now`` in a period (number from 0), and were in one of ``before`` in the period
    before; None = whatever they were."""

    period: int
    now: tuple[State, ...]
    before: tuple[State, ...] | None = None


def in_flow(period: int, name: FlowName, base: Base) -> Behind:
    """Whom a term of ``opening + new + resurrected - dormant - lost = closing`` counts."""
    inside = BASES[base]
    outside = tuple(state for state in STATES if state not in inside)
    gone = (State.DORMANT,) if State.DORMANT in outside else ()
    return {
        "opening": Behind(period, tuple(State), inside),
        "new": Behind(period, inside, (State.NOT_YET,)),
        "resurrected": Behind(period, inside, outside),
        "dormant": Behind(period, gone, inside),
        "lost": Behind(period, (State.LOST,), inside),
        "closing": Behind(period, inside),
    }[name]


@dataclass(frozen=True, eq=False)
class Answer:
    """``days``: first day of each period, and the day after the last. ``acted``: members with an action in each period (the
    Overview's ``active_members``); the others of those present joined in it and did nothing. ``as_of_on``: day of the newest
    data. ``data_from``: that of the oldest."""

    asked: Asked
    days: tuple[date, ...]
    counts: Lifecycle
    acted: tuple[int, ...]
    as_of_on: date
    data_from: date

    @property
    def periods(self) -> tuple[date, ...]:
        return self.days[:-1]

    @property
    def members(self) -> tuple[int, ...]:
        """Members born by the end of each period: the states of a period add up to them."""
        return tuple(self.counts.members.tolist())

    def is_complete(self, period: int) -> bool:
        """Whether the data reaches its last day."""
        return self.days[period + 1] <= self.as_of_on + timedelta(days=1)

    def is_known(self, period: int) -> bool:
        """Whether the data reaches back far enough to tell dormant members from lost ones: as many periods as it takes."""
        return spans.after(self.days[period], self.asked.unit, -self.asked.silence) >= self.data_from

    def count(self, behind: Behind) -> int:
        """As many as ``people`` lists."""
        if behind.before is None:
            return int(self.counts.counts[behind.period, list(behind.now)].sum())
        return int(self.counts.moves[behind.period][np.ix_(behind.before, behind.now)].sum())

    def flows(self, base: Base = "active") -> tuple[Flow, ...]:
        return kernel.flows(self.counts, base)


def lifecycle(reading: Reading, asked: Asked) -> Answer:
    """Answer within scope and filters; channels cut actions and never births. Periods are whole, all that the period of the
    filters touches up to the newest data; the last one may still run. Raises ``InvalidLifecycle``."""
    days, question = _question(reading, asked)
    lives = _lives(reading, asked.unit, question.edges)
    parts = lives.walk(
        lambda stream, born_at: (kernel.counted(stream, question, born_at=born_at), _acted(stream, question))
    )
    whole = reading.whole
    assert whole is not None
    acted = np.sum([acted for _, acted in parts], axis=0)
    counts = kernel.joined([counts for counts, _ in parts])
    return Answer(asked, tuple(days), counts, tuple(acted.tolist()), whole.last_on, whole.start_on)


def people(reading: Reading, asked: Asked, behind: Behind) -> pd.DataFrame:
    """``member_id`` of those behind a figure, ascending. Raises ``InvalidLifecycle``."""
    _, question = _question(reading, asked)
    lives = _lives(reading, asked.unit, question.edges)
    found = lives.walk(
        lambda stream, born_at: kernel.people(
            stream, question, behind.period, behind.now, before=behind.before, born_at=born_at
        )
    )
    return pd.DataFrame({"member_id": lives.ids[np.sort(np.concatenate(found))]})


def standing(reading: Reading, asked: Asked, period: int = 0) -> Int8s:
    """State of each member in a period (number from 0), by member code; ``NOT_YET`` of those outside scope and filters as well. Raises
    ``InvalidLifecycle``."""
    _, question = _question(reading, asked)
    lives = _lives(reading, asked.unit, question.edges)
    parts = lives.walk(
        lambda stream, born_at: [
            (state, kernel.people(stream, question, period, (state,), born_at=born_at)) for state in STATES
        ]
    )
    found = np.full(len(lives.ids), State.NOT_YET, np.int8)
    for state, codes in (pair for part in parts for pair in part):
        found[codes] = state
    return found


def rows(answer: Answer, base: Base = "active") -> list[dict[str, Any]]:
    """One row per period and state: ``period state members share is_complete``, then the flows of the period's base beside
    each: ``opening new resurrected dormant lost closing``. ``share`` is of the members born by the period's end."""
    found: list[dict[str, Any]] = []
    for period, (on, flow) in enumerate(zip(answer.periods, answer.flows(base), strict=True)):
        born = answer.members[period]
        for state in STATES:
            members = answer.count(Behind(period, (state,)))
            found.append(
                {
                    "period": on.isoformat(),
                    "state": state.name.lower(),
                    "members": members,
                    "share": round(members / born, 6) if born else None,
                    "is_complete": answer.is_complete(period),
                    **{name: getattr(flow, name) for name in FLOWS},
                }
            )
    return found


def transitions(answer: Answer) -> list[dict[str, Any]]:
    """One row per period and pair of states that occurs: ``period before state members``; before may be ``not_yet``."""
    return [
        {"period": on.isoformat(), "before": before.name.lower(), "state": now.name.lower(), "members": members}
        for period, on in enumerate(answer.periods)
        for before in State
        for now in STATES
        if (members := answer.count(Behind(period, (now,), (before,))))
    ]


# Stages of a member's life


@dataclass(frozen=True, slots=True)
class Limits:
    """Days for which a member is new, and days of silence after which it is lost. Raises ``InvalidLifecycle``."""

    new_days: int = 30
    lost_days: int = 90

    def __post_init__(self) -> None:
        if not 0 < self.new_days <= self.lost_days <= LONGEST_STAGE_DAYS:
            message = (
                f"Members are new for 1 day or more, and lost after as many or more, {LONGEST_STAGE_DAYS} at most."
            )
            raise InvalidLifecycle(message, problem="days")


@dataclass(frozen=True, eq=False)
class Stages:
    """Every member born by the end of the business day ``on``, in one stage each. ``ids``: member ids, ascending."""

    limits: Limits
    on: date
    ids: Int64s
    stage: Int8s

    @property
    def counts(self) -> dict[Stage, int]:
        found = np.bincount(self.stage, minlength=len(Stage)).tolist()
        return {stage: found[stage] for stage in Stage}

    def people(self, stage: Stage) -> pd.DataFrame:
        """``member_id`` of those in a stage, ascending; as many as its count."""
        return pd.DataFrame({"member_id": self.ids[self.stage == stage]})


def stages(reading: Reading, limits: Limits = Limits()) -> Stages:
    """In which stage of its life each member stands on the last day of the period to date (see the kernel's ``stages``).
    Channels cut actions and orders, never births; a member whose birth has no date and who never acted is potential. Raises
    ``InvalidLifecycle``."""
    on = _asked_about(reading).last_on
    people = population.of(reading.snapshot)
    actions = f.actions(reading.in_channels)
    orders = f.known(reading.facts.orders)
    acted = _newest(reading, actions.filter(actions.identity_key.notnull()), "identity_key", on)
    bought = _newest(reading, orders, "member_id", on)
    size = len(people.ids)
    born = _births(reading, people.ids)
    is_member = born <= _number(on)
    born_at, acted_at, bought_at = (
        _moments(one[is_member])
        for one in (
            born,
            _latest(people.subjects.codes(acted[0]), acted[1], size),
            _latest(np.searchsorted(people.ids, bought[0]), bought[1], size),
        )
    )
    found = kernel.stages(
        born_at, acted_at, bought_at, _number(on) * DAY,
        new_for=timedelta(days=limits.new_days), lost_after=timedelta(days=limits.lost_days),
    )  # fmt: skip
    return Stages(limits, on, people.ids[is_member], found)


def _newest(reading: Reading, facts: ir.Table, who: str, on: date) -> tuple[Int64s, Int64s]:
    """Keys in the column ``who``, and the number of the latest day, up to ``on``, with a fact of each."""
    inside = facts.filter(facts.local_date <= on)
    table = reading.snapshot.arrow(inside.group_by(who).aggregate(on=inside.local_date.max()))
    return _whole_numbers(table[who]), _numbers(table["on"])


def _latest(code: Array, day: Int64s, size: int) -> Int64s:
    """Latest day number by member code; ``EVER_SINCE`` where there is none. Codes of nobody are left out."""
    found = np.full(size, EVER_SINCE, np.int64)
    np.maximum.at(found, code[code >= 0], day[code >= 0])
    return found


def _moments(days: Int64s) -> Int64s:
    """Day numbers as the kernel's times; no date is ``UNBORN``."""
    return np.where(days == EVER_SINCE, UNBORN, days * DAY)


# How lives are read


@dataclass(frozen=True, eq=False)
class _Lives:
    """``streams``: disjoint members within scope and filters, each with a day number per period in which it acted.
    ``born``: day number by member code."""

    ids: Int64s
    born: Int64s
    streams: list[Stream]

    def walk(self, work: Callable[[Stream, Int64s], T]) -> list[T]:
        """What ``work`` makes of each part and the births of its members; of at least one part, that may be empty."""

        def do(stream: Stream) -> T:
            return work(stream, self.born[stream.subject])

        members = sum(stream.subject.size for stream in self.streams)
        threads = min(len(self.streams), shares.threads_for(members))
        if threads < 2:
            return [do(stream) for stream in self.streams]
        with ThreadPoolExecutor(threads, thread_name_prefix="sequence") as pool:
            return list(pool.map(do, self.streams))


def _lives(reading: Reading, unit: Unit, edges: Int64s) -> _Lives:
    """Who acted when, and who never did. Everybody within scope has a row among the births, so they say who is within."""
    people = population.of(reading.snapshot)
    born = _births(reading, people.ids)
    is_inside = born != UNBORN
    table = reading.snapshot.arrow(_actions(reading, unit, edges))
    code = people.subjects.codes(_whole_numbers(table["identity_key"]))
    code[~np.append(is_inside, False)[code]] = NOBODY
    acting = ordered([Batch(code, _numbers(table["on"]), np.ones(len(table), np.uint16))])
    is_silent = is_inside.copy()
    is_silent[acting.subject] = False
    silent = kernel.inactive(np.flatnonzero(is_silent).astype(np.int32))
    return _Lives(people.ids, born, [*_parts(acting), *_parts(silent)])


def _actions(reading: Reading, unit: Unit, edges: Int64s) -> ir.Table:
    """``identity_key`` and the first day of each period in which it acted: all that states depend on."""
    first, end = (EARLIEST + timedelta(days=int(edge)) for edge in edges[[0, -1]])
    actions = f.actions(reading.in_channels)
    inside = actions.filter(
        (actions.local_date >= first) & (actions.local_date < end) & actions.identity_key.notnull()
    )  # fmt: skip
    on = inside.local_date.truncate(_UNIT_LETTERS[unit]).cast("date") if unit in _UNIT_LETTERS else inside.local_date
    return inside.select("identity_key", on=on).distinct()


def _births(reading: Reading, ids: Int64s) -> Int64s:
    """Day number of each member's birth by code; ``UNBORN`` for those outside scope and filters."""
    table = reading.snapshot.arrow(reading.births)
    born = np.full(len(ids), UNBORN, np.int64)
    at = table["local_date"].cast(pa.int32()).cast(pa.int64()).fill_null(EVER_SINCE)
    born[np.searchsorted(ids, _whole_numbers(table["member_id"]))] = _whole_numbers(at)
    return born


def _acted(stream: Stream, question: Question) -> Int64s:
    """Subjects with an action in each period asked about. Several identities of one member may have acted in the same."""
    is_first = np.ones(len(stream), bool)
    is_first[1:] = stream.at[1:] != stream.at[:-1]
    starts = stream.offset[:-1]
    is_first[starts[starts < len(stream)]] = True
    period = np.searchsorted(question.edges, stream.at[is_first], side="right") - 1
    found: Int64s = np.bincount(period, minlength=question.edges.size - 1)[question.history :]
    return found


def _question(reading: Reading, asked: Asked) -> tuple[list[date], Question]:
    """First days of the periods and the day after them; and the question with the history that it takes."""
    if asked.unit not in UNITS:
        raise InvalidLifecycle(f"Periods are {', '.join(UNITS)}, not {asked.unit!r}.", problem="unit")
    days = spans.starts(_asked_about(reading), asked.unit)
    if len(days) - 1 > MOST_PERIODS:
        raise InvalidLifecycle(f"At most {MOST_PERIODS} periods are shown, not {len(days) - 1}.", problem="periods")
    if not 0 <= asked.silence <= kernel.MOST_LOST_AFTER:
        message = f"A member is lost after 0 to {kernel.MOST_LOST_AFTER} periods, not {asked.silence}."
        raise InvalidLifecycle(message, problem="lost_after")
    history = [spans.after(days[0], asked.unit, -n) for n in range(asked.silence + 1, 0, -1)]
    edges = np.array([_number(day) for day in [*history, *days]], np.int64)
    return days, Question(edges, asked.silence)


def _asked_about(reading: Reading) -> Period:
    """The period up to the newest data. Raises ``InvalidLifecycle`` where there is none in it."""
    period, as_of_on = reading.period, reading.as_of_on
    if period is None or as_of_on is None:
        raise InvalidLifecycle("There is no data yet.", problem="empty")
    if period.start_on > as_of_on or period.end_on <= EARLIEST:
        raise InvalidLifecycle(f"The newest data is of {as_of_on}.", problem="no_data", as_of=as_of_on)
    return Period(max(period.start_on, EARLIEST), min(period.end_on, as_of_on + timedelta(days=1)))


def _parts(stream: Stream) -> Iterable[Stream]:
    """Slices of the stream, so many members each that the states of all their periods fit into memory with ease."""
    edges = range(0, max(stream.subject.size, 1), MEMBERS_OF_A_PART)
    for low in edges:
        offset = stream.offset[low : low + MEMBERS_OF_A_PART + 1]
        events = slice(int(offset[0]), int(offset[-1]))
        yield Stream(
            stream.subject[low : low + MEMBERS_OF_A_PART], offset - offset[0], stream.at[events], stream.steps[events],
            stream.entry_code,
        )  # fmt: skip


def _number(on: date) -> int:
    return (on - EARLIEST).days


def _numbers(days: pa.ChunkedArray) -> Int64s:
    return _whole_numbers(days.cast(pa.int32()).cast(pa.int64()))


def _whole_numbers(column: pa.ChunkedArray) -> Int64s:
    values: Int64s = column.to_numpy()
    return values
