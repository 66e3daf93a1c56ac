"""The worker: takes jobs from the queue, and keeps both worlds tidy. Any number may run; each job has one at a time."""

import os
import socket
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError

from core.errors import Cancelled, Refusal
from core.store import jobs, workers
from core.store.jobs import Claim
from core.store.session import Store

POLL_S = 1.0
BEAT, ASK = timedelta(seconds=10), timedelta(seconds=2)
FAILED = "job.failed"
_APART = "chore "

Clock = Callable[[], datetime]
Log = Callable[[str], None]


class Interrupted(Exception):
    """The worker ends while the work is not done: its job stays as it is, and the next worker takes it up."""


@dataclass
class Work:
    """One job in hand, as its handler sees it."""

    claim: Claim
    store: Store
    clock: Clock
    ending: threading.Event = field(default_factory=threading.Event)
    """Set when the worker ends: work that runs beside it stops, with ``Interrupted``."""
    log: Log = lambda _said: None
    _next_beat: datetime | None = None
    _is_cancelled: bool = False

    def progress(self, stage: str, **counts: int) -> None:
        """Say how far the work is."""
        self._beat({"stage": stage, **counts})

    def is_cancelled(self) -> bool:
        """Whether somebody wants the work to stop; the store is asked at most every two seconds."""
        self._beat(None)
        return self._is_cancelled

    def _beat(self, progress: dict[str, Any] | None) -> None:
        now = self.clock()
        if progress is None and self._next_beat and now < self._next_beat:
            return
        with self.store.transaction() as session:
            pulse = jobs.heartbeat(session, self.claim, now=now, progress=progress)
        self._next_beat = now + ASK
        if not pulse.is_ours:
            raise Cancelled("Another worker took this job over.", job=self.claim.job_id)
        self._is_cancelled = pulse.is_cancel_requested


Handler = Callable[[Work], None]


@dataclass
class Chore:
    """Something done again and again. ``do`` returns what to log, or None. ``is_apart``: it waits for others, and runs beside everything else. ``is_steady``: and nothing else may keep it waiting: it
    has a thread of its own from the worker's begin to its end, however long jobs and other chores take."""

    name: str
    every: timedelta
    do: Callable[[datetime], str | None]
    due_at: datetime | None = None
    is_apart: bool = False
    is_steady: bool = False


@dataclass
class Worker:
    """``handlers`` by kind of job. ``run`` ends when ``stop`` is set. ``apart``: kinds that may take minutes, and how many jobs of each run beside
    everything else."""

    store: Store
    handlers: Mapping[str, Handler]
    chores: list[Chore]
    clock: Clock
    log: Log
    name: str = field(default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}")
    beat: timedelta = BEAT
    apart: Mapping[str, int] = field(default_factory=dict)
    _beside: dict[str, list[threading.Thread]] = field(default_factory=dict)
    _ending: threading.Event = field(default_factory=threading.Event)

    def run(self, stop: threading.Event) -> None:
        started = self.clock()
        beating = threading.Thread(target=self._beat, args=(stop, started), daemon=True)
        beating.start()
        for chore in self.chores:
            if chore.is_steady:
                self._begin(_APART + chore.name, self._keep, chore, stop)
        while not stop.is_set():
            if not self._step():
                stop.wait(POLL_S)
        self._ending.set()
        self.settle()
        beating.join(timeout=5)

    def settle(self) -> None:
        """Wait for work that runs beside."""
        for thread in [one for some in self._beside.values() for one in some]:
            thread.join()

    def step(self) -> bool:
        """Do what is due: chores, then one job, or begin one that runs beside. False when there was no job."""
        self._chores()
        free = [kind for kind in self.handlers if len(self._running(kind)) < self.apart.get(kind, 1)]
        with self.store.transaction() as session:
            claim = jobs.claim(session, free, worker=self.name, now=self.clock())
        if claim is None:
            return False
        if claim.kind in self.apart:
            self._begin(claim.kind, self._do_beside, claim)
        else:
            self._do(claim)
        return True

    def _begin(self, what: str, do: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=do, args=args, daemon=True)
        self._beside[what] = [*self._running(what), thread]
        thread.start()

    def _running(self, kind: str) -> list[threading.Thread]:
        return [one for one in self._beside.get(kind, ()) if one.is_alive()]

    def _do_beside(self, claim: Claim) -> None:
        try:
            self._do(claim)
        except DBAPIError as error:  # as in ``_step``
            self.log(f"store: {error}")

    def _step(self) -> bool:
        try:
            return self.step()
        except DBAPIError as error:  # busy or away for a moment; a job whose end could not be written is taken up again
            self.log(f"store: {error}")
            return False

    def _do(self, claim: Claim) -> None:
        work = Work(claim, self.store, self.clock, self._ending, self.log)
        state, code, details = "done", None, None
        try:
            with _Lease(work, self.log):
                self.handlers[claim.kind](work)
        except Interrupted:
            self.log(f"job {claim.job_id} {claim.kind}: left to the next worker")
            return
        except Cancelled as refusal:
            state, code = "cancelled", refusal.code
        except Refusal as refusal:
            state, code, details = "failed", refusal.code, {k: str(v) for k, v in refusal.details.items()}
        except Exception as error:  # a fault of ours: the job fails, the worker lives, the trace is in its log
            state, code, details = "failed", FAILED, {"message": f"{type(error).__name__}: {error}"}
            self.log(traceback.format_exc())
        with self.store.transaction() as session:
            jobs.finish(session, claim, now=self.clock(), state=state, error_code=code, error_details=details)
        self.log(f"job {claim.job_id} {claim.kind}: {state}{f' ({code})' if code else ''}")

    def _chores(self) -> None:
        for chore in self.chores:
            now = self.clock()
            if chore.due_at and now < chore.due_at:
                continue
            is_beside = chore.is_apart or chore.is_steady
            if is_beside and self._running(_APART + chore.name):
                continue
            chore.due_at = now + chore.every
            if is_beside:
                self._begin(_APART + chore.name, self._chore, chore, now)
            else:
                self._chore(chore, now)

    def _keep(self, chore: Chore, stop: threading.Event) -> None:
        while True:
            self._chore(chore, self.clock())
            if stop.wait(chore.every.total_seconds()):
                return

    def _chore(self, chore: Chore, now: datetime) -> None:
        try:
            said = chore.do(now)
        except Exception:  # a chore that fails is tried again when it is due; it must not stop the others
            said = traceback.format_exc()
        if said:
            self.log(f"{chore.name}: {said}")

    def _beat(self, stop: threading.Event, started: datetime) -> None:
        while True:
            try:
                with self.store.transaction() as session:
                    workers.seen(session, self.name, pid=os.getpid(), started_at=started, now=self.clock())
            except DBAPIError as error:  # a store that is busy or away for a moment is told at the next beat
                self.log(f"heartbeat: {error}")
            if stop.wait(self.beat.total_seconds()):
                return


class _Lease:
    """Prolongs a job's lease from a thread of its own, for handlers that are long silent."""

    def __init__(self, work: Work, log: Log) -> None:
        self._work = work
        self._log = log
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._prolong, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _prolong(self) -> None:
        while not self._done.wait(BEAT.total_seconds()):
            try:
                with self._work.store.transaction() as session:
                    jobs.heartbeat(session, self._work.claim, now=self._work.clock())
            except DBAPIError as error:
                self._log(f"lease of job {self._work.claim.job_id}: {error}")
