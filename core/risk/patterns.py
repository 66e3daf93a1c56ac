"""Days as a whole: how far several indicators together are from what they usually are, by K-means or an isolation forest.

Each indicator of a day is measured by how suddenly it departs from what is usual (``core.risk.departures``), so that a weekend is no pattern of its own. A model learns the
days of the year before, every 28 days anew; days without all indicators are left out. Weak alone (``docs/benchmarks.md``): it finds days on which nothing is out of
order by itself.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.risk.departures import departures

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
LEARNT_DAYS, LEAST_DAYS, REFIT_DAYS = 365, 90, 28
CLUSTERS, TREES, SEED = 4, 200, 1
FURTHEST = 8.0
"""Departures beyond it count as it: one wild indicator must not be all there is to a day."""


def distances(values: Floats, skipped: Bools, method: Literal["kmeans", "forest"]) -> Floats:
    """Per day, from the past alone: distance to the nearest centre, or score of the forest, in robust standard deviations of the days learnt from (median and
    1.4826 times the median absolute deviation). ``values``: ``[indicators, days]``. NaN while fewer than 90 days can be learnt from, and on days that are skipped."""
    told = np.clip(departures(values, skipped).sudden.distance, -FURTHEST, FURTHEST).T
    is_whole = ~np.isnan(told).any(axis=1) & ~skipped
    found = np.full(len(told), np.nan)
    for first in range(LEAST_DAYS, len(told), REFIT_DAYS):
        start = max(0, first - LEARNT_DAYS)
        learnt = told[start:first][is_whole[start:first]]
        if len(learnt) < LEAST_DAYS:
            continue
        days = np.flatnonzero(is_whole[first : first + REFIT_DAYS]) + first
        if len(days):
            found[days] = _scored(learnt, told[days], method)
    return found


def _scored(learnt: Floats, asked: Floats, method: Literal["kmeans", "forest"]) -> Floats:
    from sklearn.cluster import KMeans
    from sklearn.ensemble import IsolationForest

    if method == "kmeans":
        centres = KMeans(CLUSTERS, n_init=4, random_state=SEED).fit(learnt)
        own, other = (centres.transform(one).min(axis=1) for one in (learnt, asked))
    else:
        forest = IsolationForest(n_estimators=TREES, random_state=SEED).fit(learnt)
        own, other = (-forest.score_samples(one) for one in (learnt, asked))
    middle = np.median(own)
    spread = 1.4826 * np.median(np.abs(own - middle))
    told: Floats = (other - middle) / max(float(spread), 1e-9)
    return told
