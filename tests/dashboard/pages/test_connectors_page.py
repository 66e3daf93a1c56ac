"""发送渠道, through the frame: connectors of each kind added by the form, tried, switched, changed, halted and resumed; nothing secret is ever shown."""

import pytest
from sqlalchemy import select

from core.senders import official_account
from core.senders.outcomes import Halted
from core.senders.sender import Temporary
from core.senders.sms import aliyun, tencent
from core.senders.wecom import errors
from core.store.campaign_tables import Connector
from core.work.campaigns.ways_out import connector_secrets, connectors
from core.work.campaigns.ways_out.connector_kinds import KINDS
from dashboard import i18n
from dashboard.data.connectors import VERDICTS
from dashboard.web import wiring
from dashboard.widgets.connectors import words
from tests import lakes
from tests.core.work.connector_parts import SECRET, SECRETS, SETTINGS, add
from tests.dashboard.pages.conftest import go, said
from tests.dashboard.pages.parts import html
from tests.dashboard.pages.test_rules import button, table
from tests.fakes.hooks import receiving


@pytest.fixture
def home(store, monkeypatch):
    """A house that may reach this machine."""
    monkeypatch.setenv("SIYU_WEBHOOK_HOSTS", "127.0.0.1")
    wiring.house.cache_clear()
    live = wiring.house().live
    lakes.add(live, 1, events=[lakes.event(1, "2026-11-01T03:00")])
    return live


def page(opened, role="admin", language="zh", **query):
    test = opened("catalog", role, language)
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "connectors")


def opens(test, box: str):
    test.session_state[box] = True
    return test.run()


def field(test, key: str):
    kinds = (test.text_input, test.number_input, test.selectbox, test.text_area, test.time_input)
    return next(one for kind in kinds for one in kind if one.key == key)


def new(opened, kind, name="一号", secrets=None, language="zh", **more):
    """A connector is added by the form."""
    test = opens(page(opened, language=language), "connector_add")
    field(test, "cn_new_kind").set_value(kind).run()
    prefix = f"cn_new_{kind}"
    field(test, f"{prefix}_name").set_value(name)
    for key, value in (SETTINGS[kind] | more).items():
        field(test, f"{prefix}_{key}").set_value(value)
    for key, value in (SECRETS[kind] | (secrets or {})).items():
        field(test, f"{prefix}_secret_{key}").set_value(value)
    return button(test, "connector_add_do").click().run()


def only(home):
    with home.store.reading() as session:
        return session.scalars(select(Connector)).one()


@pytest.mark.parametrize("kind", KINDS)
def test_a_connector_of_each_kind_is_added_by_its_form_and_nothing_secret_is_shown(opened, home, kind):
    test = new(opened, kind)
    assert not test.exception and "已添加“一号”" in said(test)
    row = only(home)
    assert (row.kind, row.name, row.is_on) == (kind, "一号", False)
    assert SETTINGS[kind].items() <= row.settings.items()
    assert connector_secrets.unseal(home.keys, row) == SECRETS[kind]
    opens(test, "connector_change")
    assert not test.exception
    shown = html(test) + said(test) + "".join(str(one.value) + str(one.placeholder) for one in test.text_input)
    assert [one for one in SECRETS[kind].values() if one in shown] == []


def test_what_was_typed_of_rules_is_kept(opened, home):
    new(opened, "official_account", price_minor=8, quota="grants", forms_template="t-1\nt-2", forms_subscribe="t-3")  # fmt: skip
    told = only(home).settings
    assert (told["price_minor"], told["quota"]) == (8, "grants")
    assert told["forms"] == {"t-1": "template", "t-2": "template", "t-3": "subscribe"}


def test_a_webhook_is_tried_switched_on_changed_and_off_again(opened, home):
    with receiving(wiring.now(), SECRET) as hook:
        test = new(opened, "webhook", secrets={"address": hook.address})
        assert "http://127.0.0.1" in html(test) and "token=hush" not in html(test)
        button(test, "connector_test").click().run()
        assert [one["type"] for one in hook.taken] == ["connector.ping"]
    assert any("连接正常" in one.value for one in test.success)
    button(test, "connector_test").click().run()
    assert any("连不上对方网站（http.unreachable）" in one.value.replace("\\", "") for one in test.error)
    button(test, "connector_switch").click().run()
    assert only(home).is_on and "已启用" in said(test)
    assert not any(one.key == "connector_remove" for one in test.get("popover"))
    opens(test, "connector_change")
    row = only(home)
    prefix = f"cn_{row.id}_{row.revision}"
    field(test, f"{prefix}_name").set_value("二号")
    field(test, f"{prefix}_price_minor").set_value(4)
    button(test, "connector_change_do").click().run()
    row = only(home)
    assert (row.name, row.settings["price_minor"]) == ("二号", 4)
    assert connector_secrets.unseal(home.keys, row)["secret"] == SECRET
    button(test, "connector_switch").click().run()
    assert not only(home).is_on
    opens(test, "connector_remove")
    button(test, "connector_remove_do").click().run()
    assert not test.exception and "还没有发送渠道" in said(test) and "connector" not in test.query_params


def test_a_secret_that_the_house_makes_is_shown_once_and_made_anew(opened, home):
    test = new(opened, "webhook", secrets={"secret": ""})
    first = test.code[0].value
    assert first.startswith("whsec_")
    button(test, "secret_seen").click().run()
    assert not test.code
    opens(test, "connector_rotate")
    button(test, "connector_rotate_do").click().run()
    assert test.code[0].value.startswith("whsec_") and test.code[0].value != first
    button(test, "secret_seen").click().run()
    assert not test.code and first not in html(test)


@pytest.mark.parametrize(
    ("kind", "more", "secrets", "why"),
    [
        ("wecom", {"corp_id": ""}, {}, "请填写“企业 ID”。"),
        ("wecom", {"gateway": "https://elsewhere.example"}, {}, "“接口地址”只能是内部主机"),
        ("wecom", {}, {"callback_key": "short"}, "“回调 EncodingAESKey”的格式不正确。"),
        ("email", {"security": "none"}, {}, "不加密只能用于本机"),
        ("email", {"from_address": "nobody"}, {}, "“发件地址”的格式不正确。"),
        ("webhook", {}, {"address": "http://hooks.example.com"}, "“网址”必须以 https:// 开头"),
        ("webhook", {}, {"address": "https://10.0.0.1/"}, "“网址”不能是内部网络的地址"),
        ("robot", {}, {"key": ""}, "请填写“机器人的 Webhook 地址或 key”。"),
    ],
)
def test_what_cannot_be_is_refused_by_the_name_of_its_field(opened, home, kind, more, secrets, why):
    test = new(opened, kind, secrets=secrets, **more)
    assert why in said(test).replace("\\", "")
    with home.store.reading() as session:
        assert session.scalars(select(Connector)).all() == []


def test_two_of_one_channel_are_not_on_at_once(opened, home):
    add(home, "aliyun_sms", "阿里", is_on=True)
    other = add(home, "tencent_sms", "腾讯")
    test = page(opened, connector=str(other))
    button(test, "connector_switch").click().run()
    assert "这个渠道正由“阿里”发送，请先停用它。" in said(test)


def test_a_halted_connector_says_why_and_what_to_do_and_goes_on_when_told(opened, home):
    number = add(home, "wecom", is_on=True)
    with home.store.transaction() as session:
        connectors.blame(session, number, Halted("wecom.60020"), wiring.now())
    test = page(opened)
    assert "已停止发送：本服务器的 IP 不在应用的可信 IP 里" in table(test, "connector-rows")[0][2]
    test.query_params["connector"] = str(number)
    test.run()
    assert any("可信 IP" in one.value and "wecom.60020" in one.value.replace("\\", "") for one in test.error)
    button(test, "connector_resume").click().run()
    assert only(home).halted is None and not test.error


def test_one_that_is_left_alone_says_until_when(opened, home):
    number = add(home, "email", is_on=True)
    with home.store.transaction() as session:
        for _ in range(5):
            connectors.blame(session, number, Temporary("smtp.unreachable"), wiring.now())
    assert "连续失败 5 次，暂停到" in table(page(opened), "connector-rows")[0][2]


def test_in_the_demo_only_what_stays_in_the_house_is_taken(opened, store, monkeypatch):
    monkeypatch.setenv("SIYU_WEBHOOK_HOSTS", "")
    wiring.house.cache_clear()
    demo = wiring.house().demo
    lakes.add(demo, 1, events=[lakes.event(1, "2026-11-01T03:00")])
    test = new(opened, "wecom")
    assert "演示世界里的会员是虚构的" in said(test)
    field(test, "cn_new_kind").set_value("console").run()
    field(test, "cn_new_console_name").set_value("模拟")
    button(test, "connector_add_do").click().run()
    assert not test.exception and "已添加“模拟”" in said(test)
    with demo.store.reading() as session:
        assert [row.kind for row in session.scalars(select(Connector))] == ["console"]


def test_where_a_platform_tells_what_came_of_messages_can_be_copied(opened, home, monkeypatch):
    number = add(home, "tencent_sms")
    test = page(opened, connector=str(number))
    opens(test, "connector_heard")
    assert "请让管理员设置 SIYU_LINKS_URL" in said(test).replace("\\", "") and not test.code
    monkeypatch.setenv("SIYU_LINKS_URL", "https://go.brand.example")
    wiring.house.cache_clear()
    test.run()
    assert [one.value.rpartition("/")[0] for one in test.code] == [f"https://go.brand.example/in/{number}/{name}" for name in ("receipts", "replies")]  # fmt: skip


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(opened, home):
    number = add(home, "console")
    test = page(opened, connector=str(number))
    with home.store.transaction() as session:
        session.scalars(select(Connector)).one().revision += 1
    button(test, "connector_switch").click().run()
    assert "有人刚刚修改了这个发送渠道" in said(test) and not only(home).is_on


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_without_any_connector_says_what_to_do(opened, home, language):
    test = page(opened, language=language)
    assert not test.exception
    assert {"zh": "添加一个并测试连接", "en": "Add one and test it"}[language] in said(test) + html(test)


def test_who_may_not_set_them_up_sees_nothing_of_them(opened, home):
    add(home, "webhook", "秘密系统")
    test = page(opened, "manager")
    assert not table(test, "connector-rows") and "秘密系统" not in html(test) + said(test)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_code_of_every_platform_is_told_in_words(language, monkeypatch):
    monkeypatch.setattr(i18n.st, "session_state", {"_language": language})
    codes = [f"wecom.{number}" for number in errors.KINDS]
    codes += [f"wechat.{number}" for number in official_account.HALTS | official_account.UNFIT | official_account.GONE]
    for judgement in (aliyun.JUDGEMENT, tencent.JUDGEMENT):
        known = judgement.halts | judgement.unfit | judgement.gone | judgement.uncertain | judgement.waits.keys()
        codes += [f"{judgement.provider}.{one}" for one in known]
    codes += [
        f"wecom.{one}"
        for one in ("failed", "identity", "sender", "empty", "long", "letters", "unreadable", "token_refused")
    ]
    codes += [
        "wechat.marketing",
        "wechat.token",
        "wechat.unreadable",
        "sms.hours",
        "sms.number",
        "sms.unreadable",
        "smtp.way_out",
        "smtp.5.1.1",
        "smtp.550",
        "http.503",
        "http.lost",
    ]
    codes += ["robot.93000", "robot.45033", "address.private", "address.scheme", "key.wrong", "connector.demo", "worker.lost"]  # fmt: skip
    bare = i18n.text(language, "notices.error_other", code="").strip()
    assert [code for code in codes if bare in words.error(code)] == []
    assert [code for code in codes if code not in words.error(code)] == []
    texts = i18n.catalogue(language)
    assert all(f"way.says_{name}" in texts for _, name in (*VERDICTS, (None, "permanent")))
