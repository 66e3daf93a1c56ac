"""Who carries a group: against plain definitions."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.concentration import concentration


def of(*shares: int):
    return concentration(np.zeros(len(shares), np.int64), np.array(shares, np.int64))


@pytest.mark.parametrize(
    ("shares", "top_share", "gini", "absence"),
    [
        ((5,), 1.0, 0.0, 1),
        ((1, 1, 1, 1), 1.0, 0.0, 2),
        ((1, 1, 1), 1.0, 0.0, 2),
        ((97, 1, 1, 1), 1.0, 0.72, 1),
        ((1,) * 20, 0.5, 0.0, 10),
        ((90, *(1,) * 10), 0.99, 89 / 110, 1),
    ],
)
def test_known_shares(shares, top_share, gini, absence):
    found = of(*shares)
    assert found.top_share[0] == pytest.approx(top_share)
    assert found.gini[0] == pytest.approx(gini, abs=0.002)
    assert found.absence[0] == absence


def test_nobody_has_no_concentration():
    assert len(of().group) == 0
    assert len(of(0, 0, -3).group) == 0


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 40)), max_size=40),
)
def test_shares_are_measured_as_defined(rows):
    group, share = (np.array([row[at] for row in rows], np.int64) for at in (0, 1))
    found = concentration(group, share)
    expected = {g: sorted((s for one, s in rows if one == g and s > 0), reverse=True) for g, _ in rows}
    expected = {g: shares for g, shares in sorted(expected.items()) if shares}
    assert found.group.tolist() == list(expected)
    for at, shares in enumerate(expected.values()):
        whole, n = sum(shares), len(shares)
        assert (found.people[at], found.total[at]) == (n, whole)
        assert found.top_share[at] == pytest.approx(sum(shares[:10]) / whole)
        pairs = sum(abs(a - b) for a in shares for b in shares)
        assert found.gini[at] == pytest.approx(pairs / (2 * n * whole), abs=1e-12)
        fewest = next(k for k in range(1, n + 1) if 2 * sum(shares[:k]) >= whole)
        assert found.absence[at] == fewest
        if n <= 8 and fewest > 1:
            assert not any(2 * sum(some) >= whole for some in combinations(shares, fewest - 1))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=30))
def test_groups_of_any_number_are_measured_alike(rows):
    group, share = (np.array([row[at] for row in rows], np.int64) for at in (0, 1))
    small, large = concentration(group, share), concentration(group * 2**60 + 5, share)
    assert (large.group == small.group * 2**60 + 5).all()
    for name in ("people", "total", "top_share", "gini", "absence"):
        assert (getattr(large, name) == getattr(small, name)).all()
