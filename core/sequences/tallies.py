"""Tallies: what each subject did, measured under up to 15 conditions in one walk of its events.

Bit k of an event's ``steps`` says that it fits condition k, whatever its time; here its time is held against the condition's
window ``[since, until)``. Measures: ``COUNT`` of events, ``DAYS`` on which there was one (as ``edges`` part time into days;
what lies before the first edge is one day, what lies behind the last is another), ``AMOUNT``: the sum of the events' amounts.
A subject without an event is not in the stream, and measures 0 under every condition.

numba's cache notices a change of the file that a function stands in and of no other: the compiled functions here call only
each other.
"""
# mypy: disable-error-code="no-untyped-def"

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from core.sequences.arrays import Int64s, frozen
from core.sequences.gather import EVERY
from core.sequences.stream import Batch, Stream, ordered

MOST_CONDITIONS = 15
"""Of one walk: the bits of an event but the last, which bars entries and would have streams leave the event out."""
COUNT, DAYS, AMOUNT = range(3)
_NEVER, _FOREVER = -(2**62), 2**62


@dataclass(frozen=True, slots=True)
class Condition:
    """What is measured of one bit's events, and when: microseconds, ``[since, until)``."""

    measure: int = COUNT
    since: int = -EVERY
    until: int = EVERY


def measured(
    stream: Stream, conditions: Sequence[Condition], *, edges: ArrayLike = (), amounts: ArrayLike = ()
) -> Int64s:
    """A row per subject of the stream, in its order, and a column per condition.

    ``edges``: times at which days begin, ascending; needed for ``DAYS``. ``amounts``: of each event; needed for ``AMOUNT``.
    Raises ``ValueError`` above ``MOST_CONDITIONS``, and when amounts are asked for and not given.
    """
    if len(conditions) > MOST_CONDITIONS:
        raise ValueError(f"{len(conditions)} conditions: one walk takes {MOST_CONDITIONS}")
    amount = frozen(amounts, np.int64)
    if any(condition.measure == AMOUNT for condition in conditions) and amount.size != len(stream):
        raise ValueError("amounts are asked for and not given")
    found = np.zeros((stream.subject.size, len(conditions)), np.int64)
    since, until, measure = (
        frozen([getattr(condition, name) for condition in conditions], np.int64)
        for name in ("since", "until", "measure")
    )
    _walk(stream.offset, stream.at, stream.steps, amount, since, until, measure, frozen(edges, np.int64), found)
    return found


@njit(nogil=True, cache=True)
def _walk(offset, at, steps, amount, since, until, measure, edges, found):
    counted = np.empty(since.size, np.int64)
    for segment in range(offset.size - 1):
        counted[:] = -1
        day = np.int64(0)
        ends = np.int64(_NEVER)
        for i in range(offset[segment], offset[segment + 1]):
            bits = np.int64(steps[i])
            now = at[i]
            for k in range(since.size):
                if not bits >> k & 1 or now < since[k] or now >= until[k]:
                    continue
                if measure[k] == COUNT:
                    found[segment, k] += 1
                elif measure[k] == AMOUNT:
                    found[segment, k] += amount[i]
                else:
                    if now >= ends:
                        day = _day(edges, now)
                        ends = edges[day] if day < edges.size else np.int64(_FOREVER)
                    if counted[k] != day:
                        counted[k] = day
                        found[segment, k] += 1


@njit(nogil=True, cache=True)
def _day(edges, now):
    """How many days have begun by then."""
    low, high = 0, edges.size
    while low < high:
        middle = (low + high) >> 1
        if edges[middle] <= now:
            low = middle + 1
        else:
            high = middle
    return low


def warm() -> None:
    """Compile or load the kernels of this module."""
    stream = ordered([Batch(np.zeros(1, np.int32), np.ones(1, np.int64), np.ones(1, np.uint16))])
    measured(stream, [Condition(DAYS)], edges=[0, 2], amounts=[1])
