"""Files brought into small homes, for tests of imports."""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.app import House
from core.scope import SYSTEM
from core.settings import PROJECT, Settings
from core.work.home import Home
from core.work.ingest import importing, library
from core.work.ingest.importing import Imported
from core.work.ingest.mapping import Mapping, from_json

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
SHARED = PROJECT.parent / "shared" / "data"
ONLINE_RETAIL = SHARED / "online_retail" / "online_retail_all.csv.gz"
ECOM = SHARED / "retentioneering_ecom" / "ecom.csv.gz"
UBUNTU_IRC = SHARED / "ubuntu_irc" / "days.tar.gz"


def shared(path: Path) -> Path:
    """A public data set, or a skip where it is not beside the project."""
    if not path.exists():
        pytest.skip(f"the public data set {path.name} is not beside this project (../shared/data)")
    return path


@contextmanager
def empty_home(folder: Path) -> Iterator[Home]:
    home = House(Settings(home=folder)).live
    try:
        yield home
    finally:
        home.store.close()
        shutil.rmtree(folder / "live", ignore_errors=True)


def mapping(table: str = "events", **parts: Any) -> Mapping:
    """A mapping of the source ``shop`` whose file has columns ``time``, ``what``, ``who`` unless ``parts`` say otherwise."""
    plain = (
        {"columns": {"occurred_at": "time", "name": "what"}, "identities": {"user_id": "who"}}
        if table == "events"
        else {}
    )
    return from_json({"table": table, "source": "shop"} | plain | parts)


def order_lines(**parts: Any) -> Mapping:
    """Columns ``no, time, sku, qty, price, who``."""
    columns = {"order_no": "no", "occurred_at": "time", "product_id": "sku", "quantity": "qty", "unit_price": "price"}
    return mapping("order_lines", **{"columns": columns, "identities": {"customer_no": "who"}} | parts)


def bring(home: Home, content: str | bytes | Path, by: Mapping, *, name: str = "file.csv", **options: Any) -> Imported:
    """Import a text, bytes, or a file."""
    file = content if isinstance(content, Path) else home.settings.home / name
    if not isinstance(content, Path):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return importing.import_file(
        home, file, by.table, by, **{"operator": SYSTEM, "now": NOW, "is_named": True} | options
    )


def named(home: Home, name: str) -> Mapping:
    return library.find(home, name).mapping


def facts(home: Home, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Rows of a table in the order of their files."""
    with home.lake.open() as snapshot:
        rows = snapshot.table(table).order_by("batch_id", "row_number")
        return [tuple(row.values()) for row in snapshot.arrow(rows.select(*columns)).to_pylist()]


@contextmanager
def failing_disk(monkeypatch: pytest.MonkeyPatch, *, is_folder: bool) -> Iterator[None]:
    """The disk has no room left when a file (before a version of the lake is seen) or a folder (after it) is made sure of."""
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) == is_folder:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        yield


def counts(done: Imported) -> tuple[int, int, int, int]:
    return done.read, done.accepted, done.duplicate, done.rejected
