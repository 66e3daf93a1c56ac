"""What ``make run`` starts: a worker and a receiver that die come back, and nothing outlives the parent."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from core.settings import PROJECT
from tests.e2e.browsing import free_port

pytestmark = pytest.mark.fault


def until(what: Callable[[], bool], seconds: float = 90) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError, psutil.NoSuchProcess):
            if what():
                return True
        time.sleep(0.1)
    return False


@pytest.fixture
def started(tmp_path: Path) -> Iterator[psutil.Process]:
    """The start command over an empty home whose demo was removed, with its pages answering."""
    (tmp_path / "demo.removed").touch()
    port = free_port()
    with (tmp_path / "start.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", "start", "--port", str(port)], cwd=PROJECT,
            env=os.environ | {"SIYU_HOME": str(tmp_path)}, stdout=log, stderr=log,
        )  # fmt: skip
    health = f"http://127.0.0.1:{port}/healthz"
    assert until(lambda: urllib.request.urlopen(health, timeout=2).status == 200)
    yield psutil.Process(process.pid)
    process.terminate()
    process.wait(timeout=30)


def child(start: psutil.Process, name: str) -> psutil.Process | None:
    return next((one for one in start.children() if one.cmdline()[1:4] == ["-m", "core", name]), None)


def is_another(start: psutil.Process, name: str, pid: int) -> bool:
    again = child(start, name)
    return again is not None and again.pid != pid


def test_a_worker_or_receiver_that_is_killed_comes_back_and_killing_the_parent_leaves_nobody(started):
    for name in ("worker", "receiver"):
        first = child(started, name)
        assert first is not None
        first.send_signal(signal.SIGKILL)
        assert until(partial(is_another, started, name, first.pid))
    port = child(started, "receiver").cmdline()[5]
    assert until(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).status == 200)
    children = started.children()
    assert len(children) == 3
    started.send_signal(signal.SIGKILL)
    assert until(
        lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children), 30
    )
