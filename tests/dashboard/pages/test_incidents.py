"""应急响应, through the frame: an incident is led through its steps, each form writes what it says, and what is refused says why."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from core.risk import incidents as rules
from core.scope import Operator
from core.store import incidents as rows
from core.work import incident_changes, incident_turns, incidents
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


def at(test, number=None, **query):
    """Another address of the page."""
    for key in list(test.query_params):
        del test.query_params[key]
    opened = {} if number is None else {"incident": str(number)}
    for name, value in (opened | query).items():
        test.query_params[name] = value
    return test.run()


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


# -- the list ----------------------------------------------------------------------------------------------------------


def late(number, hours=30):
    """Its step was to be left so many hours ago."""
    with home().store.transaction() as session:
        found = rows.one(session, number)
        found.due_at = now() - timedelta(hours=hours)


def html(test):
    return "".join(part.value for part in test.html)


def listed(test):
    """Titles in the order of the table."""
    table = html(test).split('<table class="told cases">')[-1].split("</table>")[0]
    return re.findall(r"incident=\d+\">(.*?)</a>", table)


def test_late_ones_come_first_and_say_how_late_they_are(opened):
    begin(name="Sooner")
    late(begin(name="Later"))
    test = page(opened, language="en")
    assert listed(test) == ["Later", "Sooner"]
    assert "30 hours late" in said(test) and "Open 2" in said(test) and "Late 1" in said(test)
    assert listed(at(test, inc_show="late")) == ["Later"]


def test_mine_are_those_that_i_answer_for_and_closed_ones_stand_apart(opened):
    mine, other = begin(name="Mine"), begin(name="Other")
    test = page(opened, mine)
    test = press(put(box(test, mine, "change"), change_who="manager1"), "_change_do")
    assert row(mine).owner == "manager1"
    assert listed(at(test, inc_show="mine")) == ["Mine"]
    with home().store.transaction() as session:
        rows.one(session, other).state = "closed"
    assert listed(at(test, inc_show="closed")) == ["Other"]
    assert "没有" in said(at(test, inc_show="late"))


def test_a_severity_is_chosen_and_a_title_stays_as_it_was_written(opened):
    begin(name="<b>*Tea*</b>")
    severity = row(1).severity
    test = page(opened, inc_severity=severity)
    assert listed(test) == ["&lt;b&gt;*Tea*&lt;/b&gt;"]
    other = "low" if severity != "low" else "high"
    assert "没有处理中的事件" in said(at(test, inc_severity=other))


def test_an_incident_that_does_not_exist_is_told_and_the_list_stands(opened):
    begin()
    test = page(opened)
    for text in ("7", "x", "99999999999999999999"):
        test = at(test, text)
        assert not test.exception and listed(test) == ["Leaving"]
        assert any("事件" in one.value for one in test.warning)


# -- who may -----------------------------------------------------------------------------------------------------------


def test_an_executive_reads_and_has_no_form(opened):
    number = begin(("unit", "north"))
    test = page(opened, number, "executive")
    assert not test.exception and "当前：发现" in said(test)
    assert [one.key for one in test.button if one.key and one.key.startswith("inc_")] == []
    assert not test.expander


def test_who_is_limited_to_units_sees_what_lies_inside_and_pauses_nothing(opened):
    units()
    inside, beyond = begin(("unit", "north"), name="Inside"), begin(("unit", "south"), name="Beyond")
    test = page(opened, units=["north"])
    assert listed(test) == ["Inside"]
    assert listed(at(test, beyond)) == ["Inside"]
    test = box(at(test, inside), inside, "do_hold_all")
    assert any("全部范围" in one.value for one in test.info)
    assert [one.key for one in test.button if one.key and one.key.endswith("do_hold_all_do")] == []


def test_what_is_part_of_another_is_read_here_and_worked_there(opened):
    one, other = begin(("unit", "north"), name="One"), begin(("unit", "south"), name="Other")
    test = put(box(page(opened, one), one, "merge"), merge_into=other)
    test = press(test, "merge_do")
    assert not test.exception and test.query_params["incident"] == str(other)
    assert row(one).merged_into_id == other and "并入的事件" in said(test)
    test = at(test, one)
    assert "已并入另一事件" in said(test)
    assert [found.key for found in test.button if found.key and found.key.startswith("inc_")] == []


def test_nothing_is_merged_before_it_is_chosen_into_what(opened):
    one = begin(name="One")
    begin(name="Other")
    test = press(box(page(opened, one), one, "merge"), "merge_do")
    assert "请选择并入哪个事件" in said(test) and row(one).merged_into_id is None


def test_some_warnings_are_split_off(opened):
    number = begin(("unit", "north"), ("unit", "south"))
    test = box(page(opened, number), number, "split")
    first = whole(number).warning_ids[0]
    test = press(put(test, split_which=[first], split_title="杭州"), "_split_do")
    assert not test.exception and "已立案：杭州" in said(test)
    assert whole(2).warning_ids == (first,) and len(whole(number).warning_ids) == 1
    test = at(test, number)
    assert [one.key for one in test.button if one.key.endswith("split_do")] == []


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_what_somebody_else_changed_meanwhile_is_told_and_what_was_typed_stays(opened):
    number = begin()
    advance(number)
    test = put(page(opened, number), severity_of="low", severity_why="只有三位客户")
    incident_changes.assign(
        home(), wiring.accounts_store(), BOSS, number, "manager1", revision=row(number).revision, now=now()
    )
    test = press(test, "_severity_do")
    assert "刚才有人改过" in said(test) and not row(number).is_severity_set
    assert next(one.value for one in test.text_input if one.key.endswith("severity_why")) == "只有三位客户"
    test = press(test, "_severity_do")
    assert row(number).severity == "low"


def advance(number):
    incidents.move(home(), wiring.accounts_store(), BOSS, number, "assess", revision=row(number).revision, now=now())


def test_another_severity_than_that_of_the_table_needs_a_reason(opened):
    number = begin()
    advance(number)
    other = next(one for one in ("low", "critical") if one != row(number).severity)
    test = press(put(page(opened, number), severity_of=other), "_severity_do")
    assert "请填写理由" in said(test) or "理由" in said(test)
    assert not row(number).is_severity_set


def test_what_is_missing_stands_beside_the_button_that_waits_for_it(opened):
    number = begin()
    advance(number)
    test = page(opened, number)
    assert next(one for one in test.button if one.key == "inc_forward").disabled
    assert "还缺：" in said(test)


def test_names_from_data_are_written_as_they_are(opened):
    units()
    number = begin(("group", "g1"), name="*a* <i>")
    with home().store.transaction() as session:
        found = rows.one(session, number)
        found.places = [found.places[0] | {"name": "*Tea* <b>"}]
    advance(number)
    incident_changes.evidence(
        home(), wiring.accounts_store(), BOSS, number, "x", figure={"indicator": "orders", "by": "group", "key": "<g>", "on": "2026-11-20"}, now=now()
    )  # fmt: skip
    test = page(opened, number, language="en")
    assert not test.exception
    assert any(r"\*Tea\* \<b\>" in one.value for one in test.caption)
    assert "*Tea* &lt;b&gt;" in html(test) and "*a* &lt;i&gt;" in html(test) and "<i>" not in html(test)
    assert "Orders · &lt;g&gt; · 2026-11-20" in html(test)


# -- the playbook ------------------------------------------------------------------------------------------------------


def test_a_channel_is_paused_by_a_typed_word_and_let_go(opened):
    number = begin()
    test = put(
        box(page(opened, number), number, "do_hold_channel"), do_hold_channel_what="sms", do_hold_channel_why="投诉"
    )
    test = press(test, "hold_channel_do")
    assert "照字段旁的字样" in said(test) and whole(number).holds == ()
    test = press(put(test, do_hold_channel_word=" 暂停 "), "hold_channel_do")
    assert not test.exception and "已暂停：短信的发送" in said(test)
    assert [(one.kind, one.key, one.reason) for one in whole(number).holds] == [("channel", "sms", "投诉")]
    name = "play_release_channel_sms"
    test = press(put(box(test, number, name), **{f"{name}_text": "好了"}), f"{name}_do")
    assert "已恢复：短信的发送" in said(test)
    assert [one.released_by for one in whole(number).holds] == ["manager1"]


def test_everything_and_a_campaign_are_paused_too(opened):
    number = begin()
    test = put(
        box(page(opened, number, language="en"), number, "do_hold_all"),
        do_hold_all_why="Complaints",
        do_hold_all_word="pause",
    )
    test = press(test, "hold_all_do")
    test = put(
        box(test, number, "do_hold_campaign"),
        do_hold_campaign_what="spring",
        do_hold_campaign_why="Wrong price",
        do_hold_campaign_word="PAUSE",
    )
    test = press(test, "hold_campaign_do")
    assert not test.exception
    assert [(one.kind, one.key) for one in whole(number).holds] == [("all", ""), ("campaign", "spring")]
    assert "paused all sending" in said(test)


def test_notes_and_evidence_stand_in_the_time_line_as_they_were_written(opened):
    number = begin()
    test = press(put(box(page(opened, number), number, "note"), note_text="<script>一 & 二"), "_note_do")
    assert "&lt;script&gt;一 &amp; 二" in html(test)
    test = put(box(test, number, "proof"), proof_text="照片", proof_link="ftp://x")
    test = press(test, "_proof_do")
    assert "http" in said(test) and len(whole(number).lines) == 2
    test = press(put(test, proof_link="https://example.org/1?a=1&b=2"), "_proof_do")
    assert 'href="https://example.org/1?a=1&amp;b=2"' in html(test)
    assert [one.kind for one in whole(number).lines] == ["opened", "note", "evidence"]


def test_a_message_is_written_from_the_playbook_and_put_away(opened):
    number = begin()
    test = press(page(opened, number, language="en"), "do_customers")
    assert "Hello, this is" in html(test) and "<mark>[…]</mark>" in html(test)
    draft = re.search(r'class="draft".*?</div>', html(test), re.S)[0]
    assert whole(number).case.title not in draft  # the house's own name of it is for nobody outside
    test = put(test, tell_template_customers="").run()
    test = put(test, tell_body="We are sorry.").run()
    test = press(put(test, tell_by="SMS"), "_tell_do")
    assert not test.exception
    assert [(one.details["audience"], one.body) for one in whole(number).lines if one.kind == "message"] == [
        ("customers", "We are sorry.")
    ]
    assert 'id="incident-message"' not in html(test)
    test = press(press(test, "do_staff"), "inc_put_away")
    assert 'id="incident-message"' not in html(test)


def test_everybody_is_asked_to_look(opened):
    number = begin()
    test = press(page(opened, number), "inc_remind")
    assert not test.exception and "都会收到一条通知" in said(test)
    assert [one.details.get("act") for one in whole(number).lines][-1] == "notify"


def test_a_task_is_given_and_its_owner_says_that_it_is_done(opened):
    number = begin()
    test = put(box(page(opened, number), number, "task"), task_what="打电话", task_who="manager1")
    test = press(test, "_task_do")
    assert not test.exception and "已交给 manager1" in said(test)
    assert listed(at(test, inc_show="tasks")) == ["Leaving"]
    test = at(test, number)
    test = press(put(box(test, number, "done_1"), done_1_result="都打了"), "_done_1_do")
    assert [(one.title, one.done_by) for one in whole(number).tasks] == [("打电话", "manager1")]
    assert "已完成：打电话" in said(test)
    assert "您没有未完成的待办" in said(at(test, inc_show="tasks"))


def test_warnings_lead_to_their_page_and_to_what_is_known_of_the_cause(opened):
    number = begin(("unit", "north"), name="Loss")
    test = page(opened, number, language="en")
    warning_id = whole(number).warning_ids[0]
    assert html(test).count(f"/risk?part=warnings&amp;warning={warning_id}") == 2
    assert "opened the incident of 1 warning" in said(test)


def test_who_is_behind_a_warning_is_kept_as_a_segment_where_somebody_is(opened):
    number = begin(("unit", "north"))
    test = box(page(opened, number), number, "do_people")
    assert not test.exception
    assert any("没有对应到会员" in one.value for one in test.info)


# -- hours -------------------------------------------------------------------------------------------------------------


def test_hours_are_read_by_everybody_and_said_by_those_who_may(opened):
    test = page(opened, role="manager", language="en")
    test.session_state["incident_hours"] = True
    test = test.run()
    assert not test.exception and "Within so many hours" in said(test) and not test.get("data_editor")
    table = html(test).split('<table class="told">')[-1]
    assert re.findall(r'<td class="number">(\d+)</td>', table)[:4] == ["1", "4", "24", "48"]


def test_hours_that_were_changed_hold_and_come_back(opened):
    test = page(opened, role="analyst", language="en")
    test.session_state["incident_hours"] = True
    test = test.run()
    assert not test.exception and not [one for one in test.button if one.key == "inc_hours_usual"]
    log, usual = wiring.accounts_store(), rules.HOURS
    incident_changes.change_hours(home(), log, BOSS, {"detect": {"low": 9}}, was=usual, now=now())
    test = press(test.run(), "inc_hours_usual")
    assert not test.exception and "The hours are kept" in said(test)
    with home().store.reading() as session:
        assert incident_turns.hours(session) == usual
