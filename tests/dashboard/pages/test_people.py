"""The panel of people behind a figure: reconciles with it, can be taken out and kept by those who may."""

from datetime import date

import pandas as pd
import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core.errors import Forbidden
from core.periods import Period
from core.store import segments
from core.store.segments import NameTaken
from core.store.tables import AuditEntry
from core.work import segments as work
from core.work.segments import InvalidName
from dashboard import i18n
from dashboard.actions import exports
from dashboard.data import people
from dashboard.data.people import People
from dashboard.web import wiring
from dashboard.widgets.segments import words
from tests.dashboard.pages.conftest import said
from tests.dashboard.pages.shop import fill

NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))


def script(name, side):
    from datetime import date

    from core.periods import Period
    from dashboard.data import people
    from dashboard.filters import Filters
    from dashboard.widgets import people as panel

    found = people.behind(Filters(Period(date(2026, 11, 1), date(2026, 12, 1))), name, side)
    panel.show(found, "购买会员", "十一月")


@pytest.fixture
def panel(enter):
    """``panel(metric, side, role)``: the panel as somebody in this role sees it."""

    def call(name, side="top", role="analyst"):
        _, who = enter(role)
        test = AppTest.from_function(script, args=(name, side), default_timeout=60)
        test.user = {"account": str(who.operator.account_id), "session": str(who.session_id)}
        return test.run()

    return call


def test_the_people_behind_a_count_are_as_many_as_the_figure(panel):
    fill()
    test = panel("buyers")
    assert not test.exception
    assert "35 位会员" in said(test)
    assert "与数字完全一致" in said(test)
    table = test.dataframe[0].value
    assert list(table.columns) == ["会员", "记录数"]
    assert table["会员"].str.fullmatch(r"/member\?m=\d+#M-[0-9A-Z]{6}").all()


@pytest.mark.parametrize(
    ("name", "side", "words"),
    [
        ("net_revenue", "top", "名单合计 ¥1,400.00，等于这一部分的数值"),
        ("net_revenue", "minus", "名单合计 ¥5.00，等于这一部分的数值"),
        ("orders", "top", "名单合计 70 条记录，就是这个数字"),
        ("aov", "bottom", "名单合计 70 条记录，就是这个数字"),
        ("members", "top", "40 位会员"),
        ("purchase_cycle_days", "top", "中位数"),
    ],
)
def test_the_list_says_how_it_makes_the_figure(panel, name, side, words):
    fill()
    assert words in said(panel(name, side)).replace("\\", "")


def test_a_list_of_more_than_a_page_says_where_it_stands(panel, monkeypatch):
    fill()
    monkeypatch.setattr("dashboard.widgets.people.ROWS", 30)
    test = panel("buyers")
    assert len(test.dataframe[0].value) == 30
    assert "第 1 – 30 位，共 35 位" in said(test)


@pytest.mark.parametrize(("role", "files"), [("analyst", 2), ("compliance", 2), ("manager", 0)])
def test_only_those_who_may_take_people_out_are_offered_files(panel, role, files):
    fill()
    assert len(panel("buyers", role=role).get("download_button")) == files


def test_a_manager_saves_the_people_as_a_segment_and_the_audit_knows(panel):
    home = fill()
    test = panel("buyers", role="manager")
    test.text_input[0].set_value("  十一月   买家 ")
    test.button[0].click()
    test.run()
    assert "已保存人群" in said(test)
    with home.store.reading() as session:
        (kept,) = segments.listed(session)
        assert (kept.name, kept.member_count, kept.lake_version) == ("十一月 买家", 35, 1)
        assert kept.sentence == "购买会员 · 十一月"
        assert (kept.definition["metric"], kept.definition["from"]) == ("buyers", "2026-11-01")
        assert any(f'href="/segments?part=list&amp;sg={kept.id}"' in one.value for one in test.html)
        assert any(f'href="/campaigns?new=1&amp;segment={kept.id}"' in one.value for one in test.html)
        assert words.origin(kept.definition, kept.sentence) == kept.sentence
        assert segments.members(session, kept.id) == tuple(range(1, 36))
    with wiring.accounts_store().reading() as session:
        assert "segment.saved" in session.scalars(select(AuditEntry.action)).all()


DAYS = {"from": "2026-11-01", "to": "2026-11-30"}


@pytest.mark.parametrize(
    ("told", "said_in_english"),
    [
        (
            {"kind": "behind", "metric": "buyers", **DAYS},
            "List from “Buyers” · Nov 1, 2026 – Nov 30, 2026",
        ),
        ({"kind": "rfm", "which": "class.high_keep", **DAYS}, "List from “Important: keep”"),
        ({"kind": "membership", "which": "gold", **DAYS}, "List from “RFM & LTV”"),
        ({"kind": "segment_reach", **DAYS}, "List from “Segments”"),
        ({"kind": "list", "of": "phone"}, "Imported list (Phone)."),
        ({"kind": "behind", "language": "en"}, "购买会员"),
        ({"kind": "of another time"}, "购买会员"),
    ],
)
def test_where_a_list_came_from_is_told_in_the_language_of_the_reader(monkeypatch, told, said_in_english):
    monkeypatch.setattr(i18n.st, "session_state", {"_language": "en"})
    assert words.origin(told, "购买会员") == said_in_english


def test_a_name_that_is_taken_or_empty_is_refused_in_words(panel):
    fill()
    test = panel("buyers", role="manager")
    for name, refusal in (
        ("买家", "已保存人群"),
        ("买家", "已经有叫“买家”的人群了"),
        ("   ", "人群名称需为 1 到 60 个字"),
    ):
        test.text_input[0].set_value(name)
        test.button[0].click()
        test.run()
        assert refusal in said(test)


def test_a_role_without_the_permission_keeps_nothing(enter):
    home = fill()
    _, who = enter("executive")
    with pytest.raises(Forbidden):
        work.save_list(home, home.store, who.operator, "name", "sentence", [1], {}, 1, now=wiring.now())
    with home.store.reading() as session:
        assert segments.listed(session) == []


def test_a_segment_of_the_demo_world_is_in_the_audit_of_the_house(enter):
    _, who = enter("analyst")
    demo = wiring.house().demo

    def save(name, members):
        log, now = wiring.accounts_store(), wiring.now()
        return work.save_list(demo, log, who.operator, name, "sentence", members, {}, 1, now=now)

    number = save("name", [3, 1]).id
    with pytest.raises(NameTaken):
        save(" name ", [1])
    with pytest.raises(InvalidName):
        save("x" * 61, [1])
    with demo.store.reading() as session:
        assert segments.members(session, number) == (1, 3)
    with wiring.accounts_store().reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "segment.saved")).all()
    assert [entry.details["world"] for entry in entries] == ["demo"]


def test_short_names_are_the_same_everywhere_and_apart_for_neighbours():
    names = people.labels(pd.Series(range(5_000)))
    assert len(set(names)) == 5_000
    assert names[7] == people.labels(pd.Series([7], dtype="int64"))[0]


def test_an_export_holds_the_whole_number_as_text_and_money_in_major_units():
    frame = pd.DataFrame({"member_id": [2**62 + 1], "value": [12345]})
    found = People("key", frame, {}, "sum", "money", 12345, 12345, "CNY", 1)
    table = people.table(found, ("member", "number", "amount"))
    assert table["number"].tolist() == ["4611686018427387905"]
    assert table["amount"].tolist() == [123.45]
    assert exports.as_csv(table).decode("utf-8-sig").splitlines()[1].split(",")[1] == "'4611686018427387905"
    counted = People("key", frame, {}, "stock_end", "rows", 1, 1, "CNY", 1)
    assert list(people.table(counted, ("member", "number", "rows")).columns) == ["member", "number"]


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"metric": "buyers", "kind": "behind"}, "siyu-buyers-2026-11-01-2026-11-30"),
        ({"kind": "path"}, "siyu-path-2026-11-01-2026-11-30"),
        ({"kind": "funnel"}, "siyu-funnel-2026-11-01-2026-11-30"),
    ],
)
def test_an_exported_file_is_named_after_what_was_asked(told, name):
    days = {"from": "2026-11-01", "to": "2026-11-30"}
    frame = pd.DataFrame({"member_id": [], "value": []})
    assert people.file_name(People("", frame, told | days, "rows", "rows", None, None, "CNY", 1)) == name
