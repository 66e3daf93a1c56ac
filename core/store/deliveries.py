"""The outbox of notices: one row per message and target. A message is marked as on its way before it leaves; a lease with a fence says whose it is.

All functions run in the caller's transaction. Whoever claims holds the row of the target, so that two workers count its messages one after
the other.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Update, case, delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from core.store.notice_tables import URGENCIES, NoticeDelivery, NoticeTarget, SaidNotice
from core.store.session import Session, changed_rows, insert_new

LEASE = timedelta(minutes=5)
"""Longer than any message takes that is sent within a pass of the worker."""
COUNTED = ("sending", "sent", "unknown")
_RANK = case({one: rank for rank, one in enumerate(URGENCIES)}, value=NoticeDelivery.urgency)


@dataclass(frozen=True, slots=True)
class Claim:
    """A message in hand."""

    delivery_id: int
    message_id: str
    target_id: int
    fence: int
    attempts: int
    is_test: bool


def enqueue(
    session: Session,
    target: NoticeTarget,
    notice: SaidNotice | None,
    *,
    urgency: str,
    now: datetime,
    held_for: str | None = None,
    is_test: bool = False,
) -> NoticeDelivery | None:
    """A message to a target, or without a notice a digest. None where the notice goes to that target already."""
    values = {
        "notice_id": None if notice is None else notice.id,
        "target_id": target.id,
        "target_name": target.name,
        "message_id": f"msg_{secrets.token_hex(16)}",
        "urgency": urgency,
        "is_test": is_test,
        "state": "held" if held_for else "queued",
        "held_for": held_for,
        "attempts": 0,
        "fence": 0,
        "created_at": now,
        "next_at": now,
    }
    return insert_new(session, NoticeDelivery, values, unique=("notice_id", "target_id"))


def waiting_targets(session: Session, now: datetime) -> list[int]:
    """Targets for which there may be something to do."""
    busy = or_(
        (NoticeDelivery.state == "queued") & (NoticeDelivery.next_at <= now),
        NoticeDelivery.state == "held",
        (NoticeDelivery.state == "sending") & (NoticeDelivery.lease_until < now),
    )
    query = select(NoticeDelivery.target_id).where(busy, NoticeDelivery.target_id.is_not(None)).distinct()
    return sorted(one for one in session.scalars(query) if one is not None)


def taken_back(session: Session, target_id: int, *, is_repeatable: bool, most: int, now: datetime) -> None:
    """Messages whose worker is gone: those that may be repeated wait again unless they were tried too often, of the others nobody knows what came of them."""
    lost = (NoticeDelivery.target_id == target_id) & (NoticeDelivery.state == "sending")
    expired = update(NoticeDelivery).where(lost, NoticeDelivery.lease_until < now)
    more = {"fence": NoticeDelivery.fence + 1, "lease_until": None, "error": "worker.lost"}
    if is_repeatable:
        again = expired.where(NoticeDelivery.attempts < most)
        changed_rows(session, again.values(state="queued", next_at=now, **more))
        changed_rows(session, expired.values(state="failed", ended_at=now, **more))
    else:
        changed_rows(session, expired.values(state="unknown", ended_at=now, **more))


def count_begun(session: Session, target_id: int, after: datetime, states: Collection[str] | None = None) -> int:
    """Messages to a target of which the newest try began after that."""
    query = select(func.count()).select_from(NoticeDelivery)
    query = query.where(NoticeDelivery.target_id == target_id, NoticeDelivery.begun_at > after)
    if states is not None:
        query = query.where(NoticeDelivery.state.in_(states))
    return session.scalar(query) or 0


def hold_fresh(session: Session, target_id: int, urgencies: Collection[str]) -> int:
    """Messages that were never tried wait for the next digest, because the target has had enough."""
    fresh = update(NoticeDelivery).where(
        NoticeDelivery.target_id == target_id,
        NoticeDelivery.state == "queued",
        NoticeDelivery.attempts == 0,
        NoticeDelivery.notice_id.is_not(None),
        ~NoticeDelivery.is_test,
        NoticeDelivery.urgency.in_(urgencies),
    )
    return changed_rows(session, fresh.values(state="held", held_for="cap"))


def held(session: Session, target_id: int) -> list[NoticeDelivery]:
    """What waits for the next digest, oldest first."""
    query = select(NoticeDelivery).where(NoticeDelivery.target_id == target_id, NoticeDelivery.state == "held")
    return list(session.scalars(query.order_by(NoticeDelivery.id).execution_options(populate_existing=True)))


def join(session: Session, digest: NoticeDelivery, ids: Sequence[int]) -> None:
    """These are told by that digest."""
    waiting = update(NoticeDelivery).where(NoticeDelivery.id.in_(ids), NoticeDelivery.state == "held")
    changed_rows(session, waiting.values(state="joined", digest_id=digest.id))


def begin(
    session: Session, target_id: int, *, urgencies: Collection[str], tests_only: bool, now: datetime
) -> Claim | None:
    """Mark the most urgent, then oldest message that is due as on its way. None when there is none."""
    due = (
        select(NoticeDelivery)
        .where(NoticeDelivery.target_id == target_id, NoticeDelivery.state == "queued", NoticeDelivery.next_at <= now)
        .where(or_(NoticeDelivery.is_test, NoticeDelivery.urgency.in_(() if tests_only else urgencies)))
        .order_by(_RANK.desc(), NoticeDelivery.id)
        .limit(1)
        .execution_options(populate_existing=True)
    )
    row = session.scalars(due).one_or_none()
    if row is None:
        return None
    is_ours = (NoticeDelivery.id == row.id) & (NoticeDelivery.fence == row.fence) & (NoticeDelivery.state == "queued")
    values = {"state": "sending", "fence": row.fence + 1, "attempts": row.attempts + 1, "begun_at": now}
    if not changed_rows(session, update(NoticeDelivery).where(is_ours).values(lease_until=now + LEASE, **values)):
        return None
    return Claim(row.id, row.message_id, target_id, row.fence + 1, row.attempts + 1, row.is_test)


def end(session: Session, claim: Claim, state: str, *, now: datetime, error: str | None = None) -> bool:
    """The message came to an end. False: someone else has it."""
    values = {"state": state, "ended_at": now, "lease_until": None, "error": error}
    return bool(changed_rows(session, _ours(claim).values(**values)))


def postpone(session: Session, claim: Claim, until: datetime, error: str) -> bool:
    """The message is tried again then. False: someone else has it."""
    values = {"state": "queued", "next_at": until, "lease_until": None, "error": error}
    return bool(changed_rows(session, _ours(claim).values(**values)))


def _ours(claim: Claim) -> Update:
    is_ours = (NoticeDelivery.id == claim.delivery_id) & (NoticeDelivery.fence == claim.fence)
    return update(NoticeDelivery).where(is_ours, NoticeDelivery.state == "sending")


def told(session: Session, delivery_id: int) -> list[SaidNotice]:
    """What a message says: its notice, or those of a digest, the most urgent first."""
    ids = or_(NoticeDelivery.id == delivery_id, NoticeDelivery.digest_id == delivery_id)
    query = select(SaidNotice).join(NoticeDelivery, NoticeDelivery.notice_id == SaidNotice.id)
    return list(session.scalars(query.where(ids).order_by(_RANK.desc(), SaidNotice.id)))


def cancel_waiting(session: Session, target_id: int, *, tests_too: bool = False, now: datetime) -> int:
    """Nothing that waits for this target goes out any more."""
    waits = update(NoticeDelivery).where(
        NoticeDelivery.target_id == target_id, NoticeDelivery.state.in_(("queued", "held"))
    )
    if not tests_too:
        waits = waits.where(~NoticeDelivery.is_test)
    return changed_rows(session, waits.values(state="cancelled", ended_at=now))


def requeue(session: Session, delivery_id: int, *, now: datetime) -> bool:
    """A message that failed, or of which nobody knows, is sent again as it was, with the same identity. False: it is not one of these."""
    again = update(NoticeDelivery).where(
        NoticeDelivery.id == delivery_id,
        NoticeDelivery.state.in_(("failed", "unknown")),
        NoticeDelivery.target_id.is_not(None),
    )
    values = {"state": "queued", "attempts": 0, "next_at": now, "ended_at": None, "fence": NoticeDelivery.fence + 1}
    return bool(changed_rows(session, again.values(**values)))


def settle(session: Session, delivery_id: int, *, now: datetime) -> bool:
    """A person found out that a message of which nobody knew has arrived. False: it is not one of these."""
    unknown = update(NoticeDelivery).where(NoticeDelivery.id == delivery_id, NoticeDelivery.state == "unknown")
    return bool(changed_rows(session, unknown.values(state="sent", ended_at=now)))


def one(session: Session, delivery_id: int) -> NoticeDelivery | None:
    return session.get(NoticeDelivery, delivery_id)


def newest(session: Session, *, most: int, target_id: int | None = None) -> list[NoticeDelivery]:
    """The delivery log, newest first."""
    query = select(NoticeDelivery).order_by(NoticeDelivery.id.desc()).limit(most)
    return list(session.scalars(query if target_id is None else query.where(NoticeDelivery.target_id == target_id)))


def kinds_of(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Kind of each of these notices."""
    rows = session.execute(select(SaidNotice.id, SaidNotice.kind).where(SaidNotice.id.in_(ids)))
    return {row.id: row.kind for row in rows}


def forget(session: Session, before: datetime) -> int:
    """Messages made before then that came to an end; a digest when nothing of it is left. Returns how many."""
    joined = aliased(NoticeDelivery)
    is_ended = (NoticeDelivery.created_at < before) & NoticeDelivery.state.in_(
        ("joined", "sent", "failed", "cancelled")
    )
    waits = exists().where(joined.id == NoticeDelivery.digest_id, joined.state.not_in(("sent", "failed", "cancelled")))
    parts = delete(NoticeDelivery).where(is_ended, NoticeDelivery.digest_id.is_not(None), ~waits)
    is_used = exists().where(joined.digest_id == NoticeDelivery.id)
    wholes = delete(NoticeDelivery).where(is_ended, NoticeDelivery.digest_id.is_(None), ~is_used)
    return changed_rows(session, parts) + changed_rows(session, wholes)
