"""Which window a refusal for too many calls is taken to mean, and how long the API is left alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.senders.wecom.errors import Blocked
from core.senders.wecom.windows import GETTOKEN, Limits, Windows

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)  # 9:02:03 in Beijing
PATH = "/cgi-bin/x"
CORP = "ww1"


def after(**more):
    return NOW + timedelta(**more)


def hit(windows, now, path=PATH):
    """A call that is answered 45009: the window and the seconds that it is blocked for."""
    windows.enter(CORP, path, now)
    told = windows.refused(CORP, path, now, now)
    return told.window, told.after_s


def blocked(windows, now, path=PATH, corp=CORP):
    try:
        windows.enter(corp, path, now)
    except Blocked as error:
        return error.after_s
    return None


def test_without_a_count_that_explains_it_the_shortest_pause_is_tried_first():
    windows = Windows()
    assert hit(windows, NOW) == ("minute", 60.0)
    assert [blocked(windows, after(seconds=at)) for at in (0, 20, 59.5, 60)] == [60.0, 40.0, 0.5, None]


def test_each_refusal_after_such_a_pause_takes_the_next_longer_one():
    windows = Windows()
    assert hit(windows, NOW) == ("minute", 60.0)
    assert hit(windows, after(seconds=60)) == ("hour", 3600.0)
    late = after(seconds=3660)
    midnight = datetime(2026, 11, 20, 16, tzinfo=UTC)
    assert hit(windows, late) == ("day", (midnight - late).total_seconds())
    assert hit(windows, midnight) == ("day", 86400.0)


def test_a_call_that_is_taken_ends_the_suspicion():
    windows = Windows()
    hit(windows, NOW)
    windows.enter(CORP, PATH, after(seconds=60))
    windows.taken(CORP, PATH, after(seconds=60))
    assert hit(windows, after(seconds=61)) == ("minute", 60.0)


def test_calls_that_were_on_their_way_when_the_pause_began_say_nothing_new():
    windows = Windows()
    for _ in range(20):
        windows.enter(CORP, PATH, NOW)
    told = [windows.refused(CORP, PATH, NOW, after(seconds=number)) for number in range(20)]
    assert [(one.window, one.after_s) for one in told] == [("minute", 60.0 - number) for number in range(20)]
    windows.taken(CORP, PATH, NOW)  # began before the pause
    assert hit(windows, after(seconds=60)) == ("hour", 3600.0)


def test_our_own_count_tells_the_hour_and_the_day_at_once():
    windows = Windows({PATH: Limits(per_hour=8, per_day=11)})
    for minutes in range(7):
        windows.enter(CORP, PATH, after(minutes=minutes))
    assert hit(windows, after(minutes=8))[0] == "hour"

    windows = Windows({PATH: Limits(per_hour=8, per_day=11)})
    for hours in range(10):
        windows.enter(CORP, PATH, datetime(2026, 11, 19, 16, tzinfo=UTC) + timedelta(hours=hours))
    assert hit(windows, datetime(2026, 11, 20, 3, tzinfo=UTC))[0] == "day"


def test_a_minute_that_is_full_is_a_minute_and_calls_of_an_hour_ago_count_no_longer():
    windows = Windows({PATH: Limits(per_hour=8)})
    for _ in range(7):
        windows.enter(CORP, PATH, NOW)
    assert hit(windows, after(hours=1)) == ("minute", 60.0)


def test_days_end_at_midnight_in_beijing():
    windows = Windows({PATH: Limits(per_day=1)})
    assert hit(windows, datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC)) == ("day", 1.0)
    assert hit(windows, datetime(2026, 11, 20, 16, tzinfo=UTC)) == ("day", 86400.0)


def test_what_was_asked_yesterday_does_not_fill_today():
    windows = Windows({PATH: Limits(per_day=1)})
    before, midnight = datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC), datetime(2026, 11, 20, 16, tzinfo=UTC)
    windows.enter(CORP, PATH, before)
    assert windows.refused(CORP, PATH, before, midnight).window == "minute"


def test_one_api_of_one_corp_is_blocked_and_nothing_else():
    windows = Windows()
    hit(windows, NOW)
    assert blocked(windows, NOW, "/cgi-bin/y") is None
    assert blocked(windows, NOW, corp="ww2") is None


def test_too_many_tokens_cost_an_hour_from_the_first_time_on():
    windows = Windows()
    assert hit(windows, NOW, GETTOKEN) == ("hour", 3600.0)
    assert hit(windows, after(hours=1), GETTOKEN)[0] == "day"


def test_a_code_says_the_number():
    windows = Windows()
    windows.enter(CORP, PATH, NOW)
    assert windows.refused(CORP, PATH, NOW, NOW).code == "wecom.45009"
    with pytest.raises(Blocked) as error:
        windows.enter(CORP, PATH, NOW)
    assert error.value.code == "wecom.45009"


@given(st.lists(st.tuples(st.integers(0, 4000), st.booleans()), max_size=40))
def test_no_call_is_let_through_while_a_pause_lasts_and_none_is_kept_longer_than_a_day(steps):
    """``steps``: seconds since the step before, and whether the call is refused."""
    windows, now, until = Windows(), NOW, NOW
    for seconds, is_refused in steps:
        now += timedelta(seconds=seconds)
        left_s = blocked(windows, now)
        assert (left_s is not None) == (now < until)
        if left_s is not None:
            assert left_s == (until - now).total_seconds()
        elif is_refused:
            until = now + timedelta(seconds=windows.refused(CORP, PATH, now, now).after_s)
            assert timedelta(0) < until - now <= timedelta(days=1)
        else:
            windows.taken(CORP, PATH, now)
