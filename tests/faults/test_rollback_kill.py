"""kill -9 of a rollback, before the lake gives the batch up, and between the three places that know of it: lake, values, batches."""

import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from core.settings import PROJECT
from core.store.tables import Batch, IdentityValue
from core.work import checking
from core.work.home import Home
from core.work.ingest import batches
from tests.bringing import bring, facts, mapping

BY = mapping(identities={"user_id": "who", "phone": "tel"})
TEXT = "time,what,who,tel\n2026-01-0{0},a,u{0},1380013800{0}\n2026-01-0{0},a,u9,13800138009\n"
CHILD = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from core.app import House
from core.scope import SYSTEM
from core.settings import Settings
from core.work.ingest import importing
from tests.bringing import NOW

home, point = House(Settings(home=Path(sys.argv[1]))).live, sys.argv[2]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def statement(_connection, _cursor, text, *_):
    if text.startswith(point):
        die()

if point == "link":
    os.link = die
event.listen(home.store.engine, "before_cursor_execute", statement)
importing.rollback(home, int(sys.argv[3]), SYSTEM, now=NOW)
print("done")
"""

pytestmark = pytest.mark.fault


def values(home: Home) -> set[int]:
    with home.store.reading() as session:
        return set(session.scalars(select(IdentityValue.identity_key)))


def state(home: Home, batch_id: int) -> str:
    with home.store.reading() as session:
        return session.get_one(Batch, batch_id).state


@pytest.mark.parametrize(
    ("point", "is_gone", "left"),
    [("link", False, 6), ("DELETE FROM identity_values", True, 6), ("UPDATE batches", True, 4)],
)
@pytest.mark.some(2)
def test_a_rollback_that_is_killed_is_ended_whole_or_never_happened(
    home: Home, point: str, is_gone: bool, left: int
) -> None:
    first, second = bring(home, TEXT.format(1), BY).batch, bring(home, TEXT.format(2), BY).batch
    ran = subprocess.run(
        [sys.executable, "-c", CHILD, str(home.settings.home), point, str(first)], cwd=PROJECT, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    assert (len(values(home)), state(home, first)) == (left, "committed")
    assert batches.reconcile(home, now=datetime.now(UTC)) == [first] * is_gone
    assert state(home, first) == ("rolled_back" if is_gone else "committed")
    assert state(home, second) == "committed"
    assert values(home) == {key for (key,) in facts(home, "identities", "identity_key")}
    assert len(values(home)) == (4 if is_gone else 6)
    assert checking.faults(home) == [] and checking.audit_faults(home) == []
