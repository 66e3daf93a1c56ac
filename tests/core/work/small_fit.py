"""A fit as small as can be, for tests of everything around it: last week again. A regressor of the spec says how it goes wrong."""

import os
import threading
from datetime import timedelta

import numpy as np

from core.errors import NothingVaries
from core.models.forecast import accuracy
from core.models.forecast.outcome import Components, Effect, Fold, ModelScore, Outcome, Path


def fit(history, known, spec, *, models=None, told, stop):
    told("backtest", 1, 2)
    if "endless" in spec.regressors:
        threading.Event().wait()
    if "dies" in spec.regressors:
        os._exit(3)
    if "refuses" in spec.regressors:
        raise NothingVaries("It is the same on every day.")
    if "fails" in spec.regressors:
        raise ZeroDivisionError("by nothing")
    told("fit", 2, 2)
    return outcome(history, known, spec)


def outcome(history, known, spec) -> Outcome:
    week = np.nan_to_num(history.values[-7:])
    point = np.array([week[day % 7] for day in range(spec.horizon)])
    return Outcome(
        on=history.end_on - timedelta(days=1),
        training_days=min(history.days, spec.training_days),
        set_aside=(),
        models=(
            score("ensemble", 0.8 + (spec.changepoint_prior - 0.05)),
            score("prophet", 1.2, loses=True),
            score("naive", 1.0),
        ),
        headline="ensemble",
        weights={"np_theta": 0.6, "forest": 0.4},
        path=path(history.end_on, point),
        folds=tuple(
            Fold(path(history.on(place), history.values[place - 7 : place]), _told(history.values[place : place + 7]), mase, True)
            for place, mase in ((history.days - 14, 0.9), (history.days - 7, 0.7))
        ),
        effects=(Effect("double11", 0.5, 0.3, 0.7, 13, 1),),
        components=Components(
            history.start_on, tuple(np.full(history.days + spec.horizon, np.nanmean(history.values)).tolist()),
            (0.1, 0.0, 0.0, 0.0, 0.0, -0.05, -0.05), (), True,
        ),
        unit=accuracy.scale(history.values),
    )  # fmt: skip


def score(name: str, mase: float, *, loses: bool = False) -> ModelScore:
    return ModelScore(
        name=name, mase=mase, wape=0.1, smape=0.12, cover80=0.8, cover95=0.94, fit_seconds=0.2, folds=2,
        training_days=60, loses_to_naive=loses, by_horizon=(0.7, 0.8, 0.9, None),
    )  # fmt: skip


def path(start_on, point) -> Path:
    known = np.nan_to_num(np.asarray(point, float))
    return Path(start_on, *(tuple((known * factor).tolist()) for factor in (1.0, 0.9, 1.1, 0.8, 1.2)))


def _told(values):
    return tuple(None if np.isnan(one) else float(one) for one in values)
