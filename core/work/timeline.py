"""Keeping the timeline in step with the lake: runs for what came, runs joined as they grow, old ones swept.

As in any log-structured store, what came lies beside what was there: a run is joined with all smaller ones as soon as they
are not small beside it. So most moments stand in one run of the whole lake, where a member's lie together, an import
rewrites little, and each moment is rewritten seldom.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.lake.reader import Snapshot
from core.lake.timeline import Array, Draft, Run, Timeline
from core.metrics import moments
from core.metrics.moments import Kind
from core.sequences import shares
from core.sequences.stream import Batch, ordered
from core.sequences.subjects import Subjects
from core.work.home import Home

SOON = 1_000_000
"""Rows that whoever changes the lake sorts into the timeline at once; it takes a second. More are left to the worker."""
PORTION = 1_000_000
"""Rows sorted at a time, unless one file holds more; larger portions need more memory and are no faster."""
STRETCH = 250_000
"""Moments joined at a time, as many as a core's cache holds."""
GROWTH = 4
"""A run stays by itself while it is more than so many times all smaller ones together."""
ORDERS = "order_lines"


def refresh(home: Home, *, most: int | None = None) -> int:
    """Make the runs that the newest version of the lake lacks, and join those that became small beside others. Returns how
    many were made.

    ``most``: rows beyond which nothing is done, for callers that somebody waits for; the worker does it then. May be
    called by several processes at once, and killed: what is half made is never seen.
    """
    with home.lake.open() as snapshot:
        timeline = Timeline(snapshot.root)
        due = [(kind, *_state(snapshot, timeline, kind.table)) for kind in moments.ROWS]
        lines = snapshot.files(ORDERS)
        orders = lines if timeline.cover(ORDERS, lines)[1] else []
        if most is not None and _rows([*orders, *(file for *_, fresh in due for file in fresh)]) > most:
            return 0
        made = sum(_brought_up(snapshot, timeline, kind, runs, fresh, most) for kind, runs, fresh in due)
        if orders:
            with Draft(timeline) as draft:
                timeline.publish(_made_orders(snapshot, draft, orders))
        return made + bool(orders)


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


def _state(snapshot: Snapshot, timeline: Timeline, table: str) -> tuple[list[Run], list[str]]:
    """The runs that fit this version, and the files that none of them holds."""
    files = snapshot.files(table)
    runs, lacking = timeline.cover(table, files)
    return runs, [file for file in files if Path(file).name in lacking]


def _brought_up(
    snapshot: Snapshot, timeline: Timeline, kind: Kind, runs: list[Run], fresh: list[str], most: int | None
) -> int:
    """Make runs of the fresh files and join what is to be joined, of ``most`` moments together. Returns how many came."""
    with ExitStack() as drafts:
        portions = list(_portions(fresh))
        whose = snapshot if len(portions) == 1 else None  # of several, joining will ask
        new = [_made(whose, drafts.enter_context(Draft(timeline)), kind, files) for files in portions]
        joined = _to_join([*runs, *new], most)
        ready = [run for run in new if run not in joined]
        if joined:
            ready.append(_joined(snapshot, drafts.enter_context(Draft(timeline)), joined))
        for run in ready:
            timeline.publish(run)
    return len(ready)


def _portions(files: Sequence[str]) -> Iterator[list[str]]:
    """The files month by month, some at a time."""
    portion: list[str] = []
    held = 0
    for file in sorted(files):
        rows = _rows([file])
        if portion and held + rows > PORTION:
            yield portion
            portion, held = [], 0
        portion.append(file)
        held += rows
    if portion:
        yield portion


def _to_join(runs: Sequence[Run], most: int | None = None) -> list[Run]:
    """The small runs that are to become one; none when all are much larger than those below them."""
    rising = sorted(runs, key=lambda run: (run.about.moments, run.id))
    below = np.cumsum([0, *(run.about.moments for run in rising)])
    count = max((i + 1 for i, run in enumerate(rising) if i and run.about.moments <= GROWTH * below[i]), default=0)
    while most is not None and count and below[count] > most:
        count -= 1
    return rising[:count] if count > 1 else []


def _rows(files: Sequence[str]) -> int:
    return sum(pq.read_metadata(file).num_rows for file in files)


def _made(snapshot: Snapshot | None, draft: Draft, kind: Kind, files: Sequence[str]) -> Run:
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
    return _drafted(draft, kind.table, files, arrays, values)


def _made_orders(snapshot: Snapshot, draft: Draft, files: Sequence[str]) -> Run:
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
    return _drafted(draft, ORDERS, files, arrays, values)


def _drafted(
    draft: Draft, table: str, files: Sequence[str], arrays: dict[str, Array], values: dict[str, tuple[str, ...]]
) -> Run:
    for name, array in arrays.items():
        draft.put(name, array)
    return draft.run(table, files, values)


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
    snapshot: Snapshot | None,
    key: pa.Array,
    at: Array,
    row: Array,
    names: tuple[Array, tuple[str, ...]],
    codes: dict[str, tuple[Array, tuple[str, ...]]],
    amount: Array | None = None,
) -> tuple[dict[str, Array], dict[str, tuple[str, ...]]]:
    """The run's arrays in order of member (where a snapshot can tell), identity, time and row."""
    known = key.is_valid()
    encoded = key.filter(known).dictionary_encode() if key.null_count else key.dictionary_encode()
    chosen = np.flatnonzero(known.to_numpy(zero_copy_only=False)) if key.null_count else None
    keys = encoded.dictionary.to_numpy()
    rank = np.empty(keys.size, np.int32)
    order = np.argsort(keys) if snapshot is None else _by_member(snapshot, keys)
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


# Joining


def _joined(snapshot: Snapshot, draft: Draft, runs: Sequence[Run]) -> Run:
    """One run of all moments of these. Reads and writes each moment once, a part of the identities at a time."""
    runs = sorted(runs, key=lambda run: run.about.first_at)  # what comes nearly in order is quickly sorted
    keys = np.sort(np.concatenate([run.key for run in runs]))
    found = keys[np.diff(keys, prepend=keys[:1] - 1) != 0]  # ``unique`` hashes them first, at ten times the cost
    order = _by_member(snapshot, found)
    rank = np.empty(found.size, np.int64)
    rank[order] = np.arange(found.size)
    seats = [rank[np.searchsorted(found, run.key)] for run in runs]
    sizes = np.zeros(found.size, np.int64)
    for run, seat in zip(runs, seats, strict=True):
        sizes[seat] += np.diff(run.offset)
    offset = np.concatenate(([0], np.cumsum(sizes)))
    columns = sorted(set().union(*(run.about.values for run in runs)))
    values = {name: tuple(dict.fromkeys(v for run in runs for v in run.about.values.get(name, ()))) for name in columns}
    draft.put("key", found[order])
    draft.put("offset", offset)
    total = int(offset[-1])
    into = {name: draft.room(name, np.int64, total) for name in ("at", "row")}
    into |= {name: draft.room(name, np.uint16 if name == "name" else np.int32, total) for name in columns}
    parts = [_Part(run, seat, values) for run, seat in zip(runs, seats, strict=True)]
    marks = np.searchsorted(offset, range(0, total, STRETCH)).tolist()
    edges = sorted({0, *marks, found.size})
    with ThreadPoolExecutor(shares.threads_for(total), thread_name_prefix="timeline") as pool:
        list(pool.map(lambda low, high: _fill(parts, low, high, int(offset[low]), into), edges[:-1], edges[1:]))
    files = [file for run in runs for file in run.about.files]
    return draft.run(runs[0].about.table, files, values)


class _Part:
    """One of the runs that are joined. ``seat``: place of each of its segments among those of all."""

    def __init__(self, run: Run, seat: Array, values: dict[str, tuple[str, ...]]) -> None:
        self._run = run
        self._order = np.argsort(seat, kind="stable")
        self._seat = seat[self._order]
        self._codes = {name: _recoded(run.about.values[name], values[name]) for name in run.about.values}

    def places(self, low: int, high: int) -> tuple[Array, Array]:
        """Moments of the segments from ``low`` to ``high``, and whose each is, counted from ``low``."""
        first, last = np.searchsorted(self._seat, [low, high])
        chosen = self._order[first:last]
        start = self._run.offset[chosen]
        size = self._run.offset[chosen + 1] - start
        before = np.cumsum(size) - size
        return np.repeat(start - before, size) + np.arange(size.sum()), np.repeat(self._seat[first:last] - low, size)

    def column(self, name: str, places: Array) -> Array:
        if name in ("at", "row"):
            found: Array = getattr(self._run, name)[places]
            return found
        if name not in self._codes:
            return np.full(places.size, -1, np.int32)
        codes = self._run.name if name == "name" else self._run.codes(name)
        return self._codes[name][codes[places]]


def _recoded(values: Sequence[str], into: Sequence[str]) -> Array:
    """Code among ``into`` by code among ``values``; the last is that of no value, which is code -1 in both."""
    code = {value: i for i, value in enumerate(into)}
    return np.array([*(code[value] for value in values), -1], np.int32)


def _fill(parts: Sequence[_Part], low: int, high: int, start: int, into: dict[str, Array]) -> None:
    """Write the moments of the identities from ``low`` to ``high``, which stand from ``start`` on."""
    found = [part.places(low, high) for part in parts]
    subject = np.concatenate([whose for _, whose in found]).astype(np.int32)
    at, row = (
        np.concatenate([part.column(name, places) for part, (places, _) in zip(parts, found, strict=True)])
        for name in ("at", "row")
    )
    place = np.arange(at.size, dtype=np.int32)
    stream = ordered([Batch(subject, at, np.ones(at.size, np.uint16), place, row)], threads=1)
    stop = start + at.size
    into["at"][start:stop] = stream.at
    for name in into.keys() - {"at"}:
        column = [part.column(name, places) for part, (places, _) in zip(parts, found, strict=True)]
        into[name][start:stop] = np.concatenate(column)[stream.entry_code]
