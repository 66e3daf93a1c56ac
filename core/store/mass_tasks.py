"""Mass messages that employees are asked to send: looked at again and again until everybody's fate is known, or nobody waits any longer."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select, update

from core.store.campaign_tables import Campaign, MassEmployee, MassTask, Outgoing
from core.store.session import Session, changed_rows, insert_new, put

ASKED_SINCE = timedelta(days=8)
WAIT_OF_CANCELLED = timedelta(minutes=10)
"""Between looks at a mass message of a campaign that was cancelled; whatever is due later was made due before that."""


def unknown_ones(session: Session, channels: Collection[str], now: datetime) -> list[tuple[int, str, str, datetime | None]]:  # fmt: skip
    """Mass messages of campaigns of the last days that the house does not look at yet: campaign, channel, ``msgid``, and when it was asked for."""
    lately = select(Campaign.id).where(Campaign.state_at >= now - ASKED_SINCE)
    is_known = exists().where(MassTask.campaign_id == Outgoing.campaign_id, MassTask.msgid == Outgoing.provider_id)
    query = (
        select(Outgoing.campaign_id, Outgoing.channel, Outgoing.provider_id, func.min(Outgoing.begun_at))
        .where(Outgoing.provider_id.is_not(None), Outgoing.channel.in_(channels), Outgoing.state == "accepted")
        .where(Outgoing.campaign_id.in_(lately), ~is_known)
        .group_by(Outgoing.campaign_id, Outgoing.channel, Outgoing.provider_id)
        .order_by(Outgoing.campaign_id, Outgoing.provider_id)
    )
    return [(int(campaign), str(channel), str(msgid), at) for campaign, channel, msgid, at in session.execute(query)]


def add(session: Session, connector_id: int, campaign_id: int, msgid: str, asked_at: datetime, now: datetime) -> bool:
    """Look at it from now on. False: it is looked at already."""
    values = {
        "connector_id": connector_id, "campaign_id": campaign_id, "msgid": msgid, "asked_at": asked_at, "next_look_at": now, "looks": 0, "reminded": [],
    }  # fmt: skip
    return insert_new(session, MassTask, values, unique=["connector_id", "msgid"]) is not None


def due(session: Session, now: datetime, most: int) -> list[int]:
    """Numbers of those to be looked at now: whose time it is, whose employees somebody wants reminded, and whose campaign was cancelled since they were looked at."""
    over = exists().where(Campaign.id == MassTask.campaign_id, Campaign.state.in_(("cancelled", "failed")))
    is_stale = over & (MassTask.next_look_at > now + WAIT_OF_CANCELLED)
    query = select(MassTask.id).where(MassTask.ended_at.is_(None))
    query = query.where((MassTask.next_look_at <= now) | MassTask.remind_by.is_not(None) | is_stale)
    return list(session.scalars(query.order_by(MassTask.next_look_at, MassTask.id).limit(most)))


def locked(session: Session, task_id: int) -> MassTask | None:
    """One that nobody else changes until the transaction ends; None where it is over, or there is none."""
    here = select(MassTask).where(MassTask.id == task_id, MassTask.ended_at.is_(None)).with_for_update()
    found: MassTask | None = session.scalars(here.execution_options(populate_existing=True)).one_or_none()
    return found


def asked(session: Session, rows: Sequence[Mapping[str, object]]) -> None:
    """What employees have done: rows of ``MassEmployee``."""
    put(session, MassEmployee, rows)


def counted(session: Session, task_id: int) -> dict[str, int]:
    """How many each employee was asked to send it to, as far as that is known."""
    query = select(MassEmployee.userid, MassEmployee.recipient_count).where(MassEmployee.task_id == task_id)
    return {str(userid): int(count) for userid, count in session.execute(query)}


def carried(session: Session, msgid: str, channels: Collection[str], states: Collection[str]) -> Sequence[Outgoing]:
    """The messages that it carries."""
    here = select(Outgoing).where(Outgoing.provider_id == msgid, Outgoing.channel.in_(channels))
    return session.scalars(here.where(Outgoing.state.in_(states)).order_by(Outgoing.id)).all()


def remind(session: Session, task_id: int, by: str | None, *, reminded: Sequence[str] | None = None) -> bool:
    """Somebody wants its employees reminded (None: no longer); ``reminded``: when they were. False: it is over."""
    here = update(MassTask).where(MassTask.id == task_id, MassTask.ended_at.is_(None))
    more = {} if reminded is None else {"reminded": list(reminded)}
    return bool(changed_rows(session, here.values(remind_by=by, **more)))
