"""The product's own funnel question over the demo lake, beside ClickHouse's ``windowFunnel`` over the same Parquet files.

    python -m tests.benchmarks.lake_funnel [--events 10000000] [--rounds 3]

The product reads the identity map, counts members, keeps scope and held names in mind, and answers in rows; the rival
groups by the identity key as it lies in the files, so its counts are of identities and a little higher. Rounds take
turns; the best one counts. Nothing is cached between rounds but open files.
"""

import argparse
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import chdb

from core import sequences
from core.work.questions import funnels
from core.work.questions.funnels import Asked
from core.work.questions.reading import reading
from tests.benchmarks import homes

STEPS = ("page_view", "product_view", "add_to_cart", "checkout", "share")
DAYS = 7
RIVAL = """
select level, count() from (
  select identity_key, windowFunnel({window})(toDateTime(occurred_at), {conditions}) as level
  from file('{files}', Parquet) where name in ({names}) and identity_key is not null group by identity_key)
group by level order by level"""


def bench(events: int = 10_000_000, rounds: int = 3) -> list[dict[str, Any]]:
    """One row per way: wall and CPU seconds, and the ratio of wall time to the rival's."""
    home = homes.demo(events)
    sequences.warm()
    with home.lake.open() as snapshot:
        files = set(snapshot.files("events"))
    folder = home.lake.root / "events"
    if files != {str(file) for file in folder.rglob("*.parquet")}:
        raise AssertionError("the folder holds files of other versions, which the rival would read as well")
    ways = {"chDB windowFunnel": lambda: _rival(folder), "the question": lambda: _ours(home)}
    ways["the question, by channel"] = lambda: _ours(home, "channel")
    best: dict[str, tuple[float, float]] = {}
    entered = {}
    for _ in range(rounds):
        for name, way in ways.items():
            start, worked = time.perf_counter(), time.process_time()
            entered[name] = way()
            took = (time.perf_counter() - start, time.process_time() - worked)
            best[name] = min(best.get(name, took), took)
    rival = best["chDB windowFunnel"][0]
    return [
        {"way": f"{name} ({entered[name]:,} entered)", "seconds": wall, "cpu": cpu, "ratio": wall / rival}
        for name, (wall, cpu) in best.items()
    ]


def _ours(home: Any, by: str | None = None) -> int:
    asked = Asked(tuple((step,) for step in STEPS), within=timedelta(days=DAYS), by=by)
    with reading(home) as open_lake:
        answer = funnels.conversion(open_lake, asked)
        funnels.rows(answer, asked)
        return answer.steps[0].members


def _rival(folder: Path) -> int:
    query = RIVAL.format(
        window=DAYS * 86_400,
        conditions=", ".join(f"name = '{step}'" for step in STEPS),
        files=f"{folder}/*/*.parquet",
        names=", ".join(f"'{step}'" for step in STEPS),
    )
    rows = [line.split(",") for line in str(chdb.query(query, "CSV")).split()]
    return sum(int(count) for level, count in rows if int(level) >= 1)


def table_of(rows: list[dict[str, Any]]) -> str:
    lines = ["| way | seconds | cpu | ratio |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {r['way']} | {r['seconds']:.2f} | {r['cpu']:.2f} | {r['ratio']:.2f} |" for r in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    print(table_of(bench(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
