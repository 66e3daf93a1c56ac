"""The registry of metrics. A metric is declared once, beside its docstring; pages, ``ask`` and the catalogue read it here."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from core.errors import Unknown
from core.metrics.parts import Part

Goal = Literal["connection", "value", "conversion", "growth"]
Unit = Literal["members", "orders", "rows", "money", "share", "days", "score", "ratio"]
Direction = Literal["up", "down", "none"]
GOALS: tuple[Goal, ...] = ("conversion", "connection", "value", "growth")


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure: ``top``, or ``top`` over ``bottom``.

    ``scale`` multiplies the ratio (NPS: 100). ``per_day`` divides by the days of the period. ``needs``: tables without whose
    rows the figure is not shown. ``better``: the direction an operator wants. ``text``: the contract in words.
    """

    name: str
    goal: Goal
    unit: Unit
    top: Part
    bottom: Part | None
    needs: tuple[str, ...]
    better: Direction
    text: str
    scale: float = 1.0
    per_day: bool = False
    minus: Part | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(p for p in (self.top, self.minus, self.bottom) if p)

    @property
    def is_rate(self) -> bool:
        """Rates of fewer than 30 are not shown (product.md 4)."""
        return self.unit in ("share", "score", "ratio") and self.bottom is not None


METRICS: dict[str, Metric] = {}


Declared = Callable[[], tuple[Part | None, ...]]


def metric(
    goal: Goal,
    unit: Unit,
    needs: str,
    better: Direction = "up",
    *,
    scale: float = 1.0,
    per_day: bool = False,
) -> Callable[[Declared], Metric]:
    """Declare a metric of the catalogue: see ``declared``."""

    def declare(function: Declared) -> Metric:
        found = declared(function, goal, unit, needs, better, scale=scale, per_day=per_day)
        METRICS[found.name] = found
        return found

    return declare


def declared(
    function: Declared,
    goal: Goal,
    unit: Unit,
    needs: str,
    better: Direction = "up",
    *,
    scale: float = 1.0,
    per_day: bool = False,
) -> Metric:
    """A metric, whether the catalogue has it or not: the function's name is its name, its docstring its contract, and it returns its parts.

    One part: the figure itself. Two: the first over the second. Three: the first less the second, over the third; or, when the
    third is None, the difference.
    """
    parts = function()
    top = parts[0]
    minus = parts[1] if len(parts) == 3 else None
    bottom = parts[-1] if len(parts) > 1 else None
    assert top is not None
    return Metric(
        function.__name__, goal, unit, top, bottom, tuple(needs.split()), better,
        inspect.cleandoc(function.__doc__ or ""), scale, per_day, minus,
    )  # fmt: skip


def find(name: str) -> Metric:
    """The metric of that name. Raises ``Unknown`` with near names."""
    if name not in METRICS:
        raise Unknown("metric", name, METRICS)
    return METRICS[name]
