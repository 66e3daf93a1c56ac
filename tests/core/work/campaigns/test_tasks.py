"""What of campaigns waits for somebody: each is told what they can do, and nobody what only others can."""

from datetime import timedelta

import pytest

from core.store import campaigns, outbox
from core.store.campaign_tables import Connector
from core.work.campaigns import review, running, stopping
from core.work.questions.campaign_tasks import waiting
from tests.core.work.campaigns.written import ADMIN, BOSS, LIN, MEI, NOW, WU, Draft, segment


@pytest.fixture
def draft(home):
    return Draft(home, segment(home))


def told(home, who):
    return {(one.kind, one.count) for one in waiting(home, who, NOW)}


def test_a_campaign_waits_for_each_in_turn(home, draft):
    assert told(home, LIN) == told(home, WU) == set()
    digest = draft.hand_in()
    assert (told(home, LIN), told(home, WU), told(home, BOSS)) == (set(), {("campaign_review", 1)}, set())
    review.send_back(home, home.store, WU, draft.id, "The price is wrong", now=NOW)
    assert (told(home, LIN), told(home, WU)) == ({("campaign_returned", 1)}, set())
    draft.save(draft.row.body | {"note": "cheaper"})
    assert told(home, LIN) == set()
    digest = draft.hand_in()
    draft.approve(digest)
    assert (told(home, LIN), told(home, WU)) == ({("campaign_approved", 1)}, set())
    review.start(home, home.store, LIN, draft.id, now=NOW)
    assert told(home, LIN) == set()


def test_what_is_sent_paused_by_errors_or_unknown_is_told_within_the_units(home, draft):
    with home.store.transaction() as session:
        campaigns.move(session, draft.id, before="draft", state="sending", now=NOW)
        rows = [
            {"member_id": n, "channel": "sms", "state": state} for n, state in enumerate(("unknown", "dead", "planned"))
        ]
        outbox.plan(session, draft.id, rows, NOW)
    assert told(home, BOSS) == {("campaign_sending", 1), ("campaign_unknown", 2)}
    assert told(home, MEI) == set()
    running.pause(home, home.store, LIN, draft.id, "Lunch break", now=NOW)
    assert told(home, LIN) == {("campaign_unknown", 2)}
    with home.store.transaction() as session:
        campaigns.one(session, draft.id).error = "http.503"
    assert told(home, LIN) == {("campaign_unknown", 2), ("campaign_paused", 1)}


def test_a_stop_is_told_to_everybody_and_a_way_that_takes_nothing_to_who_sets_them_up(home):
    stopping.stop(home, home.store, LIN, "all", "", "Wrong price", now=NOW)
    values = {"kind": "webhook", "settings": {}, "sealed": b"", "is_on": True, "revision": 1, "by": "qin", "at": NOW}
    with home.store.transaction() as session:
        session.add(Connector(name="a", channel="webhook", halted="http.410", **values))
        session.add(Connector(name="b", channel="sms", paused_until=NOW + timedelta(minutes=1), **values))
        session.add(Connector(name="c", channel="email", paused_until=NOW - timedelta(minutes=1), **values))
    assert told(home, BOSS) == told(home, MEI) == {("sending_stopped", 1)}
    assert told(home, ADMIN) == {("sending_stopped", 1), ("connector_halted", 2)}
