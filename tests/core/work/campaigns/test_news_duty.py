"""The worker's part in what comes back: news of both worlds are acted upon, and the lake learns what messages came to."""

import json
from datetime import timedelta

import pytest

from core.app import House
from core.settings import Settings
from core.work import duties
from core.work.worker import Worker
from tests import lakes
from tests.core.work.campaigns.coming_back import MINUTE, NOW, World

NUMBER = "+8613800138000"


@pytest.fixture
def house(tmp_path):
    made = House(Settings(home=tmp_path))
    yield made
    made.live.store.close()
    made.forget("demo")


def told(home):
    """A message of a world, and that its provider has told that it arrived."""
    world = World(home)
    lakes.add(home, 1, events=[lakes.event(1, "2026-11-01")])
    message = world.message(world.campaign(home.world), 1, "sms", NUMBER, provider_id="s1")
    receipt = {
        "phone_number": "13800138000",
        "report_time": "2026-11-20 11:30:00",
        "success": True,
        "err_code": "DELIVERED",
        "biz_id": "s1",
        "out_id": "",
    }
    world.told(world.connector("aliyun_sms", "sms"), "receipts", json.dumps([receipt]).encode())
    return message


def test_news_of_both_worlds_are_acted_upon_and_told_to_the_lake(house):
    messages = {home.world: told(home) for home in (house.live, house.demo)}
    log, clock = [], iter([NOW] * 40 + [NOW + duties.TOUCHES + MINUTE] * 40)
    worker = Worker(house.live.store, {}, duties.news_chores(house), lambda: next(clock), log.append)
    for _ in range(3):
        worker.step()
        worker.settle()
        clock = iter([NOW + duties.TOUCHES + MINUTE] * 80)
    assert {"news: 1 news of platforms handled", "demo news: 1 news of platforms handled"} <= set(log), log
    assert any("marks of messages told to the lake" in line for line in log), log
    for name, message in messages.items():
        home = house.world(name)
        assert World(home).states() == {message: "delivered"}
        with home.lake.open() as snapshot:
            rows = snapshot.arrow(snapshot.table("touches").select("touch_id", "state")).to_pylist()
        assert {(row["touch_id"], row["state"]) for row in rows} == {
            (f"{name}-{message}", "sent"),
            (f"{name}-{message}", "delivered"),
        }


def test_chores_of_what_comes_back_have_names_of_their_own(house):
    names = [one.name for one in duties.worker(house, lambda: NOW, print).chores]
    assert len(names) == len(set(names)) and {"news", "fates", "touches", "silence", "old news"} <= set(names)
    assert timedelta(minutes=5) == duties.TOUCHES
