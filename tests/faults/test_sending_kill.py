"""kill -9 of workers that send a campaign, whenever the receiver has got so many more: nothing is lost, what cannot be told apart is sent once, and all that is doubtful is unknown.

One death of two workers in `make test`; SIYU_KILLS=50 under `make verify`.
"""

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from core.senders.posting import Poster
from core.senders.ways.webhook import WebhookWay
from core.settings import PROJECT
from core.store.session import Store
from core.work.campaigns.outgoing import settling
from core.work.campaigns.outgoing.sending import LANES
from tests.core.work.campaigns.sending_parts import NOW, body, campaign, lost, rows, states, world
from tests.fakes.serving import HERE, Reply, Request, serving

KILLS = int(os.environ.get("SIYU_KILLS", "1"))
WORKERS, MESSAGES = 2, 40
GENERATION = timedelta(minutes=5)
"""So much later the next workers come, by their clock: more than a lease."""
WITHIN_S = 60
CHILD = """
import sys
from pathlib import Path
from tests.faults.test_sending_kill import begun

folder, url, address, is_repeatable, generation, seed = sys.argv[1:]
sys.stdin.readline()
worker = begun(Path(folder), url, address, is_repeatable == "True", int(generation), int(seed))
while True:
    worker.work()
"""

pytestmark = pytest.mark.fault


def begun(folder, url, address, is_repeatable, generation, seed):
    """A worker of a generation, as slow as a way out that lets a thousand a second through."""
    from core.campaigns.rate import Rate
    from tests.core.work.campaigns.sending_parts import Clock, sending
    from tests.core.work.notice_parts import house

    way = WebhookWay(Poster({HERE}), address, ["whsec_" + "b2xk" * 10])
    way.is_repeatable = is_repeatable
    home = house(folder, Store(url))
    return sending(home, way, clock=Clock(NOW + generation * GENERATION), seed=seed, rate=Rate(1000, 1, burst=20))


class Counting:
    """Takes everything, counts each message, and lets somebody wait until there were so many."""

    def __init__(self):
        self.count = Counter()
        self._more = threading.Condition()

    def answer(self, request: Request) -> Reply:
        with self._more:
            self.count[request.headers["webhook-id"]] += 1
            self._more.notify_all()
        return Reply(204)

    def wait_for(self, distinct):
        with self._more:
            assert self._more.wait_for(lambda: len(self.count) >= distinct, WITHIN_S), "the workers do not get on"


def waiting(folder, url, address, is_repeatable, generation):
    """Workers that have read all their code, and begin when they are told."""
    told = [folder, url, address, is_repeatable, generation]
    return [
        subprocess.Popen([sys.executable, "-c", CHILD, *map(str, told), str(seed)], cwd=PROJECT, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for seed in range(WORKERS)
    ]  # fmt: skip


@contextmanager
def working(running):
    """Told to begin, and dead in the end whatever happens."""
    try:
        for one in running:
            one.stdin.write(b"\n")
            one.stdin.flush()
        yield
    finally:
        for one in running:
            one.kill()
            one.communicate()


@pytest.mark.parametrize(
    ("store", "is_repeatable"),
    [("sqlite", False), ("postgresql", True), ("sqlite", True), ("postgresql", False)],
    indirect=["store"],
    ids=["sqlite-intent", "postgresql-repeatable", "sqlite-repeatable", "postgresql-intent"],
)
@pytest.mark.some(2)
def test_workers_killed_while_they_send_lose_nothing_and_double_nothing_unknowingly(
    tmp_path: Path,
    store: Store,
    is_repeatable: bool,
) -> None:
    members = range(1, MESSAGES * (KILLS + 1) + 1)
    url = store.engine.url.render_as_string(hide_password=False)
    heard, chance = Counting(), random.Random(8)
    with serving(heard.answer) as port:
        address = f"http://{HERE}:{port}/in"
        running = waiting(tmp_path, url, address, is_repeatable, 0)
        home = world(tmp_path, store, members)
        number = campaign(home, body("webhook"), members)
        for generation in range(KILLS):
            following = waiting(tmp_path, url, address, is_repeatable, generation + 1) if generation + 1 < KILLS else []
            with working(running):
                heard.wait_for(len(heard.count) + chance.randrange(1, MESSAGES // 2))
                for one in running:
                    one.send_signal(signal.SIGKILL)
                assert [one.wait(WITHIN_S) for one in running] == [-signal.SIGKILL] * WORKERS
            running = following
        assert states(home, number).keys() & {"planned", "reserved", "sending"}, (
            "they were killed after the work was done"
        )
        last = begun(tmp_path, url, address, is_repeatable, KILLS + 1, 9)
        last.work(pass_s=WITHIN_S)
        last.home.store.close()
    settling.complete(home, NOW)
    found = states(home, number)
    assert lost(home, number, len(members)) == 0 and set(found) <= {"delivered", "unknown"}
    told = {one.state: set() for one in rows(home, number)}
    for one in rows(home, number):
        told[one.state].add(f"c1-{one.id}")
    assert told["delivered"] <= heard.count.keys()
    if is_repeatable:
        assert found == {"delivered": len(members)}
    else:
        assert max(heard.count.values()) == 1
        assert heard.count.keys() - told["delivered"] <= told.get("unknown", set())
        assert found.get("unknown", 0) <= KILLS * WORKERS * LANES
