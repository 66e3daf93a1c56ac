"""Lifecycle: what each member is in each period, how many move from what to what, and the stages of a member's life.

Every event of the stream is an action, whatever its bits. A member is *born* at its first action or at joining
(``born_at``), whichever is earlier. A member is *present* in the periods in which it acted, and in that of its birth.
In each period it is in exactly one state:

- **not_yet**: born later.
- **new**: born in this period.
- **returning**: acted, and was new in the period before: the first return.
- **active**: acted, was present in the period before and not new there.
- **resurrected**: acted, and was not present in the period before: back after being dormant or lost.
- **dormant**: did not act, and was present in one of the last ``lost_after`` periods.
- **lost**: did not act, and was not present in any of these.

So the states but ``not_yet`` sum to the members born by the end of the period. The *active base* of a period is its
present members: new, returning, active and resurrected. For every period

    opening + new + resurrected - dormant - lost = closing

where opening is the base of the period before, dormant and lost are those of the opening who became so now, and closing
is the base. Nobody goes from present to lost directly unless ``lost_after`` is 0; so there is a second base, *kept*, of all
members not lost. The same identity holds for it: there nobody leaves by becoming dormant, lost are those whose silence
became too long now, and resurrected only those who had been lost.

To tell the states of the first period and of the one before it exactly, a question begins with ``lost_after + 1`` periods
of history.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import Literal

import numpy as np

from core.errors import InvalidLifecycle
from core.sequences import states as kernels
from core.sequences.arrays import Int8s, Int32s, Int64s, frozen
from core.sequences.stream import Stream

UNBORN = 2**62
"""Stands for a time that is null: not born, never acted, never bought."""
MOST_LOST_AFTER = 60
Base = Literal["active", "kept"]


class State(IntEnum):
    """What a member is in a period, in the order of columns."""

    NOT_YET = kernels.NOT_YET
    NEW = kernels.NEW
    RETURNING = kernels.RETURNING
    ACTIVE = kernels.ACTIVE
    RESURRECTED = kernels.RESURRECTED
    DORMANT = kernels.DORMANT
    LOST = kernels.LOST


PRESENT_STATES = (State.NEW, State.RETURNING, State.ACTIVE, State.RESURRECTED)
BASES: dict[Base, tuple[State, ...]] = {"active": PRESENT_STATES, "kept": (*PRESENT_STATES, State.DORMANT)}


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked. ``edges``: ascending boundaries, UTC microseconds, of ``lost_after + 1`` periods of history and
    then of the periods asked about, at least one. Raises ``InvalidLifecycle``."""

    edges: Int64s
    lost_after: int = 3

    def __post_init__(self) -> None:
        edges: Int64s = frozen(self.edges, np.int64)
        object.__setattr__(self, "edges", edges)
        if not 0 <= self.lost_after <= MOST_LOST_AFTER:
            message = f"A member is lost after 0 to {MOST_LOST_AFTER} periods, not {self.lost_after}."
            raise InvalidLifecycle(message, problem="lost_after")
        if edges.ndim != 1 or bool(np.any(np.diff(edges) <= 0)) or self.periods < 1:
            message = f"Edges must ascend, and bound {self.history} periods of history and at least one more."
            raise InvalidLifecycle(message, problem="edges")

    @property
    def history(self) -> int:
        return self.lost_after + 1

    @property
    def periods(self) -> int:
        """Periods asked about."""
        return self.edges.size - 1 - self.history


@dataclass(frozen=True, slots=True, eq=False)
class Lifecycle:
    """Counts that add up over disjoint sets of subjects. ``counts`` (period, state): subjects. ``moves`` (period, state
    before, state now): the same subjects by what they were in the period before."""

    question: Question
    counts: Int64s
    moves: Int64s

    @property
    def members(self) -> Int64s:
        """Members born by the end of each period."""
        born: Int64s = self.counts[:, State.NEW :].sum(axis=1)
        return born


@dataclass(frozen=True, slots=True)
class Flow:
    """One period: ``opening + new + resurrected - dormant - lost == closing``."""

    opening: int
    new: int
    resurrected: int
    dormant: int
    lost: int
    closing: int


def states(stream: Stream, question: Question, *, born_at: Int64s | None = None) -> Int8s:
    """State of each subject of the stream (rows, in its order) in the period before the first asked about (column 0)
    and in each period asked about. ``born_at``: when each of these subjects joined, ``UNBORN`` where it did not."""
    births = np.empty(0, np.int64) if born_at is None else born_at
    if born_at is not None and len(born_at) != stream.subject.size:
        raise ValueError("there is not one time of birth per subject")
    found = np.empty((stream.subject.size, question.periods + 1), np.int8)
    kernels.classify(
        stream.offset, stream.at, frozen(births, np.int64), question.edges, question.history, question.lost_after, found
    )
    return found


def counted(stream: Stream, question: Question, *, born_at: Int64s | None = None) -> Lifecycle:
    """Count the subjects of a stream, in the calling thread. Members without any event are in no stream of events:
    count them as ``inactive`` and join the two."""
    kinds = len(State)
    counts = np.zeros((question.periods, kinds), np.int64)
    moves = np.zeros((question.periods, kinds, kinds), np.int64)
    kernels.tally(states(stream, question, born_at=born_at), counts, moves)
    return Lifecycle(question, counts, moves)


def inactive(subject: Int32s) -> Stream:
    """A stream of subjects (codes ascending) without events, to be asked with their ``born_at``: who joined and never
    acted."""
    offset, no_time = np.zeros(len(subject) + 1, np.int64), np.empty(0, np.int64)
    return Stream(subject, offset, no_time, np.empty(0, np.uint16), np.empty(0, np.int32))


def joined(parts: Sequence[Lifecycle]) -> Lifecycle:
    """One answer from those of disjoint sets of subjects."""
    counts, moves = (np.sum([getattr(part, name) for part in parts], axis=0) for name in ("counts", "moves"))
    return Lifecycle(parts[0].question, counts, moves)


def flows(lifecycle: Lifecycle, base: Base = "active") -> tuple[Flow, ...]:
    """How the base of each period came from that of the period before."""
    inside = np.isin(np.arange(len(State)), BASES[base])
    outside = ~inside
    outside[State.NOT_YET] = False
    moves = lifecycle.moves
    stays = moves[:, inside]
    rows = zip(
        stays.sum(axis=(1, 2)).tolist(),
        moves[:, State.NOT_YET, inside].sum(axis=1).tolist(),
        moves[:, outside][:, :, inside].sum(axis=(1, 2)).tolist(),
        (stays[:, :, State.DORMANT].sum(axis=1) * outside[State.DORMANT]).tolist(),
        stays[:, :, State.LOST].sum(axis=1).tolist(),
        lifecycle.counts[:, inside].sum(axis=1).tolist(),
        strict=True,
    )
    return tuple(Flow(*row) for row in rows)


def people(
    stream: Stream,
    question: Question,
    period: int,
    now: Collection[State],
    *,
    before: Collection[State] | None = None,
    born_at: Int64s | None = None,
) -> Int32s:
    """Subjects in one of the states ``now`` in a period, and in one of ``before`` in the period before; codes ascending.

    As many as ``counts``, or with ``before`` ``moves``, sum to over these states. Those of a flow: dormant is ``now =
    {DORMANT}, before = BASES[base]``.
    """
    if not 0 <= period < question.periods:
        raise InvalidLifecycle(f"There is no period {period}.", problem="period")
    found = states(stream, question, born_at=born_at)
    wanted = np.isin(found[:, period + 1], list(now))
    if before is not None:
        wanted &= np.isin(found[:, period], list(before))
    subjects: Int32s = stream.subject[wanted]
    return subjects


class Stage(IntEnum):
    """Where a member stands in its life: 潜在, 新增, 活跃, 消费, 流失."""

    POTENTIAL = 0
    NEW = 1
    ACTIVE = 2
    BUYING = 3
    LOST = 4


def stages(
    born_at: Int64s,
    acted_at: Int64s,
    bought_at: Int64s,
    as_of: int,
    *,
    new_for: timedelta = timedelta(days=30),
    lost_after: timedelta = timedelta(days=90),
) -> Int8s:
    """Stage of each member at ``as_of``: exactly one, the first of these that fits.

    Times are UTC microseconds: joining or first action, latest action, latest order; ``UNBORN`` where there is none, and
    what lies after ``as_of`` has not happened. An order is an action and both make a member, whatever the columns say.
    1. **potential**: no member yet. 2. **lost**: no sign of life (action, order, birth) for ``lost_after`` or longer.
    3. **buying**: has bought. 4. **new**: born less than ``new_for`` ago. 5. **active**: has acted. 6. **potential**:
    joined a while ago and never did anything.
    """
    if not timedelta(0) < new_for <= lost_after:
        raise InvalidLifecycle(
            "Members are new for a time above 0 and not longer than lost ones are silent.", problem="days"
        )
    moment = timedelta(microseconds=1)
    bought = np.where(np.asarray(bought_at) <= as_of, bought_at, UNBORN)
    acted = np.where(np.asarray(acted_at) <= as_of, acted_at, UNBORN)
    born = np.minimum(np.minimum(np.where(np.asarray(born_at) <= as_of, born_at, UNBORN), acted), bought)
    latest = np.max([np.where(times == UNBORN, -UNBORN, times) for times in (born, acted, bought)], axis=0)
    found = np.select(
        [
            born == UNBORN,
            as_of - latest >= lost_after // moment,
            bought != UNBORN,
            as_of - born < new_for // moment,
            acted != UNBORN,
        ],
        [Stage.POTENTIAL, Stage.LOST, Stage.BUYING, Stage.NEW, Stage.ACTIVE],
        Stage.POTENTIAL,
    )
    return found.astype(np.int8)


def warm() -> None:
    """Compile or load the kernels of this module."""
    stream = Stream(
        np.zeros(1, np.int32), np.array([0, 1]), np.zeros(1, np.int64), np.ones(1, np.uint16), np.empty(0, np.int32)
    )
    counted(stream, Question(np.arange(3), lost_after=0))
