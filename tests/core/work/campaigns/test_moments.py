"""When messages are due: in the hour of the clock in which somebody is used to be there, never in quiet hours, and never when they are of no use any more."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.campaigns import hours
from core.campaigns.body import Body, Offer, Schedule
from core.work.campaigns.recipients import moments
from core.work.questions.reading import reading
from tests import lakes
from tests.seeds import examples

ZONE = "Asia/Shanghai"
BEST = Body(schedule=Schedule("best_hour"))
START = datetime(2026, 2, 11, 2, 20, tzinfo=UTC)
"""10:20 by the clock."""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """By the clock: member 1 comes at 20:00, 2 as often at 9:00 as at 20:00, 3 at 23:00 alone, 4 never lately, 5 at 9:00. Everybody together comes at 20:00 most."""
    made = lakes.home(tmp_path_factory.mktemp("hours"))
    told = {1: ("12:10", "12:20", "01:10"), 2: ("01:30", "12:30"), 3: ("15:10", "15:20"), 5: ("01:05",)}
    events = [
        lakes.event(who, f"2026-02-0{day} {at}") for who, times in told.items() for day, at in enumerate(times, 1)
    ]
    events += [
        lakes.event(4, "2025-10-01 01:00"),
        lakes.event(6, "2026-02-10 12:00"),
        lakes.event(None, "2026-02-10 01:00"),
    ]
    lakes.add(made, 1, events=events)
    return made


def due(home, body, start=START, ends_at=None):
    with reading(home) as lake:
        return moments.due(lake, body, "salt", np.arange(6), start, ends_at)


def clock(at):
    return at.astimezone(ZoneInfo(ZONE)).strftime("%d %H")


def test_everybody_is_written_to_in_their_own_best_hour_and_who_has_none_in_that_of_all(home):
    assert [clock(at) for at in due(home, BEST)] == ["11 20", "11 20", "11 20", "11 20", "12 09", "11 20"]


def test_messages_are_spread_over_the_hour_and_stay_where_they_are(home):
    first, again = due(home, BEST), due(home, BEST)
    assert first == again and len(set(first)) == 6
    assert first[0] == hours.spread(datetime(2026, 2, 11, 12, tzinfo=UTC), timedelta(hours=1), "salt", 1)


def test_an_hour_that_ends_too_late_is_none_and_without_any_it_is_the_start(home):
    assert {clock(at) for at in due(home, BEST, ends_at=START + timedelta(hours=5))} == {"11 11"}
    assert due(home, BEST, ends_at=START + timedelta(hours=1)) == [START] * 6
    assert due(home, Body()) == [START] * 6


def test_a_message_ends_with_its_schedule_or_with_the_last_day_of_its_offer_whichever_is_first():
    offer, early, late = (
        Offer("o", "o", 1, ends_on=date(2026, 2, 12)),
        START + timedelta(hours=1),
        START + timedelta(days=9),
    )
    assert moments.expires_at(Body(), ZONE) is None
    assert moments.expires_at(Body(offer=offer), ZONE) == datetime(2026, 2, 12, 16, tzinfo=UTC)
    both = [moments.expires_at(Body(offer=offer, schedule=Schedule(expires_at=at)), ZONE) for at in (early, late)]
    assert both == [early, datetime(2026, 2, 12, 16, tzinfo=UTC)]


@settings(max_examples=examples(200), deadline=None)
@given(
    start=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    left=st.none() | st.integers(0, 40),
)
def test_every_hour_that_may_be_chosen_begins_within_days_is_not_quiet_and_is_over_in_time(start, zone, left):
    ends_at = None if left is None else start + timedelta(hours=left)
    found = moments.openings(start, zone, ends_at)
    for hour, at in found.items():
        wall = at.astimezone(ZoneInfo(zone))
        assert (wall.hour, wall.minute, wall.second) == (hour, 0, 0)
        assert start <= at < start + timedelta(hours=moments.LOOKED_AT // 2 + 1)
        assert not hours.is_quiet(at, zone)
        assert ends_at is None or at + timedelta(hours=1) <= ends_at
    if ends_at is None:
        assert sorted(found) == list(range(8, 21))


def test_a_lake_without_events_knows_no_hour(tmp_path):
    made = lakes.home(tmp_path)
    lakes.add(made, 1, points=[{"identity_key": one, "occurred_at": lakes.at("2026-02-10 10:00"), "entry_id": str(one), "points": 1, "kind": "earned"} for one in range(1, 7)])  # fmt: skip
    told = Counter(clock(at) for at in due(made, replace(BEST, channels=("sms",))))
    assert told == {"12 08": 6}
