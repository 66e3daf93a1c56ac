"""Who is told of an incident, and when: notices of its opening, of its steps, of what is late."""

from datetime import datetime

from core.risk.incidents import TOLD
from core.store.incident_tables import Incident, IncidentTask
from core.store.session import Session
from core.work import notices
from core.work.notices import Notice, Param, Urgency

URGENT = ("high", "critical")


def opened(session: Session, row: Incident, now: datetime) -> None:
    notices.say(
        session, Notice("incident.opened", f"incident:{row.id}:opened", _urgency(row), _params(row), row.units), now
    )


def moved(session: Session, row: Incident, now: datetime, *, before: str) -> None:
    """Every move is told by the number that the incident's clock shows after it."""
    told = _params(row) | {"before": before}
    key = f"incident:{row.id}:moved:{row.revision}"
    notices.say(session, Notice("incident.moved", key, _urgency(row), told, row.units), now)


def reminded(session: Session, row: Incident, now: datetime) -> None:
    """Somebody wants all who are told of incidents to look at it now."""
    told = _params(row) | {"before": row.state}
    notices.say(
        session, Notice("incident.moved", f"incident:{row.id}:told:{row.revision}", "high", told, row.units), now
    )


def late(session: Session, row: Incident, level: int, now: datetime) -> None:
    """Its step is late, and has escalated to a level: the owner and the roles of ``TOLD`` are meant."""
    told = _params(row) | {"level": level, "roles": ",".join(TOLD[level - 1])}
    key = f"incident:{row.id}:late:{row.clock}:{level}"
    notices.say(session, Notice("incident.late", key, "high", told, row.units), now)


def task_late(session: Session, row: Incident, task: IncidentTask, now: datetime) -> None:
    told = _params(row) | {"task": task.id, "due_on": task.due_on, "owner": task.owner}
    notices.say(session, Notice("task.late", f"incident:{row.id}:task:{task.id}", "normal", told, row.units), now)


def _params(row: Incident) -> dict[str, Param]:
    due_at = None if row.due_at is None else row.due_at.isoformat()
    return {
        "incident": row.id, "title": row.title, "severity": row.severity, "state": row.state, "owner": row.owner, "due_at": due_at,
    }  # fmt: skip


def _urgency(row: Incident) -> Urgency:
    return "high" if row.severity in URGENT else "normal"
