"""The hours of marketing, waits, and codes by their beginnings."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.senders.outcomes import Halted
from core.senders.sender import Gone, Permanent, Temporary, Uncertain
from core.senders.sms import texting
from core.senders.sms.texting import Judgement

CHINA = timezone(timedelta(hours=8))
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 30), timezones=st.just(UTC))


@given(TIMES)
def test_whoever_waits_as_long_as_he_is_told_comes_at_eight_sharp_and_nobody_waits_inside_the_hours(now):
    seconds = texting.until_hours(now)
    here = now.astimezone(CHINA)
    if 8 <= here.hour < 22:
        assert seconds == 0
    else:
        then = here + timedelta(seconds=seconds)
        assert (then.hour, then.minute, then.second, then.microsecond) == (8, 0, 0, 0)
        assert 0 < seconds <= 10 * 3600


JUDGEMENT = Judgement(
    "p",
    halts=frozenset({"A"}),
    gone=frozenset({"A.B"}),
    uncertain=frozenset({"C"}),
    waits={"D": "day", "M": "month", "S": 5.0},
)


@given(TIMES)
def test_a_day_and_a_month_end_at_midnight_in_china(now):
    for code, is_over in (("D", lambda then: True), ("M", lambda then: then.day == 1)):
        trouble = JUDGEMENT.trouble(code, now)
        then = now.astimezone(CHINA) + timedelta(seconds=trouble.after_s)
        assert (then.hour, then.minute, then.second, then.microsecond) == (0, 0, 0, 0)
        assert is_over(then)
        assert 0 < trouble.after_s <= (1 if code == "D" else 31) * 86400


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("A", Halted),
        ("A.X", Halted),
        ("A.B", Gone),
        ("A.B.C", Gone),
        ("AB", Permanent),
        ("X.A", Permanent),
        ("C.X", Uncertain),
        ("S.X", Temporary),
    ],
)
def test_a_code_means_what_its_longest_known_beginning_does(code, kind):
    trouble = JUDGEMENT.trouble(code, datetime(2026, 11, 20, tzinfo=UTC))
    assert (type(trouble), trouble.code) == (kind, f"p.{code}")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-20 09:02:03", datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)),
        ("2026-11-20T09:02:03", None),
        ("2026-02-30 09:02:03", None),
        ("", None),
        (None, None),
        (20261120, None),
    ],
)
def test_times_of_providers_are_those_of_china(text, at):
    assert texting.china_time(text) == at
