"""Shares against published tables and against scipy."""

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2_contingency

from core.metrics.proportions import FEWEST_EXPECTED, Interval, Proportion, compare, newcombe, wilson, z_test

proportions = st.integers(1, 500).flatmap(lambda of: st.builds(Proportion, st.integers(0, of), st.just(of)))


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(count: int, of: int, low: float, high: float) -> None:
    """Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17, 1998, table I."""
    got = wilson(Proportion(count, of))
    assert got is not None and (round(got.low, 4), round(got.high, 4)) == (low, high)


@given(proportions, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_wilson_equals_scipy(one: Proportion, confidence: float) -> None:
    expected = binomtest(one.count, one.of).proportion_ci(confidence, method="wilson")
    got = wilson(one, confidence=confidence)
    assert got is not None and isclose(got.low, expected.low, abs_tol=1e-12)
    assert isclose(got.high, expected.high, abs_tol=1e-12)
    assert one.share is not None and 0 <= got.low <= one.share <= got.high <= 1


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((48, 80), (56, 70), 0.0524, 0.3339),
        ((3, 10), (9, 10), 0.1705, 0.8090),
        ((2, 7), (6, 7), 0.0582, 0.8062),
        ((0, 29), (5, 56), -0.0381, 0.1926),
        ((0, 20), (0, 10), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((0, 20), (10, 10), 0.6791, 1.0),
        ((0, 10), (10, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_gives_the_published_intervals(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    """Newcombe, Interval estimation for the difference, Statistics in Medicine 17, 1998, table II, method 10."""
    got = newcombe(Proportion(*first), Proportion(*second))
    assert got is not None and (round(got.low, 4), round(got.high, 4)) == (low, high)


@given(proportions, proportions)
def test_the_difference_turns_with_its_sides(first: Proportion, second: Proportion) -> None:
    there, back = newcombe(first, second), newcombe(second, first)
    assert there is not None and back is not None
    assert isclose(there.low, -back.high, abs_tol=1e-12) and isclose(there.high, -back.low, abs_tol=1e-12)
    assert -1 - 1e-12 <= there.low <= there.high <= 1 + 1e-12


@given(proportions, proportions)
def test_the_square_of_z_is_pearsons_chi_squared(first: Proportion, second: Proportion) -> None:
    test = z_test(first, second)
    table = [[one.count, one.of - one.count] for one in (first, second)]
    if test is None:
        assert 0 in (table[0][0] + table[1][0], table[0][1] + table[1][1])
        return
    expected = chi2_contingency(table, correction=False)
    assert isclose(test.z**2, expected.statistic, rel_tol=1e-9, abs_tol=1e-9)
    assert isclose(test.p_value, expected.pvalue, rel_tol=1e-6, abs_tol=1e-12)
    assert (compare(first, second).test is not None) == bool(expected.expected_freq.min() >= FEWEST_EXPECTED - 1e-9)


def test_a_rise_has_a_positive_z() -> None:
    test = z_test(Proportion(40, 100), Proportion(60, 100))
    assert test is not None and (round(test.z, 4), round(test.p_value, 6)) == (2.8284, 0.004678)


@pytest.mark.parametrize(("of", "is_enough"), [(9, False), (10, True)])
def test_small_numbers_are_not_judged(of: int, is_enough: bool) -> None:
    """Half of all convert, so that 9 each expect 4.5 in a cell and 10 each expect 5."""
    got = compare(Proportion(2, of), Proportion(of - 2, of))
    assert got.is_enough == is_enough and got.interval is not None and got.difference is not None


def test_shares_of_nobody_are_undefined() -> None:
    nobody, some = Proportion(0, 0), Proportion(5, 10)
    assert nobody.share is None and wilson(nobody) is None
    for first, second in ((nobody, some), (some, nobody), (nobody, nobody)):
        got = compare(first, second)
        assert (got.difference, got.interval, got.test, z_test(first, second)) == (None, None, None, None)


def test_nobody_and_everybody_are_the_ends() -> None:
    none, all_of_them = wilson(Proportion(0, 7)), wilson(Proportion(7, 7))
    assert none is not None and all_of_them is not None
    assert (none.low, all_of_them.high) == (0.0, 1.0) and Interval(0.0, none.high) == none


@pytest.mark.parametrize(("count", "of"), [(-1, 5), (6, 5)])
def test_a_count_beyond_the_whole_is_refused(count: int, of: int) -> None:
    with pytest.raises(ValueError, match="no proportion"):
        Proportion(count, of)


@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_a_confidence_of_nothing_or_certainty_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        wilson(Proportion(1, 2), confidence=confidence)
