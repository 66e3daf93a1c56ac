"""How long scores take, beside the libraries' plain ways: training, scoring with reasons, drift.

    python -m tests.benchmarks.scores [--members 1000000] [--rounds 3] [--home HOME]

Members are drawn with 40 features. "Ours" standardises, fits, tries and watches; the rivals are scikit-learn's pipeline as it comes for the fit, and
for reasons the same product spelt per member and feature, as one writes it first. ``auc``: on rows of a later draw. Time is of the processor, threads included; the median of
the rounds.

With ``--home``, also training and scoring of the demo world there, read from its lake.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.app import House
from core.models.scores import boosting, drift, logistic, metrics, training
from core.models.scores.rows import Floats, Rows
from core.settings import Settings
from core.work.questions import scores
from core.work.questions.reading import reading
from tests.benchmarks.clusters import timed

FEATURES = 40


def members(count: int, seed: int) -> Rows:
    random, fixed = np.random.default_rng(seed), np.random.default_rng(1)
    matrix = random.normal(0, 1, (count, FEATURES)) * fixed.uniform(0.5, 4, FEATURES) + fixed.uniform(-3, 3, FEATURES)
    law = fixed.normal(0, 0.25, FEATURES)
    logits = (matrix - matrix.mean(axis=0)) / matrix.std(axis=0) @ law
    return Rows(tuple(f"f{n}" for n in range(FEATURES)), matrix, random.random(count) < logistic.sigmoid(logits))


def by_hand(model: logistic.Logistic, matrix: Floats) -> list[list[float]]:
    """Reasons, one member and feature after the other."""
    return [
        [(row[n] - model.mean[n]) / model.deviation[n] * model.weight[n] for n in range(len(model.names))]
        for row in matrix
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--home", type=Path)
    given = parser.parse_args()
    some, later = members(min(given.members, 200_000), 1), members(50_000, 2)
    everybody = members(given.members, 3)
    print(f"{'way':56} {'wall s':>8} {'CPU s':>8}")

    def tell(name: str, do: Any, told: str = "") -> Any:
        cpu, wall, found = timed(given.rounds, do)
        print(f"{name:56} {wall:8.2f} {cpu:8.2f} {told(found) if callable(told) else told}")
        return found

    def auc(chance: Floats) -> str:
        return f"auc {metrics.auc(later.label, chance):.4f}"

    model = tell(
        f"ours: logistic, {len(some):,} rows", lambda: logistic.fit(some), lambda found: auc(found.chance(later.matrix))
    )
    tell("scikit-learn: StandardScaler and LogisticRegression",
         lambda: make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2_000)).fit(some.matrix, some.label),
         lambda found: auc(found.predict_proba(later.matrix)[:, 1]))  # fmt: skip
    tell("the rival beside it: boosted trees", lambda: boosting.chances(some, later.matrix), auc)
    tell(f"ours: chances of {given.members:,}", lambda: model.chance(everybody.matrix))
    tell(f"ours: reasons of {given.members:,}, all features", lambda: model.parts(everybody.matrix))
    tell("reasons of 10,000 member by member", lambda: by_hand(model, everybody.matrix[:10_000]))
    spreads = [drift.spread(column) for column in some.matrix.T]
    score = drift.spread(model.parts(some.matrix).sum(axis=1))
    tell(f"ours: drift of {given.members:,} with isolation forest",
         lambda: training.checked(model, spreads, score, everybody.matrix, some.matrix), lambda found: found.verdict)  # fmt: skip
    if given.home:
        of_home(given.home)


def of_home(home: Path) -> None:
    with reading(House(Settings(home=home)).demo) as lake:
        cpu, wall, made = timed(1, lambda: scores.train(lake, "churn_activity", 30))
        print(
            f"{'training of the demo world: 5 cut-offs read, fit, trial':56} {wall:8.2f} {cpu:8.2f} {made[0].training_members:,} rows"
        )
        model = scores.of_trained("churn_activity", 30, *made)
        cpu, wall, table = timed(1, lambda: scores.scored(lake, model))
        print(f"{'scores of its members, features read':56} {wall:8.2f} {cpu:8.2f} {table.num_rows:,} members")


if __name__ == "__main__":
    main()
