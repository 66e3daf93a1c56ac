"""What is out of order in lines of an indicator: how far each day is out, by the rule's detector, and the spans of days that are one warning each."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.risk.episodes import Bools, Episode, Floats
from core.risk.rules import InvalidRule, Rule

HALF = 0.5
"""So much of the days looked back on must be known. Rule of thumb."""
WEEK = 7


@dataclass(frozen=True, slots=True, eq=False)
class Distances:
    """``[lines, days]``. ``distance``: how far out, in the unit of the rule's limit and its direction; NaN: not judged. ``expected`` and ``limit``: in the indicator's unit."""

    distance: Floats
    expected: Floats
    limit: Floats


def episodes(rule: Rule, values: Floats, masked: Bools, forecast: Floats | None = None) -> list[Episode]:
    """What the rule finds in ``values`` (``[lines, days]``), by line, oldest first. ``masked``: days that are neither judged nor learnt where the rule skips
    holidays. ``forecast``: what was forecast for the days, NaN where nothing was. Raises ``InvalidRule`` for a detector that judges no lines."""
    seen = np.where(masked & rule.skips_holidays, np.nan, values)
    out = distances(rule, seen, forecast)
    return [
        Episode(line, *span, *(float(one[line, span[-1]]) for one in (values, out.expected, out.limit)))
        for line in range(len(values))
        for span in _spans(rule, out.distance[line], _breaks(rule, seen[line], out.distance[line]))
    ]


def distances(rule: Rule, values: Floats, forecast: Floats | None = None) -> Distances:
    """Raises ``InvalidRule`` for a detector that judges no lines."""
    if rule.detector == "threshold":
        sign = -1.0 if rule.direction == "below" else 1.0
        nothing = np.full(values.shape, np.nan)
        return Distances(sign * values, nothing, np.full(values.shape, rule.limit))
    if rule.detector == "sigma":
        mean, spread = _before(values, rule.window_days)
        far, step = _over(values - mean, spread), spread
    elif rule.detector in ("relative", "baseline", "forecast"):
        mean = _expected(rule, values, forecast)
        far, step = _over(values - mean, np.abs(mean)), np.abs(mean)
    else:
        raise InvalidRule(f"The detector {rule.detector} judges no single lines.", field="detector")
    below = rule.direction == "below"
    if rule.direction == "both":
        limit = mean + np.where(far < 0, -1.0, 1.0) * rule.limit * step
        return Distances(np.abs(far), mean, limit)
    return Distances(-far if below else far, mean, mean + (-1 if below else 1) * rule.limit * step)


def _expected(rule: Rule, values: Floats, forecast: Floats | None) -> Floats:
    if rule.detector == "forecast":
        return np.full(values.shape, np.nan) if forecast is None else forecast
    if rule.detector == "relative":
        return _before(values, rule.window_days)[0]
    weeks = rule.window_days // WEEK
    past = np.full((weeks, *values.shape), np.nan)
    for week in range(1, weeks + 1):
        past[week - 1, :, week * WEEK :] = values[:, : -week * WEEK or None][:, : max(values.shape[1] - week * WEEK, 0)]
    known = np.isfinite(past).sum(axis=0)
    total = np.nansum(past, axis=0)
    return np.where(known >= max(1, HALF * weeks), total / np.maximum(known, 1), np.nan)


def _before(values: Floats, days: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the days before each."""
    known = np.isfinite(values)
    centre = np.where(known.any(axis=1), np.nansum(values, axis=1) / np.maximum(known.sum(axis=1), 1), 0.0)[:, None]
    plain = np.where(known, values - centre, 0.0)
    count, first, second = (_summed(one, days) for one in (known.astype(float), plain, plain**2))
    enough = count >= max(2.0, HALF * days)
    mean = first / np.maximum(count, 1)
    variance = np.maximum(second - count * mean**2, 0.0) / np.maximum(count - 1, 1)
    return np.where(enough, mean + centre, np.nan), np.where(enough, np.sqrt(variance), np.nan)


def _summed(values: Floats, days: int) -> Floats:
    """Over the ``days`` before each day."""
    total = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    ends = np.arange(values.shape[1])
    found: Floats = total[:, ends] - total[:, np.maximum(ends - days, 0)]
    return found


def _over(top: Floats, bottom: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(bottom > 0, top / bottom, np.nan)


def _breaks(rule: Rule, values: Floats, distance: Floats) -> Bools:
    limit = -rule.limit if rule.detector == "threshold" and rule.direction == "below" else rule.limit
    with np.errstate(invalid="ignore"):
        found: Bools = distance >= limit if rule.is_inclusive else distance > limit
        if rule.change is None:
            return found
        moved = values - _before(values[None, :], rule.window_days)[0][0]
        far = {"above": moved, "below": -moved, "both": np.abs(moved)}[rule.direction]
        both: Bools = found & (far > rule.change)
    return both


def _spans(rule: Rule, distance: Floats, breaks: Bools) -> Iterator[tuple[int, int, int, bool, int]]:
    """``first``, ``told``, ``last``, ``is_open``, ``peak`` of each. Days that are not judged neither break a run nor end it."""
    is_below = rule.detector == "threshold" and rule.direction == "below"
    over = rule.limit if rule.clear is None else rule.clear
    over = -over if is_below else over
    run: list[int] = []
    current: list[int] | None = None
    is_open = False
    for day in np.flatnonzero(np.isfinite(distance)).tolist():
        if current is not None and not is_open and day - current[2] > rule.quiet_days:
            yield current[0], current[1], current[2], False, current[3]
            current = None
        if breaks[day]:
            run.append(day)
            if current is None and len(run) >= rule.least_days:
                current = [run[0], day, day, max(run, key=lambda one: float(distance[one]))]
                is_open = True
            elif current is not None:
                current[2], is_open = day, True
                current[3] = max(current[3], day, key=lambda one: float(distance[one]))
        else:
            run = []
            if distance[day] <= over:
                is_open = False
    if current is not None:
        yield current[0], current[1], current[2], is_open, current[3]
