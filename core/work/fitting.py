"""Fits in processes of their own, so that a fit can be stopped at once, its leftovers go with it, and pages and imports are not held up."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

from core.errors import Cancelled, Refusal
from core.models.forecast.told import Told
from core.settings import PROJECT

FIT = "core.models.forecast.fits:fit"
MOST_FITS = 25
"""After so many the process is another one: what its libraries leave behind in memory and on the disk goes with it."""
IDLE_S = 300.0
"""A process that nobody needed for so long ends."""
LONGEST_S = 1800.0
LOOK_S = 0.2
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


class FitEnded(Refusal):
    """The process that fitted ended without a word, or took longer than half an hour (``reason`` ``died``, ``slow``, ``fault``)."""

    code = "forecast.ended"


class NotFitted(Refusal):
    """What a fit refused, in another process or earlier; it has the code of that refusal."""

    def __init__(self, code: str, message: str, details: dict[str, Any]) -> None:
        super().__init__(message, **{name: value for name, value in details.items() if name != "message"})
        self.code = code


@dataclass(frozen=True, slots=True)
class Fitted:
    """``outcome``: as ``Outcome.to_json``. ``seconds``: from the first to the last moment."""

    outcome: dict[str, Any]
    seconds: float


class Fitter:
    """One process that fits one thing at a time; it begins with the first fit. ``folder``: where it keeps what it writes. ``fit``: the function that
    it calls, ``module:function``. Used by one thread, but for ``rest`` and ``close``."""

    def __init__(self, folder: Path, fit: str = FIT, *, most: int = MOST_FITS) -> None:
        self._folder, self._fit, self._most = folder, fit, most
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._kept: Path | None = None
        self._done = 0
        self._used_at = time.monotonic()
        self._busy = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._process.pid if self._process else None

    def fit(self, told: Told, *, tell: Callable[[str, int, int], None], is_cancelled: Callable[[], bool]) -> Fitted:
        """Raises ``Cancelled`` as soon as that is so, what the fit refuses, and ``FitEnded``."""
        with self._busy:
            pipe = self._begun()
            is_whole = False
            try:
                pipe.send(told.to_json())
                found = self._wait(pipe, tell, is_cancelled)
                is_whole = True
                return found
            except (EOFError, OSError) as error:
                raise FitEnded("The process that fitted ended.", reason="died", what="") from error
            except (NotFitted, FitEnded):
                is_whole = self._process is not None and self._process.poll() is None
                raise
            finally:
                self._done += 1
                self._used_at = time.monotonic()
                if not is_whole or self._done >= self._most:
                    self._end()

    def rest(self) -> bool:
        """End the process when nobody needed it for a while. Whether that was done."""
        if self._process is None or not self._busy.acquire(blocking=False):
            return False
        try:
            if time.monotonic() - self._used_at < IDLE_S:
                return False
            self._end()
            return True
        finally:
            self._busy.release()

    def close(self) -> None:
        """End the process, whatever it does."""
        self._end()

    def _wait(
        self, pipe: Connection, tell: Callable[[str, int, int], None], is_cancelled: Callable[[], bool]
    ) -> Fitted:
        limit = time.monotonic() + LONGEST_S
        while True:
            if is_cancelled():
                raise Cancelled("The fit was cancelled.")
            if not pipe.poll(LOOK_S):
                if time.monotonic() > limit:
                    self._end()
                    raise FitEnded("The fit took too long.", reason="slow", what="")
                continue
            kind, *said = pipe.recv()
            if kind == "progress":
                tell(*said)
            elif kind == "outcome":
                return Fitted(*said)
            elif kind == "refused":
                raise NotFitted(*said)
            else:
                raise FitEnded(f"The fit failed: {said[0]}", reason="fault", what=said[0])

    def _begun(self) -> Connection:
        if self._process is not None and self._process.poll() is None and self._pipe is not None:
            return self._pipe
        self._end()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._kept = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=self._folder))
        ours, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "core.work.fitting_process", str(theirs.fileno()), self._fit],
                cwd=PROJECT, env=os.environ | ONE_THREAD | {"TMPDIR": str(self._kept)}, pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self._pipe, self._done = ours, 0
        return ours

    def _end(self) -> None:
        process, pipe, kept = self._process, self._pipe, self._kept
        self._process = self._pipe = self._kept = None
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if pipe is not None:
            pipe.close()
        if kept is not None:
            shutil.rmtree(kept, ignore_errors=True)


class Fitters:
    """As many processes as are needed at once; those that nobody needs any more end. Safe to share between threads."""

    def __init__(self, folder: Path, fit: str = FIT) -> None:
        self._folder, self._fit = folder, fit
        self._free: list[Fitter] = []
        self._lock = threading.Lock()
        sweep(folder)

    def fit(self, told: Told, *, tell: Callable[[str, int, int], None], is_cancelled: Callable[[], bool]) -> Fitted:
        """As ``Fitter.fit``."""
        with self._lock:
            fitter = self._free.pop() if self._free else Fitter(self._folder, self._fit)
        try:
            return fitter.fit(told, tell=tell, is_cancelled=is_cancelled)
        finally:
            with self._lock:
                self._free.append(fitter)

    def rest(self) -> int:
        """End processes that nobody needed for a while. Returns how many."""
        with self._lock:
            return sum(one.rest() for one in self._free)

    def close(self) -> None:
        """End those that do nothing."""
        with self._lock:
            for one in self._free:
                one.close()


def sweep(folder: Path) -> int:
    """Remove what processes left whose owner was killed. Returns how many."""
    left = [one for one in folder.glob("*-*") if not _lives(one.name.partition("-")[0])]
    for one in left:
        shutil.rmtree(one, ignore_errors=True)
    return len(left)


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        pass
    return True
