"""Contributions add up to the change exactly, and the split that explains it is told from those that do not."""

from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from core.periods import Period
from core.risk import cause
from core.risk.cause import Mix
from tests.seeds import examples

MONDAY = date(2026, 6, 1)
EARLY = date(2020, 1, 1)
COUNTS = st.integers(0, 500)
PARTS = st.lists(st.tuples(COUNTS, COUNTS, COUNTS, COUNTS), min_size=1, max_size=8)
COPIES = st.integers(1, 4)


def days(first: date, length: int) -> Period:
    return Period(first, first + timedelta(days=length))


def weeks_before(*weeks: int, first: date = MONDAY, length: int = 1) -> tuple[Period, ...]:
    return tuple(days(first - timedelta(weeks=one), length) for one in weeks)


# -- what is held against what -----------------------------------------------------------------------------------------


def test_a_day_is_held_against_the_same_weekday_of_the_four_weeks_before():
    found = cause.compared(MONDAY, MONDAY, 1, EARLY)
    assert (found.now, found.copies) == (days(MONDAY, 1), weeks_before(1, 2, 3, 4))
    assert found.usual == Period(MONDAY - timedelta(weeks=4), MONDAY)


def test_a_copy_never_touches_the_days_themselves():
    found = cause.compared(MONDAY, MONDAY + timedelta(days=9), 1, EARLY)
    assert (found.now, found.copies) == (days(MONDAY, 10), weeks_before(2, 3, 4, 5, length=10))


def test_an_indicator_with_a_window_is_held_against_windows():
    found = cause.compared(MONDAY, MONDAY + timedelta(days=1), 7, EARLY)
    start = MONDAY - timedelta(days=5)
    assert (found.now, found.copies) == (days(start, 7), weeks_before(1, 2, 3, 4, first=start, length=7))


def test_a_holiday_is_left_out_and_the_week_before_it_taken():
    off = {MONDAY - timedelta(weeks=1), MONDAY - timedelta(weeks=3)}
    assert cause.compared(MONDAY, MONDAY, 1, EARLY, off).copies == weeks_before(2, 4, 5, 6)


def test_where_every_copy_holds_a_holiday_the_nearest_ones_count():
    off = {MONDAY - timedelta(weeks=one) for one in range(1, 9)}
    assert cause.compared(MONDAY, MONDAY, 1, EARLY, off).copies == weeks_before(1, 2, 3, 4)


def test_a_month_is_held_against_months_whatever_holiday_they_hold():
    found = cause.compared(MONDAY, MONDAY, 30, EARLY, {MONDAY - timedelta(days=40)})
    assert found.copies == weeks_before(5, 6, 7, 8, first=MONDAY - timedelta(days=29), length=30)[:4]


def test_nothing_is_held_against_days_before_the_data_begins():
    since = MONDAY - timedelta(weeks=2)
    found = cause.compared(MONDAY, MONDAY, 1, since)
    assert (found.copies, found.usual) == (weeks_before(1, 2), Period(since, MONDAY))
    assert cause.compared(MONDAY, MONDAY, 1, MONDAY) == cause.Compared(days(MONDAY, 1), (), None)


# -- contributions -----------------------------------------------------------------------------------------------------


def test_a_part_of_a_sum_contributes_what_it_is_now_less_the_mean_of_its_copies():
    found = cause.of_sum(np.array([5, 0, 7]), np.array([12, 4, 0]), 4)
    assert found.change.tolist() == [2, -1, 7]


@given(PARTS, COPIES)
@settings(max_examples=examples(100))
def test_parts_of_a_sum_add_up_to_its_change(parts, copies):
    now, base = (np.array([one[place] for one in parts]) for place in (0, 1))
    found = cause.of_sum(now, base, copies)
    exact = [Fraction(int(a) * copies - int(b), copies) for a, b in zip(now, base, strict=True)]
    assert found.change.tolist() == [float(one) for one in exact]
    assert sum(exact) == Fraction(int(now.sum())) - Fraction(int(base.sum()), copies)


def kitagawa(parts):
    """Rate and mix of each part by the textbook's sentence, in fractions; for parts with a bottom on both sides."""
    whole_now, whole_base = (sum(Fraction(one[place]) for one in parts) for place in (2, 3))
    mean = (sum(Fraction(one[0]) for one in parts) / whole_now + sum(Fraction(one[1]) for one in parts) / whole_base) / 2  # fmt: skip
    found = []
    for top_now, top_base, bottom_now, bottom_base in parts:
        w, v = Fraction(bottom_now) / whole_now, Fraction(bottom_base) / whole_base
        r, s = Fraction(top_now, bottom_now), Fraction(top_base, bottom_base)
        found.append(((w + v) / 2 * (r - s), (w - v) * ((r + s) / 2 - mean)))
    return found


@given(st.lists(st.tuples(COUNTS, COUNTS, st.integers(1, 500), st.integers(1, 500)), min_size=1, max_size=8))
@settings(max_examples=examples(100))
def test_a_ratio_is_split_into_rate_and_mix_as_kitagawa_does(parts):
    found = cause.of_ratio(*np.array(parts, np.int64).T)
    assert found is not None
    wanted = kitagawa(parts)
    np.testing.assert_allclose(found.rate, [float(rate) for rate, _ in wanted], atol=1e-9)
    np.testing.assert_allclose(found.mix, [float(mix) for _, mix in wanted], atol=1e-9)


@given(PARTS, COPIES)
@settings(max_examples=examples(200))
def test_rate_and_mix_of_a_ratio_add_up_to_its_change_with_parts_new_or_gone(parts, copies):
    top_now, top_base, bottom_now, bottom_base = np.array(parts, np.int64).T
    found = cause.of_ratio(top_now, top_base, bottom_now, bottom_base)
    of_top = cause.of_top(top_now, top_base, float(bottom_now.sum()), float(bottom_base.sum()), copies)
    if not bottom_now.sum() or not bottom_base.sum():
        assert found is of_top is None
        return
    change = top_now.sum() / bottom_now.sum() - top_base.sum() / bottom_base.sum()
    for one in (found, of_top):
        assert one is not None
        assert (one.rate + one.mix).sum() == pytest.approx(change, abs=1e-9 * max(1, abs(change)))
        np.testing.assert_allclose(one.change, one.rate + one.mix, atol=1e-9 * max(1.0, float(np.abs(one.rate).max())))


def test_a_part_that_is_new_is_all_mix_and_one_with_the_usual_ratio_does_nothing():
    """Before: 10 of 100 in one part. Now it is as it was, and of 100 in a new part 40 are: 0.10 became 0.25, by the new part."""
    found = cause.of_ratio(np.array([10, 40]), np.array([10, 0]), np.array([100, 100]), np.array([100, 0]))
    assert found is not None
    assert found.rate.tolist() == [0, 0]
    np.testing.assert_allclose(found.mix, [-0.5 * (0.1 - 0.175), 0.5 * (0.4 - 0.175)])
    alike = cause.of_ratio(np.array([10, 30]), np.array([10, 10]), np.array([100, 300]), np.array([100, 100]))
    assert alike is not None
    np.testing.assert_allclose(alike.change, 0, atol=1e-12)


def test_a_top_without_any_bottom_is_all_rate():
    found = cause.of_ratio(np.array([10, 5]), np.array([10, 0]), np.array([100, 0]), np.array([100, 0]))
    assert found is not None
    np.testing.assert_allclose((found.rate, found.mix), ([0, 0.05], [0, 0]), atol=1e-12)


def test_where_the_top_alone_is_told_the_bottom_moves_every_part():
    """5 and 5 of 100 became 5 and 20 of 50."""
    found = cause.of_top(np.array([5, 20]), np.array([10, 10]), 50, 200, 2)
    assert found is not None
    np.testing.assert_allclose(found.change, [0.1 - 0.05, 0.4 - 0.05])
    np.testing.assert_allclose(found.rate, [0, 15 * (0.02 + 0.01) / 2])


def test_parts_stand_by_what_they_did_in_the_direction_of_the_change():
    assert cause.in_order(np.array([1.0, -3.0, -3.0, 2.0]), ["a", "c", "b", "d"]) == [2, 1, 0, 3]
    assert cause.in_order(np.array([1.0, -3.0, 5.0]), ["a", "b", "c"]) == [2, 0, 1]


# -- which split explains it -------------------------------------------------------------------------------------------


def mix(usual, now) -> Mix:
    return Mix(np.array(usual), np.array(now), float(sum(usual)), float(sum(now)))


def explained(usual, now, copies=4):
    now_, usual_ = np.array(now), np.array(usual)
    return cause.explained(now_ - usual_ / copies, [mix(usual, now)])


def js(p: float, q: float) -> float:
    return 0.5 * (p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q)))


def test_surprise_is_the_divergence_of_adtributor_less_that_of_chance():
    found = explained([400, 400], [300, 100])
    assert found.parts == (0,)
    by_chance = (1 - 0.625) * (1 / 800 + 1 / 400) / 8
    assert found.surprise == pytest.approx(js(0.5, 0.75) - by_chance)
    assert (found.share, found.usual, found.is_telling) == (1.0, 0.5, True)


def test_evidence_is_the_likelihood_ratio_less_what_picking_parts_takes():
    """Of 800 facts half were of the part, now 300 of 400 are; G by scipy's test of the table."""
    g = chi2_contingency([[400, 400], [300, 100]], correction=False, lambda_="log-likelihood").statistic
    assert explained([400, 400], [300, 100]).evidence == pytest.approx(g - 10)


def test_one_part_that_did_it_all_tells():
    found = explained([40, 40, 40, 40], [10, 10, 10, 100])
    assert (found.parts, found.share, found.is_telling) == ((3,), 1.0, True)


def test_what_moved_every_part_alike_is_told_by_none():
    for now in ([2, 4, 6, 8], [100, 200, 300, 400]):
        assert not explained([40, 80, 120, 160], now).is_telling


def test_few_facts_spread_by_chance_tell_nothing():
    """Twelve complaints instead of one a week, over as many shops as they are: no shop is the cause."""
    rng = np.random.default_rng(3)
    told = [
        explained(rng.multinomial(4, np.full(10, 0.1)), rng.multinomial(12, np.full(10, 0.1))).is_telling
        for _ in range(200)
    ]
    assert sum(told) <= 4


def test_amounts_are_as_certain_as_the_facts_they_rest_on():
    """The same shares of a few large amounts and of many small ones."""
    usual, now = np.array([500, 500]), np.array([900, 300])
    few, many = (cause.explained(now - usual / 4, [Mix(usual, now, facts, facts)]) for facts in (6.0, 600.0))
    assert (few.is_telling, many.is_telling) == (False, True)


def test_a_part_that_did_less_than_its_share_is_no_cause_however_much_its_share_changed():
    found = explained([2000, 2000], [900, 600])
    assert (found.parts, found.share, found.is_telling) == ((0,), 0.8, True)


def test_no_change_is_explained_by_nothing():
    assert explained([4, 8], [1, 2]) == cause.Explained((), 0.0, 0.0, 0.0, -5.0, False)


@given(st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=12))
@settings(max_examples=examples(100))
def test_named_parts_are_the_fewest_and_each_does_a_tenth(parts):
    usual, now = np.array(parts).T
    found = explained(usual, now)
    change = now - usual / 4
    if not change.sum():
        return
    share = change / change.sum()
    assert all(share[place] >= cause.LEAST_SHARE for place in found.parts)
    assert found.share == pytest.approx(share[list(found.parts)].sum())
    assert share[list(found.parts[:-1])].sum() < cause.ENOUGH_SHARE
    assert found.surprise >= 0
