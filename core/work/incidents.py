"""Incidents: opened of warnings or by hand, led from step to step, told apart and joined, opened again.

Every change takes the revision that the asker has seen; notes and evidence do not, for nothing depends on them. Whoever is limited to units works incidents wholly
inside them. The product sends nothing to customers by itself: what was told to whom is recorded (``core.work.incident_actions``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.errors import Forbidden, Refusal, Unknown
from core.periods import business_date
from core.risk import incidents as rules
from core.risk.incidents import InvalidIncident
from core.risk.playbooks import FIELDS, GENERAL
from core.schema import CHANNELS
from core.scope import Operator
from core.store import audit, incidents, warnings
from core.store.incident_tables import Incident
from core.store.risk_tables import RiskWarning
from core.store.session import Session, Store
from core.work import incident_news
from core.work.home import Home
from core.work.incident_turns import (
    Turn,
    facts,
    field_of,
    hours,
    place_of,
    seen_warning,
    settle,
    spots,
    suggested,
    take,
    text,
    title,
    turn,
    wind,
)
from core.work.questions import units as known_units
from core.work.segments import Covers, covers

MOST_PLACES = 50
ATTEMPTS = 3
"""How often opening is tried where others open of the same warnings at the same moment."""


class WarningTaken(Refusal):
    """Some of the warnings belong to an incident already, others do not or to another: ``incidents`` names those there are."""

    code = "incident.taken"


@dataclass(frozen=True, slots=True)
class Opened:
    """``is_new``: false where somebody had opened it of the same warnings before."""

    incident_id: int
    is_new: bool


class _Raced(Exception):
    """Somebody else took one of the warnings at the same moment."""


# -- opening -----------------------------------------------------------------------------------------------------------


def open_from(
    home: Home, log: Store, operator: Operator, warning_ids: Sequence[int], name: str, *, note: str = "", now: datetime
) -> Opened:
    """An incident of warnings. A warning is of one incident at most: where all of these are one's already, that one is told. ``log``: the store that keeps the audit log.
    Raises ``Forbidden``, ``Unknown``, ``InvalidIncident``, ``WarningTaken``."""
    operator.require("incident.write")
    if not warning_ids:
        raise InvalidIncident("An incident is opened of a warning.", reason="empty")
    called, body, mine = title(name), text(note, "empty") if note.strip() else "", covers(home, operator)
    for _ in range(ATTEMPTS):
        try:
            return _opened(home, log, operator, warning_ids, called, body, mine, now)
        except _Raced:
            continue
    raise incidents.IncidentChanged("Others open incidents of these warnings just now.", reason="raced")


def open_by_hand(
    home: Home,
    log: Store,
    operator: Operator,
    name: str,
    note: str,
    *,
    places: Sequence[tuple[str, str]] = (("", ""),),
    field: str = GENERAL,
    first_on: date | None = None,
    now: datetime,
) -> Opened:
    """An incident that no warning told of; ``note`` says what happened. ``places``: ``(by, key)`` of what it concerns, ``("", "")`` for the whole house.
    Raises ``Forbidden``, ``InvalidIncident``."""
    operator.require("incident.write")
    called, body, mine = title(name), text(note, "empty"), covers(home, operator)
    if field not in (*FIELDS, GENERAL):
        raise Unknown("field", field, (*FIELDS, GENERAL))
    today = business_date(now, home.settings.zone)
    began = first_on or today
    if began > today:
        raise InvalidIncident("It cannot begin in the future.", reason="date")
    located = _located(home, places)
    told = rules.units_of(spots(located))
    if not mine(None if told is None else list(told)):
        raise Forbidden("It reaches beyond your units.", permission="incident.write", role=operator.role)
    with audit.told(home.store, log) as (session, logged):
        row = _new(session, operator, called, field, located, (began, today), now)
        made = Turn(home, operator, now, session, logged, row)
        _tell_opened(made, body, [])
        return Opened(row.id, True)


def attach(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    warning_ids: Sequence[int],
    *,
    revision: int,
    now: datetime,
) -> int:
    """More warnings are of the incident. Returns its revision. Raises as ``turn``, ``WarningTaken`` where one is another's, and ``InvalidIncident`` where
    all are its own already (reason ``same``)."""
    mine = covers(home, operator)
    with turn(home, log, operator, incident_id, revision, now) as one:
        ids = sorted({seen_warning(one.session, mine, key).id for key in warning_ids})
        before = incidents.of_warnings(one.session, ids)
        fresh = [key for key in ids if before.get(key) != incident_id]
        if not fresh:
            raise InvalidIncident("These are warnings of the incident already.", reason="same")
        if not all(incidents.link(one.session, incident_id, key, by=operator.name, now=now) for key in fresh):
            raise _taken(incidents.of_warnings(one.session, fresh))
        settle(one.session, one.row)
        one.say("linked", warnings=fresh)
        one.audit("incident.linked", warnings=fresh)
        return one.row.revision


def _opened(
    home: Home,
    log: Store,
    operator: Operator,
    warning_ids: Sequence[int],
    called: str,
    note: str,
    mine: Covers,
    now: datetime,
) -> Opened:
    with audit.told(home.store, log) as (session, logged):
        found = {row.id: row for row in (seen_warning(session, mine, key) for key in sorted(set(warning_ids)))}
        before = incidents.of_warnings(session, found)
        if before:
            if len(before) == len(found) and len(set(before.values())) == 1:
                return Opened(next(iter(before.values())), False)
            raise _taken(before)
        row = _of(session, operator, list(found.values()), called, now)
        if not all(incidents.link(session, row.id, key, by=operator.name, now=now) for key in found):
            raise _Raced
        _tell_opened(Turn(home, operator, now, session, logged, row), note, list(found))
        return Opened(row.id, True)


def _of(session: Session, operator: Operator, found: Sequence[RiskWarning], called: str, now: datetime) -> Incident:
    places = {(one["by"], one["key"]): one for one in map(place_of, found)}
    days = min([one.started_on for one in found]), max([one.last_on for one in found])
    return _new(session, operator, called, field_of(found[0]), list(places.values()), days, now)


def _new(
    session: Session,
    operator: Operator,
    called: str,
    field: str,
    places: list[dict[str, Any]],
    days: tuple[date, date],
    now: datetime,
) -> Incident:
    units = rules.units_of(spots(places))
    severity = rules.severity(rules.breadth(spots(places)), rules.lasting(*days))
    values = {
        "title": called, "field": field, "severity": severity, "places": places, "units": None if units is None else list(units),
        "first_on": days[0], "last_on": days[1], "opened_by": operator.name, "opened_at": now, "state_at": now,
        "due_at": rules.due("detect", severity, now, None, hours(session)),
    }  # fmt: skip
    return incidents.add(session, values)


def _tell_opened(made: Turn, note: str, warning_ids: list[int]) -> None:
    row = made.row
    made.say("opened", note, warnings=warning_ids, severity=row.severity)
    incident_news.opened(made.session, made.home, row, made.now)
    made.audit("incident.opened", title=row.title, severity=row.severity, warnings=warning_ids)


def _located(home: Home, places: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Places as incidents keep them, each once. Raises ``InvalidIncident`` (reason ``places``)."""
    wanted = list(dict.fromkeys(places))
    if not 1 <= len(wanted) <= MOST_PLACES or (("", "") in wanted and len(wanted) > 1):
        raise InvalidIncident(
            f"An incident is of the house, or of 1 to {MOST_PLACES} places.", reason="places", most=MOST_PLACES
        )
    units = known_units.known(home) if any(by in ("unit", "group") for by, _ in wanted) else {}
    groups = _groups(home) if any(by == "group" for by, _ in wanted) else {}
    return [_place(by, key, units, groups) for by, key in wanted]


def _place(by: str, key: str, units: dict[str, str], groups: dict[str, tuple[str, str]]) -> dict[str, Any]:
    told = {"by": by, "key": key, "name": key, "unit": "", "is_stated": True}
    if (by, key) == ("", "") or (by == "channel" and key in CHANNELS):
        return told
    if by == "unit" and key in units:
        return told | {"name": units[key], "unit": key}
    if by == "group" and key in groups:
        return told | {"name": groups[key][0], "unit": groups[key][1]}
    raise InvalidIncident(f"There is no {by} {key!r}.", reason="places", most=MOST_PLACES)


def _groups(home: Home) -> dict[str, tuple[str, str]]:
    """Name and unit of every group by its key."""
    with home.lake.open() as snapshot:
        if not snapshot.files("groups"):
            return {}
        rows = snapshot.arrow(snapshot.current("groups").select("group_id", "name", "unit_id")).to_pylist()
    return {row["group_id"]: (row["name"] or row["group_id"], row["unit_id"] or "") for row in rows}


def _taken(before: dict[int, int]) -> WarningTaken:
    named = ", ".join(str(one) for one in sorted(set(before.values())))
    return WarningTaken(f"There are incidents of these warnings already: {named}.", incidents=named)


# -- from step to step -------------------------------------------------------------------------------------------------


def move(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    to: str,
    *,
    revision: int,
    reason: str = "",
    now: datetime,
) -> int:
    """Lead the incident to another step: to the next when its own has all it asks for; one back, or open it again, with a reason. What is opened again is a new
    round: its step asks for everything anew. Returns the revision. Raises as ``turn``, ``IllegalMove``, ``IncidentIncomplete``, ``InvalidIncident``."""
    body = text(reason, "reason") if reason.strip() else ""
    with turn(home, log, operator, incident_id, revision, now, allows_closed=True) as one:
        row = one.row
        before: Any = row.state
        way = rules.move(before, to, facts(one.session, row), body)
        one.say("moved", body, to=to, way=way)
        row.state = to
        row.closed_at = now if to == "closed" else None
        if way == "reopen":
            row.round, row.is_severity_set, row.target_at, row.exit_met_at = row.round + 1, False, None, None
            row.exit_criteria = row.cause = row.lessons = ""
            row.severity = suggested(row)
        if to == "monitor":
            row.exit_met_at = None
        wind(one.session, row, since=now)
        one.session.flush()
        incident_news.moved(one.session, home, row, now, before=before)
        one.audit("incident.moved", before=before, to=to, way=way, reason=body)
        return row.revision


# -- joining and parting -----------------------------------------------------------------------------------------------


def merge(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    into_id: int,
    *,
    revision: int,
    into_revision: int,
    now: datetime,
) -> int:
    """The incident goes on as part of another: its warnings, tasks and pauses are the other's, its time line stays readable there. Returns the other's revision. Raises as
    ``turn``, and ``InvalidIncident`` (reason ``same``)."""
    operator.require("incident.write")
    if incident_id == into_id:
        raise InvalidIncident("An incident is no part of itself.", reason="same")
    mine = covers(home, operator)
    with audit.told(home.store, log) as (session, logged):
        # In the order of numbers, so that two who merge crosswise do not wait for each other.
        turns = {
            key: take(home, operator, session, logged, key, seen, now, mine)
            for key, seen in sorted(((incident_id, revision), (into_id, into_revision)))
        }
        one, into = turns[incident_id], turns[into_id]
        one.say("merged", into=into_id)
        incidents.hand_over(session, incident_id, into_id)
        for held in incidents.holds(session, [incident_id]):
            incidents.hold(
                session, held.kind, held.key, incident_id=into_id, reason=held.reason, by=held.by, now=held.at
            )
            incidents.release(
                session, held.kind, held.key, incident_id=incident_id, reason="", by=operator.name, now=now
            )
        one.row.merged_into_id = into_id
        into.row.places = _joined(into.row.places, [place for place in one.row.places if place.get("is_stated")])
        into.row.first_on = min(into.row.first_on, one.row.first_on)
        into.row.last_on = max(into.row.last_on, one.row.last_on)
        settle(session, into.row)
        into.say("merged", one.row.title, incident=incident_id)
        one.audit("incident.merged", into=into_id)
        return into.row.revision


def split(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    warning_ids: Sequence[int],
    name: str,
    *,
    revision: int,
    now: datetime,
) -> int:
    """Some of an incident's warnings become an incident of their own; at least one stays. Returns the new one's number. Raises as ``turn``, and ``InvalidIncident``
    (reason ``whole``)."""
    called = title(name)
    with turn(home, log, operator, incident_id, revision, now) as one:
        own = incidents.warnings(one.session, [incident_id])[incident_id]
        wanted = sorted(set(warning_ids))
        if unknown := [key for key in wanted if key not in own]:
            raise Unknown("warning", str(unknown[0]))
        if not wanted or len(wanted) == len(own):
            raise InvalidIncident("Some of the warnings stay, some go.", reason="whole")
        found = [warnings.one(one.session, key) for key in wanted]
        fresh = _of(one.session, operator, found, called, now)
        incidents.relink(one.session, incident_id, wanted, fresh.id)
        one.row.places = [place for place in one.row.places if place.get("is_stated")]
        settle(one.session, one.row)
        one.say("split", called, incident=fresh.id, warnings=wanted)
        _tell_opened(Turn(home, operator, now, one.session, one.logged, fresh), "", wanted)
        one.audit("incident.split", incident=fresh.id, warnings=wanted)
        return fresh.id


def _joined(places: list[dict[str, Any]], more: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({(one["by"], one["key"]): one for one in (*places, *more)}.values())
