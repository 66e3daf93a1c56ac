"""Holdout and variants: the formula by hand, stability, independence, and speed."""

import subprocess
import sys
from hashlib import sha256
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare

from core.campaigns import holdout
from core.campaigns.holdout import InvalidHoldout

salts = st.text(st.sampled_from("abcXYZ019._/-"), min_size=1, max_size=20)
customers = st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8"), max_size=20)
MANY = np.arange(100_000) * 7919 + 10**17
KNOWN = [9521, 4978, 8390, 8346]
"""Of ``sha256sum``: spring:1 begins with 76458cd1, spring:42 with 1e4b8212, spring:4611686018427387904 with 4f9f46b6, spring:M-0001 with bdccfe9a."""
SURE = 4.5
"""Standard errors: by chance alone one test in 100,000 would lie beyond."""


def by_hand(salt: str, customer: int | str) -> int:
    return int(sha256(f"{salt}:{customer}".encode()).hexdigest()[:8], 16) % 10000


def by_binomial(share: float, got: float, of: int) -> bool:
    return abs(got - share) < SURE * sqrt(share * (1 - share) / of)


@given(salts, st.lists(customers, max_size=20))
def test_the_places_are_those_of_the_formula(salt, some):
    expected = [by_hand(salt, one) for one in some]
    assert [holdout.place(salt, one) for one in some] == expected == holdout.places(salt, some).tolist()


def test_known_places_stay_as_they_are_for_ever():
    """A change here would move members from one side to the other while a campaign runs."""
    assert [holdout.place("spring", one) for one in (1, 42, 2**62, "M-0001")] == KNOWN


def test_another_process_with_another_seed_of_hashes_says_the_same():
    code = "from core.campaigns import holdout; print(holdout.place('spring', 'M-0001'))"
    for seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        assert int(told.stdout) == KNOWN[3]


@given(salts, customers, st.floats(0, 1), st.floats(0, 1))
def test_who_is_held_at_a_share_is_held_at_every_larger_one(salt, customer, one, other):
    less, more = sorted((one, other))
    assert holdout.is_held(salt, customer, less) <= holdout.is_held(salt, customer, more)
    assert holdout.held(salt, [customer], less).tolist() == [holdout.is_held(salt, customer, less)]


@pytest.mark.parametrize(
    ("share", "count"), [(0.0, 0), (0.0001, 1), (0.07, 700), (0.1, 1000), (0.29, 2900), (0.57, 5700), (1.0, 10_000)]
)
def test_a_share_holds_so_many_of_the_ten_thousand_places_and_not_one_more(share, count):
    """0.07 * 10000 and 0.29 * 10000, 0.57 * 10000 are no whole numbers in binary."""
    one_of_each = dict(zip(holdout.places("s", range(150_000)).tolist(), range(150_000), strict=True))
    assert len(one_of_each) == 10_000
    is_held = holdout.held("s", [one_of_each[number] for number in range(10_000)], share)
    assert is_held[:count].all() and not is_held[count:].any()


@pytest.mark.parametrize("salt", ["spring", "autumn", "2026/11.11"])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_the_share_held_is_the_share_asked_for(salt, share):
    assert by_binomial(share, holdout.held(salt, MANY, share).mean(), len(MANY))


def test_places_are_spread_evenly():
    counts = np.bincount(holdout.places("spring", MANY) // 100, minlength=100)
    assert len(counts) == 100 and chisquare(counts).pvalue > 1e-5


def test_two_salts_hold_independently():
    one, other = (holdout.held(salt, MANY, 0.1) for salt in ("spring", "autumn"))
    assert by_binomial(0.01, (one & other).mean(), len(MANY))
    table = [[(one & other).sum(), (one & ~other).sum()], [(~one & other).sum(), (~one & ~other).sum()]]
    assert chi2_contingency(table).pvalue > 1e-5


def test_the_variant_says_nothing_of_the_holdout():
    is_held, got = holdout.held("spring", MANY, 0.1), holdout.variants("spring", MANY, [1, 1])
    assert by_binomial(0.5, got[is_held].mean(), int(is_held.sum()))
    assert by_binomial(0.5, got[~is_held].mean(), int((~is_held).sum()))


def test_variants_share_the_places_to_the_very_one():
    every = dict(zip(holdout.places("s" + holdout.OF_VARIANTS, range(150_000)).tolist(), range(150_000), strict=True))
    got = holdout.variants("s", [every[number] for number in range(10_000)], [50, 30, 20]).tolist()
    assert got == [0] * 5000 + [1] * 3000 + [2] * 2000
    assert [holdout.variant("s", every[number], [50, 30, 20]) for number in (4999, 5000, 7999, 8000)] == [0, 1, 1, 2]


def test_variants_get_their_weights():
    counts = np.bincount(holdout.variants("spring", MANY, [50, 30, 20]), minlength=3)
    assert len(counts) == 3 and chisquare(counts, np.array([0.5, 0.3, 0.2]) * len(MANY)).pvalue > 1e-5


@given(salts, customers, st.lists(st.floats(0.01, 100), min_size=2, max_size=6))
def test_one_variant_and_many_are_told_alike(salt, customer, weights):
    got = holdout.variant(salt, customer, weights)
    assert 0 <= got < len(weights) and holdout.variants(salt, [customer], weights).tolist() == [got]
    assert got == holdout.variant(salt, customer, [one * 2 for one in weights])


def test_nobody_is_nobody():
    assert holdout.places("spring", []).tolist() == [] and holdout.held("spring", np.array([], int), 0.5).tolist() == []


@pytest.mark.parametrize("salt", ["", "a:b", "a b", "好", "a\n", "a" * 101])
def test_a_salt_that_could_be_read_in_two_ways_is_refused(salt):
    with pytest.raises(InvalidHoldout) as refused:
        holdout.place(salt, 1)
    assert refused.value.details["field"] == "salt"


@pytest.mark.parametrize("share", [-0.01, 1.01, 10, float("nan")])
def test_a_share_is_between_0_and_1(share):
    with pytest.raises(InvalidHoldout):
        holdout.held("spring", [1], share)


@pytest.mark.parametrize("weights", [[], [1], [1, 0], [1, -1], [1, float("inf")], [float("nan"), 1]])
def test_variants_are_at_least_two_and_each_for_somebody(weights):
    with pytest.raises(InvalidHoldout):
        holdout.variants("spring", [1], weights)
