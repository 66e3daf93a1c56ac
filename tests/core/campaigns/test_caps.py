"""Caps: never more than allowed in any window, and not held back longer than that needs; platform quotas by the calendar."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.campaigns import caps
from core.campaigns.caps import Hours, Quota, Room
from core.segments.reach import CHANNELS, OF_MONTH, USUAL_CAP, Cap, quota_of

ZONE = "Asia/Shanghai"
NOON = datetime(2026, 11, 11, 4, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
zones = st.sampled_from([ZONE, "America/New_York"])
gaps = st.lists(st.integers(0, 40 * 60), max_size=60)
"""Minutes between one ask and the next."""


def greedy(cap, minutes: list[int], zone: str) -> list[datetime]:
    """What is sent by somebody who asks each time and sends whenever there is room."""
    now, sent = NOON, []
    for gap in minutes:
        now += timedelta(minutes=gap)
        got = caps.room(cap, sent, now, zone)
        assert (got.left > 0) == (got.free_at == now)
        if got.left:
            sent.append(now)
    return sent


@given(st.builds(Hours, st.integers(1, 4), st.integers(1, 48)), gaps)
def test_no_hours_on_end_see_more_than_the_cap(cap, minutes):
    sent = greedy(cap, minutes, ZONE)
    for first in sent:
        assert sum(first <= one < first + cap.hours * HOUR for one in sent) <= cap.messages


@given(st.builds(Cap, st.integers(1, 4), st.integers(1, 7)), gaps, zones)
def test_no_run_of_days_sees_more_than_the_cap(cap, minutes, zone):
    days = [one.astimezone(ZoneInfo(zone)).date() for one in greedy(cap, minutes, zone)]
    for first in days:
        assert sum(first <= one < first + cap.days * DAY for one in days) <= cap.messages


@given(
    st.builds(Hours, st.integers(1, 4), st.integers(1, 48)) | st.builds(Cap, st.integers(1, 4), st.integers(1, 7)),
    st.lists(st.integers(0, 9 * 24 * 60), max_size=12),
    zones,
)
def test_who_is_capped_is_free_when_told_and_not_a_moment_sooner(cap, minutes, zone):
    sent = [NOON - timedelta(minutes=one) for one in minutes]
    got = caps.room(cap, sent, NOON, zone)
    assert got == caps.room(cap, sorted(sent), NOON, zone)
    if got.left == 0:
        assert caps.room(cap, sent, got.free_at, zone).left > 0
        assert caps.room(cap, sent, got.free_at - timedelta(microseconds=1), zone).left == 0


def test_the_usual_cap_lets_four_through_in_seven_business_days():
    sent = [datetime(2026, 11, day, 15, 59, tzinfo=UTC) for day in (4, 5, 7, 8, 9)]  # 23:59 in Shanghai
    free_at = datetime(2026, 11, 11, 16, tzinfo=UTC)  # midnight to the 12th: the 5th is seven days ago
    assert caps.USUAL_CAPS == (USUAL_CAP,) == (Cap(4, 7),)
    assert caps.room(USUAL_CAP, sent, NOON, ZONE) == Room(4, 4, free_at)


def test_a_message_counts_on_the_day_of_the_zone():
    sent = [datetime(2026, 11, 10, 16, 30, tzinfo=UTC)]  # the 11th in Shanghai, the 10th in London
    assert [caps.room(Cap(1, 1), sent, NOON, zone).left for zone in (ZONE, "Europe/London")] == [0, 1]


def test_at_the_end_of_the_hours_there_is_room_again():
    sent = [NOON - 24 * HOUR]
    assert caps.room(Hours(1, 24), sent, NOON, ZONE) == Room(0, 1, NOON)
    assert caps.room(Hours(1, 24), sent, NOON - timedelta(microseconds=1), ZONE) == Room(1, 1, NOON)


def test_a_slot_reserved_for_later_counts_already():
    assert caps.room(Hours(1, 24), [NOON + HOUR], NOON, ZONE) == Room(1, 1, NOON + 25 * HOUR)
    assert caps.room(Cap(1, 1), [NOON + DAY], NOON, ZONE).left == 0


def test_of_several_caps_the_one_that_holds_longest_is_told():
    sent = [NOON - HOUR, NOON - DAY, NOON - 2 * DAY, NOON - 3 * DAY]
    both = (Hours(1, 24), USUAL_CAP)
    assert caps.tightest(both, sent, NOON, ZONE) == caps.room(USUAL_CAP, sent, NOON, ZONE)
    assert caps.tightest(both, iter(sent[:1]), NOON, ZONE) == caps.room(Hours(1, 24), sent[:1], NOON, ZONE)
    assert caps.tightest((Hours(9, 24), Cap(2, 1)), sent[:1], NOON, ZONE) == Room(1, 2, NOON)
    assert caps.tightest((), sent, NOON, ZONE) is None


@pytest.mark.parametrize("numbers", [(0, 1), (1, 0)])
def test_a_cap_of_nothing_is_refused(numbers):
    with pytest.raises(ValueError, match="at least"):
        Hours(*numbers)


@pytest.mark.parametrize(
    ("policy", "on", "expected"),
    [
        ("month_days", date(2026, 11, 30), Quota(date(2026, 11, 1), date(2026, 12, 1), 30)),
        ("month_days", date(2028, 2, 1), Quota(date(2028, 2, 1), date(2028, 3, 1), 29)),
        ("month4", date(2026, 12, 31), Quota(date(2026, 12, 1), date(2027, 1, 1), 4)),
        ("week7", date(2026, 11, 11), Quota(date(2026, 11, 5), date(2026, 11, 12), 7)),
        ("day1", date(2026, 12, 31), Quota(date(2026, 12, 31), date(2027, 1, 1), 1)),
        ("grants", date(2026, 11, 11), None),
        ("none", date(2026, 11, 11), None),
    ],
)
def test_the_days_of_a_quota(policy, on, expected):
    assert caps.quota(policy, on) == expected


dates = st.dates(date(2024, 1, 1), date(2028, 12, 31))


@given(st.sampled_from(["month_days", "month4", "week7", "day1"]), dates, st.lists(st.integers(0, 4), max_size=120))
def test_nobody_gets_more_than_a_platform_allows(policy, on, steps):
    sent: list[date] = []
    for one in steps:
        on += one * DAY
        if caps.left(policy, sent, on):
            sent.append(on)
    for one in sent:
        month = sum((other.year, other.month) == (one.year, one.month) for other in sent)
        most = {"month_days": monthrange(one.year, one.month)[1], "month4": 4}.get(policy, 10**6)
        assert month <= most
        for weekday in range(7):  # whatever day the platform's week begins on
            monday = one - (one.weekday() - weekday) % 7 * DAY
            assert policy != "week7" or sum(monday <= other < monday + 7 * DAY for other in sent) <= 7
        assert policy != "day1" or sent.count(one) == 1


@pytest.mark.parametrize(("sent", "left"), [([], 4), ([1, 2, 3], 1), ([1, 2, 3, 4], 0), ([1, 2, 3, 4, 5], 0)])
def test_what_is_left_is_never_below_nothing(sent, left):
    assert caps.left("month4", [date(2026, 11, day) for day in sent], date(2026, 11, 11)) == left


def test_a_slot_reserved_beyond_the_days_that_count_does_not():
    on = date(2026, 11, 30)
    assert [caps.left(policy, [on + DAY], on) for policy in ("day1", "week7", "month4")] == [1, 7, 4]


def test_a_grant_is_one_message_and_without_a_limit_there_is_none():
    assert (
        caps.left("grants", [], date(2026, 11, 11), grants=2) == 2 and caps.left("grants", [], date(2026, 11, 11)) == 0
    )
    assert caps.left("none", [date(2026, 11, 11)] * 99, date(2026, 11, 11)) is None


@given(dates)
def test_quotas_are_those_by_which_reach_counts(on):
    for channel in OF_MONTH:
        span = caps.quota(caps.QUOTA_OF[channel], on)
        assert span is not None and span.most == quota_of(channel, monthrange(on.year, on.month)[1])
    assert set(caps.QUOTA_OF) <= set(CHANNELS)
