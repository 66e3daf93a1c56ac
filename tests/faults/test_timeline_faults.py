"""The timeline when processes die, race, or lag: questions are answered alike, whatever runs exist."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.lake.timeline import Timeline
from core.sequences import funnel as kernel
from core.work import timeline
from core.work.home import Home
from core.work.questions import funnels, moments
from core.work.questions.reading import reading
from tests import lakes

BUILD = """
import sys
from pathlib import Path
from tests import lakes
from core.work import timeline
timeline.PORTION = timeline.STRETCH = 100  # a run of each file, then all of them joined a little at a time
timeline.refresh(lakes.home(Path(sys.argv[1])))
"""
STEPS = funnels.Asked((("view",), ("cart",), ("pay",)))
ROUNDS = max(3, int(os.environ.get("SIYU_KILLS", "6")) // 2)


def filled(folder: Path, batches: int = 3) -> Home:
    rng = random.Random(7)
    home = lakes.home(folder)
    for batch in range(1, batches + 1):
        events = [
            lakes.event(rng.randrange(1, 40), f"2025-0{rng.randrange(1, 7)}-{rng.randrange(1, 29):02} 10:00", name)
            for name in rng.choices(("view", "cart", "pay"), k=400)
        ]
        lakes.add(home, batch, events=events)
    return home


def counted(home: Home) -> list[int]:
    with reading(home) as lake:
        return [step.members for step in funnels.conversion(lake, STEPS).steps]


def builder(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", BUILD, str(folder)])


def test_a_builder_killed_at_any_moment_leaves_nothing_that_is_read(tmp_path: Path):
    home = filled(tmp_path)
    truth = counted(home)
    rng = random.Random(1)
    folder = Timeline(home.lake.root).folder
    for _ in range(ROUNDS):
        process = builder(tmp_path)
        deadline = time.monotonic() + 60
        while not folder.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert counted(home) == truth
    assert timeline.refresh(home) >= 0
    with home.lake.open() as snapshot:
        assert not Timeline(snapshot.root).cover("events", snapshot.files("events"))[1]
    assert counted(home) == truth


def test_builders_at_the_same_time_make_the_same_runs_once(tmp_path: Path):
    home = filled(tmp_path)
    truth = counted(home)
    both = [builder(tmp_path) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    with home.lake.open() as snapshot:
        runs, lacking = Timeline(snapshot.root).cover("events", snapshot.files("events"))
    assert not lacking and len(runs) == len(Timeline(home.lake.root).runs())
    assert counted(home) == truth


def test_a_reader_keeps_its_runs_while_they_are_swept_beneath_it(tmp_path: Path):
    home = filled(tmp_path)
    timeline.refresh(home)
    truth = counted(home)
    with reading(home) as lake:
        version = lake.snapshot.version
        ready = moments.prepared(lake, funnels.wanted_of(lake, STEPS, STEPS.funnel))
        Timeline(home.lake.root).sweep([], set(), grace_s=-1)
        reach = kernel.joined(ready.walk(lambda s, _, n: kernel.reach(s, STEPS.funnel, threads=n)))
    assert [count.members for count in kernel.conversion(reach)] == truth
    assert counted(home) == truth
    assert home.lake.manifests.latest().version == version


@pytest.mark.parametrize("batch", [1, 2])
def test_a_batch_taken_back_leaves_the_timeline_of_the_others(tmp_path: Path, batch: int):
    home = filled(tmp_path)
    timeline.refresh(home)
    with home.writer.change("rollback", batch) as change:
        change.forget(batch)
    scanned = counted(home)
    timeline.refresh(home)
    assert counted(home) == scanned
