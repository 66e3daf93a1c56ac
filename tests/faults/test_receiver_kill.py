"""kill -9 of the receiver: what was kept is kept once however often its platform tells it again, and what was not answered is told again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from core.campaigns import callbacks, links
from core.campaigns.links import Link
from core.privacy.pseudonyms import Keys
from core.receiver.desk import Desk
from core.settings import PROJECT
from core.store.campaign_tables import Click, Inbound, MessageMark, Suppression
from core.store.session import Store
from tests.core.receiver.conftest import PHONE, World

pytestmark = pytest.mark.fault
CHILD = """
import sys
from tests.faults.test_receiver_kill import serve
serve(sys.argv[1], sys.argv[2])
"""


class Ending:
    """A receiver whose process ends before it has read a request (``before``), or after everything is done and before it has said so (``after``)."""

    def __init__(self, app, point):
        self.app = app
        self.point = point

    async def __call__(self, scope, receive, send):
        if self.point == "before":
            os.kill(os.getpid(), signal.SIGKILL)

        async def ending(message):
            if self.point == "after":
                os.kill(os.getpid(), signal.SIGKILL)
            await send(message)

        await self.app(scope, receive, ending)


def serve(url, point):
    import asyncio
    import socket
    from datetime import UTC, datetime

    from core.receiver import web

    listener = socket.create_server(("127.0.0.1", 0))
    desk = Desk("live", Store(url), Keys(b"k" * 32))
    app = Ending(web.app(lambda: [desk], lambda: datetime.now(UTC), is_https=False), point)
    server = web.server(app, "127.0.0.1", 0)
    print(listener.getsockname()[1], flush=True)
    asyncio.run(server.serve([listener]))


@contextmanager
def process(url: str, point: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    child = subprocess.Popen([sys.executable, "-c", CHILD, url, point], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        yield int(child.stdout.readline()), child
    finally:
        child.kill()
        child.wait(30)
        child.stdout.close()


def ask(port: int, method: str, path: str, body: bytes = b"") -> int | None:
    """The status; None where the connection ended without an answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        kind = "application/x-www-form-urlencoded"
        connection.request(method, path, body, {"User-Agent": PHONE, "Content-Type": kind})
        return connection.getresponse().status
    except (HTTPException, OSError):
        return None
    finally:
        connection.close()


@pytest.mark.parametrize("point", ["before", "after"])
def test_a_receiver_killed_around_its_answer_loses_nothing_and_doubles_nothing(tmp_path: Path, point: str) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    store = Store(url, audit_key=b"k" * 32)
    store.migrate()
    world = World(Desk("live", store, Keys(b"k" * 32)))
    message, here = world.message(world.campaign(), 7), world.connector("aliyun_sms")
    push = f"/in/{here}/receipts/{callbacks.secret(world.desk.callback_key, here, 'receipts')}"
    asked = [
        ("POST", push, b'[{"a":1}]'),
        ("POST", world.way_out(message, 7), b"List-Unsubscribe=One-Click"),
        ("GET", "/c/" + links.token(world.desk.link_keys[0], Link(message, 0)), b""),
    ]
    for one in asked:
        with process(url, point) as (port, child):
            assert ask(port, *one) is None
            assert child.wait(30) == -signal.SIGKILL
    found = [len(world.rows(table)) for table in (Inbound, Suppression, Click)]
    assert found == ([1, 1, 1] if point == "after" else [0, 0, 0])
    with process(url, "never") as (port, _):
        assert [ask(port, *one) for one in asked for _ in range(2)] == [200, 200, 200, 200, 302, 302]
    assert [len(world.rows(table)) for table in (Inbound, Suppression, Click)] == [1, 1, 1]
    assert sorted(one.mark for one in world.rows(MessageMark)) == ["clicked", "unsubscribed"]
    store.close()
