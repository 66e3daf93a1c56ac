"""风险登记册, through the frame: risks are added, taken over, changed, reviewed, treated, closed and opened again by those who may."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from core.periods import business_date
from core.scope import SYSTEM
from core.work import register as work
from core.work.questions import register as questions
from core.work.questions.register import Described
from dashboard.web import wiring
from tests.dashboard.pages.conftest import choose, go, said
from tests.dashboard.pages.parts import html, tile
from tests.lakes import ZONE


def open_part(opened, role="analyst", language="zh", units=None, part="register", **query):
    test = opened("catalog", role, language, units=units)
    test.query_params["part"] = part
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "risk")


def opens(test, box: str):
    test.session_state[box] = True
    return test.run()


def button(test, key: str):
    return next(one for one in test.button if one.key == key)


def put(test, key: str, value):
    kinds = (test.text_input, test.text_area, test.number_input, test.selectbox, test.multiselect, test.date_input)
    next(one for kind in kinds for one in kind if one.key == key).set_value(value)


def table(test) -> list[list[str]]:
    """Cells of the rows, as words."""
    body = re.search(r"<tbody>(.*?)</tbody>", html(test)[html(test).index("kept-rows") :], re.S)
    assert body
    rows = re.findall(r"<tr>(.*?)</tr>", body[1])
    return [
        [unescape(re.sub(r"<[^>]+>", " ", cell)).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in rows
    ]


def matrix(test) -> dict[str, str]:
    """Cells that hold anything: what the address says of each, and its number."""
    return dict(re.findall(r'rg_cell=(\d+x\d+)"[^>]*>(\d+)</a>', html(test)))


def today():
    return business_date(datetime.now(UTC), ZONE)


def described(title="平台限流", **more) -> Described:
    values = {"kind": "market", "likelihood": 4, "impact": 4, "owner": "林", "treatment": "reduce", "review_on": today() + timedelta(days=9)}  # fmt: skip
    return Described(title=title, **(values | more))


def add(**more) -> questions.Risk:
    home = wiring.house().live
    return work.add(home, wiring.accounts_store(), SYSTEM, described(**more), now=datetime.now(UTC))


def stands() -> tuple[questions.Risk, ...]:
    return questions.risks(wiring.house().live, SYSTEM, with_closed=True)


@pytest.mark.parametrize(
    ("language", "empty", "taken"), [("zh", "登记册还是空的", "已带入 "), ("en", "The register is empty", "taken over")]
)
def test_the_usual_risks_are_taken_over_by_a_button_in_a_home_without_data(opened, language, empty, taken):
    test = open_part(opened, language=language)
    assert not test.exception and empty in said(test)
    test = button(test, "rg_adopt").click().run()
    assert not test.exception and taken in said(test)
    usual = questions.usual()
    assert len(table(test)) == len(usual) == len(stands())
    assert {row[0] for row in table(test)} == {one.told[language]["title"] for one in usual}
    assert "rg_adopt" not in {one.key for one in test.button}
    counts = {}
    for one in usual:
        cell = f"{one.likelihood}x{one.impact}"
        counts[cell] = counts.get(cell, 0) + 1
    assert matrix(test) == {cell: str(count) for cell, count in counts.items()}


def test_a_risk_is_added_with_what_was_typed(opened):
    test = opens(open_part(opened), "rg_add")
    put(test, "rg_new_title", "主播 <b>离职</b>")
    put(test, "rg_new_kind", "operations")
    put(test, "rg_new_likelihood", 2)
    put(test, "rg_new_impact", 5)
    put(test, "rg_new_plan", "培养\n替补")
    test = button(test, "rg_add_do").click().run()
    assert not test.exception and "已登记" in said(test)
    (one,) = stands()
    told = one.described
    assert (told.title, told.kind, told.likelihood, told.impact, told.plan) == (
        "主播 <b>离职</b>",
        "operations",
        2,
        5,
        "培养\n替补",
    )
    assert (told.residual_likelihood, told.residual_impact) == (None, None)
    assert "<b>离职" not in html(test) and table(test)[0][0] == "主播 <b>离职</b>"
    assert not [one for one in test.text_input if one.key == "rg_new_title"]  # the box is closed


def test_what_is_refused_stays_in_the_form_with_a_reason(opened):
    add(title="平台限流")
    test = opens(open_part(opened), "rg_add")
    put(test, "rg_new_title", "平台限流")
    put(test, "rg_new_plan", "写了很久的计划")
    test = button(test, "rg_add_do").click().run()
    assert "登记册里已有" in said(test) and len(stands()) == 1
    assert next(one for one in test.text_area if one.key == "rg_new_plan").value == "写了很久的计划"
    put(test, "rg_new_title", "外链被封")
    test = button(test, "rg_add_do").click().run()
    assert {one.described.title for one in stands()} == {"平台限流", "外链被封"}


def test_a_cell_of_the_matrix_lists_its_risks_and_those_of_other_cells_are_left_out(opened):
    add(title="甲", likelihood=5, impact=5, residual_likelihood=1, residual_impact=2)
    add(title="乙", likelihood=2, impact=2)
    test = open_part(opened)
    assert matrix(test) == {"5x5": "1", "2x2": "1"} and [row[0] for row in table(test)] == ["甲", "乙"]
    test = choose(test, "处理后")
    assert matrix(test) == {"1x2": "1", "2x2": "1"}
    test.query_params["rg_cell"] = "1x2"
    test = test.run()
    assert [row[0] for row in table(test)] == ["甲"] and "可能性 1 × 影响 2（低）" in said(test)
    test.query_params["rg_cell"] = "9x9"
    test = test.run()
    assert not test.exception and len(table(test)) == 2 and "rg_cell" not in test.query_params


def test_a_risk_goes_through_its_life_and_every_step_is_in_its_history(opened):
    key = add(title="甲", residual_likelihood=1, residual_impact=2).key
    test = open_part(opened, risk=key)
    assert not test.exception and "甲" in said(test) and "变更记录" in said(test)
    test = opens(test, "rg_reviewed")
    test = button(test, "rg_reviewed_do").click().run()
    assert "请说明原因" in said(test)  # without words
    put(test, f"rg_reviewed_{key}_note", "仍然成立")
    test = button(test, "rg_reviewed_do").click().run()
    assert "已记下" in said(test) and "仍然成立" in said(test)
    test = opens(test, "rg_changed")
    put(test, f"rg_{key}_likelihood", 5)
    test = button(test, "rg_changed_do").click().run()
    assert not test.exception and "处理前：4 × 4 → 5 × 4" in said(test)
    for action, told in (("treated", "已标为已处理"), ("closed", "已关闭"), ("reopened", "已重新打开")):
        test = opens(test, f"rg_{action}")
        put(test, f"rg_{action}_{key}_note", f"因为 {action}")
        test = button(test, f"rg_{action}_do").click().run()
        assert not test.exception and told in said(test)
    actions = [one.action for one in questions.history(wiring.house().live, SYSTEM, key)]
    assert actions == ["reopened", "closed", "treated", "changed", "reviewed", "added"]


def test_what_somebody_else_changed_meanwhile_is_told_and_the_form_keeps_what_was_typed(opened):
    one = add(title="甲")
    test = opens(open_part(opened, risk=one.key), "rg_changed")
    put(test, f"rg_{one.key}_plan", "我的计划")
    work.change(wiring.house().live, wiring.accounts_store(), SYSTEM, one.key, described("甲", owner="王"), revision=1, now=datetime.now(UTC))  # fmt: skip
    test = button(test, "rg_changed_do").click().run()
    assert "刚才有人改过这一项" in said(test) and "负责人：林 → 王" in said(test)
    assert next(field for field in test.text_area if field.key == f"rg_{one.key}_plan").value == "我的计划"
    assert stands()[0].described.plan == ""
    test = button(test, "rg_changed_do").click().run()
    assert not test.exception and stands()[0].described.plan == "我的计划"


@pytest.mark.parametrize(("role", "units"), [("manager", None), ("executive", None), ("compliance", None), ("analyst", ["north"])])  # fmt: skip
def test_others_see_the_register_and_cannot_change_it(opened, role, units):
    key = add(title="甲").key
    test = open_part(opened, role, units=units)
    for opens_one in (False, True):
        if opens_one:
            test.query_params["risk"] = key
            test = test.run()
        assert not test.exception and "甲" in said(test)
        assert not [one for one in test.button if one.key and one.key.startswith("rg_")]


def test_an_overdue_review_is_marked(opened):
    day = datetime.now(UTC) - timedelta(days=30)
    home = wiring.house().live
    work.add(home, wiring.accounts_store(), SYSTEM, described(review_on=day.date() + timedelta(days=10)), now=day)
    test = open_part(opened)
    assert "已逾期" in said(test) and tile(test, "due")[0] == "1"
