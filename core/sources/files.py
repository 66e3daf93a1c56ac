"""Files as the engine can read them: plain UTF-8 CSV or Parquet, whatever was handed in.

Archives are unpacked and checked to their end, spreadsheets and JSON lines written out as CSV, other encodings turned into
UTF-8. A plain UTF-8 CSV is read where it lies. Nothing here knows what the columns mean.
"""

import codecs
import csv
import hashlib
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import Unreadable
from core.sources import archives, chat, json_lines, sheets
from core.sources.archives import CHUNK, Archive, Progress
from core.sources.encodings import BOMS, detected
from core.sources.text import Broken, Dialect, blank_lines, header, sniffed

SAMPLE = 1 << 20
ODD_SPACES = ("\0", "\t", "\v", "\f", "\u00a0", "\u3000")
FOREIGN = {
    b"7z\xbc\xaf": "7z",
    b"Rar!": "RAR",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"%PDF": "PDF",
}


@dataclass(frozen=True, slots=True)
class Form:
    """What is known of a file beforehand. Empty means: find out. ``part``: sheet of a workbook, member of an archive."""

    part: str = ""
    encoding: str = ""
    delimiter: str = ""
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Readable:
    """A file ready for the engine. ``columns``: its header, made unique. ``broken``: rows that could not even be split.

    ``has_odd_spaces``: cells may begin or end with tabs, line ends, or wide spaces, as exports write them to keep long numbers whole,
    or hold NUL characters; taking those off costs more than plain spaces. ``stood``: where rows of a sheet, of which blank ones were
    left out, stood in it: place (the header is 0) and number of the first, and of each that does not follow the one before it.
    """

    path: Path
    kind: Literal["csv", "parquet"]
    columns: tuple[str, ...]
    sha256: str
    dialect: Dialect = Dialect()  # noqa: RUF009 - frozen
    encoding: str = "utf-8"
    part: str = ""
    broken: tuple[Broken, ...] = ()
    parts: tuple[str, ...] = ()
    has_odd_spaces: bool = True
    stood: tuple[tuple[int, int], ...] = ()


def row_numbers(readable: Readable) -> list[tuple[int, bool]]:
    """Numbers that spreadsheets give to the header of a CSV or a sheet and to each row below, of which a cell may hold several lines, and
    whether it has as many cells as the header. Blank lines have a number as well, and are no rows, except where a single column has
    an empty cell."""
    places = _filled(readable)
    if not readable.stood:
        return [(readable.dialect.skip + place, fits) for place, fits in places]
    marks = dict(readable.stood)
    numbers: list[tuple[int, bool]] = []
    for place, (_, fits) in enumerate(places):
        numbers.append((marks.get(place) or numbers[-1][0] + 1, fits))
    return numbers


def _filled(readable: Readable) -> list[tuple[int, bool]]:
    """Places of rows in a text, from 1, below what is skipped."""
    width = len(readable.columns)
    with readable.path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        for _ in range(readable.dialect.skip):
            lines.readline()
        csv.field_size_limit(1 << 30)
        told = csv.reader(lines, delimiter=readable.dialect.delimiter, quotechar=readable.dialect.quote)
        return [(place, max(len(row), 1) == width) for place, row in enumerate(told, 1) if row or width == 1]


def opened(
    file: Path,
    *,
    folder: Path,
    form: Form = Form(),
    wanted: Collection[str] = (),
    progress: Progress = lambda _bytes: None,
) -> Readable:
    """Make a file readable. What has to be written on the way goes to ``folder``, which the caller removes.

    ``wanted``: columns the mapping names; of several sheets or members the one that has most of them is chosen, of
    equals the largest. Raises ``Unreadable`` when the file cannot be read to its end, naming the last good row.
    """
    if not file.is_file():
        raise Unreadable(f"There is no file {file.name}.", reason="missing", file=file.name, last_row=0)
    try:
        with ThreadPoolExecutor(1) as beside:
            digest = beside.submit(_sha256, file)
            return replace(_opened(file, file, folder, form, wanted, progress), sha256=digest.result())
    except OSError as error:
        raise Unreadable(
            f"{file.name} cannot be read: {error.strerror or error}.", reason="damaged", file=file.name, last_row=0
        ) from error


def _opened(
    file: Path, origin: Path, folder: Path, form: Form, wanted: Collection[str], progress: Progress
) -> Readable:
    with file.open("rb") as stream:
        start = stream.read(8)
    if not start:
        raise Unreadable(
            f"{origin.name} is empty: it has not even a header.", reason="empty", file=origin.name, last_row=0
        )
    if start.startswith(b"\x1f\x8b"):
        return _opened(_gunzipped(file, origin, folder, form, progress), origin, folder, form, wanted, progress)
    if start.startswith(b"PAR1"):
        return _parquet(file, origin)
    if start.startswith(b"\xd0\xcf\x11\xe0") or (start.startswith(b"PK") and sheets.is_workbook(file)):
        return _from_workbook(file, origin, folder, form, wanted)
    if start.startswith(b"PK") or archives.is_tar(file):
        return _from_archive(file, origin, folder, form, wanted, progress)
    for magic, name in FOREIGN.items():
        if start.startswith(magic):
            raise Unreadable(
                f"{origin.name} is a {name} file. Save it as CSV, Excel or Parquet.",
                reason="foreign",
                kind=name,
                file=origin.name,
                last_row=0,
            )
    return _text(file, origin, folder, form)


# -- archives --------------------------------------------------------------------------------------------------------


def _gunzipped(file: Path, origin: Path, folder: Path, form: Form, progress: Progress) -> Path:
    target = folder / "unpacked"
    target = target if not target.exists() else folder / "unpacked-again"
    try:
        archives.gunzipped(file, target, origin.name, progress)
    except archives.Damaged as error:
        raise _cut_off(target, origin, form, str(error)) from error
    return target


def _from_archive(
    file: Path, origin: Path, folder: Path, form: Form, wanted: Collection[str], progress: Progress
) -> Readable:
    """One member, or all days of a chat at once."""
    target = folder / "member"
    try:
        with archives.opened(file) as archive:
            logs = _logs(archive, form)
            if logs:
                return _chat_of(archive, logs, origin, folder, form, progress)
            member, names = _member(archive, origin, form, wanted)
            archives.unpacked(archive, member, target, origin.name, progress)
    except archives.Damaged as error:
        if target.exists():
            raise _cut_off(target, origin, form, str(error)) from error
        raise Unreadable(
            f"{origin.name} is an archive of which no row can be read: {error}.",
            reason="damaged",
            file=origin.name,
            last_row=0,
        ) from error
    inner = replace(form, part="") if form.part == member else form
    readable = _opened(target, origin, folder, inner, wanted, progress)
    return replace(readable, part=readable.part or member, parts=readable.parts or names)


def _member(archive: Archive, origin: Path, form: Form, wanted: Collection[str]) -> tuple[str, tuple[str, ...]]:
    if not archive.members:
        raise Unreadable(
            f"{origin.name} holds no data file ({', '.join(archives.DATA_SUFFIXES)}).",
            reason="no_data",
            file=origin.name,
            last_row=0,
        )
    names = tuple(m.name for m in archive.members)
    if form.part in names:
        return form.part, names
    if len(names) == 1:
        return names[0], names
    best = max(archive.members, key=lambda m: (_fit(_member_columns(archive, m.name, form), wanted), m.size))
    return best.name, names


def _member_columns(archive: Archive, name: str, form: Form) -> tuple[str, ...]:
    """Header of a text member; nothing for other kinds, which are then chosen by size."""
    text = _member_text(archive, name, form)
    return header(text, sniffed(text, form.delimiter, form.skip)) if text else ()


def _member_text(archive: Archive, name: str, form: Form) -> str:
    """Beginning of a text member; empty for other kinds."""
    with archive.open(name) as stream:
        start = stream.read(SAMPLE)
    if start[:2] in (b"PK", b"\x1f\x8b") or start[:4] in (b"PAR1", b"\xd0\xcf\x11\xe0"):
        return ""
    return start.decode(form.encoding or detected(start), errors="replace")


def _logs(archive: Archive, form: Form) -> list[str]:
    """Members that are chat logs, in the order of their names; none where the largest member is something else."""
    names = sorted(m.name for m in archive.members if form.part in ("", m.name))
    largest = max(archive.members, key=lambda m: m.size, default=None)
    if not names or largest is None or not chat.is_chat(_member_text(archive, largest.name, form)):
        return []
    return [name for name in names if chat.is_chat(_member_text(archive, name, form))]


def _chat_of(
    archive: Archive, names: list[str], origin: Path, folder: Path, form: Form, progress: Progress
) -> Readable:
    logs = []
    for number, name in enumerate(names):
        packed = folder / f"log-{number}"
        archives.unpacked(archive, name, packed, origin.name, progress)
        encoding = _known(form.encoding, origin) if form.encoding else _encoding(packed)
        logs.append((name, _in_utf8(packed, origin, folder / f"log-{number}.txt", encoding)))
    return _from_chat(logs, folder, "utf-8")


def _cut_off(target: Path, origin: Path, form: Form, why: str) -> Unreadable:
    last = _complete_rows(target, form)
    return Unreadable(
        f"{origin.name} cannot be read to its end: {why}. The last good row is {last}; nothing was imported.",
        reason="cut",
        file=origin.name,
        last_row=last,
    )


def _complete_rows(target: Path, form: Form) -> int:
    """Data rows of an unpacked beginning of a file; the last one, which may be cut, is not counted."""
    with target.open("rb") as stream:
        start = stream.read(SAMPLE)
    if not start or start[:4] == b"PAR1" or start[:2] == b"PK" or archives.is_tar(target):
        return 0
    encoding = form.encoding or detected(start, is_cut=True)
    text = start.decode(encoding, errors="replace")
    with target.open(encoding=encoding, errors="replace", newline="") as lines:
        if json_lines.is_json(text) or chat.is_chat(text):
            return max(0, sum(1 for _ in lines) - 1)
        dialect = sniffed(text, form.delimiter, form.skip)
        csv.field_size_limit(1 << 30)
        rows = sum(1 for _ in csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote))
    return max(0, rows - 2 - dialect.skip)


# -- workbooks and Parquet -------------------------------------------------------------------------------------------


def _from_workbook(file: Path, origin: Path, folder: Path, form: Form, wanted: Collection[str]) -> Readable:
    target = folder / "sheet.csv"
    sheet = sheets.written(file, target, name=origin.name, part=form.part, skip=form.skip, wanted=wanted)
    return Readable(target, "csv", _unique(sheet.header), "", part=sheet.name, parts=sheet.names, stood=sheet.stood)


def _parquet(file: Path, origin: Path) -> Readable:
    try:
        with pq.ParquetFile(file) as parquet:
            columns = parquet.schema_arrow.names
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        raise Unreadable(
            f"{origin.name} is an incomplete or damaged Parquet file; no row of it can be read.",
            reason="damaged",
            file=origin.name,
            last_row=0,
        ) from error
    return Readable(file, "parquet", tuple(columns), "")


# -- text ------------------------------------------------------------------------------------------------------------


def _text(file: Path, origin: Path, folder: Path, form: Form) -> Readable:
    encoding = _known(form.encoding, origin) if form.encoding else _encoding(file)
    path = _in_utf8(file, origin, folder / "utf-8.csv", encoding)
    with path.open("rb") as stream:
        start = stream.read(SAMPLE)
    text = start.decode("utf-8-sig", errors="replace")
    if chat.is_chat(text):
        return _from_chat([(origin.name, path)], folder, encoding)
    if json_lines.is_json(text):
        return _from_json(path, origin, folder, encoding)
    dialect = sniffed(text, form.delimiter, form.skip)
    dialect = replace(dialect, skip=dialect.skip + blank_lines(text, dialect))
    columns = header(text, dialect)
    if not columns:
        raise Unreadable(
            f"{origin.name} is empty: it has not even a header.", reason="empty", file=origin.name, last_row=0
        )
    return Readable(path, "csv", _unique(columns), "", dialect, encoding, has_odd_spaces=_has_odd_spaces(path, dialect))


def _from_json(path: Path, origin: Path, folder: Path, encoding: str) -> Readable:
    target = folder / "flat.csv"
    columns, broken = json_lines.flattened(path, target, origin.name)
    return Readable(target, "csv", _unique(columns), "", Dialect(), encoding, broken=broken)


def _from_chat(logs: list[tuple[str, Path]], folder: Path, encoding: str) -> Readable:
    target = folder / "chat.csv"
    broken = chat.written(logs, target)
    return Readable(target, "csv", chat.COLUMNS, "", Dialect(), encoding, broken=broken, has_odd_spaces=False)


def _has_odd_spaces(file: Path, dialect: Dialect) -> bool:
    plain = [mark.encode() for mark in ODD_SPACES if mark.isascii() and mark != dialect.delimiter]
    wide = [mark.encode() for mark in ODD_SPACES if not mark.isascii()]
    with file.open("rb") as stream:
        before = b""
        while block := stream.read(CHUNK):
            marks = plain if block.isascii() and not before else plain + wide
            if any(mark in block or mark in before + block[:2] for mark in marks):
                return True
            before = b"" if block[-2:].isascii() else block[-2:]
    return False


def _encoding(file: Path) -> str:
    """UTF-8 when the file is that to its end; otherwise what its beginning or first foreign bytes look like."""
    with file.open("rb") as stream:
        start = stream.read(SAMPLE)
        for name, mark in BOMS.items():
            if start.startswith(mark):
                return name
        if b"\0" in start[:4096]:
            return detected(start)
        decoder = codecs.getincrementaldecoder("utf-8")()
        block, before = start, b""
        while block:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return detected(before[-SAMPLE:] + block)
            before, block = block[-64:], stream.read(CHUNK)
    return "utf-8"


def _known(encoding: str, origin: Path) -> str:
    """One spelling of an encoding; the older Chinese ones are parts of GB18030."""
    try:
        name = codecs.lookup(encoding).name
        b"a".decode(name, "ignore")  # some codecs are not of texts: they unpack, without end if need be
    except (LookupError, ValueError) as error:
        raise Unreadable(
            f"There is no encoding {encoding!r} to read {origin.name} in.",
            reason="encoding_name",
            encoding=encoding,
            file=origin.name,
            last_row=0,
        ) from error
    return {"ascii": "utf-8", "gbk": "gb18030", "gb2312": "gb18030"}.get(name, name)


def _in_utf8(file: Path, origin: Path, target: Path, encoding: str) -> Path:
    """The file itself where it is UTF-8 already."""
    if encoding in ("utf-8", "utf-8-sig"):
        return file
    row = 0
    with file.open("rb") as raw, target.open("w", encoding="utf-8", newline="") as out:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while block := raw.read(CHUNK):
                text = decoder.decode(block)
                row += text.count("\n")
                out.write(text)
            out.write(decoder.decode(b"", final=True))
        except UnicodeError as error:
            raise Unreadable(
                f"{origin.name} is not written in {encoding} throughout. The last good row is before row {row + 1}; "
                "nothing was imported.",
                reason="encoding",
                encoding=encoding,
                file=origin.name,
                last_row=max(0, row - 1),
            ) from error
    return target


def with_plain_line_ends(readable: Readable, folder: Path) -> Readable:
    """The same file with one kind of line end, for those that mix them in a way the engine refuses."""
    target = folder / "lines.csv"
    with (
        readable.path.open(encoding="utf-8-sig", errors="replace", newline=None) as source,
        target.open("w", encoding="utf-8") as out,
    ):
        while block := source.read(CHUNK):
            out.write(block)
    return replace(readable, path=target)


def _fit(columns: Collection[str], wanted: Collection[str]) -> int:
    return len(set(wanted) & {c.strip() for c in columns})


def _unique(columns: Collection[str]) -> tuple[str, ...]:
    """Header cells as names: trimmed, without NUL characters, never empty, never twice."""
    names: list[str] = []
    for number, cell in enumerate(columns, 1):
        first = name = cell.replace("\0", "").strip() or f"column_{number}"
        again = 1
        while name in names:
            again += 1
            name = f"{first}_{again}"
        names.append(name)
    return tuple(names)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
