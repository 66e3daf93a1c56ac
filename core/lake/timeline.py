"""The timeline: the moments of a lake sorted by person and time, in memory-mapped arrays. Derived, and rebuildable.

A *moment* is a row of a fact table that can be a step (events, orders, touches …). A *run* holds the moments of a set of
Parquet files of one table, sorted by member, identity, time and row. It is named after these files, which are never
changed once written: so a run is right for every version of the lake that has all of its files, and for no other. Nothing
can be stale, two builders of one run make the same run, and a run is visible when its folder has been renamed, or not at
all. A version is *covered* when runs exist that together hold each of its files once; where it is not, whoever reads scans
the files themselves.
"""

import hashlib
import json
import os
import shutil
import time
import uuid
import zlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

FOLDER = "_timeline"
ABOUT = "run.json"
FORM = 3
"""Number of the layout; runs of another one are not read, and swept."""
GRACE_S = 3600.0
"""How long a run that the newest version does not use stays, for pages that still look at an older one."""

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class About:
    """What a run holds. ``files``: names of its Parquet files. ``values``: per column of codes, what each code stands for;
    a column that is absent holds nothing. ``first_at``, ``last_at``: microseconds since 1970. ``sums``: size and check sum of
    each array's file; empty while the run is a draft."""

    form: int
    table: str
    files: tuple[str, ...]
    moments: int
    first_at: int
    last_at: int
    values: Mapping[str, tuple[str, ...]]
    sums: Mapping[str, tuple[int, int]]


class Run:
    """One run, its arrays mapped when they are first asked for. Safe between threads; arrays are read-only.

    Grain of ``key``: one segment, the identity whose moments these are; ``offset`` has one more. Grain of the others: one
    moment. ``name``: code of the event's name. ``row``: order within the sources. Codes are -1 where there is no value.
    """

    def __init__(self, folder: Path, about: About) -> None:
        self.folder = folder
        self.about = about
        self.id = folder.name

    @cached_property
    def key(self) -> Array:
        return self._mapped("key")

    @cached_property
    def offset(self) -> Array:
        return self._mapped("offset")

    @cached_property
    def at(self) -> Array:
        return self._mapped("at")

    @cached_property
    def name(self) -> Array:
        return self._mapped("name")

    @cached_property
    def row(self) -> Array:
        return self._mapped("row")

    @property
    def names(self) -> tuple[str, ...]:
        return self.about.values["name"]

    def codes(self, column: str) -> Array:
        """Codes of a column that ``about.values`` names."""
        return self._mapped(column)

    def amounts(self) -> Array:
        """Money of each moment in the smallest unit; only runs of orders have it."""
        return self._mapped("amount")

    @property
    def has_amounts(self) -> bool:
        return (self.folder / "amount.npy").exists()

    def is_intact(self) -> bool:
        """Whether every array's file holds what was once written. Reads all of them."""
        try:
            return all(_sum(self.folder / f"{name}.npy") == tuple(found) for name, found in self.about.sums.items())
        except OSError:
            return False

    def _mapped(self, name: str) -> Array:
        return np.asarray(np.load(self.folder / f"{name}.npy", mmap_mode="r"))


class Draft:
    """A run in the making: a folder of arrays that nobody reads until it is published. Gone at the end of the block."""

    def __init__(self, timeline: "Timeline") -> None:
        self.folder = timeline.folder / f".new-{uuid.uuid4().hex}"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def put(self, name: str, array: Array) -> None:
        """Write an array as it is."""
        np.save(self.folder / f"{name}.npy", np.ascontiguousarray(array))

    def room(self, name: str, dtype: npt.DTypeLike, size: int) -> Array:
        """An array to be filled in place."""
        return np.lib.format.open_memmap(self.folder / f"{name}.npy", "w+", np.dtype(dtype), (size,))

    def run(self, table: str, files: Iterable[str], values: Mapping[str, Sequence[str]]) -> Run:
        """The run, of ``key offset at name row``, a column of codes for every other name in ``values``, and perhaps
        ``amount``."""
        names = tuple(sorted(Path(file).name for file in files))
        kept = {name: tuple(found) for name, found in values.items()}
        at = np.load(self.folder / "at.npy", mmap_mode="r")
        first, last = (int(at.min()), int(at.max())) if at.size else (0, 0)
        return Run(self.folder, About(FORM, table, names, int(at.size), first, last, kept, {}))


class Timeline:
    """The runs of one lake. Cheap to make; safe with any number of processes."""

    def __init__(self, lake_root: Path) -> None:
        self.folder = lake_root / FOLDER

    def runs(self) -> list[Run]:
        """All runs there are that are whole; a damaged one counts as missing, and is made anew."""
        if not self.folder.exists():
            return []
        found = [_whole(path) for path in self.folder.iterdir() if path.name[0] != "."]
        return [run for run in found if run is not None]

    def cover(self, table: str, files: Iterable[str]) -> tuple[list[Run], set[str]]:
        """Runs that together hold the files, each once, the one of the most files first; and the files that no run holds."""
        open_files = {Path(file).name for file in files}
        chosen: list[Run] = []
        candidates = [run for run in self.runs() if run.about.table == table]
        for run in sorted(candidates, key=lambda run: (-len(run.about.files), run.id)):
            if open_files.issuperset(run.about.files):
                chosen.append(run)
                open_files.difference_update(run.about.files)
        return chosen, open_files

    def publish(self, run: Run) -> None:
        """Make a draft visible. Another process may have made the same run before; then nothing happens."""
        target = self.folder / _id(run.about.table, run.about.files)
        if target.exists():
            if _whole(target) is not None:
                return
            shutil.rmtree(target, ignore_errors=True)
        names = [path.stem for path in run.folder.glob("*.npy")]
        with ThreadPoolExecutor(2, thread_name_prefix="timeline") as pool:
            sums = dict(zip(names, pool.map(lambda name: _settled(run.folder / f"{name}.npy"), names), strict=True))
        about = asdict(run.about) | {"sums": sums}
        (run.folder / ABOUT).write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
        try:
            run.folder.rename(target)
        except OSError:
            if not target.exists():
                raise

    def sweep(self, used: Iterable[Run], there: set[str], grace_s: float = GRACE_S) -> int:
        """Remove runs that hold a file which is no longer ``there`` (its rows were erased) or that are damaged at once, and
        those that are not ``used`` and what killed builders left when they are older than ``grace_s``. Returns how many went."""
        if not self.folder.exists():
            return 0
        kept = {run.id for run in used}
        known = {run.id: run for run in self.runs()}
        removed = 0
        for path in list(self.folder.iterdir()):
            run = known.get(path.name)
            is_wrong = run is not None and not (there.issuperset(run.about.files) and run.is_intact())
            is_old = path.name not in kept and time.time() - path.stat().st_mtime > grace_s
            if is_wrong or is_old:
                shutil.rmtree(path, ignore_errors=True)
                removed += 1
        return removed

    @property
    def stamp(self) -> int:
        """Another number whenever a run came or went; 0 while there is none."""
        return self.folder.stat().st_mtime_ns if self.folder.exists() else 0


class _Damaged(Exception):
    """Not raised out of this module."""


def _whole(folder: Path) -> Run | None:
    """A run by its folder, None when it is damaged, of another form, or swept while we looked."""
    try:
        return _opened(str(folder), folder.stat().st_ino)
    except (OSError, _Damaged):
        return None


@lru_cache(maxsize=1024)
def _opened(folder: str, _inode: int) -> Run:
    """A run that is whole. Only these are kept: a damaged one that was made anew may have the inode of the one before."""
    try:
        body = json.loads((Path(folder) / ABOUT).read_text(encoding="utf-8"))
        if body["form"] != FORM:
            raise _Damaged(folder)
        values = {name: tuple(found) for name, found in body["values"].items()}
        about = About(**body | {"files": tuple(body["files"]), "values": values})
        is_whole = all((Path(folder) / f"{name}.npy").stat().st_size == size for name, (size, _) in about.sums.items())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _Damaged(folder) from error
    if not is_whole:
        raise _Damaged(folder)
    return Run(Path(folder), about)


def _id(table: str, names: Sequence[str]) -> str:
    digest = hashlib.blake2b("\n".join([str(FORM), table, *names]).encode(), digest_size=16)
    return f"{table}-{digest.hexdigest()}"


def _settled(path: Path) -> tuple[int, int]:
    """See to it that a file reaches the disk: after a power cut a renamed folder must not hold files of zeros. Its sum."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return _sum(path)


def _sum(path: Path) -> tuple[int, int]:
    """Size and check sum of a file."""
    size = found = 0
    with path.open("rb") as file:
        while block := file.read(2**20):
            size, found = size + len(block), zlib.crc32(block, found)
    return size, found
