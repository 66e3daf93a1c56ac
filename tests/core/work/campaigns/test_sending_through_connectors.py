"""A worker over connectors as they are set up, against platforms of our own: what arrives, who is blamed, and that it goes on once somebody has put it right."""

import random
from datetime import timedelta

import pytest

from core.senders.parcels import Parcel
from core.store import connectors as rows_of
from core.work.campaigns.outgoing import settling
from core.work.campaigns.outgoing.sending import Sending
from core.work.campaigns.ways_out import connectors
from core.work.campaigns.ways_out.ways import Ways
from tests.core.work.campaigns.sending_parts import MEMBERS, NOW, Clock, body, campaign, lost, states, world
from tests.core.work.connector_parts import SECRET, add
from tests.core.work.notice_parts import ADMIN
from tests.fakes.hooks import receiving
from tests.fakes.mail import post_office
from tests.fakes.serving import Reply
from tests.fakes.wecom import ADD, working


@pytest.fixture
def home(tmp_path, store):
    return world(tmp_path, store)


def rendered(_home, row, said, claims, _now):
    address = {"wecom": "wo{}", "email": "m{}@example.com"}.get(said.channels[0], "m-{}")
    return {
        one.message_id: Parcel(
            f"{row.code}-{one.message_id}", address.format(one.member_id), "上新", title="上新", way_out="https://s.example/u/1", reference=row.code
        )
        for one in claims
    }  # fmt: skip


def worker(home, clock=None):
    clock = clock or Clock()
    return Sending(
        home, Ways(home), connectors, rendered, "w", clock, lambda _session: (), random.Random(0), clock.pause, clock.timer
    )  # fmt: skip


def one(home, number):
    with home.store.reading() as session:
        return rows_of.one(session, number)


def test_everybody_gets_it_once_through_a_webhook(home):
    with receiving(NOW, SECRET) as hook:
        add(home, "webhook", is_on=True, secrets={"address": hook.address})
        here = campaign(home, body("webhook"), MEMBERS)
        assert worker(home).work().handed == len(MEMBERS)
        assert (len(hook.ids), len(set(hook.ids)), hook.repeats, hook.refused) == (len(MEMBERS), len(MEMBERS), 0, [])
    assert states(home, here) == {"delivered": len(MEMBERS)}
    assert settling.complete(home, NOW) == 1


def test_through_wecom_all_go_in_one_task_that_employees_have_to_confirm(home):
    with working(NOW) as corp:
        corp.customers = {f"wo{who}": ["lisi"] for who in MEMBERS if who != 7}
        add(home, "wecom", is_on=True, gateway=corp.base)
        here = campaign(home, body("wecom"), MEMBERS)
        worker(home).work()
        assert (corp.calls[ADD], len(corp.masses)) == (1, 1)
    assert states(home, here) == {"accepted": len(MEMBERS) - 1, "failed": 1}


def test_letters_go_out_one_by_one_each_with_its_own_return_path(home):
    with post_office() as office:
        add(home, "email", is_on=True, host="127.0.0.1", port=office.port, security="none", rate_count=1000, burst=1000)
        here = campaign(home, body("email"), range(1, 6))
        worker(home).work()
        assert len({sender for sender, _ in office.envelopes}) == len(office.letters) == 5
    assert states(home, here) == {"accepted": 5}


def test_a_receiver_that_refuses_the_house_halts_the_connector_and_nobody_is_lost(home):
    with receiving(NOW, SECRET) as hook:
        number = add(home, "webhook", is_on=True, secrets={"address": hook.address})
        hook.script = [Reply(401)] * 500
        here = campaign(home, body("webhook"), MEMBERS)
        worker(home).work()
        assert one(home, number).halted == "http.401"
        assert states(home, here) == {"planned": len(MEMBERS)}
        asked = len(hook.requests)
        worker(home).work()
        assert len(hook.requests) == asked
        hook.script = []
        connectors.resume(home, home.store, ADMIN, number, now=NOW)
        clock = Clock(NOW + timedelta(hours=1))
        hook.now = clock.now
        worker(home, clock).work()
        assert sorted(hook.ids) == sorted({f"c1-{who}" for who in range(1, len(MEMBERS) + 1)})
    assert states(home, here) == {"delivered": len(MEMBERS)}
    assert lost(home, here, len(MEMBERS)) == 0


def test_a_receiver_that_is_down_is_left_alone_for_a_while(home):
    with receiving(NOW, SECRET) as hook:
        number = add(home, "webhook", is_on=True, secrets={"address": hook.address})
        hook.script = [Reply(503)] * 500
        here = campaign(home, body("webhook"), MEMBERS)
        worker(home).work()
        row = one(home, number)
        assert row.failures >= connectors.FAILURES and row.paused_until > NOW
        assert len(hook.requests) < len(MEMBERS)
        assert sum(states(home, here).values()) == len(MEMBERS) and not hook.ids


def test_what_is_switched_off_sends_nothing_and_keeps_what_waits(home):
    with receiving(NOW, SECRET) as hook:
        add(home, "webhook", secrets={"address": hook.address})
        here = campaign(home, body("webhook"), MEMBERS)
        worker(home).work()
        assert hook.requests == []
    assert states(home, here) == {"planned": len(MEMBERS)}
