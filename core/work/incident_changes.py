"""What people say of an incident as it goes on: who answers for it, how severe it is, by when it is over, what was seen, found and learnt, and who does what."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from core.errors import Forbidden
from core.periods import business_date
from core.risk import incidents as rules
from core.risk.incidents import SEVERITIES, WAIVED, InvalidIncident
from core.scope import Operator
from core.store import audit, choices, incidents, topics
from core.store.session import Store
from core.work.home import Home
from core.work.incident_turns import (
    HOURS,
    Turn,
    answerable,
    beside,
    hours,
    seen,
    suggested,
    text,
    title,
    turn,
    wind,
)
from core.work.segments import covers

LONGEST_LINK = 1000
FARTHEST = timedelta(days=366)
"""How far ahead a deadline may lie."""


# -- who, how severe, by when ------------------------------------------------------------------------------------------


def assign(
    home: Home, log: Store, operator: Operator, incident_id: int, owner: str, *, revision: int, now: datetime
) -> int:
    """Somebody answers for it from now on: an account that is in use, may work incidents and sees this one. Returns the revision. Raises as ``turn``, and
    ``InvalidIncident`` (reason ``owner``)."""
    with turn(home, log, operator, incident_id, revision, now) as one:
        before, one.row.owner = one.row.owner, answerable(home, one.logged, owner, one.row.units, "incident.write")
        one.say("assigned", owner=owner, before=before)
        one.audit("incident.assigned", owner=owner, before=before)
        return one.row.revision


def set_severity(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    severity: str,
    *,
    reason: str = "",
    revision: int,
    now: datetime,
) -> int:
    """Say how severe it is; the deadline of its step follows. Where scope and duration say otherwise a reason is needed. Raises as ``turn``, and
    ``InvalidIncident`` (reasons ``severity``, ``reason``)."""
    if severity not in SEVERITIES:
        raise InvalidIncident(f"An incident is one of {SEVERITIES}.", reason="severity")
    with turn(home, log, operator, incident_id, revision, now) as one:
        usual, before = suggested(one.row), one.row.severity
        body = text(reason, "reason") if reason.strip() or severity != usual else ""
        one.row.severity, one.row.is_severity_set = severity, True
        wind(one.session, one.row, since=one.row.state_at)
        one.say("severity", body, severity=severity, before=before, suggested=usual)
        one.audit("incident.severity", severity=severity, before=before, suggested=usual, reason=body)
        return one.row.revision


def set_due(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    due_at: datetime,
    reason: str,
    *,
    revision: int,
    now: datetime,
) -> int:
    """Give the present step another deadline. It escalates anew from there; another severity or end of the incident sets it anew too. Raises as ``turn``, and
    ``InvalidIncident`` (reasons ``due``, ``reason``)."""
    body = text(reason, "reason")
    _refuse_past(due_at, now, "due")
    with turn(home, log, operator, incident_id, revision, now) as one:
        before = one.row.due_at
        wind(one.session, one.row, since=one.row.state_at, due_at=due_at)
        one.say("due", body, due_at=due_at.isoformat(), before=None if before is None else before.isoformat())
        one.audit("incident.due", due_at=due_at.isoformat(), reason=body)
        return one.row.revision


def set_target(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    target_at: datetime,
    *,
    reason: str = "",
    revision: int,
    now: datetime,
) -> int:
    """Say by when it is to be over; no step before the review takes longer. Another one than was said before needs a reason. Raises as ``turn``, and
    ``InvalidIncident`` (reasons ``target``, ``reason``)."""
    _refuse_past(target_at, now, "target")
    with turn(home, log, operator, incident_id, revision, now) as one:
        before = one.row.target_at
        body = text(reason, "reason") if reason.strip() or before is not None else ""
        one.row.target_at = target_at
        wind(one.session, one.row, since=one.row.state_at)
        one.say("target", body, target_at=target_at.isoformat(), before=None if before is None else before.isoformat())
        one.audit("incident.target", target_at=target_at.isoformat(), reason=body)
        return one.row.revision


def change_hours(
    home: Home,
    log: Store,
    operator: Operator,
    told: Mapping[str, Mapping[str, int]] | None,
    *,
    was: Mapping[str, Mapping[str, int]],
    now: datetime,
) -> dict[str, dict[str, int]]:
    """From now on steps take so many hours, by step and severity; what is not named is as it comes. None: all as it comes. Steps that run keep their deadline. ``was``:
    the hours as the asker saw them. Raises ``Forbidden``, ``InvalidIncident`` (reason ``hours``), ``IncidentChanged``."""
    operator.require("risk.write")
    if not operator.scope.sees_all:
        raise Forbidden("The hours are those of the whole house.", permission="risk.write", role=operator.role)
    fresh = rules.read_hours(told or {})
    with audit.told(home.store, log) as (session, logged):
        if rules.read_hours(choices.held(session, HOURS, by=operator.name, now=now) or {}) != {
            state: dict(row) for state, row in was.items()
        }:
            raise incidents.IncidentChanged("Somebody else changed the hours meanwhile.", reason="hours")
        choices.write(session, HOURS, None if fresh == rules.HOURS else fresh, by=operator.name, now=now)
        topics.bump(session, incidents.TOPIC)
        audit.append(
            logged, operator, "incident.hours", "incident:hours", {"hours": fresh, "world": home.world}, now=now
        )
        return hours(session)


# -- what was seen, found and learnt -----------------------------------------------------------------------------------


def note(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    body: str,
    *,
    request: str | None = None,
    now: datetime,
) -> bool:
    """Write something down. ``request``: a key of the asker's; asked again with the same, nothing is written twice (False). Raises ``Forbidden``, ``Unknown``, ``InvalidIncident``."""
    return _written_beside(home, log, operator, incident_id, "note", text(body, "empty"), {}, request, now)


def evidence(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    body: str,
    *,
    link: str = "",
    figure: Mapping[str, Any] | None = None,
    request: str | None = None,
    now: datetime,
) -> bool:
    """Keep what shows something: words, with a link to where it lies (http or https) or a reference to a figure (``indicator``, ``by``, ``key``, ``on``). As ``note``."""
    details: dict[str, Any] = {}
    if link.strip():
        details["link"] = _link(link.strip())
    if figure is not None:
        details["figure"] = {name: str(figure[name]) for name in ("indicator", "by", "key", "on") if name in figure}
    return _written_beside(home, log, operator, incident_id, "evidence", text(body, "empty"), details, request, now)


def _written_beside(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    kind: str,
    body: str,
    details: dict[str, Any],
    request: str | None,
    now: datetime,
) -> bool:
    with beside(home, log, operator, incident_id, now) as one:
        is_new = one.say(kind, body, request=request, **details)
        if is_new:
            one.audit(f"incident.{kind}", **details)
        return is_new


def act(
    home: Home, log: Store, operator: Operator, incident_id: int, what: str, *, revision: int, now: datetime
) -> int:
    """Record what somebody did in answer to it, outside the product. Returns the revision. Raises as ``turn``."""
    body = text(what, "empty")
    with turn(home, log, operator, incident_id, revision, now) as one:
        one.say("action", body, act="done")
        one.audit("incident.action", act="done")
        return one.row.revision


def waive(
    home: Home, log: Store, operator: Operator, incident_id: int, reason: str, *, revision: int, now: datetime
) -> int:
    """State why the present step needs no action, message or task. Raises as ``turn``, and ``InvalidIncident`` (reason ``waived``) where it asks for none of these."""
    body = text(reason, "reason")
    with turn(home, log, operator, incident_id, revision, now) as one:
        asks = WAIVED.get(one.row.state)
        if asks is None:
            raise InvalidIncident("This step asks for nothing that a reason may stand for.", reason="waived")
        one.say("waived", body, asks=asks)
        one.audit("incident.waived", asks=asks, reason=body)
        return one.row.revision


def state_criteria(
    home: Home, log: Store, operator: Operator, incident_id: int, criteria: str, *, revision: int, now: datetime
) -> int:
    """Say what must hold before it counts as over. Others than before are not met yet. Raises as ``turn``."""
    body = text(criteria, "criteria")
    with turn(home, log, operator, incident_id, revision, now) as one:
        one.row.exit_criteria, one.row.exit_met_at = body, None
        one.say("criteria", body)
        one.audit("incident.criteria", criteria=body)
        return one.row.revision


def met(home: Home, log: Store, operator: Operator, incident_id: int, how: str, *, revision: int, now: datetime) -> int:
    """Say that they hold, and by what one sees it. Only while it is watched. Raises as ``turn``, and ``InvalidIncident`` (reason ``criteria``)."""
    body = text(how, "empty")
    with turn(home, log, operator, incident_id, revision, now) as one:
        if one.row.state != "monitor" or not one.row.exit_criteria:
            raise InvalidIncident("Nothing was stated that could be met, or it is not watched yet.", reason="criteria")
        one.row.exit_met_at = now
        one.say("met", body)
        one.audit("incident.met")
        return one.row.revision


def review(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    *,
    cause: str | None = None,
    lessons: str | None = None,
    revision: int,
    now: datetime,
) -> int:
    """Write down why it happened and what is learnt from it; what is None stays. Raises as ``turn``."""
    told = {name: text(value, "empty") for name, value in (("cause", cause), ("lessons", lessons)) if value is not None}
    if not told:
        raise InvalidIncident("Nothing was said.", reason="empty")
    with turn(home, log, operator, incident_id, revision, now) as one:
        for name, body in told.items():
            setattr(one.row, name, body)
            one.say(name, body)
        one.audit("incident.reviewed", parts=sorted(told))
        return one.row.revision


# -- tasks -------------------------------------------------------------------------------------------------------------


def add_task(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    kind: str,
    what: str,
    owner: str,
    due_on: date,
    *,
    revision: int,
    now: datetime,
) -> int:
    """Somebody does something by a day, in answer to it (``response``) or so that it does not happen again (``review``). Returns the task's number. Raises as ``turn``, and
    ``InvalidIncident`` (reasons ``task``, ``owner``, ``due``)."""
    if kind not in ("response", "review"):
        raise InvalidIncident("A task is of the response or of the review.", reason="task")
    called = title(what)
    today = business_date(now, home.settings.zone)
    if not today <= due_on <= today + FARTHEST:
        raise InvalidIncident("A task is due today or later, within a year.", reason="due")
    with turn(home, log, operator, incident_id, revision, now) as one:
        who = answerable(home, one.logged, owner, one.row.units, "risk.see")
        values = {
            "kind": kind,
            "title": called,
            "owner": who,
            "due_on": due_on,
            "created_by": operator.name,
            "created_at": now,
        }
        row = incidents.add_task(one.session, one.row, values)
        one.say("task", called, task=row.id, owner=who, due_on=due_on.isoformat(), of=kind)
        one.audit("incident.task", task=row.id, owner=who, due_on=due_on.isoformat(), kind=kind)
        return row.id


def complete_task(home: Home, log: Store, operator: Operator, task_id: int, *, result: str = "", now: datetime) -> bool:
    """It is done; whoever owns it may say so as well, also once the incident is closed. False: it was said before. Raises ``Forbidden``, ``Unknown``."""
    operator.require("risk.see")
    mine = covers(home, operator)
    body = text(result, "empty") if result.strip() else ""
    with audit.told(home.store, log) as (session, logged):
        task = incidents.task(session, task_id)
        row = seen(session, mine, task.incident_id)
        if task.owner != operator.name:
            operator.require("incident.write")
        if not incidents.done(session, task_id, by=operator.name, now=now):
            return False
        one = Turn(home, operator, now, session, logged, row)
        one.say("task_done", body, task=task_id, title=task.title)
        one.audit("incident.task_done", task=task_id)
        return True


def _refuse_past(at: datetime, now: datetime, reason: str) -> None:
    if not now < at <= now + FARTHEST:
        raise InvalidIncident("A deadline lies ahead, within a year.", reason=reason)


def _link(link: str) -> str:
    """An address of a page. Raises ``InvalidIncident`` (reason ``link``)."""
    try:
        told = urlsplit(link)
        host = told.hostname
    except ValueError:
        host, told = None, urlsplit("")
    is_plain = link.isprintable() and not any(one.isspace() for one in link)
    if (
        told.scheme not in ("http", "https")
        or not host
        or told.username is not None
        or not is_plain
        or len(link) > LONGEST_LINK
    ):
        raise InvalidIncident("A link begins with http:// or https://.", reason="link", most=LONGEST_LINK)
    return link
