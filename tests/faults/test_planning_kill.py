"""A worker that is killed again and again while it plans a campaign leaves no row half: the next ones go on, and everybody has the rows that they would have had."""

import random
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from core.campaigns.body import Schedule
from core.settings import PROJECT
from core.store import campaigns
from core.work.campaigns.recipients import planning
from tests.core.work.campaigns import worlds
from tests.core.work.campaigns.worlds import NOW

pytestmark = pytest.mark.fault
PROGRAM = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from sqlalchemy import event
from core.work.campaigns.recipients import planning
from tests import lakes
folder, left, now = Path(sys.argv[1]), int(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
home = lakes.home(folder)
planning.CHUNK = 3
seen = 0
def die(connection):
    global seen
    seen += connection.get_execution_options().get("is_write", False)
    if seen > left:
        os.kill(os.getpid(), signal.SIGKILL)
event.listen(home.store.engine, "commit", die)
planning.launch_due(home, now)
"""
"""Dies at a commit, everything being written, after so many that went well."""


def die(folder, left, now):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), str(left), now.isoformat()], cwd=PROJECT, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.long
def test_a_campaign_whose_planners_were_killed_has_every_row_once(tmp_path):
    known = worlds.world(random.Random(5))
    made = worlds.lake(tmp_path, known)
    home = worlds.filled(made, made.store, known)
    rng = random.Random(3)
    body = replace(
        worlds.body(rng),
        segments=(1, 2),
        without=(),
        channels=("sms", "webhook"),
        mode="each",
        holdout=0.3,
        schedule=Schedule("best_hour"),
    )
    here = worlds.campaign(home.store, body)
    sizes = []
    for left in (0, 1, 2, 1):
        die(tmp_path, left, worlds.later(minutes=left))
        sizes.append(len(worlds.outbox(home.store, here)))
    assert planning.launch_due(home, worlds.later(minutes=9)) == 1
    whole = worlds.campaign(home.store, body, "c2")
    planning.materialise(home, whole, NOW)
    rows, expected = worlds.outbox(home.store, here), worlds.outbox(home.store, whole)
    assert sizes[:2] == [0, 0] and sizes == sorted(sizes) and 0 < sizes[-1] < len(rows)

    def told(found):
        return {at: (row.state, row.reason, row.variant, row.identity_key, row.address_mac, row.due_at) for at, row in found.items()}  # fmt: skip

    assert told(rows) == told(expected)
    with home.store.reading() as session:
        row = campaigns.one(session, here)
    assert (row.state, row.launched["audience"]) == ("sending", len({member for member, _ in rows}))
