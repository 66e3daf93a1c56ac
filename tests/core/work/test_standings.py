"""What is told of everybody, kept beside the lake: the same from the file as made anew, of one version, made once, swept."""

import os
import shutil
import time
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import UnfitForLtv
from core.models.ltv import worth
from core.scope import Operator
from core.work import standings
from core.work.home import Home
from core.work.membership import keep
from core.work.questions import clusters, ltv, membership, rfm
from core.work.questions.kept import FOLDER
from core.work.questions.reading import reading
from tests import lakes
from tests.drawing import drawn

LAW, SPEND = {"r": 0.8, "alpha": 60.0, "a": 0.9, "b": 2.0}, {"p": 6.0, "q": 4.0, "v": 90.0}


@pytest.fixture(scope="module")
def buyers(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = drawn(11, 400, LAW, SPEND, days=400, ahead=1).purchases
    lines = [
        lakes.sale(int(who) + 1, f"{date(2025, 1, 1) + timedelta(days=int(on))} 04:00", f"{who}-{on}", round(float(paid), 2))
        for who, on, paid in zip(made.member, made.day, made.amount, strict=True)
    ]  # fmt: skip
    home = lakes.home(tmp_path_factory.mktemp("buyers"))
    lakes.add(home, 1, order_lines=lines)
    return home


def files(home: Home) -> list[Path]:
    return sorted((home.lake.root / FOLDER / "_rollups").glob("*.parquet"))


def elsewhere(home: Home, folder: Path) -> Home:
    """The same lake under another roof, where no process has anything of it in memory."""
    other = lakes.home(folder)
    shutil.rmtree(other.lake.root, ignore_errors=True)
    shutil.copytree(home.lake.root, other.lake.root)
    return other


def told(home: Home) -> dict[str, pa.Table]:
    with reading(home) as lake:
        return {
            "rfm": rfm.standings(lake),
            "ltv": ltv.predictions(lake),
            "membership": membership.standings(lake),
            "features": clusters.counted(lake),
        }


def test_a_file_says_what_would_be_made_anew_and_is_made_once(buyers: Home, tmp_path: Path):
    made = told(buyers)
    assert standings.refresh(buyers) == len(standings.TOLD) == len(files(buyers))
    assert standings.refresh(buyers) == 0
    read = told(elsewhere(buyers, tmp_path))
    for name, table in made.items():
        assert read[name].schema.names == table.schema.names
        assert read[name].to_pylist() == table.to_pylist()


def test_the_file_is_what_a_new_process_reads(buyers: Home, tmp_path: Path):
    standings.refresh(buyers)
    other = elsewhere(buyers, tmp_path)
    (file,) = [one for one in files(other) if one.name.startswith("rfm")]
    pq.write_table(pq.read_table(file).slice(0, 3), file)
    assert told(other)["rfm"].num_rows == 3


def test_what_the_model_expects_of_one_member_is_the_same_out_of_the_file(buyers: Home, tmp_path: Path):
    standings.refresh(buyers)
    with reading(buyers) as lake:
        fit = ltv.fitted(lake.snapshot, lake.as_of_on)
    table = told(elsewhere(buyers, tmp_path))["ltv"]
    for row in (0, 57, 399):
        is_one = fit.known.ids == table["member_id"][row].as_py()
        assert ltv.totals_of(table, row) == worth.totals(fit.model, fit.known.people, fit.told, is_one)


def test_other_terms_of_membership_are_not_read_from_the_file_of_the_old_ones(buyers: Home, tmp_path: Path):
    standings.refresh(buyers)
    other = elsewhere(buyers, tmp_path)
    before = told(other)["membership"]
    keep(other, other.store, Operator(1, "u", "manager"), membership.Terms(floors=(1, 2, 3)), lakes.NOW)
    with reading(other) as lake:
        after = membership.standings(lake)
    assert (before["tier"].to_numpy() != after["tier"].to_numpy()).sum() > 100


def test_data_that_a_model_does_not_fit_keeps_the_rest(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, order_lines=[lakes.sale(1, "2025-01-01 04:00", "a", 10.0)])
    assert standings.refresh(home) == len(standings.TOLD) - 1
    with reading(home) as lake, pytest.raises(UnfitForLtv):
        ltv.predictions(lake)


def test_files_of_an_older_version_go_when_nobody_can_be_looking_at_it(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, order_lines=[lakes.sale(1, "2025-01-01 04:00", "a", 10.0)])
    standings.refresh(home)
    old = files(home)
    event = lakes.event(2, "2025-01-02 03:00")
    lakes.add(home, 2, order_lines=[lakes.sale(2, "2025-01-02 04:00", "b", 20.0)], events=[event])
    standings.refresh(home)
    assert set(old) < set(files(home))
    for file in old:
        os.utime(file, (time.time() - 7200,) * 2)
    standings.refresh(home)
    assert not set(old) & set(files(home))
    with reading(home) as lake:
        assert rfm.standings(lake)["member_id"].to_pylist() == [1, 2]
