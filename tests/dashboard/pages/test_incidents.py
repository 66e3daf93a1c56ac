"""应急响应, through the frame: an incident is led through its steps, each form writes what it says, and what is refused says why."""

from datetime import UTC, datetime

import pytest

from core.scope import Operator
from core.store import incidents as rows
from core.work import incidents
from core.work.questions import incidents as questions
from dashboard.web import wiring
from tests import lakes
from tests.core.work.cases import warning
from tests.dashboard.pages.conftest import go, said, title

BOSS = Operator(99, "boss", "admin")
STATES = ("detect", "assess", "respond", "communicate", "monitor", "review", "closed")


def now():
    return datetime.now(UTC)


def home():
    return wiring.house().live


def units():
    """Two units, a group in one of them, and who spoke."""
    made = home()
    with made.writer.change("import", 1) as change:
        change.merge(
            "units",
            lakes.rows("units", [{"unit_id": "north", "name": "Xi'an"}, {"unit_id": "south", "name": "Hangzhou"}]),
        )
        change.merge("groups", lakes.rows("groups", [{"group_id": "g1", "name": "*Tea* <b>", "unit_id": "north"}]))
    return made


def begin(*places, name="Leaving"):
    made, log = home(), wiring.accounts_store()
    if not places:
        return incidents.open_by_hand(made, log, BOSS, name, "Many leave", now=now()).incident_id
    today = now().date()
    found = [warning(made, *place, first=today, last=today) for place in places]
    return incidents.open_from(made, log, BOSS, found, name, now=now()).incident_id


def row(number):
    with home().store.reading() as session:
        return rows.one(session, number)


def whole(number):
    return questions.one(home(), BOSS, number, now=now())


def page(opened, number=None, role="manager", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    if number is not None:
        test.query_params["incident"] = str(number)
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "incidents")


def put(test, **values):
    """Values by the ends of the keys of their fields; nothing runs."""
    kinds = (
        test.text_input,
        test.text_area,
        test.selectbox,
        test.multiselect,
        test.date_input,
        test.time_input,
        test.radio,
    )
    for name, value in values.items():
        found = [one for kind in kinds for one in kind if one.key and one.key.endswith(f"_{name}")]
        assert len(found) == 1, (name, [one.key for one in found])
        found[0].set_value(value)
    return test


def press(test, name):
    found = [one for one in test.button if one.key and one.key.endswith(name)]
    assert len(found) == 1, (name, [one.key for one in test.button])
    return found[0].click().run()


def box(test, number, name):
    test.session_state[f"inc_{number}_{name}"] = True
    return test.run()


@pytest.mark.parametrize(
    ("language", "calm", "name"), [("zh", "没有处理中的事件", "应急响应"), ("en", "No incident is open", "Incidents")]
)
def test_without_an_incident_the_page_says_so_in_both_languages(opened, language, calm, name):
    test = page(opened, language=language)
    assert not test.exception
    assert title(test) == name and calm in said(test)


def test_an_incident_is_opened_by_hand_and_opens(opened):
    test = page(opened)
    test.session_state["inc_new"] = True
    test = test.run()
    put(test, title="退货  变多", note="一批茶受潮", severity="critical", field="trade")
    test = press(test, "inc_new_do")
    assert not test.exception and "已立案：退货 变多" in said(test)
    found = row(1)
    assert (found.title, found.field, found.severity, found.is_severity_set, found.units) == (
        "退货 变多",
        "trade",
        "critical",
        True,
        None,
    )
    assert test.query_params["incident"] == "1"
    assert "当前：发现" in said(test)


def test_what_cannot_be_opened_is_refused_and_stays_in_the_fields(opened):
    test = page(opened)
    test.session_state["inc_new"] = True
    test = test.run()
    test = press(put(test, note="一批茶受潮"), "inc_new_do")
    assert "标题是一行" in said(test)
    assert next(one.value for one in test.text_area if one.key == "inc_new_note") == "一批茶受潮"
    with home().store.reading() as session:
        assert rows.listed(session) == []


def test_who_sees_one_unit_opens_incidents_of_places_inside_it(opened):
    units()
    test = page(opened, units=["north"])
    test.session_state["inc_new"] = True
    test = test.run()
    kinds = next(one for one in test.radio if one.key == "inc_new_by")
    assert kinds.options == ["经营单元", "群"]
    named = next(one for one in test.multiselect if one.key == "inc_new_keys_unit")
    assert named.options == ["Xi'an"]
    put(test, title="断货", note="没货了", keys_unit=["north"])
    press(test, "inc_new_do")
    assert row(1).units == ["north"]


def test_an_incident_is_led_through_all_its_steps_by_the_forms_of_the_page(opened):
    number = begin()
    test = page(opened, number)
    assert not test.exception
    for state in STATES[1:]:
        test = press(STEPS[row(number).state](test, number), "inc_forward")
        assert not test.exception
        assert row(number).state == state
    told = whole(number)
    assert (told.cause, told.lessons, told.case.owner) == ("受潮", "先尝后卖", "manager1")
    assert [one.kind for one in told.tasks] == ["review"] and told.case.closed_at is not None
    assert "已关闭" in said(test) and not [one for one in test.button if one.key == "inc_forward"]
    test = press(put(box(test, number, "back"), back_text="又发生了"), "back_do")
    assert (row(number).state, row(number).round) == ("assess", 2)


def _assess(test, number):
    assert next(one for one in test.button if one.key == "inc_forward").disabled
    assert "还缺：确认的级别、负责人、何时结束" in said(test)
    test = press(test, "_severity_do")
    test = press(test, "_owner_do")
    return press(test, "_target_do")


def _respond(test, number):
    return press(put(test, act_text="下架了"), "_act_do")


def _communicate(test, number):
    test = put(test, message_audience="staff").run()
    assert "还有" in said(test) and next(one for one in test.button if one.key.endswith("message_do")).disabled
    test = put(test, message_fill_advice="不要答复").run()
    assert "事件 1：Leaving" in next(one.value for one in test.code)
    return press(put(test, message_by="企微群"), "_message_do")


def _watch(test, number):
    assert "请先写明" in said(test)
    test = press(put(test, criteria_text="低于 3%"), "_criteria_do")
    return press(put(test, met_text="今天 2%"), "_met_do")


def _reviewed(test, number):
    test = press(put(test, cause_text="受潮"), "_cause_do")
    test = press(put(test, lessons_text="先尝后卖"), "_lessons_do")
    return press(put(test, review_what="每批都尝"), "_review_do")


STEPS = {
    "detect": lambda test, number: test,
    "assess": _assess,
    "respond": _respond,
    "communicate": _communicate,
    "monitor": _watch,
    "review": _reviewed,
}
