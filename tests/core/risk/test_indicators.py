"""The registry refuses what cannot be told day by day; windows roll as loops over days count."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Unknown
from core.metrics import kpis
from core.metrics.catalog import METRICS
from core.risk import indicators, rolling
from core.risk.indicators import INDICATORS, Indicator
from tests.seeds import examples

DAYS, LEAD = 12, 4
"""Days with the lead."""
WINDOWS = st.integers(1, LEAD + 1)


def test_an_indicator_is_found_by_its_name_and_a_near_name_is_suggested():
    assert indicators.find("conversion").metric is kpis.conversion_rate
    with pytest.raises(Unknown) as refused:
        indicators.find("conversoin")
    assert refused.value.near[0] == "conversion"


@pytest.mark.parametrize(
    "metric", [kpis.repeat_purchase_share, kpis.purchase_cycle_days, kpis.stickiness, kpis.daily_active_members], ids=lambda m: m.name
)  # fmt: skip
def test_what_needs_its_whole_period_at_once_is_no_indicator(metric):
    with pytest.raises(ValueError, match="day by day"):
        Indicator("new", "trade", metric, 7)


def test_what_names_nobody_has_no_places():
    assert Indicator("new", "growth", kpis.cac, 30).by == ("",)
    with pytest.raises(ValueError, match="names nobody"):
        Indicator("new", "growth", kpis.cac, 30, ("", "unit"))


@pytest.mark.parametrize(("days", "by"), [(0, ("",)), (91, ("",)), (7, ()), (7, ("unit",))])
def test_an_indicator_has_a_window_and_the_whole_house(days, by):
    with pytest.raises(ValueError, match="window"):
        Indicator("new", "trade", kpis.orders, days, by)


def test_parts_have_one_name_each_and_measures_are_no_figures_of_the_overview():
    parts = {part for one in INDICATORS.values() for part in one.metric.parts}
    assert len({part.name for part in parts}) == len(parts)
    own = [one.metric.name for one in INDICATORS.values() if METRICS.get(one.metric.name) is not one.metric]
    assert set(own).isdisjoint(METRICS)
    assert len(own) >= 15


def test_every_indicator_says_what_it_is_and_is_under_its_own_name():
    assert all(name == one.name and len(one.metric.text) > 20 for name, one in INDICATORS.items())
    assert max(one.window_days for one in INDICATORS.values()) - 1 == indicators.LEAD


def test_one_scan_serves_all_parts_of_the_same_rows_in_all_their_windows():
    asked = {part.name: windows for part, windows in indicators.asked(kpis.ACTIVE.rows, "").items()}
    assert asked == {"active": (1, 7, 30), "interacting": (7, 30)}
    assert {part.name for part in indicators.asked(kpis.ACTIVE.rows, "channel")} == {"active"}
    assert indicators.asked(kpis.ACTIVE.rows, "group") == {}


rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, DAYS - 1), st.integers(-5, 9)), max_size=30)


@given(rows, WINDOWS)
@settings(max_examples=examples(100), deadline=None)
def test_sums_of_windows_are_those_of_loops(told, window):
    place, day, amount = (np.array([row[at] for row in told], np.int64) for at in range(3))
    daily = rolling.daily(place, day, amount.astype(float), 2, DAYS)
    wanted = [
        [sum(a for p, d, a in told if p == at and on - window < d <= on) for on in range(LEAD, DAYS)] for at in range(2)
    ]
    assert rolling.summed(daily, window, LEAD).tolist() == wanted


@given(rows, st.integers(0, LEAD + 1))
@settings(max_examples=examples(100), deadline=None)
def test_what_has_come_together_is_all_up_to_so_many_days_before(told, back):
    place, day, amount = (np.array([row[at] for row in told], np.int64) for at in range(3))
    daily = rolling.daily(place, day, amount.astype(float), 2, DAYS)
    wanted = [[sum(a for p, d, a in told if p == at and d <= on - back) for on in range(LEAD, DAYS)] for at in range(2)]
    assert rolling.standing(daily, LEAD, back).tolist() == wanted


@given(st.sets(st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, DAYS - 1)), max_size=30), WINDOWS)
@settings(max_examples=examples(200), deadline=None)
def test_distinct_members_of_windows_are_those_of_sets(told, window):
    ordered = sorted(told)
    place, member, day = (np.array([row[at] for row in ordered], np.int64) for at in range(3))
    is_other = np.ones(len(ordered), np.bool_)
    is_other[1:] = (np.diff(member) != 0) | (np.diff(place) != 0)
    found = rolling.distinct(place, day, rolling.gaps(is_other, day), window, 2, DAYS)
    wanted = [
        [len({m for p, m, d in told if p == at and on - window < d <= on}) for on in range(DAYS)] for at in range(2)
    ]
    assert found.tolist() == wanted
