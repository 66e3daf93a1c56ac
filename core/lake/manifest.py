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
        self._known = EMPTY

    def latest(self) -> Manifest:
        """The newest version. Costs one look at the disk when nothing has changed."""
        if self._known.version and not self._path(self._known.version).exists():
            self._known = EMPTY  # the world was removed and made anew
        if not self._known.version:
            self._known = self._newest_listed()
        while self._path(self._known.version + 1).exists():
            self._known = self._read(self._known.version + 1)
        return self._known

    def at(self, version: int) -> Manifest:
        """A past version. Raises ``VersionGone`` when there is none of that number."""
        if version == 0:
            return EMPTY
        if not self._path(version).exists():
            raise VersionGone(f"The lake has no version {version}.", version=version)
        return self._read(version)

    def log(self) -> list[Manifest]:
        """All versions, newest first."""
        return [self._read(number) for number in sorted(self._numbers(), reverse=True)]

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
        return [int(path.stem) for path in self._folder.glob("[0-9]*.json")]

    def _newest_listed(self) -> Manifest:
        numbers = self._numbers()
        return self._read(max(numbers)) if numbers else EMPTY

    def _read(self, version: int) -> Manifest:
        body = json.loads(self._path(version).read_text(encoding="utf-8"))
        return Manifest(**body | {"at": datetime.fromisoformat(body["at"])})
