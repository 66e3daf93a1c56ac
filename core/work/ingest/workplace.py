"""The folder of one running import, for what has to be unpacked. Its lock tells whether that import is still alive.

The kernel drops the lock when the process dies, however it dies; nothing here is trusted to clean up after itself.
"""

import fcntl
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.work.home import Home

LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Workplace:
    """``since``: version of the lake when the work began."""

    name: str
    folder: Path
    since: int


@contextmanager
def opened(home: Home) -> Iterator[Workplace]:
    """A folder of one's own, until the block ends."""
    name = uuid.uuid4().hex
    folder = _root(home) / name
    folder.mkdir(parents=True, mode=0o700)
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield Workplace(name, folder, home.lake.manifests.latest().version)
        finally:
            shutil.rmtree(folder)


def is_alive(home: Home, name: str) -> bool:
    """Whether the import that works in this folder is still running."""
    path = _root(home) / name / LOCK
    if not path.exists():
        return False
    with path.open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def sweep(home: Home) -> int:
    """Remove the folders of imports that died. Returns how many."""
    dead = [path for path in _root(home).glob("*") if path.is_dir() and not is_alive(home, path.name)]
    for path in dead:
        shutil.rmtree(path, ignore_errors=True)  # its owner may have ended, and removed it, at this moment
    return len(dead)


def _root(home: Home) -> Path:
    return home.settings.home / "run" / "imports" / home.world
