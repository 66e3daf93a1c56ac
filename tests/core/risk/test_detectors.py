"""Every way a rule can judge a day, against the same said slowly; and what becomes a warning."""

import math
from dataclasses import replace
from itertools import pairwise
from statistics import mean, stdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.risk import detectors
from core.risk.detectors import Course, judge
from core.risk.episodes import Episode, breaking, episodes
from core.risk.rules import Rule
from tests.seeds import examples

NAN = math.nan
FREE = np.zeros(400, bool)


def course(*values: float, skipped: tuple[int, ...] = (), **more: object) -> Course:
    free = np.zeros(len(values), bool)
    free[list(skipped)] = True
    return Course(np.array([values], float), free, **more)  # type: ignore[arg-type]


def days(rule: Rule, told: Course) -> list[int]:
    return np.flatnonzero(breaking(rule, judge(rule, told))[0]).tolist()


def test_more_than_a_threshold_is_not_as_much_as_it():
    rule = Rule("x", "threshold", 5, "above")
    assert days(rule, course(4, 5, 6, NAN)) == [2]
    assert days(replace(rule, is_inclusive=True), course(4, 5, 6, NAN)) == [1, 2]
    assert days(replace(rule, direction="below"), course(4, 5, 6)) == [0]
    assert days(replace(rule, direction="below", is_inclusive=True), course(4, 5, 6)) == [0, 1]


def test_a_change_is_against_the_mean_of_the_days_before():
    rule = Rule("x", "relative", 0.2, "below", window_days=4)
    found = judge(rule, course(10, 10, 10, 10, 7.9, 8.1))
    assert found.expected[0].tolist()[4:] == [10.0, pytest.approx((10 * 3 + 7.9) / 4)]
    assert found.bound[0, 4] == 8.0
    assert days(rule, course(10, 10, 10, 10, 7.9, 8.1)) == [4]
    assert days(replace(rule, direction="both"), course(10, 10, 10, 10, 12.1)) == [4]
    assert days(rule, course(0, 0, 0, 0, 0)) == []
    assert days(replace(rule, direction="above"), course(0, 0, 1)) == [2]


def test_holidays_are_neither_judged_nor_learnt():
    rule = Rule("x", "relative", 0.2, "below", window_days=4)
    told = course(10, 10, 1, 10, 10, 7, skipped=(2,))
    assert days(rule, told) == [5]
    assert np.isnan(judge(rule, told).distance[0, 2])
    assert days(replace(rule, skips_holidays=False), told) == [2]


def test_a_threshold_may_ask_that_the_value_has_changed_as_well():
    rule = Rule("x", "threshold", 0.02, "above", window_days=4, change=0.005)
    assert days(rule, course(0.025, 0.025, 0.025, 0.025, 0.026)) == []
    assert days(rule, course(0.025, 0.025, 0.025, 0.025, 0.031)) == [4]


def test_what_was_forecast_is_what_is_expected():
    told = course(100, 79, 81, 50, forecast=np.array([[100.0, 100, 100, NAN]]))
    assert days(Rule("x", "forecast", 0.2), told) == [1]
    assert days(Rule("x", "forecast", 0.2), course(1, 2, 3)) == []


LINES = st.lists(st.one_of(st.integers(0, 30).map(float), st.just(NAN)), min_size=1, max_size=70)


@settings(max_examples=examples(150))
@given(LINES, st.sampled_from(["above", "below", "both"]), st.integers(1, 5), st.sets(st.integers(0, 69), max_size=40))
def test_sigma_relative_and_weekday_rules_say_what_plain_arithmetic_says(values, direction, weeks, holidays):
    """Days that are skipped are not judged, and those before them take their place."""
    window, limit = weeks * 7, 1.5
    skipped = tuple(day for day in sorted(holidays) if day < len(values))
    told = course(*values, skipped=skipped)
    for detector in ("sigma", "relative", "baseline"):
        rule = Rule("x", detector, limit if detector == "sigma" else 0.3, direction, window_days=window)
        expected = []
        for day, value in enumerate(values):
            places = range(day - 1, -1, -1)
            if detector == "baseline":
                places = [day - 7 * week for week in range(1, 3 * weeks + 1) if day >= 7 * week]
            before = [values[place] for place in places if place not in skipped][
                : weeks if detector == "baseline" else window
            ]
            known = [one for one in before if not math.isnan(one)]
            least = max(weeks / 2, 0) if detector == "baseline" else window / 2
            if math.isnan(value) or day in skipped or not known or len(known) < least:
                continue
            middle = mean(known)
            scale = abs(middle)
            if detector == "sigma":
                if len(known) < 2:
                    continue
                scale = stdev(known)
            if abs(value - middle) < 1e-9:
                continue
            away = (value - middle) / scale if scale > 1e-9 else math.copysign(math.inf, value - middle)
            away = {"above": away, "below": -away, "both": abs(away)}[direction]
            if away > rule.limit * (1 + 1e-9):
                expected.append(day)
            elif away > rule.limit * (1 - 1e-9):
                return  # on the edge of rounding
        assert days(rule, told) == expected


def test_the_daily_rule_is_its_three_measures_together():
    draw = np.random.default_rng(2)
    values = np.exp(5 + draw.normal(0, 0.2, (6, 400)))
    told = Course(values, FREE)
    together = breaking(Rule("x", "daily", 1.0, "below"), judge(Rule("x", "daily", 1.0, "below"), told))
    each = np.zeros_like(together)
    for measure, (unit, share) in detectors.MODES["daily"].items():
        rule = Rule("x", measure, unit, "below" if measure == "drift" else "both", least_share=share)
        each |= breaking(rule, judge(rule, told))
    assert together.any() and (together == each).all()
    quiet = Rule("x", "quiet", 1.0, "below")
    assert not (breaking(quiet, judge(quiet, told)) & ~together).any()


def test_an_effect_too_small_to_matter_breaks_no_rule_however_calm_the_line():
    draw = np.random.default_rng(2)
    values = np.exp(5 + draw.normal(0, 0.005, 300))
    values[290] *= 1.15
    told = course(*values)
    assert 290 in days(Rule("x", "sudden", 3.0), told)
    assert days(Rule("x", "sudden", 3.0, least_share=0.2), told) == []
    limit = judge(Rule("x", "sudden", 3.0, least_share=0.1), told).bound[0, 290]
    assert limit == pytest.approx(math.exp(5) * 1.1, rel=0.02)


@pytest.mark.parametrize("method", ["kmeans", "forest"])
def test_a_day_on_which_two_indicators_go_different_ways_is_unlike_all_others(method):
    draw = np.random.default_rng(3)
    base = draw.normal(0, 0.2, 300)
    one, other = (np.exp(5 + base + draw.normal(0, 0.02, 300)) for _ in range(2))
    one[280], other[280] = one[280] * 4, other[280] / 4
    told = Course(one[None], np.zeros(300, bool), others=other[None])
    rule = Rule("x", method, 3.0, others=("y",))
    distance = judge(rule, told).distance[0]
    assert 280 in np.argsort(np.nan_to_num(distance))[-2:]
    assert np.isnan(distance[:90]).all()
    assert 280 in days(rule, told)


def test_rules_of_the_system_have_no_course():
    with pytest.raises(ValueError, match="no course"):
        judge(Rule("", "late", 2), course(1))


# -- episodes ----------------------------------------------------------------------------------------------------------

HIGH = Rule("x", "threshold", 5, "above", quiet_days=2)


def spans(rule: Rule, *values: float) -> list[tuple[int, int, int, bool]]:
    return [(one.first, one.told, one.last, one.is_open) for one in episodes(rule, course(*values))]


def test_days_that_break_a_rule_within_its_quiet_days_are_one_warning():
    assert spans(HIGH, 1, 9, 1, 9, 1, 1, 1, 9) == [(1, 1, 3, False), (7, 7, 7, True)]
    assert spans(replace(HIGH, quiet_days=0), 1, 9, 1, 9, 1) == [(1, 1, 1, False), (3, 3, 3, False)]


def test_a_warning_waits_for_as_many_days_in_a_row_as_the_rule_asks():
    rule = replace(HIGH, least_days=3)
    assert spans(rule, 9, 9, 1, 9, 9, 9, 1, 1, 1) == [(3, 5, 5, False)]
    assert spans(rule, 9, 9, NAN, 9, 1, 1, 1) == [(0, 3, 3, False)]


def test_a_warning_is_over_only_when_a_day_is_back_where_it_should_be():
    rule = replace(HIGH, clear=2, quiet_days=0)
    assert spans(rule, 9, 4, 4, 9, 1, 4) == [(0, 0, 3, False)]
    assert spans(rule, 9, 4, 4) == [(0, 0, 0, True)]
    below = Rule("x", "threshold", 2, "below", clear=4, quiet_days=0)
    assert spans(below, 1, 3, 3, 1, 5) == [(0, 0, 3, False)]


def test_an_unknown_day_neither_ends_a_warning_nor_prolongs_it():
    assert spans(replace(HIGH, quiet_days=0), 9, NAN, NAN) == [(0, 0, 0, True)]


def test_a_warning_tells_its_farthest_day():
    (one,) = episodes(HIGH, course(1, 6, 9, 7, 1, 1, 1))
    assert one == Episode(0, 1, 1, 3, False, 2, 9.0, pytest.approx(NAN, nan_ok=True), 5.0)


@settings(max_examples=examples(200))
@given(
    st.lists(st.one_of(st.integers(0, 9).map(float), st.just(NAN)), max_size=30),
    st.integers(1, 3), st.integers(0, 4), st.sampled_from([None, 2.0, 5.0]),
)  # fmt: skip
def test_more_days_change_nothing_that_was_told_before_them(values, least, quiet, clear):
    rule = replace(HIGH, least_days=least, quiet_days=quiet, clear=clear)
    whole = episodes(rule, course(*values)) if values else []
    for cut in range(1, len(values)):
        for one in episodes(rule, course(*values[:cut])):
            later = [other for other in whole if other.first == one.first]
            assert len(later) == 1 and later[0].told == one.told and later[0].last >= one.last
            assert one.is_open or (later[0].last, later[0].is_open) == (one.last, False)
    assert all(a.last + quiet < b.first for a, b in pairwise(whole))
