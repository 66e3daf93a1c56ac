"""外部读数, through the frame: figures that no data tells are typed, read from files, corrected and taken away by those who may, beside their limit."""

from datetime import UTC, datetime, timedelta

import pytest

from core.scope import SYSTEM
from core.work import readings as work
from core.work.questions import readings as questions
from dashboard.web import wiring
from tests.dashboard.pages.conftest import choose, said
from tests.dashboard.pages.parts import tile
from tests.dashboard.pages.test_register import button, open_part, opens, put, today

OPINION = "public_opinion"


def type_in(days_ago: int, value: float, kind=OPINION, **more) -> questions.Told:
    on = today() - timedelta(days=days_ago)
    home = wiring.house().live
    return work.put(home, wiring.accounts_store(), SYSTEM, kind, on, value, now=datetime.now(UTC), **more)


def stands(kind=OPINION) -> list[tuple[int, float]]:
    """How many days ago, and the figure."""
    return [((today() - one.day_on).days, one.value) for one in questions.listed(wiring.house().live, SYSTEM, kind)]


def shown(test) -> list[list[str]]:
    return test.dataframe[-1].value.to_numpy().tolist()


@pytest.mark.parametrize(("language", "empty", "line", "over"), [("zh", "还没有读数", "≥ 800", "越线"), ("en", "No readings yet", "≥ 800", "Over the line")])  # fmt: skip
def test_a_reading_is_typed_and_marked_from_the_limit_on(opened, language, empty, line, over):
    test = open_part(opened, language=language, part="readings")
    assert not test.exception and empty in said(test)
    type_in(2, 799)
    test = opens(test, "rd_put")
    put(test, f"rd_new_{OPINION}_value", 800.0)
    put(test, f"rd_new_{OPINION}_note", "话题 **上榜**")
    test = button(test, "rd_put_do").click().run()
    assert not test.exception
    assert stands() == [(2, 799), (0, 800)]
    assert tile(test, "newest")[0] == "800" and tile(test, "limit")[0] == line and tile(test, "broken")[0] == "1"
    assert [row[2] for row in shown(test)] == [over, ""]


def test_nothing_typed_is_refused_in_words_and_the_note_stays(opened):
    test = opens(open_part(opened, part="readings"), "rd_put")
    put(test, f"rd_new_{OPINION}_note", "忘了写数")
    test = button(test, "rd_put_do").click().run()
    assert "读数要是一个数" in said(test) and stands() == []
    assert next(one for one in test.text_input if one.key == f"rd_new_{OPINION}_note").value == "忘了写数"


def test_typing_for_a_day_that_has_one_corrects_it_and_one_that_was_removed_can_be_typed_again(opened):
    type_in(0, 500)
    test = opens(open_part(opened, part="readings"), "rd_put")
    put(test, f"rd_new_{OPINION}_value", 650.0)
    test = button(test, "rd_put_do").click().run()
    assert "500 → 650" in said(test) and stands() == [(0, 650)]
    test.query_params["reading"] = today().isoformat()
    test = button(opens(test.run(), "rd_remove"), "rd_remove_do").click().run()
    assert not test.exception and stands() == [] and "已删除" in said(test)
    test = opens(test, "rd_put")
    put(test, f"rd_new_{OPINION}_value", 660.0)
    test = button(test, "rd_put_do").click().run()
    assert not test.exception and stands() == [(0, 660)]


def test_a_reading_opens_with_its_history_and_is_corrected(opened):
    one = type_in(1, 500, note="初报")
    test = open_part(opened, part="readings", reading=one.key)
    assert "初报" in said(test)
    test = opens(test, "rd_correct")
    put(test, f"rd_one_{one.key}_value", 510.5)
    test = button(test, "rd_correct_do").click().run()
    assert not test.exception and stands() == [(1, 510.5)]
    assert "500 → 510.50" in said(test).replace("\\", "")
    assert [each.value for each in questions.history(wiring.house().live, SYSTEM, OPINION, one.key)] == [510.5, 500]


def test_what_somebody_else_corrected_meanwhile_is_told(opened):
    one = type_in(1, 500)
    test = opens(open_part(opened, part="readings", reading=one.key), "rd_correct")
    put(test, f"rd_one_{one.key}_value", 510.0)
    type_in(1, 490, revision=1)
    test = button(test, "rd_correct_do").click().run()
    assert "刚才有人改过这一项" in said(test) and stands() == [(1, 490)]


def test_several_changes_of_policy_may_stand_on_a_day(opened):
    test = choose(open_part(opened, part="readings"), "平台规则变更")
    for words, weight in (("群发限四次", 5), ("外链改备案", 2)):
        test = opens(test, "rd_put")
        put(test, "rd_new_policy_change_value", weight)
        put(test, "rd_new_policy_change_note", words)
        test = button(test, "rd_put_do").click().run()
        assert not test.exception
    assert sorted(stands("policy_change")) == [(0, 2), (0, 5)]
    assert {row[3]: row[2] for row in shown(test)} == {"群发限四次": "越线", "外链改备案": ""}


def test_a_file_is_taken_and_its_bad_lines_are_told(opened):
    day = today() - timedelta(days=3)
    text = f"日期,数值\n{day},600\n{day - timedelta(days=1)},abc\n{today() + timedelta(days=2)},5\n{day},700\n"
    test = opens(open_part(opened, part="readings"), "rd_import")
    field = next(one for one in test.file_uploader if one.key == f"rd_file_{OPINION}")
    field.upload("舆情.csv", text.encode(), "text/csv")
    test = button(test.run(), "rd_import_do").click().run()
    assert not test.exception and stands() == [(3, 600)]
    told = " ".join(str(one.value) for one in test.warning).replace("\\", "")
    assert "新增 1 条" in told and "未采用 3 行" in told
    assert [row[::2] for row in test.dataframe[0].value.to_numpy().tolist()] == [[3, "看不懂数值"], [4, "日期还没到"], [5, "前面已有同一天"]]  # fmt: skip
    test = button(test, "rd_came_seen").click().run()
    assert not test.warning


def test_a_kind_of_the_house_is_named_written_and_archived(opened):
    test = opens(open_part(opened, part="readings"), "rd_kinds")
    put(test, "rd_kind__name", "竞品 <价格>")
    put(test, "rd_kind__unit", "share")
    test = button(test, "rd_kind_do").click().run()
    assert not test.exception and "已保存" in said(test)
    key = questions.kinds(wiring.house().live, SYSTEM)[-1].key
    assert test.query_params["rd_kind"] == key
    test = opens(test, "rd_put")
    put(test, f"rd_new_{key}_value", 12.5)
    test = button(test, "rd_put_do").click().run()
    assert not test.exception and stands(key) == [(0, 0.125)] and tile(test, "newest")[0] == "12.50%"
    test = opens(test, "rd_kinds")
    next(one for one in test.selectbox if one.key == "rd_kind_which").set_value(key)
    test = test.run()
    next(one for one in test.toggle if one.key == f"rd_kind_{key}_archived").set_value(True)
    test = button(test, "rd_kind_do").click().run()
    assert not test.exception and key not in {one.key for one in questions.kinds(wiring.house().live, SYSTEM)}


@pytest.mark.parametrize("role", ["manager", "executive", "compliance"])
def test_others_see_readings_and_cannot_change_them(opened, role):
    type_in(1, 500)
    test = open_part(opened, role, part="readings")
    assert not test.exception and tile(test, "newest")[0] == "500"
    assert not [one for one in test.button if one.key and one.key.startswith("rd_")]


def test_who_sees_some_units_only_is_told_why_there_are_none(opened):
    type_in(1, 500)
    test = open_part(opened, "analyst", units=["north"], part="readings")
    assert not test.exception and not test.dataframe and "只有能看到全部经营单元的人" in said(test)
