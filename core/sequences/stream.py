"""Events of many subjects, put in the one order that every sequence question is asked in.

The order (data-contract.md 15): subject, then time, then the first step the event fits, then row order in the file. At
equal time an event that fits no step stands after those that do, an exclusion before one that is merely present.
What the engine delivers is unsorted; ``ordered`` groups it by subject with a counting sort and sorts each subject's
few events in place, which costs a fraction of an ``ORDER BY``.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.sequences import shares, sorting
from core.sequences.arrays import Array, Bits, Int32s, Int64s, frozen
from core.sequences.subjects import NOBODY, Subjects

MISSING = -1
"""Entry code of an event whose property is null."""
MOST_EVENTS = 2**31 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some events, in any order. Grain: one event.

    ``subject``: dense code from 0; below 0 = nobody, left out. ``at``: microseconds (or any number that orders events).
    ``steps``: bit k set = the event fits step k + 1; bit 10 + j = it belongs to exclusion j; ``PRESENT`` = it happened,
    whatever it fits; and perhaps ``BARRED``, beside the steps that the event fits. An event with none of these, or with
    ``BARRED`` alone, is left out.
    ``entry_code``: code of the breakdown's value, ``MISSING`` where null; None without a breakdown. ``row``: order
    within the source, to break ties; None = the order in which the events stand here. It decides only between events
    of one subject at the same time that fit the same first step, so it is needed for a breakdown, for entry filters,
    and for steps that share events; else nothing depends on it.
    """

    subject: Int32s
    at: Int64s
    steps: Bits
    entry_code: Int32s | None = None
    row: Int64s | None = None

    @classmethod
    def of_arrow(cls, record: pa.RecordBatch, subjects: Subjects | None = None) -> "Batch":
        """From columns ``subject`` (or ``identity_key``, looked up in ``subjects``), ``at``, ``steps`` and, where they
        exist, ``entry_code`` and ``row``. Null subjects are nobody, null codes ``MISSING``; ``at`` may be a timestamp
        in microseconds. Nothing is copied where types fit and nulls are absent."""
        names = record.schema.names
        return cls(
            subject=_subject_codes(record, subjects),
            at=_times(record.column("at")),
            steps=record.column("steps").to_numpy(),
            entry_code=_filled(record.column("entry_code"), MISSING) if "entry_code" in names else None,
            row=record.column("row").to_numpy() if "row" in names else None,
        )

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Events of many subjects in order. Grain of ``at``, ``steps``, ``entry_code``: one event; of ``subject``: one
    segment.

    Segment g holds the events ``offset[g]`` to ``offset[g + 1]`` of ``subject[g]``. Codes ascend, and only subjects
    that have an event are present. ``entry_code`` is empty without a breakdown. All arrays are read-only.
    """

    subject: Int32s
    offset: Int64s
    at: Int64s
    steps: Bits
    entry_code: Int32s

    def __post_init__(self) -> None:
        for name, dtype in _LAYOUT.items():
            object.__setattr__(self, name, frozen(getattr(self, name), dtype))

    def __len__(self) -> int:
        return len(self.at)


_LAYOUT: dict[str, npt.DTypeLike] = {
    "subject": np.int32,
    "offset": np.int64,
    "at": np.int64,
    "steps": np.uint16,
    "entry_code": np.int32,
}


def ordered(batches: Iterable[Batch], *, threads: int | None = None) -> Stream:
    """Put events in order. Batches must stand in row order where they carry no ``row``; the sort is stable.

    Memory: the batches, one copy of them, and 4 bytes per subject code and thread. Raises ``ValueError`` when batches
    differ in the columns they carry, and above ``MOST_EVENTS`` events (partition the subjects then).
    """
    parts = [_columns(batch) for batch in batches if len(batch)]
    if not parts:
        return _empty()
    _refuse_mixed(parts)
    total = sum(part[0].size for part in parts)
    if total > MOST_EVENTS:
        raise ValueError(f"{total} events in one stream: partition the subjects")
    hands = _hands(parts, total, shares.threads_for(total, threads))
    cursors = np.zeros((len(hands), max(int(part[0].max()) for part in parts) + 1), np.int32)
    each = [(i, i + 1) for i in range(len(hands))]
    shares.run(lambda i, _: _count_all(hands[i], cursors[i]), each)
    subject, offset = _segments(cursors)
    kept = int(offset[-1])
    has_code, has_row = (bool(parts[0][column].size) for column in (3, 4))
    at, steps = np.empty(kept, np.int64), np.empty(kept, np.uint16)
    code, row = np.empty(kept if has_code else 0, np.int32), np.empty(kept if has_row else 0, np.int64)
    shares.run(lambda i, _: _scatter_all(hands[i], cursors[i], (at, steps, code, row)), each)
    shares.run(lambda low, high: sorting.sort(offset, low, high, at, steps, code, row), shares.even(offset, len(hands)))
    return Stream(subject, offset, at, steps, code)


Columns = tuple[Array, Array, Array, Array, Array]
"""subject, at, steps, entry_code, row; a column that is absent is empty, so that each kernel has one compiled form."""


def _columns(batch: Batch) -> Columns:
    code = np.empty(0, np.int32) if batch.entry_code is None else batch.entry_code
    row = np.empty(0, np.int64) if batch.row is None else batch.row
    columns = (
        frozen(batch.subject, np.int32),
        frozen(batch.at, np.int64),
        frozen(batch.steps, np.uint16),
        frozen(code, np.int32),
        frozen(row, np.int64),
    )
    if {columns[0].size, columns[2].size} != {len(batch)} or not {code.size, row.size} <= {0, len(batch)}:
        raise ValueError("the columns of a batch differ in length")
    return columns


def _refuse_mixed(parts: list[Columns]) -> None:
    if len({(bool(part[3].size), bool(part[4].size)) for part in parts}) > 1:
        raise ValueError("some batches carry entry codes or row numbers and others do not")


def _hands(parts: list[Columns], total: int, threads: int) -> list[list[Columns]]:
    """The parts dealt to threads in order, about equally many rows each; a part that spans an edge is cut there."""
    edges = [total * i // threads for i in range(threads + 1)]
    hands: list[list[Columns]] = [[] for _ in range(threads)]
    start = 0
    for part in parts:
        stop = start + part[0].size
        for i in range(threads):
            low, high = max(start, edges[i]) - start, min(stop, edges[i + 1]) - start
            if high > low:
                hands[i].append(tuple(column[low:high] for column in part))  # type: ignore[arg-type]
        start = stop
    return [hand for hand in hands if hand]


def _count_all(hand: list[Columns], counts: Int32s) -> None:
    for subject, _, steps, _, _ in hand:
        sorting.count(subject, steps, counts)


def _scatter_all(hand: list[Columns], cursor: Int32s, into: tuple[Array, ...]) -> None:
    for columns in hand:
        sorting.scatter(*columns, cursor, *into)


def _segments(counts: Int32s) -> tuple[Int32s, Int64s]:
    """Subjects present and their offsets. Turns ``counts`` (thread by subject) into where each thread writes first."""
    subject = np.empty(counts.shape[1], np.int32)
    offset = np.empty(counts.shape[1] + 1, np.int64)
    present = sorting.lay_out(counts, subject, offset)
    return subject[:present].copy(), offset[: present + 1].copy()


def _empty() -> Stream:
    no_code, no_time = np.empty(0, np.int32), np.empty(0, np.int64)
    return Stream(no_code, np.zeros(1, np.int64), no_time, np.empty(0, np.uint16), no_code)


def _subject_codes(record: pa.RecordBatch, subjects: Subjects | None) -> Int32s:
    if subjects is None:
        return _filled(record.column("subject"), NOBODY)
    keys = record.column("identity_key")
    codes = subjects.codes(_filled(keys, 0))
    if keys.null_count:
        codes[keys.is_null().to_numpy(zero_copy_only=False)] = NOBODY
    return codes


def _filled(column: pa.Array, instead: int) -> Array:
    values: Array = (column.fill_null(instead) if column.null_count else column).to_numpy()
    return values


def _times(column: pa.Array) -> Int64s:
    if pa.types.is_timestamp(column.type) and column.type.unit != "us":
        raise ValueError(f"times must be in microseconds, not {column.type.unit!r}")
    times: Int64s = column.to_numpy().view(np.int64)
    return times


def warm() -> None:
    """Compile or load the kernels of this module. Every array they meet later has these types and layouts."""
    size = sorting.LONG + 1
    batch = Batch(np.zeros(size, np.int32), np.arange(size)[::-1], np.ones(size, np.uint16))
    ordered([batch], threads=1)
