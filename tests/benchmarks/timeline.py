"""The timeline: building it beside sorting the same rows, and questions out of it beside ClickHouse.

    python -m tests.benchmarks.timeline [--events 10000000] [--members 300000] [--rounds 3]
    python -m tests.benchmarks.timeline --sizes 2500000 5000000 10000000 20000000 50000000

Rivals: DuckDB's sort of the events by identity and time into a table; ClickHouse's ``windowFunnel`` and ``retention`` over
the lake's own Parquet files, and ``windowFunnel`` over its own MergeTree sorted by identity and time. Identities are members
one by one, so answers must be equal, and are compared. Ways take turns; the best round counts. Memory is what the process
holds beside mapped files.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa
from chdb import session

from core import schema, sequences
from core.app import House
from core.lake.timeline import Timeline
from core.periods import Period
from core.scope import Filters
from core.settings import Settings
from core.work import timeline
from core.work.home import Home
from core.work.questions import funnels, paths, retention
from core.work.questions.moments import instant
from core.work.questions.reading import reading
from tests import lakes

ORACLES = Path(__file__).parents[1] / "oracles"
STEPS = ("product_view", "add_to_cart", "checkout", "payment", "purchase")
FUNNEL = funnels.Asked(tuple((step,) for step in STEPS))
BY_CHANNEL = funnels.Asked(tuple((step,) for step in STEPS), by="channel")
MONDAY = date(2025, 1, 6)
WEEKLY = retention.Asked(("product_view",), ("purchase",), brackets=tuple(range(13)), entry="recurring")
WEEKS = Filters(period=Period(MONDAY, MONDAY + timedelta(weeks=12)))
AFTER_VIEW = paths.Asked(("product_view",), depth=5)
DELTA = 100_000


@dataclass
class Rival:
    """ClickHouse over the lake's files, and over its own table of the same rows."""

    files: str
    session: session.Session

    def load(self) -> None:
        self.session.query("create database if not exists bench")
        self.session.query(
            "create table bench.events engine = MergeTree order by (identity_key, occurred_at) as "
            f"select assumeNotNull(identity_key) as identity_key, assumeNotNull(occurred_at) as occurred_at, "
            f"toLowCardinality(assumeNotNull(name)) as name from file('{self.files}', Parquet)"
        )
        self.session.query("optimize table bench.events final")

    def funnel(self, source: str) -> list[int]:
        sql = (ORACLES / "funnel.sql").read_text().replace("file('{files}', Parquet)", source)
        found = self.session.query(sql.format(window_seconds=7 * 86_400, steps=STEPS), "CSV")
        rows = [tuple(map(int, line.split(","))) for line in str(found).split()]
        return [sum(count for level, count in rows if level >= step) for step in range(1, len(STEPS) + 1)]

    def retention(self, first_second: int) -> list[list[int]]:
        sql = (
            (ORACLES / "retention.sql").read_text().replace("'start'", "'product_view'").replace("'back'", "'purchase'")
        )
        sql = sql.replace("subject", "identity_key").replace("from file(", "from (select * from file(")
        sql = sql.replace("Parquet)", "Parquet) where name in ('product_view', 'purchase'))")
        found = self.session.query(sql.format(files=self.files, first_second=first_second), "JSONCompact")
        return [row[1] for row in json.loads(str(found))["data"]]

    @property
    def parquet(self) -> str:
        return f"file('{self.files}', Parquet)"


def bench(events: int, members: int, rounds: int, *, is_short: bool = False) -> list[dict[str, Any]]:
    """Rows ``way seconds ratio_parquet ratio_mergetree``. ``is_short``: only what grows with the events."""
    sequences.warm()
    with tempfile.TemporaryDirectory() as folder:
        home = _filled(Path(folder), events, members)
        rows = [{"way": "DuckDB sorts the events", "seconds": (sort := _sorting(home))}]
        took, _ = _timed(lambda: timeline.refresh(home))
        rows.append({"way": f"full build (of that sort: {took / sort:.2f})", "seconds": took})
        files = f"{home.lake.root}/events/*/*.parquet"
        rival = Rival(files, session.Session(f"{folder}/clickhouse"))
        ways: dict[str, Callable[[], Any]] = {
            "chDB windowFunnel over Parquet": lambda: rival.funnel(rival.parquet),
            "funnel": lambda: _funnel(home, FUNNEL),
        }
        if not is_short:
            rival.load()
            ways = {"chDB windowFunnel over MergeTree": lambda: rival.funnel("bench.events")} | ways
        ways |= {
            "funnel, by channel, with durations": lambda: _funnel(home, BY_CHANNEL),
            "paths, depth 5": lambda: _paths(home),
        }
        if not is_short:
            ways["chDB retention, 12 x 12 weeks"] = lambda: rival.retention(_second(home))
            ways["retention, 12 x 12 weeks"] = lambda: _retention(home)
        best, answers = _best(ways, rounds)
        _compare(answers, is_short=is_short)
        rows += [{"way": way, "seconds": best[way]} for way in ways]
        rows += [{"way": f"{DELTA:,} events more, seen in the timeline", "seconds": _delta(home, members)}]
        beside, _ = _best({"funnel": lambda: _funnel(home, FUNNEL)}, rounds)
        rows += [{"way": "funnel while these lie beside the rest", "seconds": beside["funnel"]}]
        rows += [{"way": "memory beside mapped files, MB", "seconds": _memory(home)}]
        return [row | _ratios(row, best) for row in rows]


def _filled(folder: Path, events: int, members: int) -> Home:
    sql = (ORACLES / "funnel_events.sql").read_text()
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(sql.format(folder=folder, events=events, members=members))
    home = House(Settings(home=folder / "home")).live
    with home.writer.change("import", 1) as change:
        raw = change.snapshot.cursor.backend.read_parquet(f"{folder}/events/*/*.parquet", hive_partitioning=False)
        at = raw.occurred_at.cast("timestamp('UTC')").cast("timestamp(6)")
        change.merge("events", raw.mutate(occurred_at=at, source=ibis.literal("bench")))
        keys = raw.select("identity_key").distinct().to_pyarrow()["identity_key"].sort()
        known = pa.array([True]).take(pa.array([0] * len(keys)))
        change.replace("identity_map", pa.table([keys, keys, known], schema=schema.IDENTITY_MAP))
    shutil.rmtree(folder / "events")
    return home


def _sorting(home: Home) -> float:
    with home.lake.open() as snapshot:
        rows = snapshot.table("events").select(
            "identity_key", "occurred_at", "name", "channel", "batch_id", "row_number"
        )
        took, _ = _timed(lambda: snapshot.keep(rows.order_by("identity_key", "occurred_at", "row_number")))
    return took


def _funnel(home: Home, asked: funnels.Asked) -> list[int]:
    with reading(home) as lake:
        answer = funnels.conversion(lake, asked)
        if asked.by:
            assert sum(steps[0].members for steps in answer.by_value.values()) == answer.steps[0].members
            answer.duration(1, 2)
        return [step.members for step in answer.steps]


def _paths(home: Home) -> int:
    with reading(home) as lake:
        answer = paths.paths(lake, AFTER_VIEW)
        return len(answer.links) + sum(node.members for node in answer.columns[0].nodes)


def _retention(home: Home) -> list[list[int]]:
    with reading(home, WEEKS) as lake:
        counts = retention.retention(lake, WEEKLY).counts
        return [[int(size), *row[1:12]] for size, row in zip(counts.size[0], counts.returned[0].tolist(), strict=True)]


def _second(home: Home) -> int:
    return instant(MONDAY, home.settings.zone) // 1_000_000


def _delta(home: Home, members: int) -> float:
    events = [
        lakes.event(1 + n % members, f"2025-03-{1 + n % 28:02} {n % 24:02}:00:{n % 60:02}", STEPS[n % 5])
        for n in range(DELTA)
    ]
    with home.writer.change("import", 2) as change:
        change.merge("events", lakes.rows("events", events))
    took, _ = _timed(lambda: timeline.refresh(home))
    with home.lake.open() as snapshot:
        assert not Timeline(snapshot.root).cover("events", snapshot.files("events"))[1]
    return took


def _best(ways: dict[str, Callable[[], Any]], rounds: int) -> tuple[dict[str, float], dict[str, Any]]:
    best: dict[str, float] = {}
    answers: dict[str, Any] = {}
    for _ in range(rounds):
        for name, way in ways.items():
            took, answers[name] = _timed(way)
            best[name] = min(best.get(name, took), took)
    return best, answers


def _compare(answers: dict[str, Any], *, is_short: bool) -> None:
    funnel = [answers[name] for name in answers if "unnel" in name]
    if any(answer != funnel[0] for answer in funnel):
        raise AssertionError(f"the funnels differ: {funnel}")
    if not is_short and answers["retention, 12 x 12 weeks"] != answers["chDB retention, 12 x 12 weeks"]:
        raise AssertionError("the cohorts differ")


def _timed(do: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    found = do()
    return time.perf_counter() - start, found


ASK = """
import sys
from pathlib import Path
from core import sequences
from core.app import House
from core.settings import Settings
from core.work.questions import funnels, paths
from core.work.questions.reading import reading
sequences.warm()
home = House(Settings(home=Path(sys.argv[1]))).live
steps = tuple((step,) for step in sys.argv[2:])
def anonymous():
    rows = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(rows["RssAnon"].split()[0]) / 1024
before = anonymous()
for asked in (funnels.Asked(steps), funnels.Asked(steps, by="channel")):
    with reading(home) as lake:
        funnels.conversion(lake, asked)
with reading(home) as lake:
    paths.paths(lake, paths.Asked(steps[0], depth=5))
print(anonymous(), before)
"""


def _memory(home: Home) -> float:
    """Megabytes beside mapped files that a process of its own holds after a funnel, one by channel, and paths."""
    command = [sys.executable, "-c", ASK, str(home.settings.home), *STEPS]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[0])


def _ratios(row: dict[str, Any], best: dict[str, float]) -> dict[str, Any]:
    if row["way"] not in best:
        return {}
    rival = "chDB retention, 12 x 12 weeks" if "retention" in row["way"] else "chDB windowFunnel over Parquet"
    found = {"of_parquet": row["seconds"] / best[rival]}
    mine = best.get("chDB windowFunnel over MergeTree")
    return found | ({"of_mergetree": row["seconds"] / mine} if mine and "unnel" in row["way"] else {})


def table_of(rows: list[dict[str, Any]]) -> str:
    lines = ["| way | seconds | of chDB over Parquet | of chDB over MergeTree |", "|---|---|---|---|"]
    for row in rows:
        ratios = [f"{row[name]:.2f}" if name in row else "" for name in ("of_parquet", "of_mergetree")]
        lines.append(f"| {row['way']} | {row['seconds']:.3f} | {' | '.join(ratios)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--members", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--sizes", type=int, nargs="+", help="only how the cost grows with the events, members in proportion"
    )
    given = parser.parse_args()
    if not given.sizes:
        print(table_of(bench(given.events, given.members, given.rounds)))
        return
    for events in given.sizes:
        print(
            f"\n{events:,} events\n\n{table_of(bench(events, events * 3 // 100, given.rounds, is_short=True))}",
            flush=True,
        )


if __name__ == "__main__":
    main()
