"""How long fitting lifetime value takes, beside ``lifetimes`` on the same customers, and how it grows with them.

    python -m tests.benchmarks.ltv [--customers 1000000] [--rounds 3] [--growth 100000 1000000 10000000]

Customers are drawn from BG/NBD and Gamma-Gamma laws; both fit the same raw columns (repeats, last, age, mean amount) in one process.
Ours counts equal customers first, and that is part of its time. ``ratio`` is of CPU seconds, because other people use the machine too.
For growth, ``counted`` is the time to count customers, ``fit`` what follows, on so many ``cells``.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.models.ltv import bgnbd, gamma_gamma, worth
from core.models.ltv.purchases import People

PURCHASES = bgnbd.Law(0.6, 85.0, 0.8, 2.2)
SPEND = gamma_gamma.SpendLaw(6.0, 4.0, 90.0)
HISTORY_DAYS = 548


@dataclass(frozen=True)
class Timed:
    wall: float
    cpu: float


def customers(size: int, seed: int = 1) -> People:
    """Drawn from the laws, by whole days."""
    rng = np.random.default_rng(seed)
    age = rng.integers(28, HISTORY_DAYS, size).astype(float)
    rate, stop = rng.gamma(PURCHASES.r, 1 / PURCHASES.alpha, size), rng.beta(PURCHASES.a, PURCHASES.b, size)
    repeats, last, at = np.zeros(size), np.zeros(size), np.zeros(size)
    here = np.arange(size)
    while len(here):
        at[here] += rng.exponential(1, len(here)) / rate[here]
        here = here[at[here] < age[here]]
        day = np.floor(at[here])
        repeats[here] += day > last[here]
        last[here] = day
        here = here[rng.random(len(here)) >= stop[here]]
    habit = rng.gamma(SPEND.q, 1 / SPEND.v, size)
    means = np.where(repeats > 0, rng.gamma(SPEND.p * np.maximum(repeats, 1)) / habit / np.maximum(repeats, 1), 0.0)
    number = np.arange(size)
    return People(number, number * 0, repeats, last, age, means)


def bench(size: int = 1_000_000, rounds: int = 3) -> list[dict[str, Any]]:
    """One row per way: seconds of wall and CPU of the best round, the ratio of CPU to ours, and the parameters."""
    people = customers(size)
    worth.fit(customers(1_000))
    ways: dict[str, Callable[[People], list[float]]] = {"ours": _ours, "lifetimes 0.11.3": _theirs}
    best: dict[str, Timed] = {}
    laws: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, way in ways.items():
            wall, cpu = time.perf_counter(), time.process_time()
            laws[name] = way(people)
            took = Timed(time.perf_counter() - wall, time.process_time() - cpu)
            best[name] = min(best.get(name, took), took, key=lambda one: one.cpu)
    if not np.allclose(laws["ours"], laws["lifetimes 0.11.3"], rtol=0.01):
        raise AssertionError(f"They found different laws: {laws}")
    ours = best["ours"].cpu
    return [
        {"way": name, "wall": took.wall, "cpu": took.cpu, "ratio": took.cpu / ours, "law": laws[name]}
        for name, took in best.items()
    ]


def growth(sizes: Sequence[int]) -> list[dict[str, Any]]:
    """One row per number of customers: CPU seconds to count them, to fit, and to predict for each, and distinct ones."""
    rows = []
    for size in sizes:
        people = customers(size)
        start = time.process_time()
        cells, _ = bgnbd.counted(
            people.repeats, people.last_days, people.age_days, worth.COARSE_DAYS if size > worth.FINE else 1.0
        )
        spent = (gamma_gamma.counted if size > worth.FINE else gamma_gamma.spenders)(people.repeats, people.means)
        counted = time.process_time()
        model = worth.Model(bgnbd.fit(cells), gamma_gamma.fit(spent))
        fitted = time.process_time()
        told = worth.predicted(model, people)
        rows.append(
            {
                "customers": size, "cells": len(cells), "counted": counted - start, "fit": fitted - counted,
                "predicted": time.process_time() - fitted, "law": [model.purchases.law.r, model.purchases.law.alpha], "orders": told.orders[365].sum(),
            }
        )  # fmt: skip
        del people, told
    return rows


def _ours(people: People) -> list[float]:
    model = worth.fit(people)
    assert model.spend is not None
    return [*np.exp(model.purchases.logs).tolist(), *np.exp(model.spend.logs).tolist()]


def _theirs(people: People) -> list[float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes import BetaGeoFitter, GammaGammaFitter

        purchases = BetaGeoFitter().fit(people.repeats, people.last_days, people.age_days)
        again = people.repeats > 0
        spend = GammaGammaFitter().fit(people.repeats[again], people.means[again])
    return [
        *(purchases.params_[name] for name in ("r", "alpha", "a", "b")),
        *(spend.params_[name] for name in ("p", "q", "v")),
    ]


def table_of(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    names = list(rows[0])
    lines = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    return "\n".join(lines + [f"| {' | '.join(_told(row[name]) for name in names)} |" for row in rows])


def _told(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(f"{one:.4g}" for one in value)
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--growth", type=int, nargs="*", default=[100_000, 1_000_000, 10_000_000])
    asked = parser.parse_args()
    print(table_of(bench(asked.customers, asked.rounds)))
    if asked.growth:
        print()
        print(table_of(growth(asked.growth)))


if __name__ == "__main__":
    main()
