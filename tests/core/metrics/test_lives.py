"""Viewers who come back, against a loop."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.lives import NEVER, next_session

ENTRIES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 12)), max_size=16)


@given(ENTRIES)
def test_the_next_session_is_the_first_entry_to_another_one_after_the_first_entry(entries):
    who, session, at = (np.array([one[place] for one in entries], np.int64) for place in range(3))
    found = next_session(who, session, at)
    expected = []
    for one, of in sorted({(one, of) for one, of, _ in entries}):
        first = min(when for person, held, when in entries if (person, held) == (one, of))
        later = [when for person, held, when in entries if person == one and held != of and (when, held) > (first, of)]
        expected.append((one, of, first, min(later, default=NEVER)))
    assert sorted(zip(*(column.tolist() for column in found), strict=True)) == expected
