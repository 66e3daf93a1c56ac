"""Many comparisons at once, and the smallest difference that can be seen: against the definition, textbook figures and simulated campaigns."""

import random
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.campaigns import lift
from core.campaigns.comparing import detectable_mean, detectable_share, holm
from core.campaigns.lift import Heads
from core.metrics.proportions import Proportion
from tests.oracles import campaigns as oracle

chances = st.lists(st.none() | st.floats(0, 1), max_size=8)


def test_the_smallest_chance_is_held_against_all_and_the_next_against_the_rest():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.6]) == [1.0, 1.0] and holm([None, 0.02]) == [None, 0.02] and holm([]) == []


@given(given=chances)
def test_corrected_chances_are_the_greatest_product_so_far_and_keep_their_order(given: list[float | None]):
    found = holm(given)
    assert found == pytest.approx(oracle.holm(given))
    pairs = [(one, other) for one, other in zip(given, found, strict=True) if one is not None and other is not None]
    assert all(one <= other <= 1 for one, other in pairs)
    assert [other for _, other in sorted(pairs)] == sorted(other for _, other in pairs)


def test_what_can_be_seen_follows_from_how_many_and_how_much_they_vary():
    found = detectable_share(Proportion(100, 1000), Proportion(100, 1000))
    assert found == pytest.approx((1.959964 + 0.841621) * sqrt(0.09 * 2 / 1000), rel=1e-6)
    values = Heads.of([0, 10] * 50)
    assert detectable_mean(values, values) == pytest.approx(2.801585 * sqrt(2 * values.variance / 100), rel=1e-6)
    assert detectable_share(Proportion(1, 9), Proportion(0, 9)) is None
    assert detectable_share(Proportion(0, 0), Proportion(1, 9)) is None
    assert (
        detectable_mean(Heads.of([1]), values) is None and detectable_mean(Heads.of([1, 1]), Heads.of([1, 1])) is None
    )


def test_four_of_five_campaigns_with_such_a_difference_show_it():
    of, usual, rng = 2000, 0.2, random.Random(7)
    more = detectable_share(Proportion(400, of), Proportion(400, of))
    assert more is not None

    def people(share: float) -> Proportion:
        return Proportion(sum(rng.random() < share for _ in range(of)), of)

    seen = [lift.verdict(lift.shares(people(usual + more), people(usual))).code == "up" for _ in range(200)]
    assert 0.7 < sum(seen) / len(seen) < 0.9


@given(
    treated=st.tuples(st.integers(0, 200), st.integers(0, 200)).map(lambda one: Proportion(min(one), max(one))),
    held=st.tuples(st.integers(0, 200), st.integers(0, 200)).map(lambda one: Proportion(min(one), max(one))),
)
def test_the_lift_of_exchanged_sides_is_the_same_below_0(treated: Proportion, held: Proportion):
    one, other = lift.shares(treated, held), lift.shares(held, treated)
    if one.difference is None:
        assert other.difference is None
        return
    assert one.difference == pytest.approx(-other.difference)
    assert one.interval is not None and other.interval is not None
    assert (one.interval.low, one.interval.high) == pytest.approx((-other.interval.high, -other.interval.low))
    assert one.p_value == pytest.approx(other.p_value) if one.p_value is not None else other.p_value is None
