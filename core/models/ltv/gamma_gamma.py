"""Gamma-Gamma: what a purchase is worth (Fader and Hardie 2013, "The Gamma-Gamma model of monetary value").

Amounts of a customer's purchases are Gamma(p, rate nu); nu differs between customers as Gamma(q, rate v). What a customer spends is
taken to have nothing to do with how often. A customer is known by ``repeats`` and ``mean``, the mean amount of the repeat purchases; the
first purchase is left out, as in the paper. Customers whose mean is 0 tell nothing of a positive amount and are left out of the fit.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from core.models.ltv.estimate import Estimate, covariance, dot

Floats = npt.NDArray[np.float64]

FARTHEST = 14.0
BINS = 100
"""Cells per e-fold of the mean amount where many customers are counted together."""


@dataclass(frozen=True, eq=False)
class Spenders:
    """Distinct customers with repeats and a mean amount above 0, and how many of each. ``log_means``: the mean of the logs of their means."""

    repeats: Floats
    means: Floats
    log_means: Floats
    counts: Floats

    @property
    def total(self) -> float:
        return float(self.counts.sum())


def spenders(repeats: Floats, means: Floats) -> Spenders:
    """Of customers, one each; those without repeats and without an amount above 0 are left out."""
    kept = (repeats > 0) & (means > 0)
    x, m = repeats[kept].astype(float), means[kept].astype(float)
    return Spenders(x, m, np.log(m), np.ones(len(x)))


def counted(repeats: Floats, means: Floats) -> Spenders:
    """As ``spenders``, those of equal repeats and nearly equal means counted together, at the mean of their means: for millions."""
    each = spenders(repeats, means)
    if len(each.repeats) == 0:
        return each
    grade = np.floor(each.log_means * BINS).astype(np.int64)
    grade -= grade.min()
    key = each.repeats.astype(np.int64) * (int(grade.max()) + 1) + grade
    cell = np.unique(key, return_inverse=True)[1]
    counts = np.bincount(cell).astype(float)
    x, m, log_m = (np.bincount(cell, values) / counts for values in (each.repeats, each.means, each.log_means))
    return Spenders(x, m, log_m, counts)


@dataclass(frozen=True)
class SpendLaw:
    """The three parameters; ``v`` in the unit of the amounts."""

    p: float
    q: float
    v: float

    @property
    def logs(self) -> Floats:
        return np.log([self.p, self.q, self.v])

    @classmethod
    def of_logs(cls, logs: Floats) -> "SpendLaw":
        return cls(*(float(one) for one in np.exp(logs)))

    @property
    def mean(self) -> float | None:
        """Mean purchase of a customer nothing is known of; None where the law has no mean (q up to 1)."""
        return self.p * self.v / (self.q - 1) if self.q > 1 else None

    def expected(self, repeats: Floats, means: Floats) -> Floats:
        """Mean amount of a customer's purchases to come: between what was seen and the mean of all, nearer the first the more was seen."""
        return self.p * (self.v + repeats * means) / (self.p * repeats + self.q - 1)

    def squares(self, repeats: Floats, of_rate_squared: Floats) -> tuple[Floats, Floats]:
        """Expectations of the square of a customer's mean amount, and of the variance of one purchase about it.

        ``of_rate_squared``: (v + repeats x mean)². Infinite where too little is known of the amounts (p repeats + q up to 2).
        """
        shape = self.p * repeats + self.q
        with np.errstate(divide="ignore"):
            inverse = np.where(shape > 2, of_rate_squared / ((shape - 1) * np.where(shape > 2, shape - 2, 1.0)), np.inf)
        return self.p**2 * inverse, self.p * inverse


class Likelihood:
    """Minus the log likelihood of counted spenders, and its gradient, in the logs of (p, q, v / scale)."""

    def __init__(self, spent: Spenders) -> None:
        self.scale = float(np.average(spent.means, weights=spent.counts)) if len(spent.counts) else 1.0
        self.total = spent.total
        self._x, self._of_x = np.unique(spent.repeats, return_inverse=True)
        self._sums = spent.repeats * spent.means / self.scale
        self._log_m = spent.log_means - np.log(self.scale)
        self._counts, self._repeats = spent.counts, spent.repeats
        self._n = np.bincount(self._of_x, spent.counts)
        self._log_m_by_x = np.bincount(self._of_x, spent.counts * self._log_m)

    def __call__(self, logs: Floats) -> tuple[float, Floats]:
        p, q, v = np.exp(logs)
        x, n = self._x, self._n
        reached = np.log(self._sums + v)
        by_x = np.bincount(self._of_x, self._counts * reached, len(x))
        shape = p * x + q
        value = dot(n, gammaln(shape) - gammaln(p * x) - gammaln(q) + q * logs[2] + p * x * np.log(x))
        value += dot(p * x - 1, self._log_m_by_x) - dot(shape, by_x)
        more = digamma(shape)
        inverse = self._counts * (p * self._repeats + q) / (self._sums + v)
        of_purchase = dot(x, n * (more - digamma(p * x) + np.log(x)) + self._log_m_by_x - by_x)
        of_habit = dot(n, more - digamma(q) + logs[2]) - float(by_x.sum())
        gradient = np.array([of_purchase, of_habit, self.total * q / v - float(inverse.sum())])
        value -= np.log(self.scale) * self.total  # the density is of the amount as it was handed in
        return -float(value), -gradient * np.exp(logs)


@dataclass(frozen=True, eq=False)
class Fit(Estimate):
    """A fitted law of amounts; ``covariance`` of the logs of the parameters, null where there is none."""

    names = ("p", "q", "v")

    @cached_property
    def law(self) -> SpendLaw:
        return SpendLaw.of_logs(self.logs)


def fit(spent: Spenders) -> Fit:
    """The law of greatest likelihood. Raises nothing: ``Fit.is_inside`` says whether one was found."""
    likelihood = Likelihood(spent)
    found = minimize(
        likelihood, np.zeros(3), jac=True, method="L-BFGS-B", bounds=[(-FARTHEST, FARTHEST)] * 3,
        options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7 * max(likelihood.total, 1.0)},
    )  # fmt: skip
    shift = np.array([0.0, 0.0, np.log(likelihood.scale)])
    spread = covariance(likelihood, found.x) if np.abs(found.x).max() < FARTHEST - 1e-6 else None
    return Fit(found.x + shift, -float(found.fun), spread, int(found.nfev))
