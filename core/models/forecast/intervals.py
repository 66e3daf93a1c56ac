"""How far days may be from their forecast: bounds that hold what they promise.

Where they come from: the theta method is asked on up to 40 earlier days of the training span what it would have said, and its errors, of the day's own size (half its forecast, half the
level of four weeks) and centred, are told by days ahead; their 80 and 95 % quantiles are the half widths. They are scaled by how much less the model erred than the theta method on earlier folds of its
backtest, and calibrated on them (split conformal, Vovk et al., 2005): by the quantile of what days were off in half widths, mixed with 1 as if four folds had said so. Cut
off at 0, because nothing counted is negative. A day on which the house is closed is nothing for certain: 0 to 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.models.forecast import theta
from core.models.forecast.history import Floats
from core.models.forecast.models import Learnt
from core.models.forecast.outcome import BUCKETS

ASKED, STEP, FEWEST_DAYS = 40, 5, 21
LEVELS = (0.8, 0.95)
CALIBRATED_ON, PRIOR_FOLDS = 8, 4
RATIO_PRIOR, RATIO_SHARE = 2, 0.9
LEVEL_DAYS = 28
LEAST = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """A fold that is over: errors of the model and of the theta method in units of the day's size, and in half widths of each level. NaN: days not known."""

    off: Floats
    theta_off: Floats
    in_widths: tuple[Floats, Floats]


def size(learnt: Learnt, point: Floats) -> Floats:
    """What errors are told in: half the forecast, half the level of the last four weeks."""
    told: Floats = np.maximum(0.5 * point + 0.5 * learnt.filled.values[-LEVEL_DAYS:].mean(), LEAST)
    return told


def widths(learnt: Learnt) -> Floats:
    """Half widths by level and day ahead, in units of the day's size, before they are scaled."""
    errors = _errors(learnt)
    found = np.empty((len(LEVELS), learnt.horizon))
    for first, last in BUCKETS:
        part = errors[:, first - 1 : last]
        known = part[~np.isnan(part)]
        if not part.shape[1]:
            continue
        off = np.abs(known - np.median(known)) if len(known) else np.array([1.0])
        found[:, first - 1 : last] = np.quantile(off, LEVELS)[:, None]
    return found


def bounds(learnt: Learnt, point: Floats, width: Floats, past: Sequence[Past]) -> list[tuple[Floats, Floats]]:
    """Lower and upper of each level. ``past``: the model's earlier folds, oldest first."""
    half = size(learnt, point) * width * _ratio(past) * _calibration(past)[:, None] * ~learnt.is_closed
    return [(np.maximum(point - one, 0.0), point + one) for one in half]


def over(
    learnt: Learnt, actual: Floats, point: Floats, theta_point: Floats, width: Floats, past: Sequence[Past]
) -> Past:
    """What a fold says once its days are known, for those after it."""
    unit = size(learnt, point)
    off = (actual - point) / unit
    half = np.maximum(width * _ratio(past), LEAST)
    in_widths = (np.abs(off) / half[0], np.abs(off) / half[1])
    return Past(off, (actual - theta_point) / size(learnt, theta_point), in_widths)


def _errors(learnt: Learnt) -> Floats:
    """Of the theta method: one row per earlier day it was asked on."""
    calm, actual, horizon = learnt.calm, learnt.history.values, learnt.horizon
    room = learnt.filled.days - horizon - FEWEST_DAYS
    step = max(1, min(STEP, room // ASKED))
    rows = []
    for back in range(min(ASKED, room // step + 1)):
        end = learnt.filled.days - horizon - step * back
        said = theta.path(calm[:end], horizon) * learnt.uplift[end : end + horizon]
        level = learnt.filled.values[max(end - LEVEL_DAYS, 0) : end].mean()
        rows.append((actual[end : end + horizon] - said) / np.maximum(0.5 * said + 0.5 * level, LEAST))
    return np.array(rows).reshape(-1, horizon)


def _ratio(past: Sequence[Past]) -> float:
    recent = past[-CALIBRATED_ON:]
    if not recent:
        return 1.0
    own = sum(_mean(one.off) for one in recent)
    other = sum(_mean(one.theta_off) for one in recent)
    if other <= 0:
        return 1.0
    prior = RATIO_PRIOR * other / len(recent)
    return float((own + RATIO_SHARE * prior) / (other + prior))


def _calibration(past: Sequence[Past]) -> Floats:
    recent = past[-CALIBRATED_ON:]
    told = []
    for place, level in enumerate(LEVELS):
        off = np.concatenate([one.in_widths[place] for one in recent]) if recent else np.empty(0)
        off = off[~np.isnan(off)]
        found = float(np.quantile(off, level)) if len(off) else 1.0
        told.append((len(recent) * found + PRIOR_FOLDS) / (len(recent) + PRIOR_FOLDS))
    return np.array(told)


def _mean(off: Floats) -> float:
    known = np.abs(off[~np.isnan(off)])
    return float(known.mean()) if len(known) else 0.0
