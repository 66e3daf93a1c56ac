"""The emergency stop: nothing is sent any more, at all, on a channel, or of a campaign, until somebody who answers for the whole house lets it go on.

Incidents pause in their own name (``core.work.incident_actions``); what several pause goes on when all of them have let go. Whatever sends asks for pauses before every batch and every message.
"""

from datetime import datetime
from typing import Literal

from core.campaigns.body import CHANNELS
from core.errors import Forbidden, Refusal
from core.scope import SYSTEM, Operator
from core.store import audit, campaigns, incidents, topics
from core.store.session import Session, Store
from core.work.home import Home
from core.work.reasons import stated

Kind = Literal["all", "channel", "campaign"]


class InvalidStop(Refusal):
    """A stop is of everything, of a channel, or of a campaign."""

    code = "sending.stop"


def stop(home: Home, log: Store, operator: Operator, kind: Kind, key: str, reason: str, *, now: datetime) -> bool:
    """From the next message on. ``key``: the channel, or the campaign's code; empty for all. False: the house has stopped it already. Raises ``Forbidden``, ``InvalidStop``, ``InvalidDecision``."""
    _require(operator, "sending.stop")
    told, why = _key(kind, key), stated(reason)
    with audit.told(home.store, log) as (session, logged):
        if not hold(session, kind, told, why, by=operator.name, now=now):
            return False
        details = {"kind": kind, "key": told, "reason": why, "world": home.world}
        audit.append(logged, operator, "sending.held", "sending", details, now=now)
        return True


def let_go(home: Home, log: Store, operator: Operator, kind: Kind, key: str, reason: str, *, now: datetime) -> bool:
    """What the house has stopped goes on, unless an incident pauses it too. False: the house has not stopped it. Raises as ``stop``."""
    operator.require("sending.start")
    told, why = _key(kind, key), stated(reason)
    with audit.told(home.store, log) as (session, logged):
        if not incidents.release(session, kind, told, incident_id=None, reason=why, by=operator.name, now=now):
            return False
        topics.bump(session, campaigns.TOPIC)
        details = {"kind": kind, "key": told, "reason": why, "world": home.world}
        audit.append(logged, operator, "sending.released", "sending", details, now=now)
        return True


def hold(session: Session, kind: Kind, key: str, reason: str, *, by: str = SYSTEM.name, now: datetime) -> bool:
    """In the house's name, within the caller's transaction. False: it stands already."""
    held = incidents.hold(session, kind, key, incident_id=None, reason=reason, by=by, now=now)
    topics.bump(session, campaigns.TOPIC)
    return held is not None


def _require(operator: Operator, permission: str) -> None:
    """Who sees some units only stops their own campaigns, one by one."""
    operator.require(permission)
    if not operator.scope.sees_all:
        raise Forbidden("Sending is that of the whole house.", permission=permission, role=operator.role)


def _key(kind: str, key: str) -> str:
    told = key.strip()
    fits = {"all": not told, "channel": told in CHANNELS, "campaign": bool(told) and len(told) <= 64}
    if not fits.get(kind, False):
        raise InvalidStop("A stop is of everything, of a channel, or of a campaign.", kind=kind)
    return told
