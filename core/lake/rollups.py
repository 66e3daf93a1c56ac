"""Rollups: what is read of whole tables again and again, as one Parquet file each. Derived, and rebuildable.

A rollup is named after the versions of the tables it was made of, which are never changed once written: so it is right for every
version of the lake that has them, and for no other. Nothing can be stale, two builders of one rollup make the same rows, and a
rollup is visible when its file has been renamed, or not at all. Where there is none, whoever reads makes it for himself.
"""

import hashlib
import os
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.lake.manifest import Manifest

FOLDER = "_rollups"
FORM = 2
"""Number of the layout of all rollups; those of another one are not read, and swept."""
GRACE_S = 3600.0
"""How long a rollup that the newest version does not use stays, for pages that still look at an older one."""


class Rollups:
    """The rollups of one lake. Cheap to make; safe with any number of processes."""

    def __init__(self, lake_root: Path) -> None:
        self.folder = lake_root / FOLDER

    def find(self, name: str) -> Path | None:
        """A rollup's file, if it is there and whole."""
        path = self.folder / f"{name}.parquet"
        try:
            pq.read_metadata(path)
        except (OSError, pa.ArrowInvalid):
            return None
        return path

    def publish(self, name: str, write: Callable[[Path], object]) -> None:
        """Make a rollup visible that ``write`` puts into the file it is given."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".{name}.{uuid.uuid4().hex}"
        try:
            write(draft)
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            draft.rename(self.folder / f"{name}.parquet")
        finally:
            draft.unlink(missing_ok=True)

    def sweep(self, used: Iterable[str], grace_s: float = GRACE_S) -> int:
        """Remove rollups that are not ``used`` and what killed builders left, when they are older than ``grace_s``. Returns how
        many files went."""
        if not self.folder.exists():
            return 0
        kept = {f"{name}.parquet" for name in used}
        old = [p for p in self.folder.iterdir() if p.name not in kept and time.time() - p.stat().st_mtime > grace_s]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def named(kind: str, manifest: Manifest, tables: Sequence[str], *rules: str) -> str:
    """Name of a rollup made of these tables of a version of the lake, by rules that its rows depend on."""
    parts = [
        str(FORM),
        kind,
        manifest.lake_id,
        *rules,
        *(f"{table} {manifest.tables.get(table, -1)}" for table in tables),
    ]
    return f"{kind}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:24]}"
