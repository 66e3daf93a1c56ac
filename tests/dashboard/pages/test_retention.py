"""留存, through the frame: builder, address, figures, people, export, and questions that cannot be."""

import re
from html import unescape
from urllib.parse import parse_qs

import pytest

from core.errors import InvalidRetention
from dashboard.data import retention
from dashboard.data.retention import Cell
from tests.dashboard.pages.conftest import go, said
from tests.dashboard.pages.shop import fill

WORD = re.compile(r"<[^>]+>")


def open_with(opened, role="analyst", language="zh", start=("product_view",), back=("order_placed",), **query):
    """The page at an address, come to from another page."""
    test = opened("catalog", role, language)
    test.query_params["period"] = "all"
    test.query_params["r_start"], test.query_params["r_back"] = list(start), list(back)
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "retention")


def html(test):
    return "".join(part.proto.body for part in test.get("html"))


def table(test, number=0):
    """Words of a table's rows."""
    found = re.findall(r"<tbody>(.*?)</tbody>", html(test))[number]
    return [
        [WORD.sub("", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr[^>]*>(.*?)</tr>", found)
    ]


@pytest.mark.parametrize(("language", "mean"), [("zh", "加权均值"), ("en", "Weighted mean")])
def test_the_page_answers_in_both_languages(opened, language, mean):
    """All 40 look on 10 November; 35 order twice in the first three weeks of it, some before they looked."""
    fill()
    test = open_with(opened, language=language)
    assert not test.exception
    rows = table(test)
    assert [row[0] for row in rows][:1] == [mean]
    assert {row[1] for row in rows[1:]} == {"0", "40"}


def test_every_choice_is_in_the_address_and_comes_back_from_it(opened):
    fill()
    given = {
        "r_unit": "day", "r_age": "rolling", "r_entry": "recurring", "r_counting": "on_or_after", "r_brackets": "0,1,3,7",
        "r_by": "platform", "r_measure": "revenue", "r_mean": "simple", "r_group": "phone",
    }  # fmt: skip
    test = open_with(opened, **given)
    assert not test.exception
    for name, value in given.items():
        assert test.query_params[name] in (value, [value]), name
    assert "1–2" in html(test) and "3–6" in html(test)


def test_conditions_stand_in_the_address_and_are_asked_of_their_side(opened):
    fill()
    test = open_with(opened, r_start_if=["platform=phone"], r_back_if=["amount>15"])
    assert not test.exception
    assert test.query_params["r_start_if"] in ("platform=phone", ["platform=phone"])
    assert {row[1] for row in table(test)} == {"0", "32"}
    assert table(test)[0][1] == "32"


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "起始行为的条件 “nonsense”"), ("en", "condition of the start “nonsense”")]
)
def test_what_a_link_says_that_cannot_be_read_is_told(opened, language, words):
    fill()
    wrong = {"r_unit": "year", "r_by": "mood", "r_people": "2025-01-01.x"}
    test = open_with(opened, language=language, r_start_if=["nonsense", "platform=phone"], **wrong)
    told = test.warning[0].value.replace("\\", "")
    assert not test.exception and words in told
    assert "“year”" in told and "“mood”" in told and "“2025-01-01.x”" in told and "platform=phone" not in told
    assert test.query_params["r_start_if"] in ("platform=phone", ["platform=phone"])


def test_a_breakdown_shows_who_has_no_value_and_adds_up(opened):
    fill()
    test = open_with(opened, r_by="platform")
    rows = table(test, 1)
    assert [row[:2] for row in rows] == [["phone", "32"], ["（无此属性）", "8"], ["全部", "40"]]
    assert "8 个进入者（20.0%）没有这个属性" in said(test)


def test_cohorts_of_fewer_than_thirty_show_counts_and_no_rate(opened):
    fill()
    test = open_with(opened, start=["purchase"], back=["order_placed"])
    shown = [row for row in table(test)[1:] if row[1] == "10"]
    assert len(shown) == 1 and not any("%" in cell for cell in shown[0])
    assert "少于 30" in html(test)


@pytest.mark.parametrize(("role", "may"), [("analyst", True), ("manager", True), ("executive", False)])
def test_figures_lead_to_people_for_those_who_may_see_them(opened, role, may):
    fill()
    test = open_with(opened, role, r_people="2026-11-09")
    assert table(test) and ("r_people=" in html(test)) == may == ("r_people" in test.query_params)


def test_a_cell_in_the_address_opens_its_people_with_the_count_of_the_figure(opened):
    fill()
    test = open_with(opened, r_people="2026-11-09")
    assert "**40 位会员** 与数字完全一致" in said(test)
    assert test.query_params["r_people"] in ("2026-11-09", ["2026-11-09"])


@pytest.mark.parametrize("cell", ["2026-11-10", "2026-11-09.99", "nonsense", "2026-13-01"])
def test_a_cell_that_does_not_exist_is_left_out_of_the_address(opened, cell):
    fill()
    test = open_with(opened, r_people=cell)
    assert not test.exception and "r_people" not in test.query_params


@pytest.mark.parametrize(
    ("query", "zh", "en"),
    [
        ({"start": ["nothing"]}, "没有“nothing”", "no event or property “nothing”"),
        ({"start": []}, "请选择至少一个起始行为", "Choose at least one event"),
        ({"r_brackets": "0,3,2"}, "划分点应是从 0 开始", "ascend from 0"),
        ({"r_brackets": "a,b"}, "划分点应是从 0 开始", "ascend from 0"),
        ({"r_brackets": ",".join(map(str, range(70)))}, "最多显示 60 个间隔", "At most 60 intervals"),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_cannot_be_asked_is_said_in_the_readers_language(opened, language, query, zh, en):
    fill()
    test = open_with(opened, language=language, **query)
    assert not test.exception
    assert {"zh": zh, "en": en}[language] in said(test)


@pytest.mark.parametrize(("language", "words"), [("zh", "还没有行为数据"), ("en", "No behaviour yet")])
def test_an_empty_world_says_what_to_do(opened, language, words):
    test = opened("retention", "manager", language)
    assert not test.exception
    assert words in said(test)


def test_nobody_in_the_period_is_said(opened):
    fill()
    test = open_with(opened, period="custom", **{"from": "2026-10-01", "to": "2026-10-05"})
    assert "这段时间没有人进入同期群" in said(test)


def link(test, words):
    """Where a choice leads."""
    return parse_qs(unescape(re.search(rf'<a href="\?([^"]*)"[^>]*>{words}</a>', html(test))[1]))


def chosen(test, key):
    """Which of a row of choices is marked as the chosen one."""
    row = re.search(rf'<div id="field-{key}">(.*?)</nav>', html(test))[1]
    return re.findall(r'aria-current="true">(.*?)</a>', row)


def test_a_choice_leads_to_the_page_as_it_is_but_for_itself(opened):
    fill()
    test = open_with(opened, r_unit="day", r_mean="simple", r_people="2026-11-09")
    assert (chosen(test, "r_unit"), chosen(test, "r_mean"), chosen(test, "r_age")) == (
        ["天"],
        ["简单均值"],
        ["自然周期"],
    )
    start = {"period": ["all"], "r_start": ["product_view"], "r_back": ["order_placed"]}
    assert link(test, "月") == start | {"r_unit": ["month"], "r_mean": ["simple"]}
    assert link(test, "周") == start | {"r_unit": ["week"], "r_mean": ["simple"]}
    assert link(test, "加权均值") == start | {"r_unit": ["day"], "r_mean": ["weighted"]}


def test_the_first_choice_is_followed_too_and_leaves_the_address(opened):
    fill()
    test = open_with(opened, r_unit="day")
    test.query_params["r_unit"] = "week"
    test.run()
    assert chosen(test, "r_unit") == ["周"] and "r_unit" not in test.query_params


def test_what_was_chosen_stays_for_whoever_comes_back_to_the_page(opened):
    fill()
    test = open_with(opened, r_unit="day", r_mean="simple")
    go(test, "catalog")
    for key in list(test.query_params):
        del test.query_params[key]
    go(test, "retention")
    assert (chosen(test, "r_unit"), chosen(test, "r_mean")) == (["天"], ["简单均值"])
    assert test.query_params["r_unit"] in ("day", ["day"])


def test_a_common_question_brings_its_way_of_entering(opened):
    fill()
    test = open_with(opened, r_entry="recurring")
    assert chosen(test, "r_entry") == ["每期重计"]
    test.pills(key="r_template").set_value("repurchase").run()
    assert chosen(test, "r_entry") == ["有史首次"] and "r_entry" not in test.query_params


def test_a_template_asks_its_question(opened):
    fill()
    test = opened("retention", "analyst")
    assert test.multiselect(key="r_start").value == ["product_view"]
    test.pills(key="r_template").set_value("repurchase").run()
    assert test.multiselect(key="r_start").value == test.multiselect(key="r_back").value == ["order_placed"]
    assert not test.exception


def test_an_operator_of_a_unit_sees_its_members_alone(opened):
    fill(units=True)
    test = opened("catalog", "manager", units=["east"])
    test.query_params["period"], test.query_params["r_start"], test.query_params["r_back"] = (
        "all",
        "product_view",
        "order_placed",
    )
    test = go(test, "retention")
    assert {row[1] for row in table(test)} == {"0", "5"}


@pytest.mark.parametrize(("text", "ages"), [("0,1,3", (0, 1, 3)), (" 0 1，3、7 ", (0, 1, 3, 7)), ("0;2", (0, 2))])
def test_brackets_are_read_however_they_are_divided(text, ages):
    assert retention.parse_brackets(text) == ages


@pytest.mark.parametrize("text", ["", " ", "a", "0,1.5", "-1,2", "0,123456", "０,1"])
def test_brackets_that_are_no_numbers_are_refused(text):
    with pytest.raises(InvalidRetention):
        retention.parse_brackets(text)


@pytest.mark.parametrize("text", ["2026-11-09", "2026-11-09.0", "2026-11-09.30"])
def test_a_cell_is_read_as_it_is_written(text):
    cell = Cell.of(text)
    assert cell is not None and cell.text == text


@pytest.mark.parametrize("text", ["", "2026-11-09.", "2026-02-30", "2026-11-09.x", "2026-11-09.123456"])
def test_what_names_no_cell_is_none(text):
    assert Cell.of(text) is None
