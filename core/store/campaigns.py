"""Campaigns as rows: their states move by compare and set, and everything that happens to one is kept in its log."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from core.errors import Unknown
from core.store.campaign_tables import Campaign, CampaignEntry, CampaignLink
from core.store.session import Session, changed_rows, insert_new

TOPIC = "campaigns"


def add(
    session: Session,
    code: str,
    name: str,
    body: Mapping[str, Any],
    *,
    salt: str,
    units: Sequence[str] | None,
    by: str,
    now: datetime,
) -> Campaign:
    """A new draft."""
    row = Campaign(
        code=code, name=name, state="draft", state_at=now, body=dict(body), revision=1, salt=salt, author=by, created_at=now, changed_by=by, changed_at=now,
        units=None if units is None else list(units),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def one(session: Session, campaign_id: int) -> Campaign:
    """Raises ``Unknown``."""
    found = session.get(Campaign, campaign_id)
    if found is None:
        raise Unknown("campaign", str(campaign_id))
    return found


def locked(session: Session, campaign_id: int) -> Campaign:
    """One, which nobody else changes until the transaction ends. Raises ``Unknown``."""
    query = select(Campaign).where(Campaign.id == campaign_id).with_for_update()
    found: Campaign | None = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise Unknown("campaign", str(campaign_id))
    return found


def listed(session: Session, states: Collection[str] | None = None) -> list[Campaign]:
    """All, or those in some states, the newest first."""
    query = select(Campaign).order_by(Campaign.id.desc())
    return list(session.scalars(query if states is None else query.where(Campaign.state.in_(states))))


def move(session: Session, campaign_id: int, *, before: str, state: str, now: datetime, **values: Any) -> bool:
    """To another state, with whatever else changes. False: it was no longer in the state that the asker had seen."""
    here = update(Campaign).where(Campaign.id == campaign_id, Campaign.state == before)
    moved = changed_rows(session, here.values(state=state, state_at=now, **values))
    session.expire_all()
    return bool(moved)


def tell(
    session: Session, campaign_id: int, action: str, details: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    """One more entry of its log."""
    session.add(CampaignEntry(campaign_id=campaign_id, at=now, by=by, action=action, details=dict(details)))
    session.flush()


def log(session: Session, campaign_id: int) -> list[CampaignEntry]:
    """What happened to it, oldest first."""
    return list(
        session.scalars(
            select(CampaignEntry).where(CampaignEntry.campaign_id == campaign_id).order_by(CampaignEntry.id)
        )
    )


def link(session: Session, campaign_id: int, number: int, url: str) -> None:
    """Keep an address under its number; the same again changes nothing."""
    insert_new(
        session,
        CampaignLink,
        {"campaign_id": campaign_id, "number": number, "url": url},
        unique=["campaign_id", "number"],
    )


def links(session: Session, campaign_id: int) -> dict[int, str]:
    """Addresses by number."""
    query = select(CampaignLink.number, CampaignLink.url).where(CampaignLink.campaign_id == campaign_id)
    return {int(number): str(url) for number, url in session.execute(query.order_by(CampaignLink.number))}
