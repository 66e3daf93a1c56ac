"""Tallies: rules one by one, and random streams against plain loops, in chunks or whole."""

from bisect import bisect_right

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core.dispatcher import Dispatcher

from core.sequences import tallies
from core.sequences.stream import Stream
from core.sequences.tallies import AMOUNT, COUNT, DAYS, MOST_CONDITIONS, Condition

Event = tuple[int, int, int]
"""When, which conditions it fits, its amount."""
EDGES = (0, 10, 20, 30)


def stream_of(histories: list[list[Event]]) -> tuple[Stream, np.ndarray]:
    there = [(subject, sorted(history, key=lambda e: e[0])) for subject, history in enumerate(histories) if history]
    events = [event for _, history in there for event in history]
    stream = Stream(
        np.array([subject for subject, _ in there], np.int32), np.cumsum([0, *(len(history) for _, history in there)]),
        np.array([e[0] for e in events], np.int64), np.array([e[1] for e in events], np.uint16), np.empty(0, np.int32),
    )  # fmt: skip
    return stream, np.array([e[2] for e in events], np.int64)


def tally(histories: list[list[Event]], *conditions: Condition) -> list[list[int]]:
    stream, amounts = stream_of(histories)
    return tallies.measured(stream, conditions, edges=EDGES, amounts=amounts).tolist()


def by_loops(history: list[Event], place: int, condition: Condition) -> int:
    met = [
        (at, amount) for at, bits, amount in history if bits >> place & 1 and condition.since <= at < condition.until
    ]
    if condition.measure == COUNT:
        return len(met)
    if condition.measure == AMOUNT:
        return sum(amount for _, amount in met)
    return len({bisect_right(EDGES, at) for at, _ in met})


def test_a_window_holds_its_first_moment_and_not_its_end():
    history = [(4, 1, 0), (5, 1, 0), (9, 1, 0), (10, 1, 0)]
    assert tally([history], Condition(COUNT, 5, 10)) == [[2]]


def test_several_events_of_one_day_are_one_day():
    assert tally([[(9, 1, 0), (10, 1, 0), (19, 1, 0), (20, 1, 0)]], Condition(DAYS)) == [[3]]


def test_days_are_counted_for_each_condition_on_its_own():
    history = [(1, 1, 0), (2, 2, 0), (3, 1, 0), (11, 2, 0)]
    assert tally([history], Condition(DAYS), Condition(DAYS)) == [[1, 2]]


def test_an_event_may_fit_several_conditions_and_sums_may_be_below_nothing():
    history = [(1, 3, -5), (2, 2, 3)]
    assert tally([history], Condition(COUNT), Condition(AMOUNT)) == [[1, -2]]


def test_the_last_bit_of_a_walk_counts_as_the_others():
    conditions = [Condition()] * MOST_CONDITIONS
    assert tally([[(1, 1 << (MOST_CONDITIONS - 1), 0)]], *conditions) == [[0] * (MOST_CONDITIONS - 1) + [1]]


def test_nobody_has_no_row():
    assert tally([], Condition()) == []
    assert tally([[], [(1, 1, 0)]], Condition()) == [[1]]


def test_more_conditions_than_bits_and_amounts_that_are_missing_are_refused():
    stream, _ = stream_of([[(1, 1, 0)]])
    with pytest.raises(ValueError, match="one walk takes 15"):
        tallies.measured(stream, [Condition()] * 16)
    with pytest.raises(ValueError, match="not given"):
        tallies.measured(stream, [Condition(AMOUNT)])


EVENTS = st.tuples(st.integers(-5, 35), st.integers(1, 7), st.integers(-9, 9))
CONDITIONS = st.builds(Condition, st.sampled_from([COUNT, DAYS, AMOUNT]), st.integers(-6, 20), st.integers(0, 40))


@given(
    st.lists(st.lists(EVENTS, max_size=8), max_size=6), st.lists(CONDITIONS, min_size=3, max_size=3), st.integers(0, 6)
)
@settings(max_examples=60)
def test_a_walk_says_what_loops_say_whole_or_in_two_chunks(histories, conditions, cut):
    expected = [[by_loops(history, k, c) for k, c in enumerate(conditions)] for history in histories if history]
    assert tally(histories, *conditions) == expected
    assert tally(histories[:cut], *conditions) + tally(histories[cut:], *conditions) == expected


def test_nothing_is_compiled_after_warming():
    tallies.warm()
    kernels = [it for it in vars(tallies).values() if isinstance(it, Dispatcher)]
    before = [len(it.signatures) for it in kernels]
    tally([[(1, 3, 5)]], Condition(DAYS), Condition(AMOUNT, 0, 9))
    tallies.measured(stream_of([])[0], [Condition()])
    assert [len(it.signatures) for it in kernels] == before and before
