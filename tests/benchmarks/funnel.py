"""How long a sequential 5-step, 7-day funnel takes over a lake of Parquet files, beside ClickHouse's ``windowFunnel``.

    python -m tests.benchmarks.funnel [--events 10000000] [--members 300000] [--rounds 3]

Every way answers the same question over the same files, and the answers must be equal. Ways take turns in each round;
the best round counts. ``ratio`` is of the rival's wall time; on a machine that others use too, ``cpu`` seconds (of all
threads) compare better.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import chdb
import duckdb
import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from core import sequences
from core.sequences.arrays import Array
from core.sequences.funnel import Funnel, by_step, conversion_by, reach, time_to_convert
from core.sequences.stream import Batch, Stream, ordered
from core.sequences.subjects import Subjects

ORACLES = Path(__file__).parents[1] / "oracles"
QUESTION = Funnel.of("product_view", "add_to_cart", "checkout", "payment", "purchase", within=timedelta(days=7))
CHANNELS = [f"channel_{number}" for number in range(10)]
ROW_GROUP = 131_072

Way = Callable[[], tuple[list[int], dict[str, float]]]
"""Answers with members by step and how long each part took."""


def bench(events: int = 10_000_000, members: int = 300_000, rounds: int = 3) -> list[dict[str, Any]]:
    """One row per way: its name, wall seconds, the ratio to the rival, CPU seconds, and wall seconds of its parts."""
    sequences.warm()
    with tempfile.TemporaryDirectory() as folder:
        _make(folder, events, members)
        ways = _ways(folder)
        best: dict[str, tuple[float, dict[str, float]]] = {}
        answers = {}
        for _ in range(rounds):
            for name, way in ways.items():
                start, worked = time.perf_counter(), time.process_time()
                answers[name], parts = way()
                took, parts["cpu"] = time.perf_counter() - start, time.process_time() - worked
                best[name] = min(best.get(name, (np.inf, {})), (took, parts), key=lambda timed: timed[0])
    rival = next(iter(ways))
    if wrong := [name for name, answer in answers.items() if answer != answers[rival]]:
        raise AssertionError(f"{wrong} differ from {rival}: {answers}")
    return [
        {"way": name, "seconds": took, "ratio": took / best[rival][0], **parts} for name, (took, parts) in best.items()
    ]


def _make(folder: str, events: int, members: int) -> None:
    sql = (ORACLES / "funnel_events.sql").read_text()
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(sql.format(folder=folder, events=events, members=members))


def _ways(folder: str) -> dict[str, Way]:
    connection = ibis.duckdb.connect()
    table = connection.read_parquet(f"{folder}/events/*/*.parquet", hive_partitioning=False)
    keys = table.select("identity_key").distinct().order_by("identity_key").to_pyarrow()["identity_key"].to_numpy()
    subjects = Subjects.of(keys, np.arange(keys.size))
    identity = pa.table({"identity_key": keys, "subject": np.arange(keys.size, dtype=np.int32)})
    mapped = connection.create_table("identity_map", identity, temp=True)
    scan = _scan(table)
    joined = scan.join(mapped, "identity_key").select("subject", "at", "steps")
    return {
        "chDB windowFunnel": lambda: _rival(folder),
        "scan, codes, order, walk": lambda: _ours(scan, subjects),
        "the same with row order": lambda: _ours(_scan(table, row=table.row_number), subjects),
        "the same with row order, breakdown, durations": lambda: _ours(
            _scan(table, row=table.row_number, entry_code=_channel_code(table)), subjects, is_full=True
        ),
        "scan, join in the engine, order, walk": lambda: _ours(joined, None),
        "scan, join and ORDER BY in the engine, walk": lambda: _sorted_by_engine(joined),
        "scan, codes, np.lexsort, walk": lambda: _sorted_by_numpy(scan, subjects),
    }


def _scan(table: ir.Table, **more: ir.Value) -> ir.Table:
    """Rows that fit a step. The filter is on the step bits and not on the name: the engine then works them out once per
    dictionary entry of the file, and not once per row."""
    bits = ibis.cases(*[(table.name == event, mask) for event, mask in QUESTION.masks.items()], else_=0)
    steps = bits.cast("uint16")
    return table.select(identity_key=table.identity_key, at=table.occurred_at, steps=steps, **more).filter(
        lambda rows: rows.steps > 0
    )


def _channel_code(table: ir.Table) -> ir.Value:
    return ibis.cases(*[(table.channel == name, code) for code, name in enumerate(CHANNELS)], else_=-1).cast("int32")


def _fetch(scan: ir.Table) -> list[pa.RecordBatch]:
    return list(scan.get_backend().to_pyarrow_batches(scan, chunk_size=ROW_GROUP))


def _rival(folder: str) -> tuple[list[int], dict[str, float]]:
    sql = (ORACLES / "funnel.sql").read_text()
    steps = [step.name for step in QUESTION.steps]
    within = QUESTION.within or timedelta()
    query = sql.format(files=f"{folder}/events/*/*.parquet", window_seconds=int(within.total_seconds()), steps=steps)
    table = chdb.query(query, "ArrowTable")
    exactly = dict(zip(table["level"].to_pylist(), table["members"].to_pylist(), strict=True))
    return [
        sum(exactly.get(level, 0) for level in range(step, len(steps) + 1)) for step in range(1, len(steps) + 1)
    ], {}


def _ours(scan: ir.Table, subjects: Subjects | None, *, is_full: bool = False) -> tuple[list[int], dict[str, float]]:
    clock = _Clock()
    records = _fetch(scan)
    clock.lap("scan")
    batches = [Batch.of_arrow(record, subjects) for record in records]
    clock.lap("codes")
    stream = ordered(batches)
    clock.lap("order")
    got = reach(stream, QUESTION)
    answer = by_step(got).tolist()
    clock.lap("walk")
    if is_full:
        assert [sum(rows[i].members for rows in conversion_by(got).values()) for i in range(5)] == answer
        assert time_to_convert(got, 1, 2).members == answer[1]
        clock.lap("answer")
    return answer, clock.parts


def _sorted_by_engine(scan: ir.Table) -> tuple[list[int], dict[str, float]]:
    clock = _Clock()
    table = pa.Table.from_batches(_fetch(scan.order_by("subject", "at", "steps")))
    clock.lap("scan")
    columns = [table[name].to_numpy() for name in ("subject", "at", "steps")]
    return _walk(columns[0], columns[1].view(np.int64), columns[2], clock)


def _sorted_by_numpy(scan: ir.Table, subjects: Subjects) -> tuple[list[int], dict[str, float]]:
    clock = _Clock()
    batches = [Batch.of_arrow(record, subjects) for record in _fetch(scan)]
    clock.lap("scan")
    columns = [np.concatenate([getattr(batch, name) for batch in batches]) for name in ("subject", "at", "steps")]
    order = np.lexsort(columns[::-1])
    clock.lap("order")
    subject, at, steps = (column[order] for column in columns)
    return _walk(subject, at, steps, clock)


def _walk(subject: Array, at: Array, steps: Array, clock: "_Clock") -> tuple[list[int], dict[str, float]]:
    starts = np.flatnonzero(np.diff(subject, prepend=-1))
    stream = Stream(subject[starts], np.append(starts, subject.size), at, steps, np.empty(0, np.int32))
    answer = by_step(reach(stream, QUESTION)).tolist()
    clock.lap("walk")
    return answer, clock.parts


class _Clock:
    def __init__(self) -> None:
        self.parts: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.parts[name] = now - self._last
        self._last = now


def table_of(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    parts = ["cpu", "scan", "codes", "order", "walk", "answer"]
    lines = [f"| way | seconds | ratio | {' | '.join(parts)} |", "|" + "---|" * (3 + len(parts))]
    for row in rows:
        cells = [f"{row[part]:.3f}" if part in row else "" for part in parts]
        lines.append(f"| {row['way']} | {row['seconds']:.3f} | {row['ratio']:.2f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--members", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    print(table_of(bench(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
