"""The buttons of an incident's playbook: sending paused and let go, people kept, colleagues told, and what was said to whom.

The product sends nothing to customers yet. A pause is a row that whatever sends must ask for before every batch (``core.store.incidents.holds``); a message is recorded
once a person has told it. Each button may be pressed again: what stands already is not done twice.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from core.errors import Forbidden
from core.risk import messages
from core.risk.incidents import InvalidIncident
from core.schema import CHANNELS
from core.scope import Operator
from core.store import incidents, segments
from core.store.session import Store
from core.work import incident_news
from core.work.home import Home
from core.work.incident_turns import seen, text, turn
from core.work.segments import covers, own_units, tell, tidy, within

HoldKind = Literal["all", "channel", "campaign"]
AUDIENCES = ("staff", "customers", "authority")
LONGEST_KEY = 200


# -- pauses ------------------------------------------------------------------------------------------------------------


def hold(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    kind: HoldKind,
    key: str,
    reason: str,
    *,
    revision: int,
    now: datetime,
) -> bool:
    """Nothing is sent from now on: at all (``kind`` ``all``, the kill switch), on a channel, or of a campaign. False: the incident pauses it already. Only who sees all may. Raises as
    ``turn``, and ``InvalidIncident`` (reasons ``reason``, ``key``)."""
    _require_house(operator)
    told, body = _key(kind, key), text(reason, "reason")
    if _stands(home, operator, incident_id, kind, told):
        return False
    with turn(home, log, operator, incident_id, revision, now) as one:
        if (
            incidents.hold(one.session, kind, told, incident_id=incident_id, reason=body, by=operator.name, now=now)
            is None
        ):
            return False
        one.say("action", body, act="hold", kind=kind, key=told)
        one.audit("sending.held", kind=kind, key=told, reason=body)
        return True


def release(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    kind: HoldKind,
    key: str,
    reason: str,
    *,
    revision: int,
    now: datetime,
) -> bool:
    """What the incident paused goes on, unless another one pauses it too. False: it pauses no such thing. Raises as ``hold``."""
    _require_house(operator)
    told, body = _key(kind, key), text(reason, "reason")
    if not _stands(home, operator, incident_id, kind, told):
        return False
    with turn(home, log, operator, incident_id, revision, now) as one:
        if not incidents.release(
            one.session, kind, told, incident_id=incident_id, reason=body, by=operator.name, now=now
        ):
            return False
        one.say("action", body, act="release", kind=kind, key=told)
        one.audit("sending.released", kind=kind, key=told, reason=body)
        return True


def _require_house(operator: Operator) -> None:
    """Channels and campaigns are the house's: who sees some units only pauses none."""
    operator.require("incident.write")
    if not operator.scope.sees_all:
        raise Forbidden("Sending is that of the whole house.", permission="incident.write", role=operator.role)


def _key(kind: str, key: str) -> str:
    is_right = {
        "all": key == "",
        "channel": key in CHANNELS,
        "campaign": bool(key.strip()) and len(key) <= LONGEST_KEY and key.isprintable(),
    }
    if not is_right.get(kind, False):
        raise InvalidIncident("A pause is of everything, of a channel, or of a campaign.", reason="key")
    return key.strip()


def _stands(home: Home, operator: Operator, incident_id: int, kind: str, key: str) -> bool:
    """Asked before anybody's turn is taken, so that a button pressed twice says the same twice."""
    mine = covers(home, operator)
    with home.store.reading() as session:
        seen(session, mine, incident_id)
        return any((one.kind, one.key) == (kind, key) for one in incidents.holds(session, [incident_id]))


# -- people ------------------------------------------------------------------------------------------------------------


def keep_people(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    name: str,
    members: Sequence[int],
    *,
    version: int,
    is_recall: bool = False,
    revision: int,
    now: datetime,
) -> int:
    """Keep people behind the incident as a list, as far as the operator may see them. ``is_recall``: as those to be called back; a draft of a campaign comes with the
    campaigns. ``version``: of the lake they were read of. Returns the segment's number. Raises as ``turn``, ``InvalidName``, ``NameTaken``, and ``InvalidIncident``
    (reason ``nobody``)."""
    operator.require("segment.write")
    operator.require("people.see")
    called, kept = tidy(name), within(home, operator.scope, members)
    if not kept:
        raise InvalidIncident("There is nobody to keep.", reason="nobody")
    with turn(home, log, operator, incident_id, revision, now) as one:
        definition = {"kind": "incident", "incident": incident_id, "is_recall": is_recall}
        segment = segments.save(
            one.session,
            called,
            one.row.title,
            kept,
            definition=definition,
            lake_version=version,
            by=operator.name,
            now=now,
            units=own_units(operator),
        )
        act = "recall" if is_recall else "people"
        one.say("action", called, act=act, segment=segment.id, members=len(kept))
        one.audit("incident.people", act=act, segment=segment.id, members=len(kept))
        details = {"name": called, "kind": segment.kind, "members": len(kept), "tree": None, "incident": incident_id}
        tell(one.logged, home, operator, "segment.saved", ("segment", segment.id), details, now)
        return segment.id


# -- words -------------------------------------------------------------------------------------------------------------


def remind(home: Home, log: Store, operator: Operator, incident_id: int, *, revision: int, now: datetime) -> int:
    """Tell everybody who is told of incidents to look at this one now. Returns the revision. Raises as ``turn``."""
    with turn(home, log, operator, incident_id, revision, now) as one:
        one.say("action", act="notify")
        incident_news.reminded(one.session, home, one.row, now)
        one.audit("incident.action", act="notify")
        return one.row.revision


def told(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    audience: str,
    by: str,
    body: str,
    *,
    revision: int,
    now: datetime,
) -> int:
    """Record what a person told staff, customers or the authority, and how (``by``). The product sent nothing. Returns the revision. Raises as ``turn``, and ``InvalidMessage`` for
    a text with a gap."""
    if audience not in AUDIENCES:
        raise InvalidIncident(f"A message goes to one of {AUDIENCES}.", reason="audience")
    way = text(by, "empty", most=LONGEST_KEY)
    messages.refuse_gaps(body)
    with turn(home, log, operator, incident_id, revision, now) as one:
        one.say("message", body.strip(), audience=audience, by=way)
        one.audit("incident.message", audience=audience, by=way)
        return one.row.revision
