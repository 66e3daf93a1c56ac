"""Forecasts: ``python -m tests.benchmarks.forecast [speed|quality]``.

Speed: the same twelve folds of the same Prophet by ``prophet.diagnostics.cross_validation`` as called by default, and by our backtest; points must be the same to the bit.
Quality: rolling origins over real daily series, horizon 30, training capped at 1,095 days; the first fold of each series only tells weights. Plain Prophet is the
library's, as it comes.
"""

import sys
import time
import warnings
from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from prophet import Prophet
from prophet.diagnostics import cross_validation
from threadpoolctl import threadpool_limits

from core.models.forecast import accuracy, backtest, prophets
from core.models.forecast.backtest import Backtest, Origin
from core.models.forecast.gate import HEADLINE
from core.models.forecast.history import Floats, History, Known
from core.models.forecast.models import ENSEMBLE, NAIVE, learn
from core.models.forecast.spec import Spec
from tests.benchmarks import real_series

HORIZON, SPAN, FOLDS = 30, 1095, 10
PLAIN = "plain Prophet"
warnings.simplefilter("ignore")


def speed() -> None:
    days = pd.date_range("2023-01-01", periods=SPAN)
    draw = np.random.default_rng(3)
    told = 1000 + 100 * np.sin(np.arange(SPAN) / 58) + 80 * (days.dayofweek >= 5) + draw.normal(0, 30, SPAN)
    frame = pd.DataFrame({"ds": days, "y": told})
    cutoffs = [days[-1] - pd.Timedelta(days=HORIZON * back) for back in range(12, 0, -1)]
    fitted = Prophet().fit(frame)
    spec = Spec(training_days=3650, outliers="keep")
    start: date = days[0].date()
    history = History(start, told)

    def theirs() -> Floats:
        found = cross_validation(fitted, horizon="30 days", cutoffs=cutoffs, disable_tqdm=True)
        return found["yhat"].to_numpy()

    def ours() -> Floats:
        ends = [(one - days[0]).days + 1 for one in cutoffs]
        learnts = [learn(history.before(end), Known(start), spec) for end in ends]
        backtest.said_by(learnts, ("prophet",), told=lambda *_: None, stop=lambda: False)
        return np.concatenate([one.prophet.ahead for one in learnts])

    ours()
    rows = []
    for name, way in (("`cross_validation`, as called by default", theirs), ("our backtest", ours)):
        spent, point = [], np.empty(0)
        for _ in range(3):
            started = time.perf_counter()
            point = way()
            spent.append(time.perf_counter() - started)
        rows.append((name, min(spent), point))
    print("| way | wall s | ratio |\n|---|---|---|")
    for name, spent_s, _ in rows:
        print(f"| {name} | {spent_s:.2f} | {rows[0][1] / spent_s:.2f} |")
    print(f"\nPoints identical: {bool((rows[0][2] == rows[1][2]).all())}")


def plain(history: History) -> Floats:
    span = history.last(SPAN)
    frame = pd.DataFrame({"ds": pd.date_range(span.start_on, periods=span.days), "y": span.values})
    made = Prophet(uncertainty_samples=0).fit(frame)
    return made.predict(made.make_future_dataframe(HORIZON, include_history=False))["yhat"].to_numpy()


def quality(models: Sequence[str] = HEADLINE) -> None:
    rows = []
    for one in real_series.every():
        with threadpool_limits(1):
            found = backtest.run(
                one.history, one.known, Spec(), models, told=lambda *_: None, stop=lambda: False, folds=FOLDS
            )
        rows.append(_judged(one.name, one.history, found, models))
        print(rows[-1], file=sys.stderr, flush=True)
    table = pd.DataFrame(rows).set_index("series")
    print(table.round(3).to_string())
    base = table[PLAIN]
    for name in ("headline", ENSEMBLE, NAIVE, *(m for m in models if m != NAIVE)):
        ratio = float(np.exp(np.log(table[name] / base).mean()))
        print(
            f"{name}: mean MASE {table[name].mean():.3f}, ratio to plain Prophet {ratio:.3f}, better on {(table[name] < base).sum()} of {len(table)}"
        )
    print(f"coverage: 80 % {table.cover80.mean():.3f}, 95 % {table.cover95.mean():.3f}")


def _judged(name: str, history: History, found: Backtest, models: Sequence[str]) -> dict[str, object]:
    told: dict[str, list[float]] = {one: [] for one in ("headline", ENSEMBLE, PLAIN, *models)}
    hits = np.zeros((2, 2))
    for place, origin in enumerate(found.origins[1:], 1):
        before = Backtest(found.origins[:place], {}, {})
        chosen = backtest.headline(before, backtest.scores(before, models, 0), "best")
        point = plain(history.before(history.place(origin.learnt.history.end_on)))
        for one in (ENSEMBLE, *models):
            told[one].append(_mase(origin, origin.points[one]))
        told["headline"].append(_mase(origin, origin.points[chosen]))
        told[PLAIN].append(_mase(origin, point))
        for level in (0, 1):
            hits[level] += accuracy.covered(origin.actual, *origin.bounds[chosen][level])
    covers = hits[:, 0] / hits[:, 1]
    means = {one: float(np.mean(values)) for one, values in told.items()}
    return {"series": name, "folds": len(found.origins) - 1, **means, "cover80": covers[0], "cover95": covers[1]}


def _mase(origin: Origin, point: Floats) -> float:
    error = accuracy.mase(origin.actual, point, origin.unit)
    assert error is not None
    return error


if __name__ == "__main__":
    asked = sys.argv[1:] or ["speed", "quality"]
    prophets.model(Spec())
    if "speed" in asked:
        speed()
    if "quality" in asked:
        quality()
