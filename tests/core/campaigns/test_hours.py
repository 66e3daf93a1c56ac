"""Quiet hours against a walk through the minutes, in zones whose clocks do odd things."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.campaigns import hours
from core.campaigns.hours import GROUPS, NEVER, PERSONAL, InvalidHours, Quiet, Verdict

SHANGHAI = "Asia/Shanghai"
MINUTE = timedelta(minutes=1)
ODD = {
    "America/New_York": [date(2026, 3, 7), date(2026, 10, 31)],
    "Australia/Lord_Howe": [date(2026, 4, 4), date(2026, 10, 3)],
    "Africa/Cairo": [date(2026, 4, 23), date(2026, 10, 29)],
    "Pacific/Apia": [date(2011, 12, 28)],
    "Asia/Kathmandu": [date(2026, 6, 1)],
    SHANGHAI: [date(2026, 6, 1)],
}
"""The day before clocks are set: by an hour at 2:00, by half an hour, by an hour at midnight, by a whole day, and never."""
minutes = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
moments = st.sampled_from([(zone, day) for zone, days in ODD.items() for day in days]).flatmap(
    lambda one: st.tuples(
        st.just(one[0]),
        st.integers(0, 60 * 60).map(lambda minute: datetime.combine(one[1], time(), UTC) + minute * MINUTE),
    )
)


def at(text: str, zone: str = SHANGHAI, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def by_minutes(begin: datetime, zone: str, quiet: Quiet, wanted: bool) -> datetime:
    """The first minute from ``begin`` on whose wall clock is within the hours, or is not."""
    while True:
        wall = begin.astimezone(ZoneInfo(zone)).time()
        across = quiet.start > quiet.end
        is_in = (wall >= quiet.start or wall < quiet.end) if across else (quiet.start <= wall < quiet.end)
        if is_in == wanted:
            return begin
        begin += MINUTE


@given(moments, st.sampled_from([PERSONAL, GROUPS, NEVER]) | st.builds(Quiet, minutes, minutes))
def test_the_next_time_allowed_is_the_first_minute_that_is_not_quiet(moment, quiet):
    zone, begin = moment
    got = hours.next_allowed(begin, zone, quiet)
    assert got == by_minutes(begin, zone, quiet, False) and got.tzinfo is UTC
    assert (got == begin) == (not hours.is_quiet(begin, zone, quiet))


@given(moments, st.sampled_from([PERSONAL, GROUPS]) | st.builds(Quiet, minutes, minutes))
@example(
    ("Africa/Cairo", datetime(2026, 4, 23, tzinfo=UTC)), Quiet(time(0, 0), time(0, 15))
)  # the night whose first hour is left out
def test_the_next_quiet_time_is_the_first_minute_that_is_quiet(moment, quiet):
    zone, begin = moment
    got = hours.next_quiet(begin, zone, quiet)
    assert got == (None if quiet.start == quiet.end else by_minutes(begin, zone, quiet, True))


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-10T20:59:59.999999", "2026-11-10T20:59:59.999999"),
        ("2026-11-10T21:00", "2026-11-11T08:00"),
        ("2026-11-10T23:59:59", "2026-11-11T08:00"),
        ("2026-11-11T00:00", "2026-11-11T08:00"),
        ("2026-11-11T07:59:59.999999", "2026-11-11T08:00"),
        ("2026-11-11T08:00", "2026-11-11T08:00"),
        ("2026-12-31T22:00", "2027-01-01T08:00"),
    ],
)
def test_both_edges_and_midnight_in_shanghai(now, opens):
    assert hours.next_allowed(at(now), SHANGHAI) == at(opens)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-11T06:29:59", "2026-11-11T06:30"),
        ("2026-11-11T06:30", "2026-11-11T06:30"),
        ("2026-11-11T20:59:59", "2026-11-11T20:59:59"),
        ("2026-11-11T21:00", "2026-11-12T06:30"),
    ],
)
def test_groups_have_their_slots_from_half_past_six_to_nine(now, opens):
    assert hours.next_allowed(at(now), SHANGHAI, GROUPS) == at(opens)


def test_the_night_is_the_members_own():
    now = at("2026-11-11T12:00")  # 23:00 in New York
    assert hours.next_allowed(now, SHANGHAI) == now
    assert hours.next_allowed(now, "America/New_York") == at("2026-11-11T08:00", "America/New_York")


def test_a_night_in_which_the_clock_is_set_ends_at_eight_on_the_wall():
    for evening, length in (("2026-03-07T21:00", 10), ("2026-10-31T21:00", 12), ("2026-06-01T21:00", 11)):
        begin = at(evening, "America/New_York")
        assert hours.next_allowed(begin, "America/New_York") - begin == timedelta(hours=length)


def test_hours_that_end_where_the_clock_jumps_end_with_the_jump():
    """On 8 March 2026 New York goes from 2:00 to 3:00: half past two never comes."""
    quiet = Quiet(time(21), time(2, 30))
    for now in ("2026-03-08T01:00", "2026-03-08T01:17:23.456789", "2026-03-08T01:59:59.999999"):
        got = hours.next_allowed(at(now, "America/New_York"), "America/New_York", quiet)
        assert got == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)


def test_a_clock_that_is_set_back_over_midnight_shows_last_evening_again():
    """On 7 November 2010 St. John's went from 00:01 to 23:01 of the 6th."""
    quiet, zone = Quiet(time(23, 15), time(23, 30)), "America/St_Johns"
    again = datetime(2010, 11, 7, 2, 45, tzinfo=UTC)
    assert hours.next_quiet(at("2010-11-07T00:00", zone), zone, quiet) == again == at("2010-11-06T23:15", zone, 1)


def test_an_hour_that_happens_twice_is_quiet_both_times():
    quiet, zone = Quiet(time(1), time(1, 30)), "America/New_York"
    first, second = (at("2026-11-01T01:00", zone, fold) for fold in (0, 1))
    assert second - first == timedelta(hours=1)
    assert hours.next_allowed(first, zone, quiet) == first + 30 * MINUTE
    assert hours.next_quiet(first + 30 * MINUTE, zone, quiet) == second
    assert hours.next_allowed(second, zone, quiet) == second + 30 * MINUTE


@given(st.integers(0, 200), st.integers(0, 10**9))
def test_the_spread_is_stable_and_within_its_width(seconds, customer):
    opens, width = at("2026-11-11T08:00"), timedelta(seconds=seconds)
    got = hours.spread(opens, width, "spring", customer)
    assert got == hours.spread(opens, width, "spring", customer)
    assert opens <= got < opens + width or got == opens == opens + width


def test_a_burst_is_spread_evenly():
    opens = at("2026-11-11T08:00")
    got = [hours.spread(opens, timedelta(minutes=10), "spring", one) for one in range(6000)]
    counts = [sum(opens + n * MINUTE <= one < opens + (n + 1) * MINUTE for one in got) for n in range(10)]
    assert sum(counts) == 6000 and all(490 < count < 710 for count in counts), counts
    assert len(set(got)) > 5990 and hours.spread(opens, timedelta(minutes=10), "autumn", 1) != got[1]


NIGHT, MORNING = at("2026-11-10T23:00"), at("2026-11-11T08:00")


def test_by_day_a_message_is_sent_whatever_the_policy():
    for policy in ("defer", "skip"):
        assert hours.verdict(MORNING, SHANGHAI, policy=policy) == Verdict("send")


def test_at_night_it_is_held_or_skipped():
    assert hours.verdict(NIGHT, SHANGHAI) == Verdict("held", MORNING)
    assert hours.verdict(NIGHT, SHANGHAI, policy="skip") == Verdict("skipped")


@pytest.mark.parametrize(
    ("expires", "kind"),
    [(MORNING + MINUTE, "held"), (MORNING, "expired"), (MORNING - MINUTE, "expired"), (NIGHT, "expired")],
)
def test_what_ends_before_the_window_opens_expires_and_is_not_held(expires, kind):
    assert hours.verdict(NIGHT, SHANGHAI, expires_at=expires).kind == kind


def test_an_offer_is_over_at_its_end_and_not_before():
    assert hours.verdict(MORNING, SHANGHAI, expires_at=MORNING) == Verdict("expired")
    assert hours.verdict(MORNING - MINUTE, SHANGHAI, NEVER, expires_at=MORNING) == Verdict("send")


@given(st.integers(0, 10**6), st.integers(0, 40 * 60), st.none() | st.integers(1, 30 * 60))
def test_what_is_held_is_let_go_when_it_may_be_sent(customer, width, lasts):
    expires = None if lasts is None else NIGHT + lasts * MINUTE
    got = hours.verdict(NIGHT, SHANGHAI, expires_at=expires, width=width * MINUTE, salt="spring", customer=customer)
    assert got.kind == ("expired" if expires is not None and expires <= MORNING else "held")
    if got.until is not None:
        assert hours.verdict(got.until, SHANGHAI, expires_at=expires) == Verdict("send")
        assert got.until < MORNING + max(width, 1) * MINUTE


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../etc/passwd", "/etc/passwd", "Asia", "a\0b"])
def test_a_zone_that_there_is_not_is_refused_without_being_repeated(zone):
    with pytest.raises(InvalidHours) as refused:
        hours.is_quiet(NIGHT, zone)
    assert refused.value.details["field"] == "zone" and (not zone or zone not in str(refused.value))


def test_a_time_without_a_zone_and_a_width_below_nothing_are_refused():
    with pytest.raises(InvalidHours):
        hours.next_allowed(datetime(2026, 11, 11, 23), SHANGHAI)
    with pytest.raises(InvalidHours):
        hours.spread(NIGHT, -MINUTE, "spring", 1)
