"""Who is told of an incident, and when: notices of its opening, of its steps, of what is late."""

from datetime import datetime
from zoneinfo import ZoneInfo

from core.risk.incidents import TOLD
from core.store import incidents
from core.store.incident_tables import Incident, IncidentTask
from core.store.session import Session
from core.work import notices
from core.work.home import Home
from core.work.notices import Notice, Param, Urgency

URGENT = ("high", "critical")


def opened(session: Session, home: Home, row: Incident, now: datetime) -> None:
    told = _params(home, row) | {"warnings": len(incidents.warnings(session, [row.id])[row.id])}
    notices.say(session, Notice("incident.opened", f"incident:{row.id}:opened", _urgency(row), told, row.units), now)


def moved(session: Session, home: Home, row: Incident, now: datetime, *, before: str) -> None:
    told = _params(home, row) | {"from": before, "to": row.state}
    key = f"incident:{row.id}:moved:{row.revision}"
    notices.say(session, Notice("incident.moved", key, _urgency(row), told, row.units), now)


def reminded(session: Session, home: Home, row: Incident, now: datetime) -> None:
    """Somebody wants all who are told of incidents to look at it now."""
    key = f"incident:{row.id}:reminder:{row.revision}"
    notices.say(session, Notice("incident.reminder", key, "high", _params(home, row), row.units), now)


def late(session: Session, home: Home, row: Incident, level: int, now: datetime) -> None:
    """Its step is late, and has escalated to a level: the owner and the roles of ``TOLD`` are meant."""
    told = _params(home, row) | {"level_no": level, "roles": ",".join(TOLD[level - 1])}
    key = f"incident:{row.id}:late:{row.clock}:{level}"
    notices.say(session, Notice("incident.late", key, "high", told, row.units), now)


def task_late(session: Session, home: Home, row: Incident, task: IncidentTask, now: datetime) -> None:
    told = _params(home, row) | {"count": 1, "due": task.due_on}
    notices.say(session, Notice("task.late", f"incident:{row.id}:task:{task.id}", "normal", told, row.units), now)


def _params(home: Home, row: Incident) -> dict[str, Param]:
    """Codes and times only: a title is written by people, and may name one."""
    due = None if row.due_at is None else f"{row.due_at.astimezone(ZoneInfo(home.settings.zone)):%Y-%m-%d %H:%M}"
    return {"incident": row.id, "severity": row.severity, "state": row.state, "due": due}


def _urgency(row: Incident) -> Urgency:
    return "high" if row.severity in URGENT else "normal"
