"""The worker's look at incidents: days and severity follow their warnings, what is late escalates, tasks that are late are told.

Nothing is remembered between looks but what the store says: a worker that was killed, or two at once, tell each level of each deadline once. What was missed while nobody
looked is told at the level that it has reached by now.
"""

from datetime import date, datetime
from typing import Any

from core.periods import business_date
from core.risk import incidents as rules
from core.risk.incidents import TOLD
from core.scope import SYSTEM
from core.store import audit, incidents
from core.store.session import Store
from core.work import incident_news
from core.work.home import Home
from core.work.incident_turns import hours, is_behind, settle


def escalate(home: Home, log: Store, now: datetime) -> int:
    """Returns how many incidents rose and tasks were told late. ``log``: the store that keeps the audit log."""
    with home.store.reading() as session:
        open_ones = incidents.listed(session, states=rules.STATES[:-1])
        today = business_date(now, home.settings.zone)
        tasks = [row.id for row in incidents.late_tasks(session, today)]
        # Most looks find nothing to do, and then nobody who writes has to wait.
        behind = [row.id for row in open_ones if is_behind(session, row)]
    for key in behind:
        _follow(home, key)
    with home.store.reading() as session:
        late = [row.id for row in incidents.late(session, now)]
    done = sum(_rise(home, log, key, now) for key in late)
    return done + sum(_task(home, log, key, today, now) for key in tasks)


def _follow(home: Home, incident_id: int) -> None:
    with home.store.transaction() as session:
        row = incidents.held(session, incident_id)
        if row.state != "closed" and row.merged_into_id is None:
            settle(session, row)


def _rise(home: Home, log: Store, incident_id: int, now: datetime) -> int:
    with audit.told(home.store, log) as (session, logged):
        row = incidents.one(session, incident_id)
        state: Any = row.state
        severity: Any = row.severity
        level = rules.escalations(row.due_at, rules.span(state, severity, hours(session)), now)
        if level <= row.level or not incidents.risen(session, row.id, clock=row.clock, level=level):
            return 0
        roles = list(TOLD[level - 1])
        details = {
            "level": level,
            "owner": row.owner,
            "roles": roles,
            "due_at": row.due_at.isoformat() if row.due_at else None,
        }
        if not incidents.say(session, row, "escalated", "", details, by=SYSTEM.name, now=now, level=level):
            return 0
        incident_news.late(session, home, row, level, now)
        audit.append(
            logged, SYSTEM, "incident.escalated", f"incident:{row.id}", details | {"world": home.world}, now=now
        )
        return 1


def _task(home: Home, log: Store, task_id: int, today: date, now: datetime) -> int:
    with audit.told(home.store, log) as (session, logged):
        task = incidents.task(session, task_id)
        if task.due_on >= today or not incidents.told_late(session, task_id, now=now):
            return 0
        row = incidents.one(session, task.incident_id)
        details = {"task": task.id, "owner": task.owner, "due_on": task.due_on.isoformat()}
        incidents.say(session, row, "task_late", task.title, details, by=SYSTEM.name, now=now)
        incident_news.task_late(session, home, row, task, now)
        audit.append(
            logged, SYSTEM, "incident.task_late", f"incident:{row.id}", details | {"world": home.world}, now=now
        )
        return 1
