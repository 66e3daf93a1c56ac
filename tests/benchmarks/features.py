"""How long it takes to tell what was known of members on a day, and what came of it: one million members, ten million events.

    python -m tests.benchmarks.features [--members 1000000] [--rounds 3]

Members, events and orders are drawn (ten events and one and a half orders per member, within 180 days). A tenth of them and all of them are
measured, to see that time grows as they do; each round asks another day, so that nothing is kept. Medians of the rounds.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from core import schema
from core.app import House
from core.settings import Settings
from core.work.home import Home
from core.work.questions import scoring
from core.work.questions.reading import reading

START, DAYS = np.datetime64("2026-02-01"), 180
ON = date(2026, 7, 1)
NAMES = ("product_view", "page_view", "add_to_cart", "like")


def filled(folder: Path, members: int) -> Home:
    """The first members do more than the others."""
    home = House(Settings(home=folder)).live
    rng = np.random.default_rng(20_260_101)
    events, orders = 10 * members, 3 * members // 2

    def rows(count: int, **columns: Any) -> ibis.Table:
        at = pa.array(START + rng.integers(0, DAYS * 86_400, count).astype("timedelta64[s]")).cast(pa.timestamp("us"))
        named = {"occurred_at": at, "source": pa.repeat("shop", count), "row_number": np.arange(1, count + 1)}
        return ibis.memtable(pa.table(columns | named))

    name = pa.DictionaryArray.from_arrays(pa.array(rng.integers(0, 4, events), pa.int8()), pa.array(NAMES))
    number = pa.array(np.arange(events)).cast(pa.string())
    session = pa.array(rng.integers(0, events // 3, events)).cast(pa.string())
    who = (rng.pareto(1.2, events) * members / 25).astype(np.int64) % members + 1
    everybody = np.arange(1, members + 1)
    with home.writer.change("import", 1) as change:
        acts = rows(events, identity_key=who, name=name.cast(pa.string()), event_id=number, session_id=session)
        change.merge("events", acts)
        lines = rows(
            orders, identity_key=rng.integers(1, members + 1, orders), order_no=number[:orders], line_kind=pa.repeat("sale", orders),
            product_id=pa.array(rng.integers(0, 500, orders)).cast(pa.string()), quantity=np.ones(orders), unit_price=np.ones(orders),
            amount_minor=rng.integers(100, 90_000, orders),
        )  # fmt: skip
        change.merge("order_lines", lines)
        known = {"identity_key": everybody, "member_id": everybody, "is_known": np.ones(members, bool)}
        change.replace("identity_map", pa.table(known, schema=schema.IDENTITY_MAP))
    return home


def timed(rounds: int, do: Callable[[date], Any]) -> tuple[float, float, Any]:
    """Median seconds of the clock and of the processor, and what was said last."""
    wall, cpu, found = [], [], None
    for place in range(rounds):
        began, started = time.perf_counter(), time.process_time()
        found = do(ON - timedelta(days=place))
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - started)
    return statistics.median(wall), statistics.median(cpu), found


def measured(members: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = filled(Path(folder), members)
        with reading(home) as lake:
            wall, cpu, found = timed(rounds, lambda on: scoring.features(lake, on).matrix)
            print(
                f"{'features':24}{wall:8.2f}{cpu:8.2f}  {len(found):,} of {members:,} members, {found.shape[1]} features"
            )
            wall, cpu, label = timed(rounds, lambda on: scoring.labels(lake, on, "churn_activity", 30))
            print(f"{'labels':24}{wall:8.2f}{cpu:8.2f}  {len(label):,} members")
        home.store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print(f"{'':24}{'wall s':>8}{'CPU s':>8}")
    for members in (asked.members // 10, asked.members):
        measured(members, asked.rounds)


if __name__ == "__main__":
    main()
