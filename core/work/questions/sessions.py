"""Session questions: how often members come, for how long, and how much they do while they are here."""

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from core.errors import Unknown
from core.metrics.moments import virtual_names
from core.sequences import sessions as kernel
from core.sequences.arrays import BARRED, Array, Int64s
from core.sequences.sessions import GAP, Spread, Statistics, Tally
from core.sequences.stream import Stream
from core.work.questions import moments
from core.work.questions.moments import Fit, Wanted, instant
from core.work.questions.reading import Reading

SECOND = 1_000_000
"""Microseconds."""
HELD = 2
"""Bit of an event that a session must hold."""
NOBODY = 0
"""Owner of a session that belongs to no known member."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``statistics`` of all sessions; ``told``: how many of them the source told, the others are cut at ``gap``;
    ``timed``: how many have a length: those of a source without a clock have none. ``owners``: ids of members who had any,
    ascending; ``owned``: how many each."""

    statistics: Statistics
    told: int
    timed: int
    gap: timedelta
    owners: Int64s
    owned: Int64s

    def people(self) -> pd.DataFrame:
        """The members behind the sessions, ``member_id`` and how many sessions are theirs (``sessions``), the most first; as many
        as ``statistics.subjects``."""
        frame = pd.DataFrame({"member_id": self.owners, "sessions": self.owned})
        return frame.sort_values(["sessions", "member_id"], ascending=[False, True], ignore_index=True)


def sessions_of(reading: Reading, gap: timedelta = GAP, holding: frozenset[str] = frozenset()) -> Answer:
    """Sessions within the reading's scope and filters.

    A session is a run of events (no orders and no messages): the source's own where it tells one, else the member's events
    up to a pause longer than ``gap``. Period and channels are asked of its first event, so a session counts once and
    whole, wherever it ends. Sessions of nobody known count, except within a scope, a unit or a segment; they are in no
    spread per member. ``holding``: only sessions in which any of these events happened; empty = all. Raises
    ``InvalidSession`` for a gap beyond 1 second to 366 days, ``Unknown`` for an event that does not exist.
    """
    kernel.microseconds(gap)
    names = frozenset(moments.names(reading)) - set(virtual_names(lambda _: True))
    for name in sorted(holding - names):
        raise Unknown("event", name, names)
    wanted = Wanted((Fit(1, names), Fit(HELD, holding or names)), with_rows=bool(reading.filters.channels))
    clockless = _clockless(reading)
    parts = []
    told = 0
    if names and moments.has_sessions(reading):
        stream, owners, _ = moments.by_session(reading, wanted)
        parts.append(_kept(reading, stream, owners[stream.subject]))
        told = len(parts[0])
        wanted = replace(wanted, without_session=True)
    if names:
        ready = moments.prepared(reading, wanted)

        def cut(stream: Stream, _amounts: Int64s, _threads: int | None) -> Array:
            parts_of = kernel.split(stream, gap)
            return _kept(reading, parts_of.stream, ready.ids[parts_of.owner])

        parts += ready.walk(cut)
    found = np.concatenate(parts) if parts else np.empty((0, 3), np.int64)
    owner, length, events = found.T
    known = owner[owner != NOBODY]
    timed = length[:0] if clockless else length
    owners, owned = np.unique(known, return_counts=True)
    return Answer(kernel.statistics(Tally(owned, timed, events)), told, len(timed), gap, owners, owned)


def rows(answer: Answer) -> list[dict[str, Any]]:
    """One row: ``members sessions told events bounces bounce_share`` and the mean, median and p90 of ``per_member``,
    ``length_seconds`` and ``events_each``; null where nothing is known."""
    told = answer.statistics
    row: dict[str, Any] = {
        "members": told.subjects,
        "sessions": told.sessions,
        "told": answer.told,
        "events": told.events,
        "bounces": told.bounces,
        "bounce_share": _rounded(told.bounce_share),
    }
    spreads = {"per_member": told.per_subject, "length_seconds": told.length_seconds, "events_each": told.depth_events}
    for name, spread in spreads.items():
        row |= {f"{name}_{part}": _rounded(value) for part, value in _parts(spread).items()}
    return [row]


def _kept(reading: Reading, stream: Stream, owner: Array) -> Array:
    """Owner, length in microseconds and events of each segment whose first event lies within period and channels."""
    first, after = stream.offset[:-1], stream.offset[1:]
    start = stream.at[first]
    kept = stream.steps[first] & BARRED == 0
    if len(stream):
        kept &= np.bitwise_or.reduceat(stream.steps, first) & HELD > 0
    period = reading.filters.period
    if period is not None:
        kept &= (start >= instant(period.start_on, reading.zone)) & (start < instant(period.end_on, reading.zone))
    found: Array = np.stack([owner, stream.at[after - 1] - start, after - first], axis=1)[kept]
    return found


def _clockless(reading: Reading) -> bool:
    """Whether the order of events stands in for their times: then no session has a length."""
    events = reading.visible("events")
    return bool(reading.snapshot.value(events.filter(events.sequence.notnull()).limit(1).count()))


def _parts(spread: Spread) -> dict[str, float | None]:
    return asdict(spread)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
