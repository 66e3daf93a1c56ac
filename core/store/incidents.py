"""Incidents, their time line and tasks, and pauses of sending, as rows. What they mean is decided in ``core.work.incidents``."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select, update

from core.errors import Refusal, Unknown
from core.store import topics
from core.store.incident_tables import Incident, IncidentEntry, IncidentTask, IncidentWarning, SendingHold
from core.store.session import Session, changed_rows, insert_new, upsert

TOPIC = "incidents"


class IncidentChanged(Refusal):
    """Somebody else changed the incident since the asker read it. ``revision``: the one it is at now; ``reason`` ``merged``: it goes on as part of ``into``."""

    code = "incident.changed"


def begin(session: Session) -> None:
    """Whoever changes incidents says so first, and waits for whoever is at it: people change several rows at once, in any order, and would else wait for each other
    without end."""
    topics.bump(session, TOPIC)


# -- incidents ---------------------------------------------------------------------------------------------------------


def one(session: Session, incident_id: int) -> Incident:
    """Raises ``Unknown``."""
    found = session.get(Incident, incident_id, populate_existing=True)
    if found is None:
        raise Unknown("incident", str(incident_id))
    return found


def held(session: Session, incident_id: int) -> Incident:
    """As ``one``; nobody else changes it until this transaction ends, and its revision stays."""
    begin(session)
    query = select(Incident).where(Incident.id == incident_id).with_for_update()
    found = session.scalars(query, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise Unknown("incident", str(incident_id))
    return found


def taken(session: Session, incident_id: int, revision: int) -> Incident:
    """The incident, whose next revision is the caller's: nobody else changes it until this transaction ends. Raises ``Unknown``, ``IncidentChanged``."""
    begin(session)
    here = (Incident.id == incident_id, Incident.revision == revision, Incident.merged_into_id.is_(None))
    if not changed_rows(session, update(Incident).where(*here).values(revision=revision + 1)):
        row = one(session, incident_id)
        if row.merged_into_id is not None:
            raise IncidentChanged("The incident goes on as part of another.", reason="merged", into=row.merged_into_id)
        raise IncidentChanged("Somebody else changed this incident.", revision=row.revision)
    return one(session, incident_id)


def add(session: Session, values: Mapping[str, Any]) -> Incident:
    begin(session)
    row = Incident(**values)
    session.add(row)
    session.flush()
    return row


def listed(
    session: Session, *, states: Collection[str] | None = None, since: date | None = None, before: date | None = None
) -> list[Incident]:
    """Those that are no part of another, the newest first. ``since``, ``before``: that began before the one and were still on, or open, on or after the other."""
    query = select(Incident).where(Incident.merged_into_id.is_(None))
    if states is not None:
        query = query.where(Incident.state.in_(list(states)))
    if since is not None:
        query = query.where(or_(Incident.last_on >= since, Incident.state != "closed"))
    if before is not None:
        query = query.where(Incident.first_on < before)
    return list(session.scalars(query.order_by(Incident.opened_at.desc(), Incident.id.desc())))


def late(session: Session, now: datetime) -> list[Incident]:
    """Open ones whose step was to be left before now, the longest late first."""
    query = select(Incident).where(
        Incident.state != "closed",
        Incident.merged_into_id.is_(None),
        Incident.due_at.is_not(None),
        Incident.due_at < now,
    )
    return list(session.scalars(query.order_by(Incident.due_at, Incident.id)))


def risen(session: Session, incident_id: int, *, clock: int, level: int) -> bool:
    """The incident has escalated to a level. False: it had already, or another deadline holds by now."""
    begin(session)
    here = (Incident.id == incident_id, Incident.clock == clock, Incident.level < level, Incident.state != "closed")
    free = Incident.merged_into_id.is_(None)
    return changed_rows(session, update(Incident).where(*here, free).values(level=level)) == 1


def parts(session: Session, incident_id: int) -> list[Incident]:
    """Incidents that go on as part of this one, the oldest first."""
    query = select(Incident).where(Incident.merged_into_id == incident_id).order_by(Incident.id)
    return list(session.scalars(query))


def hand_over(session: Session, incident_id: int, into_id: int) -> None:
    """What belongs to one incident, and what was a part of it, belongs to another from now on; its time line stays its own."""
    for table in (IncidentWarning, IncidentTask):
        changed_rows(session, update(table).where(table.incident_id == incident_id).values(incident_id=into_id))
    changed_rows(session, update(Incident).where(Incident.merged_into_id == incident_id).values(merged_into_id=into_id))


# -- warnings of an incident -------------------------------------------------------------------------------------------


def link(session: Session, incident_id: int, warning_id: int, *, by: str, now: datetime) -> bool:
    """Make a warning the incident's. False: it belongs to an incident already."""
    values = {"warning_id": warning_id, "incident_id": incident_id, "by": by, "at": now}
    return insert_new(session, IncidentWarning, values, unique=("warning_id",)) is not None


def relink(session: Session, incident_id: int, warning_ids: Sequence[int], into_id: int) -> int:
    """Make warnings of one incident another's; returns how many were."""
    here = (IncidentWarning.incident_id == incident_id, IncidentWarning.warning_id.in_(list(warning_ids)))
    return changed_rows(session, update(IncidentWarning).where(*here).values(incident_id=into_id))


def follow(session: Session, warning_id: int, into_id: int) -> None:
    """A warning became part of another one: the incident of the first is the other's too, where that has none."""
    begin(session)
    found = session.get(IncidentWarning, warning_id, populate_existing=True)
    if found is not None:
        link(session, found.incident_id, into_id, by=found.by, now=found.at)


def of_warnings(session: Session, warning_ids: Collection[int]) -> dict[int, int]:
    """The incident of each of the warnings that has one."""
    query = select(IncidentWarning.warning_id, IncidentWarning.incident_id)
    rows = session.execute(query.where(IncidentWarning.warning_id.in_(list(warning_ids))))
    return {row.warning_id: row.incident_id for row in rows}


def warnings(session: Session, incident_ids: Collection[int]) -> dict[int, list[int]]:
    """The warnings of each of the incidents, ascending."""
    query = select(IncidentWarning.incident_id, IncidentWarning.warning_id)
    rows = session.execute(
        query.where(IncidentWarning.incident_id.in_(list(incident_ids))).order_by(IncidentWarning.warning_id)
    )
    found: dict[int, list[int]] = {one: [] for one in incident_ids}
    for row in rows:
        found[row.incident_id].append(row.warning_id)
    return found


# -- the time line -----------------------------------------------------------------------------------------------------


def say(
    session: Session,
    incident: Incident,
    kind: str,
    body: str,
    details: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
    level: int | None = None,
    request: str | None = None,
) -> bool:
    """Add a line in the incident's present step. ``level``: of an escalation. False: this escalation, or this ``request``, stands there already."""
    values = {
        "incident_id": incident.id, "kind": kind, "state": incident.state, "round": incident.round, "body": body, "details": dict(details),
        "by": by, "at": now, "clock": None if level is None else incident.clock, "level": level, "request": request,
    }  # fmt: skip
    begin(session)
    statement = upsert(session, IncidentEntry).values(**values).on_conflict_do_nothing().returning(IncidentEntry.id)
    return session.scalars(statement).one_or_none() is not None


def entries(
    session: Session, incident_ids: Collection[int], *, kinds: Collection[str] | None = None
) -> list[IncidentEntry]:
    """Of some incidents, the oldest first."""
    query = select(IncidentEntry).where(IncidentEntry.incident_id.in_(list(incident_ids)))
    if kinds is not None:
        query = query.where(IncidentEntry.kind.in_(list(kinds)))
    return list(session.scalars(query.order_by(IncidentEntry.at, IncidentEntry.id)))


# -- tasks -------------------------------------------------------------------------------------------------------------


def add_task(session: Session, incident: Incident, values: Mapping[str, Any]) -> IncidentTask:
    row = IncidentTask(incident_id=incident.id, round=incident.round, **values)
    session.add(row)
    session.flush()
    return row


def task(session: Session, task_id: int) -> IncidentTask:
    """Raises ``Unknown``."""
    found = session.get(IncidentTask, task_id, populate_existing=True)
    if found is None:
        raise Unknown("task", str(task_id))
    return found


def tasks(session: Session, incident_ids: Collection[int]) -> list[IncidentTask]:
    """Of some incidents, by the day they are due."""
    query = select(IncidentTask).where(IncidentTask.incident_id.in_(list(incident_ids)))
    return list(session.scalars(query.order_by(IncidentTask.due_on, IncidentTask.id)))


def done(session: Session, task_id: int, *, by: str, now: datetime) -> bool:
    """False: it was done before."""
    begin(session)
    here = update(IncidentTask).where(IncidentTask.id == task_id, IncidentTask.done_at.is_(None))
    return changed_rows(session, here.values(done_by=by, done_at=now)) == 1


def late_tasks(session: Session, today: date) -> list[IncidentTask]:
    """Not done, due before today, and nobody was told yet."""
    here = (IncidentTask.done_at.is_(None), IncidentTask.late_at.is_(None), IncidentTask.due_on < today)
    return list(session.scalars(select(IncidentTask).where(*here).order_by(IncidentTask.due_on, IncidentTask.id)))


def told_late(session: Session, task_id: int, *, now: datetime) -> bool:
    """False: somebody else told it, or it was done meanwhile."""
    begin(session)
    here = (IncidentTask.id == task_id, IncidentTask.done_at.is_(None), IncidentTask.late_at.is_(None))
    return changed_rows(session, update(IncidentTask).where(*here).values(late_at=now)) == 1


# -- pauses ------------------------------------------------------------------------------------------------------------


def hold(
    session: Session, kind: str, key: str, *, incident_id: int | None, reason: str, by: str, now: datetime
) -> SendingHold | None:
    """Pause; None: this holder pauses it already."""
    values = {
        "kind": kind, "key": key, "holder": holder(incident_id), "incident_id": incident_id, "reason": reason, "by": by, "at": now,
        "released_reason": "",
    }  # fmt: skip
    statement = upsert(session, SendingHold).values(**values).on_conflict_do_nothing().returning(SendingHold)
    begin(session)
    row: SendingHold | None = session.scalars(statement).one_or_none()
    return row


def release(
    session: Session, kind: str, key: str, *, incident_id: int | None, reason: str, by: str, now: datetime
) -> bool:
    """Let go what this holder paused. False: it pauses no such thing."""
    here = (SendingHold.kind == kind, SendingHold.key == key, SendingHold.holder == holder(incident_id))
    values = {"released_by": by, "released_at": now, "released_reason": reason}
    begin(session)
    standing = update(SendingHold).where(*here, SendingHold.released_at.is_(None))
    return changed_rows(session, standing.values(**values)) == 1


def holds(
    session: Session, incident_ids: Collection[int] | None = None, *, with_released: bool = False
) -> list[SendingHold]:
    """Pauses that stand, the oldest first: all of them, or those of some incidents. Whatever sends must ask this before every batch."""
    query = select(SendingHold)
    if not with_released:
        query = query.where(SendingHold.released_at.is_(None))
    if incident_ids is not None:
        query = query.where(SendingHold.incident_id.in_(list(incident_ids)))
    return list(session.scalars(query.order_by(SendingHold.at, SendingHold.id)))


def is_held(session: Session, *, channel: str, campaign: str = "") -> bool:
    """Whether anybody pauses what would be sent on a channel, for a campaign."""
    return any(
        one.kind == "all" or (one.kind, one.key) in (("channel", channel), ("campaign", campaign))
        for one in holds(session)
    )


def hold_count(session: Session, incident_id: int) -> int:
    query = select(func.count()).select_from(SendingHold)
    return int(
        session.scalar(query.where(SendingHold.incident_id == incident_id, SendingHold.released_at.is_(None))) or 0
    )


def holder(incident_id: int | None) -> str:
    return "house" if incident_id is None else f"incident:{incident_id}"
