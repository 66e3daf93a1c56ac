"""Which contact came last, against a loop."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.last_touch import NOTHING, latest

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=14)


def asked(contacts, things, within):
    arrays = [np.array([one[place] for one in rows], np.int64) for rows in (contacts, things) for place in (0, 1)]
    return latest(*arrays, within).tolist()


def test_the_latest_contact_before_counts_and_one_of_the_same_moment_too():
    assert asked([(1, 10), (1, 20), (1, 31)], [(1, 30), (1, 20), (1, 9)], 100) == [1, 1, NOTHING]


def test_the_edge_of_the_window_is_inside_and_one_beyond_is_out():
    assert asked([(1, 10)], [(1, 17), (1, 18)], 7) == [0, NOTHING]


def test_contacts_of_other_people_do_not_count():
    assert asked([(2, 10)], [(1, 11)], 100) == [NOTHING]


def test_of_contacts_at_the_same_moment_the_last_in_order_counts():
    assert asked([(1, 10), (1, 10)], [(1, 12)], 100) == [1]


def test_nothing_happened_or_nobody_was_met():
    assert asked([], [(1, 3)], 5) == [NOTHING]
    assert asked([(1, 3)], [], 5) == []


@given(PAIRS, PAIRS, st.integers(0, 8))
def test_it_is_what_a_loop_finds(contacts, things, within):
    expected = []
    for who, at in things:
        fits = [
            (when, place)
            for place, (one, when) in enumerate(contacts)
            if one == who and when <= at and at - when <= within
        ]
        expected.append(max(fits)[1] if fits else NOTHING)
    assert asked(contacts, things, within) == expected
