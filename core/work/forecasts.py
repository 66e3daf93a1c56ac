"""Fits as work: asked for once however many ask, done by the worker in processes of their own, kept, told to whoever may see the data."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Literal

from core.errors import Cancelled, Refusal, Unknown
from core.models.forecast import gate
from core.models.forecast.history import History, Known
from core.models.forecast.line import Line
from core.models.forecast.outcome import Outcome, Path
from core.models.forecast.spec import Spec
from core.models.forecast.told import Told, sha
from core.scope import SYSTEM, Operator, Scope
from core.settings import World
from core.store import audit, forecasts, jobs
from core.store.session import Session, Store
from core.store.tables import ForecastFit, Job
from core.work.fitting import Fitted, Fitter, Fitters, NotFitted
from core.work.home import Home
from core.work.worker import Interrupted, Work

KIND, HOUSE_KIND = "forecast", "forecast_house"
"""Jobs of people, and of the house itself, which wait for those."""
Span = Literal["headline", "all"]
State = Literal["queued", "running", "done", "failed", "cancelled"]
KEPT = timedelta(days=60)
"""How long a fit is kept after it was asked for."""
TELL_S = 1.0
WRITTEN_S, LOOK_S = 5.0, 0.05
"""How long a job waits for what it was asked for to be written."""
WRITE = "forecast.write"


@dataclass(frozen=True, eq=False)
class Asked:
    """What somebody wants to be forecast. ``history`` and ``known``: as the data of the scope and the house's calendar say now. ``models``: of the span."""

    line: Line
    history: History
    known: Known
    spec: Spec
    span: Span
    scope: Scope
    lake_id: str
    lake_version: int
    models: tuple[str, ...] | None = None

    @cached_property
    def told(self) -> dict[str, Any]:
        return Told(self.history, self.known, self.spec.fitted, self.models).to_json()

    @cached_property
    def key(self) -> str:
        """Of everything that the fit depends on, and of whose data it is."""
        return sha([gate.FORM, self.lake_id, self.line.text, self.scope.key(), self.span, self.told])

    @property
    def last_on(self) -> date:
        return self.history.end_on - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Fit:
    """A fit as it stands. ``progress``: stage, done, of. ``path``: as it is where parts add up to their total, else null. ``refusal``: why there is no
    outcome."""

    key: str
    line: Line
    scope: str
    span: Span
    last_on: date
    lake_version: int
    state: State
    progress: dict[str, Any] | None
    is_stopping: bool
    outcome: Outcome | None
    path: Path | None
    refusal: Refusal | None
    asked_by: str
    asked_at: datetime
    made_at: datetime | None
    fit_seconds: float | None


# -- asking ------------------------------------------------------------------------------------------------------------


def ask(home: Home, queue: Store, operator: Operator, asked: Asked, now: datetime, *, kind: str = KIND) -> Fit:
    """The fit as it stands, which becomes the work of one job when nobody asked for it before. ``queue``: the store that keeps the jobs.

    Raises ``Forbidden``, and ``TooShort`` and ``NothingVaries`` for a series that no model is told."""
    _require(operator, asked.scope.key())
    found = standing(home, queue, operator, asked.key)
    if found is not None:
        return found
    gate.refuse(asked.history, asked.known, asked.spec)
    row = {
        "key": asked.key, "series": asked.line.text, "scope": asked.scope.key(), "span": asked.span,
        "spec_sha256": spec_key(asked.spec), "told": asked.told, "last_on": asked.last_on,
        "lake_version": asked.lake_version, "job_id": 0, "asked_by": operator.name, "asked_at": now,
    }  # fmt: skip
    with audit.told(home.store, queue) as (session, queued):
        if forecasts.add(session, row):
            forecasts.queued(session, asked.key, _enqueue(queued, home.world, asked.key, kind, operator, now))
    found = standing(home, queue, operator, asked.key)
    assert found is not None
    return found


def again(home: Home, queue: Store, operator: Operator, key: str, now: datetime, *, kind: str = KIND) -> Fit:
    """The same fit once more, after it was cancelled or failed. Raises ``Forbidden``, ``Unknown``."""
    found = _found(home, queue, operator, key)
    if found.state in ("cancelled", "failed"):
        with audit.told(home.store, queue) as (session, queued):
            row = forecasts.fit(session, key)
            if row is not None and row.outcome is None and not _is_open(queued.get(Job, row.job_id)):
                job_id = _enqueue(queued, home.world, key, kind, operator, now)
                forecasts.queued(session, key, job_id, was=row.job_id)
    return _found(home, queue, operator, key)


def cancel(home: Home, queue: Store, operator: Operator, key: str, now: datetime) -> Fit:
    """Stop a fit that waits or runs, for everybody who waits for it. One that has ended stays as it is. Raises ``Forbidden`` (see ``may_cancel``), ``Unknown``."""
    found = _found(home, queue, operator, key)
    with home.store.reading() as session:
        row = forecasts.fit(session, key)
    if row is not None and row.outcome is None:
        if not may_cancel(operator, found):
            operator.require(WRITE)
        with queue.transaction() as queued:
            jobs.cancel(queued, row.job_id, now=now)
    return _found(home, queue, operator, key)


def may_cancel(operator: Operator, fit: Fit) -> bool:
    """What the house asked for itself is stopped only by who may write."""
    return fit.asked_by != SYSTEM.name or operator.can(WRITE)


def standing(home: Home, queue: Store, operator: Operator, key: str) -> Fit | None:
    """The fit as it stands; None when nobody asked for it. Raises ``Forbidden`` for one of data that the operator does not see."""
    operator.require("forecast.see")
    with home.store.reading() as session:
        row = forecasts.fit(session, key)
    if row is None:
        return None
    _require(operator, row.scope)
    if row.outcome is not None:
        return seen(row, None)
    with queue.reading() as queued:
        job = queued.get(Job, row.job_id)
    if job is not None and job.state == "done":  # it was told between the two looks
        with home.store.reading() as session:
            row = forecasts.fit(session, key) or row
    return seen(row, job)


def latest(home: Home, operator: Operator, line: Line, spec: Spec, *, spans: tuple[Span, ...]) -> Fit | None:
    """The newest fit of a series by a spec, whatever the data said at that time: what can be shown while a newer one is made."""
    operator.require("forecast.see")
    with home.store.reading() as session:
        row = forecasts.newest(session, line.text, operator.scope.key(), spans=spans, spec=spec_key(spec))
    return None if row is None else seen(row, None)


def spec_key(spec: Spec) -> str:
    return sha(spec.fitted.to_json())


# -- what the worker does ----------------------------------------------------------------------------------------------


def run(home: Home, fitter: Fitter | Fitters, work: Work) -> None:
    """The worker's part: fit what the job names, unless it is told already or has become another job's."""
    key = str(work.claim.arguments["key"])
    row = _asked_for(home, key, work)
    if row is None or row.outcome is not None:
        return
    try:
        fitted = _fitted(fitter, Told.from_json(row.told), work)
    except Cancelled:
        raise
    except Refusal as refusal:
        details = {name: _plain(value) for name, value in refusal.details.items()}
        with home.store.transaction() as session:
            forecasts.fail(session, key, refusal.code, details, job_id=work.claim.job_id, now=work.clock())
        raise
    with home.store.transaction() as session:
        forecasts.tell(session, key, fitted.outcome, fit_seconds=fitted.seconds, now=work.clock())


def _asked_for(home: Home, key: str, work: Work) -> ForecastFit | None:
    """The row that is the job's to fit; None where another job's it is. In the demo rows and jobs are in two stores, and who asks commits the job a moment before the row."""
    until = time.monotonic() + (0.0 if home.store.url == work.store.url else WRITTEN_S)
    while True:
        with home.store.reading() as session:
            row = forecasts.fit(session, key)
        if row is not None and row.job_id >= work.claim.job_id:
            return row if row.job_id == work.claim.job_id else None
        if time.monotonic() > until or work.ending.wait(LOOK_S):
            return None


def tidy(home: Home, now: datetime) -> int:
    """Drop fits that nobody asked for lately. Returns how many."""
    with home.store.transaction() as session:
        return forecasts.forget(session, now - KEPT)


def _fitted(fitter: Fitter | Fitters, told: Told, work: Work) -> Fitted:
    def is_cancelled() -> bool:
        if work.ending.is_set():
            raise Interrupted
        return work.is_cancelled()

    return fitter.fit(told, tell=_teller(work), is_cancelled=is_cancelled)


def _teller(work: Work) -> Callable[[str, int, int], None]:
    """Tells the queue, once a second and at every new stage."""
    last: list[Any] = [None, 0.0]

    def tell(stage: str, done: int, of: int) -> None:
        moment = time.monotonic()
        if stage != last[0] or moment - last[1] >= TELL_S:
            last[:] = stage, moment
            work.progress(stage, done=done, of=of)

    return tell


# -- parts -------------------------------------------------------------------------------------------------------------


def seen(row: ForecastFit, job: Job | None) -> Fit:
    """A row of the store as a value. ``job``: its work, of interest while there is no outcome."""
    state = _state(row, job)
    code, details = row.error_code, row.error_details or {}
    if code is None and state == "failed":
        code = (job.error_code if job else None) or jobs.ABANDONED
        details = (job.error_details if job else None) or {}
    refusal = NotFitted(code, str(details.get("message", code)), details) if code and state == "failed" else None
    return Fit(
        key=row.key,
        line=Line.read(row.series),
        scope=row.scope,
        span="all" if row.span == "all" else "headline",
        last_on=row.last_on,
        lake_version=row.lake_version,
        state=state,
        progress=job.progress if job is not None and state == "running" else None,
        is_stopping=job is not None and state == "running" and job.is_cancel_requested,
        outcome=None if row.outcome is None else Outcome.from_json(row.outcome),
        path=None if row.adding_up is None else Path.from_json(row.adding_up),
        refusal=refusal,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        made_at=row.made_at,
        fit_seconds=row.fit_seconds,
    )


def _state(row: ForecastFit, job: Job | None) -> State:
    if row.outcome is not None:
        return "done"
    if job is not None and job.state in ("queued", "running", "cancelled"):
        return job.state  # type: ignore[return-value]
    return "failed"


def _found(home: Home, queue: Store, operator: Operator, key: str) -> Fit:
    found = standing(home, queue, operator, key)
    if found is None:
        raise Unknown("fit", key)
    return found


def _require(operator: Operator, scope: str) -> None:
    """Nobody learns what is forecast of data that they do not see: not even that of more than they see."""
    operator.require("forecast.see")
    if operator.scope.key() != scope:
        raise Unknown("fit", "")


def _enqueue(queued: Session, world: World, key: str, kind: str, operator: Operator, now: datetime) -> int:
    return jobs.enqueue(queued, kind, {"world": world, "key": key}, by=operator.name, now=now)


def _is_open(job: Job | None) -> bool:
    return job is not None and job.state in ("queued", "running")


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
