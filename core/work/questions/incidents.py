"""Incidents as pages show them: the list, one with all that belongs to it, how many wait, and how long people take.

Whoever is limited to units sees incidents that lie wholly inside these or below. What goes on as part of another is shown there.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any

from core.errors import Unknown
from core.periods import Period, business_date
from core.risk import incidents as rules
from core.risk import playbooks
from core.risk.incidents import SEVERITIES, STATES
from core.risk.playbooks import Step
from core.scope import Operator
from core.store import incidents
from core.store.incident_tables import Incident, IncidentEntry, IncidentTask
from core.store.session import Session
from core.work.home import Home
from core.work.incident_turns import facts, hours, suggested
from core.work.segments import covers

OPEN = STATES[:-1]


@dataclass(frozen=True, slots=True)
class Case:
    """One incident. ``places``: ``(by, key, name)`` of what it concerns. ``due_at``: of its present step. ``level``: how far that has escalated. ``warning_count``: of its
    own and of those that are part of it. ``suggested``: severity by scope and duration."""

    id: int
    title: str
    field: str
    state: rules.State
    severity: rules.Severity
    is_severity_set: bool
    suggested: rules.Severity
    owner: str
    places: tuple[tuple[str, str, str], ...]
    units: tuple[str, ...] | None
    first_on: date
    last_on: date
    opened_by: str
    opened_at: datetime
    state_at: datetime
    due_at: datetime | None
    target_at: datetime | None
    closed_at: datetime | None
    is_late: bool
    level: int
    round: int
    revision: int
    warning_count: int
    merged_into_id: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a time line. ``incident_id``: of the incident it was said of, where that is part of another."""

    incident_id: int
    kind: str
    state: rules.State
    round: int
    body: str
    details: Mapping[str, Any]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """``is_late``: not done, and due before today."""

    id: int
    incident_id: int
    kind: str
    title: str
    owner: str
    due_on: date
    done_by: str | None
    done_at: datetime | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent meanwhile. ``incident_id``: null = paused outside of any incident. Released ones have ``released_at``."""

    kind: str
    key: str
    incident_id: int | None
    reason: str
    by: str
    at: datetime
    released_by: str | None
    released_at: datetime | None


@dataclass(frozen=True, slots=True)
class Whole:
    """An incident and all that belongs to it. ``asks``: codes of what its step still asks for; ``waivable``: the one among them that a reason may stand for, or "".
    ``moves``: where it may go, and which way. ``steps``: of its playbook, by step. ``parts``: incidents that go on as part of it."""

    case: Case
    exit_criteria: str
    exit_met_at: datetime | None
    cause: str
    lessons: str
    lines: tuple[Line, ...]
    warning_ids: tuple[int, ...]
    tasks: tuple[Task, ...]
    holds: tuple[Pause, ...]
    parts: tuple[Case, ...]
    asks: tuple[str, ...]
    waivable: str
    moves: Mapping[rules.State, rules.Way]
    steps: Mapping[rules.State, tuple[Step, ...]]
    hours: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Counts:
    """Open incidents that the operator sees. ``late``: their step is past its deadline. ``mine``: the operator answers for. ``unowned``: nobody does. ``by_severity``: all four,
    the gravest first. ``my_tasks``: not done, the operator's; ``late_tasks``: anybody's, due before today."""

    open: int
    late: int
    mine: int
    unowned: int
    by_severity: tuple[tuple[rules.Severity, int], ...]
    my_tasks: int
    late_tasks: int
    holds: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How long it took from the opening, in hours, in the middle of the incidents that have come so far (``count``); null without any."""

    hours: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Paces:
    """Of incidents opened in a period: until they were assessed, answered, and closed the first time. ``opened``: how many; ``late_count``: that escalated at least
    once; ``reopened``: that were opened again."""

    opened: int
    assessed: Pace
    responded: Pace
    closed: Pace
    late_count: int
    reopened: int


def listed(
    home: Home,
    operator: Operator,
    *,
    now: datetime,
    states: Collection[str] = OPEN,
    severities: Collection[str] = (),
    owner: str | None = None,
    helper: str | None = None,
) -> tuple[Case, ...]:
    """Those in some of the states, the latest step first, then the gravest, then the newest. ``severities``: none = all. ``owner``: "" = those that nobody answers for. ``helper``: those with a task of theirs that is not done.
    Raises ``Forbidden``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        rows = _seen(home, operator, incidents.listed(session, states=states))
        if helper is not None:
            tasks = incidents.tasks(session, [row.id for row in rows])
            helped = {task.incident_id for task in tasks if task.owner == helper and task.done_at is None}
            rows = [row for row in rows if row.id in helped]
        cases = _cases(session, rows, now)
    found = [
        one for one in cases if (not severities or one.severity in severities) and (owner is None or one.owner == owner)
    ]
    return tuple(sorted(found, key=lambda one: (-one.level, not one.is_late, -SEVERITIES.index(one.severity), -one.id)))


def during(home: Home, operator: Operator, start_on: date, end_on: date, *, now: datetime) -> tuple[Case, ...]:
    """Those that were on in ``[start_on, end_on)``, the first first: what charts note and causes have beside them. Raises ``Forbidden``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        rows = incidents.listed(session, since=start_on, before=end_on)
        cases = _cases(session, _seen(home, operator, rows), now)
    return tuple(sorted(cases, key=lambda one: (one.first_on, one.id)))


def one(home: Home, operator: Operator, incident_id: int, *, now: datetime) -> Whole:
    """One that is part of another says so (``case.merged_into_id``). Raises ``Forbidden``, ``Unknown``."""
    operator.require("risk.see")
    today = business_date(now, home.settings.zone)
    with home.store.reading() as session:
        row = incidents.one(session, incident_id)
        if not _seen(home, operator, [row]):
            raise Unknown("incident", str(incident_id))
        parts = incidents.parts(session, incident_id)
        family = [incident_id, *(part.id for part in parts)]
        state: rules.State = row.state  # type: ignore[assignment]
        asked = rules.asks(state, facts(session, row))
        waivable = rules.WAIVED.get(state, "")
        return Whole(
            case=_cases(session, [row], now)[0],
            exit_criteria=row.exit_criteria,
            exit_met_at=row.exit_met_at,
            cause=row.cause,
            lessons=row.lessons,
            lines=tuple(map(_line, incidents.entries(session, family))),
            warning_ids=tuple(incidents.warnings(session, [incident_id])[incident_id]),
            tasks=tuple(_task(task, today) for task in incidents.tasks(session, family)),
            holds=tuple(_pauses(session, [incident_id], with_released=True)),
            parts=tuple(_cases(session, parts, now)),
            asks=asked,
            waivable=waivable if waivable in asked else "",
            moves={} if row.merged_into_id else rules.MOVES[state],
            steps=playbooks.steps(row.field),
            hours={of: told[row.severity] for of, told in hours(session).items()},
        )


def holds(home: Home, operator: Operator) -> tuple[Pause, ...]:
    """Everything that is paused now. Raises ``Forbidden``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        return tuple(_pauses(session, None))


def of_warnings(home: Home, operator: Operator, warning_ids: Collection[int]) -> dict[int, int]:
    """The incident of each of the warnings that has one, as far as the operator sees it. Raises ``Forbidden``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        found = incidents.of_warnings(session, warning_ids)
        mine = {row.id for row in _seen(home, operator, [incidents.one(session, key) for key in set(found.values())])}
    return {warning: incident for warning, incident in found.items() if incident in mine}


def counts(home: Home, operator: Operator, *, now: datetime) -> Counts:
    """For Today and the bell. Raises ``Forbidden``."""
    operator.require("risk.see")
    today = business_date(now, home.settings.zone)
    with home.store.reading() as session:
        rows = _seen(home, operator, incidents.listed(session))
        open_ones = [row for row in rows if row.state != "closed"]
        tasks = [task for task in incidents.tasks(session, [row.id for row in rows]) if task.done_at is None]
        paused = len({(held.kind, held.key) for held in incidents.holds(session)})
    severities = Counter(row.severity for row in open_ones)
    return Counts(
        open=len(open_ones),
        late=sum(_is_late(row, now) for row in open_ones),
        mine=sum(row.owner == operator.name for row in open_ones),
        unowned=sum(not row.owner for row in open_ones),
        by_severity=tuple((severity, severities[severity]) for severity in reversed(SEVERITIES)),
        my_tasks=sum(task.owner == operator.name for task in tasks),
        late_tasks=sum(task.due_on < today for task in tasks),
        holds=paused,
    )


def paces(home: Home, operator: Operator, period: Period) -> Paces:
    """Of incidents opened on the business days of the period. Raises ``Forbidden``."""
    operator.require("risk.see")
    zone = home.settings.zone
    with home.store.reading() as session:
        rows = _seen(home, operator, incidents.listed(session))
        rows = [row for row in rows if period.start_on <= business_date(row.opened_at, zone) < period.end_on]
        told = incidents.entries(session, [row.id for row in rows], kinds=("moved", "escalated"))
    lines: dict[int, list[IncidentEntry]] = {row.id: [] for row in rows}
    for entry in told:
        lines[entry.incident_id].append(entry)
    return Paces(
        len(rows),
        _pace(rows, lines, "respond"),
        _pace(rows, lines, "communicate"),
        _pace(rows, lines, "closed"),
        late_count=sum(any(entry.kind == "escalated" for entry in lines[row.id]) for row in rows),
        reopened=sum(row.round > 1 for row in rows),
    )


def _until(row: Incident, told: Collection[IncidentEntry], to: str) -> float | None:
    """Hours from the opening to the first move there; null where it has not come so far."""
    first = next((entry.at for entry in told if entry.kind == "moved" and entry.details.get("to") == to), None)
    return None if first is None else (first - row.opened_at).total_seconds() / 3600


def _pace(rows: Collection[Incident], lines: Mapping[int, Collection[IncidentEntry]], to: str) -> Pace:
    known = [_until(row, lines[row.id], to) for row in rows]
    found = [value for value in known if value is not None]
    return Pace(median(found) if found else None, len(found))


def _seen(home: Home, operator: Operator, rows: list[Incident]) -> list[Incident]:
    if operator.scope.sees_all or not rows:
        return rows
    mine = covers(home, operator)
    return [row for row in rows if mine(row.units)]


def _is_late(row: Incident, now: datetime) -> bool:
    return row.state != "closed" and row.due_at is not None and now > row.due_at


def _cases(session: Session, rows: Collection[Incident], now: datetime) -> list[Case]:
    linked = incidents.warnings(session, [row.id for row in rows])
    return [
        Case(
            row.id, row.title, row.field, row.state, row.severity, row.is_severity_set, suggested(row), row.owner,  # type: ignore[arg-type]
            tuple((place["by"], place["key"], place["name"]) for place in row.places), None if row.units is None else tuple(row.units),
            row.first_on, row.last_on, row.opened_by, row.opened_at, row.state_at, row.due_at, row.target_at, row.closed_at,
            _is_late(row, now), row.level, row.round, row.revision, len(linked[row.id]), row.merged_into_id,
        )
        for row in rows
    ]  # fmt: skip


def _line(row: IncidentEntry) -> Line:
    state: Any = row.state
    return Line(row.incident_id, row.kind, state, row.round, row.body, row.details, row.by, row.at)


def _task(row: IncidentTask, today: date) -> Task:
    is_late = row.done_at is None and row.due_on < today
    return Task(row.id, row.incident_id, row.kind, row.title, row.owner, row.due_on, row.done_by, row.done_at, is_late)


def _pauses(session: Session, incident_ids: Collection[int] | None, *, with_released: bool = False) -> list[Pause]:
    return [
        Pause(row.kind, row.key, row.incident_id, row.reason, row.by, row.at, row.released_by, row.released_at)
        for row in incidents.holds(session, incident_ids, with_released=with_released)
    ]
