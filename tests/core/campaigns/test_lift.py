"""Lift against published figures, against scipy and statsmodels, and what may be said of it."""

from math import isclose

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from core.campaigns import lift
from core.campaigns.lift import Heads, Lift, Ratio
from core.metrics.proportions import Interval, Proportion

proportions = st.integers(1, 5000).flatmap(lambda of: st.builds(Proportion, st.integers(0, of), st.just(of)))
values = st.lists(st.integers(-(10**7), 10**9), min_size=2, max_size=40)
SLEEP_1 = [7, -16, -2, -12, -1, 34, 37, 8, 0, 20]
SLEEP_2 = [19, 8, 11, 1, -1, 44, 55, 16, 46, 34]
"""Tenths of hours of sleep gained by ten patients on two drugs (Student, The probable error of a mean, Biometrika 6, 1908; R's ``sleep``)."""
MANY = 20_000


# -- shares ------------------------------------------------------------------------------------------------------------


def test_newcombes_published_interval_is_that_of_treated_less_holdout():
    """R. G. Newcombe, Interval estimation for the difference, Statistics in Medicine 17, 1998, table II (a), method 10: 56/70 - 48/80."""
    got = lift.shares(Proportion(56, 70), Proportion(48, 80))
    assert got.interval is not None and (round(got.interval.low, 4), round(got.interval.high, 4)) == (0.0524, 0.3339)
    assert (got.treated_count, got.holdout_count, got.is_enough) == (70, 80, True)
    assert isclose(got.difference or 0, 0.2) and isclose(got.relative or 0, 1 / 3) and isclose(got.extra or 0, 14)


@given(proportions, proportions, st.sampled_from([0.9, 0.95, 0.99]))
def test_the_interval_of_shares_equals_statsmodels(treated, holdout, confidence):
    expected = confint_proportions_2indep(
        treated.count, treated.of, holdout.count, holdout.of, method="newcomb", compare="diff", alpha=1 - confidence
    )
    got = lift.shares(treated, holdout, confidence=confidence).interval
    assert got is not None and np.allclose((got.low, got.high), expected, atol=1e-9)


@given(proportions, proportions)
def test_the_test_of_shares_equals_scipy(treated, holdout):
    table = np.array([[one.count, one.of - one.count] for one in (treated, holdout)])
    assume(table.sum(0).min() > 0)
    expected = stats.chi2_contingency(table, correction=False)
    got = lift.shares(treated, holdout)
    assert got.is_enough == bool(expected.expected_freq.min() >= 5 - 1e-9) == (got.p_value is not None)
    assert got.p_value is None or isclose(got.p_value, expected.pvalue, rel_tol=1e-6, abs_tol=1e-12)


# -- values per head ---------------------------------------------------------------------------------------------------


def test_welchs_interval_is_that_which_r_publishes():
    """``t.test(extra ~ group, data = sleep)``: t = -1.8608, df = 17.776, p-value = 0.07939, -3.3654832 to 0.2054832 hours."""
    got = lift.heads(Heads.of(SLEEP_1), Heads.of(SLEEP_2))
    assert got.interval is not None and got.p_value is not None
    assert (round(got.interval.low / 10, 7), round(got.interval.high / 10, 7)) == (-3.3654832, 0.2054832)
    assert round(got.p_value, 5) == 0.07939 and (got.treated, got.holdout) == (7.5, 23.3)
    assert isclose(got.extra or 0, -158) and isclose(got.relative or 0, -15.8 / 23.3)


@given(values, values, st.sampled_from([0.9, 0.95, 0.99]))
def test_the_interval_of_values_equals_scipy(treated, holdout, confidence):
    assume(len(set(treated)) > 1 and len(set(holdout)) > 1)
    expected = stats.ttest_ind(treated, holdout, equal_var=False)
    span = expected.confidence_interval(confidence)
    got = lift.heads(Heads.of(treated), Heads.of(holdout), confidence=confidence)
    assert got.interval is not None and got.p_value is not None
    size = max(map(abs, [*treated, *holdout]))
    assert isclose(got.interval.low, span.low, rel_tol=1e-7, abs_tol=1e-9 * size)
    assert isclose(got.interval.high, span.high, rel_tol=1e-7, abs_tol=1e-9 * size)
    assert isclose(got.p_value, expected.pvalue, rel_tol=1e-5, abs_tol=1e-9)


@given(values)
def test_mean_variance_and_skewness_equal_scipy(some):
    got = Heads.of(some)
    assert isclose(got.mean or 0, np.mean(some), rel_tol=1e-12, abs_tol=1e-9)
    assert isclose(got.variance or 0, np.var(some, ddof=1), rel_tol=1e-9)
    if len(set(some)) > 1:
        assert isclose(got.skewness or 0, stats.skew(some), rel_tol=1e-6, abs_tol=1e-6)


def test_sums_stay_exact_where_numbers_are_large():
    """All but equal values around a billion: what is subtracted is a million million times what is left."""
    assert Heads.of([10**9, 10**9 + 1, 10**9 + 2]).variance == 1.0


def test_the_sides_turn_the_sign():
    there, back = (lift.heads(Heads.of(a), Heads.of(b)).interval for a, b in ((SLEEP_1, SLEEP_2), (SLEEP_2, SLEEP_1)))
    assert there is not None and back is not None and isclose(there.low, -back.high) and isclose(there.high, -back.low)


def test_one_side_of_which_all_are_the_same_has_an_interval_by_the_other():
    """By hand: 1 - 0.5, variance 1/2 over 2 heads, one degree of freedom: 0.5 ± 12.7062 * 0.5."""
    got = lift.heads(Heads.of([1, 1]), Heads.of([0, 1])).interval
    assert got is not None and (round(got.low, 3), round(got.high, 3)) == (-5.853, 6.853)


def test_a_long_tail_needs_more_people():
    """One in a hundred spends: skewness 9.85, so 355 * 97 = 34,437 people. One in two: 0, so thirty do."""
    tail = [0] * 99 + [100]
    assert round(Heads.of(tail).skewness or 0, 2) == 9.85
    assert not Heads.of(tail * 344).is_enough and Heads.of(tail * 345).is_enough
    assert not Heads.of([0, 100] * 14).is_enough and Heads.of([0, 100] * 15).is_enough


@pytest.mark.parametrize(("one", "other"), [([], [1, 2]), ([5], [1, 2]), ([], []), ([3, 3], [4, 4])])
def test_where_nothing_varies_or_nobody_is_there_no_interval_is(one, other):
    got = lift.heads(Heads.of(one), Heads.of(other))
    assert (got.interval, got.p_value, got.is_enough) == (None, None, False)
    assert (got.difference is None) == (not one or not other)


def test_of_nothing_nothing_is_relative():
    assert lift.shares(Proportion(3, 10), Proportion(0, 10)).relative is None
    assert lift.heads(Heads.of([1, 3]), Heads.of([-1, 0])).relative is None


@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_a_confidence_of_nothing_or_certainty_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence"):
        lift.heads(Heads.of([1, 2]), Heads.of([3, 4]), confidence=confidence)


# -- the split ---------------------------------------------------------------------------------------------------------


def test_a_mismatch_that_was_published_is_found():
    """R. Kohavi, D. Tang, Y. Xu, Trustworthy Online Controlled Experiments, 2020, chapter 3: 821,588 and 815,482 users of a 50/50 split, p = 1.8E-6."""
    got = lift.ratio([821_588, 815_482], [1, 1])
    assert f"{got.p_value:.1e}" == "1.8e-06" and got.is_warning


@given(st.lists(st.tuples(st.integers(0, 10_000), st.floats(0.05, 1)), min_size=2, max_size=5))
def test_the_chance_of_a_split_equals_scipy(sides):
    observed, weights = zip(*sides, strict=True)
    expected = np.array(weights) / sum(weights) * sum(observed)
    got = lift.ratio(observed, weights)
    assert np.allclose(got.expected, expected)
    if expected.min() < 4.999:
        assert (got.chi_squared, got.p_value, got.is_warning) == (None, None, False)
    elif expected.min() > 5.001:
        found = stats.chisquare(observed, expected)
        assert isclose(got.chi_squared or 0, found.statistic, rel_tol=1e-9, abs_tol=1e-9)
        assert isclose(got.p_value or 0, found.pvalue, rel_tol=1e-6, abs_tol=1e-300)


@pytest.mark.parametrize(
    ("held", "is_warning"), [(1000, False), (1098, False), (1099, True), (901, True), (902, False)]
)
def test_a_split_warns_below_one_in_a_thousand(held, is_warning):
    """Of 10,000 with 10 % held out one standard error is 30, and p < .001 lies beyond 3.2905 of them: 98.7."""
    assert lift.ratio([10_000 - held, held], [0.9, 0.1]).is_warning == is_warning


@pytest.mark.parametrize(
    ("observed", "weights"), [([1], [1]), ([1, 2], [1]), ([1, -1], [1, 1]), ([1, 2], [1, 0]), ([1, 2], [1, float("nan")]), ([], [])]
)  # fmt: skip
def test_a_split_that_is_none_is_refused(observed, weights):
    with pytest.raises(ValueError, match="two or more sides"):
        lift.ratio(observed, weights)


# -- what may be said --------------------------------------------------------------------------------------------------

EVEN, UNEVEN = lift.ratio([MANY, MANY], [1, 1]), lift.ratio([MANY + 2000, MANY], [1, 1])


@pytest.mark.parametrize(
    ("treated", "holdout", "split", "code"),
    [
        ((1200, MANY), (1000, MANY), EVEN, "up"),
        ((1200, MANY), (1000, MANY), None, "up"),
        ((1000, MANY), (1200, MANY), EVEN, "down"),
        ((1000, MANY), (1010, MANY), EVEN, "unclear"),
        ((1200, MANY), (1000, MANY), UNEVEN, "sample_ratio"),
        ((9, 10), (1, 9), EVEN, "too_small"),
        ((0, MANY), (0, MANY), EVEN, "too_small"),
        ((5, 10), (0, 0), UNEVEN, "nobody"),
        ((0, 0), (5, 10), None, "nobody"),
    ],
)
def test_the_verdict_on_shares(treated, holdout, split, code):
    got = lift.verdict(lift.shares(Proportion(*treated), Proportion(*holdout)), split)
    assert (got.code, got.ratio, got.lift.treated_count) == (code, split, treated[1])


def test_the_verdict_on_values_waits_for_enough_people():
    more, less = [0, 100, 300], [0, 90, 200]
    assert lift.verdict(lift.heads(Heads.of(more * 3), Heads.of(less * 3))).code == "too_small"
    assert lift.verdict(lift.heads(Heads.of(more * 500), Heads.of(less * 500))).code == "up"
    assert lift.verdict(lift.heads(Heads.of(less * 500), Heads.of(more * 500))).code == "down"
    assert lift.verdict(lift.heads(Heads.of(more * 500), Heads.of(more * 500))).code == "unclear"


def test_an_interval_that_touches_nothing_is_unclear():
    for low, high in ((0.0, 0.2), (-0.2, 0.0)):
        at_zero = Lift(9, 9, 0.5, 0.4, 0.1, Interval(low, high), 0.25, 0.9, 0.05, True)
        assert lift.verdict(at_zero).code == "unclear"


def test_of_a_thousand_campaigns_without_effect_about_one_in_twenty_is_called_an_effect():
    """Both sides are drawn from the same spending, five to one in size; 4.4 standard errors of 5 % of 1000 are 3 %."""
    draw = np.random.default_rng(11)
    wrong = 0
    for _ in range(1000):
        spent = draw.integers(0, 1000, 600)
        code = lift.verdict(lift.heads(Heads.of(spent[:500].tolist()), Heads.of(spent[500:].tolist()))).code
        assert code in ("up", "down", "unclear")
        wrong += code in ("up", "down")
    assert 20 <= wrong <= 80


def test_nobody_on_both_sides_is_no_mismatch():
    assert lift.ratio([0, 0], [9, 1]) == Ratio((0, 0), (0.0, 0.0), None, None)
