"""The life of an incident: its steps, what each asks for before it may be left, how severe it is, and when a step is late.

Steps follow facts/platforms.md 7 and cannot be skipped (ASVS 5.0, 2.3.1). The hours of ``HOURS`` and the table of ``SEVERITY`` are rules of thumb; a house
may change the hours.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any, Literal

from core.errors import Refusal

State = Literal["detect", "assess", "respond", "communicate", "monitor", "review", "closed"]
STATES: tuple[State, ...] = ("detect", "assess", "respond", "communicate", "monitor", "review", "closed")
Way = Literal["forward", "back", "reopen"]
MOVES: dict[State, dict[State, Way]] = {
    "detect": {"assess": "forward"},
    "assess": {"respond": "forward", "detect": "back"},
    "respond": {"communicate": "forward", "assess": "back"},
    "communicate": {"monitor": "forward", "respond": "back"},
    "monitor": {"review": "forward", "communicate": "back"},
    "review": {"closed": "forward", "monitor": "back"},
    "closed": {"assess": "reopen"},
}
"""Every move there is. What goes back or opens again needs a reason."""

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
Breadth = Literal["group", "unit", "units", "house"]
SEVERITY: dict[Breadth, tuple[Severity, Severity, Severity, Severity]] = {
    "group": ("low", "low", "medium", "medium"),
    "unit": ("low", "medium", "medium", "high"),
    "units": ("medium", "high", "high", "critical"),
    "house": ("high", "high", "critical", "critical"),
}
"""By how much of the house is concerned, and for how long: on one day, 2 to 3, 4 to 7, more than 7. Rule of thumb."""
DURATIONS = (1, 3, 7)
"""Days up to which each column but the last reaches."""

HOURS: dict[str, dict[str, int]] = {
    "detect": {"critical": 1, "high": 4, "medium": 24, "low": 48},
    "assess": {"critical": 2, "high": 8, "medium": 24, "low": 72},
    "respond": {"critical": 4, "high": 24, "medium": 72, "low": 168},
    "communicate": {"critical": 4, "high": 24, "medium": 72, "low": 168},
    "monitor": {"critical": 72, "high": 168, "medium": 336, "low": 720},
    "review": {"critical": 168, "high": 240, "medium": 336, "low": 720},
}
"""Within how many hours a step is to be left. Rule of thumb."""
LEAST_HOURS, MOST_HOURS = 1, 24 * 365
TOLD: tuple[tuple[str, ...], ...] = (("manager",), ("manager", "admin"), ("manager", "admin", "executive"))
"""Roles that are told besides the owner, by level: nobody's superior is known, so the next roles are."""
MOST_LEVEL = len(TOLD)

WAIVED: dict[str, str] = {"respond": "action", "communicate": "message", "review": "tasks"}
"""What a step asks for that a stated reason may stand for."""


class IllegalMove(Refusal):
    """There is no such move: ``state`` says where the incident is, ``to`` where it was to go."""

    code = "incident.move"


class IncidentIncomplete(Refusal):
    """The step asks for more before it may be left: ``asks`` are codes of what is missing, joined by a comma."""

    code = "incident.incomplete"


class InvalidIncident(Refusal):
    """Something said of an incident breaks a rule; ``reason`` names it (title, long, empty, reason, owner, due, target, link, places, hours, gap, closed,
    merged, same, whole, tasks, criteria, key …)."""

    code = "incident.invalid"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an incident since it was opened, or opened again."""

    is_seen: bool = False
    """A warning, a note or a piece of evidence says what happened."""
    is_severity_set: bool = False
    has_owner: bool = False
    has_target: bool = False
    has_action: bool = False
    has_message: bool = False
    has_criteria: bool = False
    is_met: bool = False
    has_cause: bool = False
    has_lessons: bool = False
    has_tasks: bool = False
    holds: int = 0
    """Pauses of sending that the incident still keeps."""
    waived: frozenset[str] = frozenset()
    """What reasons were stated for, as in ``WAIVED``."""


def asks(state: State, facts: Facts) -> tuple[str, ...]:
    """What the step still asks for before it may be left forward, as codes in the order in which it is done. Nothing: it may be left."""
    told: dict[State, tuple[tuple[str, bool], ...]] = {
        "detect": (("seen", facts.is_seen),),
        "assess": (("severity", facts.is_severity_set), ("owner", facts.has_owner), ("target", facts.has_target)),
        "respond": (("action", facts.has_action),),
        "communicate": (("message", facts.has_message),),
        "monitor": (("criteria", facts.has_criteria), ("met", facts.is_met)),
        "review": (
            ("cause", facts.has_cause),
            ("lessons", facts.has_lessons),
            ("tasks", facts.has_tasks),
            ("holds", facts.holds == 0),
        ),
        "closed": (),
    }
    return tuple(code for code, is_there in told[state] if not is_there and code not in facts.waived)


def move(state: State, to: str, facts: Facts, reason: str = "") -> Way:
    """Which way a move goes that may be made. Raises ``IllegalMove``, ``IncidentIncomplete``, and ``InvalidIncident`` where a reason is missing."""
    way = MOVES[state].get(to)  # type: ignore[call-overload]
    if way is None:
        raise IllegalMove(f"An incident does not go from {state} to {to}.", state=state, to=to)
    if way != "forward":
        if not reason.strip():
            raise InvalidIncident("What goes back needs a reason.", reason="reason")
        return way
    if missing := asks(state, facts):
        raise IncidentIncomplete(
            f"The step {state} still asks for {', '.join(missing)}.", state=state, asks=",".join(missing)
        )
    return way


# -- severity ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spot:
    """What a warning is of. ``by``: ``channel``, ``unit`` or ``group``; anything else is the whole house. ``unit``: the one that it lies in, "" where none is known
    or several are concerned."""

    by: str
    key: str = ""
    unit: str = ""


def breadth(spots: Iterable[Spot]) -> Breadth:
    """How much of the house is concerned. A channel reaches several units. Without a spot it is the house."""
    told = set(spots)
    if not told or any(one.by not in ("channel", "unit", "group") for one in told):
        return "house"
    if any(one.by == "channel" for one in told):
        return "units"
    if len(told) == 1:
        return "group" if next(iter(told)).by == "group" else "unit"
    units = {one.unit or f"?{one.key}" for one in told}
    return "unit" if len(units) == 1 else "units"


def units_of(spots: Iterable[Spot]) -> tuple[str, ...] | None:
    """The units that all of it lies in, sorted; None where it reaches beyond units."""
    told = set(spots)
    if not told or any(one.by not in ("unit", "group") or not one.unit for one in told):
        return None
    return tuple(sorted({one.unit for one in told}))


def severity(extent: Breadth, days: int) -> Severity:
    """As the table says. ``days``: from the first day to the last, both counted."""
    column = next((at for at, most in enumerate(DURATIONS) if days <= most), len(DURATIONS))
    return SEVERITY[extent][column]


def lasting(first_on: date, last_on: date) -> int:
    """Days from the first to the last, both counted; at least 1."""
    return max(1, (last_on - first_on).days + 1)


# -- deadlines ---------------------------------------------------------------------------------------------------------


def span(state: State, of: Severity, hours: Mapping[str, Mapping[str, int]] = HOURS) -> timedelta | None:
    """How long a step may take; None once the incident is closed."""
    return None if state == "closed" else timedelta(hours=hours[state][of])


def due(
    state: State,
    of: Severity,
    since: datetime,
    target_at: datetime | None = None,
    hours: Mapping[str, Mapping[str, int]] = HOURS,
) -> datetime | None:
    """By when the step is to be left: so many hours after it was entered (``since``), and up to the review not after ``target_at``, by which the
    incident is to be over. None once it is closed."""
    allowed = span(state, of, hours)
    if allowed is None:
        return None
    whole = since + allowed
    return min(whole, target_at) if target_at is not None and state != "review" else whole


def escalations(due_at: datetime | None, allowed: timedelta | None, now: datetime) -> int:
    """To which level a step that is not left has risen: 0 up to its deadline and on it, 1 after it, 1 more after each further span of what was
    allowed, at most ``MOST_LEVEL``."""
    if due_at is None or allowed is None or now <= due_at:
        return 0
    return min(MOST_LEVEL, ceil((now - due_at) / allowed))


def read_hours(told: object) -> dict[str, dict[str, int]]:
    """Hours by step and severity as a house keeps them, whole. Raises ``InvalidIncident`` (reason ``hours``)."""
    found: dict[str, dict[str, int]] = {state: dict(row) for state, row in HOURS.items()}
    if not isinstance(told, Mapping):
        raise _hours()
    for state, row in told.items():
        if state not in found or not isinstance(row, Mapping):
            raise _hours()
        for of, value in row.items():
            _refuse_hours(of, value)
            found[state][of] = value
    return found


def _refuse_hours(of: object, value: Any) -> None:
    if (
        of not in SEVERITIES
        or isinstance(value, bool)
        or not isinstance(value, int)
        or not LEAST_HOURS <= value <= MOST_HOURS
    ):
        raise _hours()


def _hours() -> InvalidIncident:
    return InvalidIncident(
        f"A step takes {LEAST_HOURS} to {MOST_HOURS} hours.", reason="hours", least=LEAST_HOURS, most=MOST_HOURS
    )
