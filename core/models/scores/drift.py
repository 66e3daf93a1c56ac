"""Whether members of today are still like those that a score was learnt from.

Population stability (PSI) is the sum of (now - then) x ln(now / then) over ten parts that held a tenth of the training rows each; values
that many share make fewer parts, and what is not known is a part of its own. No part counts as smaller than ``FLOOR``. Beside it the
Z-score of the mean, and the share of members whom an isolation forest (F. Liu, K. Ting, Z. Zhou, ICDM 2008) of the training rows finds more unusual
than 99 in 100 of those.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from core.models.scores.rows import Floats

Verdict = Literal["ok", "watch", "retrain"]
VERDICTS: tuple[Verdict, ...] = ("ok", "watch", "retrain")
WATCH, RETRAIN = 0.1, 0.25
"""Of the PSI: below the first nothing moved, from the second on a model is learnt anew. Rule of thumb of credit scoring."""
HEAVY = 0.25
"""Share of all weights that features beyond ``RETRAIN`` may carry together before the model is to be learnt anew."""
PARTS = 10
FLOOR = 1e-4
USUAL_SHARE = 0.01
FOREST_ROWS, TREES, SEED = 20_000, 100, 20_240_601


@dataclass(frozen=True, eq=False)
class Spread:
    """How values of training rows lay. ``edges``: inner limits of the parts, a value at one belongs below it; ``shares``: of each part,
    what is not known last. ``mean``, ``deviation``: of those known."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]
    mean: float
    deviation: float
    known: int

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Spread":
        return cls(tuple(told["edges"]), tuple(told["shares"]), told["mean"], told["deviation"], told["known"])

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def spread(values: Floats) -> Spread:
    """Of training values; NaN = not known."""
    known = values[np.isfinite(values)]
    if not len(known):
        return Spread((), _shares(values, ()), 0.0, 0.0, 0)
    edges = tuple(
        float(one) for one in np.unique(np.quantile(known, np.linspace(0, 1, PARTS + 1)[1:-1])) if one < known.max()
    )
    return Spread(edges, _shares(values, edges), float(known.mean()), float(known.std()), len(known))


def _shares(values: Floats, edges: tuple[float, ...]) -> tuple[float, ...]:
    known = np.isfinite(values)
    counts = np.bincount(np.searchsorted(np.array(edges), values[known], side="left"), minlength=len(edges) + 1)
    told = [*counts.tolist(), int((~known).sum())]
    return tuple(one / max(len(values), 1) for one in told)


def psi(before: Spread, values: Floats) -> float | None:
    """None of nobody."""
    if not len(values):
        return None
    now = np.maximum(np.array(_shares(values, before.edges)), FLOOR)
    then = np.maximum(np.array(before.shares), FLOOR)
    return float(((now - then) * np.log(now / then)).sum())


@dataclass(frozen=True, slots=True)
class Moved:
    """One feature, or the score. ``away``: of today's mean from that of training, in its deviations; ``z``: the same over its error,
    ``mean``: of today. Undefined is None. ``weight``: its share of all weights of the model."""

    name: str
    psi: float | None
    mean_before: float
    mean: float | None
    away: float | None
    z: float | None
    weight: float


def moved(name: str, before: Spread, values: Floats, weight: float) -> Moved:
    known = values[np.isfinite(values)]
    mean = float(known.mean()) if len(known) else None
    if mean is None or before.deviation <= 0 or not before.known:
        return Moved(name, psi(before, values), before.mean, mean, None, None, weight)
    away = (mean - before.mean) / before.deviation
    return Moved(
        name,
        psi(before, values),
        before.mean,
        mean,
        away,
        away / float(np.sqrt(1 / len(known) + 1 / before.known)),
        weight,
    )


def level(value: float | None) -> Verdict:
    """Of one PSI."""
    return "ok" if value is None or value < WATCH else "watch" if value < RETRAIN else "retrain"


def verdict(score: Moved, features: tuple[Moved, ...]) -> Verdict:
    """``retrain``: the score itself moved so far, or features that did carry more than ``HEAVY`` of the weights. ``watch``: either moved
    from ``WATCH`` on, the features with the same part of the weights. Single light features do not count: members always age."""
    if level(score.psi) == "retrain" or _carried(features, RETRAIN) > HEAVY:
        return "retrain"
    return "watch" if level(score.psi) == "watch" or _carried(features, WATCH) > HEAVY else "ok"


def _carried(features: tuple[Moved, ...], bound: float) -> float:
    return sum(one.weight for one in features if one.psi is not None and one.psi >= bound)


def unusual_share(training: Floats, now: Floats) -> float | None:
    """Share of today's rows that are more unusual than 99 in 100 of the training rows; both standardised. None of nobody."""
    from sklearn.ensemble import IsolationForest
    from threadpoolctl import threadpool_limits

    if not len(training) or not len(now):
        return None
    drawn = [
        rows if len(rows) <= FOREST_ROWS else rows[np.linspace(0, len(rows) - 1, FOREST_ROWS).astype(np.int64)]
        for rows in (training, now)
    ]
    with threadpool_limits(1):
        forest = IsolationForest(n_estimators=TREES, random_state=SEED).fit(drawn[0])
        bound = float(np.quantile(forest.score_samples(drawn[0]), USUAL_SHARE))
        return float((forest.score_samples(drawn[1]) < bound).mean())
