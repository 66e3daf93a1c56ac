"""Rejected rows: kept encrypted with their reasons and original cells, so that they can be fixed and imported again.

A file is a magic word, a random prefix, and chunks of AES-256-GCM over a gzip'ed CSV. Every chunk is bound to its batch, its place
and whether it is the last, so that none can be moved, dropped or cut off unseen.
"""

import csv
import gzip
import io
import os
import re
import secrets
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import ibis.expr.types as ir
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import Unknown, WrongKey
from core.lake.engine.duckdb import Cursor
from core.lake.reader import Snapshot
from core.privacy.pseudonyms import Keys
from core.scope import Operator
from core.sources.text import Broken
from core.store import audit
from core.work.home import Home
from core.work.ingest.draft import BETWEEN
from core.work.ingest.staging import REASON, ROW, STARTS, Staged

MAGIC = b"SIYUREJ1"
PREFIX = 8
CHUNK = 1 << 18
PURPOSE = "rejects"
LENGTH = struct.Struct(">I")
ROWS_AT_ONCE = 50_000
FORMULA = re.compile(f"^'*[{STARTS}]")
"""What spreadsheets take for the start of a formula, wide signs included, and what was marked so before."""


def path(home: Home, batch_id: int) -> Path:
    return home.settings.rejects(home.world) / f"{batch_id}.rejects"


def remove(home: Home, batch_id: int) -> None:
    """Forget the rejected rows of a batch that came to nothing, those half written as well."""
    path(home, batch_id).unlink(missing_ok=True)
    path(home, batch_id).with_suffix(".new").unlink(missing_ok=True)


def write(home: Home, batch_id: int, cursor: Cursor, staged: Staged, refused: ir.Table | None) -> Path:
    """Keep the rejected rows of a batch, in the order of the file. ``refused``: ``row_number, reasons``."""
    target = path(home, batch_id)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".new")
    with (
        draft.open("wb") as raw,
        _Sealed(raw, home.keys, batch_id) as sealed,
        gzip.open(sealed, "wt", encoding="utf-8", newline="") as out,
    ):  # type: ignore[call-overload]
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([ROW, REASON, *staged.header])
        writer.writerows(_in_order(_refused(cursor, staged, refused), staged.broken, staged))
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.replace(target)
    return target


def read(home: Home, batch_id: int) -> bytes:
    """The rejected rows of a batch as CSV. Raises ``Unknown`` when it has none, ``WrongKey`` when the file was changed."""
    file = path(home, batch_id)
    if not file.exists():
        raise Unknown("rejects file", str(batch_id))
    return gzip.decompress(b"".join(_opened(file, home.keys, batch_id)))


def download(home: Home, batch_id: int, operator: Operator, *, now: datetime) -> bytes:
    """The same for a person, who must be allowed to; audited. Columns ``_row`` and ``_reason`` come first; behind them stand the
    original cells. One that a spreadsheet would take for a formula has an apostrophe before it, which an import of the fixed file
    takes off again (``staging``)."""
    operator.require("rejects.download")
    content = _harmless(read(home, batch_id))
    with home.store.transaction() as session:
        audit.append(session, operator, "rejects.downloaded", f"batch:{batch_id}", {"bytes": len(content)}, now=now)
    return content


def _harmless(content: bytes) -> bytes:
    rows = csv.reader(io.StringIO(content.decode(), newline=""))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(next(rows))
    writer.writerows([FORMULA.sub("'\\g<0>", cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def first_reasons(snapshot: Snapshot, refused: ir.Table, broken: Iterable[Broken]) -> dict[str, int]:
    """Rejected rows per first reason, the most frequent first."""
    counted: Counter[str] = Counter(row.reason for row in broken)
    for row in snapshot.arrow(refused.group_by("reasons").aggregate(n=refused.count())).to_pylist():
        counted[row["reasons"].split(BETWEEN)[0]] += row["n"]
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _refused(
    cursor: Cursor, staged: Staged, refused: ir.Table | None
) -> Iterator[tuple[int, str, Sequence[str | None]]]:
    if refused is None:
        return
    rows = staged.rows.inner_join(refused, "row_number").order_by("row_number")
    cells = list(staged.cells.values())
    for batch in cursor.backend.to_pyarrow_batches(
        rows.select("row_number", "reasons", *cells), chunk_size=ROWS_AT_ONCE
    ):
        columns = [column.to_pylist() for column in batch.columns]
        for number, reasons, *texts in zip(*columns, strict=True):
            yield number, reasons, texts


def _in_order(
    refused: Iterable[tuple[int, str, Sequence[str | None]]], broken: Sequence[Broken], staged: Staged
) -> Iterator[list[Any]]:
    waiting = list(reversed(broken))
    for number, reasons, texts in refused:
        while waiting and waiting[-1].row_number < number:
            yield _broken(waiting.pop(), staged)
        yield [number, reasons, *texts]
    while waiting:
        yield _broken(waiting.pop(), staged)


def _broken(row: Broken, staged: Staged) -> list[Any]:
    """As many cells as could be made out; a row that cannot be split stands in one cell."""
    if row.reason in ("row.too_few_cells", "row.too_many_cells"):
        return [row.row_number, row.reason, *next(csv.reader([row.text], delimiter=staged.delimiter), [])]
    return [row.row_number, row.reason, row.text]


# -- sealing ---------------------------------------------------------------------------------------------------------


class _Sealed(io.RawIOBase):
    """Writes what it is given as encrypted chunks."""

    def __init__(self, raw: IO[bytes], keys: Keys, batch_id: int) -> None:
        self._raw, self._batch_id = raw, batch_id
        self._cipher = AESGCM(keys.derived(PURPOSE))
        self._prefix = secrets.token_bytes(PREFIX)
        self._held, self._number = bytearray(), 0
        raw.write(MAGIC + self._prefix)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        while len(self._held) > CHUNK:
            self._seal(bytes(self._held[:CHUNK]), False)
            del self._held[:CHUNK]
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._seal(bytes(self._held), True)
            self._raw.flush()
        super().close()

    def _seal(self, plain: bytes, is_last: bool) -> None:
        nonce, label = _place(self._prefix, self._number, self._batch_id, is_last)
        chunk = self._cipher.encrypt(nonce, plain, label)
        self._raw.write(LENGTH.pack(len(chunk)) + chunk)
        self._number += 1


def _opened(file: Path, keys: Keys, batch_id: int) -> Iterator[bytes]:
    cipher = AESGCM(keys.derived(PURPOSE))
    data = file.read_bytes()
    prefix, position, number = data[len(MAGIC) : len(MAGIC) + PREFIX], len(MAGIC) + PREFIX, 0
    is_last = False
    while not is_last:
        if len(data) < position + LENGTH.size:
            raise WrongKey(f"{file.name} was cut off.")
        (length,) = LENGTH.unpack_from(data, position)
        chunk = data[position + LENGTH.size : position + LENGTH.size + length]
        position += LENGTH.size + length
        is_last = position >= len(data)
        nonce, label = _place(prefix, number, batch_id, is_last)
        try:
            yield cipher.decrypt(nonce, chunk, label)
        except InvalidTag as error:
            raise WrongKey(f"{file.name} was changed, or belongs to another home.") from error
        number += 1


def _place(prefix: bytes, number: int, batch_id: int, is_last: bool) -> tuple[bytes, bytes]:
    return prefix + LENGTH.pack(number), f"{batch_id}:{number}:{'last' if is_last else 'more'}".encode()
