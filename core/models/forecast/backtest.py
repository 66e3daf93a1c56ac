"""Models held against each other on days that they had not seen: rolling origins, the newest fold ending with the data."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from core.errors import Cancelled
from core.models.forecast import accuracy, gate, intervals, theta
from core.models.forecast.history import Floats, History, Known
from core.models.forecast.intervals import Past
from core.models.forecast.models import ENSEMBLE, NAIVE, VOICES, Learnt, learn, path
from core.models.forecast.outcome import BUCKETS, Fold, ModelScore, Path
from core.models.forecast.spec import Spec

FOLDS = 12
WEIGHED_ON, POWER = 3, 2
"""Folds whose errors weigh the voices of the ensemble, and how: 1 / MASE^2, as the trial of 13 real series found best."""
FEWEST_FOR_BOUNDS = 4
THREADS = 2
LEAST_ERROR = 1e-9

Told = Callable[[str, int, int], None]
Stop = Callable[[], bool]
Bounds = list[tuple[Floats, Floats]]


@dataclass(frozen=True, eq=False)
class Origin:
    """A fold: what was known, what came, and what every model said. ``unit``: of MASE; null where the span is the same every week. ``actual`` and ``unit`` are the house's, whatever the
    spec sets aside or keeps: errors of two specs are told of the same days in the same unit."""

    learnt: Learnt
    actual: Floats
    points: Mapping[str, Floats]
    seconds: Mapping[str, float]
    bounds: Mapping[str, Bounds]
    unit: float | None

    def mase(self, name: str) -> float | None:
        return accuracy.mase(self.actual, self.points[name], self.unit)


@dataclass(frozen=True, eq=False)
class Backtest:
    """``origins``: oldest first. ``past``: of each model, for the bounds of what it says now."""

    origins: tuple[Origin, ...]
    past: Mapping[str, tuple[Past, ...]]
    weights: Mapping[str, float]
    """Of the ensemble's voices now."""


def run(
    history: History, known: Known, spec: Spec, models: Sequence[str], *, told: Told, stop: Stop, folds: int = FOLDS
) -> Backtest:
    """``models``: of ``MODELS``; the ensemble joins where all its voices are there. Raises ``Cancelled``."""
    starts = gate.folds(history, known, spec, folds)
    learnts = [learn(history.before(place), known, spec) for place in starts]
    said = said_by(learnts, models, told=told, stop=stop)
    origins: list[Origin] = []
    past: dict[str, list[Past]] = {}
    for place, learnt, points in zip(starts, learnts, said, strict=True):
        house = learn(history.before(place), known, Spec(horizon=spec.horizon))
        # That nothing is on closed days is no merit of a model.
        actual = np.where(house.is_closed, np.nan, history.values[place : place + spec.horizon])
        unit = accuracy.scale(house.history.values)
        values = {name: point for name, (point, _) in points.items()}
        if has_ensemble(models):
            values[ENSEMBLE] = mixed(values, weights(origins))
        width = intervals.widths(learnt)
        bounds = {name: intervals.bounds(learnt, point, width, past.get(name, ())) for name, point in values.items()}
        basis = learnt.lifted(theta.path(learnt.calm, learnt.horizon))
        usual = np.where(learnt.is_closed, np.nan, _usual(history, place, spec))
        for name, point in values.items():
            before = past.setdefault(name, [])
            before.append(intervals.over(learnt, usual, point, basis, width, before))
        seconds = {name: spent for name, (_, spent) in points.items()}
        origins.append(Origin(learnt, actual, values, seconds, bounds, unit))
    return Backtest(tuple(origins), {name: tuple(one) for name, one in past.items()}, weights(origins))


def said_by(
    learnts: Sequence[Learnt], models: Sequence[str], *, told: Told, stop: Stop
) -> list[dict[str, tuple[Floats, float]]]:
    """What each model says at each end, and the seconds it took. Prophet's optimiser is a process of its own, so two threads keep both cores busy.
    Raises ``Cancelled``."""
    tasks = [(place, name) for name in models for place in range(len(learnts))]
    found: list[dict[str, tuple[Floats, float]]] = [{} for _ in learnts]

    def do(task: tuple[int, str]) -> tuple[int, str, Floats, float]:
        place, name = task
        if stop():
            raise Cancelled("The fit was cancelled.")
        started = perf_counter()
        point = path(name, learnts[place])
        return place, name, point, perf_counter() - started

    with ThreadPoolExecutor(THREADS) as pool:
        futures = [pool.submit(do, task) for task in tasks]
        try:
            for done, future in enumerate(futures, 1):
                place, name, point, spent = future.result()
                found[place][name] = point, spent
                told("backtest", done, len(tasks))
        finally:
            for future in futures:
                future.cancel()
    return found


def has_ensemble(models: Sequence[str]) -> bool:
    return set(VOICES) <= set(models)


def weights(origins: Sequence[Origin]) -> dict[str, float]:
    """Of the voices, adding up to 1: by their errors on the last three folds; equal before there is one."""
    recent = [[one.mase(name) for name in VOICES] for one in origins[-WEIGHED_ON:] if set(VOICES) <= set(one.points)]
    known = np.array([row for row in recent if None not in row], np.float64)
    if not len(known):
        return dict.fromkeys(VOICES, 1 / len(VOICES))
    raw = 1 / np.maximum(known.mean(axis=0), LEAST_ERROR) ** POWER
    return dict(zip(VOICES, (raw / raw.sum()).tolist(), strict=True))


def mixed(points: Mapping[str, Floats], weight: Mapping[str, float]) -> Floats:
    told: Floats = np.sum([share * points[name] for name, share in weight.items()], axis=0)
    return told


# -- what is told of it ------------------------------------------------------------------------------------------------


def scores(found: Backtest, models: Sequence[str], training_days: int) -> tuple[ModelScore, ...]:
    """One per model, the best first; as they come where no fold tells their errors."""
    names = [*models, *([ENSEMBLE] if has_ensemble(models) else [])]
    naive = _mean([one.mase(NAIVE) for one in found.origins]) if NAIVE in names else None
    told = [_score(found, name, naive, training_days) for name in names]
    return tuple(sorted(told, key=lambda one: (one.mase is None, one.mase or 0.0)))


def headline(found: Backtest, scored: Sequence[ModelScore], wanted: str) -> str:
    """The model that the house stands by: the one wanted, where it does not lose to the seasonal naive. Else the ensemble, unless it loses, or another is better by more than the
    folds vary by themselves (mean of the differences above their standard error, on at least four folds); then the best of those that do not lose."""
    able = [one for one in scored if not one.loses_to_naive]
    names = [one.name for one in able]
    if wanted in names:
        return wanted
    best = names[0] if names else NAIVE
    if ENSEMBLE not in names:
        return best
    return best if _is_clearly_better(found, best) else ENSEMBLE


def fold(origin: Origin, name: str, has_bounds: bool) -> Fold:
    """As pages draw it."""
    (lower80, upper80), (lower95, upper95) = origin.bounds[name]
    told = path_of(origin.learnt, origin.points[name], lower80, upper80, lower95, upper95)
    actual = tuple(None if np.isnan(one) else float(one) for one in origin.actual)
    return Fold(told, actual, origin.mase(name), has_bounds)


def path_of(learnt: Learnt, *lines: Floats) -> Path:
    """Point, lower and upper of 80 %, of 95 %, from the day after the last learnt."""
    return Path(learnt.history.end_on, *(tuple(line.tolist()) for line in lines))


def _is_clearly_better(found: Backtest, name: str) -> bool:
    pairs = [(one.mase(ENSEMBLE), one.mase(name)) for one in found.origins]
    gains = np.array([a - b for a, b in pairs if a is not None and b is not None])
    if len(gains) < FEWEST_FOR_BOUNDS:
        return False
    return bool(gains.mean() > gains.std(ddof=1) / np.sqrt(len(gains)))


def _score(found: Backtest, name: str, naive: float | None, training_days: int) -> ModelScore:
    origins = found.origins
    errors = [one.mase(name) for one in origins]
    mean = _mean(errors)
    judged = origins[FEWEST_FOR_BOUNDS - 1 :]
    covers = []
    for level in (0, 1):
        hits = [accuracy.covered(one.actual, *one.bounds[name][level]) for one in judged]
        of = sum(count for _, count in hits)
        covers.append(sum(hit for hit, _ in hits) / of if of else None)
    return ModelScore(
        name,
        mean,
        _mean([accuracy.wape(one.actual, one.points[name]) for one in origins]),
        _mean([accuracy.smape(one.actual, one.points[name]) for one in origins]),
        covers[0],
        covers[1],
        _mean([_seconds(one, name) for one in origins]) or 0.0,
        len([one for one in errors if one is not None]),
        training_days,
        naive is not None and mean is not None and mean > naive,
        tuple(_mean([_between(one, name, first, last) for one in origins]) for first, last in BUCKETS),
    )


def _seconds(origin: Origin, name: str) -> float:
    return sum(origin.seconds[one] for one in VOICES) if name == ENSEMBLE else origin.seconds[name]


def _between(origin: Origin, name: str, first: int, last: int) -> float | None:
    return accuracy.mase(origin.actual[first - 1 : last], origin.points[name][first - 1 : last], origin.unit)


def _usual(history: History, place: int, spec: Spec) -> Floats:
    """What came, but for days that an analyst set aside: they say nothing of how wide bounds are."""
    values = history.values[place : place + spec.horizon].copy()
    for on in spec.set_aside:
        if 0 <= history.place(on) - place < len(values):
            values[history.place(on) - place] = np.nan
    return values


def _mean(told: Sequence[float | None]) -> float | None:
    known = [one for one in told if one is not None]
    return float(np.mean(known)) if known else None
