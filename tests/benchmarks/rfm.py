"""RFM and tiers of a million buyers: the question beside hand-written SQL (``tests/oracles/rfm.sql``) and pandas over the same files.

    python -m tests.benchmarks.rfm [--members 1000000] [--rounds 3]

SQL and pandas class everybody on one day by fixed limits, and count. The question does so on two days, with the moves between them, figures
of each class and tier and the spread, first by the same fixed limits, whose counts have to be equal, then by limits that it finds in the
data. Every round asks about another day, so nothing is in a cache. Rounds take turns; the best counts, of wall and of processor seconds each
for itself.
"""

import argparse
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from core.app import House
from core.periods import Period
from core.scope import Filters
from core.settings import PROJECT, Settings
from core.work.home import Home
from core.work.questions import rfm
from core.work.questions.reading import reading
from core.work.questions.rfm import Asked, Rfm

SQL = PROJECT / "tests" / "oracles" / "rfm.sql"
MEMBERS = 1_000_000
NEWEST = date(2026, 10, 31)
DAYS = 720
SEED = 11


def home(members: int = MEMBERS) -> Home:
    """A world whose members order 3 times on average, most of them once, and return some; made once and kept below ``.make/``."""
    world = House(Settings(home=PROJECT / ".make" / f"rfm-{members}")).live
    if world.lake.manifests.latest().tables:
        return world
    dice = np.random.default_rng(SEED)
    each = np.minimum(dice.geometric(0.33, members), 60)
    who = np.repeat(np.arange(1, members + 1), each)
    order = np.arange(who.size)
    is_returned = dice.random(who.size) < 0.05
    amount = (dice.lognormal(5.3, 1.0, who.size) * 100).astype(np.int64) + 1
    back = np.minimum(dice.integers(0, DAYS, who.size), dice.integers(0, DAYS, who.size))
    row = np.concatenate([order, order[is_returned]])
    is_refund = np.arange(row.size) >= order.size
    newest = np.datetime64(NEWEST) + np.timedelta64(4, "h")
    ago = np.where(is_refund, np.maximum(back[row] - 10, 0), back[row])
    lines = pa.table(
        {
            "identity_key": who[row],
            "order_no": pa.array(np.char.add(np.where(is_refund, "C", "O"), row.astype(str))),
            "occurred_at": pa.array((newest - ago.astype("timedelta64[D]")).astype("datetime64[us]")),
            "amount_minor": np.where(is_refund, -amount[row] // 2, amount[row]),
            "line_kind": pa.array(np.where(is_refund, "refund", "sale")),
            "quantity": np.where(is_refund, -1, 1),
            "unit_price": np.abs(amount[row]) / 100,
            "channel": pa.array(np.where(row % 3 == 0, "store", "mini_program")),
            "source": pa.array(np.full(row.size, "shop")),
            "row_number": np.arange(1, row.size + 1),
        }
    )
    known = np.arange(1, members + 1)
    with world.writer.change("import", 1) as change:
        change.merge("order_lines", ibis.memtable(lines))
        change.replace(
            "identity_map", pa.table({"identity_key": known, "member_id": known, "is_known": np.full(members, True)})
        )
    return world


def bench(members: int = MEMBERS, rounds: int = 3) -> list[dict[str, Any]]:
    """One row per way, with its ratio to the hand-written SQL."""
    world = home(members)
    with world.lake.open() as snapshot:
        files = {"lines": snapshot.files("order_lines"), "map": snapshot.files("identity_map")}
    bare = duckdb.connect()
    bare.execute("SET threads = 2")
    sql = SQL.read_text(encoding="utf-8")
    base = "hand-written SQL: counts of one day, fixed limits"
    ways: dict[str, Callable[[date], Any]] = {
        base: lambda day: bare.execute(sql, files | {"day": day}).df(),
        "pandas: the same": lambda day: _pandas(files, day),
        "the question: two days, moves, figures and spread, fixed limits": lambda day: _ask(world, day, "fixed"),
        "the question, even halves": lambda day: _ask(world, day, "quantile"),
        "the question, natural breaks": lambda day: _ask(world, day, "breaks"),
    }
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for back in range(rounds):
        day, found = NEWEST - timedelta(days=back), {}
        for way, run in ways.items():
            if way.startswith("the question"):
                day -= timedelta(days=rounds)
            began, began_cpu = time.perf_counter(), time.process_time()
            found[way] = run(day)
            taken[way].append((time.perf_counter() - began, time.process_time() - began_cpu))
        _same(found["pandas: the same"], found[base])
        answer = found["the question: two days, moves, figures and spread, fixed limits"]
        _agrees(answer, bare.execute(sql, files | {"day": answer.on}).df())
    best = {way: [min(column) for column in zip(*took, strict=True)] for way, took in taken.items()}
    world.store.close()
    return [
        {"way": way, "seconds": wall, "cpu": cpu, "ratio": wall / best[base][0], "cpu_ratio": cpu / best[base][1]}
        for way, (wall, cpu) in best.items()
    ]


def _ask(world: Home, day: date, method: rfm.Method) -> Rfm:
    period = Period(day - timedelta(days=27), day + timedelta(days=1))
    with reading(world, Filters(period)) as lake:
        found = rfm.worth(lake, Asked(method=method))
    assert found is not None
    return found


def _pandas(files: dict[str, list[str]], day: date) -> pd.DataFrame:
    columns = ["identity_key", "source", "order_no", "line_kind", "amount_minor", "local_date"]
    lines = pd.concat([pd.read_parquet(file, columns=columns) for file in files["lines"]])
    people = pd.concat([pd.read_parquet(file) for file in files["map"]])
    lines = lines.merge(people[people["is_known"]], on="identity_key", how="left")
    lines["local_date"] = pd.to_datetime(lines["local_date"])
    sales = lines[lines["line_kind"] == "sale"]
    orders = sales.groupby(["source", "order_no"], sort=False).agg(
        member_id=("member_id", "max"), day=("local_date", "min"), gross=("amount_minor", "sum")
    )
    orders = orders[(orders["gross"] > 0) & (orders["day"] <= pd.Timestamp(day)) & orders["member_id"].notna()]
    stood = orders.groupby("member_id").agg(last=("day", "max"), orders=("gross", "size"), gross=("gross", "sum"))
    back = (
        lines[(lines["line_kind"] == "refund") & (lines["local_date"] <= pd.Timestamp(day))]
        .groupby("member_id")["amount_minor"]
        .sum()
    )
    net = stood["gross"] + back.reindex(stood.index).fillna(0).astype("int64")
    days, often = (pd.Timestamp(day) - stood["last"]).dt.days, stood["orders"] >= 2
    what = np.select([(days <= 30) & often, days <= 30, often], ["_value", "_develop", "_keep"], "_retain")
    tier = np.select(
        [days > 90, (days <= 7) & (stood["orders"] >= 5) & (net >= 500_000), (days <= 30) & often & (net >= 100_000)],
        ["lost", "high_value", "potential"],
        "active",
    )
    placed = pd.DataFrame(
        {
            "class": np.where(net >= 100_000, "high", "low").astype(object) + what.astype(object),
            "tier": tier,
            "net": net,
        }
    )
    return placed.groupby(["class", "tier"], as_index=False).agg(members=("net", "size"), net_minor=("net", "sum"))


def _same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def _agrees(answer: Rfm, expected: pd.DataFrame) -> None:
    for rows, column in ((answer.rows, "class"), (answer.tiers, "tier")):
        counted = expected.groupby(column)[["members", "net_minor"]].sum()
        mine = rows.set_index("key")[["members", "net_minor"]].drop(index="all")
        pd.testing.assert_frame_equal(mine.loc[counted.index], counted, check_dtype=False, check_names=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    for one in bench(given.members, given.rounds):
        print(
            f"{one['way']:<66} {one['seconds']:7.3f} s {one['cpu']:7.3f} cpu s {one['ratio']:6.2f} {one['cpu_ratio']:6.2f}"
        )
