"""Forecasts: ``python -m tests.benchmarks.forecast [speed|quality]``.

Speed: the same twelve folds of the same Prophet by ``prophet.diagnostics.cross_validation`` as called by default, and by our backtest.
Quality: rolling origins over real daily series, horizon 30, training capped at 1,095 days; the first fold of each series only tells weights. Plain Prophet is the
library's, as it comes.
"""

import sys
import time
import warnings
from collections.abc import Callable, Sequence

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

HORIZON, SPAN, FOLDS, TIMED_FOLDS = 30, 1095, 10, 12
PLAIN = "plain Prophet"
warnings.simplefilter("ignore")


def speed() -> None:
    """Each the best of three runs, wall time. Where days are missing the library is asked for the others only, and sums of products in another order differ in the last bit."""
    print(
        "| series | folds | `cross_validation`, as called by default, s | our backtest s | ratio | largest difference of points |"
    )
    print("|---|---|---|---|---|---|")
    for one in real_series.every():
        span = one.history.last(SPAN)
        if span.days == SPAN:
            theirs, ours = _folds(span)
            (spent, point), (own, said) = _best(theirs), _best(ours)
            apart = float(np.max(np.abs(point - said) / np.abs(point)))
            print(
                f"| {one.name} | {TIMED_FOLDS} | {spent:.2f} | {own:.2f} | {spent / own:.2f} | {apart:.0e} |",
                flush=True,
            )


def _folds(span: History) -> tuple[Callable[[], Floats], Callable[[], Floats]]:
    days = pd.date_range(span.start_on, periods=span.days)
    fitted = Prophet().fit(pd.DataFrame({"ds": days, "y": span.values}))
    ends = [span.days - HORIZON * back for back in range(TIMED_FOLDS, 0, -1)]
    spec = Spec(training_days=3650, outliers="keep")

    def theirs() -> Floats:
        cutoffs = [days[end - 1] for end in ends]
        return cross_validation(fitted, horizon=f"{HORIZON} days", cutoffs=cutoffs)["yhat"].to_numpy()

    def ours() -> Floats:
        learnts = [learn(span.before(end), Known(span.start_on), spec) for end in ends]
        backtest.said_by(learnts, ("prophet",), told=lambda *_: None, stop=lambda: False)
        known = [~np.isnan(span.values[end : end + HORIZON]) for end in ends]
        return np.concatenate([one.prophet.ahead[there] for one, there in zip(learnts, known, strict=True)])

    return theirs, ours


def _best(way: Callable[[], Floats]) -> tuple[float, Floats]:
    runs = []
    for _ in range(3):
        started = time.perf_counter()
        point = way()
        runs.append((time.perf_counter() - started, point))
    return min(runs, key=lambda one: one[0])


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
