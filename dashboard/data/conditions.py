"""Conditions on properties: what they can be about, what values there are, and how they stand in an address."""

from core.metrics.moments import AMOUNT
from core.work.questions import funnels
from core.work.questions.conditions import (
    LARGEST,
    OF_A_NUMBER,
    WITHOUT_VALUE,
    by_step,
    is_number,
    parse,
    parse_of_step,
    written,
)
from core.work.questions.moments import OPS, Condition, Op
from dashboard.data.ground import Ground, stand
from dashboard.web import kept

__all__ = [
    "AMOUNT", "LARGEST", "OF_A_NUMBER", "OPS", "WITHOUT_VALUE", "Condition", "Op", "by_step", "is_number", "parse", "parse_of_step",
    "properties", "values", "written",
]  # fmt: skip


def properties() -> tuple[str, ...]:
    """What a condition can be about in this lake: columns and properties in use, and the amount of orders. Raises
    ``Forbidden``."""
    ground = stand("funnel.see")
    return _properties(key=ground.key, _ground=ground)


def values(name: str) -> tuple[str, ...]:
    """Values of a property to choose from, the most frequent first; one may name others. Raises ``Forbidden``."""
    ground = stand("funnel.see")
    return _values(key=f"{ground.key}|{name}", _ground=ground, _name=name)


@kept.by_key(16)
def _properties(key: str, _ground: Ground) -> tuple[str, ...]:  # noqa: ARG001 - what it is cached by
    with _ground.open() as lake:
        return (*funnels.properties(lake), AMOUNT) if lake.as_of else ()


@kept.by_key(64)
def _values(key: str, _ground: Ground, _name: str) -> tuple[str, ...]:  # noqa: ARG001 - what it is cached by
    with _ground.open() as lake:
        return tuple(funnels.values(lake, _name))
