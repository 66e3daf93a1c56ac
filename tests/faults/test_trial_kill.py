"""kill -9 of a worker while a trial is on its way: the receiver has it once, nobody sends it again, and whoever asked is told that nobody knows."""

import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from core.settings import PROJECT
from core.store import outbox
from core.store.session import Store
from tests.core.work.campaigns.sending_parts import NOW, Clock
from tests.core.work.campaigns.trying import ask, draft, reaching, rows, states, trying
from tests.core.work.campaigns.written import segment
from tests.core.work.connector_parts import SECRET, add
from tests.core.work.notice_parts import house
from tests.core.work.people import people_of
from tests.fakes.serving import HERE, Reply, Request, serving

WITHIN_S = 60
CHILD = """
import sys
from pathlib import Path
from core.store.session import Store
from tests.core.work.campaigns.trying import reaching, trying
from tests.core.work.notice_parts import house

folder, url = sys.argv[1:]
trying(reaching(house(Path(folder), Store(url)))).work()
"""

pytestmark = pytest.mark.fault


class Slow:
    """Has it, and does not answer before it is told to."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.has_one, self.answers = threading.Event(), threading.Event()

    def answer(self, request: Request) -> Reply:
        self.ids.append(request.headers["webhook-id"])
        self.has_one.set()
        self.answers.wait(WITHIN_S)
        return Reply(204)


def test_a_trial_whose_worker_is_killed_is_unknown_and_was_sent_once(tmp_path: Path, store: Store) -> None:
    home, slow = reaching(house(tmp_path, store)), Slow()
    people_of(home, {1: ("上海", "north")})
    url = store.engine.url.render_as_string(hide_password=False)
    with serving(slow.answer) as port:
        secrets = {"address": f"http://{HERE}:{port}/in", "secret": SECRET}
        add(home, "webhook", is_on=True, secrets=secrets)
        ask(draft(home, "webhook", segment_id=segment(home)))
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path), url], cwd=PROJECT, stderr=subprocess.PIPE)
        try:
            assert slow.has_one.wait(WITHIN_S), "the worker does not get on"
            child.send_signal(signal.SIGKILL)
            assert child.wait(WITHIN_S) == -signal.SIGKILL
        finally:
            child.kill()
            child.communicate()
            slow.answers.set()
        assert states(home) == [("sending", None)]
        later = NOW + outbox.LEASE + timedelta(seconds=1)
        for _ in range(3):
            trying(home, clock=Clock(later)).work()
        assert states(home) == [("unknown", outbox.LOST)] and rows(home)[0].sealed is None
        assert len(slow.ids) == 1
