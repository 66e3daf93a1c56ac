"""Trials of texts as rows: asked for, begun before they are handed over, and never begun twice. Whatever ends one drops where it went and what it said.

All functions run in the caller's transaction.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, update

from core.store.campaign_tables import CampaignTrial
from core.store.outbox import LEASE, LOST
from core.store.session import Session, changed_rows

OPEN = ("waiting", "sending")
LATE, OLDEST = "trial.late", timedelta(minutes=15)
"""What waits longer than this is not sent any more: whoever asked has gone on to something else."""


def add(session: Session, values: Mapping[str, Any], *, by: str, now: datetime) -> CampaignTrial:
    """A new one, which waits; nothing is sealed yet."""
    row = CampaignTrial(**values, by=by, asked_at=now, state="waiting", sealed=None, fence=0)
    session.add(row)
    session.flush()
    return row


def count_asked(session: Session, by: str, since: datetime) -> int:
    """How many somebody has asked for that were sent, may have been, or may still be."""
    meant = or_(CampaignTrial.state != "refused", CampaignTrial.begun_at.is_not(None))
    query = select(func.count()).select_from(CampaignTrial)
    return int(session.scalar(query.where(CampaignTrial.by == by, CampaignTrial.asked_at >= since, meant)) or 0)


def is_any_open(session: Session) -> bool:
    query = select(CampaignTrial.id).where(CampaignTrial.ended_at.is_(None)).limit(1)
    return session.scalar(query) is not None


def of_campaign(session: Session, campaign_id: int) -> list[CampaignTrial]:
    """Newest first."""
    query = select(CampaignTrial).where(CampaignTrial.campaign_id == campaign_id)
    return list(session.scalars(query.order_by(CampaignTrial.id.desc())))


def waiting(session: Session, but: Collection[int]) -> CampaignTrial | None:
    """The one that has waited longest and that nobody else has in hand; ``but``: looked at already."""
    query = select(CampaignTrial).where(
        CampaignTrial.ended_at.is_(None), CampaignTrial.state == "waiting", CampaignTrial.id.not_in(but)
    )
    query = query.order_by(CampaignTrial.id).limit(1).with_for_update(skip_locked=True)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def begin(session: Session, row: CampaignTrial, now: datetime) -> int | None:
    """It may leave the house from now on: the fence of whoever hands it over. None: somebody else was quicker."""
    here = update(CampaignTrial).where(
        CampaignTrial.id == row.id, CampaignTrial.fence == row.fence, CampaignTrial.state == "waiting"
    )
    fence = row.fence + 1
    done = changed_rows(session, here.values(state="sending", begun_at=now, lease_until=now + LEASE, fence=fence))
    return fence if done else None


def refuse(session: Session, row: CampaignTrial, error: str, now: datetime) -> bool:
    """One that waits is not handed over."""
    here = update(CampaignTrial).where(CampaignTrial.id == row.id, CampaignTrial.state == "waiting")
    return bool(changed_rows(session, here.values(state="refused", error=error[:64], ended_at=now, sealed=None)))


def finish(
    session: Session, trial_id: int, fence: int, state: str, now: datetime, *, provider_id: str | None = None, error: str | None = None
) -> bool:  # fmt: skip
    """What was handed over came to this. False: it was given up for lost meanwhile."""
    here = update(CampaignTrial).where(
        CampaignTrial.id == trial_id, CampaignTrial.fence == fence, CampaignTrial.state == "sending"
    )
    values = {"state": state, "provider_id": provider_id, "error": None if error is None else error[:64]}
    return bool(changed_rows(session, here.values(**values, ended_at=now, lease_until=None, sealed=None)))


def sweep(session: Session, now: datetime) -> int:
    """Of those whose worker is gone nobody knows what became; those that have waited too long are not sent. Returns how many."""
    open_ = update(CampaignTrial).where(CampaignTrial.ended_at.is_(None))
    ended = {"ended_at": now, "lease_until": None, "sealed": None, "fence": CampaignTrial.fence + 1}
    lost = open_.where(CampaignTrial.state == "sending", CampaignTrial.lease_until < now)
    late = open_.where(CampaignTrial.state == "waiting", CampaignTrial.asked_at < now - OLDEST)
    done = changed_rows(session, lost.values(state="unknown", error=LOST, **ended))
    return done + changed_rows(session, late.values(state="refused", error=LATE, **ended))


def doubt(session: Session, now: datetime, error: str) -> int:
    """Of all that is open nobody knows what became of it, for this store is older than what happened. Returns how many."""
    here = update(CampaignTrial).where(CampaignTrial.ended_at.is_(None), CampaignTrial.state.in_(OPEN))
    ended = {"ended_at": now, "lease_until": None, "sealed": None, "fence": CampaignTrial.fence + 1}
    return changed_rows(session, here.values(state="unknown", error=error, **ended))


def is_named(session: Session, channel: str, provider_id: str) -> bool:
    """Whether a platform calls a trial by this name."""
    query = select(CampaignTrial.id).where(CampaignTrial.provider_id == provider_id, CampaignTrial.channel == channel)
    return session.scalar(query.limit(1)) is not None


def named_since(session: Session, channels: Collection[str], since: datetime) -> set[str]:
    """What platforms call the trials that were begun since then."""
    query = select(CampaignTrial.provider_id).where(
        and_(CampaignTrial.provider_id.is_not(None), CampaignTrial.channel.in_(channels))
    )
    return {str(one) for one in session.scalars(query.where(CampaignTrial.begun_at >= since).distinct())}
