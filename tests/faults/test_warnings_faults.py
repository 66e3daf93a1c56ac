"""Looks at rules by several processes at once raise and tell once; kill -9 in one leaves nothing half."""

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.scope import SYSTEM
from core.settings import PROJECT
from core.store.notice_tables import SaidNotice
from core.store.risk_tables import RiskEvaluation, RiskWarning
from core.work import risk_rules, watching
from tests import lakes
from tests.core.work.test_watching import FALL, bring, noon

CHILD = """
import os, signal, sys, time
from pathlib import Path
from sqlalchemy import event
from core.work import watching
from tests import lakes
from tests.core.work.test_watching import noon

home, point, begin = lakes.home(Path(sys.argv[1])), sys.argv[2], float(sys.argv[3])

def statement(_connection, _cursor, text, *_):
    if point and text.startswith(point):
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(home.store.engine, "before_cursor_execute", statement)
time.sleep(max(0.0, begin - time.time()))
print(watching.evaluate(home, noon(11)).raised)
"""

pytestmark = pytest.mark.fault


@pytest.fixture
def home(tmp_path: Path):
    made = lakes.home(tmp_path)
    for low in (0.2, 0.5):
        risk_rules.add(made, made.store, SYSTEM, replace(FALL, limit=low), noon(0))
    bring(made, [4] * 10 + [1])
    yield made
    made.store.close()


def begin(folder: Path, point: str = "", at: float = 0.0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), point, str(at)], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def counts(home) -> tuple[int, ...]:
    with home.store.reading() as session:
        mine = (
            select(func.count())
            .select_from(RiskWarning)
            .where(RiskWarning.indicator == "orders", RiskWarning.state == "open")
        )
        told = select(func.count()).select_from(SaidNotice).where(SaidNotice.kind == "warning.raised")
        return (
            session.scalar(mine),
            session.scalar(told),
            session.scalar(select(func.count()).select_from(RiskEvaluation)),
        )


def test_processes_that_look_at_once_raise_and_tell_once(home, tmp_path: Path) -> None:
    at = time.time() + 4
    running = [begin(tmp_path, at=at) for _ in range(3)]
    said = [one.communicate(timeout=120) for one in running]
    assert [one.returncode for one in running] == [0, 0, 0], said
    assert sum(int(out.split()[-1]) > 0 for out, _ in said) == 1
    warnings, told, looks = counts(home)
    assert (warnings, looks) == (told, 3)


@pytest.mark.parametrize(
    "point", [pytest.param("INSERT INTO risk_warnings", marks=pytest.mark.long), "INSERT INTO risk_evaluations"]
)
def test_a_look_that_is_killed_leaves_nothing_and_the_next_one_finds_all(home, tmp_path: Path, point: str) -> None:
    killed = begin(tmp_path, point)
    _, said = killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL, said
    assert counts(home) == (0, 0, 0)
    done = watching.evaluate(home, noon(11))
    assert counts(home) == (done.told, done.told, 1)
    assert done.told >= 2
