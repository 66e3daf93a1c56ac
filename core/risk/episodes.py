"""What a rule finds in the course of an indicator: spans of days that are one warning each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.risk.detectors import Course, Judged, judge
from core.risk.rules import Rule

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
NEVER = -(10**6)


@dataclass(frozen=True, slots=True)
class Episode:
    """One warning of one line, in days from the first one on. ``first``: the first day that broke the rule; ``told``: the one on which it had broken it for long
    enough; ``last``: the last one that broke it. ``is_open``: nothing since has been back to normal for longer than the rule's quiet days. ``peak``: the day farthest
    out; ``value``, ``expected`` and ``limit`` are of it, in the indicator's unit (``expected`` and ``limit`` NaN where the detector has none)."""

    line: int
    first: int
    told: int
    last: int
    is_open: bool
    peak: int
    value: float
    expected: float
    limit: float


def episodes(rule: Rule, course: Course) -> list[Episode]:
    """Of every line, oldest first. The same history says the same whenever it is asked, and more days change nothing that was told before them.

    A warning begins when as many days in a row break the rule as it asks for; a day of which nothing is known neither breaks a row nor adds to it. It is over when a day
    is back within ``clear``; what breaks the rule again within ``quiet_days`` days after the last one that did belongs to it still."""
    judged = judge(rule, course)
    spans = _spans(rule, judged)
    return [_episode(course, judged, *span) for span in spans]


def breaking(rule: Rule, judged: Judged) -> Bools:
    """Days beyond the limit."""
    with np.errstate(invalid="ignore"):
        found: Bools = judged.distance >= judged.limit if rule.is_inclusive else judged.distance > judged.limit
    return found


def _spans(rule: Rule, judged: Judged) -> list[tuple[int, int, int, int, bool]]:
    """``line, first, told, last, is_open``; all lines walk day by day together."""
    lines, days = judged.distance.shape
    breaks, is_known = breaking(rule, judged), ~np.isnan(judged.distance)
    normal = is_known & ~breaks
    if rule.clear is not None:
        sign = -1.0 if rule.detector == "threshold" and rule.direction == "below" else 1.0
        with np.errstate(invalid="ignore"):
            normal &= judged.distance <= sign * rule.clear
    row, begun = np.zeros(lines, int), np.zeros(lines, int)
    first, told, last = (np.full(lines, NEVER) for _ in range(3))
    is_on = np.zeros(lines, bool)
    is_calm = np.zeros(lines, bool)
    found: list[tuple[int, int, int, int, bool]] = []
    for day in range(days):
        ended = is_on & is_calm & (day - last > rule.quiet_days)
        for line in np.flatnonzero(ended):
            found.append((int(line), int(first[line]), int(told[line]), int(last[line]), False))
        is_on &= ~ended
        now = breaks[:, day]
        begun = np.where(now & (row == 0), day, begun)
        row = np.where(now, row + 1, np.where(is_known[:, day], 0, row))
        again = is_on & now
        starts = ~is_on & (row >= rule.least_days) & now
        first, told = np.where(starts, begun, first), np.where(starts, day, told)
        is_on |= starts
        last = np.where(starts | again, day, last)
        is_calm = np.where(now, False, is_calm | normal[:, day])
    for line in np.flatnonzero(is_on):
        is_open = not (is_calm[line] and days - 1 - last[line] >= rule.quiet_days)
        found.append((int(line), int(first[line]), int(told[line]), int(last[line]), bool(is_open)))
    return sorted(found)


def _episode(course: Course, judged: Judged, line: int, first: int, told: int, last: int, is_open: bool) -> Episode:
    days = slice(first, last + 1)
    distance = np.where(np.isnan(judged.distance[line, days]), -np.inf, judged.distance[line, days])
    pointing = (
        distance if judged.pointing is None else np.where(np.isneginf(distance), -np.inf, judged.pointing[line, days])
    )
    peak = first + int(np.argmax(pointing if pointing.max() > 0 else distance))
    return Episode(
        line, first, told, last, is_open, peak, float(course.values[line, peak]), float(judged.expected[line, peak]),
        float(judged.bound[line, peak]),
    )  # fmt: skip
