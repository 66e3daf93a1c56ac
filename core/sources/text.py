"""Delimited text: how it is separated, and what its header says."""

import csv
import io
from dataclasses import dataclass
from statistics import median

DELIMITERS = (",", ";", "\t", "|")
LOOK_AT = 50
FIELD_LIMIT = 1 << 21


@dataclass(frozen=True, slots=True)
class Dialect:
    """``skip``: lines before the header."""

    delimiter: str = ","
    quote: str = '"'
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that cannot be split into cells: its number in the file from 1, what stands there, and a reason's code."""

    row_number: int
    text: str
    reason: str


def sniffed(text: str, delimiter: str = "", skip: int = 0) -> Dialect:
    """The delimiter that cuts the first rows into the same number of cells, and into the most. Comma when none cuts."""
    if delimiter:
        return Dialect(delimiter, '"', skip)
    best = max(DELIMITERS, key=lambda d: (_evenness(_rows(text, Dialect(d, '"', skip))), -DELIMITERS.index(d)))
    return Dialect(best, '"', skip)


def header(text: str, dialect: Dialect) -> tuple[str, ...]:
    """Cells of the first row, as they stand."""
    rows = _rows(text, dialect, 1)
    return tuple(rows[0]) if rows else ()


def blank_lines(text: str, dialect: Dialect) -> int:
    """Lines without anything between what is skipped and the header."""
    lines = io.StringIO(text, newline="")
    for _ in range(dialect.skip):
        lines.readline()
    filled = (
        place for place, line in enumerate(lines) if line.strip().strip(dialect.delimiter + dialect.quote).strip()
    )
    return next(filled, 0)


def _rows(text: str, dialect: Dialect, limit: int = LOOK_AT) -> list[list[str]]:
    lines = io.StringIO(text.replace("\0", ""), newline="")
    for _ in range(dialect.skip):
        lines.readline()
    csv.field_size_limit(max(FIELD_LIMIT, len(text) + 1))
    rows: list[list[str]] = []
    for row in csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote):
        if any(cell.strip() for cell in row):
            rows.append(row)
        if len(rows) == limit:
            break
    return rows


def _evenness(rows: list[list[str]]) -> float:
    """0 when nothing is cut; otherwise the usual number of cells times the share of rows that have as many as the header."""
    if not rows or len(rows[0]) < 2:
        return 0.0
    width = len(rows[0])
    share = sum(len(row) == width for row in rows) / len(rows)
    return share * min(width, median(len(row) for row in rows))
