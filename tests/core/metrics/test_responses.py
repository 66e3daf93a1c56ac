"""Answers by exposure and hour: ordinals against loops, intervals against published formulas, and what may be recommended."""

from statistics import mean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from core.metrics import responses
from core.metrics.proportions import Proportion, wilson

SENDS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 20)), max_size=20)


def longs(values):
    return np.array(values, np.int64)


def columns(rows, count):
    return [longs([row[place] for row in rows]) for place in range(count)]


@given(SENDS, st.integers(0, 10))
def test_an_ordinal_counts_those_before_it_in_the_window_and_itself(sends, window):
    expected = []
    for place, (who, what, at) in enumerate(sends):
        before = [
            1
            for other, (one, thing, when) in enumerate(sends)
            if (one, thing) == (who, what) and at - window <= when and (when, other) < (at, place)
        ]
        expected.append(1 + len(before))
    assert responses.ordinals(*columns(sends, 3), window).tolist() == expected


def test_rates_of_people_with_one_message_each_have_the_interval_of_wilson():
    found = responses.rates(longs([0] * 40), longs(range(40)), np.arange(40) < 10, 1)
    plain = wilson(Proportion(10, 40))
    assert plain is not None
    # The spread over persons has n - 1 in its denominator, so the effective number is a little below n.
    assert found.share.tolist() == [0.25] and found.people.tolist() == [40]
    assert found.low[0] == pytest.approx(plain.low, abs=3e-3) and found.high[0] == pytest.approx(plain.high, abs=3e-3)


def test_the_formula_of_wilson_is_the_one_for_whole_numbers():
    low, high = responses.wilson(longs([0, 3, 7, 10]), longs([10] * 4), np.full(4, 10.0))
    for place, count in enumerate((0, 3, 7, 10)):
        plain = wilson(Proportion(count, 10))
        assert plain is not None
        assert (low[place], high[place]) == pytest.approx((plain.low, plain.high))


def test_many_messages_of_few_people_who_always_answer_alike_are_worth_as_many_as_people():
    """Ten people, ten messages each, half of the people answer all: as sure as ten answers, not a hundred."""
    who = np.repeat(np.arange(10), 10)
    found = responses.rates(np.zeros(100, np.int64), who, who < 5, 1)
    few = responses.wilson(longs([5]), longs([10]), np.array([10.0]))
    assert found.high[0] - found.low[0] == pytest.approx(few[1][0] - few[0][0], rel=0.06)


def test_of_nobody_there_is_no_rate_and_where_all_answered_people_count():
    found = responses.rates(longs([1] * 5), longs([1] * 5), np.ones(5, bool), 2)
    assert np.isnan([found.share[0], found.low[0], found.high[0]]).all()
    one = wilson(Proportion(1, 1))
    assert one is not None
    assert (found.share[1], found.high[1]) == (1.0, 1.0)
    assert found.low[1] == pytest.approx(one.low)


def test_the_same_people_fall_though_the_classes_rise():
    """Those who get many answer more at first: between the classes the rate rises, within people it falls."""
    rows = [(who, 0, 1, who % 10 == 0) for who in range(100, 200)]
    for who in range(40):
        rows += [(who, 0, ordinal, ordinal <= 3) for ordinal in (1, 2, 3)] + [(who, 0, 4, who % 4 == 0)]
    who, what, ordinal = columns(rows, 3)
    answered = np.array([row[3] for row in rows])
    found = responses.rates(np.minimum(ordinal, 4) - 1, who, answered, 4)
    assert found.share[2] > found.share[0]
    change = responses.within_people(who, what, ordinal, answered)
    assert (change.people, change.first_share, change.last_share) == (40, 1.0, 0.25)
    each = [-1.0 if one % 4 else 0.0 for one in range(40)]
    reach = student.ppf(0.975, 39) * stdev(each) / 40**0.5
    assert (change.change, change.low, change.high) == pytest.approx(
        (mean(each), mean(each) - reach, mean(each) + reach)
    )
    assert change.is_falling


def test_a_person_with_two_topics_weighs_as_much_as_one_with_one():
    rows = [(1, 0, 1, True), (1, 0, 4, False), (1, 1, 1, True), (1, 1, 5, True), (2, 0, 1, True), (2, 0, 4, True)]
    who, what, ordinal = columns(rows, 3)
    change = responses.within_people(who, what, ordinal, np.array([row[3] for row in rows]))
    assert (change.people, change.last_share) == (2, 0.75)


def test_of_one_person_nothing_is_told():
    change = responses.within_people(longs([1, 1]), longs([0, 0]), longs([1, 4]), np.array([True, False]))
    assert change == responses.Change(1, None, None, None, None, None)
    assert not change.is_falling
    assert responses.within_people(longs([]), longs([]), longs([]), np.zeros(0, bool)).people == 0


def test_an_hour_is_best_only_where_its_interval_lies_above_that_of_the_others():
    kind = longs([0] * 200 + [1] * 200 + [2] * 200)
    who = longs(range(600))
    clear = np.concatenate([np.arange(200) < 120, np.arange(200) < 60, np.arange(200) < 60])
    level = responses.corrected(3)
    assert level == pytest.approx(1 - 0.05 / 3)
    found = responses.best(responses.rates(kind, who, clear, 3, level), responses.of_others(kind, who, clear, 3, level))
    assert found.tolist() == [True, False, False]
    close = np.concatenate([np.arange(200) < 70, np.arange(200) < 60, np.arange(200) < 60])
    found = responses.best(responses.rates(kind, who, close, 3, level), responses.of_others(kind, who, close, 3, level))
    assert not found.any()


def test_the_only_hour_is_never_best():
    kind, who, answered = longs([0] * 50), longs(range(50)), np.ones(50, bool)
    assert not responses.best(
        responses.rates(kind, who, answered, 1), responses.of_others(kind, who, answered, 1)
    ).any()
