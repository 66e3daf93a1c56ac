"""Units of an account: only those that exist, as soon as anybody can know which do."""

import json

import pytest

from core.__main__ import main
from core.errors import InvalidAccount
from core.scope import SYSTEM
from core.settings import Settings
from core.work import accounts
from core.work.questions import units
from tests import lakes


def run(capsys, *arguments):
    """Exit code, what was printed as JSON, and what was said."""
    code = main(["user", *arguments])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, err


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setenv("SIYU_HOME", str(tmp_path))
    return lakes.home(Settings.from_environment().home)


def test_a_unit_that_does_not_exist_is_refused_in_one_line_that_says_how_to_list_them(house, capsys):
    lakes.add(house, 1, units=[{"unit_id": "north", "name": "华北"}], member_profiles=[profile("east")])
    code, printed, said = run(capsys, "add", "lin", "--unit", "north", "--unit", "nroth")
    assert (code, printed) == (2, None)
    assert said == (
        "error: There is no unit 'nroth'. Near ones: north. `python -m core user units` lists them. [account.invalid]\n"
    )
    assert run(capsys, "units")[1] == [{"unit": "east", "name": "east"}, {"unit": "north", "name": "华北"}]
    assert run(capsys, "add", "lin", "--unit", "north", "--unit", "east")[1]["name"] == "lin"
    assert [one["units"] for one in run(capsys, "list")[1]] == [["east", "north"]]


def test_units_of_the_demo_brand_are_listed_apart_and_nothing_else_of_users_is_of_one_world(house, capsys):
    demo = lakes.home(house.settings.home, "demo")
    lakes.add(house, 1, units=[{"unit_id": "north", "name": "华北"}])
    lakes.add(demo, 1, units=[{"unit_id": "S01", "name": "一店"}])
    assert [one["unit"] for one in run(capsys, "units")[1]] == ["north", "S01"]
    assert run(capsys, "units", "--demo")[1] == [{"unit": "S01", "name": "一店"}]
    code, printed, said = run(capsys, "list", "--demo")
    assert (code, printed) == (2, None) and "--demo" in said


def test_where_no_data_names_a_unit_it_is_taken_and_said_that_nobody_can_know(house, capsys):
    code, printed, said = run(capsys, "add", "lin", "--unit", "north")
    assert code == 0 and printed["name"] == "lin"
    assert "nobody can say whether these exist" in said


def test_a_unit_that_is_gone_may_stay_and_no_other_may_come(store, now):
    made = accounts.create(store, SYSTEM, name="lin", display_name="", role="manager", units=["old"], now=now)
    named = {"display_name": "Lin", "role": "manager", "now": now, "known_units": ["north"]}
    accounts.change(store, SYSTEM, made.account_id, units=["old", "north"], **named)
    with pytest.raises(InvalidAccount) as refused:
        accounts.change(store, SYSTEM, made.account_id, units=["old", "east"], **named)
    assert refused.value.details["unit"] == "east"


def test_units_of_several_worlds_are_known_together(tmp_path):
    one, other = lakes.home(tmp_path / "a"), lakes.home(tmp_path / "b")
    assert units.anywhere((one, other)) is None
    lakes.add(other, 1, units=[{"unit_id": "b", "name": "乙"}])
    assert units.anywhere((one, other)) == {"b": "乙"}


def profile(unit):
    return {"identity_key": 7, "unit_id": unit}
