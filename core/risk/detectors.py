"""How far every day of an indicator's course is out of order, by each of the ways that a rule can ask."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.risk.departures import Departures, Measure, departures
from core.risk.patterns import distances
from core.risk.rules import OF_DAYS, OF_USUAL, WEEK, Direction, Rule

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DAILY: dict[str, tuple[float, float]] = {"sudden": (1.05, 0.24), "drift": (0.9, 0.16), "unrest": (0.45, 0.14)}
"""Distance and least share of each measure at which a rule of kind ``daily`` with the limit 1 begins to be broken; both are times its limit. Set on one half of the
series of ``python -m tests.benchmarks.risk set``."""
MOST_SHARE = 0.9
QUIET = 1.6
"""Limit of the same rule that warns seldom."""


@dataclass(frozen=True, eq=False)
class Course:
    """Days of one indicator at some places: ``values[lines, days]``, NaN = not known. ``skipped``: holidays of the house. ``is_count``: values are whole numbers
    of things. ``forecast``: what was forecast for each day before it came, as ``values``; null where nothing is. ``others``: values of further indicators
    on the same days, ``[indicators, days]``, for rules about days as a whole."""

    values: Floats
    skipped: Bools
    is_count: bool = False
    forecast: Floats | None = None
    others: Floats | None = None

    @cached_property
    def usual(self) -> Departures:
        """With holidays set aside."""
        return departures(self.values, self.skipped, 0.5 if self.is_count else 0.0)

    @cached_property
    def usual_holidays(self) -> Departures:
        """With holidays as days like others."""
        return departures(self.values, np.zeros_like(self.skipped), 0.5 if self.is_count else 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """``distance[lines, days]``: a day breaks the rule when it is above ``limit`` (NaN: nothing can be said of it). ``expected`` and ``bound``, in the unit of the
    values: what was usual, and where the rule begins to be broken; NaN where a rule has none."""

    distance: Floats
    limit: float
    expected: Floats
    bound: Floats


def judge(rule: Rule, course: Course) -> Judged:
    """The course by a rule that is valid. Holidays are NaN where the rule leaves them out. Rules of the system have no course: ``ValueError``."""
    if rule.detector in OF_DAYS:
        found = _pattern(rule, course)
    elif rule.detector in OF_USUAL:
        found = _usual(rule, course)
    elif rule.detector in JUDGES:
        found = JUDGES[rule.detector](rule, course)
    else:
        raise ValueError(f"A rule of kind {rule.detector!r} has no course.")
    left_out = course.skipped[None, :] & rule.skips_holidays
    if rule.change is not None:
        left_out = left_out | ~_has_changed(rule, course)
    # A day that has not changed enough is an ordinary one; a holiday is no day at all.
    distance = np.where(left_out & ~np.isnan(found.distance), -np.inf, found.distance)
    distance = np.where(course.skipped[None, :] & rule.skips_holidays, np.nan, distance)
    return Judged(distance, found.limit, found.expected, found.bound)


def _threshold(rule: Rule, course: Course) -> Judged:
    sign = -1.0 if rule.direction == "below" else 1.0
    nothing = np.full(course.values.shape, np.nan)
    return Judged(sign * course.values, sign * rule.limit, nothing, np.full_like(nothing, rule.limit))


def _relative(rule: Rule, course: Course) -> Judged:
    mean, _ = _before(_learnt(rule, course), rule.window_days)
    return _share(rule, course.values, mean)


def _baseline(rule: Rule, course: Course) -> Judged:
    return _share(rule, course.values, _same_weekday(_learnt(rule, course), rule.window_days // WEEK))


def _forecast(rule: Rule, course: Course) -> Judged:
    told = np.full(course.values.shape, np.nan) if course.forecast is None else course.forecast
    return _share(rule, course.values, told)


def _sigma(rule: Rule, course: Course) -> Judged:
    mean, deviation = _before(_learnt(rule, course), rule.window_days)
    with np.errstate(invalid="ignore", divide="ignore"):
        away = np.where(deviation > 0, (course.values - mean) / deviation, np.sign(course.values - mean) * np.inf)
    away = np.where(np.isnan(mean) | np.isnan(course.values), np.nan, np.where(course.values == mean, 0.0, away))
    return Judged(
        _sided(rule.direction, away), rule.limit, mean, mean + _side(rule.direction, away) * rule.limit * deviation
    )


def _usual(rule: Rule, course: Course) -> Judged:
    """The one of several measures that is farthest out."""
    usual = course.usual if rule.skips_holidays else course.usual_holidays
    each = [_measured(rule, way, usual, course.values) for way in _ways(rule)]
    far = np.stack([one.distance for one in each])
    chosen = np.argmax(np.where(np.isnan(far), -np.inf, far), axis=0)[None]
    distance, expected, bound = (
        np.take_along_axis(np.stack(told), chosen, axis=0)[0]
        for told in zip(*[(one.distance, one.expected, one.bound) for one in each], strict=True)
    )
    return Judged(distance, rule.limit, expected, bound)


@dataclass(frozen=True, slots=True)
class Way:
    """One measure of ``core.risk.departures`` as a rule looks at it: distances in units of ``unit``, effects below ``least_share`` are none."""

    measure: str
    direction: Direction
    unit: float
    least_share: float


def _ways(rule: Rule) -> tuple[Way, ...]:
    if rule.detector != "daily":
        return (Way(rule.detector, rule.direction, 1.0, rule.least_share),)
    return tuple(
        Way(measure, rule.direction if measure == "drift" else "both", unit, min(share * rule.limit, MOST_SHARE))
        for measure, (unit, share) in DAILY.items()
    )


def _measured(rule: Rule, way: Way, usual: Departures, values: Floats) -> Judged:
    """Effects too small to matter are no distance at all."""
    if way.measure == "unrest":
        told, nothing = usual.unrest, np.full(values.shape, np.nan)
        distance = np.where(told.effect < way.least_share, np.minimum(told.distance, 0.0), told.distance) / way.unit
        return Judged(distance, rule.limit, nothing, nothing)
    measures = usual.drifts if way.measure == "drift" else (usual.sudden,)
    each = np.stack([_distance(way, one) for one in measures])
    chosen = np.argmax(np.where(np.isnan(each), -np.inf, each), axis=0)[None]
    distance = np.take_along_axis(each, chosen, axis=0)[0]
    effect = np.take_along_axis(np.stack([one.effect for one in measures]), chosen, axis=0)[0]
    expected = usual.expected if way.measure == "sudden" else values / np.exp(effect)
    return Judged(distance, rule.limit, expected, expected * np.exp(_needed(rule, way, effect, distance)))


def _distance(way: Way, told: Measure) -> Floats:
    up, down = np.log1p(way.least_share), np.log1p(-way.least_share)
    is_small = (told.effect > down) & (told.effect < up)
    distance = _sided(way.direction, told.distance) / way.unit
    return np.where(is_small & ~np.isnan(distance), np.minimum(distance, 0.0), distance)


def _needed(rule: Rule, way: Way, effect: Floats, distance: Floats) -> Floats:
    """Effect at which the rule begins to be broken, to the side of the one there was."""
    with np.errstate(divide="ignore", invalid="ignore"):
        by_distance = np.where(np.abs(distance) > 0, np.abs(effect) * rule.limit / np.abs(distance), 0.0)
    least = np.where(effect < 0, -np.log1p(-way.least_share), np.log1p(way.least_share))
    return np.sign(effect) * np.maximum(np.where(np.isfinite(by_distance), by_distance, 0.0), least)


def _pattern(rule: Rule, course: Course) -> Judged:
    """Of all indicators together; one line."""
    nothing = np.full(course.values.shape, np.nan)
    if course.others is None:
        return Judged(nothing, rule.limit, nothing, nothing)
    found = distances(
        np.vstack([course.values, course.others]), course.skipped & rule.skips_holidays, "kmeans" if rule.detector == "kmeans" else "forest"
    )  # fmt: skip
    return Judged(np.broadcast_to(found, course.values.shape).copy(), rule.limit, nothing, nothing)


Judge = Callable[[Rule, Course], Judged]
JUDGES: dict[str, Judge] = {
    "threshold": _threshold,
    "relative": _relative,
    "baseline": _baseline,
    "forecast": _forecast,
    "sigma": _sigma,
}

# -- parts -------------------------------------------------------------------------------------------------------------


def _share(rule: Rule, values: Floats, expected: Floats) -> Judged:
    """Change as a share of what was expected; of nothing expected no share is known, and something is infinitely more."""
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.where(expected != 0, (values - expected) / np.abs(expected), np.sign(values) * np.inf)
    away = np.where(np.isnan(expected) | np.isnan(values), np.nan, np.where(values == expected, 0.0, away))
    return Judged(
        _sided(rule.direction, away),
        rule.limit,
        expected,
        expected + _side(rule.direction, away) * rule.limit * np.abs(expected),
    )


def _sided(direction: Direction, away: Floats) -> Floats:
    """Distance to the side that is looked at."""
    if direction == "both":
        return np.abs(away)
    return away if direction == "above" else -away


def _side(direction: Direction, away: Floats) -> Floats:
    if direction == "both":
        return np.where(away < 0, -1.0, 1.0)
    return np.full(away.shape, 1.0 if direction == "above" else -1.0)


def _learnt(rule: Rule, course: Course) -> Floats:
    """Values that tell what is usual."""
    return np.where(course.skipped[None, :] & rule.skips_holidays, np.nan, course.values)


def _before(values: Floats, days: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation (of a sample) of the days before each; NaN with fewer than half of them, or two, known."""
    known = ~np.isnan(values)
    # Around a level of the line, so that squares of large numbers do not swallow what differs.
    level = np.where(known.any(axis=1), np.nansum(values, axis=1) / np.maximum(known.sum(axis=1), 1), 0.0)[:, None]
    plain = np.where(known, values - level, 0.0)
    count, total, squares = (_summed(one, days) for one in (known.astype(float), plain, plain * plain))
    is_enough = count >= max(days / 2, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(is_enough, total / count, np.nan)
        variance = np.where(count >= 2, (squares - total * total / count) / (count - 1), np.nan)
    # What is left of equal values after so many sums is rounding.
    variance = np.where(variance < 1e-12 * np.maximum(np.abs(level), 1e-300) ** 2, 0.0, variance)
    return mean + level, np.where(is_enough, np.sqrt(np.maximum(variance, 0.0)), np.nan)


def _summed(values: Floats, days: int) -> Floats:
    """Sums of the days before each day."""
    total = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    day = np.arange(values.shape[1])
    return total[:, day] - total[:, np.maximum(day - days, 0)]


def _same_weekday(values: Floats, weeks: int) -> Floats:
    """Mean of the same weekday of the weeks before; NaN with fewer than half of them known."""
    shifted = np.full((weeks, *values.shape), np.nan)
    for week in range(1, weeks + 1):
        if week * WEEK < values.shape[1]:
            shifted[week - 1, :, week * WEEK :] = values[:, : -week * WEEK]
    known = (~np.isnan(shifted)).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.where(known >= weeks / 2, np.nansum(shifted, axis=0) / np.maximum(known, 1), np.nan)


def _has_changed(rule: Rule, course: Course) -> Bools:
    """Whether a day differs from the mean of those before by more than the rule asks. Where nothing is known before, it does not."""
    assert rule.change is not None
    mean, _ = _before(_learnt(rule, course), rule.window_days)
    away = _sided(rule.direction, course.values - mean)
    found: Bools = np.where(np.isnan(away), False, away > rule.change)
    return found
