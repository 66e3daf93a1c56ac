"""Marks and shares with their bounds: against the single forms, by hand, and at the edges."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics import proportions, scores
from core.metrics.proportions import Proportion


@given(st.integers(0, 500), st.integers(0, 500))
def test_shares_have_the_score_interval_of_a_single_one(count: int, more: int):
    found = scores.shares([count], [count + more])
    single = proportions.wilson(Proportion(count, count + more))
    if single is None:
        assert math.isnan(found.value[0]) and math.isnan(found.low[0]) and math.isnan(found.high[0])
    else:
        assert (found.low[0], found.high[0]) == pytest.approx((single.low, single.high))


def test_a_mean_has_the_interval_of_student():
    """Of 3, 4, 5: mean 4, s = 1, t(0.975; 2) = 4.302653, so 4 ± 2.484138, kept within 1 and 5."""
    found = scores.means([3], [12], [50], (1, 5))
    assert (found.value[0], found.low[0], found.high[0]) == pytest.approx((4, 4 - 2.484138, 5))


def test_one_mark_has_a_mean_and_no_interval_and_none_has_nothing():
    found = scores.means([1, 0], [4, 0], [16, 0], (1, 5))
    assert found.value[0] == 4
    assert np.isnan([found.low[0], found.high[0], found.value[1], found.low[1], found.high[1]]).all()


def test_a_difference_has_the_adjusted_interval_and_its_standard_error():
    """60 of 100 up, 15 down: (61 - 16) / 102 ± 1.959964 √((77/102 - (45/102)²) / 102)."""
    found = scores.differences([60], [15], [100])
    reach = 1.959964 * math.sqrt((77 / 102 - (45 / 102) ** 2) / 102)
    assert (found.value[0], found.low[0], found.high[0]) == pytest.approx((0.45, 45 / 102 - reach, 45 / 102 + reach))
    assert scores.errors_of_differences([60], [15], [100])[0] == pytest.approx(math.sqrt((0.75 - 0.45**2) / 100))


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_the_bounds_of_a_difference_lie_around_it_and_within_one(up: int, down: int, neither: int):
    n = up + down + neither
    found = scores.differences([up], [down], [n])
    if n == 0:
        assert np.isnan([found.value[0], found.low[0], found.high[0]]).all()
        assert np.isnan(scores.errors_of_differences([0], [0], [0])[0])
        return
    assert -1 <= found.low[0] < found.high[0] <= 1
    swapped = scores.differences([down], [up], [n])
    assert (found.low[0], found.high[0]) == pytest.approx((-swapped.high[0], -swapped.low[0]))


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    """Over all outcomes of 40 answers with shares 0.5 and 0.1, weighted by their chance."""
    n, p, q = 40, 0.5, 0.1
    held = 0.0
    for up in range(n + 1):
        for down in range(n + 1 - up):
            chance = math.comb(n, up) * math.comb(n - up, down) * p**up * q**down * (1 - p - q) ** (n - up - down)
            found = scores.differences([up], [down], [n])
            held += chance * bool(found.low[0] <= p - q <= found.high[0])
    assert 0.94 < held < 0.98
