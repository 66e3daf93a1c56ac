"""A look at rules over two years, as a worker takes it that has just begun: lines read from the lake, what is usual learnt, episodes found.

python -m tests.benchmarks.warnings [--events 10000000]
"""

import argparse
import time
from datetime import UTC, datetime

from core.risk.defaults import DEFAULTS
from core.risk.indicators import INDICATORS
from core.risk.rules import Rule
from core.work.home import Home
from core.work.questions import findings, occurrences
from core.work.questions.kept import filing
from core.work.questions.reading import births, reading
from tests.benchmarks import homes

LINES = 500


def rules(home: Home) -> dict[str, Rule]:
    """The daily rule for every indicator of the house and, until there are 500 lines, of its units."""
    found = {one.name: Rule(one.name, "daily", 1.0) for one in INDICATORS.values()}
    with reading(home) as lake:
        units = len(lake.snapshot.arrow(lake.snapshot.current("units")))
    for one in INDICATORS.values():
        if "unit" in one.by and len(INDICATORS) + units * (len(found) - len(INDICATORS)) < LINES:
            found[f"{one.name} by unit"] = Rule(one.name, "daily", 1.0, by="unit")
    return found


def look(home: Home, asked: dict[str, Rule]) -> tuple[float, float, int, int]:
    """Seconds by the wall and of processors, lines, episodes. In a reading of its own."""
    wall, cpu = time.perf_counter(), time.process_time()
    with reading(home) as lake:
        found = findings.of(home, lake, asked, datetime.now(UTC).date())
    assert not found.failed, found.failed
    return time.perf_counter() - wall, time.process_time() - cpu, found.lines, len(found.found)


def main(events: int, *, are_many: bool) -> None:
    home = homes.demo(events)
    with reading(home) as lake, filing(lake.snapshot):  # the worker keeps these at every change of the lake
        births(lake)
        occurrences.told(lake)
    asked = rules(home) if are_many else DEFAULTS
    print("| what | wall s | CPU s | lines | episodes |\n|---|---|---|---|---|")
    for name in ("anew", "again"):
        wall, cpu, lines, episodes = look(home, asked)
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {lines} | {episodes} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument(
        "--lines", action="store_true", help="500 lines by the daily rule instead of the rules as they come"
    )
    given = parser.parse_args()
    main(given.events, are_many=given.lines)
