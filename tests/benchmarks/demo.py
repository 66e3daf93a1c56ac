"""How long the demo brand takes, and how much memory: ``python -m tests.benchmarks.demo [EVENTS]`` prints one JSON object.

Target: 10 million events in under 90 seconds and under 4 GB on two cores that nothing else uses. The figures are of a process that
does nothing but fill, interpreter and imports included.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

DEFAULT_EVENTS = 10_000_000
SECONDS, MEGABYTES = 90, 4096


def measure(events: int) -> dict[str, object]:
    """Fill a fresh home in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        command = [sys.executable, "-m", "tests.benchmarks.demo", "--fill", str(events), folder]
        rows = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        seconds = time.perf_counter() - started
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "events": events,
        "rows": sum(rows.values()),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "max_rss_mb": round(used.ru_maxrss / 1024),
        "disk_mb": round(size / 1e6),
        "target": {"seconds": SECONDS, "max_rss_mb": MEGABYTES},
        "is_met": seconds < SECONDS and used.ru_maxrss / 1024 < MEGABYTES,
    }


def fill(events: int, folder: Path) -> dict[str, int]:
    from core.app import House
    from core.settings import Settings
    from core.work.demo import filling

    settings = Settings(folder)
    filling.plant_key(settings, 1)
    home = House(settings).demo
    now = datetime(2026, 11, 21, 1, tzinfo=UTC)
    return filling.fill(home, events=events, seed=1, end_on=date(2026, 11, 20), now=now).counts


if __name__ == "__main__":
    if sys.argv[1:2] == ["--fill"]:
        print(json.dumps(fill(int(sys.argv[2]), Path(sys.argv[3]))))
    else:
        print(json.dumps(measure(int(sys.argv[1]) if sys.argv[1:] else DEFAULT_EVENTS), indent=1))
