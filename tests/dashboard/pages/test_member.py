"""会员档案: found without a trace, seen at a glance, masked, and never by who may not."""

from datetime import datetime

import numpy as np
import pytest
from sqlalchemy import select

from core.privacy import short_names
from core.privacy.pseudonyms import key_of, mac_text
from core.store.tables import Account, AuditEntry
from core.work import tags
from dashboard.web import wiring
from tests import lakes
from tests.bringing import bring as bring_file
from tests.bringing import mapping
from tests.dashboard.pages import shop
from tests.dashboard.pages.conftest import go, options, said, title
from tests.dashboard.pages.test_identity import MAIL, OTHER, PHONE, bring, submit

LOOKS = ("stream", "orders", "groups", "touches", "marks", "standing", "reach", "evidence")
GO = {"zh": "查找", "en": "Find"}


def at(text):
    return datetime.fromisoformat(text)


def open_file(test, member, **parameters):
    for key in list(test.query_params):
        del test.query_params[key]
    for key, value in ({"m": str(member)} | parameters).items():
        test.query_params[key] = value
    return test.run()


def fill():
    """Member 3 of the shop, who buys in unit east, with a message, a group and a consent that was withdrawn."""
    home = shop.fill(units=True)
    facts = {
        "touches": [
            {"identity_key": 3, "occurred_at": at("2026-11-20 02:00"), "touch_id": "t1", "state": "sent", "channel": "sms"},
            {"identity_key": 3, "occurred_at": at("2026-11-20 02:01"), "touch_id": "t1", "state": "failed", "reason": "blocked"},
        ],
        "group_membership": [
            {"identity_key": 3, "occurred_at": at("2026-11-03 02:00"), "group_id": "g1", "change": "join", "scene": "qr_code"}
        ],
        "groups": [{"group_id": "g1", "name": "<b>茶友</b>"}],
        "member_profiles": [{"identity_key": 3, "unit_id": "east", "tier": "金卡会员"}],
        "consents": [
            {"identity_key": 3, "occurred_at": at("2026-11-05 02:00"), "purpose": "marketing", "state": "withdrawn"}
        ],
    }  # fmt: skip
    with home.writer.change("import", 2) as change:
        for name, rows in facts.items():
            change.merge(name, lakes.rows(name, rows))
    return home


@pytest.mark.parametrize(
    ("language", "name", "words"), [("zh", "会员档案", "还没有会员"), ("en", "Member 360", "No members yet")]
)
def test_an_empty_world_says_what_to_do(opened, language, name, words):
    test = opened("member", "manager", language)
    assert not test.exception
    assert title(test) == name
    assert words in said(test)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("¥50.00", "距上次下单", "重要", "价值四档：", "都只看下单", "看一切行为和入会：", "7 天内且 5 单、净额 5,000 以上为高价值", "来源写的是“金卡会员”", "按近 365 天净消费计算", "加入社群“<b>茶友</b>”", "现在哪个渠道都不能发", "2026-11-05 撤回同意", "仍在群里", "被对方拉黑")),
        ("en", ("¥50.00", "Since the last order", "Value tier: ", "Both go by orders alone", "By any action or joining: ", "The source says “金卡会员”", "Joined the group “<b>茶友</b>”", "No channel is open now", "Withdrawn on 2026-11-05",
                "still in", "blocked by the person")),
    ],
)  # fmt: skip
def test_the_file_of_a_member_tells_all_of_it(opened, language, words):
    fill()
    test = opened("member", "manager", language)
    heard = ""
    for look in LOOKS:
        open_file(test, 3, look=look)
        assert not test.exception, look
        heard += said(test)
    assert short_names.label(3) in heard
    for one in words:
        assert one in heard, one
    assert "<b>茶友</b>" not in "".join(part.value for part in test.html), "names of the data are never HTML"


def test_the_timeline_is_cut_to_a_kind_and_shown_by_pages(opened, monkeypatch):
    fill()
    test = opened("member", "analyst")
    open_file(test, 3)
    assert "全部（10）" in options(test)
    open_file(test, 3, mk="order")
    assert "订单 P3" in said(test)
    assert "付款" not in said(test).split("全部（10）")[1]
    monkeypatch.setattr("dashboard.widgets.member.stream.ROWS", 4)
    open_file(test, 3, mk="all", mp="3")
    assert "第 9 – 10 条，共 10 条" in said(test)
    open_file(test, 3, mk="all", mp="x")
    assert "第 1 – 4 条，共 10 条" in said(test)
    assert not test.exception


def test_a_member_outside_the_units_is_not_found_in_the_words_of_one_that_is_not(opened):
    fill()
    test = opened("member", "manager", units=["west"])
    words = set()
    for one in ("3", "99999", "x", "M-AAAAAA", short_names.label(3), "", "1e400", "９" * 30, "M-" + "9" * 4000):
        open_file(test, one)
        assert not test.exception
        words.add(said(test))
        assert "¥" not in said(test)
        assert "没有找到这位会员" in said(test)
    assert len(words) == 1
    for one in ("7", short_names.label(7), short_names.label(7)[2:].lower()):
        assert "¥50.00" in said(open_file(test, one))


def test_executives_do_not_see_members(opened):
    fill()
    test = opened("member", "executive")
    open_file(test, 3)
    assert "¥50.00" not in said(test)
    assert short_names.label(3) not in said(test)


def find(test, text, language="zh"):
    test.text_input(key="member_search").set_value(text)
    submit(test, GO[language])


def test_a_member_is_found_by_name_number_and_phone_and_the_phone_leaves_no_trace(opened, store):
    home = bring([PHONE, MAIL], [OTHER])
    with home.lake.open() as snapshot:
        member = int(np.min(snapshot.arrow(snapshot.member_map())["member_id"].to_numpy()))
    test = opened("member", "manager")
    for text in (short_names.label(member), str(member), short_names.label(member)[2:].lower()):
        find(test, text)
        assert test.query_params["m"] == str(member)
    test = go(test, "member")
    find(test, " 138 0013 8000 ")
    assert not test.exception
    assert short_names.label(int(test.query_params["m"])) in said(test)
    assert "138****8000" in said(test)
    kept = {key: test.session_state[key] for key in ("member_search", "_member_found") if key in test.session_state}
    assert "8000" not in str(dict(test.query_params)) + str(kept)
    assert PHONE[1] not in said(test)
    with store.reading() as session:
        _, entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "member.looked_up"))
    assert entry.details["types"] == ["phone"]
    assert "8000" not in str(entry.details)
    find(test, "13700000000")
    assert "没有找到这位会员" in said(test)
    assert "m" not in test.query_params


def test_a_value_is_revealed_for_a_reason_that_is_audited_as_on_the_page_of_identities(opened, store):
    bring([PHONE, MAIL])
    test = opened("member", "manager")
    find(test, PHONE[1])
    test.query_params["look"] = "evidence"
    test.run()
    chosen = key_of(mac_text(wiring.house().live.keys, PHONE[0], "", PHONE[1]))
    test.selectbox(key="identity_chosen").set_value(chosen)
    submit(test, "查看原文")
    assert "请填写理由" in said(test)
    for nothing in (" ", ".", "。。。", "aaa", "\u200b\u200b"):
        test.text_input(key="reason_reveal").set_value(nothing)
        submit(test, "查看原文")
        assert not test.code, nothing
    test.text_input(key="reason_reveal").set_value("客户来电核对")
    submit(test, "查看原文")
    assert test.code[0].value == PHONE[1]
    member = test.query_params["m"]
    with store.reading() as session:
        entry = session.scalar(select(AuditEntry).where(AuditEntry.action == "identity.revealed"))
    assert entry.details == {"reason": "客户来电核对", "type": "phone", "member": "".join(member), "world": "live"}
    assert (entry.actor, entry.object) == (test.who.operator.name, f"identity:{chosen}")
    assert test.run().code, "it stays while it is looked at"
    for look in ("orders", "evidence"):
        open_file(test, "".join(member), look=look)
        assert PHONE[1] not in said(test) and not test.code, "who comes back sees nothing whole"
    test.text_input(key="reason_reveal").set_value("再核对一次")
    submit(test, "查看原文")
    assert test.code
    open_file(go(go(test, "catalog"), "member"), "".join(member), look="evidence")
    assert not test.code, "nor after another page"
    test = opened_again(test)
    assert len(test.code) == 0, "another member, or the same opened anew, shows nothing whole"
    assert test.query_params["look"] in ("evidence", ["evidence"]), "the part of the file stays open for the next"


def test_a_nickname_is_shown_masked_and_whole_for_a_reason_that_is_audited(opened, store):
    mine = wiring.house().live
    by = mapping("member_profiles", columns={"nickname": "nick"}, identities={"phone": "tel"})
    bring_file(mine, f"tel,nick\n{PHONE[1]},小满<b>\n{OTHER[1]},\n", by)
    test = opened("member", "manager")
    find(test, OTHER[1])
    assert "昵称" not in said(test)
    find(test, PHONE[1])
    test.query_params["look"] = "evidence"
    test.run()
    assert "昵称：小****" in said(test) and "小满" not in said(test)
    key = key_of(mac_text(mine.keys, PHONE[0], "", PHONE[1]))
    assert "昵称 小****" in test.selectbox(key="identity_chosen").options
    test.selectbox(key="identity_chosen").set_value(f"nickname:{key}")
    submit(test, "查看原文")
    assert "请填写理由" in said(test) and not test.code
    test.text_input(key="reason_reveal").set_value("客户来电核对")
    submit(test, "查看原文")
    assert test.code[0].value == "小满<b>"
    with store.reading() as session:
        entry = session.scalar(select(AuditEntry).where(AuditEntry.action == "identity.revealed"))
    member = "".join(test.query_params["m"])
    assert entry.details == {"reason": "客户来电核对", "type": "nickname", "member": member, "world": "live"}
    assert entry.object == f"identity:{key}"
    assert "小满" not in said(open_file(test, member, look="orders"))
    assert not open_file(test, member, look="evidence").code


def test_a_reader_who_may_not_reveal_sees_a_nickname_masked(opened):
    by = mapping("member_profiles", columns={"nickname": "nick"}, identities={"phone": "tel"})
    bring_file(wiring.house().live, f"tel,nick\n{PHONE[1]},小满\n", by)
    test = opened("member", "analyst", "en")
    find(test, PHONE[1], "en")
    test.query_params["look"] = "evidence"
    test.run()
    assert "Nickname: 小*" in said(test) and "小满" not in said(test)
    assert "identity_chosen" not in test.session_state


def opened_again(test):
    find(test, PHONE[1])
    return test


def test_a_tag_is_given_and_taken_from_the_file(opened):
    fill()
    test = opened("member", "manager")
    open_file(test, 3, look="marks")
    assert "还没有可打的手工标签" in said(test)
    _make_tag(test.who.operator)
    test.run()
    test.text_input(key="member_tag_reason").set_value("老客")
    test.button(key="give_tag").click().run()
    assert "已打上标签“VIP”" in said(test).replace("\\", "")
    assert f"{test.who.operator.name} 于" in said(test)
    assert "<span>VIP</span>" in "".join(part.value for part in test.html), "the head names it too"
    test.button(key="take_tag").click().run()
    assert "已取下标签“VIP”" in said(test).replace("\\", "")
    assert "还没有标签" in said(test)
    test = opened_as_compliance(test)
    assert not [button for button in test.button if button.key == "give_tag"]


def opened_as_compliance(test):
    with wiring.accounts_store().transaction() as session:
        session.get_one(Account, test.who.operator.account_id).role = "compliance"
    return test.run()


def _make_tag(operator):
    tags.create(wiring.house().live, wiring.accounts_store(), operator, "VIP", "static", now=wiring.now())
