"""A process that is killed while it opens an incident, or while it tells that one is late, leaves nothing half: whoever does it next does it once."""

import signal
import subprocess
import sys

import pytest

from core.settings import PROJECT
from core.store import incidents as rows
from core.work import escalating, incidents
from tests import lakes
from tests.core.work.cases import DAY, LIN, NOW, Case, people, warning

pytestmark = pytest.mark.fault
PROGRAM = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from sqlalchemy import event
from core.work import escalating, incidents
from tests import lakes
from tests.core.work.cases import LIN
what, folder, number, now = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), datetime.fromisoformat(sys.argv[4])
home = lakes.home(folder)
die = lambda connection: connection.get_execution_options().get("is_write") and os.kill(os.getpid(), signal.SIGKILL)
event.listen(home.store.engine, "commit", die)
if what == "open":
    incidents.open_from(home, home.store, LIN, [number], "Members leave", now=now)
else:
    escalating.escalate(home, home.store, now)
"""
"""Dies at the moment of its first commit, everything being written."""


def die(what, folder, number, now):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, what, str(folder), str(number), now.isoformat()], cwd=PROJECT, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture
def home(tmp_path):
    made = lakes.home(tmp_path)
    people(made.store)
    yield made
    made.store.close()


def test_an_incident_whose_opener_was_killed_is_not_there_and_is_opened_by_the_next(home, tmp_path):
    seen = warning(home)
    die("open", tmp_path, seen, NOW)
    with home.store.reading() as session:
        assert (rows.listed(session), rows.of_warnings(session, [seen])) == ([], {})
    assert incidents.open_from(home, home.store, LIN, [seen], "Members leave", now=NOW).is_new


def test_an_escalation_whose_worker_was_killed_is_told_by_the_next_and_once(home, tmp_path):
    case = Case(home, home.store, incidents.open_from(home, home.store, LIN, [warning(home)], "x", now=NOW).incident_id)
    late = NOW + 3 * DAY
    die("escalate", tmp_path, case.id, late)
    assert (case.said("escalated"), case.row.level) == ([], 0)
    assert [escalating.escalate(home, home.store, late) for _ in range(2)] == [1, 0]
    assert [details["level"] for _, details in case.said("escalated")] == [1]
