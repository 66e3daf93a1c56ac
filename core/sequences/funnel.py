"""Funnels: how far each subject gets along steps, in order, strictly in order, or in any order.

An *attempt* starts at an event that fits step 1 (in any order: at any event of the funnel). A subject counts at its
deepest attempt; of equally deep ones the earliest is chosen, and its entry is the one shown. Within an attempt each
event fills one step, and each step is filled by the earliest event that can. The window is inclusive, from the
attempt's first event.

- **sequential**: steps 1, 2, 3 … are filled by ever later events; whatever lies between them does not matter.
- **strict**: the same, and no other funnel event (one that fits any step, the same step again included) may lie
  between them. It ends the attempt; when it fits step 1 it starts the next one.
- **any order**: depth k means that steps 1 to k were all done, in whatever order, within one window.

Later is meant in the order of the stream, so events of equal time follow the order of the steps. A barred event
(refused by the page's entry filters) does not fit step 1; it still fills other steps that it fits, and still stands
between. Against ClickHouse's ``windowFunnel``: equal in sequential mode when no event fits two steps; there one event
may fill several.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np

from core.errors import InvalidFunnel
from core.sequences import shares, walks
from core.sequences.arrays import MOST_STEPS, Int8s, Int32s, Int64s
from core.sequences.stream import MISSING, Batch, Stream, ordered

Order = Literal["sequential", "strict", "any"]
FEWEST_STEPS = 2
SHORTEST_WINDOW, LONGEST_WINDOW = timedelta(minutes=1), timedelta(days=366)
NOT_REACHED = -1
"""Stands in ``entry_at`` and ``step_at`` where a step was not reached. ``depth`` says so reliably; this only fills."""

_ORDERS: dict[Order, int] = {"sequential": walks.SEQUENTIAL, "strict": walks.STRICT, "any": walks.ANY}


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``name`` is shown, any of ``events`` fills it."""

    name: str
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class Funnel:
    """What is asked. ``within`` is the total window, inclusive; None = no window. Raises ``InvalidFunnel`` on its
    limits."""

    steps: tuple[Step, ...]
    order: Order = "sequential"
    within: timedelta | None = timedelta(days=7)

    def __post_init__(self) -> None:
        count = len(self.steps)
        if not FEWEST_STEPS <= count <= MOST_STEPS:
            raise InvalidFunnel(
                f"A funnel has {FEWEST_STEPS} to {MOST_STEPS} steps, not {count}.", problem="steps", steps=count
            )
        for number, step in enumerate(self.steps, 1):
            if not step.events:
                raise InvalidFunnel(f"Step {number} names no event.", problem="events", step=number)
        if self.order not in _ORDERS:
            raise InvalidFunnel(
                f"Order {self.order!r} is not one of {', '.join(_ORDERS)}.", problem="order", order=self.order
            )
        if self.within is not None and not SHORTEST_WINDOW <= self.within <= LONGEST_WINDOW:
            raise InvalidFunnel(
                f"The window is 1 minute to 366 days, or none, not {self.within}.", problem="within", within=self.within
            )

    @classmethod
    def of(
        cls, *steps: str | Iterable[str], order: Order = "sequential", within: timedelta | None = timedelta(days=7)
    ) -> "Funnel":
        """Steps given as an event or several (OR). A step is called after its events."""
        events = [(step,) if isinstance(step, str) else tuple(step) for step in steps]
        return cls(tuple(Step(" | ".join(names), frozenset(names)) for names in events), order, within)

    @property
    def masks(self) -> dict[str, int]:
        """Bits of the steps that each event name fits: what ``Stream.steps`` holds for it."""
        masks: dict[str, int] = {}
        for bit, step in enumerate(self.steps):
            for event in step.events:
                masks[event] = masks.get(event, 0) | 1 << bit
        return masks

    @property
    def shares_events(self) -> bool:
        """Whether some event fits several steps: then row order matters even without a breakdown."""
        return any(mask & (mask - 1) for mask in self.masks.values())


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """How far each subject of a stream got. Grain: one subject, codes ascending; one row each in every array.

    ``depth``: steps reached, 0 to n. ``entry_at``: time of the event that fills step 1 of the chosen attempt.
    ``step_at``: subject by step, time of the event that fills it. ``entry_code``: the breakdown's code at the entry
    event; empty without a breakdown. Times are ``NOT_REACHED`` and codes ``MISSING`` beyond the depth.
    """

    funnel: Funnel
    subject: Int32s
    depth: Int8s
    step_at: Int64s
    entry_code: Int32s

    @property
    def entry_at(self) -> Int64s:
        return self.step_at[:, 0]


@dataclass(frozen=True, slots=True)
class Count:
    """One step of the answer. ``share`` is of step 1, ``step_share`` of the step before; null where that is empty."""

    step: int
    name: str
    members: int
    share: float | None
    step_share: float | None


@dataclass(frozen=True, slots=True)
class Duration:
    """Time between two steps, in seconds, over the ``members`` that reached both.

    Quantiles are interpolated linearly; null where nobody did. ``histogram``: members whose time lies in ``[edge,
    next edge)``; the last bin is open.
    """

    members: int
    median_seconds: float | None
    p90_seconds: float | None
    edges_seconds: tuple[float, ...]
    histogram: tuple[int, ...]


DURATION_EDGES = (0.0, 10.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 43200.0, 86400.0, 259200.0, 604800.0, 2592000.0)
"""Seconds at which a person thinks of a time as longer: 10 s, 1, 5 and 15 min, 1, 4 and 12 h, 1, 3, 7 and 30 days."""


def reach(stream: Stream, funnel: Funnel, *, threads: int | None = None) -> Reach:
    """The chosen attempt of every subject of the stream (see above for how it is chosen).

    The stream's step bits are those of ``funnel.masks``. Subjects without any funnel event are not in the stream and
    so not in the answer. With a stream that is ordered by something else than time, ``within`` must be None.
    """
    subjects, steps = len(stream.subject), len(funnel.steps)
    depth = np.zeros(subjects, np.int8)
    step_at = np.full((subjects, steps), NOT_REACHED, np.int64)
    code = np.full(subjects if stream.entry_code.size else 0, MISSING, np.int32)
    window = walks.NO_WINDOW if funnel.within is None else funnel.within // timedelta(microseconds=1)
    order = _ORDERS[funnel.order]

    def walk(low: int, high: int) -> None:
        events = (stream.offset, stream.at, stream.steps, stream.entry_code)
        walks.walk(*events, low, high, order, window, depth, step_at, code)

    shares.run(walk, shares.even(stream.offset, shares.threads_for(len(stream), threads)))
    return Reach(funnel, stream.subject, depth, step_at, code)


def joined(reaches: Sequence[Reach]) -> Reach:
    """One answer from those of disjoint sets of subjects, as partitions of a distributed engine give them."""
    subject = np.concatenate([part.subject for part in reaches])
    order = np.argsort(subject, kind="stable")
    if np.any(np.diff(subject[order]) == 0):
        raise ValueError("a subject stands in two partitions")
    depth, step_at, code = (
        np.concatenate([getattr(part, name) for part in reaches]) for name in ("depth", "step_at", "entry_code")
    )
    return Reach(reaches[0].funnel, subject[order], depth[order], step_at[order], code[order] if code.size else code)


def by_step(reach: Reach) -> Int64s:
    """Subjects that reached each step; never rises."""
    return _at_least(reach.depth, len(reach.funnel.steps))


def conversion(reach: Reach) -> tuple[Count, ...]:
    """One row per step."""
    return _counts(reach.funnel, by_step(reach))


def conversion_by(reach: Reach) -> Mapping[int, tuple[Count, ...]]:
    """The same by the code at the entry event, codes ascending, ``MISSING`` included; adds up to ``conversion`` at
    every step."""
    if not reach.entry_code.size and reach.subject.size:
        raise ValueError("the stream carried no entry codes")
    entered = reach.depth > 0
    codes, which = np.unique(reach.entry_code[entered], return_inverse=True)
    steps = len(reach.funnel.steps)
    table = np.bincount(which * (steps + 1) + reach.depth[entered], minlength=codes.size * (steps + 1))
    exactly = table.reshape(codes.size, steps + 1)
    at_least = exactly[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    return {int(code): _counts(reach.funnel, row) for code, row in zip(codes, at_least, strict=True)}


def missing_share(reach: Reach) -> float | None:
    """Share of the subjects that entered whose entry event has no value for the breakdown; null when nobody entered."""
    entered = reach.depth > 0
    return float(np.mean(reach.entry_code[entered] < 0)) if entered.any() else None


def reached(reach: Reach, step: int) -> Int32s:
    """Subjects that reached the step (1 to n). As many as ``conversion`` counts there."""
    return reach.subject[reach.depth >= _number(reach, step)]


def dropped(reach: Reach, step: int) -> Int32s:
    """Subjects whose last step is this one: they reached it and not the next. Refuses the last step, where nobody
    drops."""
    if step == len(reach.funnel.steps):
        raise InvalidFunnel("Nobody drops after the last step.", problem="step", step=step)
    subjects: Int32s = reach.subject[reach.depth == _number(reach, step)]
    return subjects


def time_to_convert(
    reach: Reach, from_step: int, to_step: int, *, edges_seconds: Sequence[float] = DURATION_EDGES
) -> Duration:
    """Time between two steps (1 to n) of the chosen attempts. In any order, whichever of the two came first."""
    first, last = _number(reach, from_step), _number(reach, to_step)
    both = reach.depth >= max(first, last)
    seconds = np.abs(reach.step_at[both, last - 1] - reach.step_at[both, first - 1]) / 1e6
    bins = np.histogram(seconds, bins=[*edges_seconds, np.inf])[0]
    median, p90 = np.quantile(seconds, [0.5, 0.9]).tolist() if seconds.size else (None, None)
    return Duration(int(seconds.size), median, p90, tuple(edges_seconds), tuple(bins.tolist()))


def _number(reach: Reach, step: int) -> int:
    if not 1 <= step <= len(reach.funnel.steps):
        raise InvalidFunnel(f"The funnel has no step {step}.", problem="step", step=step)
    return step


def _at_least(depth: Int8s, steps: int) -> Int64s:
    exactly: Int64s = np.bincount(depth, minlength=steps + 1)
    return exactly[::-1].cumsum()[::-1][1:]


def _counts(funnel: Funnel, members: Int64s) -> tuple[Count, ...]:
    counts: list[int] = members.tolist()
    before = [counts[0], *counts[:-1]]
    return tuple(
        Count(i + 1, step.name, counts[i], _share(counts[i], counts[0]), _share(counts[i], before[i]))
        for i, step in enumerate(funnel.steps)
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def warm() -> None:
    """Compile or load the kernels of this module."""
    batch = Batch(np.zeros(2, np.int32), np.arange(2), np.array([1, 2], np.uint16))
    stream = ordered([batch], threads=1)
    for order in _ORDERS:
        reach(stream, Funnel.of("first", "second", order=order), threads=1)
