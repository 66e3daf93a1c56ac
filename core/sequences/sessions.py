"""Sessions: each subject's events, cut where it paused.

Two neighbouring events that lie more than the gap apart stand in different sessions; exactly the gap apart, in the
same one. Every event of the stream counts: barred ones, those that fit no step, and those that a path hides. So the
same pause cuts a funnel, a path and a count of sessions alike. Without a gap all events of a subject are one session,
for sources that tell their own sessions or have no clock.

The sessions are a stream again, so whatever is asked of members can be asked of sessions:
``reach(split(stream).stream, funnel)``.
"""
# mypy: disable-error-code="no-untyped-def"

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numba import njit

from core.errors import InvalidSession
from core.periods import length
from core.sequences.arrays import Array, Int32s, Int64s, frozen
from core.sequences.stream import Batch, Stream, ordered

GAP = timedelta(minutes=30)
SHORTEST_GAP, LONGEST_GAP = timedelta(seconds=1), timedelta(days=366)
NO_GAP = 2**62
"""Longer than any two times are apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """Events cut into sessions. Grain: one session, by owner and then by time.

    ``stream``: the same events, not copied; its segments are the sessions and its subjects their numbers, 0, 1, 2 …
    within this call. ``owner``: the subject that each session belongs to, ascending.
    """

    stream: Stream
    owner: Int32s

    def __len__(self) -> int:
        return len(self.owner)

    @property
    def start_at(self) -> Int64s:
        """Time of each session's first event."""
        return self.stream.at[self.stream.offset[:-1]]

    @property
    def end_at(self) -> Int64s:
        """Time of each session's last event."""
        return self.stream.at[self.stream.offset[1:] - 1]

    @property
    def events(self) -> Int64s:
        """Events of each session, at least 1."""
        return np.diff(self.stream.offset)


def microseconds(gap: timedelta | None) -> int:
    """The gap as kernels take it; None is no gap. Raises ``InvalidSession`` outside 1 second to 366 days."""
    if gap is None:
        return NO_GAP
    if not SHORTEST_GAP <= gap <= LONGEST_GAP:
        raise InvalidSession(f"The pause between sessions is 1 second to 366 days, not {length(gap)}.", problem="gap")
    return gap // timedelta(microseconds=1)


def split(stream: Stream, gap: timedelta | None = GAP) -> Sessions:
    """Cut every subject's events where it paused for longer than the gap (see above). None: one session per subject.

    Raises ``InvalidSession`` outside 1 second to 366 days. A stream that is ordered by something else than time needs
    None. Runs on the caller's thread: two passes over the times.
    """
    pause = microseconds(gap)
    count = _count(stream.offset, stream.at, pause)
    owner, offset = np.empty(count, np.int32), np.empty(count + 1, np.int64)
    _cut(stream.subject, stream.offset, stream.at, pause, owner, offset)
    number = np.arange(count, dtype=np.int32)
    return Sessions(Stream(number, offset, stream.at, stream.steps, stream.entry_code), frozen(owner, np.int32))


def owners(sessions: Sessions, numbers: Int32s) -> Int32s:
    """The distinct subjects that the numbered sessions belong to, ascending."""
    distinct: Int32s = np.unique(sessions.owner[numbers])
    return distinct


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What statistics need of sessions, without their events: sessions of each subject (grain: one subject),
    microseconds between first and last event, and events (grain: one session)."""

    per_subject: Int64s
    length: Int64s
    events: Int64s


def tally(sessions: Sessions) -> Tally:
    counts = np.unique(sessions.owner, return_counts=True)[1]
    return Tally(counts, sessions.end_at - sessions.start_at, sessions.events)


def joined(tallies: Sequence[Tally]) -> Tally:
    """One tally from those of disjoint sets of subjects."""
    names = ("per_subject", "length", "events")
    return Tally(*(np.concatenate([np.empty(0, np.int64), *(getattr(t, name) for t in tallies)]) for name in names))


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and quantiles, interpolated linearly; null over nothing."""

    mean: float | None
    median: float | None
    p90: float | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """Sessions in figures. ``length_seconds``: from first to last event, so 0 for a session of one event; those are in
    all three spreads. ``bounces``: sessions of one event; ``bounce_share`` of all sessions, null without any."""

    subjects: int
    sessions: int
    events: int
    per_subject: Spread
    length_seconds: Spread
    depth_events: Spread
    bounces: int
    bounce_share: float | None


def statistics(tally: Tally) -> Statistics:
    sessions = len(tally.events)
    bounces = int(np.count_nonzero(tally.events == 1))
    return Statistics(
        subjects=len(tally.per_subject),
        sessions=sessions,
        events=int(tally.events.sum()),
        per_subject=_spread(tally.per_subject),
        length_seconds=_spread(tally.length / 1e6),
        depth_events=_spread(tally.events),
        bounces=bounces,
        bounce_share=bounces / sessions if sessions else None,
    )


def _spread(values: Array) -> Spread:
    if not values.size:
        return Spread(None, None, None)
    median, p90 = np.quantile(values, [0.5, 0.9]).tolist()
    return Spread(float(values.mean()), median, p90)


# Compiled. numba's cache notices a change of this file and of no other.


@njit(nogil=True, cache=True, inline="always")
def _starts(at, low, i, pause):
    """Whether event i of the segment that begins at ``low`` is the first of a session."""
    return i == low or at[i] - at[i - 1] > pause


@njit(nogil=True, cache=True)
def _count(offset, at, pause):
    sessions = 0
    for segment in range(offset.size - 1):
        for i in range(offset[segment], offset[segment + 1]):
            sessions += _starts(at, offset[segment], i, pause)
    return sessions


@njit(nogil=True, cache=True)
def _cut(subject, offset, at, pause, owner, into):
    session = 0
    for segment in range(offset.size - 1):
        for i in range(offset[segment], offset[segment + 1]):
            if _starts(at, offset[segment], i, pause):
                owner[session] = subject[segment]
                into[session] = i
                session += 1
    into[session] = offset[-1]


def warm() -> None:
    """Compile or load the kernels of this module."""
    split(ordered([Batch(np.zeros(1, np.int32), np.zeros(1, np.int64), np.ones(1, np.uint16))], threads=1))
