import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fcntl import LOCK_EX, flock
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.app import House
from core.settings import Settings
from core.work.demo import filling, truth
from core.work.home import Home

EVENTS, SEED, END_ON, NOW = 20_000, 7, date(2026, 11, 20), datetime(2026, 11, 21, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Filled:
    """A filled demo world: its rows as frames with the member they belong to, and its truths."""

    home: Home
    truths: dict[str, Any]
    rows: Callable[[str], pd.DataFrame]
    members: pd.DataFrame


def fill(folder: Path, *, events: int = EVENTS, seed: int = SEED) -> Home:
    settings = Settings(folder)
    filling.plant_key(settings, seed)
    home = House(settings).demo
    filling.fill(home, events=events, seed=seed, end_on=END_ON, now=NOW)
    return home


def frames(home: Home) -> tuple[Callable[[str], pd.DataFrame], pd.DataFrame]:
    with home.lake.open() as snapshot:
        members = snapshot.frame(snapshot.member_map()).set_index("identity_key")

    @cache
    def rows(name: str) -> pd.DataFrame:
        with home.lake.open() as snapshot:
            frame = snapshot.frame(snapshot.table(name)).sort_values("row_number", ignore_index=True)
        if "identity_key" in frame:
            frame["member"] = members.member_id.reindex(frame.identity_key).array
        return frame

    return rows, members


def own(factory: pytest.TempPathFactory, events: int = EVENTS, seed: int = SEED) -> Home:
    """A world of this process, copied from one that is filled once for all that run side by side."""
    of_all = factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else factory.getbasetemp()
    whole, mine = of_all / f"demo-{events}-{seed}", factory.mktemp("demo") / "home"
    with (of_all / f"{whole.name}.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not whole.exists():
            making = factory.mktemp("making")
            fill(making, events=events, seed=seed).store.close()
            making.rename(whole)
    shutil.copytree(whole, mine)
    return House(Settings(mine)).demo


def read(home: Home) -> Iterator[Filled]:
    rows, members = frames(home)
    yield Filled(home, truth.read(home.settings.world("demo")), rows, members)
    home.store.close()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    yield from read(own(tmp_path_factory))


@pytest.fixture(scope="session")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """A world whose groups are large enough to be judged, as ``make run`` fills it."""
    yield from read(own(tmp_path_factory, events=filling.DEFAULT_EVENTS))
