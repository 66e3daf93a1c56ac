"""CSV import of events against the engine's own copy of the same file to Parquet, in one run.

    python -m tests.benchmarks.imports [--events 10000000]

The import does what every import does: checks each row, makes pseudonyms, records and resolves identities, merges, commits, judges
the quality. Goal: at most four times the wall time of the bare copy.
"""

import argparse
import json
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from core.app import House
from core.privacy import one_id
from core.scope import SYSTEM
from core.settings import Settings
from core.work.ingest import importing
from core.work.ingest.mapping import from_json

GOAL = 4.0
MAPPING = {
    "table": "events",
    "source": "bench",
    "columns": {
        "occurred_at": "ts",
        "name": "event",
        "channel": "channel",
        "product_id": "product",
        "session_id": "session",
    },
    "identities": {"user_id": "user_id"},
}
EVENTS = """
COPY (
    SELECT 'u' || (hash(i) % 300000) AS user_id,
           (TIMESTAMP '2025-01-01' + INTERVAL 1 SECOND * (hash(i + 7) % 31536000)::INT)::VARCHAR AS ts,
           ['view', 'click', 'cart', 'order', 'pay', 'share', 'like', 'open'][(hash(i + 3) % 8)::INT + 1] AS event,
           ['wecom', 'mini_program', 'sms', 'store'][(hash(i + 5) % 4)::INT + 1] AS channel,
           'p' || (hash(i + 11) % 500) AS product,
           's' || (hash(i + 13) % 2000000) AS session
    FROM range($events) t(i)
) TO '{file}' (HEADER)
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--events", type=int, default=10_000_000)
    count = arguments.parse_args().events
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measured(Path(folder), count), indent=2))


def measured(folder: Path, count: int) -> dict[str, object]:
    file = folder / "events.csv"
    duckdb.execute(EVENTS.format(file=file), {"events": count})
    one_id.warm()  # as the worker does when it starts
    copy, copy_cpu = min(_copy(folder, file) for _ in range(2))
    load = os.getloadavg()[0]
    stages = _import(folder, file)
    seconds, cpu = stages["done"]
    return {
        "events": count,
        "file_mb": round(file.stat().st_size / 1e6),
        "copy_s": round(copy, 2),
        "import_s": round(seconds, 2),
        "ratio": round(seconds / copy, 2),
        "goal": GOAL,
        "copy_cpu_s": round(copy_cpu, 2),
        "import_cpu_s": round(cpu, 2),
        "cpu_ratio": round(cpu / copy_cpu, 2),
        "stages_wall_and_cpu_s": {name: [round(at, 2) for at in times] for name, times in stages.items()},
        "load_before": round(load, 1),
    }


def _copy(folder: Path, file: Path) -> tuple[float, float]:
    started, cpu = time.perf_counter(), time.process_time()
    duckdb.execute(f"COPY (FROM read_csv('{file}')) TO '{folder / 'copy.parquet'}' (FORMAT parquet)")
    return time.perf_counter() - started, time.process_time() - cpu


def _import(folder: Path, file: Path) -> dict[str, tuple[float, float]]:
    """Wall and CPU seconds at the end of each stage."""
    home = House(Settings(home=folder / "home")).live
    stages: dict[str, tuple[float, float]] = {}
    started, cpu = time.perf_counter(), time.process_time()

    def progress(stage: str, **counts: int) -> None:
        stages[stage] = (time.perf_counter() - started, time.process_time() - cpu)

    mapping = from_json(MAPPING)
    importing.import_file(
        home, file, "events", mapping, operator=SYSTEM, now=datetime.now(UTC), is_named=True, progress=progress
    )
    return stages


if __name__ == "__main__":
    main()
