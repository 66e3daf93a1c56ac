"""Whether anybody has written to a store since one looked last, without reading anything of it."""

import sqlite3
import threading
from itertools import count
from typing import NamedTuple

_numbers = count()


class Mark(NamedTuple):
    """Equal to an earlier mark only when nothing was committed in between. Says nothing by itself."""

    watch: int
    version: int


class Watch:
    """Looks at one SQLite file through a connection that never writes, so that it sees the commits of everybody: of this
    process and of others. Safe to share between threads.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._opened: tuple[int, sqlite3.Connection] | None = None

    def mark(self) -> Mark:
        with self._lock:
            if self._opened is None:
                connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
                self._opened = next(_numbers), connection
            number, connection = self._opened
            return Mark(number, connection.execute("PRAGMA data_version").fetchall()[0][0])

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened[1].close()
                self._opened = None
