"""One change of an incident: who may make it, whose turn it is, and what is written of it.

Rows are written in one order everywhere: incidents, what they bring about (segments, notices), the audit log last; so nobody waits for each other without end.
Whoever is limited to units sees and works incidents that lie wholly inside these units or those below; of others they do not learn that they exist.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from core.errors import Unknown
from core.risk import incidents as rules
from core.risk import indicators
from core.risk.incidents import Facts, InvalidIncident, Spot
from core.risk.playbooks import GENERAL
from core.scope import Operator, Scope
from core.store import audit, choices, incidents, warnings
from core.store.incident_tables import Incident, IncidentEntry, IncidentTask
from core.store.risk_tables import RiskWarning
from core.store.session import Session, Store
from core.store.tables import Account
from core.work.home import Home
from core.work.segments import Covers, covers

LONGEST_TITLE, LONGEST = 120, 2000
HOURS = "incident_hours"
"""Choice of a world's store: hours by step and severity, where the house changed them."""


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """The incident is the caller's until the transaction ends."""

    home: Home
    operator: Operator
    now: datetime
    session: Session
    logged: Session
    row: Incident

    def say(self, kind: str, body: str = "", /, *, request: str | None = None, **details: Any) -> bool:
        """A line of its time line; False where ``request`` stands there already."""
        self.session.flush()
        return incidents.say(
            self.session, self.row, kind, body, details, by=self.operator.name, now=self.now, request=request
        )

    def audit(self, action: str, /, **details: Any) -> None:
        told = details | {"world": self.home.world}
        audit.append(self.logged, self.operator, action, f"incident:{self.row.id}", told, now=self.now)


@contextmanager
def turn(
    home: Home,
    log: Store,
    operator: Operator,
    incident_id: int,
    revision: int,
    now: datetime,
    *,
    allows_closed: bool = False,
) -> Iterator[Turn]:
    """A transaction that changes the incident. ``revision``: the one that the asker has seen; it is the next one from now on. Raises ``Forbidden``, ``Unknown``,
    ``IncidentChanged``, and ``InvalidIncident`` (reason ``closed``)."""
    operator.require("incident.write")
    mine = covers(home, operator)
    with audit.told(home.store, log) as (session, logged):
        yield take(home, operator, session, logged, incident_id, revision, now, mine, allows_closed=allows_closed)


def take(
    home: Home,
    operator: Operator,
    session: Session,
    logged: Session,
    incident_id: int,
    revision: int,
    now: datetime,
    mine: Covers,
    *,
    allows_closed: bool = False,
) -> Turn:
    """As ``turn``, within a transaction."""
    seen(session, mine, incident_id)
    row = incidents.taken(session, incident_id, revision)
    if row.state == "closed" and not allows_closed:
        raise InvalidIncident("The incident is closed; open it again first.", reason="closed")
    return Turn(home, operator, now, session, logged, row)


@contextmanager
def beside(home: Home, log: Store, operator: Operator, incident_id: int, now: datetime) -> Iterator[Turn]:
    """A transaction that adds to the incident what nobody's change depends on: it takes no turn and leaves the revision. Raises ``Forbidden``, ``Unknown``,
    and ``IncidentChanged`` (reason ``merged``)."""
    operator.require("incident.write")
    mine = covers(home, operator)
    with audit.told(home.store, log) as (session, logged):
        row = seen(session, mine, incident_id)
        if row.merged_into_id is not None:
            raise incidents.IncidentChanged(
                "The incident goes on as part of another.", reason="merged", into=row.merged_into_id
            )
        yield Turn(home, operator, now, session, logged, row)


def seen(session: Session, mine: Covers, incident_id: int) -> Incident:
    """Raises ``Unknown``, for one that reaches beyond the asker's units too."""
    row = incidents.one(session, incident_id)
    if not mine(row.units):
        raise Unknown("incident", str(incident_id))
    return row


def seen_warning(session: Session, mine: Covers, warning_id: int) -> RiskWarning:
    """A warning, or the one that it is a part of. Raises ``Unknown``, for one beyond the asker's units too."""
    row = warnings.one(session, warning_id)
    if row.merged_into_id is not None:
        row = warnings.one(session, row.merged_into_id)
    if not mine(None if row.unit_id is None else [row.unit_id]):
        raise Unknown("warning", str(warning_id))
    return row


def text(value: str, reason: str, *, most: int = LONGEST) -> str:
    """Words without needless blanks at their ends. Raises ``InvalidIncident`` with the reason, or ``long``."""
    written = value.strip()
    if not written or "\x00" in written:
        raise InvalidIncident("Something must be written.", reason=reason, most=most)
    if len(written) > most:
        raise InvalidIncident(f"A text has at most {most} letters.", reason="long", most=most)
    return written


def title(value: str) -> str:
    """One line of words. Raises ``InvalidIncident``."""
    written = text(" ".join(value.split()), "title", most=LONGEST_TITLE)
    if not written.isprintable():
        raise InvalidIncident("A title is one line of words.", reason="title", most=LONGEST_TITLE)
    return written


def answerable(home: Home, logged: Session, name: str, units: list[str] | None, permission: str) -> str:
    """An account that is in use, sees the incident and may do what it is to do. Raises ``InvalidIncident`` (reason ``owner``)."""
    account = logged.scalars(select(Account).where(Account.name == name, Account.is_active)).one_or_none()
    if account is not None:
        scope = Scope(None if account.units is None else frozenset(account.units))
        who = Operator(account.id, account.name, account.role, scope)  # type: ignore[arg-type]
        if who.can(permission) and covers(home, who)(units):
            return account.name
    raise InvalidIncident(f"{name!r} cannot take this over.", reason="owner", name=name)


# -- what follows from its warnings ------------------------------------------------------------------------------------


def hours(session: Session) -> dict[str, dict[str, int]]:
    """Hours by step and severity, as the house keeps them."""
    return rules.read_hours(choices.read(session, HOURS) or {})


def spots(places: list[dict[str, Any]]) -> list[Spot]:
    return [Spot(one["by"], one["key"], one.get("unit", "")) for one in places]


def place_of(row: RiskWarning) -> dict[str, Any]:
    """What a warning is of, as incidents keep it. What is of a table or a source is of the whole house."""
    by = row.place_by if row.place_by in ("channel", "unit", "group") else ""
    key, name = (row.place_key, row.place_name) if by else ("", "")
    return {"by": by, "key": key, "name": name, "unit": row.unit_id or "", "is_stated": False}


def field_of(row: RiskWarning) -> str:
    """The class of figures that a warning is of; the general one where it is of none that the product knows."""
    if row.kind != "figure":
        return "system"
    known = indicators.INDICATORS.get(row.indicator)
    return GENERAL if known is None else known.field


def settle(session: Session, row: Incident) -> bool:
    """Bring days, places, units and, unless a person said it, severity up to the incident's warnings. A severity that changes moves the deadline of the
    present step. Says whether anything changed."""
    found = [warnings.one(session, key) for key in incidents.warnings(session, [row.id])[row.id]]
    places = [one for one in row.places if one.get("is_stated")]
    for one in map(place_of, found):
        if (one["by"], one["key"]) not in {(other["by"], other["key"]) for other in places}:
            places.append(one)
    before = _standing(row)
    if found:
        is_stated = any(one.get("is_stated") for one in row.places)
        row.first_on = min([one.started_on for one in found] + [row.first_on] * is_stated)
        row.last_on = max([one.last_on for one in found] + [row.last_on] * is_stated)
    if places != row.places:
        row.places = places
    told = rules.units_of(spots(places))
    row.units = None if told is None else list(told)
    if not row.is_severity_set:
        severity = suggested(row)
        if severity != row.severity:
            row.severity = severity
            wind(session, row, since=row.state_at)
    session.flush()
    return _standing(row) != before


def is_behind(session: Session, row: Incident) -> bool:
    """Whether its warnings have gone on, or have become others, since it was settled."""
    found = [warnings.one(session, key) for key in incidents.warnings(session, [row.id])[row.id]]
    if not found:
        return False
    known = {(one["by"], one["key"]) for one in row.places}
    is_longer = row.last_on < max(one.last_on for one in found) or row.first_on > min(one.started_on for one in found)
    return is_longer or any((one["by"], one["key"]) not in known for one in map(place_of, found))


def suggested(row: Incident) -> rules.Severity:
    """How severe it is by scope and duration."""
    return rules.severity(rules.breadth(spots(row.places)), rules.lasting(row.first_on, row.last_on))


def wind(session: Session, row: Incident, *, since: datetime, due_at: datetime | None = None) -> None:
    """Give the present step its deadline: ``due_at``, else the one of the table. Another deadline escalates anew."""
    state: Any = row.state
    severity: Any = row.severity
    fresh = due_at or rules.due(state, severity, since, row.target_at, hours(session))
    row.state_at = since
    if fresh != row.due_at:
        row.due_at, row.clock, row.level = fresh, row.clock + 1, 0


def _standing(row: Incident) -> tuple[object, ...]:
    return row.first_on, row.last_on, tuple(row.units or ()), row.units is None, row.severity, len(row.places)


# -- what is known of it -----------------------------------------------------------------------------------------------


def facts(session: Session, row: Incident) -> Facts:
    """What its step may ask for, of the present round."""
    told = [one for one in incidents.entries(session, [row.id]) if one.round == row.round]
    tasks = [one for one in incidents.tasks(session, [row.id]) if one.round == row.round]
    linked = bool(incidents.warnings(session, [row.id])[row.id])
    return known(row, told, tasks, is_linked=linked, holds=incidents.hold_count(session, row.id))


def known(row: Incident, told: list[IncidentEntry], tasks: list[IncidentTask], *, is_linked: bool, holds: int) -> Facts:
    """``told``, ``tasks``: of the present round."""
    kinds = {one.kind for one in told}
    is_told = any(one.kind == "opened" and one.body for one in told) or bool(kinds & {"note", "evidence"})
    return Facts(
        is_seen=is_linked or is_told,
        is_severity_set=row.is_severity_set,
        has_owner=bool(row.owner),
        has_target=row.target_at is not None,
        has_action="action" in kinds or any(one.kind == "response" and one.done_at is not None for one in tasks),
        has_message="message" in kinds,
        has_criteria=bool(row.exit_criteria),
        is_met=row.exit_met_at is not None,
        has_cause=bool(row.cause),
        has_lessons=bool(row.lessons),
        has_tasks=any(one.kind == "review" for one in tasks),
        holds=holds,
        waived=frozenset(_waived(one.details) for one in told if one.kind == "waived"),
    )


def _waived(details: Mapping[str, Any]) -> str:
    return str(details.get("asks", ""))
