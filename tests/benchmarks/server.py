"""What a page costs the server: CPU of a warm rerun beside an empty page, and waiting times of many users beside one.

    python -m tests.benchmarks.server [--events 10000000] [--users 50] [--seconds 30] [--pages overview funnels]

Users are websocket clients without a browser: log in by cookie, ask for the page, and ask again after thinking for
about three seconds. The app is a process of its own over a copy of the demo home. The empty page is an app of one line
of text, tuned alike, without gate, accounts or navigation (``empty_page.py``); the bare page is that line inside our
frame (``bare_page.py``).
"""

import argparse
import asyncio
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from core.settings import PROJECT
from core.work.home import Home
from tests.benchmarks import homes
from tests.e2e.browsing import Server, free_port, serving, working

THINK_S = 3.0
WARM, ROUNDS, RERUNS = 6, 25, 5
PAGES = {
    "catalog": "Metric catalogue",
    "today": "Today",
    "overview": "Overview",
    "funnels": "Funnels",
    "retention": "Retention",
    "lifecycle": "Lifecycle",
    "community": "Community",
    "content": "Content",
    "channels": "Channels",
    "paths": "Paths",
    "segments?part=build": "Segments, the builder",
    "value": "RFM & LTV",
    "member": "Member 360 of a member",
    "forecast": "Forecast",
    "forecast?part=tuning": "Forecast, tuning",
    "scores": "Scores",
    "sources": "Sources and quality",
    "identity": "Identity",
    "accounts": "Access and audit",
}


class User:
    """One open tab."""

    def __init__(self, url: str, page: str, token: str) -> None:
        self.url, self._token = url, token
        self._page, _, self._query = page.partition("?")
        self._socket: ClientConnection
        self.is_empty = False
        """Whether the page has said that there is nothing to show."""

    async def __aenter__(self) -> "User":
        address = self.url.replace("http", "ws") + "/_stcore/stream"
        headers = {"Cookie": f"siyu_session={self._token}", "Origin": self.url}
        self._socket = await connect(address, additional_headers=headers, subprotocols=["streamlit"], max_size=None)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()

    async def rerun(self, query: str = "") -> float:
        """Seconds until the script has finished."""
        message = BackMsg()
        message.rerun_script.query_string = query or self._query
        message.rerun_script.page_name = self._page
        start = time.perf_counter()
        self.is_empty = False
        await self._socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(await self._socket.recv(decode=False))
            self.is_empty |= answer.delta.add_block.id.endswith("-card_empty")
            if answer.WhichOneof("type") == "script_finished":
                if answer.script_finished == ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY:
                    return time.perf_counter() - start


def bench(
    events: int = 10_000_000, users: int = 50, seconds: int = 30, pages: Sequence[str] = tuple(PAGES)
) -> list[dict[str, Any]]:
    """Rows: CPU milliseconds of a warm rerun per page with its ratio to the app of one line (``ratio``) and to an empty page
    in our frame (``of_frame``); then p50 and p95 of one and many, unless there are no users.
    """
    busiest = _busiest(homes.demo(events))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(homes.folder(events), home)
        with serving(home) as server:
            with working(server):  # forecasts are fitted and models of scores trained
                pass
            rows = asyncio.run(_reruns(server, pages, busiest))
            return rows + asyncio.run(_waiting(server, users, seconds)) if users else rows


def _busiest(home: Home) -> int:
    """The member with most events."""
    with home.lake.open() as snapshot:
        people = snapshot.member_map()
        rows = snapshot.table("events").inner_join(people.filter(people.is_known), "identity_key")
        counted = rows.group_by("member_id").aggregate(events=rows.count())
        return int(
            snapshot.arrow(counted.order_by(counted.events.desc(), "member_id").limit(1))["member_id"][0].as_py()
        )


async def _reruns(server: Server, pages: Sequence[str], busiest: int) -> list[dict[str, Any]]:
    with _alone("empty_page.py", server.home) as empty, _alone("bare_page.py", server.home) as bare:
        token = server.token(server.account("admin"))
        ways = {"an app of one line": User(empty, "", ""), "that line in our frame": User(bare, "bare", token)}
        opened = {"member": f"member?m={busiest}"}
        ways |= {name: User(server.url, opened.get(page, page), token) for page, name in PAGES.items() if page in pages}
        took = await _cpu(ways)
    line, frame, *_ = took.values()
    return [
        {"way": f"warm rerun, {way}", "ms": cpu * 1000, "ratio": cpu / line, "of_frame": cpu / frame}
        for way, cpu in took.items()
    ]


async def _waiting(server: Server, users: int, seconds: int) -> list[dict[str, Any]]:
    rows = []
    one = await _crowd(server, 1, seconds)
    many = await _crowd(server, users, seconds)
    for share, index in (("p50", 49), ("p95", 94)):
        alone, together = (statistics.quantiles(times, n=100)[index] for times in (one, many))
        rows.append({"way": f"{share} of 1 user on the Overview", "ms": alone * 1000, "ratio": 1.0})
        rows.append(
            {"way": f"{share} of {users} users, {len(many)} reruns", "ms": together * 1000, "ratio": together / alone}
        )
    return rows


async def _cpu(ways: dict[str, User]) -> dict[str, float]:
    """CPU seconds of the server process per warm rerun. All ways take turns, so that a busy machine is as busy for each."""
    took: dict[str, list[float]] = {way: [] for way in ways}
    async with AsyncExitStack() as open_tabs:
        clocks = {}
        for way, user in ways.items():
            clocks[way] = (
                ~_process(user.url).pid << 3
            ) | 2  # the process's CPU clock, as clock_getcpuclockid(3) names it
            await open_tabs.enter_async_context(user)
            for _ in range(WARM):
                await user.rerun()
        for _ in range(ROUNDS):
            for way, user in ways.items():
                before = time.clock_gettime(clocks[way])
                for _ in range(RERUNS):
                    await user.rerun()
                took[way].append((time.clock_gettime(clocks[way]) - before) / RERUNS)
    return {way: statistics.median(times) for way, times in took.items()}


async def _crowd(server: Server, users: int, seconds: int) -> list[float]:
    until = time.monotonic() + seconds
    times: list[float] = []

    async def one(number: int) -> None:
        rng = random.Random(number)
        async with User(server.url, "overview", server.token(server.account("analyst"))) as user:
            await user.rerun()
            while time.monotonic() < until:
                await asyncio.sleep(THINK_S * rng.uniform(0.5, 1.5))
                times.append(await user.rerun())

    await asyncio.gather(*[one(number) for number in range(users)])
    return times


@contextmanager
def _alone(app: str, home: Path) -> Iterator[str]:
    """An app of this folder as a process of its own."""
    port = free_port()
    command = ["streamlit", "run", f"tests/benchmarks/{app}", "--server.port", str(port)]
    env = os.environ | {"SIYU_HOME": str(home)}
    process = subprocess.Popen([sys.executable, "-m", *command], cwd=PROJECT, env=env, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            with suppress(OSError), urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                break
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def _process(url: str) -> psutil.Process:
    port = int(url.rsplit(":", 1)[1])
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "streamlit" in command and str(port) in command:
            return process
    raise LookupError(f"no server on port {port}")


def table_of(rows: list[dict[str, Any]]) -> str:
    lines = ["| way | milliseconds | ratio | of our frame |", "|---|---|---|---|"]
    return "\n".join(
        lines + [f"| {r['way']} | {r['ms']:.1f} | {r['ratio']:.2f} | {_given(r.get('of_frame'))} |" for r in rows]
    )


def _given(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=tuple(PAGES))
    print(table_of(bench(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
