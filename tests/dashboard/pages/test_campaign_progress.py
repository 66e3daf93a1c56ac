"""Progress of a campaign, through the frame: rows counted by state, what waits and why, what went wrong, and what a person does about it."""

from datetime import timedelta

import pytest

from core.campaigns.body import Content, Schedule, Variant
from core.store import campaigns, connectors
from core.store.campaign_tables import Connector
from core.work.campaigns import drafts, review, stopping
from core.work.campaigns.outgoing import faltering
from core.work.campaigns.ways_out import connector_kinds
from dashboard.web import wiring
from tests import lakes
from tests.core.work import connector_parts
from tests.dashboard.pages.campaigning import (
    BOSS,
    LIN,
    approved,
    body,
    box,
    came_to,
    counts,
    draft,
    fill,
    home,
    html,
    now,
    page,
    press,
    put,
    row,
    segment,
    sending,
)
from tests.dashboard.pages.conftest import said

FATES = ("delivered", "delivered", "accepted", "failed:http.410", "unknown:http.lost", "dead:http.503", "held:gate.quiet", "skipped:gate.cap")  # fmt: skip


@pytest.fixture
def going(store):
    """Of 38 messages two are delivered, one each is accepted, failed, unknown, dead, held and skipped, and thirty wait; two members have not agreed."""
    fill()
    number = sending(body(segment()))
    came_to(number, *FATES)
    assert counts(number) == {
        "delivered": 2,
        "accepted": 1,
        "failed": 1,
        "unknown": 1,
        "dead": 1,
        "held": 1,
        "skipped": 3,
        "planned": 30,
    }
    return number


def test_every_row_is_counted_once_by_its_state(opened, going):
    test = page(opened, going)
    assert not test.exception
    shown = html(test)
    for name, count in counts(going).items():
        assert f'rows%2Fstate%3D{name}"' in shown and f'style="flex-grow:{count}"' in shown
    assert 'id="tile-rows"' in shown and ">37</b>" in shown and 'id="tile-never"' in shown and ">3</b>" in shown
    assert 'id="tile-held"' not in shown
    assert ">31</b>" in shown  # thirty planned and one held are still to go
    assert "启动时计划发送 38 条" in said(test)


def test_what_waits_says_why_and_what_went_wrong_says_its_code_in_words(opened, going):
    told = said(page(opened, going))
    assert "免打扰时段" in told and "达到频次上限" in told and "没有（或不再有）同意" in told
    assert "（http.410）" in told and "（http.lost）" in told and "（http.503）" in told


def test_in_english_nothing_is_chinese_but_names_of_the_data(opened, going):
    test = page(opened, going, language="en")
    assert not test.exception
    told = said(test)
    assert "Still to go" in told and "Quiet hours" in told and "Tried" not in told
    foreign = [line for line in told.splitlines() if any("\u4e00" <= letter <= "\u9fff" for letter in line)]
    assert [line for line in foreign if "Change password" not in line] == []


def test_a_campaign_is_paused_with_a_reason_resumed_and_cancelled_for_good(opened, going):
    test = box(page(opened, going), "cr_pause")
    test = press(test, "cr_pause_do")
    assert row(going).state == "sending" and test.error  # no reason was given
    test = press(put(test, cr_pause_why="错别字"), "cr_pause_do")
    assert row(going).state == "paused" and "已暂停" in said(test)
    test = press(test, "cr_resume")
    assert row(going).state == "sending"
    test = press(put(box(test, "cr_cancel"), cr_cancel_why="店铺临时歇业"), "cr_cancel_do")
    assert row(going).state == "cancelled" and "31 条消息不再发送" in said(test)
    assert counts(going)["cancelled"] == 31
    test.query_params["cp_view"] = "log"
    told = said(test.run())
    assert "店铺临时歇业" in told and "错别字" in told and "lin" in told


def test_what_is_unknown_is_decided_by_whoever_approves_with_a_reason(opened, going):
    test = box(page(opened, going, role="compliance"), "cr_decide_unknown")
    test = press(put(test, cr_fate_unknown="arrived"), "cr_decide_do_unknown")
    assert counts(going)["unknown"] == 1 and test.error  # without a reason nothing is decided
    test = press(put(test, cr_decide_why_unknown="对方后台显示已收"), "cr_decide_do_unknown")
    assert counts(going).get("unknown", 0) == 0 and counts(going)["delivered"] == 3
    test = box(test, "cr_decide_dead")
    assert [one.options for one in test.radio if one.key == "cr_fate_dead"] == [["重新发送"]]
    press(put(test, cr_fate_dead="again", cr_decide_why_dead="对方已恢复"), "cr_decide_do_dead")
    assert counts(going).get("dead", 0) == 0 and counts(going)["planned"] == 31


def test_without_a_fate_nothing_is_decided(opened, going):
    test = box(page(opened, going), "cr_decide_unknown")
    test = press(put(test, cr_decide_why_unknown="为什么"), "cr_decide_do_unknown")
    assert "请先选择它们的结果" in said(test) and counts(going)["unknown"] == 1


@pytest.mark.parametrize("role", ["executive", "analyst"])
def test_who_only_reads_sees_progress_and_nothing_to_press(opened, going, role):
    test = page(opened, going, role=role)
    assert not test.exception and "发送进度" in said(test)
    keys = [one.key for one in test.button if one.key]
    assert not [key for key in keys if key.startswith("cr_")]


def test_compliance_decides_and_does_not_pause(opened, going):
    test = box(page(opened, going, role="compliance"), "cr_pause")
    assert not [one.key for one in test.button if one.key in ("cr_pause_do", "cr_cancel_do", "cr_resume")]


def test_the_people_of_a_figure_open_from_the_address(opened, going):
    test = page(opened, going, who="rows/state=failed")
    assert not test.exception
    assert "消息处于这个状态的人" in said(test) and "1 位会员" in said(test)
    test = page(opened, going, who="code/dead/http.503", role="admin")
    assert not test.exception and "消息遇到这个结果的人" in said(test)


@pytest.mark.parametrize("who", ["rows/state=nowhere", "rows/", "code/failed", "ahead/sms/consent", "brought/nothing", "x"])  # fmt: skip
def test_people_of_no_figure_are_told_as_unread(opened, going, who):
    test = page(opened, going, who=who)
    assert not test.exception and "who" not in test.query_params


def test_a_manager_of_one_unit_does_not_see_a_campaign_of_the_whole_house(opened, going):
    test = page(opened, going, units=["north"])
    assert not test.exception and "发送进度" not in said(test)


def test_a_campaign_that_the_product_paused_says_why(opened, going):
    with home().store.transaction() as session:
        campaigns.move(session, going, before="sending", state="paused", now=now(), error="sending.errors")
    test = page(opened, going)
    assert "系统自动暂停" in test.error[0].value and "失败的消息太多" in test.error[0].value


def test_one_that_was_given_up_before_it_began_says_that_nothing_was_sent(opened):
    fill()
    number = draft(body(segment()))
    drafts.discard(home(), wiring.accounts_store(), LIN, number, now=now())
    test = page(opened, number)
    assert not test.exception and "在发出任何消息之前就放弃了" in said(test)


def test_one_that_waits_for_its_hour_says_when_and_is_taken_back(opened):
    fill()
    at = now() + timedelta(days=1)
    number = approved(body(segment(), schedule=Schedule("at", at=at)))
    review.start(home(), wiring.accounts_store(), LIN, number, now=now())
    test = page(opened, number)
    assert not test.exception and "届时在这里准备名单" in said(test)
    test = press(test, "cp_take_back")
    assert row(number).state == "draft"


@pytest.mark.parametrize("view", ["progress", "results", "said", "log"])
def test_what_goes_to_groups_is_drawn_as_well_without_anybody_behind_its_figures(opened, view):
    fill()
    with home().writer.change("import", 3) as change:
        groups = [{"group_id": f"g{one}", "name": f"Tea {one}", "unit_id": "north"} for one in range(3)]
        change.merge("groups", lakes.rows("groups", groups))
    said_in = body(segment(), segments=(), places=("g0", "g1", "g2"), channels=("group_chat",), variants=(Variant("A", 1, {"group_chat": Content("茶里：新茶到店。不想再收到请回复T")}),))  # fmt: skip
    number = sending(said_in)
    came_to(number, "accepted", "failed:wecom.40096", channel="group_chat")
    test = page(opened, number, cp_view=view)
    assert not test.exception
    assert view != "progress" or ">3</b>" in html(test)
    assert view != "results" or "无法对比" in html(test)


@pytest.mark.parametrize(("role", "is_way"), [("admin", True), ("manager", False)])
def test_a_campaign_that_was_paused_by_itself_names_the_connector_and_leads_who_may_see_it_there(
    opened, going, role, is_way
):
    with home().store.transaction() as session:
        values = {
            "name": "演练",
            "kind": "console",
            "channel": "console",
            "settings": connector_kinds.read("console", {}, ()),
        }
        number = connectors.add(session, values, by="lin", now=now()).id
        assert faltering.pause(session, going, "http.401", number, now())
    test = page(opened, going, role=role)
    assert not test.exception and "系统自动暂停" in said(test) and "演练" in said(test)
    assert (f'href="/connectors?connector={number}"' in html(test)) == is_way
    with home().store.transaction() as session:
        session.delete(session.get(Connector, number))
    assert not test.run().exception  # it was removed since


def test_a_channel_on_which_nothing_goes_out_says_why_above_its_figures(opened, going):
    assert any("没有启用的发送渠道" in one.value for one in page(opened, going).warning)
    number = connector_parts.add(home(), "console", "排练", is_on=True, now=now())
    with home().store.transaction() as session:
        session.get(Connector, number).halted = "http.410"
    test = page(opened, going, role="admin")
    assert not test.exception and "还没发完，有渠道现在发不出去" in said(test)
    assert any("“排练”已停止" in one.value for one in test.warning)
    assert f'href="/connectors?connector={number}"' in html(test)
    stopping.stop(home(), home().store, BOSS, "all", "", "Wrong price", now=now())
    assert any("发送已被停止" in one.value for one in test.run().warning)


def test_those_held_out_are_counted_apart_from_messages(opened, store):
    fill()
    number = sending(body(segment(), holdout=0.2))
    held = counts(number)["holdout"]
    assert held
    shown = html(page(opened, number))
    assert 'id="tile-held"' in shown and "state=holdout" in shown
    messages = sum(counts(number).values()) - held - counts(number)["skipped"]
    assert 'id="tile-rows"' in shown and f">{messages}</b>" in shown and f">{held}</b>" in shown
    assert 'class="off holdout"' not in shown
