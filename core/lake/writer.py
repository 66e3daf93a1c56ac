"""Writing: one batch at a time, merged on the natural key, visible at once or not at all.

A change takes the lake's lock (released by the kernel when its process dies), undoes what a killed writer left beyond the
manifest, writes Parquet files, adds them to the Delta tables, and last of all commits the manifest: the one moment at which
anything becomes visible.
"""

import fcntl
import json
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import and_, or_
from pathlib import Path
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, TableNotFoundError
from deltalake.transaction import AddAction

from core import schema
from core.errors import InvalidFacts, LakeBusy
from core.lake.engine.duckdb import Cursor, as_instant, as_naive, instant, make_timestamp, naive_epoch_us, wall_clock
from core.lake.manifest import FOLDER, Manifest
from core.lake.reader import Lake, Snapshot, local_path
from core.schema import Column, Table

LOCK = ".writer.lock"
LOCK_PATIENCE_S = 120.0
COMMIT_TRIES = 10
ZSTD = WriterProperties(compression="ZSTD", compression_level=3)
PARQUET = {
    "compression": "zstd",
    "compression_level": 1,
    "parquet_version": "v2",
    "row_group_size": 131072,
    "dictionary_size_limit": 10_000,
}
"""How batches are written: what is cheapest to write and, on a busy page, to read. Counted up numbers and times pack well in version
2; a column of more different texts than that is no code, and its dictionary would be built in vain."""


@ibis.udf.scalar.builtin(name="hash")
def _number_of(value) -> dt.uint64:  # type: ignore[empty-body,no-untyped-def]
    """A value as one number. The same from ibis itself goes through a text of bits, at many times the cost."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of the rows handed to ``Change.merge``; the two add up to them."""

    accepted: int
    duplicate: int


@dataclass
class Change:
    """One batch in the making. Its snapshot is the lake before it."""

    lake: Lake
    snapshot: Snapshot
    zone: str
    batch_id: int | None
    tables: dict[str, int] = field(default_factory=dict)
    note: dict[str, object] = field(default_factory=dict)

    def merge(self, name: str, rows: ir.Table) -> Merged:
        """Add the rows that the lake does not have yet.

        ``rows`` carries the table's columns (absent ones are null), ``source`` and a unique ``row_number``; times are naive
        UTC. A row of a fact is a duplicate when one with equal source and natural key at the same time exists, or stands
        earlier in the batch; a row of a dimension, when the newest revision of its key says the same, or when another one of
        its key follows in the batch.
        Raises ``InvalidFacts`` when a needed column is absent.
        """
        table = schema.table(name)
        if self.batch_id is None:
            raise InvalidFacts("Rows can only be merged by a batch with an id.")
        files = self._write(name, self._complete(table, rows))
        written = sum(_rows(file) for file in files)
        if not written:
            _remove(files)
            return Merged(0, 0)
        with self._read_back(table, files) as fresh:
            repeated = self._repeated(table, fresh)
            duplicate = 0 if repeated is None else int(repeated.count().to_pyarrow().as_py())
            if repeated is not None and duplicate:
                kept = (
                    self._write(name, _stored(table, fresh.anti_join(repeated, "row_number")))
                    if duplicate < written
                    else []
                )
                _remove(files)
                files = kept
        if files:
            self._add(table, files)
        return Merged(written - duplicate, duplicate)

    def now(self) -> Snapshot:
        """The lake as this change has made it so far. What it reads becomes visible to others only when the change ends well."""
        tables = self.snapshot.manifest.tables | self.tables
        # An id of its own: versions that a killed writer made and ``_recover`` undid must not be taken for these.
        draft = replace(self.snapshot.manifest, tables=tables, lake_id=f"draft_{uuid.uuid4().hex}")
        return Snapshot(self.lake.root, draft, self.snapshot.cursor)

    def replace(self, name: str, rows: pa.Table) -> None:
        """Write a derived table anew. Older versions of the lake keep the older rows."""
        path = self.lake.root / name
        write_deltalake(str(path), rows, mode="overwrite", writer_properties=ZSTD)
        self.tables[name] = DeltaTable(str(path)).version()

    def forget(self, batch_id: int) -> int:
        """Delete every row that a batch brought. Returns how many there were."""
        gone = 0
        for name in [n for n in self.snapshot.manifest.tables if n in schema.TABLES]:
            rows = self.snapshot.table(name)
            count = int(self.snapshot.value(rows.filter(rows.batch_id == batch_id).count()) or 0)  # type: ignore[call-overload]
            if count:
                delta = DeltaTable(str(self.lake.root / name))
                delta.delete(f"batch_id = {int(batch_id)}", writer_properties=ZSTD)
                self.tables[name] = delta.version()
                gone += count
        return gone

    def compact(self) -> int:
        """Join small files of every table. Returns how many files went away."""
        removed = 0
        for name in self.snapshot.manifest.tables:
            delta = DeltaTable(str(self.lake.root / name))
            done = delta.optimize.compact(writer_properties=ZSTD)
            if done["numFilesRemoved"]:
                removed += done["numFilesRemoved"] - done["numFilesAdded"]
                self.tables[name] = delta.version()
        return removed

    def _complete(self, table: Table, rows: ir.Table) -> ir.Table:
        """The rows with the stored columns they have, in the contract's order and types. Readers take an absent one for null."""
        given = set(rows.columns)
        absent = [c.name for c in table.columns if c.is_needed and c.name not in given]
        if absent or not {"source", "row_number"} <= given:
            raise InvalidFacts(f"Rows for {table.name} lack {', '.join(absent) or 'source or row_number'}.")
        typed = rows.select(
            **{c.name: _as_typed(rows, c) for c in (*table.columns, *table.derived) if c.name in given},
            source=rows.source,
            row_number=rows.row_number.cast("int64"),
        )
        # The engine takes a bare literal for 32 bits, and would write files that do not fit the contract.
        typed = typed.mutate(batch_id=ibis.literal(self.batch_id, "int32").cast("int64"))
        if table.is_fact:
            typed = typed.mutate(local_date=local_date(typed.occurred_at, self.zone))
            typed = typed.mutate(month=typed.local_date.cast("string").left(7))
        return _stored(table, typed)

    def _write(self, name: str, rows: ir.Table) -> list[Path]:
        folder = self.lake.root / name
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"b{self.batch_id}-{uuid.uuid4().hex}"
        if not schema.table(name).is_fact:
            self.snapshot.cursor.backend.to_parquet(rows, folder / f"{stem}.parquet", **PARQUET)
            return [folder / f"{stem}.parquet"]
        with self.snapshot.cursor.unordered():
            self.snapshot.cursor.backend.to_parquet(
                rows, folder, partition_by="month", filename_pattern=f"{stem}-{{uuid}}", append=True, **PARQUET
            )
        return sorted(folder.glob(f"month=*/{stem}*.parquet"))

    @contextmanager
    def _read_back(self, table: Table, files: list[Path]) -> Iterator[ir.Table]:
        label = f"fresh_{uuid.uuid4().hex}"
        rows = self.snapshot.cursor.backend.read_parquet(
            [str(f) for f in files],
            table_name=label,
            hive_partitioning=True,
            hive_types_autocast=False,
            union_by_name=True,
        )
        times = {c.name: as_naive(rows[c.name]) for c in table.columns if c.kind == "time" and c.name in rows.columns}
        try:
            yield rows.mutate(**times).select([c.name for c in table.stored if c.name in rows.columns])
        finally:
            self.snapshot.cursor.backend.drop_view(label, force=True)

    def _repeated(self, table: Table, fresh: ir.Table) -> ir.Table | None:
        """``row_number`` of the rows that are not new, as a table of the engine; None when all are."""
        filled = [c.name for c in table.columns if c.name in fresh.columns]
        slim = fresh.select(*_DATED[table.is_fact], "row_number", digest=_digest(table, fresh, filled))
        if table.is_revised:
            found = self._outdone(fresh.select(*table.key, "row_number", digest=_digest_of_key(table, fresh)), table)
        else:
            found = [] if table.repeats else self._inside(slim)
        if self.snapshot.files(table.name) and not table.is_once:
            known = self._known(table, fresh)
            found.append(
                _known_already(table, slim, known.select(*_DATED[table.is_fact], digest=_digest(table, known, filled)))
            )
        if not found:
            return None
        every = found[0] if len(found) == 1 else ibis.union(*found, distinct=True)
        return self.snapshot.keep(every)

    def _inside(self, slim: ir.Table) -> list[ir.Table]:
        """Rows that stand earlier in the same batch."""
        crowd = self._crowd(slim)
        if crowd is None:
            return []
        key = [c for c in crowd.columns if c != "row_number"]
        ranked = crowd.mutate(_rank=ibis.row_number().over(group_by=key, order_by="row_number"))
        return [ranked.filter(ranked._rank > 0).select("row_number")]

    def _outdone(self, keyed: ir.Table, table: Table) -> list[ir.Table]:
        """Revisions that a later row of the same batch outdoes: at no version of the lake could anybody see them."""
        crowd = self._crowd(keyed)
        if crowd is None:
            return []
        newest = ibis.row_number().over(group_by=list(table.key), order_by=crowd.row_number.desc())
        return [crowd.mutate(_age=newest).filter(lambda t: t._age > 0).select("row_number")]

    def _crowd(self, slim: ir.Table) -> ir.Table | None:
        """Rows whose ``digest`` others share. Sorting the digests tells at once that there are none, as is usual."""
        digests = np.sort(self.snapshot.stream(slim.select("digest"))["digest"])
        twice = np.unique(digests[1:][digests[1:] == digests[:-1]])
        return slim.semi_join(ibis.memtable(pa.table({"digest": twice})), "digest") if len(twice) else None

    def _known(self, table: Table, fresh: ir.Table) -> ir.Table:
        if not table.is_fact:
            return self.snapshot.current(table.name)
        months = fresh.select("month").distinct().to_pyarrow()["month"].to_pylist()
        rows = self.snapshot.table(table.name)
        return rows.filter(rows.month.isin(months))

    def _add(self, table: Table, files: list[Path]) -> None:
        path = self.lake.root / table.name
        if not (path / "_delta_log").exists():
            DeltaTable.create(
                str(path),
                Schema.from_arrow(table.arrow),
                mode="ignore",
                partition_by=["month"] if table.is_fact else None,
            )
        for attempt in range(COMMIT_TRIES):
            delta = DeltaTable(str(path))
            try:
                _widen(delta, table)
                delta.create_write_transaction(
                    [_action(path, file) for file in files],
                    "append",
                    delta.schema(),
                    partition_by=delta.metadata().partition_columns,
                )
                break
            except CommitFailedError:
                if attempt == COMMIT_TRIES - 1:
                    raise
                time.sleep(0.05 * 2**attempt)
        self.tables[table.name] = DeltaTable(str(path)).version()


class Writer:
    """The only way to change a lake."""

    def __init__(self, lake: Lake, zone: str) -> None:
        self.lake = lake
        self.zone = zone

    @contextmanager
    def change(
        self, kind: str, batch_id: int | None = None, patience_s: float = LOCK_PATIENCE_S, cursor: Cursor | None = None
    ) -> Iterator[Change]:
        """A change that becomes visible when the block ends well, and never happened when it does not.

        ``cursor``: one the caller made tables on that the change needs, so that they could be made before the lock was taken.
        Raises ``LakeBusy`` when another process held the lake for ``patience_s``.
        """
        self.lake.root.mkdir(parents=True, exist_ok=True)
        with _locked(self.lake.root / LOCK, patience_s):
            base = self.lake.manifests.latest()
            _recover(self.lake.root, base)
            with self.lake.open(base.version, cursor) as snapshot:
                change = Change(self.lake, snapshot, self.zone, batch_id)
                yield change
            if change.tables:
                self.lake.manifests.commit(
                    Manifest(
                        base.version + 1,
                        datetime.now(UTC),
                        kind,
                        base.tables | change.tables,
                        base.lake_id or uuid.uuid4().hex,
                        batch_id,
                        change.note,
                    )
                )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody writes to the lake while the block lasts. Raises ``LakeBusy``."""
        self.lake.root.mkdir(parents=True, exist_ok=True)
        with _locked(self.lake.root / LOCK, LOCK_PATIENCE_S):
            yield

    def sweep(self, older_than: timedelta = timedelta(days=1)) -> int:
        """Remove files no version of the lake refers to: what killed writers left. Returns how many."""
        limit = time.time() - older_than.total_seconds()
        removed = 0
        with _locked(self.lake.root / LOCK, LOCK_PATIENCE_S):
            _recover(self.lake.root, self.lake.manifests.latest())
            for log in self.lake.root.glob("*/_delta_log"):
                known = _ever_added(log)
                for file in log.parent.rglob("*.parquet*"):
                    if "_delta_log" not in file.parts and file.relative_to(log.parent).as_posix() not in known:
                        if file.stat().st_mtime < limit:
                            file.unlink()
                            removed += 1
        return removed


def local_date(at: ir.Value, zone: str) -> ir.Value:
    """Business day of a naive UTC time."""
    return local_time(at, zone).date()


def local_time(at: ir.Value, zone: str) -> ir.Value:
    """Naive time in the business zone of a naive UTC time."""
    shift = _fixed_offset(zone)
    if shift is not None:
        return _moved(at, shift)
    return wall_clock(zone, at.cast("timestamp('UTC')"))


def utc_time(naive: ir.Value, zone: str) -> ir.Value:
    """Naive UTC time of a naive local time of a zone."""
    shift = _fixed_offset(zone)
    if shift is not None:
        return _moved(naive, -shift)
    return as_naive(instant(zone, naive))


def _moved(naive: ir.Value, by: timedelta) -> ir.Value:
    """A naive time moved by a fixed span. An interval does the same at three times the cost."""
    return make_timestamp(naive_epoch_us(naive) + ibis.literal(round(by.total_seconds()) * 1_000_000, "int64"))


def _fixed_offset(zone: str) -> timedelta | None:
    """The zone's distance from UTC when it is the same on every day from 1992 on, as in all of China."""
    info = ZoneInfo(zone)
    days = [datetime(1992, 1, 1) + timedelta(days=7 * week) for week in range(52 * 45)]
    offsets = {info.utcoffset(day) for day in days}
    return offsets.pop() if len(offsets) == 1 else None


_DATED: dict[bool, tuple[str, ...]] = {True: ("occurred_at",), False: ()}


def _digest(table: Table, rows: ir.Table, filled: list[str]) -> ir.Value:
    """What tells a row from others, as one number: see ``schema.Table``. Never stored, so it may change with the engine.

    ``filled``: the columns that a batch has. Its rows have nothing in any other, so of other rows it is enough to know whether they do.
    """
    others = [rows[c.name].notnull() for c in table.columns if c.name in rows.columns and c.name not in filled]
    more = {"_more": reduce(or_, others)} if others else {"_more": ibis.literal(False)}
    content = _number_of(ibis.struct({"source": rows.source} | {name: rows[name] for name in filled} | more))
    if table.is_once:
        return _digest_of_key(table, rows)
    if not table.key or not table.is_fact or not set(table.key) <= set(filled):
        return content
    named = _number_of(ibis.struct({"source": rows.source} | {name: rows[name] for name in table.key}))
    is_named = reduce(and_, [rows[name].notnull() for name in table.key])
    return ibis.ifelse(is_named, named, content)


def _digest_of_key(table: Table, rows: ir.Table) -> ir.Value:
    return _number_of(ibis.struct({name: rows[name] for name in table.key}))


def _known_already(table: Table, slim: ir.Table, known: ir.Table) -> ir.Table:
    key = list(known.columns)
    if not table.repeats:
        return slim.semi_join(known, key).select("row_number")
    counted = known.group_by(key).aggregate(copies=known.count())
    ranked = slim.mutate(_rank=ibis.row_number().over(group_by=key, order_by="row_number"))
    return ranked.inner_join(counted, key).filter(lambda t: t._rank < t.copies).select("row_number")


def _as_typed(rows: ir.Table, column: Column) -> ir.Value:
    kind = {"time": "timestamp(6)", "decimal": "decimal(18, 6)", "day": "date", "flag": "boolean"}.get(column.kind)
    kind = kind or ("int64" if column.kind in ("count", "money", "key") else "string")
    return rows[column.name].cast(kind)


def _stored(table: Table, rows: ir.Table) -> ir.Table:
    """Rows as they lie in files: times as instants."""
    columns = [c for c in table.stored if c.name in rows.columns]
    return rows.select(**{c.name: as_instant(rows[c.name]) if c.kind == "time" else rows[c.name] for c in columns})


def _widen(delta: DeltaTable, table: Table) -> None:
    """Tell an older table of columns that the contract has got since."""
    known = {found.name for found in delta.schema().fields}
    new = [found for found in Schema.from_arrow(table.arrow).fields if found.name not in known]
    if new:
        delta.alter.add_columns(new)


def _action(root: Path, file: Path) -> AddAction:
    partition = {part.split("=", 1)[0]: part.split("=", 1)[1] for part in file.relative_to(root).parts[:-1]}
    metadata = pq.read_metadata(file)
    return AddAction(
        path=file.relative_to(root).as_posix(),
        size=file.stat().st_size,
        partition_values=partition,
        modification_time=int(file.stat().st_mtime * 1000),
        data_change=True,
        stats=json.dumps(_statistics(metadata)),
    )


def _statistics(metadata: pq.FileMetaData) -> dict[str, object]:
    """Row count, and the range of batch ids: what lets a rollback leave all other files alone."""
    index = next(i for i in range(metadata.num_columns) if metadata.schema.column(i).name == "batch_id")
    ranges = [metadata.row_group(g).column(index).statistics for g in range(metadata.num_row_groups)]
    low, high = min(r.min for r in ranges), max(r.max for r in ranges)
    return {
        "numRecords": metadata.num_rows,
        "minValues": {"batch_id": low},
        "maxValues": {"batch_id": high},
        "nullCount": {"batch_id": 0},
    }


def _rows(file: Path) -> int:
    return int(pq.read_metadata(file).num_rows)


def _remove(files: list[Path]) -> None:
    for file in files:
        file.unlink()


@contextmanager
def _locked(path: Path, patience_s: float) -> Iterator[None]:
    with path.open("w") as file:
        until = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > until:
                    raise LakeBusy(f"The lake has been written to for more than {patience_s:.0f} s.") from error
                time.sleep(0.02)
        yield


def _recover(root: Path, manifest: Manifest) -> None:
    """Undo what a killed writer added to tables without committing it."""
    for log in root.glob("*/_delta_log"):
        path = log.parent
        visible = manifest.tables.get(path.name)
        if path.name == FOLDER:
            continue
        if visible is None:
            shutil.rmtree(path)
            continue
        try:
            delta = DeltaTable(str(path))
        except TableNotFoundError:
            shutil.rmtree(path)
            continue
        if delta.version() > visible and _differs(delta, str(path), visible):
            delta.restore(visible)


def _differs(delta: DeltaTable, path: str, visible: int) -> bool:
    return set(delta.file_uris()) != set(DeltaTable(path, version=visible).file_uris())


def _ever_added(log: Path) -> set[str]:
    """Paths of all files that any kept version of a Delta table refers to."""
    versions = (DeltaTable(str(log.parent), version=number) for number in sorted(_numbers(log)))
    return {
        Path(local_path(uri)).relative_to(log.parent).as_posix()
        for table in (*versions, DeltaTable(str(log.parent)))
        for uri in table.file_uris()
    }


def _numbers(log: Path) -> set[int]:
    return {int(file.stem) for file in log.glob("[0-9]*.json")}
