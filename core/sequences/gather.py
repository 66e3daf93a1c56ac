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
    counts = np.zeros((1, high - low), np.int32)
    has_row = any(source.row.size for source in sources)
    has_code = any(source.label.size for source in sources)
    ends = np.array([low, high], np.int32)  # of the array's own type: else all of it is copied to find two places
    spans = [tuple(np.searchsorted(source.subject, ends).tolist()) for source in sources]
    met = [(source, span) for source, span in zip(sources, spans, strict=True) if span[1] > span[0]]
    for source, (first, last) in met:
        _count(
            source.segment, source.subject, first, last, source.offset, source.at, source.name, source.bits,
            bounds.since, bounds.until, low, counts[0],
        )  # fmt: skip
    subject = np.empty(high - low, np.int32)
    offset = np.empty(high - low + 1, np.int64)
    present = sorting.lay_out(counts, subject, offset)
    kept = int(offset[present])
    at, steps = np.empty(kept, np.int64), np.empty(kept, np.uint16)
    code = np.empty(kept if has_code or with_values else 0, np.int32)
    row = np.empty(kept if has_row else 0, np.int64)
    value, label = np.empty(kept if with_values else 0, np.int64), np.empty(kept if with_values else 0, np.int32)
    start, is_mixed = counts[0].copy(), np.zeros(high - low, np.bool_)
    for source, (first, last) in met:
        _fill(
            source.segment, source.subject, first, last, source.offset, source.at, source.name, source.bits,
            source.row, source.code, source.label, source.value,
            bounds.since, bounds.until, bounds.enter_since, bounds.enter_until, low, start, counts[0], is_mixed,
            at, steps, label if with_values else code, row, value,
        )  # fmt: skip
    if with_values:
        code[:] = np.arange(kept, dtype=np.int32)
    sorting.sort_marked(is_mixed[subject[:present]], offset[: present + 1], at, steps, code, row)
    if with_values:
        value, code = value[code], (label[code] if has_code else np.empty(0, np.int32))
    return Stream(subject[:present] + np.int32(low), offset[: present + 1], at, steps, code), value


@njit(nogil=True, cache=True)
def _count(segment, subject, first, last, offset, at, name, bits, since, until, base, counts):
    is_open = since == -EVERY and until == EVERY  # then the times need not be read, which is most of the cost
    for s in range(first, last):
        found = 0
        for i in range(offset[segment[s]], offset[segment[s] + 1]):
            if bits[name[i]] and (is_open or since <= at[i] < until):
                found += 1
        counts[subject[s] - base] += found


@njit(nogil=True, cache=True)
def _fill(
    segment, subject, first, last, offset, at, name, bits, row, code, label, value,
    since, until, enter_since, enter_until, base, start, cursor, is_mixed,
    into_at, into_steps, into_code, into_row, into_value,
):  # fmt: skip
    """Copy what is wanted to the subjects' places, and mark the subjects whose events do not come in order of time."""
    has_row = into_row.size > 0
    has_code = into_code.size > 0
    has_value = into_value.size > 0
    for s in range(first, last):
        who = subject[s] - base
        for i in range(offset[segment[s]], offset[segment[s] + 1]):
            fits = bits[name[i]]
            if not fits or not since <= at[i] < until:
                continue
            to = cursor[who]
            cursor[who] = to + 1
            if to > start[who] and into_at[to - 1] >= at[i]:
                is_mixed[who] = True
            if fits & np.uint16(1) and not enter_since <= at[i] < enter_until:
                fits = fits | np.uint16(BARRED)
            into_at[to] = at[i]
            into_steps[to] = fits
            if has_code:
                into_code[to] = label[code[i] + 1] if code.size else (label[0] if label.size else np.int32(MISSING))
            if has_row:
                into_row[to] = row[i] if row.size else i
            if has_value:
                into_value[to] = value[i] if value.size else 0


def warm() -> None:
    """Load or compile the kernels of this module."""
    source = Source.of(
        segment=[0], subject=[0], before=[0, 2], offset=[0, 2], at=[1, 2], name=[0, 1], bits=[1, 2], row=[1, 2], code=[0, 0],
        label=[MISSING, 0], value=[1, 1],
    )  # fmt: skip
    stream([source], 0, 1, with_values=True)
