"""Demo homes for benchmarks, made once and kept below ``.make/``."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from core.app import House
from core.settings import PROJECT, Settings
from core.work.demo import filling
from core.work.home import Home

END = date(2026, 10, 31)
SEED = 7


def folder(events: int) -> Path:
    return PROJECT / ".make" / f"home-{events}"


def demo(events: int) -> Home:
    """The demo world of a home with that many events; filled at first use."""
    house = House(Settings(home=folder(events)))
    if not house.demo.lake.manifests.latest().tables:
        filling.fill(house.demo, events=events, seed=SEED, end_on=END, now=datetime.now(UTC))
    return house.demo


@contextmanager
def copied(folder: Path) -> Iterator[Path]:
    """A copy of a home, so that one that serves leaves nothing in it."""
    with tempfile.TemporaryDirectory() as copy:
        home = Path(copy) / "home"
        shutil.copytree(folder, home)
        yield home
