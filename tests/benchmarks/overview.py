"""The Overview's question over the demo brand, beside its bare queries run back to back (``tests/oracles/overview.sql``).

    python -m tests.benchmarks.overview [--events 10000000] [--rounds 3]

Both start with what a running app has: an open engine, no cached answer. Rounds take turns; the best one counts, of wall and of
processor seconds each for itself.
"""

import argparse
import time
from collections.abc import Callable
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

    def ask() -> int:
        with reading(home, Filters(period)) as open_lake:
            return len(figures.overview(open_lake))

    ways: dict[str, Callable[[], Any]] = {
        "bare queries": lambda: oracle.run(bare, now, before),
        f"the question, {ask()} figures": ask,
    }
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            start, start_cpu = time.perf_counter(), time.process_time()
            run()
            taken[way].append((time.perf_counter() - start, time.process_time() - start_cpu))
    best = {way: [min(column) for column in zip(*took, strict=True)] for way, took in taken.items()}
    base = best["bare queries"]
    return [
        {"way": way, "seconds": wall, "cpu": cpu, "ratio": wall / base[0], "cpu_ratio": cpu / base[1]}
        for way, (wall, cpu) in best.items()
    ]


def table_of(rows: list[dict[str, Any]]) -> str:
    lines = ["| way | wall s | CPU s | ratio of wall | ratio of CPU |", "|---|---|---|---|---|"]
    for r in rows:
        lines.append(f"| {r['way']} | {r['seconds']:.2f} | {r['cpu']:.2f} | {r['ratio']:.2f} | {r['cpu_ratio']:.2f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    print(table_of(bench(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
