"""Ways out that were set up: added, changed, tried, switched. Secrets go in and are never shown again, but one that the house made, once.

A connector in trouble is left alone for a while, twice as long each time; one that its platform refuses is halted until somebody changes something or says that it may go on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.errors import Refusal
from core.scope import Operator
from core.senders import webhook
from core.senders.outcomes import Halted
from core.senders.sender import NotSent, Temporary, Uncertain
from core.store import audit, connectors, topics
from core.store.campaign_tables import Connector
from core.store.session import Session, Store
from core.work.campaigns.ways_out import connector_kinds, connector_secrets
from core.work.campaigns.ways_out.connector_kinds import LONGEST_NAME, InvalidConnector
from core.work.home import Home

TOPIC = "connectors"
FAILURES, PAUSE, LONGEST_PAUSE = 5, timedelta(minutes=1), timedelta(hours=1)
"""After so many calls in a row that came to nothing it is left alone, each further time twice as long."""
OLD_SECRET, ROTATED = "old_secret", "rotated_at"
OF_ONE = (
    "sms.hours",
    "aliyun.isv.",
    "tencent.LimitExceeded.PhoneNumber",
    "tencent.LimitExceeded.Delivery",
    "smtp.4",
    "wechat.45011",
)
"""Beginnings of codes that say something about one recipient, or an hour of the day, and nothing about the way out."""


class ConnectorChanged(Refusal):
    """Somebody else changed the connector since the asker read it. ``revision``: the one it is at now."""

    code = "connector.changed"


class ConnectorInUse(Refusal):
    """Of each channel one is in use: ``name`` is on. Or ``reason`` says why one cannot be removed: ``on`` or ``used``."""

    code = "connector.in_use"


@dataclass(frozen=True, slots=True, repr=False)
class Added:
    """``secret``: that of a webhook, to be shown once; None where the asker gave it, or where there is none."""

    connector_id: int
    secret: str | None


# -- set up ------------------------------------------------------------------------------------------------------------


def add(
    home: Home, log: Store, operator: Operator, kind: str, name: str, settings: Mapping[str, Any], secrets: Mapping[str, str], *, now: datetime
) -> Added:  # fmt: skip
    """A new one, switched off. ``settings``, ``secrets``: by field of its kind (``connector_kinds``). ``log``: the store that keeps the audit log. Raises ``Forbidden``, ``InvalidConnector``,
    ``DemoConnector``."""
    operator.require("connector.write")
    known = _read(home, kind, settings)
    sealed = connector_kinds.read_secrets(kind, secrets, home.settings.inner_hosts)
    _refuse_demo(home, kind, known, sealed)
    said = _name(name)

    def write(session: Session) -> Connector:
        _refuse_taken(session, said, None)
        values = {"name": said, "kind": kind, "channel": connector_kinds.kind(kind).channels[0], "settings": known}
        connector = connectors.add(session, values, by=operator.name, now=now)
        connector.sealed = connector_secrets.seal(home.keys, connector.id, sealed)
        return connector

    connector = _written(home, log, operator, "connector.added", write, now)
    is_made = kind == "webhook" and not secrets.get("secret", "").strip()
    return Added(connector.id, sealed["secret"] if is_made else None)


def change(
    home: Home, log: Store, operator: Operator, connector_id: int, name: str, settings: Mapping[str, Any], secrets: Mapping[str, str], *, revision: int, now: datetime
) -> int:  # fmt: skip
    """The connector from now on: its revision. Of ``secrets`` those that are given replace those before; the others stay. What was halted may go on. Raises ``Unknown``,
    ``ConnectorChanged``, and as ``add``."""
    operator.require("connector.write")
    said = _name(name)

    def write(session: Session) -> Connector:
        connector = _found(session, connector_id, revision)
        _refuse_taken(session, said, connector_id)
        known = _read(home, connector.kind, settings)
        kept = connector_secrets.unseal(home.keys, connector)
        sealed = connector_kinds.read_secrets(connector.kind, secrets, home.settings.inner_hosts, kept=kept)
        _refuse_demo(home, connector.kind, known, sealed)
        if any(sealed.get(one) != kept.get(one) for one in ("secret", "address")):
            sealed.pop(OLD_SECRET, None)
        connector.name, connector.settings = said, known
        connector.sealed = connector_secrets.seal(home.keys, connector_id, sealed)
        _free(connector)
        connector.tested_at = connector.test_error = None
        _touch(connector, operator, now)
        return connector

    return _written(home, log, operator, "connector.changed", write, now).revision


def rotate(home: Home, log: Store, operator: Operator, connector_id: int, *, revision: int, now: datetime) -> str:
    """A new secret for a webhook, to be shown once. For a day messages are signed with the old one as well. Raises ``Forbidden``, ``Unknown``, ``ConnectorChanged``,
    ``InvalidConnector``."""
    operator.require("connector.write")
    fresh = webhook.new_secret()

    def write(session: Session) -> Connector:
        connector = _found(session, connector_id, revision)
        if connector.kind != "webhook":
            raise InvalidConnector("secret", "choice")
        kept = connector_secrets.unseal(home.keys, connector)
        sealed = kept | {"secret": fresh, OLD_SECRET: kept["secret"], ROTATED: now.isoformat()}
        connector.sealed = connector_secrets.seal(home.keys, connector_id, sealed)
        _touch(connector, operator, now)
        return connector

    _written(home, log, operator, "connector.rotated", write, now)
    return fresh


def switch(
    home: Home, log: Store, operator: Operator, connector_id: int, *, is_on: bool, revision: int, now: datetime
) -> int:
    """On or off: its revision. Raises ``ConnectorInUse`` where another one of its channel is on, ``DemoConnector``, ``Forbidden``, ``Unknown``, ``ConnectorChanged``."""
    operator.require("connector.write")

    def write(session: Session) -> Connector:
        connector = _found(session, connector_id, revision)
        if is_on:
            _refuse_demo(home, connector.kind, connector.settings, connector_secrets.unseal(home.keys, connector))
            other = connectors.in_use(session, connector.channel)
            if connector.kind != "robot" and other is not None and other.id != connector_id:
                raise ConnectorInUse("Another connector of this channel is on.", reason="channel", name=other.name)
        connector.is_on = is_on
        _touch(connector, operator, now)
        return connector

    return _written(
        home, log, operator, "connector.switched_on" if is_on else "connector.switched_off", write, now
    ).revision


def remove(home: Home, log: Store, operator: Operator, connector_id: int, *, revision: int, now: datetime) -> None:
    """It is gone, with its secrets; one that was ever sent through stays. Raises ``ConnectorInUse``, ``Forbidden``, ``Unknown``, ``ConnectorChanged``."""
    operator.require("connector.write")

    def write(session: Session) -> Connector:
        connector = _found(session, connector_id, revision)
        if connector.is_on or connectors.is_used(session, connector_id):
            why = "on" if connector.is_on else "used"
            raise ConnectorInUse(f"This connector cannot be removed: {why}.", reason=why, name=connector.name)
        connectors.remove(session, connector)
        return connector

    _written(home, log, operator, "connector.removed", write, now)


def resume(home: Home, log: Store, operator: Operator, connector_id: int, *, now: datetime) -> None:
    """One that was paused or halted is tried again at once. Raises ``Forbidden``, ``Unknown``."""
    operator.require("connector.write")

    def write(session: Session) -> Connector:
        connector = _found(session, connector_id, None)
        _free(connector)
        _touch(connector, operator, now)  # what workers know of the connector before is forgotten with its revision
        return connector

    _written(home, log, operator, "connector.resumed", write, now)


def tested(home: Home, log: Store, operator: Operator, connector_id: int, error: str | None, *, revision: int, now: datetime) -> None:  # fmt: skip
    """What a test of that revision came to: null where it was well. One that was changed meanwhile keeps what it has. Raises ``Forbidden``, ``Unknown``."""
    operator.require("connector.write")

    def write(session: Session) -> Connector:
        connector = _found(session, connector_id, None)
        if connector.revision == revision:
            connector.tested_at, connector.test_error = now, error
        return connector

    _written(home, log, operator, "connector.tested", write, now)


# -- trouble -----------------------------------------------------------------------------------------------------------


def blame(session: Session, connector_id: int, trouble: NotSent, now: datetime) -> bool:
    """What a call through it came to, in the caller's transaction. ``Halted`` halts it; ``Temporary`` and ``Uncertain`` count, and from the fifth in a row on it is left alone; all else, and what is about
    one recipient, is none of its fault. True: it was halted or left alone just now, and was not before."""
    is_passing = isinstance(trouble, Temporary | Uncertain) and not trouble.code.startswith(OF_ONE)
    if not is_passing and not isinstance(trouble, Halted):
        return False
    connector = connectors.locked(session, connector_id)
    if connector is None or connector.halted is not None:
        return False
    topics.bump(session, TOPIC)
    if isinstance(trouble, Halted):
        connector.halted = trouble.code[:64]
        return True
    was_paused = connector.paused_until is not None and connector.paused_until > now
    connector.failures += 1
    pause = _pause(connector.failures, trouble)
    if not pause:
        return False
    connector.paused_until = max(connector.paused_until or now, now + pause)
    return not was_paused


def praise(session: Session, connector_id: int) -> None:
    """It took something: what was before is forgotten. In the caller's transaction."""
    connector = session.get(Connector, connector_id)
    if connector is None or (connector.failures == 0 and connector.paused_until is None):
        return
    connector.failures, connector.paused_until = 0, None
    topics.bump(session, TOPIC)


def _pause(failures: int, trouble: NotSent) -> timedelta:
    over = failures - FAILURES
    if over < 0:
        return timedelta()
    asked = timedelta(seconds=min(getattr(trouble, "after_s", None) or 0.0, LONGEST_PAUSE.total_seconds()))
    return max(min(PAUSE * 2 ** min(over, 8), LONGEST_PAUSE), asked)


# -- writing -----------------------------------------------------------------------------------------------------------


def _written(
    home: Home, log: Store, operator: Operator, action: str, write: Callable[[Session], Connector], now: datetime
) -> Connector:
    """Write, and tell the audit log what holds now, without anything secret."""
    with audit.told(home.store, log) as (session, logged):
        audit.lock(logged)  # one after the other, so that a name is looked for and taken by one
        connector = write(session)
        topics.bump(session, TOPIC)
        details = _plain(connector) | {"world": home.world}
        audit.append(logged, operator, action, f"connector:{connector.id}", details, now=now)
    return connector


def _plain(connector: Connector) -> dict[str, Any]:
    """What the audit log may know: which fields were said, and of those only what is no name of a person or a machine."""
    told = {name: connector.settings[name] for name in ("quota", "price_minor", "rate_count", "rate_per_s") if name in connector.settings}  # fmt: skip
    names = ("kind", "channel", "name", "is_on", "revision", "test_error")
    return {name: getattr(connector, name) for name in names} | {"settings": told}


def _found(session: Session, connector_id: int, revision: int | None) -> Connector:
    connector = connectors.locked(session, connector_id) or connectors.one(session, connector_id)
    if revision is not None and connector.revision != revision:
        raise ConnectorChanged("Somebody else changed this connector.", revision=connector.revision)
    return connector


def _touch(connector: Connector, operator: Operator, now: datetime) -> None:
    connector.revision += 1
    connector.by, connector.at = operator.name, now


def _free(connector: Connector) -> None:
    connector.failures, connector.paused_until, connector.halted = 0, None, None


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise InvalidConnector("name", "empty")
    if len(name) > LONGEST_NAME:
        raise InvalidConnector("name", "long", LONGEST_NAME)
    if not name.isprintable():
        raise InvalidConnector("name", "form")
    return name


def _refuse_taken(session: Session, name: str, connector_id: int | None) -> None:
    other = connectors.named(session, name)
    if other is not None and other.id != connector_id:
        raise InvalidConnector("name", "taken")


def _read(home: Home, kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    return connector_kinds.read(kind, settings, home.settings.inner_hosts)


def _refuse_demo(home: Home, kind: str, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
    if home.world == "demo":
        connector_kinds.refuse_demo(kind, settings, secrets, home.settings.inner_hosts)
