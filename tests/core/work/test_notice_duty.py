"""The worker's part: notices of both worlds go out beside everything else, also before there is any data."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core.app import House
from core.settings import Mail, Settings
from core.store import deliveries
from core.store.notice_tables import NoticeDelivery, SaidNotice
from core.work import duties, notices
from core.work.worker import Chore, Worker
from tests import lakes
from tests.core.work.notice_parts import NOW, say, target
from tests.fakes.hooks import receiving

SECRET = "whsec_" + "b2xk" * 10


@pytest.fixture
def house(tmp_path):
    made = House(Settings(home=tmp_path, inner_hosts=frozenset({"127.0.0.1"})))
    yield made
    made.live.store.close()
    made.forget("demo")


def test_the_worker_sends_what_was_said_in_both_worlds_though_live_has_no_data(house):
    lakes.add(house.demo, 1, events=[lakes.event(1, "2025-01-01 10:00")])
    log = []
    with receiving(NOW, SECRET) as hook:
        for home in (house.live, house.demo):
            target(home, "webhook", hook.address, secret=SECRET)
            say(home, "a")
        some = [one for one in duties.chores(house) if one.name.endswith("notices")]
        worker = Worker(house.live.store, {}, some, lambda: NOW, log.append)
        worker.step()
        worker.settle()
        assert sorted(one["data"]["world"] for one in hook.taken) == ["demo", "live"]
        assert sorted(one["data"]["title"] for one in hook.taken) == [
            "Risk warning: a (—)",
            "[Demo] Risk warning: a (—)",
        ]
    assert sorted(log) == ["demo notices: 1 notices sent", "notices: 1 notices sent"]


def test_there_is_a_way_out_for_e_mail_only_where_a_server_is_set(house, tmp_path):
    assert sorted(house.senders) == ["robot", "webhook"]
    mail = Mail("localhost", 25, "none", "a@b.example")
    assert sorted(House(Settings(home=tmp_path, mail=mail)).senders) == ["email", "robot", "webhook"]


def test_a_chore_apart_holds_nothing_up_and_never_runs_twice_at_once(house):
    going, over, did = threading.Event(), threading.Event(), []

    def slow(now):
        going.set()
        assert over.wait(30)
        did.append(now)
        return "done"

    log = []
    chores = [Chore("slow", timedelta(0), slow, is_apart=True), Chore("quick", timedelta(0), lambda _now: "quick")]
    worker = Worker(house.live.store, {}, chores, lambda: NOW, log.append)
    worker.step()
    assert going.wait(30)
    worker.step()
    assert log == ["quick: quick"] * 2
    over.set()
    worker.settle()
    assert (did, log[-1]) == ([NOW], "slow: done")


def test_what_was_said_long_ago_is_dropped_when_its_messages_have_ended(house):
    home, old = house.live, NOW - notices.KEPT - timedelta(days=1)
    with receiving(NOW, SECRET) as hook:
        target(home, "webhook", hook.address, secret=SECRET)
        say(home, "sent", now=old)
        duty = next(one for one in duties.chores(house) if one.name == "notices")
        duty.do(NOW)
        with home.store.transaction() as session:
            session.execute(update(NoticeDelivery).values(created_at=old))
        say(home, "waits", now=old)
        say(home, "fresh")
    chore = next(one for one in duties.chores(house) if one.name == "old notices")
    assert chore.do(NOW) == "1 old notices dropped"
    assert chore.do(NOW) is None
    with home.store.reading() as session:
        assert sorted(session.scalars(select(SaidNotice.key))) == ["fresh", "waits"]
        assert session.scalars(select(NoticeDelivery)).all() == []


def test_a_digest_stays_until_all_that_it_said_may_go(house):
    home, old = house.live, NOW - notices.KEPT - timedelta(days=1)
    with receiving(NOW, SECRET) as hook:
        target(home, "webhook", hook.address, secret=SECRET, digest_minutes=60)
        say(home, "a", "b", urgency="normal", now=NOW - timedelta(hours=2))
        duty = next(one for one in duties.chores(house) if one.name == "notices")
        duty.do(NOW - timedelta(hours=2))
        duty.do(NOW)
        assert len(hook.taken) == 1
    with home.store.transaction() as session:
        digest = session.scalars(select(NoticeDelivery).where(NoticeDelivery.notice_id.is_(None))).one()
        assert digest.state == "sent"
        session.execute(update(NoticeDelivery).values(created_at=old))
        session.execute(update(NoticeDelivery).where(NoticeDelivery.id == digest.id).values(state="unknown"))
    with home.store.transaction() as session:
        assert deliveries.forget(session, NOW - notices.KEPT) == 0
        session.execute(update(NoticeDelivery).where(NoticeDelivery.id == digest.id).values(state="sent"))
    with home.store.transaction() as session:
        assert deliveries.forget(session, NOW - notices.KEPT) == 3
