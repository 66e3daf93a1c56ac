"""More than usual: against the distributions themselves."""

from math import comb, exp, isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.excess import excess


def one(observed: int, time: float, usual: int, usual_time: float):
    found = excess(np.array([observed]), np.array([float(time)]), np.array([usual]), np.array([float(usual_time)]))
    return {name: float(getattr(found, name)[0]) for name in ("expected", "excess", "low", "high", "is_more")}


def share_at_least(p: float, count: int, of: int) -> float:
    return sum(comb(of, k) * p**k * (1 - p) ** (of - k) for k in range(count, of + 1))


@given(st.integers(0, 25), st.integers(1, 25), st.floats(0.5, 30), st.floats(0.5, 30))
def test_the_bounds_are_where_either_tail_holds_a_fortieth(observed, usual, time, usual_time):
    """At the ratio of rates that a bound stands for, a count as extreme as the one seen has a chance of 2.5 %."""
    found = one(observed, time, usual, usual_time)
    expected = time * usual / usual_time
    assert found["expected"] == pytest.approx(expected)
    assert found["excess"] == pytest.approx(observed - expected, abs=1e-9)
    assert found["low"] <= found["excess"] + 1e-9 <= found["high"] + 2e-9

    def share(bound: float) -> float:
        ratio = (bound / expected + 1) * time / usual_time
        return ratio / (1 + ratio)

    total = observed + usual
    if observed:
        assert share_at_least(share(found["low"]), observed, total) == pytest.approx(0.025, rel=1e-6)
    else:
        assert found["low"] == pytest.approx(-expected)
    assert 1 - share_at_least(share(found["high"]), observed + 1, total) == pytest.approx(0.025, rel=1e-6)


def test_where_nothing_happens_usually_the_count_stands_for_itself():
    """Garwood's limits of 3: 0.619 and 8.767."""
    found = one(3, 2, 0, 50)
    assert (found["expected"], found["excess"], found["is_more"]) == (0, 3, 1)
    assert found["low"] == pytest.approx(0.61867, abs=1e-5) and found["high"] == pytest.approx(8.76727, abs=1e-5)
    assert 1 - sum(exp(-found["low"]) * found["low"] ** k / [1, 1, 2][k] for k in range(3)) == pytest.approx(0.025)


def test_ten_times_the_usual_rate_is_more_and_the_usual_rate_is_not():
    assert one(30, 10, 30, 100)["is_more"] == 1
    assert one(3, 10, 30, 100)["is_more"] == 0
    assert one(4, 10, 30, 100)["low"] < 0 < one(4, 10, 30, 100)["high"]


@pytest.mark.parametrize("case", [(0, 10, 0, 100), (3, 0, 3, 100), (3, 10, 3, 0)])
def test_without_time_or_without_anything_there_is_no_answer(case):
    found = one(*case)
    assert isnan(found["low"]) and isnan(found["high"]) and isnan(found["excess"]) and found["is_more"] == 0


def test_at_the_usual_rate_the_interval_misses_zero_in_at_most_a_twentieth_of_cases():
    rng = np.random.default_rng(5)
    time, usual_time = np.full(4000, 8.0), np.full(4000, 90.0)
    found = excess(rng.poisson(0.7 * time), time, rng.poisson(0.7 * usual_time), usual_time)
    assert np.mean((found.low > 0) | (found.high < 0)) < 0.05
    assert 0 < np.mean(found.is_more) < 0.025
