"""The house's own steps against causes of churn."""

from collections.abc import Sequence

from core.work import playbooks
from core.work.questions.playbooks import Step, written
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import wiring

__all__ = ["keep", "may", "written"]


def may() -> bool:
    return guard.may("scores.write")


def keep(cause: str, steps: Sequence[Step] | None) -> None:
    """None = the usual ones again. Raises ``Forbidden``, ``InvalidPlaybook`` and ``Unknown``."""
    operator = guard.require("scores.write")
    playbooks.keep(worlds.home(), wiring.accounts_store(), operator, cause, steps, wiring.now())
