"""BG/NBD: how often customers come back, and when they stop (Fader, Hardie and Lee 2005, Marketing Science 24, 275-284).

While active, a customer buys at random at a rate that differs between customers as Gamma(r, rate alpha); after each repeat purchase the
customer drops out for good with a chance that differs as Beta(a, b). A customer is known by ``repeats`` (purchases after the first),
``last_days`` (from the first to the last purchase) and ``age_days`` (from the first purchase to the newest day): the model needs nothing
else of them, so equal ones are counted and the fit costs what distinct ones cost. Time is in days throughout.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh_tridiagonal
from scipy.optimize import minimize
from scipy.special import digamma, expit, gammaln, hyp2f1

from core.models.ltv.estimate import Estimate, covariance, dot

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MEAN_AGE = 10.0
"""Time is counted so that customers are this old on average while fitting: all four parameters are then of like size."""
FARTHEST = 14.0
"""Logs of the parameters stay within this of 0 while fitting; a fit that ends there has found no law."""
NUDGE = 1e-7
"""How far a is moved away from 1, and a + b away from 1, where closed forms divide by their difference."""
LARGEST_A, LARGEST_B = 20.0, 2000.0
"""Beyond these the closed form of expected purchases is left for quadrature."""
NODES = 40
"""Of the quadrature over chances of dropping out."""


@dataclass(frozen=True, eq=False)
class Customers:
    """Distinct customers and how many there are of each. All arrays are of one length; ``repeats`` are whole numbers."""

    repeats: Floats
    last_days: Floats
    age_days: Floats
    counts: Floats

    def __len__(self) -> int:
        return len(self.repeats)

    @property
    def total(self) -> float:
        return float(self.counts.sum())


def counted(repeats: Floats, last_days: Floats, age_days: Floats, step_days: float = 1.0) -> tuple[Customers, Ints]:
    """Customers by distinct repeats, and last purchase and age on a grid of ``step_days``; and the cell that each one is in.

    A cell stands at the mean of those in it, so a grid of a week costs the fit next to nothing: only the second order is lost.
    """
    last, age = (np.floor(days / step_days).astype(np.int64) for days in (last_days, age_days))
    wide = (1 if len(age) == 0 else int(age.max()) + 1, 1 if len(last) == 0 else int(last.max()) + 1)
    key = (repeats.astype(np.int64) * wide[1] + last) * wide[0] + age
    cell = _cells(key)
    counts = np.bincount(cell).astype(float)
    of = [np.bincount(cell, values) / counts for values in (repeats, last_days, age_days)]
    return Customers(of[0], of[1], of[2], counts), cell


def _cells(key: Ints) -> Ints:
    """The place of each key among the distinct ones."""
    if len(key) == 0:
        return key
    top = int(key.max()) + 1
    if top > max(8 * len(key), 1 << 22):
        return np.unique(key, return_inverse=True)[1].astype(np.int64)
    there = np.zeros(top, np.bool_)
    there[key] = True
    return (np.cumsum(there) - 1)[key]


@dataclass(frozen=True)
class Law:
    """The four parameters; ``alpha`` in days."""

    r: float
    alpha: float
    a: float
    b: float

    @property
    def logs(self) -> Floats:
        return np.log([self.r, self.alpha, self.a, self.b])

    @classmethod
    def of_logs(cls, logs: Floats) -> "Law":
        return cls(*(float(one) for one in np.exp(logs)))

    @property
    def _a(self) -> float:
        """a, moved away from where closed forms divide by 0."""
        a = self.a if abs(self.a - 1) > NUDGE else 1 + NUDGE
        return a if abs(a + self.b - 1) > NUDGE else a + 2 * NUDGE

    def alive(self, repeats: Floats, last_days: Floats, age_days: Floats) -> Floats:
        """Chance that a customer has not dropped out: 1 without repeats, whatever the age, so it is no score of churn."""
        return expit(-_odds(self, repeats, last_days, age_days))

    def chance(self, repeats: Floats, last_days: Floats, age_days: Floats, days: float) -> Floats:
        """Chance of at least one purchase in the next ``days``."""
        staying = 1 - np.exp(
            (self.r + repeats) * (np.log(self.alpha + age_days) - np.log(self.alpha + age_days + days))
        )
        return self.alive(repeats, last_days, age_days) * staying

    def expected(self, repeats: Floats, last_days: Floats, age_days: Floats, days: float) -> Floats:
        """Purchases expected in the next ``days``."""
        return self.alive(repeats, last_days, age_days) * self.while_active(repeats, age_days, days)

    def while_active(self, repeats: Floats, age_days: Floats, days: float | Floats) -> Floats:
        """Purchases expected in the next ``days`` of customers who have not dropped out yet.

        The published form by Euler's transformation: its arguments stay small however many the repeats, where the form as published
        multiplies numbers beyond the range of floats. Where a or b are so large that dropping out hardly differs between customers, by
        quadrature, which is exact there and the closed form is not.
        """
        a = self._a
        if a > LARGEST_A or self.b > LARGEST_B:
            return self._over_dropouts(repeats, age_days, days, _first_moment)
        z = days / (self.alpha + age_days + days)
        c = a + self.b + repeats - 1
        return c / (a - 1) * (1 - (1 - z) ** (a - 1) * hyp2f1(a + self.b - 1 - self.r, a - 1, c, z))

    def from_first(self, days: Floats) -> Floats:
        """Repeat purchases expected of a new customer in the ``days`` after the first purchase."""
        none = np.zeros(len(days))
        return self.while_active(none, none, days)

    def pairs_while_active(self, repeats: Floats, age_days: Floats, days: float) -> Floats:
        """Expectation of Y (Y - 1), Y = purchases in the next ``days`` of customers who have not dropped out yet.

        Given rate and dropout chance p it is 2 (1 - p) / p² (1 - exp(-rate p days) (1 + rate p days)); the rate goes in closed form, p by
        Gauss-Jacobi quadrature.
        """
        return self._over_dropouts(repeats, age_days, days, _second_moment)

    def _over_dropouts(
        self, repeats: Floats, age_days: Floats, days: float | Floats, moment: Callable[[Floats, Floats, float], Floats]
    ) -> Floats:
        """Mean of a moment over the chances of dropping out that customers with these repeats may have. ``moment``: of the chance, the
        chance x days ÷ (alpha + age), and r + repeats."""
        found = np.empty(len(repeats))
        reach = days / (self.alpha + age_days)
        for one in np.unique(repeats):
            here = repeats == one
            p, shares = _dropouts(self._a, self.b + one)
            found[here] = np.einsum("ij,j->i", moment(p, p[None, :] * reach[here][:, None], self.r + one), shares)
        return found


def _first_moment(p: Floats, reach: Floats, shape: float) -> Floats:
    return -np.expm1(-shape * np.log1p(reach)) / p


def _second_moment(p: Floats, reach: Floats, shape: float) -> Floats:
    left = 1 - (1 + reach) ** -shape * (1 + shape * reach / (1 + reach))
    return 2 * (1 - p) / p**2 * left


def _dropouts(a: float, b: float) -> tuple[Floats, Floats]:
    """Nodes and weights of Gauss quadrature for a chance that is Beta(a, b), by Golub and Welsch. Weights are normed from the start,
    so that no b is too large."""
    k = np.arange(1, NODES)
    low, high = a - 1, b - 1
    both = low + high
    middle = np.concatenate([[(low - high) / (both + 2)], (low**2 - high**2) / ((2 * k + both) * (2 * k + both + 2))])
    first = 4 * (high + 1) * (low + 1) / ((both + 2) ** 2 * (both + 3))
    j = k[1:]
    others = (
        4 * j * (j + high) * (j + low) * (j + both) / ((2 * j + both) ** 2 * (2 * j + both + 1) * (2 * j + both - 1))
    )
    nodes, vectors = eigh_tridiagonal(middle, np.sqrt(np.concatenate([[first], others])))
    return (nodes + 1) / 2, vectors[0] ** 2


def _odds(law: Law, repeats: Floats, last_days: Floats, age_days: Floats) -> Floats:
    """Log odds of having dropped out; -inf without repeats."""
    with np.errstate(divide="ignore", invalid="ignore"):
        gone = np.log(law.a) - np.log(law.b + repeats - 1)
    gone = gone + (law.r + repeats) * (np.log(law.alpha + age_days) - np.log(law.alpha + last_days))
    return np.where(repeats > 0, gone, -np.inf)


class Likelihood:
    """Minus the log likelihood of counted customers, and its gradient, in the logs of (r, alpha / scale, a, b)."""

    def __init__(self, customers: Customers) -> None:
        self.total = customers.total
        age = float(np.average(customers.age_days, weights=customers.counts)) if len(customers) else 1.0
        self.scale = age / MEAN_AGE if age > 0 else 1.0
        again = customers.repeats > 0
        self._repeats, self._of_repeats = np.unique(customers.repeats, return_inverse=True)
        self._counts_by_repeats = np.bincount(self._of_repeats, customers.counts)
        self._ages, of_age = np.unique(customers.age_days / self.scale, return_inverse=True)
        self._lasts, of_last = np.unique(customers.last_days[again] / self.scale, return_inverse=True)
        self._again = _Again(
            customers.repeats[again], self._of_repeats[again], of_age[again], of_last, customers.counts[again]
        )
        self._counts_by_age = np.bincount(of_age, customers.counts)
        self._repeats_by_age = np.bincount(of_age, customers.counts * customers.repeats)

    def __call__(self, logs: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = np.exp(logs)
        x, n, again = self._repeats, self._counts_by_repeats, self._again
        log_age, log_last = np.log(alpha + self._ages), np.log(alpha + self._lasts)
        by_repeats = (
            gammaln(r + x)
            - gammaln(r)
            + r * logs[1]
            + gammaln(a + b)
            + gammaln(b + x)
            - gammaln(b)
            - gammaln(a + b + x)
        )
        waited = r * self._counts_by_age + self._repeats_by_age
        with np.errstate(divide="ignore", invalid="ignore"):
            drop = np.where(x > 0, logs[2] - np.log(b + x - 1), 0.0)
        stretch = log_age[again.of_age] - log_last[again.of_last]
        odds = drop[again.of_repeats] + (r + again.repeats) * stretch
        gone = expit(odds) * again.counts
        value = dot(n, by_repeats) - dot(waited, log_age) + dot(again.counts, np.logaddexp(0.0, odds))
        shaped = gone * (r + again.repeats)
        at_age, at_last = (np.bincount(of, shaped, len(ages)) for of, ages in again.grids(self._ages, self._lasts))
        gone_by_repeats = np.bincount(again.of_repeats, gone, len(x))
        both = digamma(a + b) - digamma(a + b + x)
        of_rate = dot(n, digamma(r + x) - digamma(r) + logs[1]) - dot(self._counts_by_age, log_age) + dot(gone, stretch)
        of_age = dot(waited - at_age, 1 / (alpha + self._ages)) + dot(at_last, 1 / (alpha + self._lasts))
        of_stay = dot(n, both + digamma(b + x) - digamma(b)) - dot(gone_by_repeats[x > 0], 1 / (b + x[x > 0] - 1))
        gradient = np.array([of_rate, r / alpha * self.total - of_age, dot(n, both) + float(gone.sum()) / a, of_stay])
        # In days, not in scaled time: each repeat purchase has a density over time.
        value -= np.log(self.scale) * dot(n, x)
        return -float(value), -gradient * np.exp(logs)


@dataclass(frozen=True, eq=False)
class _Again:
    """Customers with repeats: where each stands among the distinct repeats, ages and last days."""

    repeats: Floats
    of_repeats: Ints
    of_age: Ints
    of_last: Ints
    counts: Floats

    def grids(self, ages: Floats, lasts: Floats) -> tuple[tuple[Ints, Floats], tuple[Ints, Floats]]:
        return (self.of_age, ages), (self.of_last, lasts)


@dataclass(frozen=True, eq=False)
class Fit(Estimate):
    """A fitted law. ``log_likelihood`` with time in days; ``covariance`` of the logs of the parameters, null where there is none."""

    names = ("r", "alpha", "a", "b")

    @cached_property
    def law(self) -> Law:
        return Law.of_logs(self.logs)


def fit(customers: Customers) -> Fit:
    """The law of greatest likelihood. Raises nothing: ``Fit.is_inside`` says whether one was found."""
    likelihood = Likelihood(customers)
    found = minimize(
        likelihood, np.zeros(4), jac=True, method="L-BFGS-B", bounds=[(-FARTHEST, FARTHEST)] * 4,
        options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7 * max(likelihood.total, 1.0)},
    )  # fmt: skip
    shift = np.array([0.0, np.log(likelihood.scale), 0.0, 0.0])
    spread = covariance(likelihood, found.x) if np.abs(found.x).max() < FARTHEST - 1e-6 else None
    return Fit(found.x + shift, -float(found.fun), spread, int(found.nfev))
