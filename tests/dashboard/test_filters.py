from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from core.periods import Period
from dashboard.filters import PRESETS, period_of

AS_OF = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("preset", "start", "end"),
    [
        ("7", date(2026, 11, 14), date(2026, 11, 21)),
        ("28", date(2026, 10, 24), date(2026, 11, 21)),
        ("90", date(2026, 8, 23), date(2026, 11, 21)),
        ("364", date(2025, 11, 22), date(2026, 11, 21)),
        ("month", date(2026, 11, 1), date(2026, 12, 1)),
        ("last_month", date(2026, 10, 1), date(2026, 11, 1)),
        ("all", date(2024, 2, 29), date(2026, 11, 21)),
        ("custom", date(2026, 1, 5), date(2026, 1, 6)),
        ("nonsense", date(2026, 10, 24), date(2026, 11, 21)),
    ],
)
def test_a_preset_counts_back_from_the_newest_day_with_data(preset, start, end):
    custom = Period(date(2026, 1, 5), date(2026, 1, 6))
    found = period_of(preset, as_of_on=AS_OF, first_on=date(2024, 2, 29), custom=custom)
    assert (found.start_on, found.end_on) == (start, end)


@pytest.mark.parametrize("as_of", [date(2026, 1, 1), date(2026, 1, 31), date(2024, 2, 29), date(2026, 12, 31)])
def test_months_are_whole_and_follow_each_other(as_of):
    this = period_of("month", as_of_on=as_of, first_on=None)
    last = period_of("last_month", as_of_on=as_of, first_on=None)
    assert this.start_on.day == this.end_on.day == last.start_on.day == 1
    assert last.end_on == this.start_on
    assert this.start_on <= as_of < this.end_on


def test_all_of_nothing_is_the_usual_period():
    usual = period_of("28", as_of_on=AS_OF, first_on=None)
    assert period_of("all", as_of_on=AS_OF, first_on=None) == usual
    assert period_of("all", as_of_on=AS_OF, first_on=AS_OF + timedelta(days=1)) == usual
    assert period_of("all", as_of_on=AS_OF, first_on=AS_OF).days == 1


@given(st.sampled_from(PRESETS), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_every_preset_is_a_period_that_starts_no_later_than_the_newest_day(preset, as_of):
    assert period_of(preset, as_of_on=as_of, first_on=None).start_on <= as_of


def page() -> None:
    from datetime import date

    import streamlit as st

    from dashboard.filters import Choices, bar

    choices = Choices(date(2026, 11, 20), date(2026, 1, 1), {"east": "华东", "north": "华北"}, {3: "沉睡会员"})
    st.session_state["told"] = bar(choices)


@pytest.fixture
def app():
    """``app(period="90", …)``: a page with the filters, opened with this address."""

    def call(**address) -> AppTest:
        test = AppTest.from_function(page, default_timeout=30)
        for name, value in address.items():
            test.query_params[name] = value
        return test.run()

    return call


def told(app):
    assert not app.exception
    return app.session_state["told"]


def address(app):
    return dict(app.query_params)


def test_without_an_address_everything_is_as_usual_and_the_address_stays_empty(app):
    test = app()
    found = told(test)
    assert (found.period, found.channels, found.units, found.segment) == (
        Period(date(2026, 10, 24), date(2026, 11, 21)), (), (), None,
    )  # fmt: skip
    assert address(test) == {}


def test_an_address_says_what_is_chosen_and_is_kept(app):
    test = app(period="90", channel=["app", "sms"], unit=["north"], segment="3")
    found = told(test)
    assert (found.period.days, found.channels, found.units, found.segment) == (90, ("app", "sms"), ("north",), 3)
    assert address(test) == {"period": "90", "channel": ["app", "sms"], "unit": "north", "segment": "3"}


def test_what_an_address_may_not_say_is_left_out(app):
    test = app(period="5; drop", channel=["app", "pigeon"], unit=["south"], segment="4")
    found = told(test)
    assert (found.period.days, found.channels, found.units, found.segment) == (28, ("app",), (), None)
    assert address(test) == {"channel": "app"}


def test_days_chosen_by_hand_travel_in_the_address(app):
    test = app(**{"period": "custom", "from": "2026-03-01", "to": "2026-03-31"})
    assert told(test).period == Period(date(2026, 3, 1), date(2026, 4, 1))
    assert address(test) == {"period": "custom", "from": "2026-03-01", "to": "2026-03-31"}
    test.date_input(key="days").set_value((date(2026, 5, 1), date(2026, 5, 1))).run()
    assert told(test).period == Period(date(2026, 5, 1), date(2026, 5, 2))
    assert address(test)["to"] == "2026-05-01"
    test.selectbox(key="period").set_value("7").run()
    assert address(test) == {"period": "7"}


@pytest.mark.parametrize("days", [("2026-03-31", "2026-03-01"), ("x", "2026-03-01"), ("2026-03-01", ""), ("", "")])
def test_days_that_make_no_period_become_the_usual_ones(app, days):
    test = app(**{"period": "custom", "from": days[0], "to": days[1]})
    assert told(test).period == Period(date(2026, 10, 24), date(2026, 11, 21))


def test_a_choice_changes_the_address(app):
    test = app()
    test.multiselect(key="channel").set_value(["live", "store"]).run()
    assert told(test).channels == ("live", "store")
    assert address(test) == {"channel": ["live", "store"]}
    test.multiselect(key="channel").set_value([]).run()
    assert address(test) == {}


def test_labels_are_translated_and_the_address_is_not(app):
    zh, en = app(period="90"), AppTest.from_function(page, default_timeout=30)
    en.session_state["_language"] = "en"
    en.query_params["period"] = "90"
    en.run()
    assert (zh.selectbox(key="period").options[2], en.selectbox(key="period").options[2]) == (
        "近 90 天",
        "Last 90 days",
    )
    assert address(zh) == address(en) == {"period": "90"}
