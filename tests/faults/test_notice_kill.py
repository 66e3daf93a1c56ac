"""kill -9 of a worker that hands a notice on: nothing is lost, and who gets it twice can tell; a robot, which cannot, is asked once."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from core.senders.posting import Poster
from core.senders.robot import Robot
from core.senders.smtp import Smtp
from core.senders.webhook import Webhook
from core.settings import PROJECT
from core.store.deliveries import LEASE
from core.work.deliveries import deliver
from core.work.questions import notices as asked
from tests.core.work.notice_parts import ADMIN, LIN, NOW, house, say, target
from tests.fakes.hooks import receiving
from tests.fakes.mail import post_office
from tests.fakes.robots import KEY, chatting

SECRET = "whsec_" + "b2xk" * 10
LATER = NOW + LEASE + timedelta(seconds=1)
CHILD = """
import sys
from pathlib import Path
from core.work.deliveries import deliver
from tests.core.work.notice_parts import NOW, house
from tests.faults.test_notice_kill import Ending, ways

home = house(Path(sys.argv[1]), mail_port=int(sys.argv[3]))
deliver(home, {kind: Ending(way, sys.argv[4] == "after") for kind, way in ways(home, sys.argv[2]).items()}, NOW)
"""

pytestmark = pytest.mark.fault


def ways(home, base):
    poster = Poster({"127.0.0.1"})
    return {"webhook": Webhook(poster), "robot": Robot(poster, base), "email": Smtp(home.settings.mail)}


class Ending:
    """A way out whose process ends just before or just after the message has left."""

    most_per_minute = None

    def __init__(self, way, is_after):
        self.way = way
        self.is_after = is_after
        self.is_repeatable = way.is_repeatable

    def send(self, to, message, now):
        if self.is_after:
            self.way.send(to, message, now)
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("point", ["before", "after"])
def test_a_worker_killed_around_the_sending_of_notices_loses_none_and_doubles_none_unknowingly(
    tmp_path: Path, point: str
) -> None:
    """One target of each kind, so one worker is killed for each: the next one finds what the others left."""
    with receiving(NOW, SECRET) as hook, chatting(NOW) as group, post_office() as box:
        home = house(tmp_path, mail_port=box.port)
        target(home, "webhook", hook.address, "hook", secret=SECRET)
        target(home, "robot", KEY, "robot")
        target(home, "email", LIN, "mail")
        say(home, "a")
        for _ in range(3):
            ran = subprocess.run(
                [sys.executable, "-c", CHILD, str(tmp_path), group.base, str(box.port), point], cwd=PROJECT, capture_output=True, text=True,
                timeout=120, check=False,
            )  # fmt: skip
            assert ran.returncode == -signal.SIGKILL, ran.stderr
        assert {one.state for one in asked.log(home, ADMIN)} == {"sending"}
        hook.now = LATER
        deliver(home, ways(home, group.base), LATER)
        deliver(home, ways(home, group.base), LATER + LEASE)
        assert {one.target: one.state for one in asked.log(home, ADMIN)} == {
            "hook": "sent",
            "robot": "unknown",
            "mail": "sent",
        }
        times = 2 if point == "after" else 1
        assert (len(hook.taken), len(hook.requests), len(group.texts)) == (1, times, times - 1)
        assert (len(box.letters), len({one["Message-ID"] for one in box.letters})) == (times, 1)
        home.store.close()
