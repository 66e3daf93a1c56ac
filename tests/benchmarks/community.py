"""The Community page over 5,000 groups and 10 million messages: its question beside hand-written SQL over the same rows
(``tests/oracles/community.sql``), and the page.

    python -m tests.benchmarks.community [--messages 10000000] [--rounds 3] [--days 28]

The SQL tells fewer figures than the question (no total, no month before, no health), of one period; its counts have to be those of the
question. Rounds take turns; the best counts, of wall and of processor seconds each for itself. The page is asked for by a websocket client, of
a server that has shown another page before: nothing is in its caches, the rollups are there (data-contract.md 25).
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from playwright.sync_api import Browser, sync_playwright

from core.periods import Period
from core.scope import Filters
from core.settings import PROJECT
from core.work import rollups
from core.work.home import Home
from core.work.questions import community
from core.work.questions.reading import reading
from tests.benchmarks import chats, homes
from tests.benchmarks.server import User
from tests.bringing import UBUNTU_IRC, bring, empty_home, named, shared
from tests.e2e.browsing import CHROMIUM, CHROMIUM_SWITCHES, idle, new_context, serving
from tests.oracles import overview

SQL = PROJECT / "tests" / "oracles" / "community.sql"
TOLD = ("groups", "rhythm", "voices", "topics", "sensitive", "history")
"""Parts that such a home has something to tell in: it has no service, activities and surveys."""
COLD = 3
_IS_DRAWN = "place => document.querySelector(place) !== null"


def bench(messages: int = chats.MESSAGES, rounds: int = 3, days: int = 28) -> list[dict[str, Any]]:
    """One row per way, with its ratio to the bare SQL."""
    home = chats.home(messages=messages)
    start, end = chats.last_days(days)
    period = Period(start, end)
    bare = _connected(home)
    rollups.refresh(home)
    ways: dict[str, Callable[[], Any]] = {
        "bare SQL, figures by group": lambda: _run(bare, period),
        "the question: by group and in total, health, the month before": lambda: _ask(home, period),
    }
    expected, found = ways["bare SQL, figures by group"](), _ask(home, period)
    told = expected.set_index("key")
    pd.testing.assert_frame_equal(told, found.rows.set_index("key")[list(told)].astype("int64"), check_dtype=False)
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            began, began_cpu = time.perf_counter(), time.process_time()
            run()
            taken[way].append((time.perf_counter() - began, time.process_time() - began_cpu))
    best = {way: [min(column) for column in zip(*took, strict=True)] for way, took in taken.items()}
    base = best["bare SQL, figures by group"]
    rows = [
        {"way": way, "seconds": wall, "cpu": cpu, "ratio": wall / base[0], "cpu_ratio": cpu / base[1]}
        for way, (wall, cpu) in best.items()
    ]
    home.store.close()
    rows += [
        {"way": f"the page, {part}, cold", "seconds": seconds}
        for part, seconds in _page(chats.folder(messages)).items()
    ]
    return [*rows, *_shown("the page, groups, cold", chats.folder(messages)), *_irc()]


def _irc() -> list[dict[str, Any]]:
    """The page over 104 days of ubuntu_irc."""
    with tempfile.TemporaryDirectory() as folder, empty_home(Path(folder)) as home:
        bring(home, shared(UBUNTU_IRC), named(home, "irc"))
        rollups.refresh(home)
        name = "the page over ubuntu_irc (143,102 lines), all of it, cold"
        seconds = _page(Path(folder), ("groups",), "&period=all")["groups"]
        return [{"way": name, "seconds": seconds}, *_shown(name, Path(folder), "&period=all")]


def _page(folder: Path, parts: Sequence[str] = TOLD, query: str = "") -> dict[str, float]:
    """Seconds until the page's script has run once for each part, in a fresh server; the best of several."""
    found = [asyncio.run(_opened(folder, parts, query)) for _ in range(COLD)]
    return {part: min(one[part] for one in found) for part in parts}


async def _opened(folder: Path, parts: Sequence[str], query: str) -> dict[str, float]:
    """The parts one after another: one that rests on what another has read before profits from it, as for a reader."""
    took = {}
    with homes.copied(folder) as home, serving(home) as server:
        token = server.token(server.account("admin"))
        async with User(server.url, "catalog", token) as before:
            await before.rerun()
        for part in parts:
            async with User(server.url, "community", token) as user:
                took[part] = await user.rerun(f"part={part}{query}")
                assert not user.is_empty, part
    return took


def _shown(name: str, folder: Path, query: str = "") -> list[dict[str, Any]]:
    """Seconds from the click on the part, in a browser that has shown the part History before, and never a chart; the best of several."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_SWITCHES))
        found = [_drawn(chromium, folder, query) for _ in range(COLD)]
    return [
        {"way": f"{name}, until a browser shows {what}", "seconds": min(column)}
        for what, column in zip(("the table of groups", "the chart"), zip(*found, strict=True), strict=True)
    ]


def _drawn(chromium: Browser, folder: Path, query: str) -> tuple[float, float]:
    with homes.copied(folder) as home, serving(home) as server:
        context = new_context(chromium, theme="light", width=1440, height=3000)
        token = server.token(server.account("admin"))
        context.add_cookies([{"name": "siyu_session", "value": token, "url": server.url}])
        page = context.new_page()
        page.goto(f"{server.url}/community?part=history{query}")
        idle(page)
        began = time.perf_counter()
        page.get_by_role("link", name="群", exact=True).click()
        page.wait_for_function(_IS_DRAWN, arg=".st-key-card_groups canvas", polling="raf")
        table = time.perf_counter() - began
        page.wait_for_function(_IS_DRAWN, arg=".js-plotly-plot", polling="raf")
        chart = time.perf_counter() - began
        context.close()
        return table, chart


def _ask(home: Home, period: Period) -> community.Community:
    with reading(home, Filters(period)) as opened:
        found = community.groups(opened)
    assert found is not None
    return found


def _connected(home: Home) -> duckdb.DuckDBPyConnection:
    with home.lake.open() as snapshot:
        connection = overview.connected(snapshot)
    connection.execute("CREATE VIEW members AS SELECT identity_key, member_id FROM identity_map WHERE is_known")
    return connection


def _run(connection: duckdb.DuckDBPyConnection, period: Period) -> pd.DataFrame:
    values = {"start": period.start_on, "end": period.end_on, "before": period.before().start_on}
    found: pd.DataFrame | None = None
    for text in SQL.read_text(encoding="utf-8").split("-- name: ")[1:]:
        query = text.split("\n", 1)[1]
        used = {name: value for name, value in values.items() if f"${name}" in query}
        frame = connection.execute(query, used).df()
        found = frame if found is None else found.merge(frame, on="key", how="left")
    assert found is not None
    return found.fillna(0).drop(columns="questions_asked")


def table_of(rows: list[dict[str, Any]]) -> str:
    lines = ["| way | wall s | CPU s | ratio of wall | ratio of CPU |", "|---|---|---|---|---|"]
    for row in rows:
        rest = " | ".join(f"{row[name]:.2f}" if name in row else "" for name in ("cpu", "ratio", "cpu_ratio"))
        lines.append(f"| {row['way']} | {row['seconds']:.2f} | {rest} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=chats.MESSAGES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--days", type=int, default=28)
    print(table_of(bench(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
