"""How good chances are, held against what came.

AUC is the share of pairs, one of whom it came true and one of whom not, that the chances put in the right order, ties half; its
interval and the test of two scores on the same members are those of E. DeLong, D. DeLong, D. Clarke-Pearson (Biometrics 44, 1988),
computed over ranks (X. Sun, W. Xu, IEEE Signal Processing Letters 21, 2014). KS is the greatest distance between the two outcomes'
distributions of chances. ECE is the mean distance between promised and observed over ten parts of equal width of the chances,
weighted by members.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr
from scipy.stats import rankdata

from core.models.scores.rows import Flags, Floats

Z95 = 1.959963984540054
TENTHS = 10
LEAST_CHANCE = 1e-15


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of the members, the highest chances first. ``predicted``: mean chance; ``actual``: share that came true, ``low`` and ``high`` its 95 %
    interval (Wilson). ``lift``: times the rate of all; ``captured``: of all of whom it came true, the share in this tenth and those
    before it."""

    place: int
    members: int
    predicted: float
    actual: float
    low: float
    high: float
    lift: float | None
    captured: float | None


@dataclass(frozen=True, slots=True)
class Quality:
    """``members`` tried, ``rate`` of whom it came true. ``auc_low``, ``auc_high``: 95 % interval. Undefined is None: AUC, KS and lift where
    only one outcome came."""

    members: int
    rate: float
    predicted: float
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    ks: float | None
    log_loss: float
    brier: float
    ece: float
    tenths: tuple[Tenth, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"tenths": [asdict(one) for one in self.tenths]}

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Quality":
        return cls(**{**told, "tenths": tuple(Tenth(**one) for one in told["tenths"])})


def quality(label: Flags, chance: Floats) -> Quality:
    """Of at least one member."""
    low, high = auc_interval(label, chance)
    return Quality(
        len(label), float(label.mean()), float(chance.mean()), auc(label, chance), low, high, ks(label, chance), log_loss(label, chance),
        brier(label, chance), ece(label, chance), tenths(label, chance),
    )  # fmt: skip


def auc(label: Flags, chance: Floats) -> float | None:
    came, not_came = int(label.sum()), int((~label).sum())
    if not came or not not_came:
        return None
    ranks = rankdata(chance)
    return float((ranks[label].sum() - came * (came + 1) / 2) / (came * not_came))


def auc_interval(label: Flags, chance: Floats) -> tuple[float | None, float | None]:
    """95 %; None where fewer than two of either outcome came."""
    if min(int(label.sum()), int((~label).sum())) < 2:
        return None, None
    value = auc(label, chance)
    assert value is not None
    deviation = float(np.sqrt(_covariance(label, chance[None, :])[0, 0]))
    return max(0.0, value - Z95 * deviation), min(1.0, value + Z95 * deviation)


def auc_difference(label: Flags, one: Floats, other: Floats) -> tuple[float, float]:
    """AUC of one less that of the other on the same members, and the two-sided p-value that they are the same; 1 where they never differ.
    At least two of either outcome."""
    first, second = auc(label, one), auc(label, other)
    assert first is not None and second is not None
    covariance = _covariance(label, np.vstack([one, other]))
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    difference = first - second
    if variance <= 1e-18:
        return difference, 1.0 if abs(difference) < 1e-12 else 0.0
    return difference, float(2 * ndtr(-abs(difference) / np.sqrt(variance)))


def _covariance(label: Flags, chances: Floats) -> Floats:
    """Covariance matrix of the AUCs of several scores (rows) of the same members."""
    came, not_came = int(label.sum()), int((~label).sum())
    ranks = np.array([rankdata(row) for row in chances])
    own_came = np.array([rankdata(row[label]) for row in chances])
    own_not = np.array([rankdata(row[~label]) for row in chances])
    of_came = (ranks[:, label] - own_came) / not_came
    of_not = 1.0 - (ranks[:, ~label] - own_not) / came
    found: Floats = np.atleast_2d(np.cov(of_came)) / came + np.atleast_2d(np.cov(of_not)) / not_came
    return found


def ks(label: Flags, chance: Floats) -> float | None:
    if label.all() or not label.any():
        return None
    values, at = np.unique(chance, return_inverse=True)
    came = np.cumsum(np.bincount(at[label], minlength=len(values))) / label.sum()
    not_came = np.cumsum(np.bincount(at[~label], minlength=len(values))) / (~label).sum()
    return float(np.abs(came - not_came).max())


def log_loss(label: Flags, chance: Floats) -> float:
    sure = np.clip(chance, LEAST_CHANCE, 1 - LEAST_CHANCE)
    return float(-np.where(label, np.log(sure), np.log1p(-sure)).mean())


def brier(label: Flags, chance: Floats) -> float:
    return float(((chance - label) ** 2).mean())


def ece(label: Flags, chance: Floats) -> float:
    part = np.minimum((chance * TENTHS).astype(np.int64), TENTHS - 1)
    apart = np.bincount(part, weights=chance - label, minlength=TENTHS)
    return float(np.abs(apart).sum() / len(label))


def tenths(label: Flags, chance: Floats) -> tuple[Tenth, ...]:
    """Ten parts of as equal size as can be, of equals those who stand first; fewer where there are fewer members."""
    order = np.argsort(-chance, kind="stable")
    rate, total, seen, found = float(label.mean()), int(label.sum()), 0, []
    for place, part in enumerate(np.array_split(order, TENTHS), 1):
        if not len(part):
            continue
        came = int(label[part].sum())
        seen += came
        actual = came / len(part)
        low, high = wilson(came, len(part))
        found.append(
            Tenth(
                place, len(part), float(chance[part].mean()), actual, low, high,
                actual / rate if rate else None, seen / total if total else None,
            )
        )  # fmt: skip
    return tuple(found)


def wilson(came: int, of: int) -> tuple[float, float]:
    """95 % interval of a share (E. Wilson, Journal of the American Statistical Association 22, 1927)."""
    share, square = came / of, Z95**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z95 / (1 + square / of) * float(np.sqrt(share * (1 - share) / of + square / (4 * of**2)))
    return max(0.0, middle - half), min(1.0, middle + half)
