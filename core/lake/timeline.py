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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FOLDER = "_timeline"
ABOUT = "run.json"
FORM = 2
"""Number of the layout; runs of another one are not read, and swept."""
GRACE_S = 3600.0
"""How long a run that the newest version does not use stays, for pages that still look at an older one."""

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class About:
    """What a run holds. ``files``: names of its Parquet files. ``values``: per column of codes, what each code stands for;
    a column that is absent holds nothing. ``first_at``, ``last_at``: microseconds since 1970. ``sizes``: bytes per array's file."""

    form: int
    table: str
    month: str
    files: tuple[str, ...]
    moments: int
    first_at: int
    last_at: int
    values: Mapping[str, tuple[str, ...]]
    sizes: Mapping[str, int]


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

    def _mapped(self, name: str) -> Array:
        return np.asarray(np.load(self.folder / f"{name}.npy", mmap_mode="r"))


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
        """Runs that together hold the files, each once, in order of month; and the files that no run holds."""
        open_files = {Path(file).name for file in files}
        chosen: list[Run] = []
        candidates = [run for run in self.runs() if run.about.table == table]
        for run in sorted(candidates, key=lambda run: (-len(run.about.files), run.id)):
            if open_files.issuperset(run.about.files):
                chosen.append(run)
                open_files.difference_update(run.about.files)
        return sorted(chosen, key=lambda run: (run.about.month, -len(run.about.files), run.id)), open_files

    def write(
        self,
        table: str,
        month: str,
        files: Sequence[str],
        arrays: Mapping[str, Array],
        values: Mapping[str, Sequence[str]],
    ) -> None:
        """Make a run. ``arrays``: ``key offset at name row``, a column of codes for every other name in ``values``, and
        perhaps ``amount``. Another process may have made it before; then nothing happens."""
        names = tuple(sorted(Path(file).name for file in files))
        target = self.folder / _id(table, names)
        if target.exists():
            if _whole(target) is not None:
                return
            shutil.rmtree(target, ignore_errors=True)
        new = self.folder / f".new-{uuid.uuid4().hex}"
        new.mkdir(parents=True)
        at = arrays["at"]
        first, last = (int(at.min()), int(at.max())) if at.size else (0, 0)
        for name, array in arrays.items():
            with (new / f"{name}.npy").open("wb") as file:
                np.save(file, np.ascontiguousarray(array))
                file.flush()
                os.fsync(file.fileno())  # after a power cut a renamed folder must not hold files of zeros
        sizes = {name: (new / f"{name}.npy").stat().st_size for name in arrays}
        kept = {name: tuple(found) for name, found in values.items()}
        about = About(FORM, table, month, names, int(at.size), first, last, kept, sizes)
        (new / ABOUT).write_text(json.dumps(asdict(about), ensure_ascii=False), encoding="utf-8")
        try:
            new.rename(target)
        except OSError:
            shutil.rmtree(new, ignore_errors=True)
            if not target.exists():
                raise

    def sweep(self, used: Iterable[Run], there: set[str], grace_s: float = GRACE_S) -> int:
        """Remove runs that hold a file which is no longer ``there`` (its rows were erased) at once, and those that are not
        ``used`` and what killed builders left when they are older than ``grace_s``. Returns how many went."""
        if not self.folder.exists():
            return 0
        kept = {run.id for run in used}
        known = {run.id: run for run in self.runs()}
        removed = 0
        for path in list(self.folder.iterdir()):
            run = known.get(path.name)
            is_erased = run is not None and not there.issuperset(run.about.files)
            is_old = path.name not in kept and time.time() - path.stat().st_mtime > grace_s
            if is_erased or is_old:
                shutil.rmtree(path, ignore_errors=True)
                removed += 1
        return removed


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
        is_whole = all((Path(folder) / f"{name}.npy").stat().st_size == size for name, size in about.sizes.items())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _Damaged(folder) from error
    if not is_whole:
        raise _Damaged(folder)
    return Run(Path(folder), about)


def _id(table: str, names: Sequence[str]) -> str:
    digest = hashlib.blake2b("\n".join([str(FORM), table, *names]).encode(), digest_size=16)
    return f"{table}-{digest.hexdigest()}"
