"""Series of the six measures over 10 million events: made for the first time, from their files, and asked again; visits beside hand-written SQL
(``tests/oracles/visits.sql``) over the same files, which must count the same on every day and channel.

    python -m tests.benchmarks.series [--events 10000000]
"""

import argparse
import shutil
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import duckdb

from core.scope import Filters
from core.settings import PROJECT
from core.work.home import Home
from core.work.questions import occurrences, series
from core.work.questions.kept import FOLDER, filing
from core.work.questions.reading import Reading, births, reading
from tests.benchmarks import homes

SQL = PROJECT / "tests" / "oracles" / "visits.sql"
UNITS = ("S01", "S02")


def timed(name: str, do: Callable[[], object]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    do()
    print(f"| {name} | {time.perf_counter() - wall:.2f} | {time.process_time() - cpu:.2f} |", flush=True)


def everything(lake: Reading, measure: str) -> None:
    series.total(lake, measure)
    series.hours(lake, measure)
    for by in series.breakdowns(measure):
        series.parts(lake, measure, by)


def by_hand(lake: Reading) -> Counter[tuple[object, str]]:
    sql = SQL.read_text().format(
        events=lake.snapshot.files("events"), identity_map=lake.snapshot.files("identity_map")
    )  # fmt: skip
    rows = duckdb.connect().sql(sql).fetchall()
    return Counter({(on, channel or series.UNKNOWN): visits for on, channel, visits in rows})


def ours(lake: Reading) -> Counter[tuple[object, str]]:
    found: Counter[tuple[object, str]] = Counter()
    for one in series.parts(lake, "traffic", "channel"):
        for day, value in enumerate(one.values):
            found[one.start_on + timedelta(days=day), str(one.part)] += int(value)
    return +found


def main(events: int) -> None:
    home: Home = homes.demo(events)
    shutil.rmtree(home.settings.lake("demo") / FOLDER, ignore_errors=True)  # all is made anew
    print("| what | wall s | CPU s |\n|---|---|---|")
    with reading(home) as lake:
        timed("visits by day and channel, hand-written SQL", lambda: by_hand(lake))
        timed("visits made", lambda: occurrences.visits(lake.snapshot, lake.zone))
        timed("first acts, arrivals and messages made", lambda: occurrences.told(lake))
        with filing(lake.snapshot):
            births(lake)
            occurrences.told(lake)
    for name, filters in (("all", Filters()), ("two units", Filters(units=UNITS)), ("all, asked again", Filters())):
        with reading(home, filters) as lake:
            for measure in series.measures(lake):
                timed(f"{measure}, {name}: total, hours, parts", lambda asked=measure: everything(lake, asked))  # type: ignore[misc]
    with reading(home) as lake:
        assert ours(lake) == by_hand(lake), "the same visits on every day and channel"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    main(parser.parse_args().events)
