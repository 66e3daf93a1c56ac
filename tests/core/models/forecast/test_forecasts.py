"""Models, their backtest, their bounds and what a fit tells."""

import gzip
import tempfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prophet import Prophet

from core.errors import Cancelled, InvalidForecast, NothingVaries, TooShort
from core.models.forecast import accuracy, backtest, fits, intervals, lags, prophets, theta, uplifts
from core.models.forecast.backtest import Backtest
from core.models.forecast.gate import HEADLINE
from core.models.forecast.history import Event, Floats, History, Known
from core.models.forecast.models import ENSEMBLE, MODELS, NAIVE, VOICES, learn
from core.models.forecast.models import path as path_of
from core.models.forecast.outcome import ModelScore, Outcome
from core.models.forecast.spec import MODELS as NAMES
from core.models.forecast.spec import Outliers, Spec, WhatIf

START = date(2025, 1, 6)
WEEK = np.array([100.0, 110, 120, 130, 160, 200, 180])
QUICK = (NAIVE, "theta")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


def made(days: int, noise: float = 0.05, seed: int = 1, trend: float = 0.0) -> History:
    draw = np.random.default_rng(seed)
    level = np.resize(WEEK, days) * (1 + trend * np.arange(days))
    return History(START, level * np.exp(noise * draw.normal(size=days)))


def fitted(
    history: History, spec: Spec = Spec(), known: Known | None = None, models: tuple[str, ...] = HEADLINE
) -> Outcome:
    return fits.fit(
        history, known or Known(history.start_on), spec, models=models, told=lambda *_: None, stop=lambda: False
    )


# -- errors ------------------------------------------------------------------------------------------------------------


def test_errors_by_hand() -> None:
    actual, point = np.array([2.0, 0.0, np.nan, 6.0]), np.array([1.0, 0.0, 5.0, 8.0])
    assert accuracy.mase(actual, point, 2.0) == pytest.approx((1 + 0 + 2) / 3 / 2)
    assert accuracy.wape(actual, point) == pytest.approx(3 / 8)
    assert accuracy.smape(actual, point) == pytest.approx((2 * 1 / 3 + 0 + 2 * 2 / 14) / 3)
    assert accuracy.covered(actual, point - 1, point + 1) == (2, 3)


def test_scale_is_the_mean_change_against_the_week_before_and_null_where_nothing_changes() -> None:
    assert accuracy.scale(np.array([0.0] * 7 + [3.0, np.nan] + [0.0] * 5)) == pytest.approx(3 / 6)
    assert accuracy.scale(np.tile(WEEK, 4)) is None
    assert accuracy.scale(np.arange(7.0)) is None


def test_errors_are_undefined_where_nothing_is_known() -> None:
    nothing = np.full(3, np.nan)
    assert accuracy.mase(nothing, np.zeros(3), 1.0) is None
    assert accuracy.wape(np.zeros(3), np.ones(3)) is None
    assert accuracy.smape(nothing, np.zeros(3)) is None


# -- models ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_every_model_goes_on_with_a_week_that_repeats(name: str) -> None:
    history = History(START, np.tile(WEEK, 30))
    said = path_of(name, learn(history, Known(START), Spec(horizon=14)))
    tolerance = {"network": 0.6, "tree": 0.2, "linear": 0.1}.get(name, 0.05)
    assert np.allclose(said, np.tile(WEEK, 2), rtol=tolerance)


@pytest.mark.parametrize("name", MODELS)
def test_no_model_says_less_than_nothing(name: str) -> None:
    falling = History(START, np.maximum(np.linspace(300, 1, 140) + 20 * np.sin(np.arange(140)), 0))
    assert (path_of(name, learn(falling, Known(START), Spec(horizon=30))) >= 0).all()


@pytest.mark.parametrize("name", MODELS)
def test_weekdays_on_which_nothing_is_open_stay_empty(name: str) -> None:
    week = WEEK.copy()
    week[5] = 0
    draw = np.random.default_rng(2)
    history = History(START, np.tile(week, 20) * np.exp(0.1 * draw.normal(size=140)))
    said = path_of(name, learn(history, Known(START), Spec(horizon=14)))
    assert said[[5, 12]].tolist() == [0, 0]
    assert (np.delete(said, [5, 12]) > 0).all()


CLOSED = [START + timedelta(days=day) for day in (*range(6, 154, 7), 142)]
"""Every Sunday, and a Wednesday ahead of 140 days."""


@pytest.mark.parametrize("name", MODELS)
def test_closed_days_are_not_learnt_and_nothing_is_forecast_on_them(name: str) -> None:
    values = made(140).values
    values[6::7] = 9999
    said = path_of(name, learn(History(START, values), Known(START, closed=tuple(CLOSED)), Spec(horizon=14)))
    assert np.flatnonzero(said == 0).tolist() == [2, 6, 13]
    assert np.allclose(np.delete(said, [2, 6, 13]), np.delete(np.tile(WEEK, 2), [2, 6, 13]), rtol=0.6)


def test_a_closed_day_that_an_analyst_keeps_is_a_day_as_others() -> None:
    learnt = learn(made(140), Known(START, closed=tuple(CLOSED)), Spec(horizon=14, kept=tuple(CLOSED)))
    assert learnt.notes == ()
    assert (path_of(NAIVE, learnt) > 0).all()


def test_the_theta_method_follows_a_new_level_within_weeks() -> None:
    values = np.concatenate([np.tile(WEEK, 20), 2 * np.tile(WEEK, 6)])
    assert np.allclose(theta.path(values, 7), 2 * WEEK, rtol=0.05)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=21, max_size=60), st.floats(0.01, 100))
def test_the_theta_method_is_the_same_in_any_unit(values: list[float], unit: float) -> None:
    one = theta.path(np.array(values), 10)
    assert (one >= 0).all()
    assert np.allclose(theta.path(np.array(values) * unit, 10), one * unit, rtol=1e-6, atol=1e-6 * unit)


@settings(max_examples=30, deadline=None)
@given(st.integers(120, 139), st.integers(1, 30), st.integers(0, 2**31))
def test_features_of_a_day_ahead_read_nothing_from_its_origin_on(origin: int, ahead: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    past = draw.random(140) * 100

    def features(values: Floats) -> Floats:
        days = lags.Days(START, values, np.ones(140, bool), np.empty((200, 0)))
        return lags._rows(days, np.array([origin]), np.array([ahead]), 1.0)[0]

    changed = past.copy()
    changed[origin:] = draw.random(140 - origin) * 1e6
    assert (features(past) == features(changed)).all()


def test_prophet_says_what_its_library_says_to_the_bit_and_leaves_no_file() -> None:
    history = made(120)
    values = history.values.copy()
    values[40:43] = np.nan
    days = pd.DataFrame({"ds": pd.date_range(START, periods=150)})
    event = Event("feast", START + timedelta(days=60), 1, 2)
    later = Event("feast", START + timedelta(days=130), 1, 2)
    holidays = pd.DataFrame(
        {"holiday": "feast", "ds": pd.to_datetime([event.on, later.on]), "lower_window": -1, "upper_window": 2}
    )
    library = Prophet(holidays=holidays, uncertainty_samples=0).fit(days.iloc[:120].assign(y=values))
    before = set(Path(tempfile.gettempdir()).glob("prophet-*"))
    said = prophets.fit(History(START, values), Known(START, (event, later)), Spec(), 30)
    assert (said.ahead == library.predict(days.iloc[120:])["yhat"].to_numpy()).all()
    assert (said.recent() == library.predict(days.iloc[92:120])["yhat"].to_numpy()).all()
    assert set(Path(tempfile.gettempdir()).glob("prophet-*")) == before


def test_what_prophet_was_off_by_lately_is_added_and_fades() -> None:
    assert prophets.biased(np.zeros(3), np.full(28, 2.0)) == pytest.approx(2 * 0.97 ** np.array([1, 2, 3]))
    assert prophets.biased(np.array([1.0]), np.full(28, -9.0)).tolist() == [0.0]


# -- events ------------------------------------------------------------------------------------------------------------


def test_an_event_lifts_its_days_ahead_as_it_did_before() -> None:
    history = made(200, noise=0.02)
    values = history.values.copy()
    values[[50, 51, 120, 121]] *= [2, 3, 2, 3]
    events = tuple(Event("feast", START + timedelta(days=day), 1, 0) for day in (51, 121, 210))
    found = uplifts.factors(History(START, values), events, 30)
    assert found[[209, 210]] == pytest.approx([2, 3], rel=0.1)
    assert (np.delete(found, [50, 51, 120, 121, 209, 210]) == 1).all()


def test_an_event_that_never_was_lifts_nothing() -> None:
    found = uplifts.factors(made(100), (Event("feast", START + timedelta(days=110)),), 30)
    assert (found == 1).all()


def test_an_event_that_fell_on_a_closed_day_says_nothing_of_the_next() -> None:
    values = made(200, noise=0.02).values
    values[121] *= 3
    days = [START + timedelta(days=day) for day in (51, 121, 210)]
    known = Known(START, tuple(map(Event, ["feast"] * 3, days)), closed=(days[0],))
    assert learn(History(START, values), known, Spec()).uplift[210] == pytest.approx(3, rel=0.1)


def test_models_that_know_the_calendar_see_a_feast_come() -> None:
    history = made(400, noise=0.03)
    values = history.values.copy()
    feasts = [100, 200, 300, 410]
    for day in feasts[:-1]:
        values[day] *= 3
    known = Known(START, tuple(Event("feast", START + timedelta(days=day)) for day in feasts))
    for name in VOICES:
        with_it = path_of(name, learn(History(START, values), known, Spec()))
        without = path_of(name, learn(History(START, values), known, Spec(holidays=False)))
        assert with_it[10] > 1.8 * without[10], name


# -- bounds ------------------------------------------------------------------------------------------------------------


def test_bounds_hold_what_they_promise_on_days_that_vary_by_chance() -> None:
    hits = np.zeros((2, 2))
    for seed in range(6):
        history = made(400, noise=0.2, seed=seed)
        found = backtest.run(history, Known(START), Spec(), QUICK, told=lambda *_: None, stop=lambda: False)
        for origin in found.origins[3:]:
            for level in (0, 1):
                hits[level] += accuracy.covered(origin.actual, *origin.bounds["theta"][level])
    assert hits[0, 0] / hits[0, 1] == pytest.approx(0.8, abs=0.06)
    assert hits[1, 0] / hits[1, 1] == pytest.approx(0.95, abs=0.03)


def test_bounds_stand_around_the_point_and_never_below_nothing() -> None:
    learnt = learn(made(150, noise=1.0), Known(START), Spec())
    point = path_of("theta", learnt)
    (lower80, upper80), (lower95, upper95) = intervals.bounds(learnt, point, intervals.widths(learnt), ())
    assert (lower95 >= 0).all()
    assert (lower95 <= lower80).all()
    assert (lower80 <= point).all()
    assert (point <= upper80).all()
    assert (upper80 <= upper95).all()


# -- backtest ----------------------------------------------------------------------------------------------------------


def test_a_fold_sees_nothing_of_the_days_after_it() -> None:
    history = made(240)
    changed = history.values.copy()
    changed[210:] *= 50
    one, other = (
        backtest.run(
            History(START, values), Known(START), Spec(), (*QUICK, "linear"), told=lambda *_: None, stop=lambda: False
        )
        for values in (history.values, changed)
    )
    assert len(one.origins) == 6
    for before, after in zip(one.origins, other.origins, strict=True):
        assert all((before.points[name] == after.points[name]).all() for name in before.points)
        assert all(
            (low == lower).all() and (high == higher).all()
            for name in before.bounds
            for (low, high), (lower, higher) in zip(before.bounds[name], after.bounds[name], strict=True)
        )


def test_errors_are_of_the_same_days_in_the_same_unit_whatever_a_spec_sets_aside_or_keeps() -> None:
    values = made(200).values.copy()
    values[[60, 63, 190]] *= 12
    on = START + timedelta(days=190)
    specs = (
        Spec(),
        Spec(outliers="keep"),
        Spec(set_aside=(on,), training_days=100),
        Spec(kept=(START + timedelta(days=60),)),
    )
    found = [
        backtest.run(History(START, values), Known(START), spec, QUICK, told=lambda *_: None, stop=lambda: False) for spec in specs
    ]  # fmt: skip
    assert len({tuple(one.unit for one in each.origins) for each in found}) == 1
    assert all((each.origins[-1].actual == values[170:]).all() for each in found)
    assert [np.isnan(each.past["theta"][-1].off).sum() for each in found] == [0, 0, 1, 0]  # bounds know nothing of it


def test_a_closed_day_is_nothing_for_certain_and_judged_by_nobody() -> None:
    found = fitted(made(140), Spec(horizon=14), Known(START, closed=tuple(CLOSED)), QUICK)
    for one in (found.path, found.folds[-1].path):
        bounds = zip(one.lower95, one.lower80, one.point, one.upper80, one.upper95, strict=True)
        off = [day for day, told in enumerate(bounds) if told == (0, 0, 0, 0, 0)]
        assert off == ([2, 6, 13] if one is found.path else [6, 13])
    assert [day for day, actual in enumerate(found.folds[-1].actual) if actual is None] == [6, 13]


def test_voices_weigh_by_their_last_three_errors_squared() -> None:
    class One:
        points = dict.fromkeys(VOICES)

        def __init__(self, *errors: float) -> None:
            self.errors = dict(zip(VOICES, errors, strict=True))

        def mase(self, name: str) -> float:
            return self.errors[name]

    origins = [One(9, 9, 9), One(1, 2, 2), One(1, 2, 1), One(1, 2, 3)]
    raw = np.array([1, 1 / 4, 1 / 4])
    assert list(backtest.weights(origins).values()) == pytest.approx(raw / raw.sum())  # type: ignore[arg-type]
    assert set(backtest.weights([]).values()) == {1 / 3}


def scored(name: str, mase: float, naive: float = 1.0) -> ModelScore:
    return ModelScore(name, mase, None, None, None, None, 0.0, 5, 100, mase > naive, ())


@pytest.mark.parametrize(
    ("errors", "wanted", "headline"),
    [
        ({"prophet": 0.9, ENSEMBLE: 0.95, NAIVE: 1.0}, "best", ENSEMBLE),
        ({"prophet": 0.9, ENSEMBLE: 0.95, NAIVE: 1.0}, "prophet", "prophet"),
        ({NAIVE: 1.0, ENSEMBLE: 1.1, "prophet": 1.2}, "prophet", NAIVE),
        ({"theta": 0.9, NAIVE: 1.0, ENSEMBLE: 1.1}, "best", "theta"),
    ],
)
def test_what_loses_to_the_seasonal_naive_is_never_the_headline(
    errors: dict[str, float], wanted: str, headline: str
) -> None:
    told = [scored(name, mase) for name, mase in errors.items()]
    assert backtest.headline(Backtest((), {}, {}), told, wanted) == headline


# -- fits --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole() -> Outcome:
    """All models, with an incident and a feast."""
    history = made(230, noise=0.06, trend=0.0005)
    values = history.values.copy()
    values[150] *= 0.1
    values[[90, 190]] *= 2.5
    known = Known(START, tuple(Event("feast", START + timedelta(days=day)) for day in (90, 190, 240)))
    return fitted(History(START, values), known=known, models=tuple(MODELS))


@pytest.mark.parametrize("outliers", ["auto", "keep"])
def test_the_unit_of_errors_is_that_of_the_series_without_its_incidents(outliers: Outliers) -> None:
    history = made(70)
    values = history.values.copy()
    values[40] *= 50
    told = fitted(History(START, values), Spec(outliers=outliers), models=QUICK)
    values[40] = np.nan
    assert told.unit == pytest.approx(accuracy.scale(values))


def test_a_fit_tells_every_model_and_the_ensemble(whole: Outcome) -> None:
    assert {one.name for one in whole.models} == {*MODELS, ENSEMBLE}
    assert whole.path.days == 30
    assert whole.path.start_on == whole.on + timedelta(days=1)
    assert sum(whole.weights.values()) == pytest.approx(1)
    assert whole.score.mase is not None
    assert [one.mase for one in whole.models] == sorted(one.mase or 0 for one in whole.models)


def test_an_incident_is_flagged_and_not_learnt(whole: Outcome) -> None:
    assert [(one.on, one.why) for one in whole.set_aside] == [(START + timedelta(days=150), "outlier")]


def test_the_effect_of_a_feast_is_told_with_its_interval(whole: Outcome) -> None:
    assert [one.event for one in whole.effects] == ["feast"]
    assert whole.effects[0].lower < 1.5 < whole.effects[0].upper
    day = whole.path.point[10]
    assert day > 1.8 * np.mean([whole.path.point[3], whole.path.point[17]])


def test_what_is_kept_is_what_was_told(whole: Outcome) -> None:
    again = Outcome.from_json(whole.to_json())
    assert again == whole


def test_repeated_it_says_the_same() -> None:
    assert fitted(made(150)).path == fitted(made(150)).path


def test_a_series_of_twenty_days_is_refused_with_what_it_takes() -> None:
    with pytest.raises(TooShort) as refused:
        fitted(made(20))
    assert (refused.value.details["days"], refused.value.details["fewest"]) == (20, 58)


def test_days_that_nobody_knows_do_not_count_as_history() -> None:
    values = made(100).values.copy()
    values[10:60] = np.nan
    with pytest.raises(TooShort):
        fitted(History(START, values))


def test_a_series_that_never_changes_is_refused() -> None:
    with pytest.raises(NothingVaries):
        fitted(History(START, np.full(100, 3.0)))


def test_the_shortest_series_is_forecast_without_a_backtest() -> None:
    found = fitted(made(60))
    assert {one.folds for one in found.models} == {0}
    assert found.score.mase is None
    assert found.folds == ()
    assert all(
        low <= point <= high
        for low, point, high in zip(found.path.lower80, found.path.point, found.path.upper80, strict=True)
    )


def test_a_fit_stops_when_it_is_told_to() -> None:
    with pytest.raises(Cancelled):
        fits.fit(made(200), Known(START), Spec(), told=lambda *_: None, stop=lambda: True)


def test_a_fit_says_how_far_it_is() -> None:
    said: list[tuple[str, int, int]] = []
    fits.fit(made(200), Known(START), Spec(), models=QUICK, told=lambda *one: said.append(one), stop=lambda: False)
    assert [one for one in said if one[0] == "backtest"][-1] == ("backtest", 8, 8)
    assert said[-1][0] == "fit"


def test_tuning_changes_what_prophet_learns() -> None:
    history = made(200, trend=0.002)
    rising = path_of("prophet", learn(history, Known(START), Spec()))
    flat = path_of("prophet", learn(history, Known(START), Spec(growth="flat")))
    assert rising[-7:].mean() > 1.03 * flat[-7:].mean()


def test_a_shorter_span_learns_from_its_days_alone() -> None:
    history = made(300)
    changed = history.values.copy()
    changed[:150] *= 9
    spec = Spec(training_days=100)
    one, other = (fitted(each, spec, models=QUICK).path for each in (history, History(START, changed)))
    assert one.point == other.point


# -- spec --------------------------------------------------------------------------------------------------------------


def test_a_spec_is_read_back_as_it_was_written() -> None:
    spec = Spec(
        horizon=14,
        set_aside=(START,),
        without_events=("618",),
        what_ifs=(WhatIf("sale", START, 3, 0.5),),
        model="theta",
    )
    assert Spec.from_json(spec.to_json()) == spec
    assert spec.fitted.what_ifs == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"horizon": 6}, {"horizon": True}, {"growth": "up"}, {"changepoint_prior": 0}, {"changepoint_range": 1.1}, {"training_days": 10}, {"strange": 1},
        {"set_aside": ["2025-13-01"]}, {"what_ifs": [{"name": "x", "start_on": "2025-01-01", "days": 0, "uplift_share": 0.1}]},
        {"what_ifs": [{"name": "x", "start_on": "2025-01-01", "days": 1}]}, {"level": 0.7}, {"horizon": 14.5}, {"horizon": 14.0}, {"horizon": "14"},
        {"training_days": 100.5}, {"model": "foo"}, {"model": ["theta"]}, {"weekly": 3}, {"seasonality_prior": float("nan")}, {"holidays_prior": 10**400},
        {"what_ifs": [{"name": "x", "start_on": "2025-01-01", "days": 2.5, "uplift_share": 0.1}]},
        {"what_ifs": [{"name": "x", "start_on": "9999-12-31", "days": 2, "uplift_share": 0.1}]},
        {"what_ifs": [{"name": 5, "start_on": "2025-01-01", "days": 2, "uplift_share": 0.1}]},
        {"what_ifs": [{"name": "x", "start_on": "2025-01-01", "days": 2, "event": 5}]},
    ],
)  # fmt: skip
def test_what_no_forecast_can_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidForecast):
        Spec.from_json(wrong)


def test_a_whole_number_where_a_float_is_meant_is_one() -> None:
    told = Spec.from_json(
        {"changepoint_prior": 1, "what_ifs": [{"name": "x", "start_on": "2025-01-01", "days": 2, "uplift_share": 1}]}
    )
    kinds = {type(told.changepoint_prior), type(told.what_ifs[0].uplift_share)}
    assert (told.changepoint_prior, kinds) == (1.0, {float})


def test_a_spec_names_the_models_that_there_are() -> None:
    assert set(NAMES) == {*MODELS, ENSEMBLE}


# -- real --------------------------------------------------------------------------------------------------------------


def test_the_ensemble_beats_plain_prophet_and_the_naive_on_real_web_visits() -> None:
    file = (
        Path(__file__).parents[4].parent
        / "shared/data/daily_traffic_skforecast/visitas_por_dia_web_cienciadedatos_2020_2021.csv.gz"
    )
    if not file.exists():
        pytest.skip("The public set of web visits is not beside the project.")
    with gzip.open(file, "rt") as opened:
        values = pd.read_csv(opened)["users"].to_numpy(float)
    history = History(date(2020, 7, 1), values)
    found = fitted(history, models=HEADLINE)
    errors = {one.name: one.mase or 9.0 for one in found.models}
    assert errors[ENSEMBLE] < errors[NAIVE]
    assert errors[ENSEMBLE] < 0.7 * errors["prophet"]


@pytest.mark.parametrize("name", ["weekly", "trend", "ds", "x_delim_y"])
@pytest.mark.some(2)
def test_an_event_may_be_called_as_prophet_calls_its_own_parts(name: str) -> None:
    event = Event(name, START + timedelta(days=40), 1, 1)
    values = np.arange(90.0) % 7 + 20
    values[39:42] += 50
    found = learn(History(START, values), Known(START, (event, Event(name, START + timedelta(days=100), 1, 1))), Spec())
    ahead = path_of("prophet", found)
    assert ahead[10] > ahead[17] + 20  # the day of the event against the same weekday after it
