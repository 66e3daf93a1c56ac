"""通知, through the frame: targets added, tried, changed, paused and removed; the log, and what a person decides of a message."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import select

from core.senders.sender import Destination, Gone, Message, NotSent, Temporary, Uncertain
from core.settings import Mail
from core.store.notice_tables import NoticeDelivery, NoticeTarget
from core.work import deliveries
from core.work.app_notices import AppNotices
from core.work.home import Home
from dashboard import i18n
from dashboard.data.notices import KINDS
from dashboard.web import wiring
from tests import lakes
from tests.core.work import connector_parts
from tests.dashboard.pages.conftest import choose, go, said
from tests.dashboard.pages.parts import html
from tests.dashboard.pages.test_rules import button, table
from tests.fakes.wecom import working

HOOK, ROBOT = (
    "https://hooks.example.com/in",
    "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa",
)


class Told:
    """Takes what it is given, unless told to fail."""

    is_repeatable = False
    most_per_minute = None

    def __init__(self) -> None:
        self.fails: NotSent | None = None
        self.taken: list[tuple[str, str]] = []

    def send(self, to: Destination, message: Message, now: datetime) -> None:
        if self.fails is not None:
            raise self.fails
        self.taken.append((to.address, message.title))


@pytest.fixture
def home(store, monkeypatch) -> Home:
    """With a server for e-mail."""
    monkeypatch.setenv("SIYU_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("SIYU_SMTP_SECURITY", "none")
    monkeypatch.setenv("SIYU_SMTP_FROM", "cockpit@example.com")
    wiring.house.cache_clear()
    live = wiring.house().live
    assert isinstance(live.settings.mail, Mail)
    lakes.add(live, 1, events=[lakes.event(1, "2026-11-01T03:00")])
    return live


def page(opened, role="admin", language="zh", **query):
    test = opened("catalog", role, language)
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "notices")


def opens(test, box: str):
    test.session_state[box] = True
    return test.run()


def field(test, key: str):
    kinds = (test.text_input, test.number_input, test.selectbox, test.multiselect, test.radio)
    return next(one for kind in kinds for one in kind if one.key == key)


def new(opened, kind="email", name="值班邮箱", address="ops@example.com", **more):
    """A target is added by the form."""
    test = opens(page(opened), "target_add")
    field(test, "nt_new_kind").set_value(kind).run()
    field(test, "nt_new_name").set_value(name)
    field(test, "nt_new_address").set_value(address)
    for key, value in more.items():
        field(test, f"nt_new_{key}").set_value(value)
    return button(test, "target_add_do").click().run()


def sends(home: Home, way: Told, *, after: timedelta = timedelta()) -> None:
    deliveries.deliver(home, {"email": way, "webhook": way, "robot": way}, datetime.now(UTC) + after)


def only(home: Home, table_):
    with home.store.reading() as session:
        return session.scalars(select(table_)).one()


# -- targets -------------------------------------------------------------------------------------------------------------


def test_an_address_is_added_tried_and_what_came_of_it_is_told(opened, home):
    test = new(opened, cap=5, digest=30, urgency="high", language="en")
    assert not test.exception and "已添加“值班邮箱”" in said(test)
    one = only(home, NoticeTarget)
    assert (one.kind, one.name, one.address, one.most_per_hour, one.digest_minutes, one.least_urgency, one.language, one.kinds, one.units) == (
        "email", "值班邮箱", "ops@example.com", 5, 30, "high", "en", None, None
    )  # fmt: skip
    assert test.query_params["target"] in (str(one.id), [str(one.id)])
    button(test, "target_test").click().run()
    assert [info.value for info in test.info] == ["正在发送测试通知……"]
    way = Told()
    sends(home, way)
    test.run()
    assert [address for address, _ in way.taken] == ["ops@example.com"]
    assert any("测试通知已送出" in one.value for one in test.success)
    row = table(test, "log-rows")[0]
    assert (row[1], row[2], row[3][:3], row[4]) == ("测试通知 紧急", "值班邮箱", "已送出", "1")


def test_why_a_test_was_not_taken_is_said_in_words(opened, home):
    test = new(opened)
    button(test, "target_test").click().run()
    way = Told()
    way.fails = Temporary("smtp.login")
    sends(home, way)
    test.run()
    assert any("邮件服务器的用户名或密码不正确（smtp.login）" in one.value.replace("\\", "") for one in test.error)
    assert table(test, "log-rows")[0][5] == "邮件服务器的用户名或密码不正确（smtp.login）"


def test_a_webhooks_secret_is_shown_once_and_made_anew(opened, home):
    test = new(opened, "webhook", "系统", HOOK)
    first = test.code[0].value
    assert first.startswith("whsec_") and "https://hooks.example.com/…" in said(test) and HOOK not in html(test)
    button(test, "secret_seen").click().run()
    assert not test.code
    opens(test, "target_rotate")
    button(test, "target_rotate_do").click().run()
    assert test.code[0].value.startswith("whsec_") and test.code[0].value != first
    button(test, "secret_seen").click().run()
    assert not test.code and first not in html(test)


def test_a_robots_key_is_never_shown(opened, home):
    test = new(opened, "robot", "运营群", ROBOT)
    assert "…5aaa" in said(test) and "693a91f6" not in html(test) + said(test)
    opens(test, "target_change")
    assert all("693a91f6" not in str(one.value) + str(one.placeholder) for one in test.text_input)


def test_a_target_is_changed_switched_off_and_removed_and_its_log_stays(opened, home):
    test = new(opened)
    button(test, "target_test").click().run()
    sends(home, Told())
    one = only(home, NoticeTarget)
    opens(test, "target_change")
    prefix = f"nt_{one.id}_{one.revision}"
    field(test, f"{prefix}_name").set_value("新名称")
    field(test, f"{prefix}_kinds").set_value(["warning.raised"])
    button(test, "target_change_do").click().run()
    one = only(home, NoticeTarget)
    assert (one.name, one.kinds, one.address) == ("新名称", ["warning.raised"], "ops@example.com")
    button(test, "target_switch").click().run()
    assert not only(home, NoticeTarget).is_on and "已停用" in said(test)
    opens(test, "target_remove")
    button(test, "target_remove_do").click().run()
    assert not test.exception and "已移除“新名称”" in said(test) and "target" not in test.query_params
    assert len(table(test, "log-rows")) == 1 and "还没有通知渠道" in said(test)


@pytest.mark.parametrize(
    ("kind", "name", "address", "why"),
    [
        ("email", "", "ops@example.com", "名称为 1 到 60 个字"),
        ("email", "a", "nobody", "这不是一个可用的地址"),
        ("webhook", "a", "http://hooks.example.com", "网址必须以 https:// 开头"),
        ("webhook", "a", "https://127.0.0.1/in", "不能使用内部网络的地址"),
        ("robot", "a", "https://example.com", "请填写群机器人的 Webhook 地址"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_what_was_typed_stays(opened, home, kind, name, address, why):
    test = new(opened, kind, name, address)
    assert why in said(test).replace("\\", "")
    assert field(test, "nt_new_address").value == address
    with home.store.reading() as session:
        assert session.scalars(select(NoticeTarget)).all() == []


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(opened, home):
    test = new(opened)
    with home.store.transaction() as session:
        session.scalars(select(NoticeTarget)).one().revision += 1
    button(test, "target_switch").click().run()
    assert "有人刚刚修改了这个通知渠道" in said(test) and only(home, NoticeTarget).is_on


@pytest.mark.parametrize(
    ("kind", "why"), [("email", "尚未设置邮件服务器（SIYU_SMTP_HOST）"), ("app", "请先在“发送渠道”页启用企业微信")]
)
def test_what_the_house_cannot_send_through_cannot_be_added(opened, kind, why):
    assert why in said(new(opened, kind, "值班")).replace("\\", "")


def test_employees_are_told_through_the_app_of_wecom_and_who_is_out_of_its_sight_is_said(opened, home, monkeypatch):
    monkeypatch.setenv("SIYU_WEBHOOK_HOSTS", "127.0.0.1")
    wiring.house.cache_clear()
    home = wiring.house().live
    with working(datetime.now(UTC)) as corp:
        connector_parts.add(home, "wecom", is_on=True, now=datetime.now(UTC), gateway=corp.base)
        test = new(opened, "app", "值班经理", "lisi，NoBody")
        assert not test.exception and "已添加“值班经理”" in said(test)
        button(test, "target_test").click().run()
        deliveries.deliver(home, {"app": AppNotices(home)}, datetime.now(UTC))
        test.run()
        assert [user for user, _ in corp.inbox] == ["lisi"]
    assert "部分员工收不到：账号不存在" in test.warning[-1].value
    assert "lisi, NoBody" in html(test)


# -- trouble -------------------------------------------------------------------------------------------------------------


def test_a_target_that_is_gone_is_halted_until_somebody_says_so(opened, home):
    test = new(opened, "robot", "运营群", ROBOT)
    button(test, "target_test").click().run()
    way = Told()
    way.fails = Gone("robot.93000")
    sends(home, way)
    test.run()
    told = " ".join(one.value.replace("\\", "") for one in test.error)
    assert "对方不再接收，已停止发送：群机器人已被移除，或 key 不正确（robot.93000）" in told
    button(test, "target_resume").click().run()
    assert only(home, NoticeTarget).halted is None and "已恢复" in said(test)


def test_a_message_that_may_have_arrived_waits_for_a_person(opened, home):
    test = new(opened, "robot", "运营群", ROBOT)
    button(test, "target_test").click().run()
    way = Told()
    way.fails = Uncertain("http.lost")
    sends(home, way)
    number = only(home, NoticeDelivery).id
    test = choose(test.run(), "需要处理")
    assert table(test, "log-rows")[0][3].startswith("不确定是否送达")
    test.query_params["message"] = str(number)
    test.run()
    button(test, "message_arrived").click().run()
    assert "已记为送达" in said(test) and only(home, NoticeDelivery).state == "sent"


def test_a_message_that_failed_is_sent_again(opened, home):
    test = new(opened)
    button(test, "target_test").click().run()
    way = Told()
    way.fails = Temporary("smtp.421")
    sends(home, way)
    test.query_params["message"] = str(only(home, NoticeDelivery).id)
    test.run()
    assert "邮件服务器返回 421（smtp.421）" in said(test).replace("\\", "")
    button(test, "message_again").click().run()
    way.fails = None
    sends(home, way, after=timedelta(hours=2))
    assert only(home, NoticeDelivery).state == "sent" and len(way.taken) == 1


# -- who and how ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["manager", "executive", "analyst", "compliance"])
def test_only_admins_see_the_page(opened, home, role):
    test = page(opened, role)
    assert "通知渠道" not in said(test)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_of_notice_and_every_state_has_words(language):
    texts = i18n.catalogue(language)
    assert [kind for kind in (*KINDS, "digest") if f"notices.kind_{kind.replace('.', '_')}" not in texts] == []
    states = (
        "queued",
        "held",
        "held_digest",
        "held_cap",
        "joined",
        "sending",
        "sent",
        "failed",
        "unknown",
        "cancelled",
    )
    assert [state for state in states if f"notices.state_{state}" not in texts] == []


def test_the_page_in_english(opened, home):
    test = page(opened, language="en")
    words = unescape(re.sub(r"<[^>]*>", " ", html(test)))
    assert "Delivery log" in words and not re.search(
        r"[\u4e00-\u9fff]", words.replace("中文", "").replace("私域驾驶舱", "")
    )
