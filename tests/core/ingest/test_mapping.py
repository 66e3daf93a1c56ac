"""Mappings as values: written down, read back, refused."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidMapping, Unknown
from core.scope import SYSTEM
from core.settings import Settings
from core.work.home import Home
from core.work.ingest import library
from core.work.ingest.mapping import Mapping, fits, from_json, from_toml, to_json, to_toml, validate
from tests.bringing import NOW, mapping, order_lines

PATHS = sorted(Settings(home=Settings.from_environment({}).home).mappings.glob("*.toml"))


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_every_mapping_that_comes_along_is_valid_and_comes_back_from_both_forms(path: Any) -> None:
    said = from_toml(path.read_text(encoding="utf-8"))
    validate(said)
    assert from_toml(to_toml(said)) == said == from_json(to_json(said))
    assert said.title


TEXT = st.text(min_size=1, max_size=8)
NAMES = st.lists(TEXT, min_size=1, max_size=3).map(tuple)


@given(
    columns=st.dictionaries(st.sampled_from(["order_no", "quantity", "channel"]), NAMES),
    identities=st.dictionaries(st.sampled_from(["phone", "user_id"]), NAMES),
    constants=st.dictionaries(st.just("unit_id"), TEXT),
    values=st.dictionaries(
        st.sampled_from(["channel", "order_no"]), st.dictionaries(TEXT, TEXT, min_size=1), max_size=2
    ),
    nulls=st.lists(TEXT, max_size=3),
    rates=st.dictionaries(st.sampled_from(["USD", "EUR"]), st.decimals(1, 100, places=4).map(str)),
    starts_with=st.sampled_from(["", "C", '"', "\\", "\n"]),
)
@settings(max_examples=100)
def test_any_mapping_comes_back_from_toml_and_json(
    columns: Any, identities: Any, constants: Any, values: Any, nulls: Any, rates: Any, starts_with: str
) -> None:
    said = from_json(
        {"table": "order_lines", "source": "s", "columns": columns, "identities": identities, "constants": constants,
         "values": values, "nulls": nulls, "money": {"currency": "CNY", "rates": rates}, "refund": {"column": "c", "starts_with": starts_with}}
    )  # fmt: skip
    assert from_json(to_json(said)) == said
    assert from_toml(to_toml(said)) == said


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (mapping("event"), "table 'event' cannot be imported. Did you mean events"),
        (mapping("identities"), "cannot be imported"),
        (mapping(source="a b"), "is not a name"),
        (
            mapping(columns={"occurred_at": "t", "name": "n", "chanel": "c"}),
            "has no column 'chanel'. Did you mean channel",
        ),
        (mapping(columns={"occurred_at": "t"}), "lacks name"),
        (mapping(identities={"fone": "x"}), "no identity type 'fone'. Did you mean phone"),
        (mapping(constants={"channel": "wechat"}), "channel cannot be 'wechat'"),
        (mapping(values={"channel": {"a": "web"}}), "mapped for 'channel', which is mapped to no column"),
        (mapping(times={"formats": ["dd/mm/yyyy"]}), "time format 'dd/mm/yyyy'"),
        (mapping(times={"formats": ["%Q"]}), "time format '%Q'"),
        (mapping(times={"formats": ["%Y-%"]}), "time format '%Y-%'"),
        (mapping(times={"formats": ["%Y\0"]}), "time format"),
        (mapping(times={"formats": []}), "no time format"),
        (mapping(times={"zone": "Asia/Peking"}), "no time zone 'Asia/Peking'"),
        (mapping(decimal=";"), "decimal mark"),
        (order_lines(money={"currency": "RMB"}), "no currency 'RMB'"),
        (order_lines(constants={"currency": "RMB"}), "no currency 'RMB'"),
        (order_lines(money={"rates": {"USD": "0"}}), "rate of USD"),
        (order_lines(money={"rates": {"USD": "NaN"}}), "rate of USD"),
        (order_lines(money={"rates": {"USD": "1e-11"}}), "rate of USD"),
        (mapping(file={"delimiter": "||"}), "separated by one sign"),
        (mapping(file={"delimiter": '"'}), "separated by one sign"),
        (mapping(file={"skip": -1}), "fewer than none"),
        (order_lines(refund={"column": "no"}), "refund rule says neither"),
        (order_lines(columns={"order_no": "no", "occurred_at": "t", "quantity": "q"}), "lacks amount"),
        (mapping("member_profiles", columns={"city": "c"}), "lacks an identity"),
        (mapping("referrals", columns={"occurred_at": "t"}, identities={"phone": "a"}), "lacks an identity"),
    ],
)
def test_what_cannot_be_right_for_any_file_is_refused_by_name(said: Mapping, why: str) -> None:
    with pytest.raises(InvalidMapping) as refused:
        validate(said)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("table = ", "not valid TOML"),
        ('table = "events"', "does not say its source"),
        ('table = "events"\nsource = "s"\ncolums = {}', "no part 'colums'. Did you mean columns"),
        ('table = "events"\nsource = "s"\ntimes = {format = "x"}', "no part 'format'. Did you mean formats?"),
        ('table = "events"\nsource = "s"\ncolumns = 3', "cannot be read"),
        ('table = "events"\nsource = "s"\n[money]\nrates = {USD = "x"}', "cannot be read"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidMapping) as refused:
        from_toml(text)
    assert why in str(refused.value)


def test_columns_may_be_absent_when_they_are_optional() -> None:
    fits(mapping(optional=["who"]), ["time", "what"])
    with pytest.raises(InvalidMapping, match="lacks the columns what"):
        fits(mapping(optional=["who"]), ["time"])


def test_a_saved_mapping_has_revisions_and_stands_before_the_one_that_came_along(home: Home) -> None:
    library.save(home, "ecom", mapping(), SYSTEM, now=NOW)
    library.save(home, "ecom", mapping(decimal=","), SYSTEM, now=NOW)
    found = library.find(home, "ecom")
    assert (found.revision, found.mapping) == (2, mapping(decimal=","))
    assert [row.revision for row in library.revisions(home, "ecom")] == [2, 1]
    assert [named.name for named in library.listed(home)] == [path.stem for path in PATHS]


def test_a_mapping_is_found_by_path_and_an_unknown_name_is_refused_with_near_ones(home: Home) -> None:
    file = home.settings.home / "mine.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(to_toml(order_lines(money={"rates": {"USD": "7.1"}})))
    assert library.find(home, str(file)).mapping.money.rates == {"USD": Decimal("7.1")}
    with pytest.raises(Unknown, match="Did you mean online_retail"):
        library.find(home, "online_retial")


def test_a_mapping_file_in_another_encoding_is_refused(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "订单.toml"
    file.write_bytes('table = "events"\nsource = "店"\n'.encode("gb18030"))
    with pytest.raises(InvalidMapping, match="not written in UTF-8"):
        library.find(home, str(file))


@given(letters=st.text(alphabet="YmdHMSfpzaQsk-% /:", max_size=8))
def test_a_time_format_is_taken_exactly_when_the_engine_can_read_it(letters: str) -> None:
    try:
        duckdb.execute("SELECT try_strptime('2025', ?)", [letters])
        is_readable = "%" in letters
    except duckdb.Error:
        is_readable = False
    try:
        validate(mapping(times={"formats": [letters]}))
        is_taken = True
    except InvalidMapping:
        is_taken = False
    assert is_taken == is_readable
