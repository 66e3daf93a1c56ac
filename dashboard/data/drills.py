"""Drills for the page of risks: what is planned, late and done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from core.risk.playbooks import FIELDS, steps
from core.work.drills import MOST_ACTIONS, MOST_DAYS_AHEAD, MOST_MINUTES, MOST_MONTHS
from core.work.questions import drills
from core.work.questions.drills import STEPS, Action, Held, Planned, Record
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.data.register import today_on
from dashboard.web import kept

__all__ = [
    "FIELDS", "MOST_ACTIONS", "MOST_DAYS_AHEAD", "MOST_MINUTES", "MOST_MONTHS", "STEPS", "Action", "Drills", "Held", "Planned", "Record", "playbook", "read", "to_do",
]  # fmt: skip

SEE = "risk.see"
YEAR = timedelta(days=365)


@dataclass(frozen=True, eq=False)
class Drills:
    """``every``: by the day they were planned for. ``zone``: of the clock of times."""

    today: date
    zone: str
    every: tuple[Held, ...]

    def one(self, key: str) -> Held | None:
        return next((one for one in self.every if str(one.drill_id) == key), None)

    def planned(self) -> list[Held]:
        return [one for one in self.every if one.state == "planned"]

    def late(self) -> tuple[Held, ...]:
        return drills.late(self.every, self.today)

    def done(self) -> list[Held]:
        """The newest first."""
        found = [one for one in self.every if one.state == "done"]
        return sorted(found, key=lambda one: one.record.done_on if one.record else date.min, reverse=True)

    def cancelled(self) -> list[Held]:
        """The newest first."""
        return [one for one in reversed(self.every) if one.state == "cancelled"]

    def done_within_year(self) -> int:
        return sum(one.record is not None and one.record.done_on > self.today - YEAR for one in self.done())


def to_do(every: Iterable[Held]) -> list[tuple[Held, Action]]:
    """What came of drills and is not done, the longest due first."""
    told = [(one, action) for one in every if one.record is not None for action in one.record.actions]
    return sorted(((one, action) for one, action in told if action.done_on is None), key=lambda pair: pair[1].due_on)


def playbook(field: str) -> list[tuple[str, list[str]]]:
    """Codes of what is usually done, by step; nothing where none is followed."""
    return [(step, [one.code for one in told]) for step, told in steps(field).items()] if field else []


def read() -> Drills:
    """Raises ``Forbidden``."""
    operator, home, today = guard.require(SEE), worlds.home(), today_on()
    name = ("drills", home.world, today)
    return kept.while_unwritten(home.store, name, lambda: Drills(today, home.settings.zone, drills.drills(home, operator)))  # fmt: skip
