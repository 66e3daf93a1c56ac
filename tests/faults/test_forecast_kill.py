"""kill -9 of a worker in the middle of a fit: its process ends with it, and the next worker fits what was left, once."""

import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.models.forecast.spec import Spec
from core.settings import PROJECT
from core.store import forecasts as rows
from core.work import fitting, forecasts
from core.work.fitting import Fitter
from core.work.forecasts import KIND
from core.work.worker import Worker
from tests import lakes
from tests.core.work.test_forecasts import LIN, SMALL, alive, asked
from tests.lakes import NOW

CHILD = """
import os, signal, sys
from pathlib import Path
from core.work import forecasts
from core.work.fitting import Fitter
from core.work.worker import Worker
from tests import lakes
from tests.lakes import NOW

home, folder = lakes.home(Path(sys.argv[1])), Path(sys.argv[2])
fitter = Fitter(folder, "tests.core.work.small_fit:fit")

def run(work):
    told = work.progress
    def progress(stage, **counts):
        told(stage, **counts)
        print(fitter.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    work.progress = progress
    forecasts.run(home, fitter, work)

Worker(home.store, {"forecast": run}, [], lambda: NOW, print).step()
"""

pytestmark = pytest.mark.fault


def test_a_killed_worker_leaves_no_process_and_its_fit_to_the_next(tmp_path: Path) -> None:
    home, folder = lakes.home(tmp_path / "home"), tmp_path / "fits"
    fit = forecasts.ask(home, home.store, LIN, asked(spec=Spec(regressors=("endless",))), NOW)
    killed = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path / "home"), str(folder)], cwd=PROJECT, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    pid, deadline = int(killed.stdout), time.monotonic() + 20
    while alive(pid) and not _is_dead(pid):
        assert time.monotonic() < deadline, "the process that fits outlived its worker"
        os.sched_yield()
    assert [one.name.partition("-")[0].isdecimal() for one in folder.iterdir()] == [True]
    assert fitting.sweep(folder) == 1
    with home.store.transaction() as session:  # this time it comes to an end
        row = rows.fit(session, fit.key)
        assert row is not None and row.outcome is None
        row.told = row.told | {"spec": Spec().to_json()}
    fitter = Fitter(folder, SMALL)
    now: list[datetime] = [NOW]
    following = Worker(
        home.store, {KIND: lambda work: forecasts.run(home, fitter, work)}, [], lambda: now[0], lambda _: None
    )
    assert not following.step()
    now[0] = NOW + timedelta(minutes=5)
    assert following.step()
    assert not following.step()
    fitter.close()
    found = forecasts.standing(home, home.store, LIN, fit.key)
    assert found is not None and found.state == "done"
    home.store.close()


def _is_dead(pid: int) -> bool:
    """Killed, and only waited for by nobody."""
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" in status.read_text(encoding="utf-8")
