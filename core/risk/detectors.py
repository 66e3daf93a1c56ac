"""How far every day of an indicator's course is out of order, by each of the ways that a rule can ask."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.risk.departures import REST_DAYS, WINDOWS, Departures, Measure, departures
from core.risk.patterns import distances
from core.risk.rules import OF_DAYS, OF_USUAL, WEEK, Detector, Direction, Rule

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

Limits = dict[str, tuple[float, float]]
MODES: dict[Detector, Limits] = {
    "daily": {"sudden": (2.4, 0.1), "drift": (0.9, 0.2), "unrest": (0.9, 0.18)},
    "quiet": {"sudden": (3.6, 0.1), "drift": (2.25, 0.24), "unrest": (2.4, 0.14)},
}
"""Distance and least share of each measure at which a rule of these kinds with the limit 1 begins to be broken; both are times its limit. Set on one half of the
series of ``python -m tests.benchmarks.risk set``."""
MOST_SHARE = 0.9
CHANCE = 3.0
NOTHING = 0.5
"""A count of nothing, in logarithms."""
FURTHEST = 10.0
REACH = 3
"""Times the weeks that a rule asks for: so far back is looked for those that are no holidays."""
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
        return departures(self.values, self.skipped, NOTHING if self.is_count else 0.0)

    @cached_property
    def with_holidays(self) -> "Course":
        """The same with holidays as days like others."""
        return replace(self, skipped=np.zeros_like(self.skipped))


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """``distance[lines, days]``: a day breaks the rule when it is above ``limit`` (NaN: nothing can be said of it). ``expected`` and ``bound``, in the unit of the
    values: what was usual, and where the rule begins to be broken; NaN where a rule has none. ``pointing``: by which the farthest day is chosen; null = by
    ``distance``."""

    distance: Floats
    limit: float
    expected: Floats
    bound: Floats
    pointing: Floats | None = None


def judge(rule: Rule, course: Course) -> Judged:
    """The course by a rule that is valid. Holidays are NaN where the rule leaves them out. Rules of the system have no course: ``ValueError``."""
    course = course if rule.skips_holidays else course.with_holidays
    if rule.detector in OF_DAYS:
        found = _pattern(rule, course)
    elif rule.detector in OF_USUAL:
        found = _usual(rule, course)
    elif rule.detector in JUDGES:
        found = JUDGES[rule.detector](rule, course)
    else:
        raise ValueError(f"A rule of kind {rule.detector!r} has no course.")
    left_out = np.broadcast_to(course.skipped, course.values.shape)
    if rule.change is not None:
        left_out = left_out | ~_has_changed(rule, course)
    # A day that has not changed enough is an ordinary one; a holiday is no day at all.
    distance = np.where(left_out & ~np.isnan(found.distance), -np.inf, found.distance)
    distance = np.where(course.skipped[None, :], np.nan, distance)
    return Judged(distance, found.limit, found.expected, found.bound, found.pointing)


def _threshold(rule: Rule, course: Course) -> Judged:
    sign = -1.0 if rule.direction == "below" else 1.0
    nothing = np.full(course.values.shape, np.nan)
    return Judged(sign * course.values, sign * rule.limit, nothing, np.full_like(nothing, rule.limit))


def _relative(rule: Rule, course: Course) -> Judged:
    mean, _ = _before(course, rule.window_days)
    return _share(rule, course.values, mean)


def _baseline(rule: Rule, course: Course) -> Judged:
    return _share(rule, course.values, _same_weekday(course, rule.window_days // WEEK))


def _forecast(rule: Rule, course: Course) -> Judged:
    told = np.full(course.values.shape, np.nan) if course.forecast is None else course.forecast
    return _share(rule, course.values, told)


def _sigma(rule: Rule, course: Course) -> Judged:
    mean, deviation = _before(course, rule.window_days)
    with np.errstate(invalid="ignore", divide="ignore"):
        away = np.where(deviation > 0, (course.values - mean) / deviation, np.sign(course.values - mean) * np.inf)
    away = np.where(np.isnan(mean) | np.isnan(course.values), np.nan, np.where(course.values == mean, 0.0, away))
    return Judged(
        _sided(rule.direction, away), rule.limit, mean, mean + _side(rule.direction, away) * rule.limit * deviation
    )


def _usual(rule: Rule, course: Course) -> Judged:
    """The one of several measures that is farthest out."""
    each = [_measured(rule, way, course) for way in _ways(rule)]
    far = np.stack([one.distance for one in each])
    chosen = np.argmax(np.where(np.isnan(far), -np.inf, far), axis=0)[None]
    distance, expected, bound = (
        np.take_along_axis(np.stack(told), chosen, axis=0)[0]
        for told in zip(*[(one.distance, one.expected, one.bound) for one in each], strict=True)
    )
    # A drift and a week's unrest point at no day: the farthest one is that of the greatest leap.
    leap = each[0].distance if len(each) > 1 else distance
    return Judged(distance, rule.limit, expected, bound, np.where(np.isnan(leap), -np.inf, leap))


@dataclass(frozen=True, slots=True)
class Way:
    """One measure of ``core.risk.departures`` as a rule looks at it: distances in units of ``unit``, effects below ``least_share`` are none."""

    measure: str
    direction: Direction
    unit: float
    least_share: float


def _ways(rule: Rule) -> tuple[Way, ...]:
    if rule.detector not in MODES:
        return (Way(rule.detector, rule.direction, 1.0, rule.least_share),)
    return tuple(
        Way(measure, _side_of(rule, measure), unit, min(share * rule.limit, MOST_SHARE))
        for measure, (unit, share) in MODES[rule.detector].items()
    )


def _side_of(rule: Rule, measure: str) -> Direction:
    """A leap up of what should not fall is worth a look as well; that there is less of what is bad is none."""
    return rule.direction if measure == "drift" or rule.direction == "above" else "both"


def _measured(rule: Rule, way: Way, course: Course) -> Judged:
    """Effects too small to matter are no distance at all, nor are those that chance alone makes of few things."""
    values, usual = course.values, course.usual
    if way.measure == "unrest":
        told, nothing = usual.unrest, np.full(values.shape, np.nan)
        least = np.maximum(way.least_share, _chance(usual, course))
        distance = np.where(told.effect < least, np.minimum(told.distance, 0.0), told.distance) / way.unit
        return Judged(distance, rule.limit, usual.expected, nothing)
    measures = dict(zip(WINDOWS, usual.drifts, strict=True)) if way.measure == "drift" else {1: usual.sudden}
    each = np.stack([_distance(way, one, _is_chance(course, one, days)) for days, one in measures.items()])
    chosen = np.argmax(np.where(np.isnan(each), -np.inf, each), axis=0)[None]
    distance = np.take_along_axis(each, chosen, axis=0)[0]
    effect = np.take_along_axis(np.stack([one.effect for one in measures.values()]), chosen, axis=0)[0]
    expected = usual.expected if way.measure == "sudden" else usual.floored / np.exp(effect)
    return Judged(distance, rule.limit, expected, expected * np.exp(_needed(rule, way, effect, distance)))


def _distance(way: Way, told: Measure, is_chance: Bools) -> Floats:
    up, down = np.log1p(way.least_share), np.log1p(-way.least_share)
    is_small = ((told.effect > down) & (told.effect < up)) | is_chance
    distance = _sided(way.direction, told.distance) / way.unit
    return np.where(is_small & ~np.isnan(distance), np.minimum(distance, 0.0), distance)


def _is_chance(course: Course, told: Measure, days: int) -> Bools:
    """Whether what was counted in some days is within three standard deviations of a Poisson count of what was expected (at least one)."""
    if not course.is_count:
        return np.zeros(course.values.shape, np.bool_)
    known = np.nan_to_num(np.where(course.skipped[None, :], 0.0, course.values))
    found, told_as = (_summed(one, days - 1) + one for one in (known, np.maximum(known, NOTHING)))
    expected = told_as / np.exp(told.effect)
    with np.errstate(invalid="ignore"):
        is_chance: Bools = np.abs(found - expected) < CHANCE * np.sqrt(np.maximum(expected, 1.0))
    return is_chance


def _chance(usual: Departures, course: Course) -> Floats:
    """Mean absolute effect of a week that Poisson counts of what is expected exceed seldom: their mean deviation (0.8 of the standard one) and three standard errors of it."""
    if not course.is_count:
        return np.zeros(course.values.shape)
    return np.asarray((0.8 + CHANCE * 0.6 / math.sqrt(REST_DAYS)) / np.sqrt(np.maximum(usual.expected, 1.0)))


def _needed(rule: Rule, way: Way, effect: Floats, distance: Floats) -> Floats:
    """Effect at which the rule begins to be broken, to the side of the one there was."""
    with np.errstate(divide="ignore", invalid="ignore"):
        by_distance = np.where(np.abs(distance) > 0, np.abs(effect) * rule.limit / np.abs(distance), 0.0)
    least = np.where(effect < 0, -np.log1p(-way.least_share), np.log1p(way.least_share))
    return np.sign(effect) * np.maximum(np.clip(np.nan_to_num(by_distance), 0.0, FURTHEST), least)


def _pattern(rule: Rule, course: Course) -> Judged:
    """Of all indicators together; one line."""
    nothing = np.full(course.values.shape, np.nan)
    if course.others is None:
        return Judged(nothing, rule.limit, nothing, nothing)
    found = distances(
        np.vstack([course.values, course.others]), course.skipped, "kmeans" if rule.detector == "kmeans" else "forest"
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


def _before(course: Course, days: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation (of a sample) of so many days before each, those that are skipped not counted; NaN with fewer than half of them, or two, known."""
    kept = ~course.skipped
    # One day more than there is, for days that are skipped at the end.
    values = np.pad(course.values[:, kept], ((0, 0), (0, 1)), constant_values=np.nan)
    mean, deviation = _of_days_before(values, days)
    place: NDArray[np.int64] = np.cumsum(kept) - kept
    return mean[:, place], deviation[:, place]


def _of_days_before(values: Floats, days: int) -> tuple[Floats, Floats]:
    known = ~np.isnan(values)
    # Around a level of the line, so that squares of large numbers do not swallow what differs.
    level = np.where(known.any(axis=1), np.nansum(values, axis=1) / np.maximum(known.sum(axis=1), 1), 0.0)[:, None]
    plain = np.where(known, values - level, 0.0)
    count, total, squares = (_summed(one, days) for one in (known.astype(float), plain, plain * plain))
    is_enough = count >= max(days / 2, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(is_enough, total / count, np.nan)
        variance = np.where(count >= 2, (squares - total * total / count) / (count - 1), np.nan)
    variance = np.where(variance < 1e-12 * np.maximum(np.abs(level), 1e-300) ** 2, 0.0, variance)
    found = mean + level
    # What is left of equal values after so many sums is rounding.
    found = np.where(np.abs(found) < 1e-12 * np.maximum(np.abs(level), np.abs(plain).max(initial=0.0)), 0.0, found)
    return found, np.where(is_enough, np.sqrt(np.maximum(variance, 0.0)), np.nan)


def _summed(values: Floats, days: int) -> Floats:
    """Sums of the days before each day."""
    total = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    day = np.arange(values.shape[1])
    return total[:, day] - total[:, np.maximum(day - days, 0)]


def _same_weekday(course: Course, weeks: int) -> Floats:
    """Mean of the same weekday of so many weeks before, those whose day is skipped not counted, at most ``REACH`` times as many weeks back; NaN with fewer than half of them known."""
    lines, days = course.values.shape
    total, known, taken = np.zeros((lines, days)), np.zeros((lines, days)), np.zeros(days)
    for back in range(WEEK, min(REACH * weeks * WEEK, days - 1) + 1, WEEK):
        is_taken = ~course.skipped[:-back] & (taken[back:] < weeks)
        taken[back:] += is_taken
        values = np.where(is_taken[None, :], course.values[:, :-back], np.nan)
        total[:, back:] += np.nan_to_num(values)
        known[:, back:] += ~np.isnan(values)
    return np.where(known >= weeks / 2, total / np.maximum(known, 1), np.nan)


def _has_changed(rule: Rule, course: Course) -> Bools:
    """Whether a day differs from the mean of those before by more than the rule asks. Where nothing is known before, it does not."""
    assert rule.change is not None
    mean, _ = _before(course, rule.window_days)
    away = _sided(rule.direction, course.values - mean)
    found: Bools = np.where(np.isnan(away), False, away > rule.change)
    return found
