"""Connectors as rows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select

from core.errors import Unknown
from core.store.campaign_tables import Connector, Inbound, MassTask, SendRate, SubscriptionGrant
from core.store.session import Session


def every(session: Session) -> list[Connector]:
    """All of them, those of one channel together, in the order of their names."""
    return list(session.scalars(select(Connector).order_by(Connector.channel, Connector.name, Connector.id)))


def one(session: Session, connector_id: int) -> Connector:
    """Raises ``Unknown``."""
    found = session.get(Connector, connector_id)
    if found is None:
        raise Unknown("connector", str(connector_id))
    return found


def locked(session: Session, connector_id: int) -> Connector | None:
    """One, which nobody else changes until the transaction ends. None: it was removed."""
    query = select(Connector).where(Connector.id == connector_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def named(session: Session, name: str) -> Connector | None:
    return session.scalars(select(Connector).where(Connector.name == name)).one_or_none()


SENDS_ON = {"group_chat": "wecom"}
"""Channels that another channel's connector sends on."""


def in_use(session: Session, channel: str) -> Connector | None:
    """The one that a channel is sent through. Robots are asked for one by one."""
    on = select(Connector).where(
        Connector.channel == SENDS_ON.get(channel, channel), Connector.is_on, Connector.kind != "robot"
    )
    return session.scalars(on.execution_options(populate_existing=True)).one_or_none()


def app_in_use(session: Session) -> Connector | None:
    """That of WeCom which is in use, where it names an app of the house that employees can be written to by."""
    row = in_use(session, "wecom")
    return row if row is not None and row.kind == "wecom" and "agent_id" in row.settings else None


def stands_for(session: Session, channel: str) -> str:
    """The channel on which somebody must have agreed, and not refused: that which the way out in use stands for where it is no channel of a person's own, else the channel itself."""
    row = in_use(session, channel)
    return channel if row is None else str(row.settings.get("stands_for", channel))


def add(session: Session, values: Mapping[str, Any], *, by: str, now: datetime) -> Connector:
    """A new one, off, without failures, with nothing sealed yet."""
    connector = Connector(**values, sealed=b"", is_on=False, revision=1, by=by, at=now, failures=0)
    session.add(connector)
    session.flush()
    return connector


def is_used(session: Session, connector_id: int) -> bool:
    """Whether anything was sent through it, or told by its platform."""
    told = [exists().where(one.connector_id == connector_id) for one in (Inbound, MassTask, SubscriptionGrant)]
    taken = exists().where(SendRate.key == rate_key(connector_id))
    return any(session.scalar(select(one)) for one in (*told, taken))


def rate_key(connector_id: int) -> str:
    """Of the row that says how far it is used."""
    return f"connector:{connector_id}"


def remove(session: Session, connector: Connector) -> None:
    """It is gone, with its secrets."""
    session.delete(connector)
    session.flush()
