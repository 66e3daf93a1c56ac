"""The visible versions of a lake: one small file per batch, made at once or not at all.

A manifest says which version of every Delta table belongs together. Readers see tables only through it, so a batch that
touches several tables appears as one, whatever process dies in between.
"""

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from core.errors import VersionGone

FOLDER = "_manifest"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Version ``version`` of the lake, and its entry in the update log.

    ``tables``: Delta version per table. ``kind``: start, import, rollback, identity, names, compact, demo. ``lake_id`` tells a
    lake from another one that was made in the same place after the first was removed.
    """

    version: int
    at: datetime
    kind: str
    tables: dict[str, int]
    lake_id: str = ""
    batch_id: int | None = None
    note: dict[str, object] = field(default_factory=dict)


EMPTY = Manifest(0, datetime(1970, 1, 1, tzinfo=UTC), "start", {})


class Manifests:
    """The folder of manifests of one lake."""

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER
        self._known: tuple[Manifest, _File | None] = EMPTY, None

    def latest(self) -> Manifest:
        """The newest version. Costs two looks at the disk when nothing has changed."""
        known, file = self._known
        if file is None or _file(self._path(known.version)) != file:
            known, file = self._newest_listed()  # at first, or because the world was removed and made anew
        while following := _file(self._path(known.version + 1)):
            known, file = self._read(known.version + 1), following
        self._known = known, file
        return known

    def at(self, version: int) -> Manifest:
        """A past version. Raises ``VersionGone`` when there is none of that number."""
        if version == 0:
            return EMPTY
        if not self._path(version).exists():
            raise VersionGone(f"The lake has no version {version}.", version=version)
        return self._read(version)

    def log(self, since: int = 0) -> list[Manifest]:
        """All versions after ``since``, newest first."""
        numbers = range(since + 1, self.latest().version + 1) if since else sorted(self._numbers())
        return [self._read(number) for number in reversed(numbers) if not since or self._path(number).exists()]

    def commit(self, manifest: Manifest) -> None:
        """Make a version visible. Raises ``FileExistsError`` when another writer made that version first."""
        self._folder.mkdir(parents=True, exist_ok=True)
        body = asdict(manifest) | {"at": manifest.at.isoformat()}
        with tempfile.NamedTemporaryFile("w", dir=self._folder, prefix=".new-", delete=False, encoding="utf-8") as file:
            json.dump(body, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(file.name, self._path(manifest.version))
        finally:
            Path(file.name).unlink()
        directory = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _path(self, version: int) -> Path:
        return self._folder / f"{version:012d}.json"

    def _numbers(self) -> list[int]:
        try:
            names = [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            return []
        return [int(name.removesuffix(".json")) for name in names if name[0].isdigit() and name.endswith(".json")]

    def _newest_listed(self) -> "tuple[Manifest, _File | None]":
        newest = max(self._numbers(), default=0)
        return (self._read(newest), _file(self._path(newest))) if newest else (EMPTY, None)

    def _read(self, version: int) -> Manifest:
        body = json.loads(self._path(version).read_text(encoding="utf-8"))
        return Manifest(**body | {"at": datetime.fromisoformat(body["at"])})


_File = tuple[int, int]
"""Inode and time of a file: those of a manifest never change, and another one in its place has others."""


def _file(path: Path) -> _File | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns
