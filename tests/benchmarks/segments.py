"""Counting a segment of three conditions on behaviour, beside hand-written SQL in DuckDB over the same Parquet files.

    python -m tests.benchmarks.segments [--events 10000000] [--rounds 3]

Every round is a process of its own, so that nothing is kept: "first" is the first question that a page asks after the start,
"one changed" the same with another number in one condition, as somebody builds it. The rival is tests/oracles/segments.sql on a
connection of its own, files listed beforehand; its count must be the same. Medians of the rounds.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from core import sequences
from core.segments import language
from core.work.home import Home
from core.work.questions import reach, segments
from core.work.questions.reading import reading
from tests.benchmarks import homes

ORACLE = (Path(__file__).parents[1] / "oracles" / "segments.sql").read_text(encoding="utf-8")
RIVAL, FIRST, CHANGED, PROFILES, REACH = (
    "DuckDB, by hand",
    "first",
    "one changed",
    "with profiles and RFM",
    "reach on seven channels",
)


def definition(views: int = 3, *more: dict[str, Any]) -> language.Node:
    def did(name: str, measure: str, number: int, days: int) -> dict[str, Any]:
        return {"event": [name], "measure": measure, "op": "at_least", "values": [number], "window": {"days": days}}

    bought = {"not": did("order_placed", "amount", 300, 90)}
    asked = [did("product_view", "count", views, 30), did("add_to_cart", "days", 2, 90), bought, *more]
    return language.parse({"v": 1, "where": {"all": asked}})


OF_PROFILES: list[dict[str, Any]] = [
    {"profile": "gender", "op": "is", "values": ["f"]},
    {"any": [{"rfm": ["low_keep", "low_retain"]}, {"not": {"value": "orders", "op": "at_least", "values": [1]}}]},
]


def bench(events: int = 10_000_000, rounds: int = 3) -> list[dict[str, Any]]:
    """One row per question: members counted, median wall and CPU seconds, and the ratio of wall time to the rival's."""
    homes.demo(events)
    found = []
    for _ in range(rounds):
        command = [sys.executable, "-m", "tests.benchmarks.segments", "--events", str(events), "--once"]
        found.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    rival = median(each[RIVAL]["seconds"] for each in found)
    rows = []
    for name in found[0]:
        seconds, cpu = (median(each[name][what] for each in found) for what in ("seconds", "cpu"))
        rows.append(
            {
                "way": name,
                "members": found[0][name]["members"],
                "seconds": seconds,
                "cpu": cpu,
                "ratio": seconds / rival,
            }
        )
    return rows


def once(events: int) -> dict[str, dict[str, float]]:
    home = homes.demo(events)
    sequences.warm()
    found = {FIRST: _timed(lambda: _count(home, definition()))}
    found[CHANGED] = _timed(lambda: _count(home, definition(4)))
    found[PROFILES] = _timed(lambda: _count(home, definition(3, *OF_PROFILES)))
    found[REACH] = _timed(lambda: _reached(home))
    files = _files(home)
    with duckdb.connect() as database:
        found[RIVAL] = _timed(lambda: database.execute(ORACLE, files).fetchall()[0][0])
    if found[RIVAL]["members"] != found[FIRST]["members"]:
        raise AssertionError(f"the rival counts otherwise: {found}")
    return found


def _timed(ask: Callable[[], int]) -> dict[str, float]:
    start, worked = time.perf_counter(), time.process_time()
    members = ask()
    return {"members": members, "seconds": time.perf_counter() - start, "cpu": time.process_time() - worked}


def _count(home: Home, node: language.Node) -> int:
    with reading(home) as lake:
        return segments.count(lake, node)


def _reached(home: Home) -> int:
    with reading(home) as lake:
        found = reach.reach(lake, definition())
        return int(found.anywhere.sum())


def _files(home: Home) -> dict[str, object]:
    with reading(home) as lake:
        tables = {"events": "events", "order_lines": "order_lines", "map": "identity_map"}
        assert lake.as_of_on is not None
        return {"newest": str(lake.as_of_on)} | {name: lake.snapshot.files(table) for name, table in tables.items()}


def table_of(rows: list[dict[str, Any]]) -> str:
    lines = ["| question | members | seconds | cpu | ratio |", "|---|---|---|---|---|"]
    return "\n".join(
        lines
        + [f"| {r['way']} | {r['members']:,} | {r['seconds']:.2f} | {r['cpu']:.2f} | {r['ratio']:.2f} |" for r in rows]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--once", action="store_true", help="one round, told as JSON")
    asked = parser.parse_args()
    print(json.dumps(once(asked.events)) if asked.once else table_of(bench(asked.events, asked.rounds)))


if __name__ == "__main__":
    main()
