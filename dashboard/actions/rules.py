"""Changing the rules of warnings. All guarded."""

from core.work import risk_rules, watching
from core.work.questions.risk_rules import Kept
from core.work.watching import Evaluated
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.data.rules import Rule
from dashboard.web import wiring

__all__ = ["WRITE", "Evaluated", "add", "change", "look", "may", "remove", "restore", "switch", "try_out"]

WRITE = "risk.write"


def may() -> bool:
    """Whether to draw what changes rules, which are those of the whole house."""
    return guard.may(WRITE) and guard.operator().scope.sees_all


def change(key: str, rule: Rule, revision: int) -> Kept:
    """Raises ``Forbidden``, ``InvalidRule``, ``Unknown``, ``RuleChanged``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return risk_rules.change(home, log, operator, key, rule, revision=revision, now=wiring.now())


def switch(key: str, revision: int, *, is_on: bool) -> Kept:
    """Raises as ``change``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return risk_rules.switch(home, log, operator, key, is_on=is_on, revision=revision, now=wiring.now())


def add(rule: Rule) -> Kept:
    """Raises ``Forbidden``, ``InvalidRule``, ``Unknown``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return risk_rules.add(home, log, operator, rule, wiring.now())


def remove(key: str, revision: int) -> Kept:
    """One of the house's own is gone; one that the product brings stands as it comes. Raises ``Forbidden``, ``Unknown``, ``RuleChanged``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return risk_rules.remove(home, log, operator, key, revision=revision, now=wiring.now())


def restore(key: str, revision: int) -> Kept:
    """One of the house's own that was removed. Raises as ``change``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return risk_rules.restore(home, log, operator, key, revision=revision, now=wiring.now())


def try_out(key: str) -> int:
    """Raise a warning that is marked as a test: its number. Raises ``Forbidden``, ``Unknown``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return risk_rules.test_fire(home, log, operator, key, wiring.now())


def look() -> Evaluated:
    """Look at all rules at once. Raises ``Forbidden``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return watching.look(home, log, operator, wiring.now())
