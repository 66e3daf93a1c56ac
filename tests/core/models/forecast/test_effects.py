"""What events do to a series: exact where nothing is random, and in its interval as often as it says where something is."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.forecast import effects
from core.models.forecast.history import Event, Floats, History

START = date(2026, 1, 5)  # a Monday
WEEK = np.array([1.0, 0.9, 0.95, 1.0, 1.1, 1.3, 1.2])
SALE, REST = Event("sale", START + timedelta(100), 4, 1), Event("rest", START + timedelta(170), 0, 6)
SALE_TIMES, REST_TIMES = np.array([1.2, 1.3, 1.5, 1.8, 3.0, 0.8]), np.full(7, 0.6)


def series(days: int, level: float = 1000.0) -> Floats:
    return level * WEEK[np.arange(days) % 7]


def with_events(values: Floats, events: list[tuple[Event, Floats]]) -> Floats:
    values = values.copy()
    for event, times in events:
        place = (event.first_on - START).days
        values[place : place + len(times)] *= times
    return values


PLANTED = with_events(series(230), [(SALE, SALE_TIMES), (REST, REST_TIMES)])


def test_without_noise_an_effect_is_what_the_days_are_above_themselves() -> None:
    rest, sale = effects.found(History(START, PLANTED), [SALE, REST])
    assert (sale.event, sale.days, sale.occurrences) == ("sale", 6, 1)
    assert sale.share == pytest.approx(SALE_TIMES.mean() - 1, abs=0.01)
    assert sale.main_share == pytest.approx(2.0, abs=0.02)
    assert sale.extra == pytest.approx((PLANTED - series(230))[96:102].sum(), rel=0.02)
    assert rest.share == pytest.approx(-0.4, abs=0.01) and rest.extra < 0
    for one in (rest, sale):
        assert one.lower <= one.share <= one.upper and one.extra_lower <= one.extra <= one.extra_upper
    assert (sale.effect.event, sale.effect.share, sale.effect.days) == ("sale", sale.share, 6)


def test_another_unit_of_money_changes_units_and_no_share() -> None:
    cents, units = (effects.found(History(START, PLANTED * by), [SALE])[0] for by in (100, 1))
    assert cents.share == pytest.approx(units.share, abs=0.005)
    assert cents.extra == pytest.approx(100 * units.extra, rel=0.01)


def test_days_set_aside_are_not_learnt_from() -> None:
    broken = PLANTED.copy()
    broken[[50, 99]] = 0.0
    aside = broken.copy()
    aside[[50, 99]] = np.nan
    sale = effects.found(History(START, aside), [SALE])[0]
    assert sale.days == 5
    assert sale.share == pytest.approx(np.delete(SALE_TIMES, 3).mean() - 1, abs=0.01)
    assert effects.found(History(START, broken), [SALE])[0].share < sale.share


def test_where_windows_overlap_another_occurrence_tells_whose_effect_it_is() -> None:
    near = [Event("sale", START + timedelta(100), 4, 1), Event("feast", START + timedelta(98), 1, 1)]
    apart = Event("feast", START + timedelta(200), 1, 1)
    feast_times = np.array([1.1, 1.4, 1.1])
    values = with_events(series(260), [(near[0], SALE_TIMES), (near[1], feast_times), (apart, feast_times)])
    feast, sale = effects.found(History(START, values), [*near, apart])
    assert feast.share == pytest.approx(feast_times.mean() - 1, abs=0.01) and feast.occurrences == 2
    assert sale.share == pytest.approx(SALE_TIMES.mean() - 1, abs=0.02)


def test_an_event_that_cannot_be_told_from_its_weekday_is_not_told() -> None:
    rng = np.random.default_rng(1)
    every_week = [Event("member day", START + timedelta(day)) for day in range(2, 230, 7)]
    values = PLANTED * np.exp(rng.normal(0, 0.1, 230))
    assert [one.event for one in effects.found(History(START, values), [*every_week, SALE])] == ["sale"]


@pytest.mark.parametrize(
    ("values", "events"),
    [
        (series(55), [Event("sale", START + timedelta(30), 4, 1)]),
        (np.round(series(230, 3.0)), [SALE]),
        (np.full(230, np.nan), [SALE]),
        (PLANTED, []),
        (PLANTED, [Event("sale", START - timedelta(1), 4, 1), Event("sale", START + timedelta(230), 1, 4)]),
    ],
    ids=["short", "few", "unknown", "no events", "outside"],
)
def test_nothing_is_told_of_too_little(values: Floats, events: list[Event]) -> None:
    assert effects.found(History(START, values), events) == ()


def test_an_event_that_has_just_begun_waits_for_half_its_days() -> None:
    history = History(START, PLANTED[:99])  # three of the six days
    assert effects.found(history, [SALE])[0].main_share is None
    assert effects.found(History(START, PLANTED[:98]), [SALE]) == ()


def simulated(seed: int) -> Floats:
    """300 days with a level that wanders, noise that lasts and a season of the year."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.08, 300)
    for day in range(1, 300):
        noise[day] = 0.3 * noise[day - 1] + np.sqrt(1 - 0.3**2) * noise[day]
    level = np.cumsum(rng.normal(0, 0.008, 300)) + 0.1 * np.sin(np.arange(300) / 58)
    return np.round(with_events(series(300), [(SALE, SALE_TIMES), (REST, REST_TIMES)]) * np.exp(level + noise))


@pytest.mark.long
def test_the_truth_lies_in_the_interval_about_as_often_as_it_says() -> None:
    inside, errors = [], []
    for seed in range(60):
        rest, sale = effects.found(History(START, simulated(seed)), [SALE, REST])
        for one, truth in ((sale, SALE_TIMES.mean() - 1), (rest, -0.4)):
            inside.append(one.lower <= truth <= one.upper)
            errors.append(one.share - truth)
        inside.append(sale.main_lower <= 2.0 <= sale.main_upper)
    assert 0.7 <= np.mean(inside) <= 0.9
    assert abs(np.mean(errors)) < 0.02


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 40))
def test_the_same_data_tells_the_same_whenever_it_is_asked_and_in_whatever_order(seed: int, shift: int) -> None:
    values = PLANTED * np.exp(np.random.default_rng(seed).normal(0, 0.1, 230))
    one = effects.found(History(START, values), [SALE, REST])
    assert one == effects.found(History(START, values), [REST, SALE])
    later = [Event(e.name, e.on + timedelta(7 * shift), e.before_days, e.after_days) for e in (SALE, REST)]
    assert one == effects.found(History(START + timedelta(7 * shift), values), later)
