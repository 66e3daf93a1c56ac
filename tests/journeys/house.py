"""A whole house for a journey: the demo brand, its app, worker and receiver as processes of their own, and platforms of ours that it sends to."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from core.app import House as Worlds
from core.settings import PROJECT, Settings
from core.work.home import Home
from tests.core.work.connector_parts import SECRET, add
from tests.e2e.browsing import Server, free_port, serving
from tests.fakes.hooks import Hook, receiving
from tests.fakes.mail import Box, post_office
from tests.fakes.wecom import Corp, working

NEVER = {"quiet_start": "00:00", "quiet_end": "00:00"}
NOW = datetime.now(UTC)
WAIT_S = 150.0


class Everybody(dict[str, list[str]]):
    """Every customer of the corp has the same guide."""

    def get(self, _who: str, _default: Any = None) -> list[str]:
        return ["ZhangSan"]

    def __missing__(self, who: str) -> list[str]:
        return self.get(who)


@dataclass
class House:
    server: Server
    demo: Home
    corp: Corp
    post: Box
    hook: Hook
    links: str


@contextmanager
def opened(home: Path) -> Iterator[House]:
    """``home``: with a demo in it."""
    links = f"http://127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        patched = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in (
            ("WEBHOOK_HOSTS", "127.0.0.1"),
            ("LINKS_URL", links),
            ("FORECASTS", "0"),
            ("HOME", str(home)),
        ):
            patched.setenv(f"SIYU_{name}", value)
        corp, post = stack.enter_context(working(NOW)), stack.enter_context(post_office())
        hook = stack.enter_context(receiving(NOW, SECRET))
        corp.customers = Everybody()
        demo = Worlds(Settings.from_environment()).demo
        stack.callback(demo.store.close)
        _ways_out(demo, corp, post, hook)
        server = stack.enter_context(serving(home))
        stack.enter_context(_beside(home, "receiver", "--port", links.rpartition(":")[2]))
        until(lambda: _answers(f"{links}/healthz"), "the receiver answers")
        stack.enter_context(_beside(home, "worker"))
        yield House(server, demo, corp, post, hook, links)


def until(is_so: Callable[[], bool], what: str) -> None:
    """Processes take their time; nothing here depends on how long."""
    end = time.monotonic() + WAIT_S
    while not is_so():
        if time.monotonic() > end:
            raise AssertionError(f"it never came to this: {what}")
        time.sleep(0.5)


def _ways_out(demo: Home, corp: Corp, post: Box, hook: Hook) -> None:
    add(demo, "wecom", is_on=True, now=NOW, gateway=corp.base, **NEVER)
    add(
        demo, "email", is_on=True, now=NOW, host="127.0.0.1", port=post.port, security="none", rate_count=1000, burst=1000, **NEVER
    )  # fmt: skip
    add(demo, "webhook", is_on=True, now=NOW, secrets={"address": hook.address}, stands_for="mini_program", **NEVER)


@contextmanager
def _beside(home: Path, *command: str) -> Iterator[None]:
    log = home / f"{command[0]}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", *command], cwd=PROJECT, env=os.environ | {"SIYU_HOME": str(home)}, stdout=output, stderr=subprocess.STDOUT
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
