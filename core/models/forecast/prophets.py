"""Prophet (Taylor & Letham, 2018), as its library fits it, faster: the same numbers go to the same optimiser by a quicker way, which leaves nothing behind, and nothing is
drawn that nobody asks for.
"""

import logging
import threading
from collections import OrderedDict
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np
import pandas as pd
from prophet import Prophet

from core.models.forecast.history import Event, Floats, History, Known
from core.models.forecast.optimiser import Optimiser
from core.models.forecast.outcome import Components
from core.models.forecast.spec import Spec

BIAS_DAYS, BIAS_KEPT, BIAS_DECAY, BIAS_ENDS = 28, 0.9, 0.97, (0.05, 0.95)
YEAR_TERMS, WEEK_TERMS = 10, 3
TERMS = ("additive_terms", "multiplicative_terms")
MOST_COLUMNS = 64
DAYS = ("1970-01-01", "2200-12-31")
"""Those that waves are worked out for; Prophet counts days from the first."""

logging.getLogger("cmdstanpy").disabled = True
logging.getLogger("prophet").setLevel(logging.ERROR)
_loading = threading.Lock()


class _Lean(Prophet):
    """What all fits have in common is worked out once: the optimiser, the waves of every day, and which column of the features belongs to which component."""

    def _load_stan_backend(self, *_: Any) -> None:
        self.stan_backend = _backend()

    @staticmethod
    def fourier_series(dates: pd.Series, period: float, series_order: int) -> Any:
        days = dates.to_numpy("datetime64[D]").astype(np.int64)
        return _waves(period, series_order)[days]

    def regressor_column_matrix(self, seasonal_features: pd.DataFrame, modes: Any) -> Any:
        if self.train_component_cols is not None:
            return self.train_component_cols, modes
        feasts = () if self.train_holiday_names is None else tuple(self.train_holiday_names)
        figures = tuple((name, told["mode"]) for name, told in self.extra_regressors.items())
        key = str((tuple(seasonal_features.columns), modes, feasts, self.holidays_mode, figures))
        if key not in _columns:
            _columns[key] = super().regressor_column_matrix(seasonal_features, deepcopy(modes))
            while len(_columns) > MOST_COLUMNS:
                _columns.popitem(last=False)
        found, told = _columns[key]
        return found, deepcopy(told)

    def said(self, frame: pd.DataFrame) -> Floats:
        """What ``predict`` calls yhat, to the bit, without what else it tells."""
        since = (frame["ds"] - cast(pd.Timestamp, self.start)) / cast(pd.Timedelta, self.t_scale)
        days = frame.assign(floor=0.0, t=since)
        for name, props in self.extra_regressors.items():
            days[name] = (days[name] - props["mu"]) / props["std"]
        rows, _, columns, _ = self.make_all_seasonality_features(days)
        added, times = (
            np.matmul(rows.to_numpy(), (self.params["beta"] * columns[name].to_numpy()).T)[:, 0] for name in TERMS
        )
        trend = np.asarray(self.predict_trend(days), np.float64)
        told: Floats = trend * (1 + times) + added * self.y_scale
        return told


@cache
def _waves(period: float, order: int) -> Floats:
    """Sines and cosines of every day that a series may have, as Prophet works them out."""
    every = pd.Series(pd.date_range(*DAYS))
    told: Floats = Prophet.fourier_series(every, period, order)
    return told


_columns: "OrderedDict[str, Any]" = OrderedDict()


@cache
def _backend() -> Any:
    return Optimiser()


def model(spec: Spec, events: tuple[Event, ...] = (), regressors: tuple[str, ...] = ()) -> _Lean:
    """An unfitted Prophet as the spec tunes it; every event is a holiday with a coefficient for each day of its window."""
    yearly: Any = {"auto": "auto", "on": YEAR_TERMS, "off": False}[spec.yearly]
    with _loading:  # one optimiser serves every fit and thread
        _backend()
    made = _Lean(
            growth=spec.growth, changepoint_prior_scale=spec.changepoint_prior, changepoint_range=spec.changepoint_range,
            weekly_seasonality="auto" if spec.weekly else False, yearly_seasonality=yearly, daily_seasonality=False,
            seasonality_mode=spec.mode, seasonality_prior_scale=spec.seasonality_prior,
            holidays_prior_scale=spec.holidays_prior, holidays=_holidays(events), uncertainty_samples=0,
        )  # fmt: skip
    for name in regressors:
        made.add_regressor(name)
    return made


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """``ahead``: what Prophet says of the days to come, before anything is added or cut off. ``learnt``: days it was fitted on."""

    ahead: Floats
    learnt: int
    _made: _Lean
    _frame: pd.DataFrame

    def recent(self) -> Floats:
        """What it says of the last days that it was fitted on."""
        return self._made.said(self._frame.iloc[max(self.learnt - BIAS_DAYS, 0) : self.learnt])

    def components(self, spec: Spec) -> Components:
        """How it takes the series apart."""
        return _components(spec, self._made.predict(self._frame))


def fit(history: History, known: Known, spec: Spec, horizon: int) -> Fitted:
    """``history``: NaN on days that are not learnt. ``known``: of its days and those ahead; its events are those to be learnt, but for what never was before."""
    frame = _frame(history.start_on, history.days + horizon, known)
    seen = {one.name for one in known.events if one.first_on < history.end_on}
    made = model(spec, tuple(one for one in known.events if one.name in seen), tuple(known.regressors))
    made.fit(frame.iloc[: history.days].assign(y=history.values))
    return Fitted(made.said(frame.iloc[history.days :]), history.days, made, frame)


def path(history: History, fitted: Fitted) -> Floats:
    """Days ahead: Prophet's, and what its last four weeks were off by (``biased``); never negative."""
    return biased(fitted.ahead, history.values[-BIAS_DAYS:] - fitted.recent())


def biased(ahead: Floats, off: Floats) -> Floats:
    """``ahead`` and the mean of what recent days, the newest last, were off by (weighted 0.9 a day back, ends cut, NaN left out), fading by 0.97 a day; never
    negative."""
    off = off[~np.isnan(off)]
    if not len(off):
        return np.maximum(ahead, 0.0)
    off = np.clip(off, *np.quantile(off, BIAS_ENDS))
    bias = np.average(off, weights=BIAS_KEPT ** np.arange(len(off))[::-1])
    told: Floats = np.maximum(ahead + bias * BIAS_DECAY ** np.arange(1, len(ahead) + 1), 0.0)
    return told


def _frame(start_on: Any, days: int, known: Known) -> pd.DataFrame:
    return pd.DataFrame({"ds": pd.date_range(start_on, periods=days), **known.regressors})


def _holidays(events: tuple[Event, ...]) -> pd.DataFrame | None:
    """Events by number, in the order of their names: Prophet keeps some names for itself, and a house may use them."""
    if not events:
        return None
    numbers = {name: f"event {place:04d}" for place, name in enumerate(sorted({one.name for one in events}))}
    return pd.DataFrame(
        {
            "holiday": [numbers[one.name] for one in events],
            "ds": pd.to_datetime([one.on for one in events]),
            "lower_window": [-one.before_days for one in events],
            "upper_window": [one.after_days for one in events],
        }
    )


def _components(spec: Spec, said: pd.DataFrame) -> Components:
    is_share = spec.mode == "multiplicative"
    weekday = said["ds"].dt.weekday.to_numpy()
    weekly = [float(said["weekly"].to_numpy()[weekday == one][0]) for one in range(7)] if "weekly" in said else []
    yearly: list[float] = []
    if "yearly" in said:
        year = said["yearly"].to_numpy()[-366:]
        order = np.argsort(said["ds"].dt.dayofyear.to_numpy()[-366:], kind="stable")
        yearly = [float(one) for one in year[order]]
    trend = tuple(said["trend"].astype(float))
    return Components(said["ds"].iloc[0].date(), trend, tuple(weekly), tuple(yearly), is_share)
