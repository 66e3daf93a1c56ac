"""A campaign that is being sent: paused, resumed and cancelled by who may, and what is unknown decided by a person."""

import pytest

from core.errors import Forbidden, InvalidDecision
from core.store import campaigns, message_marks, outbox
from core.store.campaign_tables import Outgoing
from core.work.campaigns import running, stopping
from core.work.campaigns.running import NothingDecided
from core.work.campaigns.stopping import InvalidStop
from core.work.campaigns.turns import CampaignState
from tests.core.work.campaigns.written import ADMIN, LIN, MEI, NOW, WU, Draft, segment

STATES = ("planned", "held", "unknown", "unknown", "dead", "delivered", "accepted")


@pytest.fixture
def sending(home):
    """One that is being sent, with a message in each of some states."""
    draft = Draft(home, segment(home))
    with home.store.transaction() as session:
        campaigns.move(session, draft.id, before="draft", state="sending", now=NOW)
        rows = [{"member_id": n, "channel": "sms", "state": state} for n, state in enumerate(STATES, 1)]
        outbox.plan(session, draft.id, rows, NOW)
    return draft


def counts(draft):
    with draft.home.store.reading() as session:
        return outbox.counts(session, draft.id)


def do(act, draft, *args, who=LIN, **more):
    return getattr(running, act)(draft.home, draft.home.store, who, draft.id, *args, now=NOW, **more)


def test_a_pause_holds_until_it_is_resumed_and_leaves_every_message_where_it_was(sending):
    before = counts(sending)
    do("pause", sending, "The price is wrong")
    assert (sending.row.state, counts(sending)) == ("paused", before)
    with pytest.raises(CampaignState):
        do("pause", sending, "again")
    do("resume", sending)
    assert (sending.row.state, sending.log[-2:]) == ("sending", ["paused", "resumed"])


def test_a_cancelled_campaign_sends_nothing_that_waited_and_is_over(sending):
    assert do("cancel", sending, "The price is wrong") == 2
    assert counts(sending) == {"cancelled": 2, "unknown": 2, "dead": 1, "delivered": 1, "accepted": 1}
    for act in (("pause", "x y"), ("resume",), ("cancel", "x y")):
        with pytest.raises(CampaignState):
            do(act[0], sending, *act[1:])


@pytest.mark.parametrize(("fate", "state"), [("arrived", "delivered"), ("failed", "failed"), ("again", "planned")])
def test_a_person_decides_about_what_is_unknown(sending, fate, state):
    assert do("decide", sending, fate, "The provider says so", who=WU) == 2
    assert counts(sending)[state] == STATES.count(state) + 2
    assert "unknown" not in counts(sending)
    with sending.home.store.reading() as session:
        assert message_marks.counts(session, sending.id) == ({} if fate == "again" else {state: 2})
    with pytest.raises(NothingDecided):
        do("decide", sending, fate, "once more", who=WU)


def test_what_is_dead_may_be_sent_again_even_after_the_campaign_was_completed_and_nothing_else(sending):
    with sending.home.store.transaction() as session:
        campaigns.move(session, sending.id, before="sending", state="completed", now=NOW)
    with pytest.raises(NothingDecided):
        do("decide", sending, "arrived", "It did", before="dead", who=WU)
    assert do("decide", sending, "again", "The provider is up", before="dead", who=WU) == 1
    assert sending.row.state == "sending"
    with sending.home.store.reading() as session:
        row = session.query(Outgoing).filter_by(campaign_id=sending.id, member_id=5).one()
        assert (row.state, row.fence, row.slot_at) == ("planned", 1, None)


def test_whoever_decides_says_why(sending):
    for act, args in (("pause", (".",)), ("cancel", ("",)), ("decide", ("again", " "))):
        with pytest.raises(InvalidDecision):
            do(act, sending, *args)


def test_everything_is_stopped_with_one_call_and_let_go_only_by_who_answers_for_the_house(home):
    assert stopping.stop(home, home.store, LIN, "all", "", "Wrong price", now=NOW)
    assert not stopping.stop(home, home.store, WU, "all", "", "Wrong price", now=NOW)
    for who in (LIN, MEI):
        with pytest.raises(Forbidden):
            stopping.let_go(home, home.store, who, "all", "", "It is right", now=NOW)
    assert stopping.let_go(home, home.store, ADMIN, "all", "", "It is right", now=NOW)
    assert not stopping.let_go(home, home.store, ADMIN, "all", "", "It is right", now=NOW)


def test_who_sees_some_units_only_does_not_stop_the_house(home):
    with pytest.raises(Forbidden):
        stopping.stop(home, home.store, MEI, "all", "", "Wrong price", now=NOW)


@pytest.mark.parametrize(
    ("kind", "key"), [("all", "sms"), ("channel", "pigeon"), ("channel", ""), ("campaign", ""), ("x", "")]
)
def test_a_stop_is_of_something_that_there_is(home, kind, key):
    with pytest.raises(InvalidStop):
        stopping.stop(home, home.store, LIN, kind, key, "Wrong price", now=NOW)
