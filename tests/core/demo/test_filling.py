"""Filling, filling again, removing."""

from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select

from core import schema
from core.__main__ import main
from core.app import House
from core.errors import DemoPresent, InvalidDemoSize, LakeBusy
from core.lake import writer
from core.settings import Settings
from core.store.tables import Batch
from core.work.demo import filling, truth
from tests.core.demo.conftest import END_ON, NOW, SEED, Filled, fill, frames


def test_the_same_seed_gives_the_same_rows_to_the_bit(filled: Filled, tmp_path: Path) -> None:
    again = fill(tmp_path)
    rows, members = frames(again)
    for name in schema.TABLES:
        pd.testing.assert_frame_equal(rows(name), filled.rows(name))
    pd.testing.assert_frame_equal(members.sort_index(), filled.members.sort_index())
    assert truth.read(again.settings.world("demo")) == filled.truths


@pytest.mark.long
def test_another_seed_gives_other_rows(filled: Filled, tmp_path: Path) -> None:
    rows, _ = frames(fill(tmp_path, events=10_000, seed=SEED + 1))
    mine, theirs = set(filled.rows("events").identity_key), set(rows("events").identity_key)
    assert not mine & theirs


def test_a_world_with_a_key_of_its_own_keeps_it_and_says_so(tmp_path: Path) -> None:
    home = House(Settings(tmp_path)).demo
    key = home.settings.key_file("demo").read_bytes()
    filling.plant_key(home.settings, SEED)
    filling.fill(home, events=10_000, seed=SEED, end_on=END_ON, now=NOW)
    assert home.settings.key_file("demo").read_bytes() == key
    assert truth.read(home.settings.world("demo"))["is_reproducible"] is False


def test_the_batch_reconciles(filled: Filled) -> None:
    with filled.home.store.reading() as session:
        batch = session.get_one(Batch, 1)
    assert batch.state == "committed"
    assert batch.read_count == batch.accepted_count == sum(filled.truths["tables"].values())
    assert (batch.lake_version, batch.source) == (1, "demo")


def test_the_fill_tells_how_far_it_is(tmp_path: Path) -> None:
    filling.plant_key(Settings(tmp_path), SEED)
    home, heard = House(Settings(tmp_path)).demo, []
    filling.fill(
        home,
        events=10_000,
        seed=SEED,
        end_on=END_ON,
        now=NOW,
        progress=lambda stage, **counts: heard.append((stage, counts)),
    )
    assert [counts["rows"] for stage, counts in heard if stage == "events"][-1] == 10_000
    totals = [counts["rows_in_all"] for _, counts in heard]
    assert totals == sorted(totals)


def test_a_filled_world_is_not_filled_again(filled: Filled) -> None:
    with pytest.raises(DemoPresent):
        filling.fill(filled.home, events=10_000, seed=SEED, end_on=END_ON, now=NOW)


@pytest.mark.parametrize("events", [9_999, 10_000_001])
def test_a_size_outside_the_limits_is_refused(tmp_path: Path, events: int) -> None:
    home = House(Settings(tmp_path)).demo
    with pytest.raises(InvalidDemoSize):
        filling.fill(home, events=events, seed=SEED, end_on=END_ON, now=NOW)
    assert home.lake.manifests.latest().version == 0


@pytest.mark.long
def test_a_removed_world_is_gone_and_marked_and_may_be_filled_when_asked(tmp_path: Path) -> None:
    home = fill(tmp_path, events=10_000)
    live = tmp_path / "live" / "kept"
    live.parent.mkdir()
    live.touch()
    filling.remove(home)
    assert not home.settings.world("demo").exists() and not home.settings.key_file("demo").exists()
    assert filling.is_removed(home.settings) and live.exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".demo")]
    again = fill(tmp_path, events=10_000)
    assert again.lake.manifests.latest().version == 1
    assert not filling.is_removed(again.settings)


def test_a_world_is_not_removed_under_the_hands_of_a_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = House(Settings(tmp_path)).demo
    monkeypatch.setattr(writer, "LOCK_PATIENCE_S", 0.0)
    with home.writer.change("import", 1), pytest.raises(LakeBusy):
        filling.remove(home)
    assert home.settings.world("demo").exists() and home.settings.key_file("demo").exists()


def test_what_a_killed_fill_and_a_killed_removal_left_is_settled(tmp_path: Path) -> None:
    home = House(Settings(tmp_path)).demo
    with home.store.transaction() as session:
        session.add(
            Batch(table_name="all", source="demo", file_name="", state="running", actor="system", created_at=NOW)
        )
    (tmp_path / ".demo-left" / "lake").mkdir(parents=True)
    filling.fill(home, events=10_000, seed=SEED, end_on=END_ON, now=NOW)
    with home.store.reading() as session:
        assert list(session.scalars(select(Batch.state).order_by(Batch.id))) == ["failed", "committed"]
    filling.remove(home)
    assert not list(tmp_path.glob(".demo-*"))


@pytest.mark.long
def test_making_the_demo_anew_in_an_impossible_size_keeps_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = fill(tmp_path, events=10_000)
    monkeypatch.setenv("SIYU_HOME", str(tmp_path))
    assert main(["demo", "--anew", "--events", "5"]) == 2
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--anew", "--seed", "-1"])
    assert ended.value.code == 2
    assert [line for line in capsys.readouterr().err.splitlines() if not line.startswith("error: ")] == []
    assert home.lake.manifests.latest().version == 1


@pytest.mark.long
def test_whoever_has_the_demo_open_sees_the_one_that_another_process_made_anew(tmp_path: Path) -> None:
    mine, theirs = House(Settings(tmp_path)), House(Settings(tmp_path))
    filling.plant_key(mine.settings, SEED)
    filling.fill(theirs.demo, events=10_000, seed=SEED, end_on=END_ON, now=NOW)
    before = mine.demo
    assert mine.demo is before
    filling.remove(theirs.demo)
    theirs.forget("demo")
    filling.plant_key(mine.settings, SEED + 1)
    filling.fill(theirs.demo, events=10_000, seed=SEED + 1, end_on=END_ON, now=NOW)
    assert mine.demo is not before
    assert mine.demo.keys.master == mine.settings.key_file("demo").read_bytes() != before.keys.master
    with mine.demo.store.transaction() as session:
        session.get_one(Batch, 1).source = "mine"
    with theirs.demo.store.reading() as session:
        assert session.get_one(Batch, 1).source == "mine"
