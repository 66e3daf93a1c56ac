"""A score from cut-off to use: fitted to earlier cut-offs, and tried on a later one that it never saw.

It is tried with the intercept of all training cut-offs, and calibrated to the newest of them, so that the mean chance is the newest rate. Where
calibration did better (by log-loss) the model is used calibrated, to the tested window then; else as it was fitted. Rates that swing with the season
are told better by several cut-offs, rates that move on by the newest. What was tried is what is used: between trial and use at most the
intercept moves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.special import ndtr

from core.models.scores import boosting, drift, logistic, metrics, rows
from core.models.scores.drift import Moved, Spread
from core.models.scores.logistic import Logistic
from core.models.scores.metrics import Quality
from core.models.scores.rows import Flags, Floats, Rows

CLEARLY = 0.01
"""AUC by which the rival must lead, beyond chance, to be called clearly better."""
CHANCE = 0.05
Worse = Literal["order", "chances"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two scores of the same members. ``auc``: of the first less the second; ``log_loss`` alike, so above 0 the second is better.
    ``auc_p``, ``log_loss_p``: that they are the same (DeLong; paired z)."""

    members: int
    auc: float
    auc_p: float
    log_loss: float
    log_loss_p: float

    @property
    def worse(self) -> Worse | None:
        """In what the first is worse than the second beyond chance."""
        if self.auc < 0 and self.auc_p < CHANCE:
            return "order"
        return "chances" if self.log_loss > 0 and self.log_loss_p < CHANCE else None

    @property
    def is_clearly_better(self) -> bool:
        return self.auc >= CLEARLY and self.auc_p < CHANCE


def compared(label: Flags, one: Floats, other: Floats) -> Comparison:
    """Of at least two of either outcome."""
    auc, auc_p = metrics.auc_difference(label, one, other)
    losses = []
    for chance in (one, other):
        sure = np.clip(chance, metrics.LEAST_CHANCE, 1 - metrics.LEAST_CHANCE)
        losses.append(-np.where(label, np.log(sure), np.log1p(-sure)))
    apart = losses[0] - losses[1]
    error = float(apart.std(ddof=1) / np.sqrt(len(apart)))
    mean = float(apart.mean())
    return Comparison(len(label), auc, auc_p, mean, float(2 * ndtr(-abs(mean) / error)) if error > 0 else 1.0)


@dataclass(frozen=True, eq=False)
class Trained:
    """``model``: to be used. ``is_calibrated``: whether to the newest window that is known. ``quality``: of the same as it was before the test window,
    on it; ``other``: of the way that did worse; ``rival``: of boosted trees, and ``against``: the rival compared with it.
    ``spreads``: of each feature over the training rows, and ``score`` of the model's log-odds there. ``training_rate``: share of whom it
    came true in the training rows."""

    model: Logistic
    is_calibrated: bool
    quality: Quality
    other: Quality
    rival: Quality
    against: Comparison
    spreads: tuple[Spread, ...]
    score: Spread
    training_members: int
    training_rate: float

    def to_json(self) -> dict[str, Any]:
        """What says how good it is; the model itself apart."""
        compared = {name: getattr(self.against, name) for name in ("members", "auc", "auc_p", "log_loss", "log_loss_p")}
        return {
            "quality": self.quality.to_json(), "other": self.other.to_json(), "rival": self.rival.to_json(), "against": compared,
            "is_calibrated": self.is_calibrated, "training_members": self.training_members, "training_rate": self.training_rate,
        }  # fmt: skip

    def parameters(self) -> dict[str, Any]:
        """What scores, and what drift is held against."""
        return {
            "model": self.model.to_json(),
            "spreads": [one.to_json() for one in self.spreads],
            "score": self.score.to_json(),
        }


def against_of(told: Mapping[str, Any]) -> Comparison:
    return Comparison(**told)


def train(windows: Sequence[Rows], test: Rows) -> Trained:
    """``windows``: rows of the training cut-offs, oldest first. Raises ``UnfitForScores``."""
    training = rows.joined(windows)
    rows.require(training, "training")
    rows.require(test, "test")
    fitted = logistic.fit(training)
    newest = logistic.calibrated(fitted, windows[-1])
    either = [metrics.quality(test.label, one.chance(test.matrix)) for one in (fitted, newest)]
    is_calibrated = either[1].log_loss < either[0].log_loss
    chosen = newest if is_calibrated else fitted
    rival = boosting.chances(training, test.matrix)
    reference = training.thinned()
    return Trained(
        logistic.calibrated(fitted, test) if is_calibrated else fitted,
        is_calibrated,
        either[is_calibrated],
        either[not is_calibrated],
        metrics.quality(test.label, rival),
        compared(test.label, rival, chosen.chance(test.matrix)),
        tuple(drift.spread(column) for column in reference.matrix.T),
        drift.spread(fitted.parts(reference.matrix).sum(axis=1)),
        len(training),
        training.rate,
    )


def tried(model: Logistic, newest: Rows, test: Rows, *, is_calibrated: bool) -> Floats:
    """Chances of the test rows by a model as it would have been used then: one that is calibrated to the newest training window."""
    then = logistic.calibrated(model, newest) if is_calibrated else model
    return then.chance(test.matrix)


@dataclass(frozen=True, slots=True)
class Drift:
    """What a check found. ``unusual_share`` None: not looked at."""

    members: int
    score: Moved
    features: tuple[Moved, ...]
    unusual_share: float | None

    @property
    def verdict(self) -> drift.Verdict:
        return drift.verdict(self.score, self.features)


def checked(
    model: Logistic, spreads: Sequence[Spread], score: Spread, now: Floats, training: Floats | None = None
) -> Drift:
    """Members of today, columns as the model has them, against the training rows' spreads; ``training``: the rows themselves, as far as
    they can still be had."""
    size = np.abs(model.weight)
    share = size / size.sum() if size.sum() > 0 else size
    features = tuple(
        drift.moved(name, before, column, float(part))
        for name, before, column, part in zip(model.names, spreads, now.T, share, strict=True)
    )
    unusual = None if training is None else drift.unusual_share(model.standardised(training), model.standardised(now))
    return Drift(len(now), drift.moved("score", score, model.parts(now).sum(axis=1), 1.0), features, unusual)
