"""The outbox: planned once, in one hand at a time, nothing written by who comes late, nothing lost and nothing doubled whatever happens in whatever order."""

import random
import secrets
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.campaigns import states
from core.campaigns.rate import Rate, nanoseconds, room, step
from core.campaigns.states import DONE, IN_FLIGHT, MESSAGE, OPEN, Tally
from core.store import outbox
from core.store.campaign_tables import CAMPAIGN_STATES, MESSAGE_STATES, Campaign, Outgoing
from core.store.incident_tables import SendingHold
from core.store.outbox import LEASE
from core.store.session import Store
from tests.seeds import examples

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
FINAL = ("delivered", "failed", "accepted", "dead", "unknown")


def campaign(store, code="c1", state="sending"):
    with store.transaction() as session:
        row = Campaign(
            code=code, name=code, state=state, state_at=NOW, body={}, salt="s", author="lin", created_at=NOW, changed_by="lin", changed_at=NOW
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def planned(store, campaign_id, members, channel="sms", **more):
    rows = [{"member_id": one, "channel": channel, "state": "planned"} | more for one in members]
    with store.transaction() as session:
        outbox.plan(session, campaign_id, rows, NOW)


def do(store, name, *args, **more):
    with store.transaction() as session:
        return getattr(outbox, name)(session, *args, **more)


def claimed(store, now=NOW, most=10, channel="sms", worker="w"):
    return do(store, "claim", channel, worker=worker, now=now, most=most)


def counts(store, campaign_id):
    with store.reading() as session:
        return outbox.counts(session, campaign_id)


def one(store, message_id):
    with store.reading() as session:
        return session.get_one(Outgoing, message_id)


def hold(store, kind, key=""):
    with store.transaction() as session:
        session.add(SendingHold(kind=kind, key=key, holder=secrets.token_hex(4), reason="r", by="lin", at=NOW))


def test_the_store_knows_the_states_that_moves_are_made_of():
    assert set(CAMPAIGN_STATES) == states.CAMPAIGN.states and set(MESSAGE_STATES) == MESSAGE.states
    assert set(outbox.WAITING + outbox.IN_HAND) == OPEN and set(outbox.IN_HAND) == IN_FLIGHT


def test_who_is_planned_twice_has_one_row_and_so_has_one_address_of_two_members(store):
    first, second = campaign(store), campaign(store, "c2")
    planned(store, first, [1, 2])
    planned(store, first, [2, 3])
    planned(store, first, [4, 5], address_mac=b"same")
    planned(store, second, [1])
    assert counts(store, first) == {"planned": 4} and counts(store, second) == {"planned": 1}


def test_those_that_have_waited_longest_are_claimed_first_and_each_once(store):
    here = campaign(store)
    planned(store, here, [1], due_at=NOW + MINUTE)
    planned(store, here, [2], due_at=NOW - MINUTE)
    planned(store, here, [3])
    planned(store, here, [4], channel="email")
    assert [one.member_id for one in claimed(store, most=1)] == [2]
    assert [one.member_id for one in claimed(store)] == [3]
    assert claimed(store) == []
    assert [(one.member_id, one.fence, one.attempts) for one in claimed(store, NOW + MINUTE)] == [(1, 1, 1)]


@pytest.mark.parametrize("state", sorted(set(CAMPAIGN_STATES) - {"sending"}))
def test_of_a_campaign_that_is_not_sending_nothing_is_claimed(store, state):
    planned(store, campaign(store, state=state), [1])
    assert claimed(store) == []


@pytest.mark.parametrize(
    ("kind", "key", "left"), [("all", "", []), ("channel", "sms", []), ("campaign", "c1", [2]), ("channel", "email", [1, 2])]
)  # fmt: skip
def test_what_is_held_is_not_claimed(store, kind, key, left):
    planned(store, campaign(store), [1])
    planned(store, campaign(store, "c2"), [2])
    hold(store, kind, key)
    assert [one.member_id for one in claimed(store)] == left


def test_what_was_stopped_between_claim_and_sending_is_not_begun(store):
    first, second = campaign(store), campaign(store, "c2")
    planned(store, first, [1])
    planned(store, second, [2])
    mine, other = claimed(store)
    hold(store, "campaign", "c1")
    assert not do(store, "begin", mine, NOW)
    assert do(store, "begin", other, NOW) and not do(store, "begin", other, NOW)
    assert do(store, "finish", mine, "cancelled", NOW, reason="held")
    assert not do(store, "finish", other, "cancelled", NOW)
    assert do(store, "finish", other, "delivered", NOW, provider_id="p")
    assert (one(store, other.message_id).provider_id, one(store, mine.message_id).slot_at) == ("p", None)


def test_who_died_before_handing_over_loses_nothing_and_after_it_nobody_knows(store):
    here = campaign(store)
    planned(store, here, [1, 2])
    planned(store, here, [3], channel="webhook")
    first, second = claimed(store)
    [third] = claimed(store, channel="webhook")
    assert do(store, "begin", second, NOW) and do(store, "begin", third, NOW)
    assert do(store, "sweep", NOW + LEASE, repeatable={"webhook"}) == (0, 0)
    late = NOW + LEASE + SECOND
    assert do(store, "sweep", late, repeatable={"webhook"}) == (2, 1)
    assert counts(store, here) == {"planned": 2, "unknown": 1}
    for gone in (first, second, third):
        assert not do(store, "finish", gone, "delivered", late) and not do(store, "put_back", gone, late)
    [again] = claimed(store, late)
    assert (again.member_id, again.fence, again.attempts) == (1, 3, 2)


def test_what_is_put_back_waits_until_then_and_only_a_try_counts(store):
    here = campaign(store)
    planned(store, here, [1, 2])
    first, second = claimed(store)
    assert do(store, "put_back", first, NOW + MINUTE, error="http.503")
    assert do(store, "put_back", second, NOW + MINUTE, reason="quiet", is_tried=False)
    assert counts(store, here) == {"planned": 1, "held": 1} and claimed(store) == []
    assert [(again.member_id, again.attempts) for again in claimed(store, NOW + MINUTE)] == [(1, 2), (2, 1)]


def test_cancelling_ends_what_waits_and_leaves_what_is_on_its_way(store):
    here = campaign(store)
    planned(store, here, [1, 2, 3])
    mine = claimed(store, most=1)[0]
    assert do(store, "begin", mine, NOW)
    assert do(store, "cancel", here, NOW, "stopped") == 2
    assert do(store, "finish", mine, "accepted", NOW)
    assert counts(store, here) == {"accepted": 1, "cancelled": 2}


def test_a_person_decides_about_what_nobody_knows_and_about_nothing_else(store):
    here = campaign(store)
    planned(store, here, [1])
    [mine] = claimed(store)
    assert do(store, "finish", mine, "unknown", NOW)
    assert not do(store, "decide", mine.message_id, before="dead", state="planned", now=NOW)
    assert do(store, "decide", mine.message_id, before="unknown", state="planned", now=NOW)
    assert not do(store, "decide", mine.message_id, before="unknown", state="delivered", now=NOW)
    assert not do(store, "finish", mine, "delivered", NOW)
    assert [again.fence for again in claimed(store)] == [3]
    with pytest.raises(ValueError, match="Nobody decides"):
        do(store, "decide", mine.message_id, before="delivered", state="planned", now=NOW)


def test_a_receipt_counts_once_however_often_it_comes(store):
    planned(store, campaign(store), [1])
    [mine] = claimed(store)
    assert do(store, "finish", mine, "accepted", NOW)
    receipt = {"before": ("accepted", "unknown"), "state": "delivered", "now": NOW}
    assert [do(store, "told", mine.message_id, **receipt) for _ in range(2)] == [True, False]


def test_workers_that_claim_at_once_never_have_the_same_message(store):
    here = campaign(store)
    planned(store, here, range(200))
    found, faults, gate = [], [], threading.Barrier(4)

    def work(name):
        try:
            gate.wait()
            while some := claimed(store, most=7, worker=name):
                found.extend(one.message_id for one in some)
        except Exception as error:  # told below: a thread that dies silently would let the test pass
            faults.append(error)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == [] and sorted(found) == sorted(set(found)) and len(found) == 200


def test_of_two_campaigns_that_want_the_last_place_of_a_member_one_gets_it(store):
    """As a worker asks: claim, then look at the caps of those it claimed, and put back whoever has had enough."""
    for number in range(4):
        planned(store, campaign(store, f"c{number}"), range(20), channel=f"ch{number}")
    faults, gate = [], threading.Barrier(4)

    def work(number):
        try:
            gate.wait()
            with store.transaction() as session:
                mine = outbox.claim(session, f"ch{number}", worker="w", now=NOW, most=20)
                members = [one.member_id for one in mine]
                outbox.hold_members(session, members)
                taken = outbox.slots(session, members, NOW - MINUTE, but=[one.message_id for one in mine])
                for one in mine:
                    if taken.get(one.member_id):
                        assert outbox.finish(session, one, "skipped", NOW, reason="cap")
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with store.reading() as session:
        places = outbox.slots(session, range(20), NOW - MINUTE)
    assert {member: len(times) for member, times in places.items()} == dict.fromkeys(range(20), 1)


def test_workers_that_share_a_rate_never_exceed_it(store):
    rate, found, faults = Rate(50, burst=5), [], []
    gate = threading.Barrier(4)

    def work(seed):
        try:
            mine = random.Random(seed)
            gate.wait()
            for _ in range(40):
                with store.transaction() as session:
                    now = NOW + mine.randrange(2_000) * timedelta(milliseconds=1)
                    at, state = nanoseconds(now), outbox.arrival(session, "sms")
                    for _ in range(min(room(rate, state, at), 3)):
                        taken = step(rate, state, at)
                        state = taken.state
                        found.append(at)
                    if state is not None:
                        outbox.arrived(session, "sms", state)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == [] and found
    span = (max(found) - min(found)) / 1e9
    assert len(found) <= rate.burst + 50 * span + 1e-6


@settings(max_examples=examples(60))
@given(st.lists(st.tuples(st.sampled_from(["claim", "begin", "finish", "back", "sweep", "cancel", "decide", "hold", "free"]), st.integers(0, 9)), max_size=60))  # fmt: skip
def test_whatever_happens_in_whatever_order_every_row_is_in_one_state_by_moves_that_there_are(kept_store, events):
    store = kept_store
    here = campaign(store, f"c{secrets.token_hex(8)}")
    planned(store, here, range(5), channel=f"x{here}")
    now, hands, ends = NOW, [], {}
    last = {}

    def look():
        with store.reading() as session:
            found = {row.id: row.state for row in session.query(Outgoing).filter_by(campaign_id=here)}
        for number, state in found.items():
            before = last.get(number, "planned")
            assert before == state or MESSAGE.allows(before, state), (before, state)
        last.update(found)

    for name, number in events:
        now += SECOND
        if name == "claim":
            hands += claimed(store, now, most=2, channel=f"x{here}")
        elif name == "sweep":
            now += number % 2 * LEASE
            do(store, "sweep", now, repeatable=())
        elif name == "cancel" and number == 9:
            do(store, "cancel", here, now, "stopped")
        elif name == "hold":
            hold(store, "channel", f"x{here}")
        elif name == "free":
            with store.transaction() as session:
                session.query(SendingHold).update({"released_at": now})
        elif hands:
            mine = hands[number % len(hands)]
            if name == "begin":
                do(store, "begin", mine, now)
            elif name == "back":
                do(store, "put_back", mine, now)
            elif name == "finish":
                state = FINAL[number % len(FINAL)]
                if do(store, "finish", mine, state, now):
                    assert (mine.message_id, mine.fence) not in ends
                    ends[mine.message_id, mine.fence] = state
            elif name == "decide":
                do(store, "decide", mine.message_id, before="unknown", state="planned", now=now)
        look()
    assert Tally(counts(store, here)).lost(5) == 0


@pytest.fixture(scope="module")
def kept_store(tmp_path_factory):
    made = Store(f"sqlite:///{tmp_path_factory.mktemp('outbox') / 'store.db'}", audit_key=b"k" * 32)
    made.migrate()
    yield made
    made.close()


def test_done_and_open_are_what_the_states_say():
    assert set(MESSAGE_STATES) == OPEN | states.AWAITED | DONE
