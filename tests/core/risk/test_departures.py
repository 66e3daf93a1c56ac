"""What is usual for a line, against the same said slowly in plain Python, and that no day knows what comes after it."""

import math

import numpy as np
import pytest

from core.risk import departures as d
from core.risk.departures import departures

DAYS = 470


def lines(seed: int = 3, count: int = 3, days: int = DAYS) -> tuple[np.ndarray, np.ndarray]:
    """Restless weeks with gaps, and holidays."""
    draw = np.random.default_rng(seed)
    week = np.tile(draw.normal(0, 0.3, (count, 7)), days // 7 + 1)[:, :days]
    values = np.exp(4 + week + draw.normal(0, 0.15, (count, days)) + draw.normal(0, 0.02, (count, days)).cumsum(axis=1))
    values[draw.random(values.shape) < 0.03] = np.nan
    skipped = np.zeros(days, bool)
    skipped[[40, 41, 42, 200, 201, 400]] = True
    return values, skipped


def median(values: list[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def freed_slowly(logs: list[float], skipped: list[bool]) -> tuple[list[float], list[list[float]]]:
    over: list[float] = []
    for day, value in enumerate(logs):
        week = [logs[o] for o in range(max(0, day - 6), day + 1) if not math.isnan(logs[o]) and not skipped[o]]
        is_told = not (math.isnan(value) or skipped[day]) and len(week) >= 4
        over.append(value - sum(week) / len(week) if is_told else math.nan)
    profiles, freed = [], []
    for day, value in enumerate(logs):
        raw = []
        for weekday in range(7):
            before = [o for o in range(day - 1, -1, -1) if o % 7 == weekday][:8]
            some = [over[o] for o in before if not math.isnan(over[o])]
            raw.append(median(some) if some else 0.0)
        profile = [one - sum(raw) / 7 for one in raw]
        profiles.append(profile)
        freed.append(value - profile[day % 7])
    return freed, profiles


def distances_slowly(effect: list[float], skipped: list[bool], gap: int) -> list[float]:
    found = []
    for day, value in enumerate(effect):
        past = range(max(0, day - gap - 364), day - gap + 1)
        usual = sorted(effect[o] for o in past if not math.isnan(effect[o]) and not skipped[o])
        if math.isnan(value) or skipped[day] or len(usual) < 60:
            found.append(math.nan)
            continue
        middle, last = usual[len(usual) // 2], len(usual) - 1
        away = value - middle
        reach = usual[math.ceil(0.95 * last)] - middle if away > 0 else middle - usual[math.floor(0.05 * last + 1e-12)]
        found.append(away / max(reach / 1.645, 0.02))
    return found


def test_weekdays_are_taken_off_as_they_were_known_before_each_day():
    values, skipped = lines()
    logs = d._logs(values, 0.0)
    freed, profile = d._freed(logs, skipped)
    for line in range(len(values)):
        slow, profiles = freed_slowly(logs[line].tolist(), skipped.tolist())
        np.testing.assert_allclose(freed[line], slow, atol=1e-12)
        np.testing.assert_allclose(profile[line], profiles, atol=1e-12)


def test_a_drift_is_the_mean_of_the_last_days_over_the_median_of_the_days_before_them():
    values, skipped = lines(4, 1)
    logs = d._logs(values, 0.0)
    _, profile = d._freed(logs, skipped)
    found = d._drifted(logs, profile, skipped, 5)[0]
    for day in (60, 203, 290, DAYS - 1):
        first = day - 4
        usable = [o for o in range(first - 28, first) if not skipped[o] and not math.isnan(logs[0, o])]
        level = median([logs[0, o] - profile[0, first, o % 7] for o in usable])
        some = [
            logs[0, o] - profile[0, first, o % 7] - level
            for o in range(first, day + 1)
            if not skipped[o] and not math.isnan(logs[0, o])
        ]
        expected = sum(some) / len(some) if len(some) >= 3 else math.nan
        assert found[day] == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_a_regression_is_that_of_ridge_over_the_days_before():
    values, skipped = lines(5, 1)
    values = np.nan_to_num(values, nan=50.0)
    logs = d._logs(values, 0.0)
    found = d._regressed(logs, skipped, np.array([1, 7]), 120)[0]
    for day in (60 + 7 * 20, 60 + 7 * 30):
        rows = [o for o in range(day - 120, day) if not skipped[o]]
        table = np.array([[logs[0, o - 1], logs[0, o - 7], *np.eye(7)[o % 7]] for o in rows])
        weights = np.linalg.solve(table.T @ table + np.eye(9), table.T @ logs[0, rows])
        own = np.array([logs[0, day - 1], logs[0, day - 7], *np.eye(7)[day % 7]])
        assert found[day] == pytest.approx(logs[0, day] - own @ weights, abs=1e-9)


@pytest.mark.parametrize("gap", [1, 5])
def test_distances_are_over_what_one_day_in_twenty_reaches_to_that_side(gap):
    values, skipped = lines(6, 2)
    effect = np.where(np.isnan(values), np.nan, np.log(values) - 4)
    found = d._distances(effect, skipped, gap)
    for line in range(2):
        np.testing.assert_allclose(
            found[line], distances_slowly(effect[line].tolist(), skipped.tolist(), gap), atol=1e-9
        )


def test_unrest_is_the_mean_of_absolute_effects_without_the_largest():
    effect = np.array([[0.1, -0.2, 0.3, -0.1, 0.1, 5.0, 0.2, 0.1]])
    found = d._restless(effect, np.zeros(8, bool), 7)
    assert found[0, 7] == pytest.approx(math.log((0.2 + 0.3 + 0.1 + 0.1 + 0.2 + 0.1) / 6 + 1e-3))
    assert np.isnan(found[0, :7]).all()


def test_half_of_what_the_same_days_did_last_year_is_expected_again():
    effect = np.zeros((1, 400))
    effect[0, 10] = 0.7
    found = d._since_last_year(effect, np.zeros(400, bool))
    assert found[0, 364 + 10] == pytest.approx(-0.5 * 0.7 / 7)
    assert found[0, 364 + 14] == 0.0
    assert found[0, 364 + 13] == pytest.approx(-0.5 * 0.7 / 7)


def test_no_day_knows_what_comes_after_it():
    values, skipped = lines(7, 2)
    whole, cut = departures(values, skipped), 430
    early = departures(values[:, :cut], skipped[:cut])
    for one, other in zip(
        (whole.sudden, whole.unrest, *whole.drifts), (early.sudden, early.unrest, *early.drifts), strict=True
    ):
        # The year before is looked at three days around: those lie far in the past.
        np.testing.assert_allclose(one.distance[:, :cut], other.distance, atol=1e-9)


def test_a_leap_a_slide_and_unrest_are_each_seen_by_their_own_measure():
    draw = np.random.default_rng(1)
    values = np.exp(5 + draw.normal(0, 0.05, (4, 300)))
    values[0, 290] *= 1.6
    values[1, 280:] *= 0.8
    values[2, 285:] *= np.exp(draw.choice([-0.4, 0.4], 15))
    found = departures(values, np.zeros(300, bool))
    assert found.sudden.distance[0, 290] > 5 > np.nanmax(np.abs(found.sudden.distance[3, 280:]))
    assert found.drifts[2].distance[1, 292] < -4 and np.nanmin(found.drifts[2].distance[3, 280:]) > -4
    assert found.unrest.distance[2, 295] > 4 > np.nanmax(found.unrest.distance[3, 280:])
    assert found.expected[0, 290] == pytest.approx(math.exp(5), rel=0.1)


def test_a_line_of_nothing_or_of_unknown_days_says_nothing_and_breaks_nothing():
    found = departures(np.array([np.zeros(200), np.full(200, np.nan)]), np.zeros(200, bool), 0.5)
    assert np.nanmax(np.abs(found.sudden.distance[0, 120:])) < 0.1
    assert np.isnan(found.sudden.distance[1]).all()
