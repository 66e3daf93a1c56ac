"""Causes of a change of indicators, cold (a process that begins) and asked again of other days.

python -m tests.benchmarks.root_causes [--events 10000000]
"""

import argparse
import time
from datetime import timedelta

from core.risk.indicators import INDICATORS
from core.work.questions import occurrences, root_causes
from core.work.questions.kept import filing
from core.work.questions.reading import births, reading
from tests.benchmarks import homes

ASKED = ("complaints", "complaint_rate", "events", "visits", "active_members", "conversion", "refund_share", "orders", "gross_revenue", "messages", "interaction_rate", "silence_rate")  # fmt: skip


def main(events: int, names: tuple[str, ...]) -> None:
    home = homes.demo(events)
    with reading(home) as lake, filing(lake.snapshot):  # the worker keeps these at every change of the lake
        births(lake)
        occurrences.told(lake)
    print("| indicator | days | dimensions | first time s | another day s |\n|---|---|---|---|---|")
    for name in names:
        taken = []
        for back in (20, 30):
            with reading(home) as lake:
                day = homes.END - timedelta(days=back)
                begun = time.perf_counter()
                found = root_causes.causes(lake, name, day, day)
                taken.append(time.perf_counter() - begun)
        days = sum(one.days for one in (found.compared.now, *found.compared.copies))
        print(f"| {name} | {days} | {len(found.dimensions)} | {taken[0]:.2f} | {taken[1]:.2f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--all", action="store_true")
    asked = parser.parse_args()
    main(asked.events, tuple(INDICATORS) if asked.all else ASKED)
