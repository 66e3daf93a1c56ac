"""Drills as pages show them: what is planned, what is late, and what came of those carried out."""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, cast

from core.risk.incidents import STATES
from core.scope import Operator
from core.store import register
from core.store.register_tables import Drill
from core.store.session import Session
from core.work.home import Home

State = Literal["planned", "done", "cancelled"]
STEPS = tuple(one for one in STATES if one != "closed")
"""Steps of an incident that a drill goes through."""


@dataclass(frozen=True, slots=True)
class Planned:
    """``field``: of indicators, whose playbook (``core.risk.playbooks``) is followed; empty = none. ``people``: names of who take part. ``repeats_months``: null = once."""

    planned_on: date
    scenario: str
    people: tuple[str, ...] = ()
    field: str = ""
    repeats_months: int | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """What is to be done better, by whom and until when. ``done_on``: null until it was done."""

    told: str
    owner: str
    due_on: date
    done_on: date | None = None

    def is_late(self, today: date) -> bool:
        return self.done_on is None and self.due_on < today

    def to_json(self) -> dict[str, Any]:
        done_on = None if self.done_on is None else self.done_on.isoformat()
        return {"told": self.told, "owner": self.owner, "due_on": self.due_on.isoformat(), "done_on": done_on}

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Action":
        done_on = told.get("done_on")
        day = date.fromisoformat
        return cls(told["told"], told["owner"], day(told["due_on"]), None if done_on is None else day(done_on))


@dataclass(frozen=True, slots=True)
class Record:
    """What came of a drill. ``minutes``: from the start until each step (``STEPS``) that was reached was through; in their order they do not fall."""

    done_on: date
    went_well: str = ""
    went_badly: str = ""
    minutes: Mapping[str, int] | None = None
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """A drill. ``record``: None until it was carried out. ``note``: why it was cancelled. ``follows_id``: the drill that this one repeats."""

    drill_id: int
    revision: int
    planned: Planned
    state: State
    record: Record | None
    note: str
    follows_id: int | None
    by: str
    at: datetime

    def is_late(self, today: date) -> bool:
        """Whether its day has passed without it."""
        return self.state == "planned" and self.planned.planned_on < today


def drills(home: Home, operator: Operator) -> tuple[Held, ...]:
    """All, by the day they were planned for. Raises ``Forbidden``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        return standing(session)


def one(home: Home, operator: Operator, drill_id: int) -> Held:
    """Raises ``Forbidden``, ``Unknown``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        return of_row(register.drill(session, drill_id))


def late(known: Iterable[Held], today: date) -> tuple[Held, ...]:
    """The longest late first."""
    return tuple(sorted((one for one in known if one.is_late(today)), key=lambda one: one.planned.planned_on))


def next_on(first_on: date, months: int, after: date) -> date:
    """The first day after ``after`` of a rhythm that has ``first_on`` and every so many months the same day of the month; in a month that is shorter its last."""
    passed = (after.year - first_on.year) * 12 + after.month - first_on.month
    times = max(passed // months, 1)
    found = _months_after(first_on, times * months)
    return found if found > after else _months_after(first_on, (times + 1) * months)


def _months_after(on: date, months: int) -> date:
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def standing(session: Session) -> tuple[Held, ...]:
    """All, by the day they were planned for."""
    return tuple(map(of_row, register.drills(session)))


def of_row(row: Drill) -> Held:
    planned = Planned(row.planned_on, row.scenario, tuple(row.people), row.field, row.repeats_months)
    record = (
        None
        if row.done_on is None
        else Record(
            row.done_on, row.went_well, row.went_badly, dict(row.minutes), tuple(map(Action.of_json, row.actions))
        )
    )
    by, at = row.changed_by or row.created_by, row.changed_at or row.created_at
    return Held(row.id, row.revision, planned, cast("State", row.state), record, row.note, row.follows_id, by, at)
