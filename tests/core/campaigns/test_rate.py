"""The rate limit: never more than the burst and what the time brings, and no more waiting than that needs."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.campaigns import rate as limits
from core.campaigns.rate import SECOND_NS, Rate

rates = st.builds(Rate, st.integers(1, 3000), st.sampled_from([1, 60, 3600]), st.integers(1, 20))
START = limits.nanoseconds(datetime(2026, 11, 11, tzinfo=UTC))


def taken(rate: Rate, asks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Times and costs that were let through. ``asks``: nanoseconds since the ask before, and cost."""
    state, now, through = None, START, []
    for gap, cost in asks:
        now += gap
        got = limits.step(rate, state, now, min(cost, rate.burst))
        state = got.state
        if got.is_allowed:
            through.append((now, min(cost, rate.burst)))
    return through


@given(rates, st.lists(st.tuples(st.integers(0, 2 * SECOND_NS) | st.just(0), st.integers(1, 5)), max_size=60))
def test_no_window_lets_through_more_than_the_burst_and_its_share_of_the_rate(rate, asks):
    through = taken(rate, asks)
    for first in range(len(through)):
        units = 0
        for at, cost in through[first:]:
            units += cost
            # burst + rate * t, without a float: units above the burst cost their share of the seconds.
            assert (units - rate.burst) * rate.per_s * SECOND_NS <= (at - through[first][0]) * rate.count


@given(rates, st.lists(st.integers(0, SECOND_NS), max_size=30), st.integers(1, 20))
def test_who_waits_as_long_as_told_gets_through_and_a_nanosecond_earlier_does_not(rate, gaps, cost):
    cost, state, now = min(cost, rate.burst), None, START
    for gap in gaps:
        now += gap
        state = limits.step(rate, state, now).state
    got = limits.step(rate, state, now, cost)
    if got.is_allowed:
        return
    assert got.state == state
    assert limits.step(rate, state, now + got.wait_ns, cost).is_allowed
    assert limits.step(rate, state, now + got.wait_ns - 1, cost).wait_ns == 1


@given(rates, st.lists(st.integers(0, SECOND_NS), max_size=30))
def test_the_room_is_as_many_as_can_be_taken_one_by_one(rate, gaps):
    state, now = None, START
    for gap in gaps:
        now += gap
        room, singly = limits.room(rate, state, now), 0
        one = state
        while (got := limits.step(rate, one, now)).is_allowed:
            one, singly = got.state, singly + 1
        assert room == singly
        if room:
            assert limits.step(rate, state, now, room).state == one
        state = limits.step(rate, state, now).state


@given(rates, st.integers(1, 20))
def test_some_at_once_leave_the_same_as_one_by_one(rate, cost):
    cost, state = min(cost, rate.burst), None
    for _ in range(cost):
        state = limits.step(rate, state, START).state
    assert limits.step(rate, None, START, cost).state == state


def test_a_robot_gets_twenty_a_minute_and_the_next_when_the_first_interval_is_over():
    robot = Rate(20, 60, burst=20)
    assert len(taken(robot, [(0, 1)] * 30)) == 20
    state = limits.step(robot, None, START, 20).state
    assert limits.step(robot, state, START).wait_ns == 3 * SECOND_NS
    assert limits.room(robot, state, START + 9 * SECOND_NS) == 3


def test_a_rate_that_does_not_divide_the_second_is_not_exceeded_in_a_day():
    three_thousand = Rate(3000)
    assert three_thousand.interval_ns == 333_334
    assert 86_400 * SECOND_NS // three_thousand.interval_ns <= 3000 * 86_400


def test_who_was_long_away_has_saved_no_more_than_a_burst():
    rate = Rate(1, 1, burst=5)
    state = limits.step(rate, None, START).state
    assert limits.room(rate, state, START + 10**6 * SECOND_NS) == 5


def test_a_clock_that_goes_back_lets_nothing_more_through():
    rate = Rate(1, 1, burst=1)
    state = limits.step(rate, None, START).state
    got = limits.step(rate, state, START - 10 * SECOND_NS)
    assert (got.wait_ns, got.state, limits.room(rate, state, START - 10 * SECOND_NS)) == (11 * SECOND_NS, state, 0)


@pytest.mark.parametrize("cost", [0, -1, 6])
def test_a_cost_that_would_be_free_or_wait_for_ever_is_refused(cost):
    with pytest.raises(ValueError, match="burst"):
        limits.step(Rate(1, 1, burst=5), None, START, cost)


@pytest.mark.parametrize("numbers", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_a_rate_of_nothing_is_refused(numbers):
    with pytest.raises(ValueError, match="above 0"):
        Rate(*numbers)


def test_nanoseconds_are_exact_in_every_zone():
    at = datetime(2026, 11, 11, 8, 0, 0, 123456, timezone(timedelta(hours=8)))
    assert limits.nanoseconds(at) == 1_794_355_200_123_456_000
