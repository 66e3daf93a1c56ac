"""After a restore sending starts paused, and what may have gone out since the backup is unknown; nothing else is taken for a restore."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.scope import SYSTEM
from core.store import campaigns, choices, incidents, outbox
from core.store.campaign_tables import Outgoing
from core.store.notice_tables import SaidNotice
from core.work.campaigns import restored
from tests.core.work.campaigns.written import NOW, Draft, segment

MINUTE = timedelta(minutes=1)


@pytest.fixture
def home(home, tmp_path):
    """With a run folder of its own; the lake stays where it is."""
    return replace(home, settings=replace(home.settings, home=tmp_path))


def beat(home):
    with home.store.reading() as session:
        return choices.read(session, restored.KEPT)


def put_back(home, kept):
    """The store as it was when this was its beat."""
    with home.store.transaction() as session:
        choices.write(session, restored.KEPT, kept, by=SYSTEM.name, now=NOW)


def is_stopped(home):
    with home.store.reading() as session:
        return incidents.is_held(session, channel="sms")


def test_a_worker_that_counts_on_finds_nothing_however_long_it_was_away(home):
    for after in (0, 1, 2, 60 * 24 * 30, 60 * 24 * 30 + 1):
        assert not restored.look(home, NOW + after * MINUTE)
    assert (beat(home)["count"], is_stopped(home)) == (5, False)


def test_an_older_store_stops_all_sending_once(home):
    restored.look(home, NOW)
    backup = beat(home)
    for after in range(1, 9):
        restored.look(home, NOW + after * MINUTE)
    put_back(home, backup)
    assert restored.look(home, NOW + 10 * MINUTE)
    assert is_stopped(home)
    assert not restored.look(home, NOW + 11 * MINUTE)
    with home.store.reading() as session:
        assert [one.kind for one in session.query(SaidNotice)] == ["sending.restored"]


def test_a_store_that_this_machine_has_never_seen_is_a_restored_one_unless_another_worker_is_using_it(home, tmp_path):
    restored.look(home, NOW)
    (tmp_path / "run" / f"sending-{home.world}.json").unlink()
    assert not restored.look(home, NOW + 5 * MINUTE)
    (tmp_path / "run" / f"sending-{home.world}.json").unlink()
    assert restored.look(home, NOW + 30 * MINUTE)


def test_a_new_store_in_the_place_of_another_is_no_restore(home):
    restored.look(home, NOW)
    restored.look(home, NOW + MINUTE)
    put_back(home, None)
    assert not restored.look(home, NOW + 2 * MINUTE)
    assert not restored.look(home, NOW + 3 * MINUTE)


def test_what_a_death_left_half_written_counts_as_nothing(home, tmp_path):
    restored.look(home, NOW)
    (tmp_path / "run" / f"sending-{home.world}.json").write_text('{"store": "a')
    assert not restored.look(home, NOW + MINUTE)
    assert not restored.look(home, NOW + 2 * MINUTE)


def test_what_was_due_may_have_gone_out_and_what_was_approved_is_approved_anew(home):
    drafts = {state: Draft(home, segment(home, state)) for state in ("draft", "approved", "scheduled", "sending")}
    states = ("planned", "held", "reserved", "sending", "planned", "delivered")
    with home.store.transaction() as session:
        for state, draft in drafts.items():
            campaigns.move(session, draft.id, before="draft", state=state, now=NOW, content_hash="h")
        rows = [
            {
                "member_id": n,
                "channel": "sms",
                "state": state,
                "due_at": NOW + (timedelta(days=1) if n == 5 else MINUTE),
            }
            for n, state in enumerate(states, 1)
        ]
        outbox.plan(session, drafts["sending"].id, rows, NOW)
    restored.look(home, NOW)
    backup = beat(home)
    restored.look(home, NOW + MINUTE)
    put_back(home, backup)
    assert restored.look(home, NOW + timedelta(hours=1))
    with home.store.reading() as session:
        found = [row.state for row in session.query(Outgoing).order_by(Outgoing.member_id)]
    assert found == ["unknown"] * 4 + ["planned", "delivered"]
    assert {state: draft.row.state for state, draft in drafts.items()} == {
        "draft": "draft",
        "approved": "draft",
        "scheduled": "draft",
        "sending": "sending",
    }
    assert drafts["scheduled"].row.content_hash is None and drafts["scheduled"].log[-1] == "voided"


def test_whoever_asks_within_a_minute_counts_once(home):
    counting = restored.Counting()
    for after in (0, 1, 59, 60, 61, 121):
        counting(home, NOW + timedelta(seconds=after))
    assert beat(home)["count"] == 3
    counting(replace(home), NOW + timedelta(seconds=122))
    assert beat(home)["count"] == 4
