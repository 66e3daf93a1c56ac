"""Funnels: how far each subject gets along steps, in order, strictly in order, or in any order.

An *attempt* starts at an event that fits step 1 (in any order: at any event of the funnel). A subject counts at its
deepest attempt; of equally deep ones the earliest is chosen, and its entry is the one shown. Within an attempt each
event fills one step, and each step is filled by the earliest event that lets the attempt get as deep as it does. The
window is inclusive, from the attempt's first event.

- **sequential**: steps 1, 2, 3 … are filled by ever later events; whatever lies between them does not matter.
- **strict**: the same, and no other event of the stream (one that fits any step, the same step again included, or
  one that is ``PRESENT``) may lie between them. It ends the attempt; when it fits step 1 it starts the next one.
- **any order**: depth k means that steps 1 to k were all done, in whatever order, within one window.

Later is meant in the order of the stream, so events of equal time follow the order of the steps. A barred event
(refused by the page's entry filters) does not fit step 1; it still fills other steps that it fits, and still stands
between. Against ClickHouse's ``windowFunnel``: equal in sequential mode when no event fits two steps; there one event
may fill several.

Three conditions narrow what an attempt is. The depth is then that of the deepest attempt that exists, not of the one
that takes every first chance: with a step window a later filling of a step may get further than an earlier one.

- ``step_within``: the longest time between two neighbouring steps, inclusive, beside the total window. Refused in any
  order, where steps have no neighbours.
- ``exclusions``: an attempt cannot pass from step k to k + 1 when an excluded event stands after the event that fills
  step k and before the one that fills k + 1. At equal time an excluded event stands after the steps, so it bars what
  follows and not the step filled at that very time. An event that itself fills k or k + 1 is not between them, even
  when an exclusion names it too. The attempt keeps the steps it has; another attempt may start after. In strict order
  an excluded event that fits no step ends the attempt only where the exclusion says so (and is ``PRESENT`` where all
  events stand between). Refused in any order, where nothing lies between two steps.
- ``entries="first"``: only the subject's first event that fits step 1 and is not barred can fill step 1. What a path
  shows from a start, this funnel counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.errors import InvalidFunnel
from core.periods import length
from core.sequences import shares, walks
from core.sequences.arrays import FIRST_EXCLUSION, MOST_EXCLUSIONS, MOST_STEPS, Int8s, Int32s, Int64s
from core.sequences.stream import MISSING, Batch, Stream, ordered

Order = Literal["sequential", "strict", "any"]
Entries = Literal["every", "first"]
FEWEST_STEPS = 2
SHORTEST_WINDOW, LONGEST_WINDOW = timedelta(minutes=1), timedelta(days=366)
NOT_REACHED = -1
"""Stands in ``entry_at`` and ``step_at`` where a step was not reached. ``depth`` says so reliably; this only fills."""

_ORDERS: dict[Order, int] = {"sequential": walks.SEQUENTIAL, "strict": walks.STRICT, "any": walks.ANY}
_ENTRIES: tuple[Entries, ...] = ("every", "first")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``name`` is shown, any of ``events`` fills it."""

    name: str
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Events that must not happen after step ``from_step`` and before step ``to_step`` (numbers from 1, so all gaps
    from the one to the other are barred). Any of ``events`` bars."""

    events: frozenset[str]
    from_step: int
    to_step: int

    @classmethod
    def of(cls, events: str | Iterable[str], from_step: int, to_step: int) -> "Exclusion":
        """One event or several (OR)."""
        return cls(frozenset((events,) if isinstance(events, str) else events), from_step, to_step)

    @property
    def gaps(self) -> int:
        """Bit k for the gap after step k + 1."""
        return (1 << self.to_step - 1) - (1 << self.from_step - 1)


@dataclass(frozen=True, slots=True)
class Funnel:
    """What is asked. ``within`` is the total window, ``step_within`` that between neighbouring steps, both inclusive;
    None = no window. Raises ``InvalidFunnel`` on its limits, with a ``problem``: steps, events, order, within,
    step_within, exclusions, entries."""

    steps: tuple[Step, ...]
    order: Order = "sequential"
    within: timedelta | None = timedelta(days=7)
    step_within: timedelta | None = None
    exclusions: tuple[Exclusion, ...] = ()
    entries: Entries = "every"

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
                f"The window is 1 minute to 366 days, or none, not {length(self.within)}.", problem="within"
            )
        if self.entries not in _ENTRIES:
            raise InvalidFunnel(
                f"Entries are {' or '.join(_ENTRIES)}, not {self.entries!r}.", problem="entries", entries=self.entries
            )
        self._refuse_step_window()
        self._refuse_exclusions()

    def _refuse_step_window(self) -> None:
        window = self.step_within
        if window is None:
            return
        if not SHORTEST_WINDOW <= window <= LONGEST_WINDOW:
            raise InvalidFunnel(
                f"The window between two steps is 1 minute to 366 days, or none, not {length(window)}.",
                problem="step_within",
            )
        if self.order == "any":
            raise InvalidFunnel("In any order no step follows another within a time.", problem="step_within")

    def _refuse_exclusions(self) -> None:
        if len(self.exclusions) > MOST_EXCLUSIONS:
            raise InvalidFunnel(f"A funnel has at most {MOST_EXCLUSIONS} exclusions.", problem="exclusions")
        if self.exclusions and self.order == "any":
            raise InvalidFunnel("In any order nothing lies between two steps.", problem="exclusions")
        for number, exclusion in enumerate(self.exclusions, 1):
            if not exclusion.events:
                raise InvalidFunnel(f"Exclusion {number} names no event.", problem="exclusions", exclusion=number)
            if not 1 <= exclusion.from_step < exclusion.to_step <= len(self.steps):
                raise InvalidFunnel(
                    f"Exclusion {number} does not lie between two steps of the funnel.",
                    problem="exclusions",
                    exclusion=number,
                )

    @classmethod
    def of(
        cls,
        *steps: str | Iterable[str],
        order: Order = "sequential",
        within: timedelta | None = timedelta(days=7),
        step_within: timedelta | None = None,
        exclusions: Iterable[Exclusion] = (),
        entries: Entries = "every",
    ) -> "Funnel":
        """Steps given as an event or several (OR). A step is called after its events."""
        events = [(step,) if isinstance(step, str) else tuple(step) for step in steps]
        named = tuple(Step(" | ".join(names), frozenset(names)) for names in events)
        return cls(named, order, within, step_within, tuple(exclusions), entries)

    @property
    def masks(self) -> dict[str, int]:
        """Bits of the steps that each event name fits and of the exclusions it belongs to: what ``Stream.steps`` holds
        for it."""
        masks: dict[str, int] = {}
        for bit, step in enumerate(self.steps):
            for event in step.events:
                masks[event] = masks.get(event, 0) | 1 << bit
        for bit, exclusion in enumerate(self.exclusions, FIRST_EXCLUSION):
            for event in exclusion.events:
                masks[event] = masks.get(event, 0) | 1 << bit
        return masks

    @property
    def shares_events(self) -> bool:
        """Whether some event fits several steps or exclusions: then row order matters even without a breakdown."""
        return any(mask & (mask - 1) for mask in self.masks.values())

    @property
    def bars(self) -> Int64s:
        """For each set of exclusions (bit j for exclusion j), the gaps it bars: what the walks take."""
        sets = range(1 << MOST_EXCLUSIONS)
        gaps = [sum(1 << k for k in range(MOST_STEPS) if self._bars(each, k)) for each in sets]
        return np.array(gaps, np.int64)

    def _bars(self, exclusions: int, gap: int) -> bool:
        return any(exclusions >> j & 1 and each.gaps >> gap & 1 for j, each in enumerate(self.exclusions))

    @property
    def longest(self) -> timedelta | None:
        """The longest an attempt can take; None = there is no limit."""
        limits = [self.within]
        if self.step_within is not None:
            limits.append(self.step_within * (len(self.steps) - 1))
        return min((limit for limit in limits if limit is not None), default=None)


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


@dataclass(frozen=True, slots=True, eq=False)
class Attempts:
    """How far each attempt got, counted. Every event that may fill step 1 starts one; attempts may share later events.

    ``by_step``: attempts that reached each step. ``members``: subjects with at least one attempt that did, as many as
    ``reach`` finds. ``code``: codes of the breakdown at the attempts' own entries, ascending, ``MISSING`` included;
    ``by_code``: code by step, adds up to ``by_step``. Both are empty without a breakdown.
    """

    funnel: Funnel
    by_step: Int64s
    members: Int64s
    code: Int32s
    by_code: Int64s

    @property
    def counts(self) -> tuple["Count", ...]:
        """One row per step; ``Count.members`` counts attempts."""
        return _counts(self.funnel, self.by_step)

    @property
    def counts_by(self) -> Mapping[int, tuple["Count", ...]]:
        """The same by code."""
        return {int(code): _counts(self.funnel, row) for code, row in zip(self.code, self.by_code, strict=True)}


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """Conversion by the time of entry. Grain: period p = entries in ``[edges[p], edges[p + 1])``.

    ``by_step``: period by step, subjects that entered in the period and reached the step. From period ``open_from`` on
    some who entered still have time to convert; it is the number of periods when none has.
    """

    funnel: Funnel
    edges: Int64s
    by_step: Int64s
    open_from: int

    @property
    def entered(self) -> Int64s:
        return self.by_step[:, 0]

    @property
    def converted(self) -> Int64s:
        return self.by_step[:, -1]

    @property
    def counts(self) -> tuple[tuple["Count", ...], ...]:
        """Per period, one row per step."""
        return tuple(_counts(self.funnel, row) for row in self.by_step)


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

    The stream's step bits are those of ``funnel.masks``, and ``PRESENT`` on whatever else stands between in strict
    order. Subjects without any event in the stream are not in the answer. With a stream that is ordered by something
    else than time, ``within`` and ``step_within`` must be None.
    """
    subjects, steps = len(stream.subject), len(funnel.steps)
    depth = np.zeros(subjects, np.int8)
    step_at = np.full((subjects, steps), NOT_REACHED, np.int64)
    code = np.full(subjects if stream.entry_code.size else 0, MISSING, np.int32)
    rules = rules_of(funnel)

    def walk(low: int, high: int) -> None:
        events = (stream.offset, stream.at, stream.steps, stream.entry_code)
        walks.walk(*events, low, high, *rules, depth, step_at, code)

    shares.run(walk, shares.even(stream.offset, shares.threads_for(len(stream), threads)))
    return Reach(funnel, stream.subject, depth, step_at, code)


Rules = tuple[int, int, int, Int64s, bool]


def rules_of(funnel: Funnel) -> Rules:
    """order, window, step window, bars and whether only the first entry counts, as the walks take them."""
    window, step_window = (_microseconds(each) for each in (funnel.within, funnel.step_within))
    return _ORDERS[funnel.order], window, step_window, funnel.bars, funnel.entries == "first"


def _microseconds(window: timedelta | None) -> int:
    return walks.NO_WINDOW if window is None else window // timedelta(microseconds=1)


def joined(reaches: Sequence[Reach]) -> Reach:
    """One answer from those of disjoint sets of subjects, as partitions of a distributed engine give them."""
    subject, depth, step_at, code = (
        np.concatenate([getattr(part, name) for part in reaches])
        for name in ("subject", "depth", "step_at", "entry_code")
    )
    if np.all(subject[1:] > subject[:-1]):  # parts are usually ranges in order
        return Reach(reaches[0].funnel, subject, depth, step_at, code)
    order = np.argsort(subject, kind="stable")
    if np.any(np.diff(subject[order]) == 0):
        raise ValueError("a subject stands in two partitions")
    return Reach(reaches[0].funnel, subject[order], depth[order], step_at[order], code[order] if code.size else code)


def attempts(stream: Stream, funnel: Funnel, *, threads: int | None = None) -> Attempts:
    """Count attempts and not subjects (see ``Attempts``). Of the stream the same is asked as by ``reach``.

    In any order an attempt is one event that fills step 1, with the most leading steps that any window around it
    holds. Counts of disjoint sets of subjects add up: ``summed``.
    """
    depth = np.zeros(len(stream), np.int8)
    rules, count = rules_of(funnel), len(funnel.steps)

    def walk(low: int, high: int) -> None:
        walks.walk_attempts(stream.offset, stream.at, stream.steps, low, high, *rules, count, depth)

    shares.run(walk, shares.even(stream.offset, shares.threads_for(len(stream), threads)))
    deepest = np.maximum.reduceat(depth, stream.offset[:-1]) if len(stream) else depth
    started = depth > 0
    code, by_code = (
        _by_code(stream.entry_code[started], depth[started], count) if stream.entry_code.size else _no_codes(count)
    )
    return Attempts(funnel, _at_least(depth, count), _at_least(deepest, count), code, by_code)


def summed(parts: Sequence[Attempts]) -> Attempts:
    """One answer from those of disjoint sets of subjects."""
    by_step, members = (np.sum([getattr(part, name) for part in parts], axis=0) for name in ("by_step", "members"))
    code, which = np.unique(np.concatenate([part.code for part in parts]), return_inverse=True)
    by_code = np.zeros((code.size, by_step.size), np.int64)
    np.add.at(by_code, which, np.concatenate([part.by_code for part in parts]))
    return Attempts(parts[0].funnel, by_step, members, code, by_code)


def _no_codes(steps: int) -> tuple[Int32s, Int64s]:
    return np.empty(0, np.int32), np.empty((0, steps), np.int64)


def _by_code(code: Int32s, depth: Int8s, steps: int) -> tuple[Int32s, Int64s]:
    """Codes that occur, ascending, and for each how many got to each step."""
    codes, which = np.unique(code, return_inverse=True)
    table = np.bincount(which * (steps + 1) + depth, minlength=codes.size * (steps + 1))
    exactly = table.reshape(codes.size, steps + 1)
    return codes, exactly[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]


def trend(reach: Reach, edges: npt.ArrayLike, *, as_of: int) -> Trend:
    """Conversion by the period of entry; each subject once, in the period of its chosen attempt's entry.

    ``edges``: ascending times, one more than periods; entries outside are not counted. ``as_of``: events before this
    time are known. A period is open while an attempt that entered in it could still be within its window at ``as_of``;
    without any window it always is. Raises ``ValueError`` when the edges do not ascend.
    """
    times = np.asarray(edges, np.int64)
    if times.size < 2 or np.any(np.diff(times) <= 0):
        raise ValueError("the edges of periods must ascend")
    steps, periods = len(reach.funnel.steps), times.size - 1
    entered = reach.depth > 0
    period = np.searchsorted(times, reach.entry_at[entered], side="right") - 1
    inside = (period >= 0) & (period < periods)
    table = np.bincount(period[inside] * (steps + 1) + reach.depth[entered][inside], minlength=periods * (steps + 1))
    exactly = table.reshape(periods, steps + 1)
    longest = reach.funnel.longest
    over = times[1:] + longest // timedelta(microseconds=1) <= as_of if longest is not None else np.zeros(periods, bool)
    return Trend(reach.funnel, times, exactly[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:], int(np.sum(over)))


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
    codes, at_least = _by_code(reach.entry_code[entered], reach.depth[entered], len(reach.funnel.steps))
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
        for entries in _ENTRIES:
            question = Funnel.of("first", "second", order=order, entries=entries)
            reach(stream, question, threads=1)
            attempts(stream, question, threads=1)
