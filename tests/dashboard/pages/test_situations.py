"""市场情形, through the frame: which one holds is declared with a reason, what each unlocks leads to pages, and the figures only suggest."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core.scope import SYSTEM
from core.work import situations as work
from core.work.questions import situations as questions
from core.work.questions.situations import Measure
from dashboard.web import wiring
from dashboard.widgets.risk.situation_forms import edited
from tests import lakes
from tests.dashboard.pages.conftest import said
from tests.dashboard.pages.parts import html
from tests.dashboard.pages.test_register import button, open_part, opens, put, today


def declare(situation="competition", reason="竞品补贴", after=0, days_ago=3) -> questions.Turn:
    home = wiring.house().live
    since = today() - timedelta(days=days_ago)
    return work.declare(home, wiring.accounts_store(), SYSTEM, situation, reason=reason, since_on=since, after=after, now=datetime.now(UTC))  # fmt: skip


@pytest.mark.parametrize(("language", "none", "told", "name"), [("zh", "还没有声明过", "已声明", "竞争激烈"), ("en", "No situation was ever declared", "Declared", "")])  # fmt: skip
def test_a_situation_is_declared_with_a_reason_and_unlocks_its_measures(opened, language, none, told, name):
    test = open_part(opened, language=language, part="situations")
    assert not test.exception and none in said(test)
    test = opens(test, "si_declare")
    test = button(test, "si_declare_do").click().run()
    assert questions.history(wiring.house().live, SYSTEM) == ()  # without a reason
    put(test, "si_new_reason", "**竞品** 全线补贴")
    test = button(test, "si_declare_do").click().run()
    assert not test.exception and told in said(test) and name in said(test)
    turn = questions.holding(wiring.house().live, SYSTEM)
    assert (turn.situation, turn.reason, turn.since_on) == ("competition", "**竞品** 全线补贴", today())
    for one in questions.usual()["competition"]:
        assert one.told[language] in said(test) and f'href="/{one.page}' in html(test)


def test_another_one_follows_and_both_stand_in_the_history(opened):
    declare()
    test = opens(open_part(opened, part="situations"), "si_declare")
    assert next(one for one in test.selectbox if one.key == "si_new_situation").options == ["稳定增长", "机会窗口"]
    put(test, "si_new_situation", "window")
    put(test, "si_new_reason", "流量上涨")
    test = button(test, "si_declare_do").click().run()
    assert not test.exception and [one.situation for one in questions.history(wiring.house().live, SYSTEM)] == ["window", "competition"]  # fmt: skip
    assert "竞品补贴" in said(test) and "流量上涨" in said(test)


def test_what_somebody_else_declared_meanwhile_is_told_and_the_reason_stays(opened):
    test = opens(open_part(opened, part="situations"), "si_declare")
    put(test, "si_new_reason", "我的理由")
    declare("growth")
    test = button(test, "si_declare_do").click().run()
    assert "刚才有人改过这一项" in said(test) and "竞品补贴" in said(test)
    assert next(one for one in test.text_area if one.key == "si_new_reason").value == "我的理由"
    assert questions.holding(wiring.house().live, SYSTEM).situation == "growth"


def test_measures_of_the_house_stand_in_place_of_the_usual_ones_and_the_usual_come_back(opened):
    home, log = wiring.house().live, wiring.accounts_store()
    was = questions.usual()["growth"]
    work.keep_measures(home, log, SYSTEM, "growth", [questions.written("每周 <b>三</b> 次", "scores", "causes")], was=was, now=datetime.now(UTC))  # fmt: skip
    test = open_part(opened, part="situations")
    assert (
        "每周 <b>三</b> 次" in said(test) and "<b>三" not in html(test) and 'href="/scores?part=causes"' in html(test)
    )
    test = opens(test, "si_edit_1")
    test = button(test, "si_1_usual").click().run()
    assert not test.exception and questions.measures(home, SYSTEM)["growth"] == was


def test_the_figures_suggest_a_situation_and_say_why(opened):
    last = date(2026, 11, 20)
    events = []
    for day in range(56):
        on = last - timedelta(days=55 - day)
        events += [lakes.event(1 + n, f"{on}T04:{n:02}", "page_view") for n in range(40 if day >= 28 else 20)]
    lakes.add(wiring.house().live, 1, events=events)
    test = open_part(opened, part="situations")
    assert not test.exception
    row = html(test).split('id="situation-signs"')[1].split("<tr>")[2]
    assert "访问" in row and "40.0" in row and "20.0" in row and "+100.0%" in row and "上升" in row
    assert "都不像" in said(test)  # nothing is known of orders


def test_too_little_data_suggests_nothing(opened):
    lakes.add(wiring.house().live, 1, events=[lakes.event(1, "2026-11-01T04:00", "page_view")])
    assert "还不足 56 天" in said(open_part(opened, part="situations"))


@pytest.mark.parametrize(("role", "units"), [("manager", None), ("compliance", None), ("analyst", ["north"])])
def test_others_see_the_situation_and_cannot_change_it(opened, role, units):
    declare()
    test = open_part(opened, role, units=units, part="situations")
    assert not test.exception and "竞品补贴" in said(test)
    assert not [one for one in test.button if one.key and one.key.startswith("si_")]


def test_edited_measures_keep_their_words_in_other_languages_and_their_part():
    was = (Measure({"zh": "甲", "en": "A"}, "scores", "causes", ""), Measure({"zh": "乙", "en": "B"}, "content"))
    rows = [{"place": 0, "told": "甲", "page": "scores", "field": "trade"}, {"place": 1.0, "told": "丙", "page": "", "field": None}, {"told": "  "}, {"told": "丁"}]  # fmt: skip
    assert edited(was, rows, "zh") == [
        Measure({"zh": "甲", "en": "A"}, "scores", "causes", "trade"), questions.written("丙"), questions.written("丁")
    ]  # fmt: skip
