"""Forecasts by hour: a day's forecast, shared out by what is usual at each hour.

The share of an hour is that of its weekday over the last eight weeks, each week weighing ``DECAY`` of the one after it, with a little of what all days are like for
weekdays of which little is known; days of events are left out of it where enough others are there. A day of an event that was known before has
the hours of the same day of that event then, with one usual day's worth of its weekday's. Hours of a day add up to it.

How good that is, and how wide its intervals are, is told by folds: daily forecasts of earlier days, shared out by what was known then, beside what came and
beside the hours of a week before (168-hour seasonal naive).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from core.models.forecast.history import Event, Floats
from core.models.forecast.outcome import Path

HOURS = 24
WEEKS = 8
DECAY = 0.75
FEWEST_DAYS = 2
"""Days of a weekday without any event below which days with one are taken along."""
ALL_DAYS, WEEKDAYS = 0.5, 1.0
"""Days' worth of all days that a weekday's hours are mixed with, and of the weekday that an event's are."""
FEWEST_FOLDS = 3
"""Earlier folds that can tell how wide an interval is."""
LEVELS = {"lower80": 0.1, "upper80": 0.9, "lower95": 0.025, "upper95": 0.975}


@dataclass(frozen=True, slots=True, eq=False)
class HourHistory:
    """``values[day, hour]`` of consecutive days, the oldest first. NaN: not known, or set aside, and never learnt."""

    start_on: date
    values: Floats

    @property
    def days(self) -> int:
        return len(self.values)

    def place(self, on: date) -> int:
        return (on - self.start_on).days

    def before(self, on: date) -> "HourHistory":
        """What was known before a day."""
        return HourHistory(self.start_on, self.values[: max(0, self.place(on))])


@dataclass(frozen=True, slots=True, eq=False)
class HourPath:
    """A forecast by hour (``[day, hour]``) from ``start_on`` on. Never negative; each day's points add up to its forecast. Bounds are empty where too little is
    known of how it erred."""

    start_on: date
    point: Floats
    lower80: Floats
    upper80: Floats
    lower95: Floats
    upper95: Floats


@dataclass(frozen=True, slots=True)
class HourScore:
    """How hours were forecast on days that had not been seen. ``mase``: mean absolute error over that of the 168-hour naive within the days before; ``wape``: absolute
    errors over values, added up; the same of the naive forecast of the same hours; ``cover80``, ``cover95``: share of hours within their interval, whose width was told by
    earlier folds alone. Null where undefined."""

    mase: float | None
    wape: float | None
    naive_mase: float | None
    naive_wape: float | None
    cover80: float | None
    cover95: float | None
    folds: int
    hours: int


def forecast(history: HourHistory, path: Path, events: Sequence[Event] = (), folds: Sequence[Path] = ()) -> HourPath:
    """Share out a daily forecast that begins where ``history`` ends, or later. ``folds``: daily forecasts of earlier days, that tell the intervals: without three of
    them there are none."""
    point = np.array(path.point)[:, None] * shares(history, path.start_on, path.days, events)
    told = _errors(history, folds, events)
    nothing = np.zeros((0, HOURS))
    if len(told) < FEWEST_FOLDS:
        return HourPath(path.start_on, point, *[nothing] * len(LEVELS))
    width = _Width.of(told)
    is_open = np.array(path.upper95)[:, None] > 0  # no hour of a day that is nothing for certain is anything
    bounds = [width.bound(point, level) * is_open for level in LEVELS.values()]
    return HourPath(path.start_on, point, *bounds)


def shares(history: HourHistory, start_on: date, days: int, events: Sequence[Event] = ()) -> Floats:
    """Share of each hour (``[day, hour]``, each day adds up to 1) of days ahead, by what was known before."""
    past = history.before(start_on)
    known = np.nan_to_num(past.values.sum(axis=1)) > 0
    busy = _during(past, events)
    recent = np.arange(past.days) >= past.days - 7 * WEEKS
    weight: Floats = np.asarray(DECAY ** ((past.days - 1 - np.arange(past.days)) // 7), np.float64)
    everything = _mixed(past.values, known & recent, weight, np.full(HOURS, 1 / HOURS), 0.0)
    found = np.empty((days, HOURS))
    for day in range(days):
        on = start_on + timedelta(days=day)
        same = (np.arange(past.days) - (past.days - 1)) % 7 == (past.place(on) - (past.days - 1)) % 7
        own = known & recent & same
        calm = own & ~busy
        usual = _mixed(past.values, calm if calm.sum() >= FEWEST_DAYS else own, weight, everything, ALL_DAYS)
        then = _same_day_of_event(past, on, events)
        places = [place for place in then if known[place]]
        chosen = np.isin(np.arange(past.days), places)
        found[day] = _mixed(past.values, chosen, np.ones(past.days), usual, WEEKDAYS) if places else usual
    return found


def backtest(history: HourHistory, folds: Sequence[Path], events: Sequence[Event] = ()) -> HourScore:
    """See ``HourScore``. ``folds``: daily forecasts of days that are known now, each made of the days before it, oldest first. Days that are not known are no part of
    it, nor folds without a week before them."""
    told = _errors(history, folds, events)
    actual, point, naive = (np.concatenate([getattr(one, name) for one in told]) if told else np.zeros(0) for name in ("actual", "point", "naive"))  # fmt: skip
    scale = np.concatenate([np.full(len(one.actual), one.scale) for one in told]) if told else np.zeros(0)
    inside: dict[str, list[NDArray[np.bool_]]] = {"80": [], "95": []}
    for number in range(FEWEST_FOLDS, len(told)):
        width, one = _Width.of(told[:number]), told[number]
        for level, hits in inside.items():
            low, high = (width.bound(one.point, LEVELS[f"{side}{level}"]) for side in ("lower", "upper"))
            hits.append((one.actual >= low) & (one.actual <= high))
    return HourScore(
        mase=_mean(np.abs(actual - point)[scale > 0] / scale[scale > 0]),
        wape=_share(np.abs(actual - point), actual),
        naive_mase=_mean(np.abs(actual - naive)[scale > 0] / scale[scale > 0]),
        naive_wape=_share(np.abs(actual - naive), actual),
        cover80=_mean(np.concatenate(inside["80"])) if inside["80"] else None,
        cover95=_mean(np.concatenate(inside["95"])) if inside["95"] else None,
        folds=len(told),
        hours=len(actual),
    )


# -- shares ------------------------------------------------------------------------------------------------------------


def _mixed(values: Floats, chosen: NDArray[np.bool_], weight: Floats, towards: Floats, days: float) -> Floats:
    """Shares of hours over some days, with so many usual days' worth of others; the others where there is none."""
    if not chosen.any():
        return towards
    rows, theirs = values[chosen], weight[chosen]
    mean = float((rows.sum(axis=1) * theirs).sum() / theirs.sum())
    mixed = (rows * theirs[:, None]).sum(axis=0) + days * mean * towards
    found: Floats = mixed / mixed.sum()
    return found


def _during(past: HourHistory, events: Sequence[Event]) -> NDArray[np.bool_]:
    found = np.zeros(past.days, np.bool_)
    for one in events:
        first, last = past.place(one.first_on), past.place(one.last_on)
        found[max(0, first) : max(0, last + 1)] = True
    return found


def _same_day_of_event(past: HourHistory, on: date, events: Sequence[Event]) -> list[int]:
    """Earlier days that were to their event what this one is to its: of several events on a day the one of the shortest window."""
    during = [one for one in events if one.first_on <= on <= one.last_on]
    if not during:
        return []
    event = min(during, key=lambda one: (one.before_days + one.after_days, one.name, one.on))
    days = [past.place(one.on + (on - event.on)) for one in events if one.name == event.name and one.on < event.on]
    return [day for day in days if 0 <= day < past.days]


# -- errors ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Errors:
    """Hours of one fold that are known: what came, what was forecast, what was a week before; ``scale``: mean absolute change from week to week in the days
    before, 0 where there is none."""

    actual: Floats
    point: Floats
    naive: Floats
    scale: float


def _errors(history: HourHistory, folds: Sequence[Path], events: Sequence[Event]) -> list[_Errors]:
    found = []
    for fold in folds:
        past, first = history.before(fold.start_on), history.place(fold.start_on)
        actual = history.values[max(0, first) : first + fold.days] if first >= 0 else np.zeros((0, HOURS))
        if past.days < 7 or not len(actual):
            continue
        point = np.array(fold.point[: len(actual)])[:, None] * shares(history, fold.start_on, len(actual), events)
        naive = _week_before(past, len(actual))
        is_known = ~np.isnan(actual) & ~np.isnan(naive)
        change = np.abs(past.values[7:] - past.values[:-7])
        scale = float(np.nanmean(change)) if np.isfinite(change).any() else 0.0
        found.append(_Errors(actual[is_known], point[is_known], naive[is_known], scale))
    return [one for one in found if len(one.actual)]


def _week_before(past: HourHistory, days: int) -> Floats:
    """The last hours known of each weekday, within four weeks, again and again."""
    week = np.full((7, HOURS), np.nan)
    for back in range(4):
        rows = past.values[len(past.values) - 7 * (back + 1) : len(past.values) - 7 * back]
        if len(rows) == 7:
            week = np.where(np.isnan(week), rows, week)
    return np.tile(week, (days // 7 + 1, 1))[:days]


@dataclass(frozen=True, slots=True, eq=False)
class _Width:
    """How far forecasts of a size err: the deviation is the root of ``a + b f + c f²`` (what is always there, what counts vary by, and the
    error of the day), fitted to errors; the quantiles of errors in such deviations make the bounds, as split conformal prediction does (J. Lei et al., JASA 2018)."""

    terms: Floats
    errors: Floats

    @staticmethod
    def of(told: Sequence[_Errors]) -> "_Width":
        point, actual = (np.concatenate([getattr(one, name) for one in told]) for name in ("point", "actual"))
        size = float(point.mean()) or 1.0
        by = (point + size) ** 2
        terms, _ = nnls(_powers(point) / by[:, None], (actual - point) ** 2 / by)
        width = _Width(terms, np.zeros(0))
        return _Width(terms, np.sort((actual - point) / width.deviation(point)))

    def deviation(self, point: Floats) -> Floats:
        """Above 0: where all errors are 0, hardly so."""
        found: Floats = np.sqrt(np.maximum(_powers(point.ravel()) @ self.terms, 1e-12)).reshape(point.shape)
        return found

    def bound(self, point: Floats, level: float) -> Floats:
        """The conformal quantile: of n errors the one that leaves ``level`` of n + 1 below it."""
        count = len(self.errors)
        rank = np.ceil(level * (count + 1)) if level > 0.5 else np.floor(level * (count + 1))
        error = self.errors[int(np.clip(rank - 1, 0, count - 1))]
        side = np.maximum(error, 0.0) if level > 0.5 else np.minimum(error, 0.0)
        return np.maximum(point + side * self.deviation(point), 0.0)


def _powers(point: Floats) -> Floats:
    return np.stack([np.ones_like(point), point, point**2], axis=1)


def _mean(values: Floats | NDArray[np.bool_]) -> float | None:
    return float(values.mean()) if len(values) else None


def _share(errors: Floats, values: Floats) -> float | None:
    whole = float(np.abs(values).sum())
    return float(errors.sum()) / whole if whole else None
