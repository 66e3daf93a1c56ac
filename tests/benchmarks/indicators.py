"""Every indicator of every place over two years, as a worker reads them that has just begun, and asked again.

python -m tests.benchmarks.indicators [--events 10000000]
"""

import argparse
import time
from collections import Counter

from core.risk.indicators import INDICATORS
from core.work.home import Home
from core.work.questions import indicators, occurrences
from core.work.questions.kept import filing
from core.work.questions.reading import births, reading
from tests.benchmarks import homes


def every(home: Home, *, is_told: bool = False) -> tuple[float, Counter[str]]:
    """Seconds, and lines by sort of place."""
    told: Counter[str] = Counter()
    begun = time.perf_counter()
    with reading(home) as lake:
        for one in INDICATORS.values():
            for by in one.by:
                since = time.perf_counter()
                found = indicators.lines(lake, one.name, by)
                told[by or "whole house"] += len(found.places)
                taken = time.perf_counter() - since
                if is_told and taken > 0.1:
                    print(f"| {one.name} {by} | {taken:.2f} | |", flush=True)
    return time.perf_counter() - begun, told


def main(events: int) -> None:
    home = homes.demo(events)
    print("| what | wall s | lines |\n|---|---|---|")
    with reading(home) as lake, filing(lake.snapshot):  # the worker keeps these at every change of the lake
        births(lake)
        occurrences.told(lake)
    cpu = time.process_time()
    seconds, told = every(home, is_told=True)
    by = ", ".join(f"{name} {count}" for name, count in told.items())
    print(
        f"| all indicators of all places, read anew ({time.process_time() - cpu:.1f} s CPU) | {seconds:.2f} | {sum(told.values())}: {by} |"
    )
    print(f"| asked again | {every(home)[0]:.2f} | |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    main(parser.parse_args().events)
