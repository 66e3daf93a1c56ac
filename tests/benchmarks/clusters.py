"""How long it takes to cluster members: one million of nine features, and what the page asks of a lake.

    python -m tests.benchmarks.clusters [--members 1000000] [--rounds 3] [--home HOME]

"Ours" scales the features, tries 2 to 10 clusters with their silhouettes, fits the chosen number among everybody and gives labels; "again"
the day after, with labels that go on. The rival is scikit-learn's KMeans as it comes (10 starts), on everybody, of that one number alone,
on the same standardised features, with as many threads as it takes; and with one start of each number, which is the least that choosing takes. ``inertia``: of
ours over the rival's, 1 = as tight. Time is of the processor, in seconds, threads included; the median of the rounds.

With ``--home``, also the features of the demo world there, read from its lake.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.cluster import KMeans

from core.app import House
from core.models import clusters
from core.models.clusters import KS, Floats, Ints
from core.settings import Settings
from core.work.questions import clusters as questions
from core.work.questions.reading import reading

ORDERS, SINCE, DAYS, VIEWS, TALK = (
    (0.3, 2.0, 8.0, 20.0),
    (200, 90, 40, 10),
    (2, 10, 60, 30),
    (2, 10, 90, 30),
    (0.1, 1, 30, 0.2),
)


def members(count: int) -> tuple[Ints, dict[str, Floats]]:
    """Four kinds that overlap, as members do."""
    rng = np.random.default_rng(20_260_101)
    kind = rng.integers(0, 4, count)
    orders = rng.poisson(np.array(ORDERS)[kind]).astype(float)
    bought = orders > 0
    raw = {
        "days_since_last_order": np.where(bought, rng.exponential(np.array(SINCE)[kind]), np.nan),
        "orders": orders,
        "net_minor": orders * rng.lognormal(9.2, 0.5, count),
        "aov_minor": np.where(bought, rng.lognormal(9.2, 0.4, count), np.nan),
        "active_days": rng.poisson(np.array(DAYS)[kind]).astype(float),
        "views": rng.poisson(np.array(VIEWS)[kind]).astype(float),
        "messages": rng.poisson(np.array(TALK)[kind]).astype(float),
        "redeemed_share": np.where(rng.random(count) < 0.5, rng.beta(1, 2, count), np.nan),
        "member_days": rng.uniform(0, 1500, count),
    }
    return rng.permutation(count).astype(np.int64), raw


def timed(rounds: int, do: Callable[[], Any]) -> tuple[float, float, Any]:
    """Median seconds of the processor and of the clock, and what was done last."""
    cpu, wall, found = [], [], None
    for _ in range(rounds):
        started, began = time.process_time(), time.perf_counter()
        found = do()
        cpu.append(time.process_time() - started)
        wall.append(time.perf_counter() - began)
    return statistics.median(cpu), statistics.median(wall), found


def inertia(points: Floats, centers: Floats) -> float:
    return float(((points - centers[clusters.assigned(points, centers)]) ** 2).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--home", type=Path)
    asked = parser.parse_args()
    ids, raw = members(asked.members)
    clusters.fit(
        ids[:1000], {name: values[:1000] for name, values in raw.items()}
    )  # what is imported once is no one's time
    print(f"{asked.members:,} members, {len(raw)} features")
    cpu, wall, model = timed(asked.rounds, lambda: _labelled(ids, raw, None))
    print(f"ours        {cpu:7.2f} s  ({wall:6.2f} s by the clock)  k {model.k}, chosen of {len(model.silhouettes)}")
    again, wall, later = timed(asked.rounds, lambda: _labelled(ids, raw, model))
    print(f"again       {again:7.2f} s  ({wall:6.2f} s by the clock)  stability {later.stability:.4f}")
    points = model.scaling.of(raw)
    plain, wall, rival = timed(asked.rounds, lambda: KMeans(model.k, n_init=10, random_state=0).fit(points))
    tight = inertia(points, model.centroids) / rival.inertia_
    print(
        f"KMeans of {model.k} {plain:7.2f} s  ({wall:6.2f} s by the clock)  ratio {plain / cpu:.1f}  inertia {tight:.5f}"
    )
    every, wall, _ = timed(1, lambda: [KMeans(k, n_init=1, random_state=0).fit(points) for k in KS])
    print(
        f"KMeans each {every:7.2f} s  ({wall:6.2f} s by the clock)  ratio {every / cpu:.1f}, one start, no silhouettes"
    )
    if asked.home:
        _lake(asked.home)


def _labelled(ids: Ints, raw: dict[str, Floats], kept: clusters.Model | None) -> clusters.Model:
    model = clusters.fit(ids, raw, kept=kept)
    model.assigned(raw)
    return model


def _lake(home: Path) -> None:
    world = House(Settings(home)).demo
    with reading(world) as lake:
        cpu, wall, found = timed(1, lambda: questions.features(lake))
    print(f"features of {len(found.member):,} members of {home.name}: {cpu:.2f} s  ({wall:.2f} s by the clock)")
    world.store.close()


if __name__ == "__main__":
    main()
