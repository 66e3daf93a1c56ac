"""Streams out of sorted runs: the events of a range of subjects, brought together from runs that each hold them in order.

A run keeps the moments of an identity together and identities of one subject near each other; a subject may stand in many
runs. So a chunk of subjects is read from every run in one forward pass, small enough that sorting and walking it afterwards
happens in the processor's cache.
"""
# mypy: disable-error-code="no-untyped-def"

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from core.sequences import sorting
from core.sequences.arrays import BARRED, Bits, Int32s, Int64s, frozen
from core.sequences.stream import MISSING, Stream

EVERY = 2**62
"""A time that lies beyond all others, and before them when negative."""
GRAINS = 4096
"""Places at which subjects can be parted into chunks."""
CHUNK = 200_000
"""Events of a chunk: about 3 MB of arrays, what a core's cache holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One run as a question reads it.

    Grain of ``segment`` and ``subject``: one segment of the run that belongs to a subject, subjects ascending; ``segment``
    is its number in ``offset``; ``before`` has one more: moments of the segments that stand before. Grain of ``at``, ``name``, ``row``, ``code``, ``value``: one moment. ``bits``: per code of
    ``name``, the steps it fits; 0 = left out. ``label``: per code of ``code`` plus one, what ``Stream.entry_code`` shall
    hold. ``row``, ``code`` and ``value`` are empty where they are not needed.
    """

    segment: Int32s
    subject: Int32s
    before: Int64s
    offset: Int64s
    at: Int64s
    name: Bits
    bits: Bits
    row: Int64s
    code: Int32s
    label: Int32s
    value: Int64s

    @classmethod
    def of(
        cls, *, segment: ArrayLike, subject: ArrayLike, before: ArrayLike, offset: ArrayLike, at: ArrayLike, name: ArrayLike, bits: ArrayLike,
        row: ArrayLike = (), code: ArrayLike = (), label: ArrayLike = (), value: ArrayLike = (),
    ) -> "Source":  # fmt: skip
        return cls(
            frozen(segment, np.int32), frozen(subject, np.int32), frozen(before, np.int64), frozen(offset, np.int64), frozen(at, np.int64),
            frozen(name, np.uint16), frozen(bits, np.uint16), frozen(row, np.int64), frozen(code, np.int32),
            frozen(label, np.int32), frozen(value, np.int64),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bounds:
    """Times in microseconds, ``[from, until)``. Events outside ``since`` and ``until`` are left out; those outside
    ``enter_since`` and ``enter_until`` are barred from being an entry."""

    since: int = -EVERY
    until: int = EVERY
    enter_since: int = -EVERY
    enter_until: int = EVERY


EVER = Bounds()
"""All there is, and all of it may be an entry."""


def chunks(sources: Sequence[Source], subjects: int, size: int = CHUNK) -> list[tuple[int, int]]:
    """Ranges of subject codes, ``[from, to)``, that hold about ``size`` moments each, as finely as ``GRAINS`` allow."""
    marks = np.unique(np.linspace(0, subjects, GRAINS + 1).astype(np.int32))
    held = np.zeros(marks.size, np.int64)
    for source in sources:
        held += source.before[np.searchsorted(source.subject, marks)]
    parts = max(1, int(held[-1]) // size)
    edges = marks[np.searchsorted(held, [int(held[-1]) * part // parts for part in range(1, parts)])]
    return list(pairwise(np.unique([0, *edges.tolist(), subjects]).tolist()))


def stream(
    sources: Sequence[Source], low: int, high: int, bounds: Bounds = EVER, *, with_values: bool = False
) -> tuple[Stream, Int64s]:
    """The ordered events of the subjects ``low`` to ``high``, and the value of each when asked for (0 where the source has
    none)."""
    has_row = any(source.row.size for source in sources)
    has_code = any(source.label.size for source in sources)
    ends = np.array([low, high], np.int32)  # of the array's own type: else all of it is copied to find two places
    spans = [tuple(np.searchsorted(source.subject, ends).tolist()) for source in sources]
    met = [(source, span) for source, span in zip(sources, spans, strict=True) if span[1] > span[0]]
    seats = np.zeros(high - low, np.int32)
    for source, (first, last) in met:
        _seat(source.subject, first, last, low, seats)
    counts = np.zeros((max(1, len(met)), high - low), np.int32)
    parts = [
        _picked(source, first, last, bounds, low, seats, counts[i], has_code, has_row, with_values)
        for i, (source, (first, last)) in enumerate(met)
    ]
    sizes = counts.copy()
    subject, offset = np.empty(high - low, np.int32), np.empty(high - low + 1, np.int64)
    present = sorting.lay_out(counts, subject, offset)
    at, steps, code, row, value = parts[0] if len(parts) == 1 else _joined(parts, sizes, counts, int(offset[present]))
    label = code
    if with_values:
        code = np.arange(at.size, dtype=np.int32)
    sorting.sort(offset, 0, present, at, steps, code, row)
    if with_values:
        value, code = value[code], (label[code] if has_code else label)
    return Stream(subject[:present] + np.int32(low), offset[: present + 1], at, steps, code), value


Columns = tuple[Int64s, Bits, Int32s, Int64s, Int64s]
"""at, steps, entry_code, row, value of events in order of subject; a column that is not asked for is empty."""


def _room(size: int, has_code: bool, has_row: bool, has_value: bool) -> Columns:
    return (
        np.empty(size, np.int64), np.empty(size, np.uint16), np.empty(size if has_code else 0, np.int32),
        np.empty(size if has_row else 0, np.int64), np.empty(size if has_value else 0, np.int64),
    )  # fmt: skip


def _picked(
    source: Source, first: int, last: int, bounds: Bounds, base: int, seats: Int32s, counts: Int32s, *has: bool
) -> Columns:
    """What is wanted of one run; ``counts``: how many of each subject."""
    room = _room(int(source.before[last] - source.before[first]), *has)
    place = room[3] if room[3].size else np.empty(room[0].size if has[0] or has[2] else 0, np.int64)
    kept = _pick(
        source.segment, source.subject, first, last, source.offset, source.at, source.name, source.bits,
        source.row, source.code, source.label, source.value,
        bounds.since, bounds.until, bounds.enter_since, bounds.enter_until, base, seats, counts, place, *room,
    )  # fmt: skip
    return tuple(column[:kept] for column in room)  # type: ignore[return-value]


def _joined(parts: Sequence[Columns], sizes: Int32s, starts: Int32s, kept: int) -> Columns:
    """The parts' events of each subject one after the other."""
    room = _room(kept, *(any(part[column].size for part in parts) for column in (2, 3, 4)))
    for part, size, start in zip(parts, sizes, starts, strict=False):
        _move(size, start, *part, *room)
    return room


@njit(nogil=True, cache=True)
def _seat(subject, first, last, base, seats):
    """In how many segments each subject stands."""
    for s in range(first, last):
        seats[subject[s] - base] += 1


@njit(nogil=True, cache=True)
def _pick(
    segment, subject, first, last, offset, at, name, bits, row, code, label, value,
    since, until, enter_since, enter_until, base, seats, counts, place,
    into_at, into_steps, into_code, into_row, into_value,
):  # fmt: skip
    """Copy what is wanted, without a branch in the innermost loop: whether an event is wanted is as good as random.

    The order within a segment is that of the rows, so the row itself need only be read of a subject in several segments.
    """
    k = 0
    for s in range(first, last):
        who = subject[s] - base
        low = offset[segment[s]]
        high = offset[segment[s] + 1]
        if since != -EVERY:
            low = _first_from(at, low, high, since)
        if until != EVERY:
            high = _first_from(at, low, high, until)
        start = k
        if place.size > 0:
            for i in range(low, high):
                fits = bits[name[i]]
                into_at[k] = at[i]
                into_steps[k] = fits
                place[k] = i
                k += fits != 0
        else:
            for i in range(low, high):
                fits = bits[name[i]]
                into_at[k] = at[i]
                into_steps[k] = fits
                k += fits != 0
        counts[who] += k - start
        if enter_since != -EVERY or enter_until != EVERY:
            for j in range(start, k):
                if into_steps[j] & np.uint16(1) and not enter_since <= into_at[j] < enter_until:
                    into_steps[j] |= np.uint16(BARRED)
        if into_code.size > 0:
            for j in range(start, k):
                into_code[j] = (
                    label[code[place[j]] + 1] if code.size else (label[0] if label.size else np.int32(MISSING))
                )
        if into_value.size > 0:
            for j in range(start, k):
                into_value[j] = value[place[j]] if value.size else 0
        if into_row.size > 0 and row.size > 0 and seats[who] > 1:
            for j in range(start, k):
                into_row[j] = row[place[j]]
    return k


@njit(nogil=True, cache=True)
def _first_from(at, low, high, since):
    """The first of the places ``low`` to ``high``, in order of time, that is not before ``since``."""
    while low < high:
        middle = (low + high) >> 1
        if at[middle] < since:
            low = middle + 1
        else:
            high = middle
    return low


@njit(nogil=True, cache=True)
def _move(sizes, starts, at, steps, code, row, value, into_at, into_steps, into_code, into_row, into_value):
    """Copy each subject's events to its place."""
    k = 0
    for who in range(sizes.size):
        to = starts[who]
        for j in range(sizes[who]):
            into_at[to + j] = at[k + j]
            into_steps[to + j] = steps[k + j]
        if into_code.size > 0:
            for j in range(sizes[who]):
                into_code[to + j] = code[k + j]
        if into_row.size > 0:
            for j in range(sizes[who]):
                into_row[to + j] = row[k + j]
        if into_value.size > 0:
            for j in range(sizes[who]):
                into_value[to + j] = value[k + j]
        k += sizes[who]


def warm() -> None:
    """Load or compile the kernels of this module."""
    source = Source.of(
        segment=[0], subject=[0], before=[0, 2], offset=[0, 2], at=[1, 2], name=[0, 1], bits=[1, 2], row=[1, 2], code=[0, 0],
        label=[MISSING, 0], value=[1, 1],
    )  # fmt: skip
    for sources in ([source], [source, source]):
        stream(sources, 0, 1, with_values=True)
