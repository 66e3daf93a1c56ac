"""Connectors as they may be seen: all that was said of them but what is secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from core.campaigns import callbacks
from core.campaigns.hours import Quiet
from core.errors import WrongKey
from core.scope import Operator
from core.store import connectors
from core.store.campaign_tables import Connector
from core.store.session import Session
from core.work.campaigns.ways_out import connector_kinds, connector_secrets
from core.work.home import Home


@dataclass(frozen=True, slots=True)
class Seen:
    """``told``: names of the secrets that are set. ``address``: of a webhook scheme and host, of a robot the end of its key; empty of others. ``is_openable``: whether the key of this home
    opens it. ``is_used``: something was sent through it, or told by its platform."""

    connector_id: int
    name: str
    kind: str
    channels: tuple[str, ...]
    settings: Mapping[str, Any]
    told: tuple[str, ...]
    address: str
    is_openable: bool
    is_on: bool
    is_used: bool
    halted: str | None
    failures: int
    paused_until: datetime | None
    tested_at: datetime | None
    test_error: str | None
    revision: int
    by: str
    at: datetime


def listed(home: Home, operator: Operator) -> list[Seen]:
    """All of them, those of one channel together. Raises ``Forbidden``."""
    operator.require("connector.write")
    with home.store.reading() as session:
        return [_seen(home, session, row) for row in connectors.every(session)]


def heard_at(home: Home, operator: Operator, connector_id: int, kind: str) -> dict[str, str] | None:
    """Addresses to be typed in at its platform, by what it tells there (``core.campaigns.callbacks``); none of a kind that is told nothing. Null where the house has not said how it is reached. Some hold
    a secret. Raises ``Forbidden``."""
    operator.require("connector.write")
    base = home.settings.links_url
    if base is None:
        return None if callbacks.NAMES.get(kind) else {}
    return callbacks.addresses(base, home.keys.derived(callbacks.KEY), home.world, connector_id, kind)


def quiet(session: Session, channel: str) -> Quiet | None:
    """When the connector in use sends nothing on a channel. None: none is on, or there are several (robots)."""
    row = None if channel == "robot" else connectors.in_use(session, channel)
    return None if row is None else connector_kinds.quiet(row.settings, channel)


def signature(session: Session) -> str:
    """What the provider puts before each text message, without 【】; empty where none is set up."""
    row = connectors.in_use(session, "sms")
    return "" if row is None else str(row.settings["signature"])


def connected(session: Session) -> frozenset[str]:
    """Channels that something is set up for and switched on; whether it works is another matter."""
    on = (connector_kinds.KINDS[row.kind].channels for row in connectors.every(session) if row.is_on)
    return frozenset(channel for channels in on for channel in channels)


def robots(session: Session) -> dict[str, str]:
    """Robots that are on: what a campaign calls the place, and the name that it has."""
    return {str(row.id): row.name for row in connectors.every(session) if row.kind == "robot" and row.is_on}


def _seen(home: Home, session: Session, row: Connector) -> Seen:
    try:
        secrets = connector_secrets.unseal(home.keys, row)
        is_openable = True
    except WrongKey:  # it is seen all the same, and says so
        secrets, is_openable = {}, False
    kind = connector_kinds.kind(row.kind)
    told = tuple(one.name for one in kind.secrets if secrets.get(one.name))
    return Seen(
        row.id, row.name, row.kind, kind.channels, row.settings, told, _address(secrets), is_openable, row.is_on, connectors.is_used(session, row.id), row.halted, row.failures,
        row.paused_until, row.tested_at, row.test_error, row.revision, row.by, row.at,
    )  # fmt: skip


def _address(secrets: Mapping[str, str]) -> str:
    if "address" in secrets:
        parts = urlsplit(secrets["address"])
        return f"{parts.scheme}://{parts.netloc}/…"
    return f"…{secrets['key'][-4:]}" if "key" in secrets else ""
