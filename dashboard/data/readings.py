"""Typed and imported figures of a day, for the page of risks: what stands of a kind, and which limits rules watch it by."""

from dataclasses import dataclass
from datetime import date
from typing import get_args

from core.risk.rules import Direction
from core.work.questions import readings, risk_rules
from core.work.questions.readings import BUILT_IN, CHURN_MASS, POLICY_CHANGE, PUBLIC_OPINION, Kind, Told, Unit
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.data.register import today_on
from dashboard.web import kept

__all__ = ["BUILT_IN", "CHURN_MASS", "POLICY_CHANGE", "PUBLIC_OPINION", "UNITS", "Kind", "Limit", "Readings", "Told", "Unit", "history", "kinds", "newest", "read", "sees_all"]  # fmt: skip

SEE = "risk.see"
UNITS: tuple[Unit, ...] = get_args(Unit)


@dataclass(frozen=True, slots=True)
class Limit:
    """Above or below which (``is_inclusive``: from which on) a rule warns."""

    rule: str
    value: float
    direction: Direction
    is_inclusive: bool

    def is_broken(self, value: float) -> bool:
        if value == self.value:
            return self.is_inclusive
        return value > self.value if self.direction == "above" else value < self.value


@dataclass(frozen=True, eq=False)
class Readings:
    """Of one kind. ``told``: by day. ``limits``: of rules that are on and watch the figure itself. ``zone``: of the clock of times."""

    kind: Kind
    told: tuple[Told, ...]
    limits: tuple[Limit, ...]
    today: date
    zone: str

    @property
    def key(self) -> str:
        """Names all that is shown."""
        return f"{self.kind}|{hash((self.told, self.limits))}|{self.today}"

    def broken(self, value: float) -> bool:
        return any(one.is_broken(value) for one in self.limits)

    def one(self, key: str) -> Told | None:
        return next((one for one in self.told if one.key == key), None)


def sees_all() -> bool:
    """Whether the reader sees the whole house, which readings are of."""
    return guard.require(SEE).scope.sees_all


def kinds() -> tuple[Kind, ...]:
    """The product's, then the house's, archived ones too. Raises ``Forbidden``."""
    operator, home = guard.require(SEE), worlds.home()
    readings.require_house(operator)
    name = ("reading kinds", home.world)
    return kept.while_unwritten(home.store, name, lambda: readings.kinds(home, operator, with_archived=True))


def read(kind: Kind) -> Readings:
    """Raises ``Forbidden``, ``Unknown``."""
    operator, home, today = guard.require(SEE), worlds.home(), today_on()
    readings.require_house(operator)

    def ask() -> Readings:
        rules = risk_rules.rules(home, operator)
        limits = tuple(
            Limit(key, one.rule.limit, one.rule.direction, one.rule.is_inclusive)
            for key, one in rules.items()
            if one.rule.indicator == kind.key and one.rule.detector == "threshold" and one.rule.is_on
        )
        return Readings(kind, readings.listed(home, operator, kind.key), limits, today, home.settings.zone)

    return kept.while_unwritten(home.store, ("readings", home.world, kind, today), ask)


def history(kind: str, key: str) -> tuple[Told, ...]:
    """Revisions of a reading, the newest first. Raises ``Forbidden``."""
    return readings.history(worlds.home(), guard.require(SEE), kind, key)


def newest(kind: str, key: str) -> Told | None:
    """What was last said, be it that it does not stand any more. Raises ``Forbidden``."""
    return next(iter(history(kind, key)), None)
