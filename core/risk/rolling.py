"""Figures of trailing windows for every day at once: of daily sums, of distinct members, and of what has come together. Arrays in, arrays out.

Days are numbered from 0, the first of a lead of days before the first one told. A window of ``w`` days of day ``t`` holds the days ``t - w + 1`` to ``t``.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Bools = NDArray[np.bool_]
NEVER = 1 << 30


def daily(place: Longs, day: Longs, amount: Floats | None, places: int, days: int) -> Floats:
    """Amounts (default: 1 each) added up by place and day: ``[places, days]``. Whole numbers below 2^53 are exact."""
    found: Floats = np.bincount(place * days + day, amount, places * days).astype(np.float64).reshape(places, days)
    return found


def summed(values: Floats, window: int, lead: int) -> Floats:
    """Sums of windows of days, without the lead: ``[places, days - lead]``. ``lead`` is at least ``window - 1``."""
    total = _running(values)
    found: Floats = total[:, lead + 1 :] - total[:, lead + 1 - window : total.shape[1] - window]
    return found


def standing(values: Floats, lead: int, back: int) -> Floats:
    """What has come together up to and with the day that lies ``back`` days before each day, without the lead. ``lead`` is at least ``back - 1``."""
    total = _running(values)
    found: Floats = total[:, lead + 1 - back : total.shape[1] - back]
    return found


def gaps(is_other: Bools, day: Longs) -> Longs:
    """Days until the same subject's next one; of the last one more than any window.

    ``day``: ascending and each once within a subject; ``is_other``: whether a row is of another subject than the row before it.
    """
    found = np.full(len(day), NEVER, np.int64)
    ahead = np.flatnonzero(~is_other[1:])
    found[ahead] = day[ahead + 1] - day[ahead]
    return found


def distinct(place: Longs, day: Longs, gap: Longs, window: int, places: int, days: int) -> Floats:
    """Distinct subjects of windows of days, with the lead: ``[places, days]``. Each counts from each of its days on until its next one, or for ``window`` days."""
    width = days + 1
    until = np.minimum(day + np.minimum(gap, window), days)
    steps = np.bincount(place * width + day, minlength=places * width)
    steps -= np.bincount(place * width + until, minlength=places * width)
    found: Floats = np.cumsum(steps.reshape(places, width), axis=1)[:, :days].astype(np.float64)
    return found


def _running(values: Floats) -> Floats:
    """Sums of all days before each day, and of all."""
    found = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=found[:, 1:])
    return found
