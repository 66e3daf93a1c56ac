"""What is watched: the indicators and kinds of rules that there are, for pages."""

from core.risk.indicators import INDICATORS
from core.risk.rules import OF_DAYS, OF_THE_SYSTEM, OF_USUAL, WEEK, Rule
from core.work.questions import readings
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import kept

__all__ = [
    "FIELDS",
    "OF_DAYS",
    "OF_THE_SYSTEM",
    "OF_USUAL",
    "UNITS",
    "WEEK",
    "WINDOWS",
    "Rule",
    "own_names",
]

UNITS: dict[str, str] = {name: one.metric.unit for name, one in INDICATORS.items()} | {
    name: kind.unit for name, kind in readings.BUILT_IN.items()
}
"""Unit of a value of each indicator of the product."""
WINDOWS: dict[str, int] = {name: one.window_days for name, one in INDICATORS.items()}
"""Days that a value of each is told over."""
FIELDS: tuple[str, ...] = tuple(dict.fromkeys(one.field for one in INDICATORS.values()))


def own_names() -> dict[str, str]:
    """What the house calls readings of its own, by key; nothing for who does not see the whole house. Raises ``Forbidden``."""
    operator = guard.require("risk.see")
    if not operator.scope.sees_all:
        return {}
    home = worlds.home()
    found = kept.while_unwritten(home.store, ("own readings", home.world), lambda: readings.kinds(home, operator, with_archived=True))  # fmt: skip
    return {one.key: one.name for one in found if one.name is not None}
