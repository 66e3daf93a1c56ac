"""Working an incident: everything that people do about it, each guarded."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from core.risk.incidents import InvalidIncident
from core.scope import Operator
from core.store.session import Store
from core.work import incident_actions, incident_changes, incidents
from core.work.home import Home
from core.work.incident_actions import LONGEST_KEY, HoldKind
from core.work.incident_changes import LONGEST_LINK
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import wiring

__all__ = [
    "CHANGE_HOURS", "LONGEST_KEY", "change_hours", "may_change_hours", "LONGEST_LINK", "SEE", "WRITE", "HoldKind", "InvalidIncident", "act", "add_task", "assign", "complete_task", "evidence", "hold", "keep_people", "may", "may_keep", "may_pause", "merge", "met",
    "move", "note", "open_by_hand", "release", "remind", "review", "set_due", "set_severity", "set_target", "split", "state_criteria", "told", "waive",
]  # fmt: skip

SEE, WRITE, CHANGE_HOURS = "risk.see", "incident.write", "risk.write"


def may() -> bool:
    """Whether to draw what changes incidents."""
    return guard.may(WRITE)


def may_pause() -> bool:
    """Sending is the whole house's."""
    return guard.may(WRITE) and guard.operator().scope.sees_all


def may_keep() -> bool:
    """Whether to draw what keeps people as a segment."""
    return all(guard.may(one) for one in (WRITE, "people.see", "segment.write"))


def may_change_hours() -> bool:
    """They are the whole house's."""
    return guard.may(CHANGE_HOURS) and guard.operator().scope.sees_all


def change_hours(told: Mapping[str, Mapping[str, int]] | None, *, was: Mapping[str, Mapping[str, int]]) -> None:
    """None: as they come. Raises ``Forbidden``, ``InvalidIncident``, ``IncidentChanged``."""
    operator, now = guard.require(CHANGE_HOURS), wiring.now()
    incident_changes.change_hours(worlds.home(), wiring.accounts_store(), operator, told, was=was, now=now)


def _mine() -> tuple[Home, Store, Operator]:
    return worlds.home(), wiring.accounts_store(), guard.require(WRITE)


def open_by_hand(
    name: str,
    note: str,
    *,
    places: Sequence[tuple[str, str]],
    field: str,
    first_on: date,
    severity: str | None,
) -> int:
    """Returns its number. ``severity``: None = as scope and duration say; said by a person, what happened is the reason. Raises ``Forbidden``, ``InvalidIncident``."""
    opened = incidents.open_by_hand(
        *_mine(), name, note, places=places, field=field, first_on=first_on, now=wiring.now()
    )
    if severity is not None:
        set_severity(opened.incident_id, severity, note, revision=1)
    return opened.incident_id


# Each of these raises ``Forbidden``, ``Unknown``, ``IncidentChanged`` and ``InvalidIncident``.


def move(incident_id: int, to: str, reason: str = "", *, revision: int) -> None:
    """Raises ``IllegalMove`` and ``IncidentIncomplete`` as well."""
    incidents.move(*_mine(), incident_id, to, revision=revision, reason=reason, now=wiring.now())


def merge(incident_id: int, into_id: int, *, revision: int, into_revision: int) -> None:
    incidents.merge(*_mine(), incident_id, into_id, revision=revision, into_revision=into_revision, now=wiring.now())


def split(incident_id: int, warning_ids: Sequence[int], name: str, *, revision: int) -> int:
    """Returns the new one's number."""
    return incidents.split(*_mine(), incident_id, warning_ids, name, revision=revision, now=wiring.now())


def assign(incident_id: int, owner: str, *, revision: int) -> None:
    incident_changes.assign(*_mine(), incident_id, owner, revision=revision, now=wiring.now())


def set_severity(incident_id: int, severity: str, reason: str, *, revision: int) -> None:
    incident_changes.set_severity(*_mine(), incident_id, severity, reason=reason, revision=revision, now=wiring.now())


def set_due(incident_id: int, due_at: datetime, reason: str, *, revision: int) -> None:
    incident_changes.set_due(*_mine(), incident_id, due_at, reason, revision=revision, now=wiring.now())


def set_target(incident_id: int, target_at: datetime, reason: str, *, revision: int) -> None:
    incident_changes.set_target(*_mine(), incident_id, target_at, reason=reason, revision=revision, now=wiring.now())


def note(incident_id: int, body: str, *, request: str) -> None:
    incident_changes.note(*_mine(), incident_id, body, request=request, now=wiring.now())


def evidence(incident_id: int, body: str, link: str, *, request: str) -> None:
    incident_changes.evidence(*_mine(), incident_id, body, link=link, request=request, now=wiring.now())


def act(incident_id: int, what: str, *, revision: int) -> None:
    incident_changes.act(*_mine(), incident_id, what, revision=revision, now=wiring.now())


def waive(incident_id: int, reason: str, *, revision: int) -> None:
    incident_changes.waive(*_mine(), incident_id, reason, revision=revision, now=wiring.now())


def state_criteria(incident_id: int, criteria: str, *, revision: int) -> None:
    incident_changes.state_criteria(*_mine(), incident_id, criteria, revision=revision, now=wiring.now())


def met(incident_id: int, how: str, *, revision: int) -> None:
    incident_changes.met(*_mine(), incident_id, how, revision=revision, now=wiring.now())


def review(incident_id: int, part: str, words: str, *, revision: int) -> None:
    """``part``: ``cause`` or ``lessons``."""
    cause, lessons = (words if part == one else None for one in ("cause", "lessons"))
    incident_changes.review(*_mine(), incident_id, cause=cause, lessons=lessons, revision=revision, now=wiring.now())


def add_task(incident_id: int, kind: str, what: str, owner: str, due_on: date, *, revision: int) -> None:
    incident_changes.add_task(*_mine(), incident_id, kind, what, owner, due_on, revision=revision, now=wiring.now())


def complete_task(task_id: int, result: str) -> bool:
    """Whoever owns the task may say so too. False: it was said before."""
    home, log, operator = worlds.home(), wiring.accounts_store(), guard.require(SEE)
    return incident_changes.complete_task(home, log, operator, task_id, result=result, now=wiring.now())


def hold(incident_id: int, kind: HoldKind, key: str, reason: str, *, revision: int) -> bool:
    """False: the incident pauses it already."""
    return incident_actions.hold(*_mine(), incident_id, kind, key, reason, revision=revision, now=wiring.now())


def release(incident_id: int, kind: HoldKind, key: str, reason: str, *, revision: int) -> bool:
    """False: it pauses no such thing."""
    return incident_actions.release(*_mine(), incident_id, kind, key, reason, revision=revision, now=wiring.now())


def keep_people(
    incident_id: int, name: str, members: Sequence[int], *, version: int, is_recall: bool, revision: int
) -> int:
    """Returns the segment's number. Raises ``InvalidName`` and ``NameTaken`` as well."""
    return incident_actions.keep_people(
        *_mine(), incident_id, name, members, version=version, is_recall=is_recall, revision=revision, now=wiring.now()
    )


def remind(incident_id: int, *, revision: int) -> None:
    incident_actions.remind(*_mine(), incident_id, revision=revision, now=wiring.now())


def told(incident_id: int, audience: str, by: str, body: str, *, revision: int) -> None:
    """Raises ``InvalidMessage`` as well."""
    incident_actions.told(*_mine(), incident_id, audience, by, body, revision=revision, now=wiring.now())
