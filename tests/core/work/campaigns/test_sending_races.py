"""Whatever happens to a campaign that is being sent, and in whatever order: every row is in one state, and where the receiver cannot tell nobody gets anything twice."""

import threading

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import update

from core.campaigns.caps import Cap
from core.campaigns.rate import Rate
from core.senders.outcomes import Halted, Unfit
from core.senders.parcels import Parcel
from core.senders.sender import Gone, Permanent, Temporary, Uncertain
from core.store import campaigns, outbox, outbox_batches, suppressions
from core.store.campaign_tables import Suppression
from core.store.incident_tables import SendingHold
from core.work.campaigns.outgoing import settling
from tests import lakes
from tests.core.work.campaigns.sending_parts import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    Clock,
    body,
    campaign,
    consent,
    lost,
    mac,
    rows,
    sending,
    states,
    world,
)
from tests.fakes.ways import Door, Doors, Receiver
from tests.seeds import examples

MEMBERS = range(1, 31)
FEW = range(1, 9)
ANSWERS = {
    "accepted": "accepted", "delivered": "delivered", "later": Temporary("http.503"), "at ten": Temporary("http.429", 600.0), "never": Permanent("http.400"), "gone": Gone("address.gone"),
    "unfit": Unfit("sms.template"), "halted": Halted("sms.money"), "lost": Uncertain("http.lost"),
}  # fmt: skip


class Killed(BaseException):
    """What stands for a worker's death within one process."""


@pytest.fixture
def home(tmp_path, store):
    return world(tmp_path, store, MEMBERS)


def at_once(*work):
    """All of them, each in a thread of its own, begun together; what any of them raises is raised."""
    faults, gate = [], threading.Barrier(len(work))

    def run(do):
        try:
            gate.wait()
            do()
        except BaseException as error:  # raised below: a thread that dies silently would let the test pass
            faults.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def test_workers_at_once_hand_nothing_over_twice(home):
    way = Receiver(is_repeatable=False)
    here = campaign(home, body("sms"), MEMBERS)
    few = {"rate": Rate(1_000, 1, 7)}
    at_once(*(sending(home, way, channel="sms", worker=f"w{number}", seed=number, **few).work for number in range(3)))
    sending(home, way, channel="sms").work()
    assert len(set(way.received)) == len(way.received) and states(home, here) == {"delivered": len(MEMBERS)}


def test_of_campaigns_that_want_the_last_place_of_a_member_one_gets_it(home):
    numbers = [campaign(home, body(channel), MEMBERS, code=f"c{channel}") for channel in ("sms", "webhook", "email")]
    ways = {one: Receiver() for one in ("sms", "webhook", "email")}
    doors = Doors({one: Door(way, connector_id=number) for number, (one, way) in enumerate(ways.items(), 1)})
    at_once(*(sending(home, doors=doors, limits=(Cap(1, 7),), worker=f"w{seed}", seed=seed).work for seed in range(3)))
    assert sum(len(way.received) for way in ways.values()) == len(MEMBERS)
    assert sum(states(home, one).get("delivered", 0) for one in numbers) == len(MEMBERS)
    assert sum(states(home, one).get("held", 0) for one in numbers) == 2 * len(MEMBERS)


def test_who_withdraws_or_unsubscribes_while_a_campaign_is_sent_gets_nothing_from_the_next_batch_on(home):
    def withdraw(_parcels):
        way.before = lambda _parcels: None
        lakes.add(home, 2, consents=[consent(one, "withdrawn", "2026-11-20 03:00") for one in MEMBERS[:20]])
        with home.store.transaction() as session:
            for who in MEMBERS[20:]:
                suppressions.add(session, "unsubscribed", channel="sms", purpose="marketing", address_mac=mac(who), by="d", now=NOW)  # fmt: skip

    way = Receiver(is_repeatable=False, before=withdraw)
    here = campaign(home, body("sms"), MEMBERS)
    sending(home, way, channel="sms", rate=Rate(5, 1, 5)).work()
    assert len(way.received) == 5
    found = [one.reason for one in rows(home, here) if one.state == "skipped"]
    assert (found.count("gate.consent"), found.count("gate.suppressed")) == (15, 10)


def test_a_campaign_that_is_cancelled_from_outside_while_workers_send_leaves_nothing_open(home):
    way = Receiver(is_repeatable=False)
    here = campaign(home, body("sms"), MEMBERS)
    going = threading.Event()
    way.before = lambda _parcels: going.set()

    def cancel():
        assert going.wait(30)
        with home.store.transaction() as session:
            campaigns.locked(session, here)
            campaigns.move(session, here, before="sending", state="cancelled", now=NOW)
            outbox.cancel(session, here, NOW, "campaign.cancelled")

    workers = [sending(home, way, channel="sms", worker=f"w{n}", seed=n, rate=Rate(1_000, 1, 9)) for n in range(2)]
    at_once(*(one.work for one in workers), cancel)
    settling.complete(home, NOW)
    found = states(home, here)
    assert found.get("delivered", 0) == len(way.received) and set(found) <= {"delivered", "cancelled"}
    assert lost(home, here, len(MEMBERS)) == 0


class Anything(RuleBasedStateMachine):
    """One campaign on a channel that cannot tell (``sms``) and one that can (``webhook``). ``home`` is set by the test."""

    home = None

    def __init__(self):
        super().__init__()
        with self.home.store.transaction() as session:  # what earlier examples left behind
            session.execute(update(SendingHold).values(released_at=NOW))
            session.execute(update(Suppression).values(lifted_at=NOW))
        self.clock = Clock()
        self.unable, self.able = Receiver(is_repeatable=False), Receiver()
        self.said = body("sms", "webhook")
        with self.home.store.reading() as session:
            code = f"c{len(campaigns.listed(session)) + 1}"
        self.number = campaign(self.home, self.said, FEW, code=code)
        self.doors = Doors({"sms": Door(self.unable, 2 * self.number), "webhook": Door(self.able, 2 * self.number + 1)})
        self.again = 0

    @property
    def state(self):
        with self.home.store.reading() as session:
            return campaigns.one(session, self.number).state

    def move(self, state):
        with self.home.store.transaction() as session:
            assert campaigns.move(session, self.number, before=self.state, state=state, now=self.clock.now)

    @rule(
        answers=st.lists(st.sampled_from(sorted(ANSWERS)), min_size=1, max_size=6), death=st.none() | st.integers(1, 8)
    )
    def work(self, answers, death):
        handed = []

        def answer(parcels):
            handed.extend(parcels)
            if death is not None and len(handed) == death:
                raise Killed
            way = self.unable if parcels[0].address.startswith("sms") else self.able
            way.answers[parcels[0].message_id] = [ANSWERS[answers[len(handed) % len(answers)]]]

        def render(_home, row, _body, claims, _now):
            return {one.message_id: Parcel(f"{row.code}-{one.message_id}", f"{one.channel}{one.member_id}", "hi") for one in claims}  # fmt: skip

        self.unable.before = self.able.before = answer
        try:
            sent = sending(self.home, doors=self.doors, clock=self.clock, render=render, seed=len(handed)).work()
            assert sent.faults == []
        except Killed:
            pass

    @rule(by=st.sampled_from([-HOUR, MINUTE, HOUR, DAY]))
    def time_goes_by(self, by):
        self.clock.now += by

    @rule(does_begin=st.booleans(), channel=st.sampled_from(["sms", "webhook"]))
    def a_worker_takes_some_and_dies(self, does_begin, channel):
        with self.home.store.transaction() as session:
            mine = outbox.claim(session, channel, worker="gone", now=self.clock.now, most=2, campaign_id=self.number)
        if mine and does_begin and channel == "sms":
            with self.home.store.transaction() as session:
                outbox_batches.begin(session, mine, self.clock.now)

    @precondition(lambda self: self.state == "sending")
    @rule()
    def pause(self):
        self.move("paused")

    @precondition(lambda self: self.state == "paused")
    @rule()
    def resume(self):
        self.move("sending")

    @precondition(lambda self: self.state in ("sending", "paused"))
    @rule(chance=st.integers(0, 5))
    def cancel(self, chance):
        if chance == 0:
            with self.home.store.transaction() as session:
                campaigns.move(session, self.number, before=self.state, state="cancelled", now=self.clock.now)
                outbox.cancel(session, self.number, self.clock.now, "campaign.cancelled")

    @rule()
    def complete(self):
        settling.complete(self.home, self.clock.now)

    @rule(state=st.sampled_from(["planned", "delivered", "failed"]))
    def somebody_decides_about_what_nobody_knows(self, state):
        with self.home.store.transaction() as session:
            for one in rows(self.home, self.number):
                if outbox.decide(session, one.id, before="unknown", state=state, now=self.clock.now) and state == "planned":  # fmt: skip
                    self.again += 1

    @rule(state=st.sampled_from(["delivered", "failed"]))
    def a_receipt_comes(self, state):
        with self.home.store.transaction() as session:
            for one in rows(self.home, self.number)[:2]:
                outbox.told(session, one.id, before=("accepted", "unknown"), state=state, now=self.clock.now)

    @invariant()
    def every_row_is_in_one_state(self):
        assert lost(self.home, self.number, 2 * len(FEW)) == 0

    @invariant()
    def nobody_gets_twice_what_cannot_be_told_apart(self):
        """Handed over again only what was refused, or what somebody decided to send again."""
        counted = {}
        for call in self.unable.calls:
            for one in call:
                counted[one.message_id] = counted.get(one.message_id, 0) + 1
        refused = self.unable.refused
        assert sum(counted.values()) - len(counted) <= sum(refused.values()) + self.again
        if not self.again:
            assert all(count <= refused.get(name, 0) + 1 for name, count in counted.items())

    def teardown(self):
        """In the end, when all works again and time has gone by, nothing is open any more."""
        self.unable.before = self.able.before = lambda _parcels: None
        self.unable.answers, self.able.answers = {}, {}
        for _ in range(3):
            if self.state == "paused":
                self.move("sending")
            self.clock.now = max(self.clock.now, NOW) + 4 * DAY
            sending(self.home, doors=self.doors, clock=self.clock).work()
            settling.complete(self.home, self.clock.now)
        assert self.state in ("completed", "cancelled")
        open_states = {"planned", "held", "reserved", "sending"}
        assert not open_states & states(self.home, self.number).keys()
        self.nobody_gets_twice_what_cannot_be_told_apart()


def test_whatever_happens_in_whatever_order_nothing_is_lost_and_nothing_doubled(home):
    machine = type("Here", (Anything,), {"home": home})
    run_state_machine_as_test(machine, settings=settings(max_examples=examples(40), stateful_step_count=12, deadline=None))  # fmt: skip
