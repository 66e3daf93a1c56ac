"""How far a campaign is: counted from rows, with the time at which it is through, within what the reader may see."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.campaigns.body import Schedule
from core.campaigns.states import IN_FLIGHT, OPEN
from core.errors import Unknown
from core.scope import EVERYTHING, Filters, Scope
from core.store.campaign_tables import MESSAGE_STATES, Connector
from core.store.session import Store
from core.work.campaigns import stopping
from core.work.home import Home
from core.work.questions import campaigns
from core.work.questions.reading import reading
from tests import lakes
from tests.campaign_worlds import MINUTE, START, body, launch, message, send
from tests.core.work import connector_parts
from tests.core.work.notice_parts import ADMIN
from tests.seeds import examples

NOW = START + 10 * MINUTE
NORTH = Scope(frozenset({"north"}))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Members 1 to 40, the even ones of the north; text messages can be sent."""
    world = lakes.home(tmp_path / "home")
    lakes.add(
        world, 1,
        units=[{"unit_id": name, "name": name} for name in ("north", "south")],
        groups=[{"group_id": f"g{unit}", "name": "g", "unit_id": unit} for unit in ("north", "south")],
        member_profiles=[{"identity_key": n, "unit_id": "south" if n % 2 else "north"} for n in range(1, 41)],
    )  # fmt: skip
    connector_parts.add(world, "aliyun_sms", is_on=True)
    return world


def asked(home: Home, campaign_id: int, scope: Scope = EVERYTHING, now=NOW) -> campaigns.Progress:
    with reading(home, Filters(), scope) as opened:
        return campaigns.progress(home, opened, campaign_id, now)


def behind(home: Home, campaign_id: int, scope: Scope = EVERYTHING, **which: str) -> list[int]:
    with reading(home, Filters(), scope) as opened:
        return campaigns.members(home, opened, campaign_id, **which).tolist()


def test_rows_are_counted_by_state_reason_channel_and_variant(home: Home):
    number = launch(home.store)
    send(
        home.store, number,
        [
            message(1), message(2), message(3, "skipped", reason="gate.cap", channel="email"), message(4, "skipped", reason="gate.consent"),
            message(5, "holdout", variant=""), message(6, "sending"), message(7, "reserved"), message(8, "accepted"), message(9, "planned", variant="B"),
        ],
    )  # fmt: skip
    found = asked(home, number)
    assert found.tally.counts == {
        "delivered": 2, "skipped": 2, "holdout": 1, "sending": 1, "reserved": 1, "accepted": 1, "planned": 1
    }  # fmt: skip
    assert (found.left, found.in_flight, found.awaited, found.is_limited) == (3, 2, 1, False)
    by_reason = found.by("state", "reason")
    of_skipped = by_reason[by_reason["state"] == "skipped"].set_index("reason")["rows"].to_dict()
    assert of_skipped == {"gate.cap": 1, "gate.consent": 1}
    assert found.by("channel").set_index("channel")["rows"].to_dict() == {"email": 1, "sms": 8}
    assert found.by("variant").set_index("variant")["rows"].to_dict() == {"": 1, "A": 7, "B": 1}
    assert behind(home, number) == [1, 2, 3, 4, 6, 7, 8, 9]  # who is held out has no message
    assert behind(home, number, channel="sms") == [1, 2, 4, 6, 7, 8, 9]
    assert behind(home, number, state="holdout") == [5]


def test_the_end_follows_from_what_is_left_and_the_rate_of_the_last_minutes(home: Home):
    number = launch(home.store, state_at=START)
    long_ago = message(30, slot_at=START + MINUTE)
    recent = [message(n, slot_at=NOW - n * 20 * timedelta(seconds=1)) for n in range(1, 11)]
    send(home.store, number, [long_ago, *recent, *(message(n, "planned") for n in range(11, 17))])
    found = asked(home, number)
    assert found.per_minute == pytest.approx(2.0)  # ten in five minutes
    assert found.ends_at == NOW + timedelta(minutes=3)


def test_each_channel_goes_on_at_its_own_rate_and_without_one_there_is_no_end(home: Home):
    connector_parts.add(home, "email", is_on=True)
    number = launch(home.store, state_at=START)
    told = [message(n, slot_at=NOW - n * timedelta(seconds=20)) for n in range(1, 11)]
    slow = [message(n, slot_at=NOW - MINUTE, channel="email") for n in range(11, 16)]
    waiting = [message(20, "planned"), *(message(n, "planned", channel="email") for n in range(21, 25))]
    send(home.store, number, [*told, *slow, *waiting])
    assert asked(home, number).ends_at == NOW + timedelta(
        minutes=4
    )  # four at one a minute, though three a minute go out
    other = launch(home.store, "other", state_at=START)
    send(home.store, other, [message(1, slot_at=NOW - MINUTE), message(2, "planned", channel="email")])
    assert (asked(home, other).ends_at, asked(home, other).shut) == (None, ())


def test_a_channel_on_which_nothing_goes_out_says_why_and_no_end_is_told(home: Home):
    number = launch(home.store, state_at=START)
    rows = [message(n, slot_at=NOW - MINUTE) for n in range(1, 11)]
    send(
        home.store,
        number,
        [*rows, message(11, "planned"), message(12, "planned", channel="email"), message(13, channel="wecom")],
    )

    def shut():
        found = asked(home, number)
        assert found.ends_at is None
        return [(one.channel, one.why, one.connector, one.code, one.until) for one in found.shut]

    none = ("email", "none", "", None, None)
    assert shut() == [none]
    with home.store.transaction() as session:
        (way,) = session.query(Connector).all()
        way.paused_until = NOW + MINUTE
    assert shut() == [none, ("sms", "resting", "aliyun_sms", None, NOW + MINUTE)]
    with home.store.transaction() as session:
        (way,) = session.query(Connector).all()
        way.halted = "aliyun.key"
    assert shut() == [none, ("sms", "halted", "aliyun_sms", "aliyun.key", None)]
    stopping.stop(home, home.store, ADMIN, "all", "", "Wrong price", now=NOW)
    assert [one[:2] for one in shut()] == [("email", "stopped"), ("sms", "stopped")]


def test_a_campaign_that_began_a_minute_ago_is_judged_by_that_minute(home: Home):
    number = launch(home.store, state_at=NOW - MINUTE)
    send(
        home.store,
        number,
        [message(n, slot_at=NOW - MINUTE / 2) for n in range(1, 7)] + [message(7, "planned")],
    )
    assert asked(home, number).per_minute == pytest.approx(6.0)


def test_who_is_stopped_on_the_way_makes_the_queue_shorter_and_late_receipts_do_not(home: Home):
    number = launch(home.store, state_at=START)
    stopped = [
        message(n, state, ended_at=NOW - MINUTE, fence=1) for n, state in enumerate(("failed", "dead", "skipped"), 1)
    ]
    others = [
        message(11, "skipped", ended_at=NOW - MINUTE), message(12, "cancelled", ended_at=NOW - MINUTE, fence=1),
        message(13, slot_at=START, ended_at=NOW), message(14, "accepted", slot_at=NOW - MINUTE, marks={}),
    ]  # fmt: skip
    send(home.store, number, [*stopped, *others])
    assert asked(home, number).per_minute == pytest.approx(4 / 5)


def test_the_end_is_never_before_the_throttle_allows_nor_before_the_last_is_due(home: Home):
    slow = launch(home.store, "slow", said=body(schedule=Schedule(per_minute=1)), state_at=NOW - MINUTE)
    rows = [message(n, slot_at=NOW - MINUTE / 2) for n in range(1, 7)]
    send(home.store, slow, [*rows, *(message(n, "planned") for n in range(11, 15))])
    assert asked(home, slow).ends_at == NOW + 4 * MINUTE
    late = launch(home.store, "late", state_at=NOW - MINUTE)
    send(home.store, late, [*rows, message(11, "held", reason="quiet_hours", due_at=NOW + 90 * MINUTE)])
    assert asked(home, late).ends_at == NOW + 90 * MINUTE


@pytest.mark.parametrize("state", ["paused", "completed", "cancelled"])
def test_nothing_ends_where_nothing_moves(home: Home, state: str):
    rows = [message(1, slot_at=NOW - MINUTE), message(2, "planned")]
    stopped = launch(home.store, "stopped", state=state, state_at=NOW - 2 * MINUTE)
    send(home.store, stopped, rows)
    assert asked(home, stopped).ends_at is None
    idle = launch(home.store, "idle", state_at=START)
    send(home.store, idle, [message(1, slot_at=START + MINUTE), message(2, "planned")])
    found = asked(home, idle)
    assert found.per_minute is None and found.ends_at is None


def test_what_waits_is_told_with_its_reason_and_the_next_time_it_is_due(home: Home):
    number = launch(home.store)
    send(
        home.store, number,
        [
            message(1, "held", reason="quiet_hours", due_at=NOW + 60 * MINUTE), message(2, "held", reason="quiet_hours", due_at=NOW + 30 * MINUTE),
            message(3, "planned", due_at=NOW + MINUTE), message(4, "planned", due_at=NOW), message(5, "held", reason="quota", due_at=NOW - MINUTE),
        ],
    )  # fmt: skip
    for scope in (EVERYTHING, Scope(frozenset({"north", "south"}))):
        rows = asked(home, number, scope).waiting
        told = {
            (row.state, row.reason if isinstance(row.reason, str) else None): (row.rows, row.next_due_at)
            for row in rows.itertuples()
        }
        assert told == {
            ("held", "quiet_hours"): (2, NOW + 30 * MINUTE),
            ("planned", None): (1, NOW + MINUTE),
        }


def test_a_reader_of_some_units_sees_the_messages_to_their_members_and_groups_and_is_told_so(home: Home):
    number = launch(home.store, launched={"flows": []})
    rows = [message(n, "delivered" if n < 21 else "planned") for n in range(1, 41)]
    send(home.store, number, rows)
    found = asked(home, number, NORTH)
    assert found.is_limited and found.tally.counts == {"delivered": 10, "planned": 10} and found.launched is None
    assert behind(home, number, NORTH, state="planned") == list(range(22, 41, 2))
    whole = asked(home, number)
    assert whole.tally.counts == {"delivered": 20, "planned": 20} and whole.launched == {"flows": []}
    groups = launch(home.store, "groups", said=body(channels=("group_chat",), places=("gnorth", "gsouth")))
    send(
        home.store, groups,
        [message(-1, channel="group_chat", place="gnorth"), message(-2, channel="group_chat", place="gsouth")],
    )  # fmt: skip
    assert asked(home, groups, NORTH).tally.counts == {"delivered": 1}
    assert asked(home, groups).tally.counts == {"delivered": 2}
    assert behind(home, groups) == []


def test_a_rate_within_units_is_of_their_messages_only(home: Home):
    number = launch(home.store, state_at=START)
    send(home.store, number, [message(n, slot_at=NOW - MINUTE) for n in range(1, 12)])
    assert asked(home, number).per_minute == pytest.approx(11 / 5)
    assert asked(home, number, NORTH).per_minute == pytest.approx(5 / 5)


def test_what_there_is_not_is_refused(home: Home):
    with pytest.raises(Unknown):
        asked(home, 99)
    number = launch(home.store)
    with pytest.raises(Unknown):
        behind(home, number, state="lost")


def test_progress_is_the_same_on_both_databases(home: Home, store: Store):
    rows = [
        message(1, slot_at=NOW - MINUTE), message(2, slot_at=NOW - 2 * MINUTE), message(3, "holdout"), message(4, "planned"), message(5, "failed", ended_at=NOW - MINUTE, fence=1),
        message(6, "held", reason="quiet_hours", due_at=NOW + 90 * MINUTE), message(7, "planned", due_at=NOW + MINUTE / 3),
    ]  # fmt: skip
    found, other = [], replace(home, store=store)
    connector_parts.add(other, "aliyun_sms", is_on=True)
    for one in (home, other):
        number = launch(one.store, state_at=START)
        send(one.store, number, rows)
        found.append((asked(one, number), asked(one, number, NORTH)))
    for first, second in zip(*found, strict=True):
        assert (first.tally, first.per_minute, first.ends_at) == (second.tally, second.per_minute, second.ends_at)
        pd.testing.assert_frame_equal(first.counts, second.counts)
        pd.testing.assert_frame_equal(first.waiting, second.waiting)
        assert len(first.waiting) > 0 and first.per_minute is not None


rows_of = st.lists(
    st.tuples(
        st.integers(1, 45), st.sampled_from(MESSAGE_STATES), st.sampled_from([None, "gate.cap", "quiet_hours"]), st.sampled_from(["sms", "email"])
    ),
    max_size=40, unique_by=lambda row: (row[0], row[3]),
)  # fmt: skip


@given(rows=rows_of)
@settings(max_examples=examples(20), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_states_add_up_to_the_rows_and_nobody_is_behind_a_figure_twice(home: Home, rows):
    with home.store.reading() as session:
        count = len(campaigns.campaigns.listed(session))
    number = launch(home.store, f"c{count + 1}")
    send(home.store, number, [message(who, state, reason=why, channel=on, marks={}) for who, state, why, on in rows])
    found = asked(home, number)
    assert found.tally.counts == Counter(row[1] for row in rows)
    assert found.tally.rows == len(rows) and found.tally.lost(len(rows)) == 0
    assert found.left == sum(row[1] in OPEN for row in rows) and found.in_flight == sum(
        row[1] in IN_FLIGHT for row in rows
    )
    seen = asked(home, number, NORTH)
    inside = [row for row in rows if row[0] <= 40 and row[0] % 2 == 0]
    assert seen.tally.counts == Counter(row[1] for row in inside)
    for scope, told in ((EVERYTHING, [row for row in rows if row[0] <= 40]), (NORTH, inside)):
        for channel in ("sms", "email"):
            expected = sorted({row[0] for row in told if row[3] == channel and row[1] == "skipped"})
            assert behind(home, number, scope, channel=channel, state="skipped") == expected
