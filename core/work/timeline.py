"""Keeping the timeline in step with the lake: runs for what came, small runs joined, old ones swept."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.lake.reader import Snapshot
from core.lake.timeline import Array, Run, Timeline
from core.metrics import moments
from core.metrics.moments import Kind
from core.sequences.stream import Batch, ordered
from core.sequences.subjects import Subjects
from core.work.home import Home

SOON = 1_000_000
"""Rows that whoever changes the lake sorts into the timeline at once; it takes a second. More are left to the worker."""
MOST_RUNS = 6
"""Runs of one month beyond which they are joined: each more costs every question a little."""
WHOLE_SHARE = 0.5
"""A month is made anew as one run when this share of its moments is not in its largest one."""
ORDERS = "order_lines"


def refresh(home: Home, *, most: int | None = None) -> int:
    """Make the runs that the newest version of the lake lacks. Returns how many were made.

    ``most``: rows beyond which nothing is done, for callers that somebody waits for; the worker does it then. May be
    called by several processes at once, and killed: what is half made is never seen.
    """
    with home.lake.open() as snapshot:
        timeline = Timeline(snapshot.root)
        due = [(kind, *one) for kind in moments.ROWS for one in _due(snapshot, timeline, kind).items()]
        lines = snapshot.files(ORDERS)
        orders = lines if timeline.cover(ORDERS, lines)[1] else []
        if most is not None and _rows([*orders, *(file for *_, files in due for file in files)]) > most:
            return 0
        for kind, month, files in due:
            _make(snapshot, timeline, kind, month, files)
        if orders:
            _make_orders(snapshot, timeline, orders)
        return len(due) + bool(orders)


def sweep(home: Home) -> int:
    """Remove runs that nobody needs any more. Returns how many."""
    with home.lake.open() as snapshot:
        timeline = Timeline(snapshot.root)
        tables = [kind.table for kind in moments.ROWS] + [ORDERS]
        used: list[Run] = [run for table in tables for run in timeline.cover(table, snapshot.files(table))[0]]
        there = {file.name for table in tables for file in (snapshot.root / table).rglob("*.parquet")}
        return timeline.sweep(used, there)


def follow(home: Home) -> None:
    """Sort what a change brought into the timeline, when that is quickly done. The change stands already, so a full disk
    is no fault of it: the worker tries again, and says so."""
    with suppress(OSError):
        refresh(home, most=SOON)


def _due(snapshot: Snapshot, timeline: Timeline, kind: Kind) -> dict[str, list[str]]:
    """Files of which runs are to be made, by month: those no run holds, or all of a month whose runs are to be joined."""
    months: dict[str, list[str]] = defaultdict(list)
    for file in snapshot.files(kind.table):
        months[_month(file)].append(file)
    runs, lacking = timeline.cover(kind.table, [file for files in months.values() for file in files])
    due = {}
    for month, files in months.items():
        fresh = [file for file in files if Path(file).name in lacking]
        held = [run for run in runs if run.about.month == month]
        if fresh or len(held) > MOST_RUNS:
            due[month] = files if _is_scattered(held, fresh) else fresh
    return due


def _is_scattered(held: list[Run], fresh: list[str]) -> bool:
    new = _rows(fresh)
    sizes = [run.about.moments for run in held]
    total = sum(sizes) + new
    return len(held) + bool(fresh) > MOST_RUNS or (bool(held) and total - max(sizes) > WHOLE_SHARE * total)


def _rows(files: Sequence[str]) -> int:
    return sum(pq.read_metadata(file).num_rows for file in files)


def _month(file: str) -> str:
    return next(part.removeprefix("month=") for part in Path(file).parts if part.startswith("month="))


def _make(snapshot: Snapshot, timeline: Timeline, kind: Kind, month: str, files: Sequence[str]) -> None:
    rows = _read(kind, files)
    codes, names = _named(kind, rows)  # before anything is left out: a name stays one where nobody is known
    kept = _of_somebody(kind, rows)
    if not kept.all():
        rows, codes = rows.filter(pa.array(kept)), codes[kept]
    arrays, values = _sorted(
        snapshot,
        key=rows["identity_key"].combine_chunks(),
        at=_clock(rows),
        row=_numbers(rows, "batch_id") * 2**moments.ROWS_OF_A_BATCH + _numbers(rows, "row_number"),
        names=(codes, names),
        codes={name: _coded(rows[name]) for name in kind.columns if name in rows.column_names},
    )
    timeline.write(kind.table, month, files, arrays, values)


def _make_orders(snapshot: Snapshot, timeline: Timeline, files: Sequence[str]) -> None:
    """All orders in one run: the lines of one may lie in several files."""
    rows = snapshot.arrow(moments.of_orders(snapshot.table(ORDERS)))
    arrays, values = _sorted(
        snapshot,
        key=rows["identity_key"].combine_chunks(),
        at=_clock(rows),
        row=_numbers(rows, "row"),
        names=(np.zeros(len(rows), np.int32), (moments.ORDER_PLACED,)),
        codes={name: _coded(rows[name]) for name in moments.COLUMNS if rows[name].null_count < len(rows)},
        amount=_numbers(rows, "amount_minor"),
    )
    timeline.write(ORDERS, "", files, arrays, values)


def _read(kind: Kind, files: Sequence[str]) -> pa.Table:
    """Columns of the files, texts as codes straight from the files' own dictionaries."""
    texts = [*kind.columns, *([kind.named_by] if kind.named_by else []), *([kind.only[0]] if kind.only else [])]
    wanted = ["identity_key", "occurred_at", "batch_id", "row_number", "sequence", *texts]
    parts = []
    for file in files:
        coded = _dictionaries(file) & set(texts)
        source = pq.ParquetFile(file, read_dictionary=sorted(coded))
        part = source.read(columns=[name for name in wanted if name in source.schema_arrow.names])
        for name in (set(texts) - coded) & set(part.column_names):
            codes = part[name].dictionary_encode()
            part = part.set_column(part.column_names.index(name), name, codes)
        parts.append(part)
    return pa.concat_tables(parts, promote_options="permissive").unify_dictionaries()


def _of_somebody(kind: Kind, rows: pa.Table) -> Array:
    """Whether each row is a moment of somebody."""
    kept = np.asarray(rows["identity_key"].is_valid())
    if kind.only:
        column, value = kind.only
        codes, values = _coded(rows[column])
        kept &= codes == (values.index(value) if value in values else len(values))
    return kept


def _dictionaries(file: str) -> set[str]:
    """Columns of a file whose every page stands in codes of a dictionary: they need not be built as texts to be coded."""
    metadata = pq.read_metadata(file)
    plain: set[str] = set()
    for group in range(metadata.num_row_groups):
        for i in range(metadata.num_columns):
            column = metadata.row_group(group).column(i)
            if not set(column.encodings) <= {"RLE_DICTIONARY", "PLAIN_DICTIONARY", "PLAIN", "RLE"}:
                plain.add(column.path_in_schema)
    return {metadata.schema.column(i).name for i in range(metadata.num_columns)} - plain


def _named(kind: Kind, rows: pa.Table) -> tuple[Array, tuple[str, ...]]:
    if kind.named_by is None:
        return np.zeros(len(rows), np.int32), (kind.prefix,)
    codes, values = _coded(rows[kind.named_by])
    return codes, tuple(kind.prefix + value for value in values)


def _coded(column: pa.ChunkedArray) -> tuple[Array, tuple[str, ...]]:
    """Codes of a text column, -1 where null, and what they stand for."""
    array = column.combine_chunks()
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if not isinstance(array, pa.DictionaryArray):
        array = array.cast(pa.string()).dictionary_encode()
    return array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32), tuple(
        array.dictionary.to_pylist()
    )


def _clock(rows: pa.Table) -> Array:
    """Microseconds since 1970. Where a source has no clock, its order within the session stands in them."""
    at: Array = rows["occurred_at"].combine_chunks().cast(pa.int64()).to_numpy(zero_copy_only=False)
    if "sequence" in rows.column_names and rows["sequence"].null_count < len(rows):
        at = at + rows["sequence"].combine_chunks().fill_null(0).to_numpy(zero_copy_only=False)
    return at


def _numbers(rows: pa.Table, name: str) -> Array:
    found: Array = rows[name].combine_chunks().to_numpy(zero_copy_only=False)
    return found


def _sorted(
    snapshot: Snapshot,
    key: pa.Array,
    at: Array,
    row: Array,
    names: tuple[Array, tuple[str, ...]],
    codes: dict[str, tuple[Array, tuple[str, ...]]],
    amount: Array | None = None,
) -> tuple[dict[str, Array], dict[str, tuple[str, ...]]]:
    """The run's arrays in order of member, identity, time and row."""
    known = key.is_valid()
    encoded = key.filter(known).dictionary_encode() if key.null_count else key.dictionary_encode()
    chosen = np.flatnonzero(known.to_numpy(zero_copy_only=False)) if key.null_count else None
    keys = encoded.dictionary.to_numpy()
    rank = np.empty(keys.size, np.int32)
    order = _by_member(snapshot, keys)
    rank[order] = np.arange(keys.size, dtype=np.int32)
    subject = rank[encoded.indices.to_numpy()]
    at, row = (at, row) if chosen is None else (at[chosen], row[chosen])
    place = np.arange(subject.size, dtype=np.int32)
    stream = ordered([Batch(subject, at, np.ones(subject.size, np.uint16), place, row)])
    moved = stream.entry_code if chosen is None else chosen[stream.entry_code]
    at_rows = stream.entry_code
    arrays = {"key": keys[order], "offset": stream.offset, "at": stream.at, "row": row[at_rows]}
    arrays["name"] = names[0].astype(np.uint16)[moved]
    arrays |= {name: found[moved] for name, (found, _) in codes.items()}
    if amount is not None:
        arrays["amount"] = amount[moved]
    return arrays, {"name": names[1]} | {name: values for name, (_, values) in codes.items()}


def _by_member(snapshot: Snapshot, keys: Array) -> Array:
    """Places of the keys in order of their member's id; those of nobody last."""
    here = ibis.memtable(pa.table({"identity_key": keys}))
    found = snapshot.stream(snapshot.member_map().semi_join(here, "identity_key").select("identity_key", "member_id"))
    subjects = Subjects.of(found["identity_key"], found["member_id"])
    member = subjects.codes(keys).astype(np.int64)
    return np.argsort(np.where(member < 0, len(subjects), member), kind="stable")
