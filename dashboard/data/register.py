"""The register of risks for the page of risks: what stands, what each was before, and what could be taken over."""

from dataclasses import dataclass
from datetime import date

from core.store.register_tables import RISK_KINDS, TREATMENTS
from core.work.questions import incidents, register, risk_rules, today
from core.work.questions.register import Described, Kind, Risk, Stage, Treatment, cells, due
from core.work.register import FIRST_REVIEW_DAYS, MOST_DAYS_AHEAD, MOVES
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import kept, wiring

__all__ = [
    "FIRST_REVIEW_DAYS", "MOST_DAYS_AHEAD", "MOVES", "RISK_KINDS", "TREATMENTS", "Described", "Kind", "Register", "Risk", "Stage", "Treatment",
    "cells", "due", "history", "read", "today_on",
]  # fmt: skip

SEE = "risk.see"


@dataclass(frozen=True, eq=False)
class Register:
    """``risks``: all, closed ones too. ``unadopted``: how many of the usual ones the house never had. ``rules``: names that the house gave its rules of warnings, by key; "" where the product
    names it. ``incidents``: titles of those that the reader sees and that are not closed, by number. ``zone``: of the clock of times."""

    today: date
    zone: str
    risks: tuple[Risk, ...]
    unadopted: int
    rules: dict[str, str]
    incidents: dict[int, str]

    def one(self, key: str) -> Risk | None:
        return next((risk for risk in self.risks if risk.key == key), None)


def today_on() -> date:
    """The business day that it is."""
    return today.today_of(worlds.home(), wiring.now())


def read() -> Register:
    """Raises ``Forbidden``."""
    operator, home, now = guard.require(SEE), worlds.home(), wiring.now()
    today_is = today_on()

    def ask() -> Register:
        rules = {key: one.rule.name for key, one in risk_rules.rules(home, operator).items()}
        open_ones = {one.id: one.title for one in incidents.listed(home, operator, now=now)}
        return Register(
            today_is, home.settings.zone, register.risks(home, operator, with_closed=True), len(register.unadopted(home, operator)), rules, open_ones,
        )  # fmt: skip

    return kept.while_unwritten(home.store, ("register", home.world, today_is, operator.scope.key()), ask)


def history(key: str) -> tuple[Risk, ...]:
    """Every revision of a risk, the newest first. Raises ``Forbidden``, ``Unknown``."""
    operator, home = guard.require(SEE), worlds.home()
    name = ("register history", home.world, key)
    return kept.while_unwritten(home.store, name, lambda: register.history(home, operator, key))
