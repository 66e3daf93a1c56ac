"""Archives: what lies in a ZIP or TAR file, and unpacking it to its end."""

import gzip
import io
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, cast

from core.errors import Unreadable

CHUNK = 1 << 22
SPARE_DISK = 1 << 30
"""Bytes that unpacking leaves free on the disk, so that a small archive cannot fill it."""
DATA_SUFFIXES = (
    ".csv", ".tsv", ".txt", ".log", ".json", ".jsonl", ".ndjson", ".xlsx", ".xls", ".parquet", ".gz",
)  # fmt: skip

Progress = Callable[[int], None]


class Damaged(Exception):
    """Packed data that ends early, has a wrong checksum, or cannot be unpacked here; what came before it was written."""


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    size: int


class Archive(Protocol):
    """``members``: the data files in it, in its own order."""

    members: tuple[Member, ...]

    def open(self, name: str) -> IO[bytes]: ...


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        found = [m for m in archive.infolist() if not m.is_dir() and _is_data(m.filename)]
        self.members = tuple(Member(m.filename, m.file_size) for m in found)

    def open(self, name: str) -> IO[bytes]:
        return self._archive.open(name)


class _Tar:
    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._found = {m.name: m for m in archive.getmembers() if m.isfile() and _is_data(m.name)}
        self.members = tuple(Member(m.name, m.size) for m in self._found.values())

    def open(self, name: str) -> IO[bytes]:
        stream = self._archive.extractfile(self._found[name])
        assert stream is not None  # only files are members
        return stream


def is_tar(file: Path) -> bool:
    """Whether a file that is not compressed holds others."""
    with file.open("rb") as stream:
        return stream.read(512)[257:262] == b"ustar"


@contextmanager
def opened(file: Path) -> Iterator[Archive]:
    """A ZIP or TAR file. Raises ``Damaged``, here and in what is read inside the block."""
    try:
        if is_tar(file):
            with tarfile.open(file, "r:") as tar:
                yield _Tar(tar)
        else:
            with zipfile.ZipFile(file) as packed:
                yield _Zip(packed)
    except (zipfile.BadZipFile, tarfile.TarError, UnicodeDecodeError) as error:
        raise Damaged("its compressed data is damaged") from error
    except (EOFError, zlib.error) as error:
        raise Damaged("its compressed data ends early or is damaged") from error
    except (RuntimeError, NotImplementedError) as error:
        raise Damaged(f"it cannot be unpacked: {error}") from error


def unpacked(archive: Archive, name: str, target: Path, origin: str, progress: Progress) -> None:
    """Write one member. Raises ``Unreadable`` where the disk has no room for it."""
    with archive.open(name) as stream, target.open("wb") as out:
        _copy(cast(io.BufferedIOBase, stream), out, target.parent, origin, progress)


def gunzipped(file: Path, target: Path, origin: str, progress: Progress) -> None:
    """Unpacked to the end: a wrong checksum or a missing end is found here, before anything is imported."""
    try:
        with gzip.open(file, "rb") as packed, target.open("wb") as out:
            _copy(packed, out, target.parent, origin, progress)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Damaged("its compressed data ends early or is damaged") from error


def _is_data(name: str) -> bool:
    return not name.startswith("__MACOSX/") and name.lower().endswith(DATA_SUFFIXES)


def _copy(source: io.BufferedIOBase, target: IO[bytes], folder: Path, origin: str, progress: Progress) -> None:
    """``read1`` hands out what there is before it raises, so that all of a cut file reaches the target."""
    done = looked_at = 0
    while block := source.read1(CHUNK):
        if done >= looked_at and shutil.disk_usage(folder).free < SPARE_DISK:
            raise Unreadable(
                f"There is not enough room on the disk to unpack {origin}.", reason="room", file=origin, last_row=0
            )
        target.write(block)
        done += len(block)
        if done >= looked_at:
            progress(done)
            looked_at = done + CHUNK
