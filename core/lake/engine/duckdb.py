"""DuckDB through ibis, over lists of Parquet files. Nothing to install, nothing copied."""

import os
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.duckdb import Backend

from core.schema import Column

IBIS_TYPES = {
    "text": "string",
    "code": "string",
    "count": "int64",
    "money": "int64",
    "decimal": "decimal(18, 6)",
    "time": "timestamp(6)",
    "day": "date",
    "flag": "boolean",
    "key": "int64",
    "json": "string",
}
KEPT_VIEWS = 256


@ibis.udf.scalar.builtin(name="timezone")
def wall_clock(zone: str, at: dt.Timestamp(timezone="UTC")) -> dt.timestamp:  # type: ignore[empty-body,valid-type]
    """Naive local time of an instant."""


@ibis.udf.scalar.builtin(name="timezone")
def instant(zone: str, at: dt.timestamp) -> dt.Timestamp(timezone="UTC"):  # type: ignore[empty-body,valid-type]
    """Instant of a naive local time."""


@ibis.udf.scalar.builtin
def epoch_us(at: dt.Timestamp(timezone="UTC")) -> dt.int64:  # type: ignore[empty-body,valid-type]
    """Microseconds since 1970 of an instant."""


@ibis.udf.scalar.builtin(name="epoch_us")
def naive_epoch_us(at: dt.timestamp) -> dt.int64:  # type: ignore[empty-body,valid-type]
    """Microseconds since 1970 of a naive UTC time."""


@ibis.udf.scalar.builtin
def make_timestamp(microseconds: dt.int64) -> dt.timestamp:  # type: ignore[empty-body,valid-type]
    """Naive UTC time of microseconds since 1970."""


@ibis.udf.scalar.builtin
def make_timestamptz(microseconds: dt.int64) -> dt.Timestamp(timezone="UTC"):  # type: ignore[empty-body,valid-type]
    """Instant of microseconds since 1970."""


def as_naive(instant_: ir.Value) -> ir.Value:
    """Naive UTC time of an instant. A cast does the same at twelve times the cost, through the time zone library."""
    return make_timestamp(epoch_us(instant_)).cast("timestamp(6)")


def as_instant(naive: ir.Value) -> ir.Value:
    """Instant of a naive UTC time."""
    return make_timestamptz(naive_epoch_us(naive))


class Cursor:
    """One connection to the engine, used by one thread at a time, with the views it has made."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._views: OrderedDict[str, ir.Table] = OrderedDict()

    def parquet(self, name: str, files: Sequence[str], columns: Sequence[Column]) -> ir.Table:
        """A view of the files, typed as the contract says. Times come out naive, in UTC; absent columns as null.

        ``name`` must change when the files do: a view is made once and kept.
        """
        if name not in self._views:
            self._views[name] = self._read(name, files, columns)
            while len(self._views) > KEPT_VIEWS:
                old, _ = self._views.popitem(last=False)
                self.backend.drop_view(old, force=True)
                self.backend.drop_view(_raw(old), force=True)
        self._views.move_to_end(name)
        return self._views[name]

    @contextmanager
    def unordered(self) -> Iterator[None]:
        """Let the engine write rows in any order, which is faster. Holds for the whole process while the block lasts."""
        self.backend.raw_sql("SET preserve_insertion_order = false")
        try:
            yield
        finally:
            self.backend.raw_sql("SET preserve_insertion_order = true")

    def _read(self, name: str, files: Sequence[str], columns: Sequence[Column]) -> ir.Table:
        types = {c.name: IBIS_TYPES[c.kind] for c in columns}
        if not files:
            return ibis.memtable(pa.table({c: pa.array([], pa.null()) for c in types})).cast(types)
        raw = self.backend.read_parquet(
            list(files), table_name=_raw(name), hive_partitioning=True, hive_types_autocast=False, union_by_name=True
        )
        typed = self.backend.compile(raw.select(**{c.name: _typed(raw, c) for c in columns}))
        self.backend.raw_sql(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {typed}')
        return self.backend.table(name)


def _raw(name: str) -> str:
    """Name of the view of the files as they are. The typed view lies over it, so that no question compiles the types."""
    return f"{name}_raw"


def _typed(raw: ir.Table, column: Column) -> ir.Value:
    if column.name not in raw.columns:
        return ibis.null().cast(IBIS_TYPES[column.kind])
    if column.kind == "time":
        return as_naive(raw[column.name])
    return raw[column.name]


class Engine:
    """A process's DuckDB. ``cursor()`` lends a connection of its own to one thread; sharing one would hang or lie."""

    def __init__(self, spill: Path, memory_gb: float = 3.0, threads: int | None = None) -> None:
        spill.parent.mkdir(
            parents=True, exist_ok=True
        )  # the engine makes the last folder only, and only when it spills
        self._base = duckdb.connect(
            config={
                "temp_directory": str(spill),
                "memory_limit": f"{memory_gb}GB",
                "threads": threads or os.cpu_count() or 2,
                "preserve_insertion_order": True,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        self._base.execute("SET GLOBAL parquet_metadata_cache = true")  # files of a lake are written once
        self._idle: list[Cursor] = []
        self._lock = Lock()

    @contextmanager
    def cursor(self) -> Iterator[Cursor]:
        with self._lock:
            cursor = self._idle.pop() if self._idle else None
        cursor = cursor or self._connect()
        try:
            yield cursor
        finally:
            with self._lock:
                self._idle.append(cursor)

    def _connect(self) -> Cursor:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Cursor(ibis.duckdb.from_connection(self._base.cursor()))
