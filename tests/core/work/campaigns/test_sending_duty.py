"""The worker's part: a campaign that was planned goes out by itself in both worlds, beside everything else, with texts, addresses and connectors as they are."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from core.app import House
from core.settings import Settings
from core.work import duties
from core.work.campaigns.outgoing import posts
from core.work.campaigns.outgoing.sending import Sent
from core.work.worker import Chore, Worker
from tests import lakes
from tests.core.work import connector_parts
from tests.core.work.campaigns.sending_parts import body, campaign, consent, states
from tests.fakes.hooks import receiving

SECRET = "whsec_" + "b2xk" * 10
NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)


@pytest.fixture
def house(tmp_path):
    made = House(Settings(home=tmp_path, inner_hosts=frozenset({"127.0.0.1"})))
    yield made
    made.live.store.close()
    made.forget("demo")


def planned(home, hook, count):
    lakes.add(home, 1, consents=[consent(one) for one in range(1, count + 1)])
    connector_parts.add(
        home, "webhook", is_on=True, secrets={"address": hook.address, "secret": SECRET}, quiet_start="00:00", quiet_end="00:00"
    )  # fmt: skip
    return campaign(home, body("webhook"), range(1, count + 1), code=home.world, now=NOON, identity_key=None)


def test_what_is_due_in_both_worlds_goes_out_by_itself_and_the_campaign_is_completed(house):
    with receiving(NOON, SECRET) as hook:
        numbers = {home.world: planned(home, hook, 3) for home in (house.live, house.demo)}
        log, clock = [], lambda: NOON
        worker = Worker(house.live.store, {}, duties.campaign_chores(house, clock), clock, log.append)
        worker.step()
        worker.settle()
        assert {one: states(house.world(one), number) for one, number in numbers.items()} == {
            "live": {"delivered": 3},
            "demo": {"delivered": 3},
        }, log
        assert len(hook.taken) == 6 and hook.refused == [] and {one["data"]["text"] for one in hook.taken} == {"hi"}
        assert {"sending: 3 handed", "demo sending: 3 handed"} <= set(log)


def test_a_steady_chore_goes_on_while_the_worker_is_busy_and_ends_with_it(house):
    stop, busy, did = threading.Event(), threading.Event(), threading.Semaphore(0)

    def steady(_now):
        did.release()

    def slow(_now):
        assert busy.wait(30)

    some = [Chore("slow", timedelta(hours=1), slow), Chore("steady", timedelta(milliseconds=1), steady, is_steady=True)]
    worker = Worker(house.live.store, {}, some, lambda: NOON, lambda _said: None)
    running = threading.Thread(target=worker.run, args=(stop,))
    running.start()
    assert all(did.acquire(timeout=30) for _ in range(5))
    stop.set()
    busy.set()
    running.join(timeout=30)
    assert not running.is_alive()


def test_a_pass_that_did_nothing_says_nothing():
    assert posts.said(Sent()) is None
    assert posts.said(Sent(handed=2, unknown=1, faults=["KeyError in send, line 1"])) == "2 handed, 1 unknown; KeyError in send, line 1"  # fmt: skip
