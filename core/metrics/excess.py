"""Whether more happened after something than usual: leaves of a group in the day after each send, against its own other days.
Arrays in, arrays out.

Both counts are taken for Poisson. Given their sum, the one after is binomial, so the ratio of the two rates has an exact interval
(Przyborowski and Wilenski, Homogeneity of results in testing samples from Poisson series, Biometrika 31, 1940; limits of Clopper and
Pearson, Biometrika 26, 1934).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaincinv

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Excess:
    """One entry per group. ``expected``: in the time after sends, at the usual rate. ``excess`` = observed - expected; ``low`` and
    ``high`` bound it. Not a number where there is no time of one of the two kinds, or nothing happened in either."""

    observed: Longs
    expected: Floats
    excess: Floats
    low: Floats
    high: Floats

    @property
    def is_more(self) -> NDArray[np.bool_]:
        """More than usual, and not by chance: the interval lies above 0."""
        return np.nan_to_num(self.low, nan=0.0) > 0


def excess(observed: Longs, time: Floats, usual: Longs, usual_time: Floats, level: float = LEVEL) -> Excess:
    """``observed`` in ``time`` after sends, ``usual`` in ``usual_time`` elsewhere; times in one unit.

    Where nothing happens usually, nothing is expected, and the bounds are those of the observed count alone (Garwood, Fiducial
    limits for the Poisson distribution, Biometrika 28, 1936).
    """
    tail = (1 - level) / 2
    after, count = observed.astype(np.float64), usual.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = time * count / usual_time
        low_share = np.where(after > 0, betaincinv(after, count + 1, tail), 0.0)
        high_share = np.where(count > 0, betaincinv(after + 1, count, 1 - tail), 1.0)
        odds = usual_time / time
        low = expected * (low_share / (1 - low_share) * odds - 1)
        high = expected * (high_share / (1 - high_share) * odds - 1)
        alone_low = np.where(after > 0, gammaincinv(after, tail), 0.0)
        alone_high = gammaincinv(after + 1, 1 - tail)
    known = (time > 0) & (usual_time > 0) & (after + count > 0)
    none = np.where(known, 0.0, np.nan)
    low, high = np.where(count > 0, low, alone_low), np.where(count > 0, high, alone_high)
    return Excess(observed, expected + none, after - expected + none, low + none, high + none)
