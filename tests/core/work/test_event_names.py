"""Held event names: approved for good, hidden on purpose, brought back by a rollback."""

import pytest

from core.errors import Forbidden, Unknown
from core.scope import Operator
from core.work import event_names
from core.work.ingest import batches, importing
from tests import lakes
from tests.bringing import failing_disk
from tests.lakes import NOW, add, event

ANALYST = Operator(1, "lin", "analyst")


@pytest.fixture
def home(tmp_path):
    home = lakes.home(tmp_path)
    with home.store.transaction() as session:
        batch_id = batches.queue(
            session, table="events", source="shop", file_name="a.csv", mapping_name=None, operator=ANALYST, now=NOW
        )
    facts = [
        event(1, "2026-11-01 10:00", "spin"),
        event(1, "2026-11-01 11:00", "spin"),
        event(2, "2026-11-01 10:00", "shake"),
    ]
    add(home, batch_id, events=facts, event_names=[{"name": name, "is_held": True} for name in ("spin", "shake")])
    yield home
    home.store.close()


def held(home):
    return [(one.name, one.events, one.is_settled) for one in event_names.held(home)]


def test_an_empty_lake_holds_no_names(tmp_path):
    assert event_names.held(lakes.home(tmp_path)) == []


def test_held_names_come_with_their_events_the_most_frequent_first(home):
    assert held(home) == [("spin", 2, False), ("shake", 1, False)]


def test_an_approved_name_is_held_no_more_until_the_approval_is_rolled_back(home):
    batch_id = event_names.approve(home, ANALYST, ["spin"], now=NOW)
    assert held(home) == [("shake", 1, False)]
    importing.rollback(home, batch_id, ANALYST, now=NOW)
    assert held(home) == [("spin", 2, False), ("shake", 1, False)]


def test_a_name_that_stays_hidden_is_settled_and_can_be_approved_later(home):
    event_names.keep_hidden(home, ANALYST, ["spin"], now=NOW)
    assert held(home) == [("shake", 1, False), ("spin", 2, True)]
    event_names.approve(home, ANALYST, ["spin"], now=NOW)
    assert held(home) == [("shake", 1, False)]


@pytest.mark.parametrize("act", [event_names.approve, event_names.keep_hidden])
def test_only_held_names_are_decided_and_only_by_those_who_may(home, act):
    for names in (["unheard"], []):
        with pytest.raises(Unknown):
            act(home, ANALYST, names, now=NOW)
    with pytest.raises(Forbidden):
        act(home, Operator(2, "wu", "manager"), ["spin"], now=NOW)


def test_an_approval_whose_process_died_when_the_lake_had_it_is_settled_as_committed(home):
    batch_id = event_names.approve(home, ANALYST, ["spin"], now=NOW)
    with home.store.transaction() as session:
        batch = batches.get(session, batch_id)
        batch.state, batch.progress, batch.accepted_count = "running", {"workplace": "gone"}, 0
    assert batches.reconcile(home, now=NOW) == [batch_id]
    with home.store.reading() as session:
        batch = batches.get(session, batch_id)
    assert (batch.state, batch.accepted_count) == ("committed", 1)


@pytest.mark.parametrize(
    ("is_folder", "ended", "left"), [(False, ("failed", "unexpected", 0), 2), (True, ("committed", None, 1), 1)]
)
def test_an_approval_that_the_disk_fails_ends_as_the_lake_says(home, monkeypatch, is_folder, ended, left):
    with failing_disk(monkeypatch, is_folder=is_folder), pytest.raises(OSError, match="No space"):
        event_names.approve(home, ANALYST, ["spin"], now=NOW)
    with home.store.reading() as session:
        batch = batches.get(session, 2)
    assert (batch.state, batch.error_code, batch.accepted_count) == ended
    assert len(held(home)) == left
