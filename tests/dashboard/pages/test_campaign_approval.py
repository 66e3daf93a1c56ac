"""What would happen, reading and approving, through the frame: every gate with its people, previews, differences, who may approve and who may not, and that all is bound to what was read."""

import re
from itertools import pairwise

import pytest
from sqlalchemy import select

from core.campaigns.body import Content, Variant
from core.store import campaigns as rows
from core.store import segments as store_segments
from core.store.tables import AuditEntry
from core.work import segments
from core.work.campaigns import policy
from core.work.campaigns.policy import Policy
from dashboard.web import wiring
from tests.dashboard.pages.campaigning import (
    BOSS,
    HOUSE,
    approved,
    body,
    box,
    draft,
    fill,
    hand_in,
    home,
    html,
    in_review,
    log,
    now,
    page,
    press,
    put,
    row,
    save,
    segment,
)
from tests.dashboard.pages.conftest import said

ALL = 38
"""Of forty members two have not agreed."""


@pytest.fixture
def seg(store):
    fill()
    with home().store.reading() as session:
        was = policy.read(session)
    policy.change(home(), wiring.accounts_store(), BOSS, Policy(names=HOUSE.names), was=was, now=now())
    return segment()


def gates(test):
    """Rows of the first table of gates: name, lost, left."""
    table = re.search(r'id="gates-console".*?</table>', html(test), re.S).group()
    rows = re.findall(r"<tr>(.*?)</tr>", table.split("<tbody>")[1], re.S)
    return {
        re.sub("<.*?>", "", cells[0]).strip(): [re.sub("<.*?>", "", one) for one in cells[1:]]
        for cells in (re.findall(r"<t[hd].*?>(.*?)</t[hd]>", one, re.S) for one in rows)
    }


def test_a_draft_says_who_is_lost_where_and_how_many_messages_it_would_be(opened, seg):
    test = page(opened, draft(body(seg, holdout=0.5)))
    assert not test.exception
    told = gates(test)
    assert told["目标人群"] == ["", "40"] and told["同意"] == ["2", "38"]
    held = int(told["对照组"][0])
    assert 0 < held < ALL and told["对照组"][1] == str(ALL - held)
    assert f">{ALL - held}</b>" in html(test) and "没有同目标、同渠道的历史活动" in said(test)


def test_what_a_gate_loses_adds_up_from_the_audience_to_what_is_sent(opened, seg):
    told = list(gates(page(opened, draft(body(seg, holdout=0.3)))).values())
    for (_, before), (lost, left) in pairwise(told):
        assert int(before.split("预计")[0]) - int(lost) == int(left)


def test_a_draft_without_an_audience_says_what_to_choose_first(opened, seg):
    test = page(opened, draft(body(seg, segments=())))
    assert not test.exception and "先选渠道和人群" in said(test)


def test_the_people_whom_a_gate_loses_open_from_the_address(opened, seg):
    test = page(opened, draft(body(seg)), who="ahead/console/consent/lost")
    assert not test.exception
    assert "在“同意”被拦下的人" in said(test) + "".join(one.value for one in test.text) and "2 位会员" in said(test)


def test_whoever_approves_reads_real_members_and_one_of_whom_nothing_is_known(opened, seg):
    test = page(opened, in_review(body(seg)))
    assert not test.exception
    told = said(test)
    assert told.count("茶里提醒您：上海的朋友") == 3 and told.count("茶里提醒您：本地的朋友") == 1
    assert "属于Tea friends的会员" in told and "启动后立即发送" in told
    assert "由 lin 撰写" in told


def test_who_may_not_see_people_reads_the_empty_one_alone(opened, seg):
    test = page(opened, in_review(body(seg)), role="executive")
    assert not test.exception
    told = said(test)
    assert told.count("茶里提醒您：本地的朋友") == 1 and "茶里提醒您：上海的朋友" not in told


def test_the_right_number_approves_and_a_wrong_one_does_not(opened, seg):
    number = in_review(body(seg))
    test = page(opened, number, role="compliance")
    test = press(put(test, ca_typed="37"), "ca_approve_do")
    assert row(number).state == "in_review" and [one for one in test.error if "37" in one.value and "38" in one.value]
    test = press(put(test, ca_typed="38"), "ca_approve_do")
    assert (row(number).state, row(number).approved_count, row(number).approved_by) == ("approved", ALL, "compliance1")


def test_without_a_number_nothing_is_approved(opened, seg):
    number = in_review(body(seg))
    test = press(page(opened, number, role="compliance"), "ca_approve_do")
    assert "请先输入消息数" in said(test) and row(number).state == "in_review"


def test_whoever_wrote_it_is_told_why_they_do_not_approve_it_and_cannot(opened, seg):
    number = draft(body(seg))
    test = page(opened, number)
    save(number, body(seg, note="x"), test.who.operator)
    hand_in(number)
    test = test.run()
    assert "不超过 20 条时作者可以自批" in said(test)
    assert any("20" in one.value for one in test.warning)
    assert next(one for one in test.button if one.key == "ca_approve_do").disabled


def test_a_role_that_only_reads_is_told_so(opened, seg):
    test = page(opened, in_review(body(seg)), role="analyst")
    assert "只能查看活动，不能审批" in said(test)
    assert not [one.key for one in test.button if one.key in ("ca_approve_do", "ca_back_do")]


def test_what_was_changed_after_it_was_read_is_not_approved(opened, seg):
    number = in_review(body(seg))
    test = put(page(opened, number, role="compliance"), ca_typed="38")
    save(number, body(seg, window_days=9))
    hand_in(number)
    press(test, "ca_approve_do")
    assert row(number).state == "in_review" and row(number).approved_count is None


def test_it_is_sent_back_with_a_reason_and_what_was_changed_since_is_shown(opened, seg):
    number = in_review(body(seg))
    test = page(opened, number, role="compliance")
    test = press(test, "ca_back_do")
    assert row(number).state == "in_review"  # a reason is asked for
    test = press(put(test, ca_back="优惠没有说清楚"), "ca_back_do")
    assert row(number).state == "draft" and log(number)[-1] == "sent_back"
    texts = (Variant("A", 1, {"console": Content("茶里：新的一句。不想再收到请回复T")}),)
    save(number, body(seg, holdout=0.2, variants=texts))
    hand_in(number)
    told = html(test.run())
    assert "对比上次被退回的内容" in told
    assert "<del>0.0%</del>" in told and "<ins>20.0%</ins>" in told
    assert "<ins>茶里：新的一句。不想再收到请回复T</ins>" in told and told.count("<ins>") == 2


def test_the_audit_log_holds_no_text_of_what_was_handed_in(seg):
    number = in_review(body(seg))
    with wiring.accounts_store().reading() as session:
        entries = [one for one in session.scalars(select(AuditEntry)) if one.action == "campaign.handed_in"]
    assert [sorted(one.details) for one in entries] == [["code", "digest", "name", "world"]]
    with home().store.reading() as session:
        assert rows.log(session, number)[-1].details["body"] == row(number).body


def test_a_segment_that_was_defined_otherwise_makes_the_reading_void(opened, seg):
    number = in_review(body(seg))
    with home().store.reading() as session:
        revision = store_segments.one(session, seg).revision
    tree = {"v": 1, "where": {"profile": "city", "op": "is", "values": ["北京"]}}
    segments.change(home(), wiring.accounts_store(), BOSS, seg, tree=tree, revision=revision, now=now())
    test = page(opened, number, role="compliance")
    assert any("人群被改动" in one.value for one in test.warning)
    assert next(one for one in test.button if one.key == "ca_approve_do").disabled


def test_what_is_approved_is_started_once_it_is_confirmed(opened, seg):
    number = approved(body(seg))
    test = box(page(opened, number), "ca_start")
    assert "38 条消息" in said(test)
    test = press(test, "ca_start_do")
    assert not test.exception and row(number).state == "scheduled" and "已启动" in said(test)


def test_who_may_not_start_it_is_told_who_may(opened, seg):
    test = page(opened, approved(body(seg)), role="compliance")
    assert "由经理和管理员启动" in said(test)
    assert not [one.key for one in test.button if one.key == "ca_start_do"]


def test_a_manager_of_a_unit_sees_the_gates_of_their_own_campaign(opened, seg):
    test = page(opened, None, units=["north"])
    who = test.who.operator
    mine = segment("Tea of the north", who)
    number = draft(body(mine), who)
    for name, value in {"campaign": str(number), "step": "check"}.items():
        test.query_params[name] = value
    assert gates(test.run())["目标人群"] == ["", "8"]
