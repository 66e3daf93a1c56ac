"""What the house means by its tiers, and what a point is worth."""

from core.work import membership
from core.work.questions.membership import Terms
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import wiring

__all__ = ["keep", "may"]


def may() -> bool:
    """Whether the operator may change what everybody's tier means."""
    return guard.may("segment.write") and guard.operator().scope.sees_all


def keep(terms: Terms) -> None:
    """Raises ``Forbidden`` and ``InvalidMembership``."""
    operator = guard.require("segment.write")
    membership.keep(worlds.home(), wiring.accounts_store(), operator, terms, wiring.now())
