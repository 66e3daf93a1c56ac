"""kill -9 of an import at any point loses nothing, doubles nothing, and every batch is settled.

Three deaths in `make test`; SIYU_KILLS=50 under `make verify`.
"""

import os
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from core.settings import PROJECT
from core.store.tables import Batch
from core.work import checking
from core.work.home import Home
from core.work.ingest import batches
from tests.bringing import bring, facts, order_lines

KILLS = int(os.environ.get("SIYU_KILLS", "3"))
ROWS = 30_000
STAGES = ("reading", "staged", "checked", "merged", "identified", "committing", "committed")
CHILD = """
import os, signal, sys, threading
from pathlib import Path
from core.app import House
from core.settings import Settings
from tests.bringing import bring, order_lines

home, file, stage, delay = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], float(sys.argv[4])

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def progress(said, **counts):
    if said == stage:  # at the stage, or a little after it, in the middle of what follows
        threading.Timer(delay, die).start() if delay else die()

bring(House(Settings(home=home)).live, file, order_lines(refund={"is_negative": True}), progress=progress)
print("done")
"""

pytestmark = pytest.mark.fault


def written(folder: Path, part: int) -> Path:
    """Lines of one file; some cannot be taken, some equal each other."""
    file = folder / f"lines-{part}.csv"
    rows = [
        f"O{part}-{n // 3},2026-0{1 + n % 9}-01 10:00:00,s{n % 50},{1 + n % 4},9.99,c{n % 700}" for n in range(ROWS)
    ]
    rows[7::1000] = [f"O{part},soon,s,1,1,c"] * len(rows[7::1000])
    file.write_text("no,time,sku,qty,price,who\n" + "\n".join(rows) + "\n")
    return file


def killed(home: Home, file: Path, stage: str, delay: float) -> bool:
    """Import in a process of its own that dies; False when it was done before it could."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(home.settings.home), str(file), stage, str(delay)],
        cwd=PROJECT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def test_an_import_that_is_killed_anywhere_is_whole_or_absent_and_can_be_repeated(home: Home, tmp_path: Path) -> None:
    seed = int(os.environ.get("SIYU_SEED", "0")) or random.SystemRandom().randrange(10**6)
    print("SIYU_SEED", seed)
    chance = random.Random(seed)
    deaths, part, expected = 0, 0, 0
    while deaths < KILLS:
        file = written(tmp_path, part)
        if killed(home, file, chance.choice(STAGES), chance.choice([0.0, chance.random() * 0.4])):
            deaths += 1
        batches.reconcile(home, now=datetime.now(UTC))
        before = len(facts(home, "order_lines", "row_number"))
        good = ROWS - len(range(7, ROWS, 1000))
        assert before in (expected, expected + good)
        again = bring(home, file, order_lines(refund={"is_negative": True}))
        assert (again.accepted, again.duplicate) == ((good, 0) if before == expected else (0, good))
        expected += good
        part += 1
        _is_settled(home, expected)


def _is_settled(home: Home, expected: int) -> None:
    rows = facts(home, "order_lines", "order_no", "row_number", "batch_id", "source")
    assert len(rows) == expected == len(set(rows))
    assert checking.faults(home) == []
    with home.store.reading() as session:
        settled = list(session.scalars(select(Batch)))
    assert {b.state for b in settled} <= {"committed", "failed"}
    assert sum(b.accepted_count for b in settled if b.state == "committed") == expected
    assert list((home.settings.home / "run" / "imports").glob("*/*")) == []
