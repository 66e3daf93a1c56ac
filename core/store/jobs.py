"""The queue of the worker. A claim is a lease with a fence: a worker that died is replaced, one that slept too long
is refused.

All functions run in the caller's transaction; a use case enqueues in the transaction in which it decides.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Update, and_, case, or_, select, update

from core.store.session import Session
from core.store.tables import Job

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 5
ABANDONED = "job.abandoned"


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in hand. Whoever holds it heartbeats well within the lease, and finishes with it."""

    job_id: int
    kind: str
    arguments: dict[str, Any]
    fence: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """Answer to a heartbeat. ``is_ours`` False: someone else has the job, stop without another word."""

    is_ours: bool
    is_cancel_requested: bool


def enqueue(
    session: Session, kind: str, arguments: dict[str, Any], *, by: str, now: datetime, due_at: datetime | None = None
) -> int:
    """Add work that is due now or at ``due_at``; returns the job's id."""
    job = Job(kind=kind, arguments=arguments, due_at=due_at or now, created_by=by, created_at=now)
    session.add(job)
    session.flush()
    return job.id


def claim(
    session: Session, kinds: Collection[str], *, worker: str, now: datetime, lease: timedelta = LEASE
) -> Claim | None:
    """Take the oldest job that is due, or whose worker stopped answering; None when there is nothing to do.

    A job that was taken five times and never finished is marked failed (``job.abandoned``), one whose worker died while it was
    being cancelled is marked cancelled.
    """
    _bury(session, now)
    free = or_(Job.state == "queued", and_(Job.state == "running", Job.lease_until < now))
    job = session.execute(
        select(Job)
        .where(free, Job.kind.in_(kinds), Job.due_at <= now)
        .order_by(Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if job is None:
        return None
    taken = update(Job).where(Job.id == job.id, Job.fence == job.fence, free)
    values = {"state": "running", "worker": worker, "lease_until": now + lease, "fence": job.fence + 1}
    if not _changed(session, taken.values(attempts=Job.attempts + 1, **values)):
        return None
    return Claim(job.id, job.kind, job.arguments, job.fence + 1, job.attempts + 1)


def heartbeat(
    session: Session, claim: Claim, *, now: datetime, lease: timedelta = LEASE, progress: dict[str, Any] | None = None
) -> Pulse:
    """Prolong the lease, and say how far the work is."""
    values: dict[str, Any] = {"lease_until": now + lease}
    if progress is not None:
        values["progress"] = progress
    if not _changed(session, _ours(claim).values(**values)):
        return Pulse(is_ours=False, is_cancel_requested=False)
    wanted = session.execute(select(Job.is_cancel_requested).where(Job.id == claim.job_id)).scalar_one()
    return Pulse(is_ours=True, is_cancel_requested=wanted)


def finish(
    session: Session,
    claim: Claim,
    *,
    now: datetime,
    state: str = "done",
    error_code: str | None = None,
    error_details: dict[str, Any] | None = None,
) -> bool:
    """End the job as ``done``, ``failed`` or ``cancelled``. False: someone else has it, and nothing was written."""
    if state not in ("done", "failed", "cancelled"):
        raise ValueError(f"A job cannot end as {state!r}.")
    values = {"state": state, "finished_at": now, "error_code": error_code, "error_details": error_details}
    return _changed(session, _ours(claim).values(lease_until=None, **values))


def cancel(session: Session, job_id: int, *, now: datetime) -> bool:
    """Cancel a job that waits, or ask the worker to stop one that runs. False: it had ended already, or never was."""
    waiting = update(Job).where(Job.id == job_id, Job.state == "queued").values(state="cancelled", finished_at=now)
    if _changed(session, waiting):
        return True
    return _changed(
        session, update(Job).where(Job.id == job_id, Job.state == "running").values(is_cancel_requested=True)
    )


def _bury(session: Session, now: datetime) -> None:
    """End jobs whose worker is gone and that must not be started again."""
    dead = (Job.state == "running", Job.lease_until < now)
    hopeless = or_(Job.is_cancel_requested, Job.attempts >= MAX_ATTEMPTS)
    session.execute(
        update(Job)
        .where(*dead, hopeless)
        .values(
            state=case((Job.is_cancel_requested, "cancelled"), else_="failed"),
            error_code=case((Job.is_cancel_requested, None), else_=ABANDONED),
            finished_at=now,
            lease_until=None,
            fence=Job.fence + 1,
        )
        .execution_options(synchronize_session=False)
    )


def _ours(claim: Claim) -> Update:
    return update(Job).where(Job.id == claim.job_id, Job.fence == claim.fence, Job.state == "running")


def _changed(session: Session, statement: Update) -> bool:
    done = session.execute(statement.execution_options(synchronize_session=False))
    return cast(CursorResult[Any], done).rowcount == 1
