"""What many questions read of a version of the lake and nobody wants to read twice."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Concatenate, ParamSpec, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from core.lake.reader import Snapshot
from core.lake.rollups import Rollups, named

P = ParamSpec("P")
T = TypeVar("T")


def per_version(
    *tables: str, most: int = 8
) -> Callable[[Callable[Concatenate[Snapshot, P], T]], Callable[Concatenate[Snapshot, P], T]]:
    """Keep what a function says of a snapshot, per lake and version of the tables it reads, and per further arguments, which are
    hashable; the ``most`` last used.

    What it says is shared between threads and must not be changed.
    """

    def keeping(read: Callable[Concatenate[Snapshot, P], T]) -> Callable[Concatenate[Snapshot, P], T]:
        kept: OrderedDict[tuple[object, ...], T] = OrderedDict()
        lock = threading.Lock()

        @wraps(read)
        def said(snapshot: Snapshot, *others: P.args, **named: P.kwargs) -> T:
            manifest = snapshot.manifest
            key = (
                str(snapshot.root), manifest.lake_id, *(manifest.tables.get(table, -1) for table in tables), *others, *named.items(),
            )  # fmt: skip
            with lock:
                if key in kept:
                    kept.move_to_end(key)
                    return kept[key]
            found = read(snapshot, *others, **named)
            with lock:
                kept[key] = found
                while len(kept) > most:
                    kept.popitem(last=False)
            return found

        return said

    return keeping


# -- kept beside the lake ----------------------------------------------------------------------------------------------

FOLDER = "_members"
"""Folder of a lake with what is told of all its members."""


@dataclass
class Files:
    """Names of those asked for, and how many of them were made."""

    used: set[str] = field(default_factory=set)
    made: int = 0

    def keep(self, folder: Rollups, name: str, table: pa.Table) -> None:
        self.used.add(name)
        if folder.find(name) is None:
            folder.publish(name, partial(pq.write_table, table, compression="zstd"))
            self.made += 1


_files: ContextVar[Files | None] = ContextVar("files", default=None)


def filed(
    kind: str, *tables: str, most: int = 4
) -> Callable[[Callable[Concatenate[Snapshot, P], pa.Table]], Callable[Concatenate[Snapshot, P], pa.Table]]:
    """As ``per_version``, and read from a file beside the lake where ``filing`` has put it there, so that a process that begins does not
    make it anew. ``kind`` names the rows and the form they are in: another meaning needs another name. Further arguments are told
    apart by how they print."""

    def keeping(read: Callable[Concatenate[Snapshot, P], pa.Table]) -> Callable[Concatenate[Snapshot, P], pa.Table]:
        def place(snapshot: Snapshot, *others: P.args, **more: P.kwargs) -> tuple[Rollups, str]:
            rules = map(repr, (*others, *more.items()))
            return Rollups(snapshot.root / FOLDER), named(kind, snapshot.manifest, tables, *rules)

        @per_version(*tables, most=most)
        def found(snapshot: Snapshot, *others: P.args, **more: P.kwargs) -> pa.Table:
            folder, name = place(snapshot, *others, **more)
            file = folder.find(name)
            return read(snapshot, *others, **more) if file is None else pq.read_table(file)

        @wraps(read)
        def said(snapshot: Snapshot, *others: P.args, **more: P.kwargs) -> pa.Table:
            table, files = found(snapshot, *others, **more), _files.get()
            if files is not None:
                files.keep(*place(snapshot, *others, **more), table)
            return table

        return said

    return keeping


@contextmanager
def filing(snapshot: Snapshot) -> Iterator[Files]:
    """Whatever is ``filed`` and asked for inside is kept as a file; afterwards files that were not asked for go, when they are old."""
    files = Files()
    token = _files.set(files)
    try:
        yield files
    finally:
        _files.reset(token)
    Rollups(snapshot.root / FOLDER).sweep(files.used)
