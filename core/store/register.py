"""The register of risks, drills, readings and situations as rows. What they mean is decided in ``core.work``."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update

from core.errors import Refusal, Unknown
from core.store import topics
from core.store.register_tables import Drill, RegisterRisk, RiskReading, SituationTurn
from core.store.session import Session, changed_rows, insert_new

TOPIC = "register"
"""Risks, drills and situations."""
READINGS = "readings"
"""Topic of typed and kept figures."""


class RegisterChanged(Refusal):
    """Somebody else changed it since the asker read it. ``thing``: ``risk``, ``drill``, ``reading`` or ``situation``; ``revision``: the one it is at now."""

    code = "register.changed"


def hold(session: Session) -> None:
    """Until this transaction ends whoever else holds the register waits, and then sees what was written. Counts as a change of it."""
    topics.bump(session, TOPIC)


def hold_readings(session: Session) -> None:
    """The same of readings and their kinds."""
    topics.bump(session, READINGS)


# -- risks -------------------------------------------------------------------------------------------------------------


def risks(session: Session) -> list[RegisterRisk]:
    """The newest revision of each, in the order in which they were added."""
    last, first = func.max(RegisterRisk.revision), func.min(RegisterRisk.id)
    known = select(RegisterRisk.key, last.label("revision"), first.label("first")).group_by(RegisterRisk.key).subquery()
    is_newest = (RegisterRisk.key == known.c.key) & (RegisterRisk.revision == known.c.revision)
    return list(session.scalars(select(RegisterRisk).join(known, is_newest).order_by(known.c.first)))


def risk(session: Session, key: str) -> RegisterRisk:
    """Its newest revision. Raises ``Unknown``."""
    found = session.scalars(_of_risk(key).limit(1)).one_or_none()
    if found is None:
        raise Unknown("risk", key)
    return found


def risk_history(session: Session, key: str) -> list[RegisterRisk]:
    """Its revisions, the newest first; none of what is not there."""
    return list(session.scalars(_of_risk(key)))


def write_risk(
    session: Session, key: str, values: Mapping[str, Any], *, after: int, by: str, now: datetime
) -> RegisterRisk:
    """The next revision of a risk, after the one numbered ``after`` (0: its first). Raises ``RegisterChanged`` where that is not the newest."""
    found = session.scalars(_of_risk(key).limit(1)).one_or_none()
    at = 0 if found is None else found.revision
    if at != after:
        raise _changed("risk", at)
    whole = {**values, "key": key, "revision": after + 1, "by": by, "at": now}
    fresh = insert_new(session, RegisterRisk, whole, unique=("key", "revision"))
    if fresh is None:
        raise _changed("risk", after + 1)
    topics.bump(session, TOPIC)
    return fresh


def _of_risk(key: str) -> Any:
    return select(RegisterRisk).where(RegisterRisk.key == key).order_by(RegisterRisk.revision.desc())


# -- drills ------------------------------------------------------------------------------------------------------------


def drills(session: Session, *, states: Sequence[str] | None = None) -> list[Drill]:
    """By the day they are planned for."""
    query = select(Drill).order_by(Drill.planned_on, Drill.id)
    return list(session.scalars(query if states is None else query.where(Drill.state.in_(states))))


def drill(session: Session, drill_id: int) -> Drill:
    """Raises ``Unknown``."""
    found = session.get(Drill, drill_id, populate_existing=True)
    if found is None:
        raise Unknown("drill", str(drill_id))
    return found


def plan_drill(session: Session, values: Mapping[str, Any], *, by: str, now: datetime) -> Drill | None:
    """A drill that is planned. None: the one that it follows is followed by another already."""
    empty = {"went_well": "", "went_badly": "", "minutes": {}, "actions": [], "note": "", "state": "planned"}
    whole = {**empty, **values, "revision": 1, "created_by": by, "created_at": now}
    fresh = insert_new(session, Drill, whole, unique=("follows_id",))
    topics.bump(session, TOPIC)
    return fresh


def move_drill(
    session: Session,
    drill_id: int,
    values: Mapping[str, Any],
    *,
    states: Sequence[str],
    revision: int,
    by: str,
    now: datetime,
) -> Drill:
    """Change a drill that is in one of these states and at this revision. Raises ``Unknown``, ``RegisterChanged``."""
    row = drill(session, drill_id)
    here = (Drill.id == drill_id, Drill.revision == revision, Drill.state.in_(states))
    told = {**values, "revision": revision + 1, "changed_by": by, "changed_at": now}
    if not changed_rows(session, update(Drill).where(*here).values(**told)):
        raise _changed("drill", row.revision)
    topics.bump(session, TOPIC)
    return drill(session, drill_id)


# -- readings ----------------------------------------------------------------------------------------------------------


def readings(session: Session, kinds: Iterable[str] | None = None) -> list[RiskReading]:
    """The newest revision of each that was not removed, by kind and day."""
    last = func.max(RiskReading.revision).label("revision")
    known = select(RiskReading.kind, RiskReading.key, last).group_by(RiskReading.kind, RiskReading.key).subquery()
    is_newest = (
        (RiskReading.kind == known.c.kind)
        & (RiskReading.key == known.c.key)
        & (RiskReading.revision == known.c.revision)
    )
    query = select(RiskReading).join(known, is_newest).where(RiskReading.is_removed.is_(False))
    if kinds is not None:
        query = query.where(RiskReading.kind.in_(list(kinds)))
    return list(session.scalars(query.order_by(RiskReading.kind, RiskReading.day_on, RiskReading.id)))


def reading(session: Session, kind: str, key: str) -> RiskReading | None:
    """Its newest revision, removed or not; None where nothing was ever said of it."""
    return session.scalars(_of_reading(kind, key).limit(1)).one_or_none()


def reading_history(session: Session, kind: str, key: str) -> list[RiskReading]:
    """Its revisions, the newest first."""
    return list(session.scalars(_of_reading(kind, key)))


def write_reading(
    session: Session, kind: str, key: str, values: Mapping[str, Any], *, after: int, by: str, now: datetime
) -> RiskReading:
    """The next revision of a reading, after the one numbered ``after``; 0: it is its first, or the one before was removed. Raises
    ``RegisterChanged`` where that is not the newest."""
    found = reading(session, kind, key)
    at = 0 if found is None else found.revision
    if at != after and not (after == 0 and found is not None and found.is_removed):
        raise _changed("reading", at)
    whole = {"is_removed": False, **values, "kind": kind, "key": key, "revision": at + 1, "by": by, "at": now}
    fresh = insert_new(session, RiskReading, whole, unique=("kind", "key", "revision"))
    if fresh is None:
        raise _changed("reading", at + 1)
    topics.bump(session, READINGS)
    return fresh


def _of_reading(kind: str, key: str) -> Any:
    mine = (RiskReading.kind == kind, RiskReading.key == key)
    return select(RiskReading).where(*mine).order_by(RiskReading.revision.desc())


# -- situations --------------------------------------------------------------------------------------------------------


def turns(session: Session, *, most: int | None = None) -> list[SituationTurn]:
    """What was declared, the newest first."""
    return list(session.scalars(select(SituationTurn).order_by(SituationTurn.number.desc()).limit(most)))


def turn(
    session: Session, situation: str, reason: str, since_on: date, *, after: int, by: str, now: datetime
) -> SituationTurn:
    """Declare a situation, after the one numbered ``after`` (0: the first). Raises ``RegisterChanged``."""
    newest = turns(session, most=1)
    at = newest[0].number if newest else 0
    if at != after:
        raise _changed("situation", at)
    values = {"number": after + 1, "situation": situation, "reason": reason, "since_on": since_on, "by": by, "at": now}
    fresh = insert_new(session, SituationTurn, values, unique=("number",))
    if fresh is None:
        raise _changed("situation", after + 1)
    topics.bump(session, TOPIC)
    return fresh


def _changed(thing: str, revision: int) -> RegisterChanged:
    return RegisterChanged(f"Somebody else changed this {thing}.", thing=thing, revision=revision)
