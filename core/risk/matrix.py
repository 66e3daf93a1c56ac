"""The matrix of risks: how likely something is, times how much it would do, told as one of four levels.

The limits of the levels are those of the National Patient Safety Agency, *A risk matrix for risk managers*, 2008 (1-3 low, 4-6 moderate, 8-12 high,
15-25 extreme): a published convention and a rule of thumb, not a measurement.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, TypeVar, get_args

T = TypeVar("T")
Level = Literal["low", "medium", "high", "critical"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""From the least to the gravest."""
STEPS = range(1, 6)
"""Likelihood: 1 rare, 2 unlikely, 3 possible, 4 likely, 5 almost certain. Impact: 1 negligible, 2 small, 3 noticeable, 4 large, 5 threatens the house."""
FROM: Mapping[Level, int] = {"low": 1, "medium": 4, "high": 8, "critical": 15}
"""The least likelihood times impact of each level."""
Cell = tuple[int, int]
"""Likelihood and impact."""
CELLS: tuple[Cell, ...] = tuple((likelihood, impact) for likelihood in STEPS for impact in STEPS)


def level(likelihood: int, impact: int) -> Level:
    """Raises ``ValueError`` unless both are 1 to 5."""
    if likelihood not in STEPS or impact not in STEPS:
        raise ValueError(f"likelihood {likelihood} and impact {impact} are not both 1 to 5")
    return max((one for one in LEVELS if likelihood * impact >= FROM[one]), key=LEVELS.index)


def worst(levels: Iterable[Level]) -> Level | None:
    """The gravest; null of none."""
    return max(levels, key=LEVELS.index, default=None)


def board(things: Iterable[tuple[Cell, T]]) -> dict[Cell, tuple[T, ...]]:
    """All 25 cells, with what lies in each in the order given."""
    found: dict[Cell, list[T]] = {cell: [] for cell in CELLS}
    for cell, one in things:
        found[cell].append(one)
    return {cell: tuple(ones) for cell, ones in found.items()}
