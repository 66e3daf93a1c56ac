"""How far days are from what is usual for a line, learnt from its own past alone: of single days, of their drift over some days, and of their unrest.

All is measured in logarithms, so that an effect is a share of what was expected. Every day is judged by the days before it. A measure has two numbers: the effect,
and its distance: the effect over what this line's own effects of the last year reach on one day in twenty (the 95th percentile to that side, over 1.645, so that one unit is
a standard deviation where they are normal). A line that is restless by nature so needs more than a calm one; how large an effect must be to matter at all is for a rule to say.

``sudden``: the day against the mean of three one-step expectations: an exponential mean (weight 0.5) of days freed of their weekday, and two ridge regressions on own
days (1, 2, 7 and 14 days before, over 365 days; 1 and 7 days before, over 120) with weekdays. ``drifts``: the mean of the last 2, 5 and 10 days against the
median of the 28 days before them, all freed of their weekday, less half of what the same days did a year before. ``unrest``: the mean absolute sudden effect of 7 days, without
the largest. Weights, windows and shares: ours, chosen on the series of ``tests/benchmarks/risk.py``.
"""

import math
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WEEK = 7
WINDOWS = (2, 5, 10)
"""Days over which a drift is measured."""
REST_DAYS = 7
LEAST_DAYS = 60
"""Days of own effects from which what is usual is known."""
USUAL_DAYS = 365
QUANTILE, NORMAL = 0.95, 1.645
BASE_DAYS, PROFILE_WEEKS = 28, 8
YEAR_DAYS, YEAR_SHARE, YEAR_REACH = 364, 0.5, 3
FLOOR_SHARE = 0.05
"""Values below this share of a line's median are taken as it: of nothing there is no logarithm."""
LEAST_SCALE = 0.02
ALPHA = 0.5
LONG, SHORT = ((1, 2, 7, 14), 365), ((1, 7), 120)
RIDGE, REFIT_DAYS = 1.0, 7
FIRST_FIT = 60


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """``[lines, days]`` each; NaN where nothing can be said. ``effect``: logarithm of how many times as much as expected (of ``unrest``: mean absolute
    effect). ``distance``: signed as the effect."""

    effect: Floats
    distance: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Departures:
    """``drifts`` by ``WINDOWS``. ``floored``: the values as they were taken. ``expected``: of each day, in their unit, by ``sudden``."""

    sudden: Measure
    drifts: tuple[Measure, ...]
    unrest: Measure
    floored: Floats
    expected: Floats


def departures(values: Floats, skipped: Bools, least: float = 0.0) -> Departures:
    """Of lines of consecutive days (``[lines, days]``, NaN = not known). ``skipped``: days that are neither judged nor learnt. ``least``: what
    less than that is taken as (0.5 for counts)."""
    logs = _logs(values, least)
    freed, profile = _freed(logs, skipped)
    residuals = np.stack(
        [_smoothed(freed, skipped), *(_regressed(logs, skipped, np.array(lags), span) for lags, span in (LONG, SHORT))]
    )
    known = ~np.isnan(residuals)
    effect = np.where(known.any(axis=0), np.nansum(residuals, axis=0) / np.maximum(known.sum(axis=0), 1), np.nan)
    restless = _restless(effect, skipped, REST_DAYS)
    drifts = tuple(
        _measure(_since_last_year(_drifted(logs, profile, skipped, days), skipped), skipped, days) for days in WINDOWS
    )
    unrest = _measure(restless, skipped, REST_DAYS)
    return Departures(
        _measure(effect, skipped, 1),
        drifts,
        Measure(np.exp(restless), unrest.distance),
        np.exp(logs),
        np.exp(logs - effect),
    )


def _logs(values: Floats, least: float) -> Floats:
    """With floors from the values of the first 180 days on: what is learnt later does not change what was said before."""
    found = np.full(values.shape, np.nan)
    for line, told in enumerate(values):
        known = told[~np.isnan(told) & (told > 0)][:180]
        floor = max(FLOOR_SHARE * float(np.median(known)) if len(known) else 0.0, least, 1e-12)
        found[line] = np.log(np.maximum(told, floor))
    return found


def _measure(effect: Floats, skipped: Bools, gap: int) -> Measure:
    return Measure(effect, _distances(effect, skipped, gap))


def _since_last_year(effect: Floats, skipped: Bools) -> Floats:
    """Less half of the mean effect around the same weekday of last year, where it is known."""
    days = effect.shape[1]
    if days <= YEAR_DAYS:
        return effect
    known = np.where(skipped | np.isnan(effect), 0.0, effect)
    count = (~skipped & ~np.isnan(effect)).astype(float)
    sums, counts = (np.cumsum(np.pad(one, ((0, 0), (1, 0))), axis=1) for one in (known, count))
    day = np.arange(YEAR_DAYS, days) - YEAR_DAYS
    low, high = np.maximum(day - YEAR_REACH, 0), np.minimum(day + YEAR_REACH + 1, days)
    found = counts[:, high] - counts[:, low]
    before = np.where(found > 0, (sums[:, high] - sums[:, low]) / np.maximum(found, 1), 0.0)
    told = effect.copy()
    told[:, YEAR_DAYS:] -= YEAR_SHARE * before
    return told


# -- kernels -----------------------------------------------------------------------------------------------------------


@numba.njit(cache=True, nogil=True)
def _median(values: Floats, count: int) -> float:
    ordered = np.sort(values[:count])
    middle = count // 2
    return float(ordered[middle]) if count % 2 else 0.5 * (ordered[middle - 1] + ordered[middle])


@numba.njit(cache=True, nogil=True)
def _freed(logs: Floats, skipped: Bools) -> tuple[Floats, Floats]:
    """Days less what their weekday has over its week (median of eight weeks before, adding up to 0), and that of each weekday as of each day."""
    lines, days = logs.shape
    freed = np.full((lines, days), np.nan)
    profile = np.zeros((lines, days, WEEK))
    for line in range(lines):
        over = np.full(days, np.nan)
        some = np.empty(PROFILE_WEEKS)
        for day in range(days):
            total = 0.0
            for weekday in range(WEEK):
                count, weeks, before = 0, 0, day - 1 - ((day - 1 - weekday) % WEEK)
                while before >= 0 and weeks < PROFILE_WEEKS:
                    if not np.isnan(over[before]):
                        some[count] = over[before]
                        count += 1
                    weeks += 1
                    before -= WEEK
                profile[line, day, weekday] = _median(some, count) if count else 0.0
                total += profile[line, day, weekday]
            for weekday in range(WEEK):
                profile[line, day, weekday] -= total / WEEK
            if np.isnan(logs[line, day]):
                continue
            freed[line, day] = logs[line, day] - profile[line, day, day % WEEK]
            if skipped[day]:
                continue
            count, total = 0, 0.0
            for before in range(max(0, day - WEEK + 1), day + 1):
                if not np.isnan(logs[line, before]) and not skipped[before]:
                    total += logs[line, before]
                    count += 1
            if count >= 4:
                over[day] = logs[line, day] - total / count
    return freed, profile


@numba.njit(cache=True, nogil=True)
def _smoothed(freed: Floats, skipped: Bools) -> Floats:
    """Days less the exponential mean of those before them."""
    lines, days = freed.shape
    found = np.full((lines, days), np.nan)
    for line in range(lines):
        mean = np.nan
        for day in range(days):
            if np.isnan(freed[line, day]):
                continue
            if not np.isnan(mean):
                found[line, day] = freed[line, day] - mean
            if skipped[day]:
                continue
            mean = freed[line, day] if np.isnan(mean) else mean + ALPHA * (freed[line, day] - mean)
    return found


@numba.njit(cache=True, nogil=True)
def _regressed(logs: Floats, skipped: Bools, lags: NDArray[np.int64], span: int) -> Floats:
    """Days less a ridge regression on own days before and the weekday, fitted anew every week. Of a day that is not known the mean stands in."""
    lines, days = logs.shape
    lagged, size = len(lags), len(lags) + WEEK
    furthest = int(lags[-1])
    found = np.full((lines, days), np.nan)
    for line in range(lines):
        weights = np.zeros(size)
        row = np.empty(size)
        mean, is_fitted = 0.0, False
        for day in range(FIRST_FIT, days):
            if (day - FIRST_FIT) % REFIT_DAYS == 0:
                first, count, total = max(furthest, day - span), 0, 0.0
                for before in range(first, day):
                    if not np.isnan(logs[line, before]):
                        total += logs[line, before]
                        count += 1
                mean = total / count if count else 0.0
                squares, products, used = np.zeros((size, size)), np.zeros(size), 0
                for before in range(first, day):
                    if skipped[before] or np.isnan(logs[line, before]):
                        continue
                    for place in range(lagged):
                        own = logs[line, before - lags[place]]
                        row[place] = mean if np.isnan(own) else own
                    row[lagged:] = 0.0
                    row[lagged + before % WEEK] = 1.0
                    used += 1
                    for one in range(size):
                        products[one] += row[one] * logs[line, before]
                        for other in range(size):
                            squares[one, other] += row[one] * row[other]
                if used >= 40:
                    for one in range(size):
                        squares[one, one] += RIDGE
                    weights[:] = np.linalg.solve(squares, products)
                    is_fitted = True
            if not is_fitted or np.isnan(logs[line, day]):
                continue
            expected = weights[lagged + day % WEEK]
            for place in range(lagged):
                own = logs[line, day - lags[place]]
                expected += weights[place] * (mean if np.isnan(own) else own)
            found[line, day] = logs[line, day] - expected
    return found


@numba.njit(cache=True, nogil=True)
def _drifted(logs: Floats, profile: Floats, skipped: Bools, window: int) -> Floats:
    """Mean of the last days of a window less the median of the 28 days before it, weekdays taken off as they were known before it."""
    lines, days = logs.shape
    found = np.full((lines, days), np.nan)
    for line in range(lines):
        some = np.empty(BASE_DAYS)
        for day in range(window + 14, days):
            first, count = day - window + 1, 0
            for before in range(max(0, first - BASE_DAYS), first):
                if not skipped[before] and not np.isnan(logs[line, before]):
                    some[count] = logs[line, before] - profile[line, first, before % WEEK]
                    count += 1
            if count < 6:
                continue
            level, known, total = _median(some, count), 0, 0.0
            for one in range(first, day + 1):
                if not skipped[one] and not np.isnan(logs[line, one]):
                    total += logs[line, one] - profile[line, first, one % WEEK] - level
                    known += 1
            if known >= max(1, (window + 1) // 2):
                found[line, day] = total / known
    return found


@numba.njit(cache=True, nogil=True)
def _restless(effect: Floats, skipped: Bools, window: int) -> Floats:
    """Logarithm of the mean absolute effect of the days of a window without the largest."""
    lines, days = effect.shape
    found = np.full((lines, days), np.nan)
    for line in range(lines):
        for day in range(window, days):
            count, total, largest = 0, 0.0, 0.0
            for one in range(day - window + 1, day + 1):
                if not np.isnan(effect[line, one]) and not skipped[one]:
                    size = abs(effect[line, one])
                    total += size
                    count += 1
                    largest = max(largest, size)
            if count >= 0.6 * window:
                found[line, day] = math.log((total - largest) / (count - 1) + 1e-3)
    return found


@numba.njit(cache=True, nogil=True)
def _distances(effect: Floats, skipped: Bools, gap: int) -> Floats:
    """Effects over what is usual to that side of their median in the year that ends ``gap`` days before: one sorted window moves along each line."""
    lines, days = effect.shape
    found = np.full((lines, days), np.nan)
    for line in range(lines):
        usual = np.empty(USUAL_DAYS + 2)
        count = 0
        for day in range(days):
            added, gone = day - gap, day - gap - USUAL_DAYS
            if added >= 0 and not np.isnan(effect[line, added]) and not skipped[added]:
                place = np.searchsorted(usual[:count], effect[line, added])
                for one in range(count, place, -1):
                    usual[one] = usual[one - 1]
                usual[place] = effect[line, added]
                count += 1
            if gone >= 0 and not np.isnan(effect[line, gone]) and not skipped[gone]:
                place = np.searchsorted(usual[:count], effect[line, gone])
                for one in range(place, count - 1):
                    usual[one] = usual[one + 1]
                count -= 1
            if skipped[day] or np.isnan(effect[line, day]) or count < LEAST_DAYS:
                continue
            middle = usual[count // 2]
            away = effect[line, day] - middle
            if away > 0:
                reach = usual[math.ceil(QUANTILE * (count - 1))] - middle
            else:
                reach = middle - usual[math.floor((1 - QUANTILE) * (count - 1))]
            found[line, day] = away / max(reach / NORMAL, LEAST_SCALE)
    return found
