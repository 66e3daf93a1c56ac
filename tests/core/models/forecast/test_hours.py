"""Days shared out to hours: by hand, against loops, and how it does on real hours beside the same hours a week before."""

from datetime import date, datetime, timedelta
from pathlib import Path as File

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.forecast.history import Event, Floats
from core.models.forecast.hours import HOURS, HourHistory, backtest, forecast, shares
from core.models.forecast.outcome import Path
from tests.seeds import examples

MONDAY = date(2025, 1, 6)
SHARED = File(__file__).parents[4].parent / "shared" / "data" / "daily_traffic_skforecast"


def path(start_on: date, points: Floats) -> Path:
    return Path(start_on, *[tuple(points.tolist())] * 5)


def at(hour: int, amount: float = 1.0) -> Floats:
    found = np.zeros(HOURS)
    found[hour] = amount
    return found


def weeks(count: int) -> Floats:
    """All of a Monday at 1 o'clock, of a Tuesday at 2 …"""
    return np.stack([at(1 + day % 7, 10) for day in range(7 * count)])


def test_hours_of_a_weekday_are_those_of_its_last_weeks_the_newest_most() -> None:
    values = weeks(9)
    values[-7] = at(20, 10)  # the last Monday
    values[0] = at(23, 999)  # nine weeks ago: too long
    found = shares(HourHistory(MONDAY, values), MONDAY + timedelta(days=63), 1)[0]
    weights = {week: 0.75**week for week in range(8)}
    mean = 10.0
    mixed = np.zeros(HOURS)
    for week, weight in weights.items():
        mixed += weight * (at(20, 10) if week == 0 else at(1, 10))
    everything = np.zeros(HOURS)
    for back in range(1, 57):
        everything += 0.75 ** ((back - 1) // 7) * values[63 - back]
    mixed += 0.5 * mean * everything / everything.sum()
    np.testing.assert_allclose(found, mixed / mixed.sum())


def test_a_day_that_is_nothing_for_certain_has_no_hours() -> None:
    folds = [path(MONDAY + timedelta(days=day), np.full(7, 9.0)) for day in (28, 35, 42, 49)]
    found = forecast(HourHistory(MONDAY, weeks(8)), path(MONDAY + timedelta(days=56), np.array([10.0, 0.0])), (), folds)
    assert found.upper95.sum(axis=1).tolist() == [pytest.approx(found.upper95[0].sum()), 0.0]
    assert found.upper95[0].max() > 0


def test_a_day_of_an_event_has_the_hours_of_that_day_of_the_event_before() -> None:
    values = weeks(9)
    first, second = date(2025, 2, 11), date(2025, 3, 11)  # both Tuesdays
    before = (first - MONDAY).days
    values[before], values[before - 1] = at(0, 40), at(5, 40)
    sale = [Event("sale", first, 1, 0), Event("sale", second, 1, 0)]
    found = shares(HourHistory(MONDAY, values), date(2025, 3, 10), 3, sale)
    assert found[0].argmax() == 5
    assert found[1].argmax() == 0
    assert found[2].argmax() == 3
    calm = shares(HourHistory(MONDAY, values), date(2025, 3, 12), 7, sale)
    assert calm[6][0] < 0.02, "days of the sale tell nothing of a Tuesday without one, but as one of all days"
    tuesday = calm[6]
    np.testing.assert_allclose(found[1], (at(0, 40) + 40 * tuesday) / 80)


def test_where_nothing_is_known_a_day_is_shared_out_evenly() -> None:
    for values in (np.full((9, HOURS), np.nan), np.zeros((9, HOURS)), np.zeros((0, HOURS))):
        history = HourHistory(MONDAY, values)
        np.testing.assert_allclose(shares(history, MONDAY + timedelta(days=9), 2), np.full((2, HOURS), 1 / HOURS))


@settings(max_examples=examples(40))
@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.integers(1, 12))
def test_hours_add_up_to_their_day_and_lie_within_their_bounds(seed: int, days: int, ahead: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.poisson(2, (days, HOURS)).astype(float)
    values[rng.random(days) < 0.2] = np.nan
    values[rng.random(days) < 0.2] = 0
    history = HourHistory(MONDAY, values)
    points = rng.integers(0, 100, ahead).astype(float)
    folds = [path(MONDAY + timedelta(days=day), rng.integers(0, 100, 7).astype(float)) for day in range(7, days, 7)]
    sale = [Event("sale", MONDAY + timedelta(days=int(day)), 1, 1) for day in rng.integers(0, 50, 3)]
    found = forecast(history, path(MONDAY + timedelta(days=days), points), sale, folds)
    np.testing.assert_allclose(found.point.sum(axis=1), points, rtol=1e-12)
    bounds = [found.lower95, found.lower80, found.point, found.upper80, found.upper95]
    if found.lower80.size:
        assert (np.diff(np.stack(bounds), axis=0) >= -1e-9).all()
        assert (found.lower95 >= 0).all()
    score = backtest(history, folds, sale)
    assert score.hours == sum(
        np.count_nonzero(~np.isnan(values[day : day + 7]) & ~np.isnan(last(values, day))[: len(values[day : day + 7])])
        for day in range(7, days, 7)
    )


def last(values: Floats, day: int) -> Floats:
    """The newest known day of each weekday within four weeks before a day, of the week that follows."""
    found = np.full((7, HOURS), np.nan)
    for ahead in range(7):
        for back in range(4, 0, -1):
            place = day + ahead - 7 * back
            if place >= 0 and not np.isnan(values[place]).any():
                found[ahead] = values[place]
    return found


def test_errors_are_those_of_the_hours_beside_the_same_hours_a_week_before() -> None:
    rng = np.random.default_rng(3)
    values = rng.poisson(5, (28, HOURS)).astype(float)
    history, fold = HourHistory(MONDAY, values), path(MONDAY + timedelta(days=21), values[21:28].sum(axis=1))
    score = backtest(history, [fold])
    scale = np.abs(values[7:21] - values[:14]).mean()
    naive = np.abs(values[21:28] - values[14:21])
    point = np.array(fold.point)[:, None] * shares(history.before(fold.start_on), fold.start_on, 7)
    error = np.abs(values[21:28] - point)
    assert (score.folds, score.hours, score.cover80) == (1, 168, None)
    for told, wanted in (
        (score.mase, error.mean() / scale),
        (score.naive_mase, naive.mean() / scale),
        (score.wape, error.sum() / values[21:28].sum()),
        (score.naive_wape, naive.sum() / values[21:28].sum()),
    ):
        assert told == pytest.approx(wanted)


def test_no_interval_is_told_of_too_few_folds() -> None:
    history = HourHistory(MONDAY, weeks(6))
    folds = [path(MONDAY + timedelta(days=day), np.full(7, 10.0)) for day in (14, 21)]
    assert forecast(history, path(MONDAY + timedelta(days=42), np.ones(3)), (), folds).lower80.size == 0


def test_real_hours_of_hired_bikes_are_better_shared_out_than_repeated_and_their_intervals_hold() -> None:
    file = SHARED / "bike_sharing_dataset_clean.csv.gz"
    if not file.exists():
        pytest.skip("the real series are not at hand")
    rows = pd.read_csv(file, parse_dates=["date_time"]).set_index("date_time")["users"].resample("h").sum()
    start: datetime = rows.index[0]
    history = HourHistory(start.date(), rows.to_numpy(np.float64).reshape(-1, HOURS))
    daily = history.values.sum(axis=1)
    folds = []
    for first in range(history.days - 12 * 30, history.days, 30):
        week = daily[first - 28 : first].reshape(4, 7).mean(axis=0)
        folds.append(path(history.start_on + timedelta(days=first), np.tile(week, 5)[:30]))
    score = backtest(history, folds)
    assert score.mase is not None and score.naive_mase is not None and score.mase < 0.93 * score.naive_mase
    assert score.wape is not None and score.naive_wape is not None and score.wape < 0.93 * score.naive_wape
    assert score.cover80 is not None and 0.75 <= score.cover80 <= 0.86
    assert score.cover95 is not None and 0.92 <= score.cover95 <= 0.97
