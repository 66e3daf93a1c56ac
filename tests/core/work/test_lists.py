"""Lists that somebody brings along: who of them is a member, within whose scope, and what is kept of it."""

import io

import numpy as np
import openpyxl
import pyarrow as pa
import pytest

from core.errors import Forbidden, Unreadable
from core.lake.reader import LEFT_OUT_COLUMNS
from core.privacy import pseudonyms, short_names
from core.schema import ARROW
from core.scope import Operator, Scope
from core.store.tables import AuditEntry
from core.work import lists
from core.work.lists import InvalidList
from tests import lakes
from tests.core.work.people import NORTH

LIN = Operator(1, "lin", "analyst")
BOSS = Operator(2, "boss", "executive")
MEI = Operator(3, "mei", "manager", Scope(frozenset({NORTH})))
PHONES = {1: "13800000001", 2: "13800000002", 3: "13800000003"}
EMAILS = {2: "wu@example.com"}
NUMBERS = {1: "C1", 3: "C3"}
STORE_PHONE = "02155550000"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Members 1 to 3 with phones, 2 with an e-mail address, 1 and 3 with numbers of the shop; the
    number C9 is 1 in the shop and 3 in the app; 3 is of the unit ``north``."""
    made = lakes.home(tmp_path_factory.mktemp("lists"))
    known = [("phone", PHONES), ("email", EMAILS), ("customer_no", NUMBERS)]
    belongs = {key_of(made, kind, text): member for kind, of in known for member, text in of.items()}
    ninth = [(key_of(made, "customer_no", "C9", source), source) for source in ("shop", "app")]
    belongs |= {key: member for (key, _), member in zip(ninth, (1, 3), strict=True)}
    identities = [
        {"identity_key": key_of(made, kind, text), "identity_type": kind, "namespace": space(kind),
         "first_seen_at": lakes.at("2026-01-01 00:00")}
        for kind, of in known for text in of.values()
    ]  # fmt: skip
    identities += [identities[-1] | {"identity_key": key, "namespace": source} for key, source in ninth]
    profiles = [
        {"identity_key": key_of(made, "phone", text), "unit_id": NORTH if member == 3 else "south"}
        for member, text in PHONES.items()
    ]
    lakes.add(made, 1, identities=identities, member_profiles=profiles)
    lakes.members(made, belongs)
    with made.writer.change("identity") as change:
        rows = [{"identity_key": key_of(made, "phone", STORE_PHONE), "reason": "shared", "crowd_count": 60}]
        change.replace("identities_left_out", left_out(rows))
    return made


def left_out(rows):
    return pa.Table.from_pylist(rows, pa.schema([(c.name, ARROW[c.kind]) for c in LEFT_OUT_COLUMNS]))


def space(kind, source="shop"):
    return pseudonyms.namespace(kind, source)


def key_of(home, kind, text, source="shop"):
    return pseudonyms.key_of(pseudonyms.mac_text(home.keys, kind, space(kind, source), text))


def matched(home, texts, kind="phone", operator=LIN, *, now):
    return lists.match(home, home.store, operator, kind, texts, now=now)


def missed(found):
    return [(one.line, one.text, one.reason) for one in found.missed]


def test_every_line_of_a_list_is_told_once(home, now):
    texts = ["13800000001", "", "+86 138-0000-0002", "13800000001", "13900000000", " ", "13800000002 ", STORE_PHONE]
    found = matched(home, texts, now=now)
    assert (found.members, found.matched, found.lines, found.repeated) == ((1, 2), 2, 6, 2)
    assert missed(found) == [(5, "13900000000", "unknown"), (8, STORE_PHONE, "left_out")]
    assert found.lines == found.matched + found.repeated + len(found.missed)


def test_identities_are_read_as_imports_read_them_in_every_source(home, now):
    assert matched(home, ["WU@Example.com"], "email", now=now).members == (2,)
    found = matched(home, [" C1 ", "c3", "C3", "C9"], "customer_no", now=now)
    assert found.members == (1, 3)
    assert missed(found) == [(2, "c3", "unknown"), (4, "C9", "ambiguous")]


def test_members_are_found_by_their_numbers_and_short_names(home, now):
    (name,) = short_names.labels(np.array([2]))
    found = matched(home, ["1", name.lower(), name, "99", "M-7F3A2", "１"], "member", now=now)
    assert (found.members, found.repeated) == ((1, 2), 1)
    assert [line for line, _, _ in missed(found)] == [4, 5, 6]


def test_who_has_units_is_told_of_nobody_else_that_they_exist(home, now):
    found = matched(home, [PHONES[1], PHONES[3], "13900000000", STORE_PHONE], operator=MEI, now=now)
    assert found.members == (3,)
    assert missed(found) == [(1, PHONES[1], "unknown"), (3, "13900000000", "unknown"), (4, STORE_PHONE, "unknown")]
    assert matched(home, ["1", "3"], "member", operator=MEI, now=now).members == (3,)
    assert matched(home, ["C9"], "customer_no", operator=MEI, now=now).members == (3,)


@pytest.mark.parametrize(
    ("reason", "texts", "kind"),
    [("empty", [], "phone"), ("empty", [" ", ""], "phone"), ("kind", ["1"], "anonymous_id"), ("kind", ["1"], "sign")],
)
def test_what_cannot_be_matched_is_refused_with_its_reason(home, now, reason, texts, kind):
    with pytest.raises(InvalidList) as refused:
        matched(home, texts, kind, now=now)
    assert refused.value.details["reason"] == reason


def test_without_the_permission_nobody_is_looked_up(home, now):
    with pytest.raises(Forbidden):
        matched(home, [PHONES[1]], operator=BOSS, now=now)


def test_the_audit_log_says_how_many_were_looked_up_and_never_who(home, now):
    matched(home, [PHONES[1], "13900000000"], now=now)
    with home.store.reading() as session:
        told = [entry.details for entry in session.query(AuditEntry).order_by("sequence")]
    assert told[-1] == {"kind": "phone", "lines": 2, "matched": 1, "missed": 1, "world": "live"}
    assert not {"138", "139"} & {text[:3] for entry in told for text in map(str, entry.values())}


def test_a_column_of_a_file_is_read_whatever_its_form(home):
    text = '姓名,手机,卡号\n王,+86 13800000001,007\n李,,08\n赵,"138\n00000003",9\n'
    book, sheet = openpyxl.Workbook(), io.BytesIO()
    for line in ("姓名,手机,卡号", "王,+86 13800000001,007", "李,,08", "赵,138\n00000003,9"):
        book.active.append(line.split(","))
    book.create_sheet("旧").append(["x"])
    book.save(sheet)
    encoded = [("名单.csv", text.encode(one)) for one in ("gb18030", "utf-8-sig", "utf-16")]
    for name, content in (*encoded, ("..", text.encode()), ("a.xlsx", sheet.getvalue())):
        read = lists.columns(home, name, content)
        assert read.texts == {
            "姓名": ["王", "李", "赵"], "手机": ["+86 13800000001", "", "138\n00000003"], "卡号": ["007", "08", "9"],
        }  # fmt: skip
        assert (read.part, read.parts) == (("Sheet", ("Sheet", "旧")) if name == "a.xlsx" else ("", ()))
    for name in ("empty.csv", "broken.csv.gz"):
        with pytest.raises(Unreadable) as refused:
            lists.columns(home, name, b"zzz" if name.endswith("gz") else b"")
        assert refused.value.details["file"] == name


def test_what_cannot_be_seen_around_a_number_does_not_hide_whose_it_is(home, now):
    around = ["\ufeff{}", "\u202d{}\u202c", "'{}", '"{}"', "{}\t", "\u200b {}"]
    found = matched(home, [one.format(PHONES[1]) for one in around] + ["'\u200b'"], now=now)
    assert (found.members, found.repeated, missed(found)) == ((1,), 5, [(7, "'\u200b'", "unknown")])


def test_a_line_that_cannot_be_split_is_looked_up_as_it_is_and_not_left_out(home, now):
    found = lists.columns(home, "a.csv", "姓名,手机\n王,13800000001\n李,1,2,3\n赵,13800000003\n".encode()).texts
    assert found["手机"] == ["13800000001", "李,1,2,3", "13800000003"]
    assert [line for line, _, _ in missed(matched(home, found["手机"], now=now))] == [2]


def test_rows_have_the_numbers_that_a_spreadsheet_gives_them(home, now):
    def book(rows):
        made, out = openpyxl.Workbook(), io.BytesIO()
        for row in rows:
            made.active.append(row)
        made.save(out)
        return out.getvalue()

    for name, content, numbers in (
        ("a.csv", "姓名,手机\n王,1\n\n李,2\n,\n\n赵,3\n", (1, 2, 4, 5, 7)),
        ("above.csv", "\n\n姓名,手机\n王,1\n\n李,2\n", (3, 4, 6)),
        ("cells.csv", '姓名,手机\r\n"王\n五",1\r\n\r\n李,2\r\n李,2,3\r\n\r\n赵,3\r\n', (1, 2, 4, 5, 7)),
        ("one.csv", "手机\n\n1\n\n2\n", (1, 2, 3, 4, 5)),
        ("a.xlsx", [["姓名", "手机"], ["王", 1], [], ["李", 2], [], [], ["赵", 3]], (1, 2, 4, 7)),
        ("above.xlsx", [[], ["姓名", "手机"], ["王", 1], [], ["李", 2]], (2, 3, 5)),
    ):
        read = lists.columns(home, name, content.encode() if isinstance(content, str) else book(content))
        assert (name, read.numbers) == (name, numbers)
        assert (next(iter(read.texts)), read.is_bare) == ("手机" if name == "one.csv" else "姓名", False)
    found = lists.match(home, home.store, LIN, "phone", read.texts["姓名"], now=now, numbers=read.numbers[1:])
    assert [one.line for one in found.missed] == [3, 5]


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["+86 138-0000-0002", "13800000001", "王"], "phone"), (["WU@Example.com", ""], "email"), (["M-7F3A2C", "m7f3a2d"], "member"),
        (["4611686018427387904", "'4611686018427387905"], "member"), (["o" + "x" * 27], "openid"), (["wm" + "A" * 30], "external_userid"),
        (["王", "李", "13800000001"], None), (["C1", "007"], None), ([], None),
    ],
)  # fmt: skip
def test_what_a_list_is_of_is_seen_in_what_stands_in_it(home, texts, kind):
    assert lists.kind_of(texts) == kind
    assert lists.best_column({"姓名": ["王"] * len(texts), "手机": texts}) == (
        "手机" if kind else lists.best_column({"姓名": [], "手机": texts})
    )


@pytest.mark.parametrize(
    ("first", "is_bare"),
    [
        ("13800000001", True),
        ("wu@example.com", True),
        ("M-7F3A2C", True),
        ("1000200,王", True),
        ("手机", False),
        ("名单20251111", False),
    ],
)
def test_a_first_line_that_looks_like_data_is_data(home, first, is_bare):
    assert (
        lists.columns(
            home, "a.csv", f"{first}\n13800000002\n".replace("02\n", "02,李\n" if "," in first else "02\n").encode()
        ).is_bare
        is is_bare
    )


def test_a_file_has_a_largest_size(home, monkeypatch):
    monkeypatch.setattr(lists, "MOST_BYTES", 4)
    with pytest.raises(InvalidList) as refused:
        lists.columns(home, "a.csv", b"a\n1\n2")
    assert refused.value.details["reason"] == "bytes"
