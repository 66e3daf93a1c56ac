"""Guesses from headers and cells. Never sure where two readings are possible."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from core import schema
from core.work.home import Home
from core.work.ingest import preview
from core.work.ingest.guess import Guess, Sample, guess
from core.work.ingest.mapping import mappable, validate
from tests.bringing import ECOM, NOW, ONLINE_RETAIL, bring, counts, order_lines, shared


def guessed(columns: dict[str, list[str | None]], table: str | None = None) -> Guess:
    return guess(Sample("会员订单_2026-01.csv", columns), table)


ORDERS: dict[str, list[str | None]] = {
    "订单编号": ["A1", "A2"], "下单时间": ["2026-01-31 08:00:00", "2026/2/1 9:00"], "商品编码": ["s1", "s2"], "商品名称": ["茶", "杯"],
    "数量": ["1", "2"], "单价": ["¥1,200.50", "3"], "手机号": ["13800138000", "+86 13900139000"], "渠道": ["企微", "小程序"],
}  # fmt: skip


def test_chinese_headers_are_understood() -> None:
    found = guessed(ORDERS)
    said = found.mapping
    validate(said)
    assert (said.table, said.source, said.money.currency) == ("order_lines", "会员订单", "CNY")
    assert {k: v[0] for k, v in said.columns.items()} == {
        "order_no": "订单编号", "occurred_at": "下单时间", "product_id": "商品编码", "product_name": "商品名称", "quantity": "数量",
        "unit_price": "单价", "channel": "渠道",
    }  # fmt: skip
    assert said.identities == {"phone": ("手机号",)}
    assert said.values == {"channel": {"企微": "wecom", "小程序": "mini_program"}}
    assert (found.missing, found.notes) == ((), ())
    assert found.confidence > 0.8


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("mobile", "phone"),
        ("E-mail", "email"),
        ("customerId", "customer_no"),
        ("Anonymous ID", "anonymous_id"),
        ("会员卡号", "pos_card"),
    ],
)
def test_identities_are_known_by_many_names(header: str, kind: str) -> None:
    cells: dict[str, list[str | None]] = {"phone": ["13800138000"], "email": ["a@b.cn"]}
    found = guessed({"event": ["view"], "time": ["2026-01-01"], header: cells.get(kind, ["x1"])})
    assert found.mapping.identities == {kind: (header,)}


def test_a_column_that_is_called_a_phone_but_holds_none_is_no_identity() -> None:
    assert guessed({"event": ["view"], "time": ["2026-01-01"], "mobile": ["ios"]}).mapping.identities == {}


def times(*cells: str) -> tuple[tuple[str, ...], list[str]]:
    found = guessed({"event": ["view"] * len(cells), "time": list(cells), "userid": ["u1"] * len(cells)})
    return found.mapping.times.formats, [note.code for note in found.notes]


def test_a_day_above_twelve_decides_which_comes_first() -> None:
    assert times("05/01/2026 10:00", "31/01/2026 11:00") == (("%d/%m/%Y %H:%M",), [])
    assert times("01/05/2026 10:00", "01/31/2026 11:00") == (("%m/%d/%Y %H:%M",), [])
    assert times("5.1.2026", "31.1.2026") == (("%d.%m.%Y",), [])


def test_where_nothing_decides_the_guess_says_so() -> None:
    formats, notes = times("05/01/2026", "06/02/2026")
    assert notes == ["day_or_month_first"]
    assert not any(f.startswith("%m") for f in formats)
    assert guessed({"event": ["view"], "time": ["05/01/2026"]}).confidence < 0.5


@pytest.mark.parametrize(
    ("cell", "form"),
    [
        ("1769817600", "epoch_s"),
        ("1769817600123", "epoch_ms"),
        ("2026年1月31日", "%Y年%m月%d日"),
        ("20260131", "%Y%m%d"),
    ],
)
def test_other_ways_of_writing_times_are_seen(cell: str, form: str) -> None:
    assert times(cell) == ((form,), [])


@pytest.mark.parametrize(
    ("cells", "mark", "codes"),
    [
        (["1.234,50", "3,10"], ",", []),
        (["1,234.50", "3.10"], ".", []),
        (["1,5", "2.5"], ".", ["decimal_mark_mixed"]),
        (["1.234", "2.345"], ".", ["decimal_mark_unclear"]),
    ],
)
def test_the_decimal_mark_is_read_from_the_cells(cells: list[str], mark: str, codes: list[str]) -> None:
    found = guessed(ORDERS | {"单价": list(cells)})
    assert (found.mapping.decimal, [n.code for n in found.notes]) == (mark, codes)


def test_what_marks_a_refund_is_seen() -> None:
    by_letter = guessed(ORDERS | {"订单编号": ["C1", "A2"], "数量": ["-1", "2"]})
    assert (by_letter.mapping.refund.column, by_letter.mapping.refund.starts_with) == ("订单编号", "C")
    by_sign = guessed(ORDERS | {"数量": ["-1", "2"]})
    assert by_sign.mapping.refund.is_negative and [n.code for n in by_sign.notes] == ["refund_by_sign"]


def test_a_channel_nobody_knows_is_left_out_and_said() -> None:
    found = guessed(ORDERS | {"渠道": ["企微", "电台"]})
    assert "channel" not in found.mapping.columns
    assert [(n.code, n.details["values"]) for n in found.notes] == [("channel_unknown", "电台")]


def test_what_is_needed_and_not_found_makes_the_confidence_zero() -> None:
    found = guessed({"a": ["x"], "b": ["y"]}, "order_lines")
    assert (found.confidence, found.missing) == (0.0, ("occurred_at", "order_no", "amount"))


def test_an_empty_sample_breaks_nothing() -> None:
    assert guessed({"event": [], "time": []}).mapping.columns == {"name": ("event",), "occurred_at": ("time",)}


@pytest.mark.parametrize(("file", "expected"), [(ONLINE_RETAIL, (2000, 2000, 0, 0)), (ECOM, (2000, 1998, 2, 0))])
def test_the_public_sets_are_imported_by_what_is_guessed(home: Home, file: Path, expected: Any) -> None:
    head = "\n".join(gzip.decompress(shared(file).read_bytes()).decode().splitlines()[:2001])
    some = home.settings.home / "some.csv"
    some.parent.mkdir(parents=True, exist_ok=True)
    some.write_text(head)
    found = preview.guessed(home, some)
    assert found.confidence > 0.8
    assert counts(bring(home, some, found.mapping, is_named=False)) == expected


def test_a_preview_shows_what_the_import_will_say(home: Home) -> None:
    file = home.settings.home / "lines.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("no,time,sku,qty,price,who,more\nA,2026-01-01,s,2,1.25,c,x\nA,soon,s,1,-1,c,y\nA\n")
    seen = preview.preview(home, order_lines(), file, now=NOW)
    assert (seen.read, seen.taken, seen.rejected) == (3, 1, 2)
    assert seen.reasons == {"row.too_few_cells": 1, "time.unreadable": 1}
    assert seen.unmapped == ("more",)
    assert [(row["row_number"], row["reasons"], row["amount_minor"]) for row in seen.rows] == [
        (1, None, 250),
        (2, "time.unreadable; price.negative", -100),
    ]
    assert counts(bring(home, file, order_lines())) == (3, 1, 0, 2)


@pytest.mark.parametrize(("header", "codes"), [("会员", []), ("member", []), ("谁", ["no_person"])])
def test_a_file_in_which_no_column_names_a_person_says_so(header: str, codes: list[str]) -> None:
    found = guessed({"event": ["view"], "time": ["2026-01-01"], header: ["x1"]})
    assert [note.code for note in found.notes] == codes


@pytest.mark.parametrize(
    "table", [name for name in schema.TABLES if name not in ("identities", "identity_links", "event_names")]
)
def test_a_column_named_as_in_the_contract_is_that_column(table):
    """Numbers, days and times are tried by their own tests."""
    columns = [
        c.name
        for c in schema.table(table).columns
        if c.kind in ("text", "code") and not c.choices and c.name in mappable(table)
    ]
    found = guess(Sample("data.csv", {name: ["wecom"] for name in columns}), table)
    assert {target: given for target, given in found.mapping.columns.items() if target in columns} == {
        name: (name,) for name in columns
    }
