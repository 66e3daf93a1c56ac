"""The Overview's question over the demo brand, beside its bare queries run back to back (``tests/oracles/overview.sql``).

    python -m tests.benchmarks.overview [--events 10000000] [--rounds 3]

Both start with what a running app has: an open engine, no cached answer. Rounds take turns; the best one counts.
"""

import argparse
import time
from datetime import timedelta
from typing import Any

from core.periods import Period, comparable
from core.scope import Filters
from core.work.questions import figures
from core.work.questions.reading import reading
from tests.benchmarks import homes
from tests.oracles import overview as oracle

DAYS = 28


def bench(events: int = 10_000_000, rounds: int = 3) -> list[dict[str, Any]]:
    """One row for the bare queries and one for the question, with the ratio to the former."""
    home = homes.demo(events)
    last = homes.END + timedelta(days=1)
    period = Period(last - timedelta(days=DAYS), last)
    now, before = comparable(period, homes.END)
    with home.lake.open() as snapshot:
        bare = oracle.connected(snapshot)
    best = {"bare queries": 1e9, "the question": 1e9}
    for _ in range(rounds):
        start = time.perf_counter()
        oracle.run(bare, now, before)
        best["bare queries"] = min(best["bare queries"], time.perf_counter() - start)
        start = time.perf_counter()
        with reading(home, Filters(period)) as open_lake:
            count = len(figures.overview(open_lake))
        best["the question"] = min(best["the question"], time.perf_counter() - start)
    return [
        {"way": f"{name}, {count} figures", "seconds": took, "ratio": took / best["bare queries"]}
        for name, took in best.items()
    ]


def table_of(rows: list[dict[str, Any]]) -> str:
    lines = ["| way | seconds | ratio |", "|---|---|---|"]
    return "\n".join(lines + [f"| {r['way']} | {r['seconds']:.2f} | {r['ratio']:.2f} |" for r in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    print(table_of(bench(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
