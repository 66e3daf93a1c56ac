"""The score that is used: a logistic regression on standardised features, whose every probability is explained exactly.

Features that are not known take the training rows' median, all are set to mean 0 and standard deviation 1 over the training rows
and cut at ``MOST_DEVIATIONS``, so that nobody is judged by one odd figure. The penalty is quadratic with C = ``PENALTY`` on the mean
log-loss times rows, as scikit-learn has it. The model is a few numbers, kept as JSON, and scored here, not by the library.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.models.scores.rows import Flags, Floats, Rows

PENALTY = 0.1
MOST_DEVIATIONS = 8.0
ALGORITHM = "logistic"


@dataclass(frozen=True, eq=False)
class Logistic:
    """``missing``, ``mean``, ``deviation`` and ``weight`` of each name; a feature that was the same for everybody has weight 0.
    ``shift``: added to the intercept when it is calibrated."""

    names: tuple[str, ...]
    missing: Floats
    mean: Floats
    deviation: Floats
    weight: Floats
    intercept: float
    shift: float = 0.0

    def standardised(self, matrix: Floats) -> Floats:
        """One row per member, in deviations from the training rows' mean. Columns stand in the order of ``names``."""
        filled = np.where(np.isfinite(matrix), matrix, self.missing)
        return np.clip((filled - self.mean) / self.deviation, -MOST_DEVIATIONS, MOST_DEVIATIONS)

    def parts(self, matrix: Floats) -> Floats:
        """What each feature adds to each member's log-odds, against a member who is the mean in all. With ``base`` they sum to ``logits``."""
        found: Floats = self.standardised(matrix) * self.weight
        return found

    @property
    def base(self) -> float:
        """Log-odds of a member who is the mean in all."""
        return self.intercept + self.shift

    def logits(self, matrix: Floats) -> Floats:
        found: Floats = self.standardised(matrix) @ self.weight + self.base
        return found

    def chance(self, matrix: Floats) -> Floats:
        """0 to 1."""
        return sigmoid(self.logits(matrix))

    def shifted(self, shift: float) -> "Logistic":
        """The same with another shift of the intercept."""
        return replace(self, shift=shift)

    def to_json(self) -> dict[str, Any]:
        numbers = {name: getattr(self, name).tolist() for name in ("missing", "mean", "deviation", "weight")}
        return {"names": list(self.names), **numbers, "intercept": self.intercept, "shift": self.shift}

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Logistic":
        missing, mean, deviation, weight = (
            np.array(told[name], np.float64) for name in ("missing", "mean", "deviation", "weight")
        )
        return cls(
            tuple(told["names"]), missing, mean, deviation, weight, float(told["intercept"]), float(told["shift"])
        )


def sigmoid(logits: Floats) -> Floats:
    found: Floats = 1.0 / (1.0 + np.exp(-np.clip(logits, -700.0, 700.0)))
    return found


def fit(rows: Rows) -> Logistic:
    """Of training rows, thinned where they are very many."""
    from sklearn.linear_model import (
        LogisticRegression,
    )  # takes a second to import, which processes that fit nothing need not wait for
    from threadpoolctl import threadpool_limits

    rows = rows.thinned()
    missing, mean, deviation = _scaling(rows.matrix)
    empty = Logistic(rows.names, missing, mean, deviation, np.zeros(len(rows.names)), 0.0)
    points = empty.standardised(rows.matrix)
    with threadpool_limits(1):  # threads of several libraries spin against each other on busy machines
        fitted = LogisticRegression(C=PENALTY, max_iter=2_000, tol=1e-6).fit(points, rows.label)
    weight = np.where(points.std(axis=0) > 0, fitted.coef_[0], 0.0)
    return replace(empty, weight=weight, intercept=float(fitted.intercept_[0]))


def _scaling(matrix: Floats) -> tuple[Floats, Floats, Floats]:
    """Median, mean and deviation of each column; a column that is never known or always the same has deviation 1."""
    known = np.isfinite(matrix)
    missing = np.array(
        [
            float(np.median(column[is_known])) if is_known.any() else 0.0
            for column, is_known in zip(matrix.T, known.T, strict=True)
        ]
    )
    filled = np.where(known, matrix, missing)
    mean, deviation = filled.mean(axis=0), filled.std(axis=0)
    is_flat = deviation <= 1e-9 * np.maximum(1.0, np.abs(filled).max(axis=0, initial=0.0))
    return missing, mean, np.where(is_flat, 1.0, deviation)


def calibrated(model: Logistic, rows: Rows) -> Logistic:
    """The model whose mean chance over these rows is their rate: only the intercept moves, so nobody changes places."""
    return model.shifted(model.shift + shift_to(model.logits(rows.matrix), rows.label))


def shift_to(logits: Floats, label: Flags) -> float:
    """What to add to all log-odds, so that the mean chance is the share that came true; by bisection. 0 where nobody is, or it came
    true of all or of none."""
    rate = float(label.mean()) if len(label) else 0.0
    if not 0.0 < rate < 1.0:
        return 0.0
    low, high = -40.0, 40.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if float(sigmoid(logits + middle).mean()) < rate else (low, middle)
    return (low + high) / 2
