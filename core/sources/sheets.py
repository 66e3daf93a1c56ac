"""Sheets of Excel workbooks as CSV.

A workbook is read by a process of its own with bounded memory: one cell far down on the right makes a sheet of millions of empty
ones, a megabyte of archive unpacks to gigabytes, and a process that runs out of memory takes everything with it that it does.
"""

import csv
import json
import subprocess
import sys
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from core.errors import Unreadable
from core.settings import PROJECT

LOOK_AT = 20
MEMORY_BYTES = 4 << 30
"""Rule of thumb: a full sheet of a million rows and 20 columns needs less than half of it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet that was written out, its header, the names of all sheets, and where its rows stood (see ``files.Readable.stood``)."""

    name: str
    header: tuple[str, ...]
    names: tuple[str, ...]
    stood: tuple[tuple[int, int], ...] = ()


def is_workbook(file: Path) -> bool:
    """Whether a ZIP file is a workbook. A damaged ZIP is none; opening it says so."""
    try:
        with zipfile.ZipFile(file) as archive:
            return any(name.startswith("xl/") for name in archive.namelist())
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError):
        return file.suffix.lower() in (".xlsx", ".xlsm", ".xlsb")


def written(file: Path, target: Path, *, name: str, part: str, skip: int, wanted: Collection[str]) -> Sheet:
    """Write one sheet out as CSV: ``part``, or the one whose header has most of ``wanted``, of equals the one with most rows.

    Blank rows are no rows; titles above the header are left out. Raises ``Unreadable``; ``name`` is what the file is called.
    """
    asked = json.dumps([str(file), str(target), part, skip, sorted(wanted)])
    done = subprocess.run(
        [sys.executable, "-m", "core.sources.sheets"],
        input=asked,
        capture_output=True,
        text=True,
        cwd=PROJECT,
        check=False,
    )
    if done.returncode:
        raise Unreadable(
            f"{name} holds more cells than can be read. Delete empty rows and columns, or save the sheet as CSV.",
            reason="large",
            file=name,
            last_row=0,
        )
    said: dict[str, Any] = json.loads(done.stdout)
    names = tuple(said["names"])
    if "header" in said:
        stood = tuple((place, row) for place, row in said["stood"])
        return Sheet(said["name"], tuple(said["header"]), names, stood)
    reason, message = {
        "sheet": ("sheet", f"{name} has no sheet {part!r}; it has {', '.join(names)}."),
        "empty": ("empty", f"{name} is empty: no sheet has a header."),
        "damaged": ("damaged", f"{name} is a damaged, incomplete or locked workbook; no row of it can be read."),
    }[said["refused"]]
    raise Unreadable(message, reason=reason, names=", ".join(names), file=name, last_row=0)


# -- in the process that reads ---------------------------------------------------------------------------------------


def main() -> None:
    """Read what is asked from standard input, write the sheet, and say on standard output what came of it."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    file, target, part, skip, wanted = json.loads(sys.stdin.read())
    names: list[str] = []
    try:
        book = CalamineWorkbook.from_path(file)
        names += book.sheet_names
        said = _written(book, Path(target), part, skip, wanted)
    except (CalamineError, OSError):
        said = {"refused": "damaged"}
    sys.stdout.write(json.dumps(said | {"names": names}))


def _written(book: CalamineWorkbook, target: Path, part: str, skip: int, wanted: list[str]) -> dict[str, Any]:
    names = book.sheet_names
    if part and part not in names:
        return {"refused": "sheet"}
    chosen = part or max(names, key=lambda name: _fit(book.get_sheet_by_name(name), skip, wanted)) if names else ""
    rows = _rows(book.get_sheet_by_name(chosen), skip) if chosen else iter(())
    first = next(rows, None)
    if first is None:
        return {"refused": "empty"}
    stood: list[tuple[int, int]] = []
    with target.open("w", encoding="utf-8", newline="") as out:
        lines, last = csv.writer(out, lineterminator="\n"), 0
        for place, (row, texts) in enumerate(chain([first], rows)):
            if not stood or row != last + 1:
                stood.append((place, row))
            lines.writerow(texts)
            last = row
    return {"name": chosen, "header": first[1], "stood": stood}


def _fit(sheet: CalamineSheet, skip: int, wanted: list[str]) -> tuple[int, int]:
    rows = _rows(sheet, skip)
    _, header = next(rows, (0, []))
    return len(set(wanted) & {cell.strip() for cell in header}), sum(1 for _ in rows) + bool(header)


def _rows(sheet: CalamineSheet, skip: int) -> Iterator[tuple[int, list[str]]]:
    """Header and data rows of one sheet, as text, each with the number that the sheet gives it."""
    start = sheet.start[0] if sheet.start else 0  # rows before the first that holds anything do not count
    filled = (
        (number, texts)
        for number, row in enumerate(islice(sheet.iter_rows(), start + skip, None), start + skip + 1)
        if any(texts := [_text(cell) for cell in row])
    )
    first = list(islice(filled, LOOK_AT))
    return chain(first[0 if skip else _header_at([texts for _, texts in first]) :], filled)


def _header_at(filled: list[list[str]]) -> int:
    """The first row that fills at least half as many cells as the fullest of the first rows."""
    counts = [sum(bool(cell) for cell in row) for row in filled]
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


if __name__ == "__main__":
    main()
