"""Guesses from headers and cells. Never sure where two readings are possible."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from core import schema
from core.work.home import Home
from core.work.ingest import preview
from core.work.ingest.guess import Guess, Sample, guess
from core.work.ingest.mapping import IMPORTABLE, mappable, validate
from core.work.ingest.mapping import ORDERS as ORDERS_TABLE
from tests.bringing import ECOM, NOW, ONLINE_RETAIL, bring, counts, facts, order_lines, shared


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


PERSONS = {"identity_key": "external_userid", "referred_key": "referred_external_userid"}
CELLS = {
    "time": "2026-01-31 08:00:00",
    "day": "2026-01-31",
    "count": "3",
    "decimal": "3",
    "money": "300",
    "flag": "1",
    "text": "x",
}


def header(table: str, *, is_needed: bool) -> dict[str, list[str | None]]:
    """A row under the contract's own names. Whoever it is about stands under a type of identity."""
    if table == ORDERS_TABLE:
        some = {"occurred_at": CELLS["time"], "order_no": "A1", "amount": "3"}
        rest = {"external_userid": "u1", "unit_id": "x", "staff_id": "x", "campaign_id": "x", "channel": "wecom"}
        return {name: [cell] for name, cell in (some if is_needed else some | rest).items()}
    columns = [c for c in schema.table(table).columns if c.kind != "json" and (c.is_needed or not is_needed)]
    cells: dict[str, list[str | None]] = {
        PERSONS.get(c.name, c.name): [(c.choices or ("",))[0] or CELLS.get(c.kind, "wecom")] for c in columns
    }
    alone = {"products": "name", "member_profiles": "joined_at", "group_statistics": "message_count"}
    if is_needed and table in alone:
        cells[alone[table]] = ["2026-01-01" if table == "member_profiles" else "3"]
    return cells


@pytest.mark.parametrize("is_needed", [True, False], ids=["needed", "all"])
@pytest.mark.parametrize("is_filled", [True, False], ids=["filled", "empty"])
@pytest.mark.parametrize("table", IMPORTABLE)
def test_a_header_of_a_tables_own_columns_is_that_table(table: str, is_filled: bool, is_needed: bool) -> None:
    """The other way about as well: what stands first decides nothing."""
    columns = header(table, is_needed=is_needed)
    columns = columns if is_filled else {name: [] for name in columns}
    for order in (columns, dict(reversed(columns.items()))):
        found = guess(Sample("data.csv", order))
        assert (found.mapping.table, found.missing) == (table, ())
        validate(found.mapping)
        assert set(columns) - set(found.mapping.wanted()) <= {"line_kind"}


ROSTER = """group_id,occurred_at,external_userid,joined_at,name
茶友群,2026-11-10 10:00:00,u1,2026-10-02 09:00:00,小茶
茶友群,2026-11-10 10:00:00,u2,2026-10-17 09:00:00,小杯
新客群,2026-11-10 10:00:00,u1,2026-10-08 09:00:00,小茶
"""


def test_a_list_of_members_is_no_list_of_profiles(home: Home) -> None:
    file = write(home, "roster.csv", ROSTER)
    found = preview.guessed(home, file)
    assert (found.mapping.table, found.missing) == ("group_rosters", ())
    assert counts(bring(home, file, found.mapping)) == (3, 3, 0, 0)
    assert facts(home, "group_rosters", "group_id") == [("茶友群",), ("茶友群",), ("新客群",)]


@pytest.mark.parametrize("more", [{}, {"群名称": ["茶友群"]}])
def test_a_list_of_members_without_its_own_time_asks_for_it(more: dict[str, list[str | None]]) -> None:
    cells: dict[str, list[str | None]] = {"群ID": ["g1"], "外部联系人ID": ["u1"], "入群时间": ["2026-10-02"]} | more
    found = guess(Sample("members.csv", cells))
    assert (found.mapping.table, found.missing) == ("group_rosters", ("occurred_at",))


CHINESE = ("消息ID", "时间", "群名", "发送人", "类型", "内容")
ENGLISH = ("message id", "time", "group", "sender", "type", "text")


@pytest.mark.parametrize("names", [CHINESE, ENGLISH])
@pytest.mark.parametrize(
    ("cells", "kinds"),
    [
        (("member", "staff", "bot"), ["member", "staff", "bot"]),
        (("客户", "员工", "机器人"), ["member", "staff", "bot"]),
        (("会员", "客服", "成员"), ["member", "staff", "member"]),
    ],
)
@pytest.mark.some(2)
def test_messages_under_ordinary_headers_are_brought(
    home: Home, names: tuple[str, ...], cells: tuple[str, ...], kinds: list[str]
) -> None:
    rows = [f"m{n},2026-11-0{n} 10:00:00,茶友群,u{n},{cell},怎么泡？" for n, cell in enumerate(cells, 1)]
    file = write(home, "talk.csv", "\n".join([",".join(names), *rows]) + "\n")
    found = preview.guessed(home, file)
    assert (found.mapping.table, found.missing, found.notes) == ("group_messages", (), ())
    assert found.mapping.identities == {"user_id": (names[3],)}
    assert counts(bring(home, file, found.mapping)) == (3, 3, 0, 0)
    assert facts(home, "group_messages", "message_id", "group_id", "sender_kind", "text") == [
        (f"m{n}", "茶友群", kind, "怎么泡？") for n, kind in enumerate(kinds, 1)
    ]


@pytest.mark.parametrize("names", [CHINESE, ENGLISH])
def test_a_type_that_says_what_was_sent_says_not_who(names: tuple[str, ...]) -> None:
    cells = (
        ["m1", "2026-11-01 10:00:00", "茶友群", "u1", "文本", "你好"],
        ["m2", "2026-11-01 10:01:00", "茶友群", "u1", "图片", ""],
    )
    found = guess(Sample("talk.csv", {name: [a, b] for name, a, b in zip(names, *cells, strict=True)}))
    assert found.mapping.table == "group_messages"
    assert found.mapping.columns["message_kind"] == (names[4],)
    assert found.mapping.values == {"message_kind": {"文本": "text", "图片": "image"}}
    assert found.missing == ("sender_kind",)


def test_who_and_what_are_told_apart_by_their_values() -> None:
    found = guess(
        Sample(
            "talk.csv",
            {
                "时间": ["2026-11-01"],
                "群名": ["茶"],
                "消息类型": ["text"],
                "身份": ["员工"],
                "内容": ["好"],
                "发送人": ["u1"],
            },
        )
    )
    assert found.mapping.columns["message_kind"] == ("消息类型",)
    assert found.mapping.columns["sender_kind"] == ("身份",)
    assert found.mapping.values == {"sender_kind": {"员工": "staff"}}


def test_messages_of_no_group_say_so() -> None:
    cells: dict[str, list[str | None]] = {"时间": ["2026-11-01"], "发送人": ["u1"], "类型": ["客户"], "内容": ["好"]}
    found = guess(Sample("talk.csv", cells))
    assert (found.mapping.table, [note.code for note in found.notes]) == ("group_messages", ["no_group"])
    assert guess(Sample("talk.csv", cells | {"群名": ["茶"]})).notes == ()


@pytest.mark.parametrize("is_first", [True, False])
def test_a_name_beside_an_id_of_a_group_is_its_name(is_first: bool) -> None:
    cells: dict[str, list[str | None]] = {"群名称": ["茶友群"], "群ID": ["g1"], "群主": ["E1"]}
    found = guess(Sample("groups.csv", cells if is_first else dict(reversed(cells.items()))))
    assert found.mapping.table == "groups"
    assert found.mapping.columns == {"group_id": ("群ID",), "name": ("群名称",), "staff_id": ("群主",)}


def test_a_time_that_cannot_be_read_makes_an_order_no_product() -> None:
    found = guess(
        Sample("o.csv", {"订单号": ["1"], "商品编码": ["s"], "数量": ["1"], "单价": ["2"], "下单时间": ["昨天"]})
    )
    assert (found.mapping.table, found.missing) == ("order_lines", ("occurred_at",))


def write(home: Home, name: str, text: str) -> Path:
    file = home.settings.home / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file
