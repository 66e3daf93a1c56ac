"""What is set aside before a model learns: each rule by itself, faults planted in a real series, and that nothing else is touched."""

import gzip
import statistics
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.forecast import cleaning
from core.models.forecast.cleaning import Cleaned, clean
from core.models.forecast.history import Event, Floats, History
from tests.seeds import examples

MONDAY = date(2025, 1, 6)
SHARED = Path(__file__).parents[4].parent / "shared" / "data" / "prophet_examples"


def weekly(weeks: int = 20, seed: int = 1, noise: float = 0.08) -> Floats:
    """Quiet at weekends, a little noise."""
    rng = np.random.default_rng(seed)
    week = np.array([100, 110, 105, 100, 120, 60, 50.0])
    return np.asarray(np.round(10 * np.tile(week, weeks) * rng.lognormal(0, noise, 7 * weeks)))


def set_aside(found: Cleaned) -> dict[int, str]:
    return {(note.on - found.history.start_on).days: note.why for note in found.notes}


def changed(values: Floats, **days: float) -> History:
    """``d70=3``: the 70th day is 3 times what it was."""
    values = values.copy()
    for name, factor in days.items():
        values[int(name[1:])] *= factor
    return History(MONDAY, values)


def test_an_ordinary_series_is_left_as_it_is() -> None:
    for seed in range(20):
        history = History(MONDAY, weekly(seed=seed))
        found = clean(history)
        assert found.notes == ()
        np.testing.assert_array_equal(found.history.values, history.values)
        np.testing.assert_array_equal(found.filled.values, history.values)


def test_a_day_or_two_far_from_such_days_is_an_outlier_and_three_are_a_change() -> None:
    values = weekly()
    assert set_aside(clean(changed(values, d70=3))) == {70: "outlier"}
    assert set_aside(clean(changed(values, d70=0.1, d71=0.1))) == {70: "outlier", 71: "outlier"}
    assert set_aside(clean(changed(values, d70=3, d71=3, d72=3))) == {}
    assert set_aside(clean(changed(values, d70=3, d71=1.6, d72=3))) == {}, "what lasts is told by milder days too"
    assert set_aside(clean(changed(values, d70=1.4))) == {}


def test_a_note_tells_what_was_there_and_what_is_usual() -> None:
    history = changed(weekly(), d70=4)
    (note,) = clean(history).notes
    beside = [history.values[70 + 7 * week] for week in (-4, -3, -2, -1, 1, 2, 3, 4)]
    assert (note.on, note.value) == (MONDAY + timedelta(days=70), history.values[70])
    assert note.usual == statistics.median(beside)
    assert clean(history).filled.values[70] == note.usual


def test_a_long_fall_beyond_a_fifth_that_ends_is_a_fault_and_one_that_stays_is_learnt() -> None:
    fault = weekly()
    fault[70:80] *= 0.01
    assert set_aside(clean(History(MONDAY, fault))) == dict.fromkeys(range(70, 80), "outlier")
    milder = weekly()
    milder[70:80] *= 0.3
    assert set_aside(clean(History(MONDAY, milder))) == {}
    lasting = weekly()
    lasting[-10:] *= 0.01
    assert set_aside(clean(History(MONDAY, lasting))) == {}


def test_days_of_an_event_are_its_own_doing() -> None:
    history = changed(weekly(), d70=5, d71=0.1, d80=5)
    sale = Event("sale", MONDAY + timedelta(days=70), 0, 1)
    assert set_aside(clean(history, [sale])) == {80: "outlier"}
    values = weekly()
    values[70:75] = 0
    feast = Event("feast", MONDAY + timedelta(days=72), 2, 2)
    assert set_aside(clean(History(MONDAY, values), [feast])) == {}


def test_named_days_are_set_aside_and_kept_days_are_not() -> None:
    history = changed(weekly(), d70=5)
    on, other, far = (MONDAY + timedelta(days=day) for day in (70, 30, 9999))
    assert set_aside(clean(history, set_aside=[other, far], kept=[on])) == {30: "typed"}
    assert set_aside(clean(history, set_aside=[on])) == {70: "typed"}
    assert set_aside(clean(history, set_aside=[on], kept=[on])) == {}
    assert set_aside(clean(history, set_aside=[other], outliers="keep")) == {30: "typed"}


def test_days_closed_by_the_calendar_are_set_aside_whatever_they_look_like() -> None:
    history = History(MONDAY, weekly())
    sundays = [history.on(day) for day in range(6, history.days, 7)]
    feast = Event("feast", history.on(6), 3, 3)
    found = clean(history, [feast], closed=sundays, set_aside=sundays[:1], kept=sundays[1:2], outliers="keep")
    assert set_aside(found) == {6: "typed"} | dict.fromkeys(range(20, history.days, 7), "closed")


def test_days_that_nobody_knows_are_filled_as_such_days_are() -> None:
    values = weekly()
    values[[40, 41]] = np.nan
    found = clean(History(MONDAY, values), outliers="keep")
    assert set_aside(found) == {40: "missing", 41: "missing"}
    assert [note.value for note in found.notes] == [None, None]
    for day in (40, 41):
        beside = [values[day + 7 * week] for week in (-4, -3, -2, -1, 1, 2, 3, 4)]
        assert found.filled.values[day] == statistics.median(beside)
    assert np.isnan(found.history.values[[40, 41]]).all()


def test_a_weekday_that_is_always_0_stays_and_a_closing_is_set_aside() -> None:
    values = weekly()
    values[6::7] = 0  # closed on Sundays
    assert set_aside(clean(History(MONDAY, values))) == {}
    values[70:74] = 0  # and from a Monday to a Thursday
    assert set_aside(clean(History(MONDAY, values))) == dict.fromkeys(range(70, 74), "closed")
    values[75:77] = 0
    values[74] = 0  # the whole week; its Sunday is like any
    assert set_aside(clean(History(MONDAY, values))) == dict.fromkeys(range(70, 76), "closed")
    one = weekly()
    one[70] = 0
    assert set_aside(clean(History(MONDAY, one))) == {70: "outlier"}


def test_zeros_in_a_row_are_nothing_special_where_every_second_day_is_0() -> None:
    for seed, mean in product(range(10), (0.3, 0.5, 1.0, 2.0)):
        rare = np.random.default_rng(seed).poisson(mean, 300).astype(float)
        assert set_aside(clean(History(MONDAY, rare))) == {}, (seed, mean)


def test_days_before_the_opening_are_closed_and_a_series_that_ended_is_learnt() -> None:
    values = weekly()
    values[:10] = 0
    assert set_aside(clean(History(MONDAY, values))) == dict.fromkeys(range(10), "closed")
    values = weekly()
    values[-40:] = 0
    assert set_aside(clean(History(MONDAY, values))) == {}


def test_a_history_of_which_nothing_is_known_is_filled_with_nothing() -> None:
    found = clean(History(MONDAY, np.array([np.nan, np.nan])))
    assert found.filled.values.tolist() == [0, 0]
    assert clean(History(MONDAY, np.zeros(0))).notes == ()


@settings(max_examples=examples(60))
@given(
    st.lists(st.one_of(st.just(np.nan), st.integers(0, 5000).map(float)), min_size=1, max_size=120),
    st.sets(st.integers(0, 130), max_size=4),
    st.sets(st.integers(0, 130), max_size=4),
)
def test_every_day_is_learnt_as_it_was_or_set_aside_once(values: list[float], typed: set[int], kept: set[int]) -> None:
    history = History(MONDAY, np.array(values))
    found = clean(
        history, set_aside=[history.on(day) for day in typed], kept=[history.on(day) for day in kept]
    )  # fmt: skip
    off = set_aside(found)
    assert len(off) == len(found.notes)
    assert sorted(off) == list(off)
    for day, value in enumerate(values):
        assert np.isnan(found.history.values[day]) == (day in off)
        if day not in off:
            assert found.history.values[day] == found.filled.values[day] == value
        assert np.isnan(value) == (off.get(day) == "missing")
    assert not np.isnan(found.filled.values).any()
    assert not kept & {day for day, why in off.items() if why != "missing"}
    np.testing.assert_allclose(cleaning.levels(history.values), slow_levels(values))


def slow_levels(values: list[float]) -> list[float]:
    found = []
    for day in range(len(values)):
        before = [values[at] for at in range(day - 7, -1, -7) if not np.isnan(values[at])][:4]
        after = [values[at] for at in range(day + 7, len(values), 7) if not np.isnan(values[at])][:4]
        found.append(statistics.median(before + after) if len(before + after) >= 3 else np.nan)
    return found


def real(name: str) -> History:
    file = SHARED / f"example_wp_log_R{name}.csv.gz"
    if not file.exists():
        pytest.skip("the real series are not at hand")
    with gzip.open(file) as opened:
        rows = pd.read_csv(opened, parse_dates=["ds"]).set_index("ds")["y"]
    daily = np.exp(rows.sort_index().asfreq("D"))
    return History(daily.index[0].date(), daily.to_numpy(np.float64))


def test_a_month_of_faults_planted_in_page_views_is_found_whole_and_next_to_nothing_else() -> None:
    plain, planted = real(""), real("_outliers2")
    faults = {
        day for day in range(plain.days) if abs(plain.values[day] - planted.values[day]) > 1e-6 * plain.values[day]
    }
    assert len(faults) == 28
    by_itself = {day for day, why in set_aside(clean(plain)).items() if why == "outlier"}
    found = {day for day, why in set_aside(clean(planted)).items() if why == "outlier"}
    assert faults <= found
    assert len(found - faults) <= 12
    assert len(by_itself) <= 12, "in eight years, most of them around Christmas"
