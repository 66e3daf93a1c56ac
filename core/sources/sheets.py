"""Sheets of Excel workbooks as rows of text."""

import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from core.errors import Unreadable

LOOK_AT = 20


def is_workbook(file: Path) -> bool:
    """Whether a ZIP file is a workbook. A damaged ZIP is none; opening it says so."""
    try:
        with zipfile.ZipFile(file) as archive:
            return any(name.startswith("xl/") for name in archive.namelist())
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError):
        return file.suffix.lower() in (".xlsx", ".xlsm", ".xlsb")


def workbook(file: Path, name: str) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(str(file))
    except (CalamineError, OSError) as error:
        raise Unreadable(
            f"{name} is a damaged, incomplete or locked workbook; no row of it can be read.",
            reason="damaged",
            file=name,
            last_row=0,
        ) from error


def rows(book: CalamineWorkbook, sheet: str, name: str, skip: int = 0) -> list[list[str]]:
    """Header and data rows of one sheet. Blank rows are no rows; titles above the header are left out."""
    try:
        cells = book.get_sheet_by_name(sheet).to_python(skip_empty_area=True)
    except CalamineError as error:
        raise Unreadable(
            f"Sheet {sheet!r} of {name} cannot be read: {error}.", reason="damaged", file=name, last_row=0
        ) from error
    texts = [[_text(cell) for cell in row] for row in cells[skip:]]
    filled = [row for row in texts if any(row)]
    return filled[0 if skip else _header_at(filled) :]


def _header_at(filled: list[list[str]]) -> int:
    """The first row that fills at least half as many cells as the fullest of the first rows."""
    counts = [sum(bool(cell) for cell in row) for row in filled[:LOOK_AT]]
    return next((i for i, count in enumerate(counts) if count * 2 >= max(counts)), 0)


def _text(cell: object) -> str:
    """A cell as a person sees it. Whole numbers have no decimals; times are written year first."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)
