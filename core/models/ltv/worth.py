"""What customers are expected to bring in the days to come, each and together, and how sure that is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv

from core.models.ltv import bgnbd, gamma_gamma
from core.models.ltv.bgnbd import Customers, Law
from core.models.ltv.estimate import dot
from core.models.ltv.gamma_gamma import SpendLaw
from core.models.ltv.purchases import People

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

HORIZONS = (30, 90, 180, 365)
"""Days that figures are given for."""
FINE = 300_000
"""Customers up to which they are counted by the day; beyond that by the week."""
COARSE_DAYS = 7.0
FINE_SPREAD = 5_000
"""As ``FINE``, for the spread of a sum: it needs less."""
STEP = 1e-3
"""Of the logs of the parameters, for derivatives of sums."""


@dataclass(frozen=True, eq=False)
class Model:
    """``spend`` is None where amounts do not fit their law. ``kept_share``: of what is ordered, the share that refunds leave."""

    purchases: bgnbd.Fit
    spend: gamma_gamma.Fit | None
    kept_share: float = 1.0

    def to_json(self) -> dict[str, Any]:
        spend = None if self.spend is None else self.spend.to_json()
        return {"purchases": self.purchases.to_json(), "spend": spend, "kept_share": self.kept_share}

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Model":
        """What ``to_json`` gave, to the last digit."""
        spend = None if told["spend"] is None else gamma_gamma.Fit.of_json(told["spend"])
        return cls(bgnbd.Fit.of_json(told["purchases"]), spend, told["kept_share"])


def fit(people: People, kept_share: float = 1.0) -> Model:
    """Both laws, by greatest likelihood. Raises nothing; see ``fitness`` for whether they may be used."""
    many = len(people) > FINE
    customers, _ = bgnbd.counted(people.repeats, people.last_days, people.age_days, COARSE_DAYS if many else 1.0)
    spenders = (gamma_gamma.counted if many else gamma_gamma.spenders)(people.repeats, people.means)
    spend = gamma_gamma.fit(spenders) if len(spenders.repeats) else None
    return Model(bgnbd.fit(customers), spend, kept_share)


@dataclass(frozen=True, eq=False)
class Predicted:
    """Per customer: chance of at least one order, and orders expected, by days; ``amount``: of one order, net of refunds; None where
    amounts do not fit."""

    chance: Mapping[int, Floats]
    orders: Mapping[int, Floats]
    amount: Floats | None

    def value(self, days: int) -> Floats | None:
        return None if self.amount is None else self.orders[days] * self.amount


def predicted(model: Model, people: People, horizons: Sequence[int] = HORIZONS) -> Predicted:
    """For each customer. Equal ones are worked out once."""
    law = model.purchases.law
    cells, cell = bgnbd.counted(people.repeats, people.last_days, people.age_days)
    alive = law.alive(cells.repeats, cells.last_days, cells.age_days)
    ages, of = np.unique(np.stack([cells.repeats, cells.age_days]), axis=1, return_inverse=True)
    chance, orders = {}, {}
    for days in horizons:
        chance[days] = law.chance(cells.repeats, cells.last_days, cells.age_days, days)[cell]
        orders[days] = (alive * law.while_active(ages[0], ages[1], days)[of.reshape(-1)])[cell]
    spend = model.spend
    amount = None if spend is None else spend.law.expected(people.repeats, people.means) * model.kept_share
    return Predicted(chance, orders, amount)


@dataclass(frozen=True)
class Expected:
    """A sum over customers. ``low``, ``high``: 95 % interval for what will be counted, not for its mean; None where it has none."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Total:
    """Of some customers together in the next ``days``: who orders at all, orders, and value net of refunds."""

    days: int
    customers: int
    buyers: Expected
    orders: Expected
    value: Expected | None


def totals(model: Model, people: People, told: Predicted, chosen: Bools | None = None) -> list[Total]:
    """Sums over customers (``chosen``: a part of them) for each horizon in ``told``.

    The interval adds two variances: of the parameters (their covariance and the sum's derivative) and of chance given the parameters
    (customers come and spend independently). Bounds are those of the gamma law with the sum's mean and variance, which cannot fall
    below 0. What the laws do not know, season above all, is not in it.
    """
    part = people if chosen is None else people.of(chosen)
    cells = _Cells.of(model, part)
    found = []
    for days in told.orders:
        sums = {"buyers": told.chance[days], "orders": told.orders[days]}
        value = told.value(days)
        if value is not None:
            sums["value"] = value
        means = {name: float((each if chosen is None else each[chosen]).sum()) for name, each in sums.items()}
        spreads = cells.variances(days)
        bounds = {name: interval(mean, spreads[name]) for name, mean in means.items()}
        found.append(
            Total(days, len(part), bounds["buyers"], bounds["orders"], bounds.get("value"))
        )  # fmt: skip
    return found


def interval(mean: float, variance: float) -> Expected:
    """95 % by the gamma law of this mean and variance."""
    if not np.isfinite(variance) or mean <= 0:
        return Expected(mean, None, None)
    if variance <= 0:
        return Expected(mean, mean, mean)
    shape = mean**2 / variance
    low, high = (float(gammaincinv(shape, share)) * variance / mean for share in (0.025, 0.975))
    return Expected(mean, low, high)


@dataclass(frozen=True, eq=False)
class _Cells:
    """Customers counted together, with the first two sums of their mean amounts."""

    model: Model
    customers: Customers
    means: Floats
    squares: Floats

    @classmethod
    def of(cls, model: Model, people: People) -> "_Cells":
        step = COARSE_DAYS if len(people) > FINE_SPREAD else 1.0
        cells, cell = bgnbd.counted(people.repeats, people.last_days, people.age_days, step)
        sums = [np.bincount(cell, one, len(cells)).astype(float) for one in (people.means, people.means**2)]
        return cls(model, cells, sums[0], sums[1])

    def amounts(self, law: SpendLaw) -> Floats:
        """Sum of expected amounts per cell."""
        c = self.customers
        return law.p * (c.counts * law.v + c.repeats * self.means) / (law.p * c.repeats + law.q - 1)

    def variances(self, days: int) -> dict[str, float]:
        law, c = self.model.purchases.law, self.customers
        at = (c.repeats, c.last_days, c.age_days)
        chance, orders = law.chance(*at, days), law.expected(*at, days)
        squared = law.alive(*at) * law.pairs_while_active(c.repeats, c.age_days, days) + orders
        of_chance = dot(c.counts, chance * (1 - chance)), dot(c.counts, np.maximum(squared - orders**2, 0))
        found = {
            "buyers": of_chance[0] + self._of_orders(lambda one: dot(c.counts, one.chance(*at, days))),
            "orders": of_chance[1] + self._of_orders(lambda one: dot(c.counts, one.expected(*at, days))),
        }
        if self.model.spend is not None:
            found["value"] = self._of_value(days, orders, squared) * self.model.kept_share**2
        return found

    def _of_orders(self, summed: Callable[[Law], float]) -> float:
        fit = self.model.purchases
        return _spread(fit.covariance, fit.logs, lambda logs: summed(Law.of_logs(logs)))

    def _of_value(self, days: int, orders: Floats, squared: Floats) -> float:
        spend, c = self.model.spend, self.customers
        assert spend is not None
        law = spend.law
        at = (c.repeats, c.last_days, c.age_days)
        rates = c.counts * law.v**2 + 2 * law.v * c.repeats * self.means + c.repeats**2 * self.squares
        mean_squares, variances = law.squares(c.repeats, rates)
        expected_squares = rates * (law.p / (law.p * c.repeats + law.q - 1)) ** 2
        chance = dot(orders, variances) + dot(squared, mean_squares) - dot(orders**2, expected_squares)
        amounts = self.amounts(law)
        of_orders = self._of_orders(lambda one: dot(amounts, one.expected(*at, days)))
        of_amounts = _spread(
            spend.covariance, spend.logs, lambda logs: dot(self.amounts(SpendLaw.of_logs(logs)), orders)
        )
        return chance + of_orders + of_amounts


def _spread(covariance: Floats | None, logs: Floats, summed: Callable[[Floats], float]) -> float:
    """Variance of a sum that comes of not knowing the parameters exactly (delta method)."""
    if covariance is None:
        return float("inf")
    steps = np.eye(len(logs)) * STEP
    slope = np.array([(summed(logs + step) - summed(logs - step)) / (2 * STEP) for step in steps])
    return float(slope @ covariance @ slope)
