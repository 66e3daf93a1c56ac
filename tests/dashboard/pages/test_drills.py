"""演练, through the frame: drills are planned, shown on a calendar, carried out, corrected and cancelled by those who may."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from core.risk import playbooks
from core.scope import SYSTEM
from core.work import drills as work
from core.work.questions import drills as questions
from core.work.questions.drills import Action, Planned, Record, next_on
from dashboard import i18n
from dashboard.i18n import t
from dashboard.web import wiring
from dashboard.widgets.risk.drill_forms import edited
from tests.dashboard.pages.conftest import choose, said
from tests.dashboard.pages.parts import html, tile
from tests.dashboard.pages.test_register import button, open_part, opens, put, table, today


def plan(on: date, scenario="负面舆情", *, made: datetime | None = None, **more) -> questions.Held:
    home = wiring.house().live
    return work.plan(home, wiring.accounts_store(), SYSTEM, Planned(on, scenario, **more), now=made or datetime.now(UTC))  # fmt: skip


def late(days: int, scenario="负面舆情", **more) -> questions.Held:
    on = today() - timedelta(days=days)
    return plan(on, scenario, made=datetime.now(UTC) - timedelta(days=days + 1), **more)


def stands() -> tuple[questions.Held, ...]:
    return questions.drills(wiring.house().live, SYSTEM)


def one(test, kinds: str, key: str):
    return next(field for field in getattr(test, kinds) if field.key == key)


@pytest.mark.parametrize(("language", "empty", "planned"), [("zh", "还没有安排演练", "已安排"), ("en", "No drill is planned", "is planned for")])  # fmt: skip
def test_a_drill_is_planned_and_stands_on_the_calendar(opened, language, empty, planned):
    test = open_part(opened, language=language, part="drills")
    assert not test.exception and empty in said(test)
    test = opens(test, "dr_plan")
    put(test, "dr_new_scenario", "数据泄露 <i>x</i>")
    put(test, "dr_new_people", "林，王、赵")
    put(test, "dr_new_field", "compliance")
    put(test, "dr_new_months", 6)
    test = button(test, "dr_plan_do").click().run()
    assert not test.exception and planned in said(test)
    (held,) = stands()
    assert held.planned == Planned(today() + timedelta(days=14), "数据泄露 <i>x</i>", ("林", "王", "赵"), "compliance", 6)  # fmt: skip
    assert tile(test, "coming")[0] == "1" and tile(test, "late")[0] == "0"
    assert f'drill={held.drill_id}">' in html(test) and "<i>x" not in html(test)
    assert len(table(test)) == 1


def test_a_late_drill_is_marked_and_stands_in_the_month_that_runs(opened):
    late(40)
    test = open_part(opened, part="drills")
    assert "已逾期 40 天" in said(test) and tile(test, "late")[0] == "1"
    first = html(test).split('<ol class="months"><li>')[1].split("</li>")[0]
    assert 'class="late"' in first


def test_what_came_of_a_drill_is_written_down_and_the_next_is_planned_in_its_rhythm(opened):
    held = late(3, repeats_months=3)
    prefix = f"dr_done_{held.drill_id}"
    test = opens(open_part(opened, part="drills", drill=str(held.drill_id)), "dr_done")
    put(test, f"{prefix}_detect", 10)
    put(test, f"{prefix}_assess", 5)
    put(test, f"{prefix}_went_badly", "找不到负责人")
    test = button(test, "dr_done_do").click().run()
    assert "后面的步骤不能早于前面的步骤" in said(test)
    assert one(test, "text_area", f"{prefix}_went_badly").value == "找不到负责人"
    put(test, f"{prefix}_assess", 25)
    test = button(test, "dr_done_do").click().run()
    assert not test.exception and "已记录" in said(test) and "找不到负责人" in said(test)
    assert table(test) == [["发现", "10", "10"], ["评估", "25", "15"]]
    done, following = stands()
    assert done.record == Record(today(), "", "找不到负责人", {"detect": 10, "assess": 25}, ())
    assert following.planned.planned_on == next_on(held.planned.planned_on, 3, today())


def test_a_result_is_corrected_without_planning_another_one(opened):
    held = late(3, repeats_months=3)
    work.carry_out(wiring.house().live, wiring.accounts_store(), SYSTEM, held.drill_id, Record(today(), "快", "", {"detect": 5}, (Action("名单", "林", today()),)), revision=held.revision, now=datetime.now(UTC))  # fmt: skip
    test = opens(open_part(opened, part="drills", drill=str(held.drill_id)), "dr_done")
    put(test, f"dr_done_{held.drill_id}_went_well", "很快")
    test = button(test, "dr_done_do").click().run()
    assert not test.exception
    done, *following = stands()
    assert done.record.went_well == "很快" and len(following) == 1
    assert done.record.actions == (Action("名单", "林", today()),) and done.record.minutes == {"detect": 5}


def test_what_follows_from_drills_is_listed_until_it_is_done(opened):
    held = late(3)
    actions = (
        Action("旧的", "林", today() - timedelta(days=2)),
        Action("补名单", "王", today() + timedelta(days=5)),
        Action("换钥匙", "王", today() - timedelta(days=5), today() - timedelta(days=1)),
    )
    work.carry_out(wiring.house().live, wiring.accounts_store(), SYSTEM, held.drill_id, Record(today(), actions=actions), revision=held.revision, now=datetime.now(UTC))  # fmt: skip
    test = open_part(opened, part="drills")
    assert re.search("旧的.*已逾期 2 天.*补名单", html(test), re.S) and "换钥匙" not in said(test)
    test.query_params["drill"] = str(held.drill_id)
    assert re.search(f"换钥匙.*{i18n.day(today() - timedelta(days=1))}", html(test.run()), re.S)


def test_a_drill_is_changed_and_cancelled(opened):
    held = plan(today() + timedelta(days=5), repeats_months=1)
    test = opens(open_part(opened, part="drills", drill=str(held.drill_id)), "dr_change")
    put(test, f"dr_{held.drill_id}_scenario", "系统停机")
    test = button(test, "dr_change_do").click().run()
    assert not test.exception and stands()[0].planned.scenario == "系统停机"
    test = opens(test, "dr_cancel")
    test = button(test, "dr_cancel_do").click().run()
    assert "请说明为什么取消" in said(test)
    put(test, f"dr_cancel_{held.drill_id}_note", "撞上大促")
    one(test, "checkbox", f"dr_cancel_{held.drill_id}_last").set_value(True)
    test = button(test, "dr_cancel_do").click().run()
    assert not test.exception and [each.state for each in stands()] == ["cancelled"] and "撞上大促" in said(test)
    assert not [each for each in test.button if each.key and each.key.startswith("dr_")]


def test_done_and_cancelled_ones_have_their_lists(opened):
    held = late(3)
    work.carry_out(wiring.house().live, wiring.accounts_store(), SYSTEM, held.drill_id, Record(today(), minutes={"detect": 4, "review": 90}), revision=held.revision, now=datetime.now(UTC))  # fmt: skip
    test = open_part(opened, part="drills")
    assert "没有待做的演练" in said(test)
    test = choose(test, "已完成")
    assert table(test)[0][-1] == "90 分钟"
    assert "没有取消的演练" in said(choose(test, "已取消"))


@pytest.mark.parametrize(("role", "units"), [("manager", None), ("executive", None), ("analyst", ["north"])])
def test_others_see_drills_and_cannot_change_them(opened, role, units):
    held = plan(today() + timedelta(days=5))
    test = open_part(opened, role, units=units, part="drills")
    assert "负面舆情" in said(test)
    test.query_params["drill"] = str(held.drill_id)
    test = test.run()
    assert not test.exception and "负面舆情" in said(test)
    assert not [each for each in test.button if each.key and each.key.startswith("dr_")]


def test_rows_are_taken_as_the_editor_left_them():
    before = [{"told": "a", "owner": "A", "due_on": date(2026, 1, 1)}, {"told": "b", "owner": "B", "due_on": None}]
    edits = {
        "edited_rows": {0: {"owner": "C"}},
        "deleted_rows": [1],
        "added_rows": [{"told": " c ", "owner": "D", "due_on": "2026-03-01T00:00:00"}, {"told": "d"}, {}],
    }
    assert edited(before, edits, date(2026, 1, 31)) == (
        Action("a", "C", date(2026, 1, 1)), Action("c", "D", date(2026, 3, 1)), Action("d", "", date(2026, 3, 2))
    )  # fmt: skip


def test_a_planned_drill_tells_the_steps_of_its_playbook(opened):
    held = plan(today() + timedelta(days=5), field="compliance")
    test = open_part(opened, part="drills", drill=str(held.drill_id))
    assert not test.exception and "预案的步骤" in said(test)
    for _, steps in playbooks.steps("compliance").items():
        for step in steps:
            assert t(f"playbook.{step.code}") in said(test)
