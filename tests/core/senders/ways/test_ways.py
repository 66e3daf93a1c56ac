"""Every other way out against our own fakes: what arrives, what becomes of each parcel, and whom a refusal is about."""

import json
from datetime import UTC, datetime

import pytest

from core.senders import bounces
from core.senders.bounces import Returns
from core.senders.letters import Letters
from core.senders.official_account import MiniProgram, OfficialAccount
from core.senders.official_tokens import Account, Tokens
from core.senders.outcomes import Halted, Unfit, Ungranted
from core.senders.parcels import Parcel
from core.senders.posting import Poster
from core.senders.robot import Robot
from core.senders.sender import Gone, NotSent, Permanent, Temporary, Uncertain
from core.senders.sms import aliyun, tencent
from core.senders.ways import letters, webhook
from core.senders.ways.cards import MiniCards, OfficialCards
from core.senders.ways.console import ConsoleWay
from core.senders.ways.letters import LettersWay
from core.senders.ways.robot import RobotWay
from core.senders.ways.texts import AliyunTexts, TencentTexts
from core.senders.ways.webhook import WebhookWay
from core.settings import Mail
from tests.fakes import aliyun_sms, official, tencent_sms
from tests.fakes.hooks import receiving
from tests.fakes.mail import post_office
from tests.fakes.robots import KEY, chatting
from tests.fakes.serving import Reply

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)  # 9:02:03 in China
NIGHT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
POSTER = Poster({"127.0.0.1"})
LIN, WEI, CHEN, ABROAD = "+8613800138000", "+8613900139000", "+8613700137000", "+6591234567"
HOOK_SECRET = "whsec_" + "c" * 43 + "="
RETURNS = Returns("bounces@brand.example", (b"n" * 32,))
LINK = "https://s.example/c/1"


def parcel(address, number=1, **more):
    return Parcel(f"c1-{number}", address, **{"text": "周末上新", **more})


def told(fates):
    return [(one.message_id, one.state, one.provider_id, one.trouble and (type(one.trouble), one.trouble.code)) for one in fates]  # fmt: skip


def trouble(way, some, now=NOW):
    with pytest.raises(NotSent) as error:
        way.send(some, now)
    return type(error.value), error.value.code


# -- text messages -----------------------------------------------------------------------------------------------------


@pytest.fixture
def ali():
    with aliyun_sms.texting(NOW) as gateway:
        yield gateway


@pytest.fixture
def qq():
    with tencent_sms.texting(NOW) as gateway:
        yield gateway


def ali_way(gateway, secret=aliyun_sms.SECRET):
    client = aliyun.Aliyun(POSTER, aliyun.Account(aliyun_sms.KEY_ID, secret), gateway.base)
    return AliyunTexts(client, aliyun_sms.SIGNATURE)


def qq_way(gateway):
    client = tencent.Tencent(POSTER, tencent.Account(tencent_sms.SECRET_ID, tencent_sms.SECRET, tencent_sms.APP), gateway.base)  # fmt: skip
    return TencentTexts(client, tencent_sms.SIGNATURE)


def ali_text(address, number=1, **more):
    usual = {"template": aliyun_sms.TEMPLATE, "values": {"name": "会员", "days": "3"}, "reference": "c1"}
    return parcel(address, number, **{**usual, **more})


def qq_text(address, number=1, **more):
    usual = {"template": tencent_sms.MARKETING, "values": {"name": "会员", "days": "3"}, "reference": "c1"}
    return parcel(address, number, **{**usual, **more})


def test_alike_texts_go_in_one_request_with_the_reference_of_their_campaign(ali):
    fates = ali_way(ali).send([ali_text("138 0013 8000", 1), ali_text(WEI, 2)], NOW)
    assert [(one.state, one.provider_id) for one in fates] == [("accepted", "134524^4351232")] * 2
    assert ali.texts == [(number, {"name": "会员", "days": "3"}, "c1") for number in ("13800138000", "13900139000")]
    assert ali.calls == 1


def test_one_wrong_number_is_found_among_many_and_nobody_gets_two(ali):
    some = [ali_text(f"+86139{number:08d}", number) for number in range(1, 8)]
    some[4] = ali_text("+8613800000000", 5)  # of those that the provider refuses
    fates = ali_way(ali).send(some, NOW)
    assert [one.state for one in fates] == ["accepted"] * 4 + [None] + ["accepted"] * 2
    assert (type(fates[4].trouble), fates[4].trouble.code) == (Gone, "aliyun.isv.MOBILE_NUMBER_ILLEGAL")
    assert sorted(number for number, *_ in ali.texts) == sorted(one.address[3:] for one in some if one is not some[4])


def test_a_number_that_has_had_enough_today_waits_alone(ali):
    ali.a_day = 1
    ali_way(ali).send([ali_text(LIN)], NOW)
    fates = ali_way(ali).send([ali_text(LIN, 2), ali_text(WEI, 3), ali_text(CHEN, 4)], NOW)
    assert told(fates)[0][3] == (Temporary, "aliyun.isv.BUSINESS_LIMIT_CONTROL")
    assert [one.state for one in fates[1:]] == ["accepted", "accepted"]


def test_what_can_be_no_number_is_gone_and_numbers_of_elsewhere_go_apart(ali):
    fates = ali_way(ali).send([ali_text("no number", 1), ali_text(ABROAD, 2), ali_text(LIN, 3)], NOW)
    assert told(fates)[0] == ("c1-1", None, None, (Gone, "sms.number"))
    assert [one.state for one in fates[1:]] == ["accepted", "accepted"]
    assert ali.calls == 2


def test_a_number_of_two_members_gets_one_text(qq):
    fates = qq_way(qq).send([qq_text(LIN, 1), qq_text("13800138000", 2)], NOW)
    assert [one.state for one in fates] == ["accepted", "accepted"]
    assert [number for number, _ in qq.texts] == [LIN]


def test_an_outcome_of_tencent_is_of_one_number(qq):
    qq.left = {WEI}
    fates = qq_way(qq).send([qq_text(LIN, 1), qq_text(WEI, 2)], NOW)
    assert [(one.state, bool(one.provider_id)) for one in fates] == [("accepted", True), (None, False)]
    assert told(fates)[1][3] == (Gone, "tencent.FailedOperation.PhoneNumberInBlacklist")


def test_marketing_waits_for_the_morning_and_a_notice_does_not(ali):
    assert trouble(ali_way(ali), [ali_text(LIN)], NIGHT) == (Temporary, "sms.hours")
    ali.now = NIGHT
    assert ali_way(ali).send([ali_text(LIN, purpose="service")], NIGHT)[0].state == "accepted"


@pytest.mark.parametrize(("code", "kind"), [("isv.AMOUNT_NOT_ENOUGH", Halted), ("isv.SMS_TEMPLATE_ILLEGAL", Unfit), ("isp.SYSTEM_ERROR", Uncertain)])  # fmt: skip
def test_what_a_provider_says_of_all_is_raised(ali, code, kind):
    ali.codes = [code]
    assert trouble(ali_way(ali), [ali_text(LIN), ali_text(WEI, 2)]) == (kind, f"aliyun.{code}")


def test_what_is_said_of_all_of_one_country_leaves_the_other_alone(ali):
    ali.codes = ["isv.DOMESTIC_NUMBER_NOT_SUPPORTED"]
    fates = ali_way(ali).send([ali_text(LIN, 1), ali_text(ABROAD, 2)], NOW)
    assert told(fates)[0][3] == (Unfit, "aliyun.isv.DOMESTIC_NUMBER_NOT_SUPPORTED")
    assert fates[1].state == "accepted"


def test_a_reference_fits_what_providers_carry_back(qq):
    assert qq_way(qq).send([qq_text(LIN, reference="c" * 600)], NOW)[0].state == "accepted"


# -- cards -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def wechat():
    with official.platform(NOW) as wechat:
        wechat.followers = {"oLin"}
        yield wechat


def cards(wechat, **more):
    tokens = Tokens(POSTER, Account(official.APP, official.SECRET), wechat.base)
    return OfficialCards(OfficialAccount(POSTER, tokens, wechat.base), **more)


def card(**more):
    usual = {"template": official.ORDER, "values": {"thing1": "积分到期", "time2": "2026年11月30日"}}
    return parcel("oLin", **{**usual, **more})


def test_a_service_card_is_a_template_message_with_its_link_and_number(wechat):
    way = cards(wechat, mini_app="wx-mini")
    assert told(way.send([card(purpose="service", link=LINK, page=official.PAGE)], NOW)) == [("c1-1", "accepted", "200163836", None)]  # fmt: skip
    ((kind, _, body),) = wechat.read
    assert (kind, body["url"], body["miniprogram"]) == ("template", LINK, {"appid": "wx-mini", "pagepath": official.PAGE})  # fmt: skip


def test_marketing_goes_as_a_subscription_that_was_granted_or_not_at_all(wechat):
    assert trouble(cards(wechat), [card(link=LINK)]) == (Ungranted, "wechat.43101")
    wechat.grants = {("oLin", official.ORDER): 1}
    assert told(cards(wechat).send([card(link=LINK)], NOW)) == [("c1-1", "accepted", None, None)]
    assert (wechat.read[0][0], wechat.read[0][2]["page"]) == ("subscription", LINK)


def test_a_template_that_is_named_as_such_refuses_marketing(wechat):
    way = cards(wechat, forms={official.ORDER: "template"})
    assert trouble(way, [card()]) == (Unfit, "wechat.marketing")


def test_a_mini_program_sends_what_was_granted(wechat):
    tokens = Tokens(POSTER, Account(official.APP, official.SECRET), wechat.base)
    way = MiniCards(MiniProgram(POSTER, tokens, wechat.base))
    wechat.grants = {("oLin", official.ORDER): 1}
    assert told(way.send([card(page=official.PAGE)], NOW)) == [("c1-1", "accepted", None, None)]
    assert trouble(way, [card(page=official.PAGE)]) == (Ungranted, "wechat.43101")


# -- letters -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def office():
    with post_office() as box:
        yield box


def post(box):
    return LettersWay(Letters(Mail("127.0.0.1", box.port, "none", "news@brand.example", ""), RETURNS), "某某旗舰店")


def test_a_letter_has_a_way_out_and_comes_back_by_its_message(office):
    out = "https://s.example/u/token"
    some = [parcel("lin@example.com", title="上新", link=LINK, link_title="去看看", way_out=out)]
    assert told(post(office).send(some, NOW)) == [("c1-1", "accepted", "c1_1", None)]
    (arrived,) = office.letters
    assert (arrived["List-Unsubscribe"], arrived["List-Unsubscribe-Post"]) == (f"<{out}>", "List-Unsubscribe=One-Click")
    assert arrived.get_content().splitlines() == ["周末上新", "", "去看看", LINK]
    returned = bounces.message_of(RETURNS, office.envelopes[0][0])
    assert letters.message_of(returned) == "c1-1"


def test_marketing_without_a_way_out_does_not_go_and_a_service_letter_needs_none(office):
    assert trouble(post(office), [parcel("lin@example.com", title="上新")]) == (Unfit, "smtp.way_out")
    assert trouble(post(office), [parcel("lin@example.com", title="上新", way_out="http://s.example/u/1")]) == (Unfit, "smtp.way_out")  # fmt: skip
    assert office.letters == []
    post(office).send([parcel("lin@example.com", title="发货", purpose="service")], NOW)
    assert "List-Unsubscribe" not in office.letters[0]


def test_on_this_machine_the_way_out_needs_no_certificate(office):
    post(office).send([parcel("lin@example.com", title="上新", way_out="http://127.0.0.1:8702/u/1")], NOW)
    assert office.letters[0]["List-Unsubscribe"] == "<http://127.0.0.1:8702/u/1>"


def test_an_address_given_up_is_gone(office):
    office.recipients = ["550 5.1.1 no such user"]
    assert trouble(post(office), [parcel("lin@example.com", title="上新", way_out="https://s.example/u/1")]) == (Gone, "smtp.5.1.1")  # fmt: skip


# -- webhook -----------------------------------------------------------------------------------------------------------


def test_a_receiver_gets_the_member_the_text_and_the_data_signed_and_known_again():
    with receiving(NOW, HOOK_SECRET) as hook:
        way = WebhookWay(POSTER, hook.address, (HOOK_SECRET,))
        some = [parcel("m-7", title="上新", link=LINK, reference="c1", way_out="https://s.example/u/1", data={"tier": "gold"})]  # fmt: skip
        assert told(way.send(some, NOW)) == [("c1-1", "delivered", "c1-1", None)]
        way.send(some, NOW)
        assert (hook.ids, hook.repeats, hook.refused) == (["c1-1"], 1, [])
        assert hook.requests[0].body == hook.requests[1].body
        assert hook.taken == [
            {
                "type": "campaign.message",
                "data": {
                    "id": "c1-1", "member": "m-7", "purpose": "marketing", "campaign": "c1", "title": "上新", "text": "周末上新", "link": LINK,
                    "unsubscribe": "https://s.example/u/1", "tier": "gold",
                },
            }
        ]  # fmt: skip


def test_data_cannot_stand_for_what_the_house_says():
    assert json.loads(webhook.written(parcel("m-7", data={"member": "m-8", "id": "x"})))["data"]["member"] == "m-7"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(302, Halted), (401, Halted), (403, Halted), (404, Halted), (410, Halted), (400, Permanent), (422, Permanent), (429, Temporary), (500, Temporary), (503, Temporary)],
)  # fmt: skip
def test_what_a_receiver_answers_is_about_itself_or_about_one_message(status, kind):
    with receiving(NOW, HOOK_SECRET) as hook:
        hook.script = [Reply(status)]
        assert trouble(WebhookWay(POSTER, hook.address, (HOOK_SECRET,)), [parcel("m-7")]) == (kind, f"http.{status}")


def test_an_address_that_must_not_be_asked_closes_the_way_out_and_suppresses_nobody():
    assert trouble(WebhookWay(Poster(), "https://127.0.0.1/x", (HOOK_SECRET,)), [parcel("m-7")]) == (Halted, "address.private")  # fmt: skip


def test_a_ping_is_a_message_of_nobody():
    with receiving(NOW, HOOK_SECRET) as hook:
        WebhookWay(POSTER, hook.address, (HOOK_SECRET,)).ping("test-1", NOW)
        assert hook.taken == [{"type": "connector.ping", "data": {}}]
        with pytest.raises(Permanent, match=r"http\.400"):
            WebhookWay(POSTER, hook.address, ("whsec_" + "d" * 43 + "=",)).ping("test-2", NOW)


# -- robot and console -------------------------------------------------------------------------------------------------


def test_a_robot_says_the_text_and_its_link():
    with chatting(NOW) as group:
        way = RobotWay(Robot(POSTER, group.base), KEY)
        assert told(way.send([parcel("", link=LINK, link_title="去看看")], NOW)) == [("c1-1", "delivered", None, None)]
        assert group.texts == [f"周末上新\n去看看\n{LINK}"]


@pytest.mark.parametrize(("errcode", "kind"), [(93000, Halted), (45009, Temporary), (40008, Permanent)])
def test_a_robot_that_was_removed_closes_its_way_out(errcode, kind):
    with chatting(NOW) as group:
        group.errcodes = [errcode]
        assert trouble(RobotWay(Robot(POSTER, group.base), KEY), [parcel("")]) == (kind, f"robot.{errcode}")


def test_the_console_says_that_it_was_the_console():
    fates = ConsoleWay().send([parcel("m-7"), parcel("m-8", 2)], NOW)
    assert told(fates) == [("c1-1", "delivered", "console", None), ("c1-2", "delivered", "console", None)]


def test_ways_that_take_one_at_a_time_refuse_more():
    with pytest.raises(ValueError, match="unpack"):
        WebhookWay(POSTER, "https://x.example/", (HOOK_SECRET,)).send([parcel("m-7"), parcel("m-8")], NOW)
