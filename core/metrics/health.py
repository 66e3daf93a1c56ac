"""How a group chat is doing, from 0 (dying) to 100 (thriving): a weighted mean of parts that anybody can check. Arrays in, arrays out.

Each part is a figure of 30 days, told on a straight line between a worst value, which is worth 0 points, and a best one, worth 100;
beyond them it stays there. Worst, best and weight are rules of thumb, ours. A part whose figure rests on fewer than 30 people or
questions is left out, and the others carry its weight; a group has no score where parts of less than half of all weight are left.

A change of the score is told part by part, over the parts that both months have, so that what the parts moved adds up to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Name = Literal["staying", "speaking", "regular", "renewal", "spread", "answering"]


@dataclass(frozen=True, slots=True)
class Part:
    """``worst`` is worth 0 points, ``best`` 100; which of them is larger is the part's direction."""

    name: Name
    weight: float
    worst: float
    best: float

    @property
    def is_better_high(self) -> bool:
        return self.best > self.worst


PARTS: tuple[Part, ...] = (
    Part("staying", 0.25, 0.20, 0.0),
    Part("speaking", 0.25, 0.0, 0.30),
    Part("regular", 0.15, 0.0, 1.0),
    Part("renewal", 0.15, -0.5, 0.25),
    Part("spread", 0.10, 0.9, 0.3),
    Part("answering", 0.10, 0.4, 0.95),
)
"""``staying``: leaves of the month for each member at its start. ``speaking``: members who spoke in it. ``regular``: days on which anybody
spoke. ``renewal``: speakers more or fewer than in the month before. ``spread``: what the ten loudest said of all. ``answering``: questions
of the month that were answered."""
LEAST_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Health:
    """One entry per group. ``score`` and ``before``: of the month and of the one before, not a number where there is none. ``points``: of
    each part, 0 to 100. ``moved``: what each part moved of the score, of parts that both months have; ``change``: their sum, the change of
    the score told over these parts, not a number where they do not carry half of the weight."""

    score: Floats
    before: Floats
    change: Floats
    points: Mapping[Name, Floats]
    moved: Mapping[Name, Floats]


def health(now: Mapping[Name, Floats], before: Mapping[Name, Floats], parts: Sequence[Part] = PARTS) -> Health:
    """``now`` and ``before``: each part's figure in the month and in the one before; not a number where it has none."""
    points = {part.name: _points(part, now[part.name]) for part in parts}
    were = {part.name: _points(part, before[part.name]) for part in parts}
    both = {name: np.isfinite(points[name]) & np.isfinite(were[name]) for name in points}
    shared = sum(part.weight * both[part.name] for part in parts)
    enough = shared >= LEAST_WEIGHT - 1e-9
    with np.errstate(invalid="ignore", divide="ignore"):
        moved = {
            part.name: np.where(
                both[part.name] & enough, part.weight * (points[part.name] - were[part.name]) / shared, np.nan
            )
            for part in parts
        }
    change = np.where(enough, sum(np.nan_to_num(one) for one in moved.values()), np.nan)
    return Health(_mean(points, parts), _mean(were, parts), change, points, moved)


def _points(part: Part, figure: Floats) -> Floats:
    found: Floats = np.clip((figure - part.worst) / (part.best - part.worst), 0.0, 1.0) * 100
    return found


def _mean(points: Mapping[Name, Floats], parts: Sequence[Part]) -> Floats:
    weight = sum(part.weight * np.isfinite(points[part.name]) for part in parts)
    total = sum(part.weight * np.nan_to_num(points[part.name]) for part in parts)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.where(weight >= LEAST_WEIGHT - 1e-9, total / weight, np.nan)
    return found
