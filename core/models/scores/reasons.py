"""Why a member has the score: what each feature adds to the log-odds, largest first."""

from dataclasses import dataclass

import numpy as np

from core.models.scores.logistic import Logistic, sigmoid
from core.models.scores.rows import Floats

LEAST = 0.005
"""Log-odds below which a feature is no reason."""


@dataclass(frozen=True, slots=True)
class Reason:
    """``part``: what the feature adds to the log-odds, against a member who is the mean in it. ``points``: by how much the chance would differ,
    were the member the mean in this one feature (0 to 1). ``value``: of the member, None where not known. ``away``: in standard
    deviations from the mean."""

    name: str
    part: float
    points: float
    value: float | None
    away: float


def of(model: Logistic, row: Floats) -> tuple[Reason, ...]:
    """All reasons of one member, the strongest first, of equals by name; their parts and ``model.base`` sum to the log-odds exactly."""
    parts = model.parts(row[None, :])[0]
    away = model.standardised(row[None, :])[0]
    logit = float(parts.sum() + model.base)
    chance = sigmoid(np.array([logit, *(logit - parts)]))
    told = [
        Reason(name, float(part), float(chance[0] - without), float(value) if np.isfinite(value) else None, float(far))
        for name, part, without, value, far in zip(model.names, parts, chance[1:], row, away, strict=True)
    ]
    return tuple(sorted(told, key=lambda one: (-abs(one.part), one.name)))


def top(reasons: tuple[Reason, ...], most: int = 3) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """The strongest that raise the chance, and those that lower it."""
    up = tuple(one for one in reasons if one.part > LEAST)[:most]
    down = tuple(one for one in reasons if one.part < -LEAST)[:most]
    return up, down


def leading(model: Logistic, matrix: Floats, most: int = 3) -> list[tuple[str, ...]]:
    """Names of the features that raise each member's chance most."""
    parts = model.parts(matrix)
    order = np.argsort(-parts, axis=1, kind="stable")[:, :most]
    strong = np.take_along_axis(parts, order, axis=1) > LEAST
    return [
        tuple(model.names[at] for at, is_one in zip(row, flags, strict=True) if is_one)
        for row, flags in zip(order, strong, strict=True)
    ]
