"""A readable file inside the engine: every cell as text, every row with its number."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from core.errors import Unreadable
from core.lake.engine.duckdb import Cursor
from core.sources import files
from core.sources.files import Readable
from core.sources.text import Broken

ROW = "_row"
REASON = "_reason"
STARTS = r"=+\-@\t\r\n＝＋－＠"
"""Signs that begin a formula, as a class of a pattern."""
EDGES = " \t\v\f\r\n\u00a0\u3000"
MAX_ROW_BYTES = 2 << 20
BROKEN = {
    "MISSING COLUMNS": "row.too_few_cells",
    "TOO MANY COLUMNS": "row.too_many_cells",
    "UNQUOTED VALUE": "row.quotes",
    "LINE SIZE OVER MAXIMUM": "row.too_long",
    "INVALID ENCODING": "row.encoding",
    "INVALID STATE": "row.quotes",
}


@ibis.udf.scalar.builtin(name="trim")
def _stripped(text: str, _edges: str) -> str:  # type: ignore[empty-body]
    """Text without any of these characters around."""


@ibis.udf.scalar.builtin(name="chr")
def _character(code: int) -> str:  # type: ignore[empty-body]
    """The character of a code point."""


NUL = _character(0)  # spelt out, it would end the statement
"""No text of the lake holds it: it means nothing, and databases refuse it."""


@dataclass(frozen=True)
class Staged:
    """Rows of a file. ``rows``: ``row_number`` from 1 and one text column per entry of ``cells`` (source column -> its name
    there). ``broken``: rows that could not be split. Both count as read. ``untidy``: columns with cells that are empty texts or have
    spaces around, ``nul``: with NUL characters; taking those off costs as much as all else, so the others are left alone."""

    rows: ir.Table
    cells: dict[str, str]
    header: tuple[str, ...]
    count: int
    broken: tuple[Broken, ...]
    delimiter: str = ","
    untidy: frozenset[str] = frozenset()
    nul: frozenset[str] = frozenset()

    @property
    def read(self) -> int:
        return self.count + len(self.broken)

    def text(self, column: str, rows: ir.Table | None = None) -> ir.StringValue:
        """Cells of a source column without spaces around and NUL characters; null when nothing is left."""
        cell = self.cells[column]
        raw = (self.rows if rows is None else rows)[cell]
        raw = raw.replace(NUL, "") if cell in self.nul else raw
        return _stripped(raw, EDGES).nullif("") if cell in self.untidy else raw  # type: ignore[no-any-return]


@contextmanager
def staged(cursor: Cursor, readable: Readable, folder: Path, limit: int | None = None) -> Iterator[Staged]:
    """The file's rows as a table of this cursor, until the block ends. ``limit``: only the first rows.

    The columns ``_row`` and ``_reason``, which downloaded rejects carry, are left out, and so are the apostrophes that keep
    spreadsheets from taking cells of theirs for formulas.
    """
    label = uuid.uuid4().hex
    try:
        try:
            loaded = _load(cursor, readable, label, limit)
        except _Unsplittable:
            _drop(cursor, label)
            loaded = _load(cursor, files.with_plain_line_ends(readable, folder), label, limit)
        yield loaded
    finally:
        _drop(cursor, label)


class _Unsplittable(Exception):
    """The engine cannot split the text, most often because line ends are mixed."""


def _load(cursor: Cursor, readable: Readable, label: str, limit: int | None) -> Staged:
    names = {f"c{i}": column for i, column in enumerate(readable.columns)}
    kept = [name for name, column in names.items() if column not in (ROW, REASON)]
    try:
        source = (_csv if readable.kind == "csv" else _parquet)(cursor, readable, label)
        rows = source.limit(limit) if limit is not None else source
        if {ROW, REASON} <= set(readable.columns):
            rows = rows.mutate(**{name: rows[name].re_replace(f"^'('*[{STARTS}])", r"\1") for name in kept})
        table = cursor.backend.create_table(f"staged_{label}", rows.select(*kept), temp=True)
    except duckdb.InvalidInputException as error:
        if readable.kind == "csv" and readable.path.name != "lines.csv":
            raise _Unsplittable from error
        raise _unreadable(str(error)) from error
    except duckdb.Error as error:
        raise _unreadable(str(error)) from error
    broken = sorted(
        (*readable.broken, *(_broken(cursor, label) if readable.kind == "csv" else ())), key=lambda b: b.row_number
    )
    if broken and broken[-1].reason == "row.quotes" and "\n" in broken[-1].text:
        raise _never_closed(broken[-1])
    count = int(cursor.backend.to_pyarrow(table.count()).as_py())
    # A table just made has its rows in the order of the file, numbered without gaps; a window would number them at twice the cost.
    table = table.mutate(row_number=table.rowid() + 1)
    cells = {names[name]: name for name in kept}
    nul = _having(cursor, table, kept, lambda text: text.contains(NUL)) if readable.has_odd_spaces else frozenset()
    untidy = nul | _having(cursor, table, kept, _is_odd if readable.has_odd_spaces else _is_spaced)
    numbered = _renumbered(cursor, table, broken, label) if broken else table
    return Staged(numbered, cells, tuple(cells), count, tuple(broken), readable.dialect.delimiter, untidy, nul)


def _csv(cursor: Cursor, readable: Readable, label: str) -> ir.Table:
    return cursor.backend.read_csv(
        str(readable.path),
        table_name=f"file_{label}",
        columns={f"c{i}": "string" for i in range(len(readable.columns))},
        auto_detect=False,
        header=True,
        skip=readable.dialect.skip,
        delim=readable.dialect.delimiter,
        quote=readable.dialect.quote,
        escape=readable.dialect.quote,
        max_line_size=MAX_ROW_BYTES,
        store_rejects=True,
        rejects_table=f"broken_{label}",
        rejects_scan=f"scan_{label}",
        rejects_limit=0,
    )


def _parquet(cursor: Cursor, readable: Readable, label: str) -> ir.Table:
    raw = cursor.backend.read_parquet(str(readable.path), table_name=f"file_{label}")
    texts = {f"c{i}": _text(raw[column]) for i, column in enumerate(readable.columns)}
    return raw.select(**texts)


@ibis.udf.scalar.builtin(name="to_json")
def _json(value) -> str:  # type: ignore[empty-body,no-untyped-def]
    """JSON text of a value."""


def _text(value: ir.Value) -> ir.Value:
    kind = value.type()
    if kind.is_struct() or kind.is_array() or kind.is_map():
        return _json(value).cast("string")
    if kind.is_binary():
        return value.cast("string")
    if kind.is_timestamp() and kind.timezone:
        return value.cast("timestamp('UTC')").cast("timestamp(6)").cast("string") + "Z"
    return value.cast("string")


def _broken(cursor: Cursor, label: str) -> list[Broken]:
    """What the engine could not split; of several faults of a row the first."""
    found = cursor.backend.table(f"broken_{label}")
    found = found.order_by("line", "byte_position").select("line", "csv_line", kind=found.error_type.cast("string"))
    rows = cursor.backend.to_pyarrow(found).to_pylist()
    first = {row["line"]: row for row in reversed(rows)}
    return [
        Broken(line - 1, row["csv_line"].lstrip("\r\n"), BROKEN.get(row["kind"], "row.unreadable"))
        for line, row in sorted(first.items())
    ]


def _having(
    cursor: Cursor, table: ir.Table, cells: list[str], is_so: Callable[[ir.StringValue], ir.BooleanValue]
) -> frozenset[str]:
    """Columns with a cell that is so."""
    if not cells:
        return frozenset()
    found = cursor.backend.to_pyarrow(
        table.aggregate(**{cell: is_so(table[cell]).any() for cell in cells})
    ).to_pylist()[0]
    return frozenset(cell for cell, is_one in found.items() if is_one)


def _is_odd(text: ir.StringValue) -> ir.BooleanValue:
    return (text == "") | (text != _stripped(text, EDGES))


def _is_spaced(text: ir.StringValue) -> ir.BooleanValue:
    return (text < "!") | text.endswith(" ")  # what sorts before the first sign is empty or begins with a space


def _renumbered(cursor: Cursor, table: ir.Table, broken: list[Broken], label: str) -> ir.Table:
    """Rows under their numbers in the file, in which the broken ones count: the n-th broken row moves what follows by n."""
    starts = [b.row_number - i for i, b in enumerate(broken)]
    moved = pa.table({"start": pa.array(starts, pa.int64()), "by": pa.array(range(1, len(starts) + 1), pa.int64())})
    last = ibis.memtable(moved).group_by("start").aggregate(by=ibis._.by.max())
    joined = table.asof_join(last, on=table.row_number >= last.start)
    rows = joined.mutate(row_number=joined.row_number + joined.by.fill_null(0)).select(table.columns)
    return cursor.backend.create_table(f"renumbered_{label}", rows, temp=True)


def _drop(cursor: Cursor, label: str) -> None:
    for name in ("staged", "renumbered", "broken", "scan"):
        cursor.backend.drop_table(f"{name}_{label}", force=True)
    cursor.backend.drop_view(f"file_{label}", force=True)


def _never_closed(broken: Broken) -> Unreadable:
    last = broken.row_number - 1
    return Unreadable(
        f"A quotation mark opened in row {broken.row_number} is never closed. The last good row is {last}; nothing was imported.",
        reason="quote",
        row=broken.row_number,
        last_row=last,
    )


def _unreadable(why: str) -> Unreadable:
    return Unreadable(
        f"The file cannot be read to its end: {why.splitlines()[0]}. Nothing was imported.",
        reason="damaged",
        last_row=0,
    )
