"""Learners on what a day's past and the calendar say of it: one model for all days ahead (direct), of ratios to the level of the last four weeks.

Of every past day and a few days ahead of it one row is learnt: the day ahead over the mean of the 28 days before (clipped to ``[0, 5]``; the mean is never below a tenth of the positive
median, else closed weeks would make ratios without end). Features: days ahead, last week and last quarter over that level, the last four same weekdays over it, what the same week of the
year before was over its level, weekday, two yearly waves, and further figures of the day.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from core.models.forecast.history import Floats

SEED = 0
AHEAD_PER_DAY = 4
FIRST_DAY, LAST_RATIO, FLOOR = 35, 5.0, 0.1
YEAR_BACK, SAME_WEEKDAYS, WAVES, DAYS_A_YEAR = 364, 4, 2, 365.25

LEARNERS: dict[str, Callable[[], Any]] = {
    "linear": lambda: make_pipeline(StandardScaler(), Ridge(10.0)),
    "tree": lambda: DecisionTreeRegressor(min_samples_leaf=20, random_state=SEED),
    "forest": lambda: RandomForestRegressor(
        n_estimators=100, min_samples_leaf=5, max_features=0.5, n_jobs=1, random_state=SEED
    ),
    "extra_trees": lambda: ExtraTreesRegressor(
        n_estimators=100, min_samples_leaf=5, max_features=0.5, n_jobs=1, random_state=SEED
    ),
    "boosting": lambda: HistGradientBoostingRegressor(
        learning_rate=0.05, max_iter=150, max_leaf_nodes=15, min_samples_leaf=20, random_state=SEED
    ),
    "network": lambda: make_pipeline(
        StandardScaler(),
        MLPRegressor(hidden_layer_sizes=(32, 16), max_iter=200, early_stopping=True, random_state=SEED),
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """``filled``: every past day's value; ``is_learnt``: whether it is one to learn; ``extra``: further figures, one row per day, ahead included."""

    start_on: date
    filled: Floats
    is_learnt: np.ndarray
    extra: Floats


def path(name: str, days: Days, horizon: int) -> Floats:
    """Values of the next ``horizon`` days by a learner of ``LEARNERS``, never negative."""
    past, floor = days.filled, _floor(days.filled)
    size = len(past)
    drawn = np.random.default_rng(SEED)
    origin = np.repeat(np.arange(min(FIRST_DAY, size // 3), size), AHEAD_PER_DAY)
    ahead = drawn.integers(1, horizon + 1, len(origin))
    there = origin + ahead - 1 < size
    there[there] &= days.is_learnt[(origin + ahead - 1)[there]]
    origin, ahead = origin[there], ahead[there]
    rows, level, target = _rows(days, origin, ahead, floor)
    model = LEARNERS[name]()
    model.fit(rows, np.clip(past[target] / level, 0.0, LAST_RATIO))
    rows, level, _ = _rows(days, np.full(horizon, size), np.arange(1, horizon + 1), floor)
    told: Floats = np.clip(model.predict(rows), 0.0, LAST_RATIO) * level
    return told


def _floor(past: Floats) -> float:
    positive = past[past > 0]
    return FLOOR * float(np.median(positive)) if len(positive) else 1.0


def _rows(days: Days, origin: np.ndarray, ahead: np.ndarray, floor: float) -> tuple[Floats, Floats, np.ndarray]:
    """Features, levels and places of the days ``ahead`` of each ``origin``, whose last known day is the one before it."""
    past = days.filled
    sums = np.concatenate([[0.0], np.cumsum(past)])

    def mean(until: np.ndarray, width: int) -> Floats:
        first = np.maximum(until - width, 0)
        told: Floats = (sums[until] - sums[first]) / np.maximum(until - first, 1)
        return told

    target = origin + ahead - 1
    level = np.maximum(mean(origin, 28), floor)
    columns = [ahead, mean(origin, 7) / level, level / np.maximum(mean(origin, 91), floor)]
    weeks = (ahead + 6) // 7
    for back in range(SAME_WEEKDAYS):
        place = target - 7 * (weeks + back)
        columns.append(np.where(place >= 0, past[np.clip(place, 0, len(past) - 1)] / level, 1.0))
    last_year, then = target - YEAR_BACK + 4, origin - YEAR_BACK
    has_year = then >= 28
    week = mean(np.clip(last_year, 7, len(past)), 7)
    columns.append(np.where(has_year, week / np.maximum(mean(np.maximum(then, 28), 28), floor), 1.0))
    columns[1:] = [np.clip(one, 0.0, LAST_RATIO) for one in columns[1:]]
    weekday = (days.start_on.weekday() + target) % 7
    columns += [weekday == one for one in range(7)]
    phase = 2 * np.pi * (days.start_on.timetuple().tm_yday + target) / DAYS_A_YEAR
    columns += [wave(turn * phase) for turn in range(1, WAVES + 1) for wave in (np.sin, np.cos)]
    return np.column_stack([*columns, days.extra[target]]).astype(np.float64), level, target
