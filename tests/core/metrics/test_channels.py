"""Net promoter scores, and who is on which channels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics import channels


def test_a_score_is_promoters_less_detractors_and_its_interval_that_of_surveys():
    """60 promoters, 15 detractors of 100: score 45; one more of each, of two more, for the interval (Bonett and Price)."""
    found = channels.nps(60, 15, 100)
    assert found is not None
    score, interval = found
    p, d = 61 / 102, 16 / 102
    reach = 100 * 1.959964 * ((p + d - (p - d) ** 2) / 102) ** 0.5
    assert score == pytest.approx(45.0)
    assert (interval.low, interval.high) == pytest.approx((100 * (p - d) - reach, 100 * (p - d) + reach), abs=1e-3)


def test_without_answers_there_is_no_score_and_few_that_are_alike_leave_doubt():
    assert channels.nps(0, 0, 0) is None
    found = channels.nps(7, 0, 7)
    assert found is not None
    assert found[0] == 100.0 and 30 < found[1].low < found[1].high <= 100


@given(st.sets(st.tuples(st.integers(0, 4), st.integers(0, 9))))
def test_overlap_is_what_sets_say(rows):
    ordered = sorted(rows)
    on = [{member for channel, member in rows if channel == one} for one in range(5)]
    pairs, alone = channels.overlap(
        np.array([row[0] for row in ordered], np.int64), np.array([row[1] for row in ordered], np.int64), 5
    )
    assert pairs.tolist() == [[len(one & other) for other in on] for one in on]
    rest = [set().union(*(on[other] for other in range(5) if other != one)) for one in range(5)]
    assert alone.tolist() == [len(on[one] - rest[one]) for one in range(5)]
