"""Theta method (Assimakopoulos & Nikolopoulos, 2000) for daily series: a level that is smoothed over weekdays' shares, and carried ahead.

The weekday's share is its weighted mean over that of the weeks around it, days half as heavy every six weeks back; the level is exponentially smoothed, by the weight that
told the mean of the two weeks after each past day best, past days half as heavy every half a year. No trend is carried ahead: on the real series of
``tests/benchmarks/forecast.py`` each of half a slope, a damped one and none was as good as the others.
"""

import numpy as np

from core.models.forecast.history import Floats

WEEK = 7
HALF_DAYS, JUDGED_HALF_DAYS = 42.0, 180.0
AHEAD = 14
WEIGHTS = np.arange(0.05, 0.65, 0.05)
LEAST_SHARE = 0.1
"""A weekday of less than a tenth of the week's mean says nothing of the level."""


def path(filled: Floats, horizon: int) -> Floats:
    """Values of the next ``horizon`` days, never negative. ``filled``: at least 21 days, all known."""
    shares = weekday_shares(filled)
    ago = (len(filled) - 1 - np.arange(len(filled))) % WEEK
    level = _level(_without_weekdays(filled, shares[ago]))
    ahead: Floats = np.maximum(level * shares[-np.arange(1, horizon + 1) % WEEK], 0.0)
    return ahead


def weekday_shares(filled: Floats) -> Floats:
    """What each weekday is of its week's mean, by how many days before the last day it was (0 to 6). Mean 1; all 1 where everything is 0."""
    means = np.convolve(filled, np.full(WEEK, 1 / WEEK), "valid")
    core = filled[3 : len(filled) - 3]
    age = len(core) - 1 - np.arange(len(core))
    weight = 0.5 ** (age / HALF_DAYS)
    ago = (age + 3) % WEEK
    total = np.bincount(ago, weight * means, WEEK)
    shares = np.where(total > 0, np.bincount(ago, weight * core, WEEK) / np.where(total > 0, total, 1.0), 1.0)
    mean = shares.mean()
    return shares / mean if mean > 0 else np.ones(WEEK)


def _without_weekdays(filled: Floats, share: Floats) -> Floats:
    """The level that each day tells; days that tell none have that of the day before."""
    tells = share > LEAST_SHARE
    told = filled / np.where(tells, share, 1.0)
    last = np.maximum.accumulate(np.where(tells, np.arange(len(filled)), 0))
    filled_in: Floats = told[last]
    return filled_in


def _level(told: Floats) -> float:
    levels = np.empty((len(told), len(WEIGHTS)))
    level = np.full(len(WEIGHTS), told[:AHEAD].mean())
    for place, value in enumerate(told):
        level = level + WEIGHTS * (value - level)
        levels[place] = level
    came = np.convolve(told, np.full(AHEAD, 1 / AHEAD), "valid")[1:]
    off = np.abs(levels[: len(came)] - came[:, None])
    weight = 0.5 ** ((len(off) - 1 - np.arange(len(off))) / JUDGED_HALF_DAYS)
    return float(levels[-1, np.argmin((weight[:, None] * off).sum(axis=0))])
