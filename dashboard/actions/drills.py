"""Planning drills and writing down what came of them."""

from core.work import drills
from core.work.drills import LONGEST, LONGEST_NAME, LONGEST_SCENARIO, MOST_PEOPLE
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.data.drills import Held, Planned, Record
from dashboard.web import wiring

__all__ = ["LONGEST", "LONGEST_NAME", "LONGEST_SCENARIO", "MOST_PEOPLE", "WRITE", "cancel", "carry_out", "change", "may", "plan"]  # fmt: skip

WRITE = "risk.write"


def may() -> bool:
    """Whether to draw what changes drills."""
    return guard.may(WRITE)


def plan(planned: Planned) -> Held:
    """Raises ``Forbidden``, ``InvalidDrill``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    return drills.plan(home, log, operator, planned, now=now)


def change(drill_id: int, planned: Planned, *, revision: int) -> Held:
    """Raises ``Forbidden``, ``Unknown``, ``InvalidDrill``, ``RegisterChanged``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    return drills.change(home, log, operator, drill_id, planned, revision=revision, now=now)


def carry_out(drill_id: int, record: Record, *, revision: int) -> Held | None:
    """Returns the drill that this plans. Raises as ``change``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    return drills.carry_out(home, log, operator, drill_id, record, revision=revision, now=now)[1]


def cancel(drill_id: int, *, note: str, is_last: bool, revision: int) -> Held | None:
    """The same."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    return drills.cancel(home, log, operator, drill_id, note=note, is_last=is_last, revision=revision, now=now)[1]
