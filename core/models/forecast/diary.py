"""How published forecasts did when the days came in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from core.models.forecast.outcome import BUCKETS

LIVE_DAYS = 28
"""Days that have come in last, by which a forecast is judged."""
FEWEST_LIVE = 14
"""Fewer say nothing of whether errors have grown."""


@dataclass(frozen=True, slots=True)
class Came:
    """A day of a published forecast that has come in. ``scale``: the unit of MASE that its forecast was published with; null where there is none. ``forecast_id``: later ones
    have greater numbers."""

    forecast_id: int
    on: date
    horizon: int
    point: float
    lower80: float
    upper80: float
    lower95: float
    upper95: float
    actual: float
    scale: float | None


@dataclass(frozen=True, slots=True)
class Errors:
    """Of some days. ``mase``: mean of absolute errors, each over its forecast's scale; ``wape``: absolute errors over values, added up; ``bias``: what
    was forecast too much, over values, added up; ``cover80``, ``cover95``: share of days within their bounds. Null where undefined."""

    days: int
    mase: float | None
    wape: float | None
    bias: float | None
    cover80: float | None
    cover95: float | None


@dataclass(frozen=True, slots=True)
class Drift:
    """Whether errors have grown. ``mase``: of the last 28 days that came in, each by the forecast that was the newest before it. ``low``, ``high``: least and
    greatest MASE among the folds of the backtest that the current forecast was published with. ``is_drifting``: above ``high``; null with fewer
    than 14 days or without folds."""

    days: int
    mase: float | None
    low: float | None
    high: float | None
    is_drifting: bool | None


def errors(days: Sequence[Came]) -> Errors:
    """Of all of them, each counted as often as it was forecast."""
    if not days:
        return Errors(0, None, None, None, None, None)
    off = np.array([one.point - one.actual for one in days])
    actual = np.array([one.actual for one in days])
    scaled = [abs(one.point - one.actual) / one.scale for one in days if one.scale]
    total = float(np.abs(actual).sum())
    return Errors(
        len(days),
        float(np.mean(scaled)) if len(scaled) == len(days) else None,
        float(np.abs(off).sum()) / total if total else None,
        float(off.sum()) / total if total else None,
        float(np.mean([one.lower80 <= one.actual <= one.upper80 for one in days])),
        float(np.mean([one.lower95 <= one.actual <= one.upper95 for one in days])),
    )


def by_horizon(days: Sequence[Came]) -> tuple[tuple[tuple[int, int], Errors], ...]:
    """Errors by how far ahead the days were: 1-7, 8-14, 15-30, 31-90; closed days aside, as in ``live``."""
    judged = _open(days)
    return tuple(((low, high), errors([one for one in judged if low <= one.horizon <= high])) for low, high in BUCKETS)


def live(days: Sequence[Came]) -> tuple[Came, ...]:
    """The last 28 days that came in, oldest first, each by the newest forecast that was published before it; days that it knew to be closed are judged no more than in
    its backtest."""
    newest: dict[date, Came] = {}
    for one in sorted(_open(days), key=lambda one: one.forecast_id):
        newest[one.on] = one
    return tuple(newest[on] for on in sorted(newest)[-LIVE_DAYS:])


def drift(days: Sequence[Came], folds: Sequence[float | None]) -> Drift:
    """``days``: all that came in. ``folds``: MASE of each fold of the current forecast's backtest."""
    judged = live(days)
    mase = errors(judged).mase
    known = [one for one in folds if one is not None]
    low, high = (min(known), max(known)) if known else (None, None)
    is_judged = mase is not None and high is not None and len(judged) >= FEWEST_LIVE
    return Drift(len(judged), mase, low, high, bool(mase > high) if is_judged else None)  # type: ignore[operator]


def _open(days: Sequence[Came]) -> list[Came]:
    """Those that were not nothing for certain."""
    return [one for one in days if one.upper95 > 0]
