"""Who is within a scope of units: the members of these units and of all units below them, and nobody else."""

from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import Forbidden, Unknown
from core.scope import Filters, Operator, Scope
from core.work import disclosures
from core.work.home import Home
from core.work.questions import funnels, identities, reading, units
from core.work.questions.funnels import Asked
from tests import lakes

ORACLE = (Path(__file__).parents[2] / "oracles" / "units.sql").read_text(encoding="utf-8")
BRAND = {
    "north": None,
    "beijing": "north",
    "haidian": "beijing",
    "chaoyang": "beijing",
    "south": None,
    "guangzhou": "south",
}
FILED = {1: "north", 2: "beijing", 3: "haidian", 4: "chaoyang", 5: "south", 6: "guangzhou", 7: None}
"""Unit of each member."""


@pytest.fixture
def brand(tmp_path: Path) -> Home:
    """Seven members of a brand of two regions, who all look; the odd ones buy."""
    home = lakes.home(tmp_path)
    lakes.add(
        home, 1, units=_rows(BRAND),
        member_profiles=[{"identity_key": n, "unit_id": unit} for n, unit in FILED.items()],
        events=[lakes.event(n, "2025-01-05 10:00", "view") for n in FILED]
        + [lakes.event(n, "2025-01-05 11:00", "buy") for n in FILED if n % 2],
    )  # fmt: skip
    return home


def _rows(above):
    return [{"unit_id": unit, "name": unit, "parent_unit_id": parent} for unit, parent in above.items()]


def of(*names: str) -> Scope:
    return Scope(frozenset(names))


def within(home: Home, scope: Scope, *asked: str) -> list[int]:
    with reading.reading(home, Filters(units=asked), scope) as lake:
        assert lake.allowed is not None
        return sorted(lake.snapshot.arrow(lake.allowed)["member_id"].to_pylist())


def by_oracle(above: dict[str, str | None], filed: dict[int, str | None], chosen: frozenset[str]) -> list[int]:
    with duckdb.connect() as database:
        for table, columns, rows in (
            ("units", "unit_id varchar, parent_unit_id varchar", list(above.items())),
            ("member_profiles", "member_id bigint, unit_id varchar", list(filed.items())),
            ("scope", "unit_id varchar", [(unit,) for unit in chosen]),
        ):
            database.execute(f"create table {table} ({columns})")
            if rows:
                database.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)
        return [row[0] for row in database.execute(ORACLE).fetchall()]


@pytest.mark.parametrize(
    ("scope", "members"),
    [
        (of("north"), [1, 2, 3, 4]),
        (of("beijing"), [2, 3, 4]),
        (of("haidian"), [3]),
        (of("haidian", "south"), [3, 5, 6]),
        (of("north", "beijing"), [1, 2, 3, 4]),
        (of("nowhere"), []),
        (of(), []),
    ],
)
def test_a_scope_reaches_the_units_below_at_any_depth_and_never_those_above_or_beside(brand, scope, members):
    assert within(brand, scope) == members == by_oracle(BRAND, FILED, scope.units)


def test_a_unit_that_is_chosen_brings_those_below_it_as_far_as_the_scope_goes(brand):
    assert within(brand, Scope(), "north") == [1, 2, 3, 4]
    assert within(brand, of("beijing"), "north") == [2, 3, 4]
    assert within(brand, of("north"), "haidian", "south") == [3]
    assert within(brand, of("south"), "north") == []


def test_units_to_choose_from_are_those_of_the_scope_and_below(brand):
    with reading.reading(brand, scope=of("beijing")) as lake:
        assert reading.options(lake)["units"] == [(unit, unit) for unit in ("beijing", "chaoyang", "haidian")]


def test_a_unit_that_moves_takes_its_members_out_of_the_scope_it_leaves(brand):
    assert within(brand, of("north")) == [1, 2, 3, 4]
    lakes.add(brand, 2, units=_rows({"beijing": "south"}))
    assert within(brand, of("north")) == [1]
    assert within(brand, of("south")) == [2, 3, 4, 5, 6]


def test_sequences_people_and_personal_values_obey_the_same_scope(brand, now):
    asked = Asked((("view",), ("buy",)))
    with reading.reading(brand, scope=of("north")) as lake:
        answer = funnels.conversion(lake, asked)
        assert [row["members"] for row in funnels.rows(answer, asked)] == [4, 2]
        assert identities.member(brand, lake, 4).member_id == 4
        with pytest.raises(Unknown):
            identities.member(brand, lake, 6)
    manager = Operator(1, "lin", "manager", of("north"))
    with pytest.raises(Unknown):  # within the scope, and the store has no value of it
        disclosures.reveal(brand, brand.store, manager, 4, reason="a call", now=now)
    for stranger in (6, 7):
        with pytest.raises(Forbidden):
            disclosures.reveal(brand, brand.store, manager, stranger, reason="a call", now=now)


NAMES = st.sampled_from("abcdefgh")
TREES = st.dictionaries(NAMES, st.none() | NAMES | st.just("ghost"))


@given(
    TREES,
    st.dictionaries(st.integers(1, 20), st.none() | NAMES | st.just("ghost")),
    st.frozensets(NAMES | st.just("ghost")),
)
@example({"a": "b", "b": "a", "c": "a"}, {1: "a", 2: "b", 3: "c"}, frozenset("a"))
@example({"a": "a", "b": "a"}, {1: "a", 2: "b"}, frozenset("b"))
@example({"b": "ghost"}, {1: "b", 2: "ghost"}, frozenset({"ghost"}))
def test_circles_and_units_that_nobody_knows_neither_hang_nor_widen_a_scope(above, filed, chosen):
    seen = units.below(above, chosen)
    assert sorted(member for member, unit in filed.items() if unit in seen) == by_oracle(above, filed, chosen)
    assert chosen <= seen <= chosen | set(above)


def test_a_chain_of_a_hundred_thousand_units_is_walked_to_its_end():
    above = {"0": None} | {str(n): str(n - 1) for n in range(1, 100_000)}
    assert len(units.below(above, ["50000"])) == 50_000
    assert units.below(above | {"0": "99999"}, ["50000"]) == {"50000"}


def test_a_circle_in_the_data_leaves_each_of_its_units_to_itself(brand):
    lakes.add(brand, 2, units=_rows({"north": "haidian"}))
    assert within(brand, of("north")) == [1]
    assert within(brand, of("beijing")) == [2, 4]
    assert within(brand, of("south")) == [5, 6]
