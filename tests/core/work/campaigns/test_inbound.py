"""What platforms told, acted upon: early, late, twice, out of order; who leaves gets no more; nothing is lost that cannot be read."""

import json
import threading
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.campaigns.states import MESSAGE
from core.senders import bounces
from core.senders.bounces import Returns
from core.store import outbox, trials
from core.store.campaign_tables import Inbound, Outgoing, SubscriptionGrant, Suppression
from core.store.outbox import Claim
from core.store.session import Store
from core.work.campaigns.hearing import inbound
from core.work.campaigns.hearing.inbound import Handled
from core.work.campaigns.hearing.unsubscribing import REASON
from tests.core.work.campaigns.coming_back import DAY, HOUR, MINUTE, NOW
from tests.core.work.campaigns.coming_back import world as made
from tests.fakes.reports import report
from tests.seeds import examples

NUMBER, OTHER = "+8613800138000", "+8613900139000"
CHINA_NOW = "2026-11-20 11:30:00"
AT = NOW - 30 * MINUTE
LIN = "lin@example.com"
MAILBOX = "bounces@brand.example"


@pytest.fixture
def world(tmp_path, store):
    return made(tmp_path, store)


def receipt(number=NUMBER, serial="s1", success=True, code="DELIVERED", reference=""):
    return {
        "phone_number": number.removeprefix("+86"), "send_time": CHINA_NOW, "report_time": CHINA_NOW, "success": success, "err_code": code, "err_msg": "x", "sms_size": "1",
        "biz_id": serial, "out_id": reference,
    }  # fmt: skip


def pushed(*receipts):
    return json.dumps(receipts).encode()


def reply(text, number=NUMBER):
    return json.dumps([{"phone_number": number.removeprefix("+86"), "content": text, "send_time": CHINA_NOW}]).encode()


def handle(world, now=NOW):
    return inbound.handle(world.home, now)


# -- receipts of SMS ---------------------------------------------------------------------------------------------------


def test_a_receipt_tells_its_message_by_number_and_serial_for_many_share_a_serial(world):
    here, aliyun = world.campaign(), world.connector("aliyun_sms", "sms")
    first = world.message(here, 1, "sms", NUMBER, provider_id="s1")
    second = world.message(here, 2, "sms", OTHER, provider_id="s1")
    world.told(
        aliyun, "receipts", pushed(receipt(), receipt(OTHER, success=False, code="UNDELIV"), receipt("+8613700137000"))
    )
    assert handle(world) == Handled(1, 0)
    assert world.states() == {first: "delivered", second: "failed"}
    assert world.marks() == {
        (first, "sent", AT, None),
        (first, "delivered", AT, None),
        (second, "failed", AT, "sms.UNDELIV"),
    }
    failed = world.rows(Outgoing)[1]
    assert (failed.error, failed.slot_at) == ("sms.UNDELIV", None)  # its place under the caps is free again


def test_receipts_that_come_twice_and_out_of_order_change_nothing_more(world):
    here, aliyun = world.campaign(), world.connector("aliyun_sms", "sms")
    message = world.message(here, 1, "sms", NUMBER, provider_id="s1")
    assert world.told(aliyun, "receipts", pushed(receipt()))
    assert not world.told(aliyun, "receipts", pushed(receipt()))
    world.told(aliyun, "receipts", pushed(receipt(success=False, code="UNDELIV")))
    world.told(aliyun, "receipts", pushed(receipt(), receipt()))
    assert handle(world) == Handled(3, 0) and handle(world) == Handled(0, 0)
    assert world.states() == {message: "delivered"}
    assert {mark for _, mark, _, _ in world.marks()} == {"sent", "delivered"}


def test_a_receipt_that_is_earlier_than_the_workers_word_waits_for_it(world):
    here, aliyun = world.campaign(), world.connector("aliyun_sms", "sms")
    message = world.message(here, 1, "sms", NUMBER, "sending", fence=1, lease_until=NOW + MINUTE)
    world.told(aliyun, "receipts", pushed(receipt(reference="c1")))
    assert handle(world) == Handled(0, 0)
    assert (world.states(), world.waiting()) == ({message: "sending"}, [(1, "inbound.early", None)])
    claim = Claim(message, here, 0, 1, None, "sms", "", 1, 1, None)
    with world.store.transaction() as session:
        assert outbox.finish(session, claim, "accepted", NOW, provider_id="s1")
    assert handle(world) == Handled(0, 0)  # not before a minute is over
    assert handle(world, NOW + MINUTE) == Handled(1, 0)
    assert world.states() == {message: "delivered"}


def test_a_message_whose_worker_died_is_known_again_by_the_houses_own_reference(world):
    here, aliyun = world.campaign(), world.connector("aliyun_sms", "sms")
    world.campaign("c11")
    message = world.message(here, 1, "sms", NUMBER, "unknown")
    world.told(aliyun, "receipts", pushed(receipt(serial="s9", reference="c11")))
    assert handle(world) == Handled(1, 0) and world.states() == {message: "unknown"}
    world.told(aliyun, "receipts", pushed(receipt(serial="s9", reference="c1")))
    assert handle(world) == Handled(1, 0) and world.states() == {message: "delivered"}


def test_a_receipt_of_a_trial_is_about_no_message_to_the_same_person(world):
    here, aliyun = world.campaign(), world.connector("aliyun_sms", "sms")
    account = world.connector("official_account", "official_account")
    doubtful = [world.message(here, 1, "sms", NUMBER, "unknown"), world.message(here, 2, "official_account", "oLin", "unknown")]  # fmt: skip
    world.know()
    with world.store.transaction() as session:
        for channel, name in (("sms", "s9"), ("official_account", "77")):
            values = {"campaign_id": here, "variant": "A", "channel": channel, "digest": "d"}
            one = trials.add(session, values, by="lin", now=NOW)
            one.state, one.provider_id, one.ended_at = "sent", name, NOW
    world.told(aliyun, "receipts", pushed(receipt(serial="s9")))
    world.told(account, "official_account", arrived(77))
    assert handle(world) == Handled(2, 0) and not world.marks()
    assert world.states() == dict.fromkeys(doubtful, "unknown")
    world.told(aliyun, "receipts", pushed(receipt(serial="s8")))
    world.told(account, "official_account", arrived(78))
    assert handle(world) == Handled(2, 0), "what nobody names may still be theirs"
    assert world.states() == dict.fromkeys(doubtful, "delivered")


def test_of_two_doubtful_messages_of_one_campaign_neither_is_guessed(world):
    here, aliyun = world.campaign(), world.connector("aliyun_sms", "sms")
    first = world.message(here, 1, "sms", NUMBER, "unknown")
    with world.store.transaction() as session:
        outbox.plan(
            session,
            here,
            [
                {
                    "member_id": 1,
                    "channel": "sms",
                    "state": "planned",
                    "step": 1,
                    "identity_key": session.get(Outgoing, first).identity_key,
                }
            ],
            NOW,
        )
        session.query(Outgoing).filter_by(step=1).update({"state": "unknown", "slot_at": NOW, "begun_at": NOW})
    world.told(aliyun, "receipts", pushed(receipt(serial="s9", reference="c1")))
    handle(world)
    assert set(world.states().values()) == {"unknown"}


def test_receipts_of_tencent_are_read_too(world):
    here, tencent = world.campaign(), world.connector("tencent_sms", "sms")
    message = world.message(here, 1, "sms", NUMBER, provider_id="2645:1")
    told = {
        "user_receive_time": CHINA_NOW,
        "nationcode": "86",
        "mobile": "13800138000",
        "report_status": "SUCCESS",
        "errmsg": "DELIVRD",
        "description": "x",
        "sid": "2645:1",
    }
    world.told(tencent, "receipts", pushed(told))
    handle(world)
    assert world.states() == {message: "delivered"}


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 3)), max_size=8), st.sampled_from(sorted(MESSAGE.states)))
def test_whatever_receipts_say_in_whatever_order_only_allowed_moves_are_made(tmp_path_factory, said, born):
    world = _small(tmp_path_factory)
    here, aliyun = world.campaign(), world.connector("aliyun_sms", "sms")
    world.message(here, 1, "sms", NUMBER, born, provider_id="s1")
    was = born
    for number, (success, serial) in enumerate(said):
        world.told(aliyun, "receipts", pushed(receipt(serial=f"s{serial}", success=success, code=f"X{'A' * number}")))
        handle(world)
        [now_is] = world.states().values()
        assert now_is == was or MESSAGE.allows(was, now_is)
        is_new = (
            serial == 1 and was in ("accepted", "unknown") and born not in ("planned", "held", "skipped", "holdout")
        )
        assert (now_is == ("delivered" if success else "failed")) if is_new else (now_is == was)
        was = now_is
    world.store.close()


def _small(folders):
    folder = folders.mktemp("small")
    store = Store(f"sqlite:///{folder / 'x.db'}", audit_key=b"k" * 32)
    store.migrate()
    return made(folder, store)


# -- replies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["R", "ｔｄ", " 退订。", "回复T"])
def test_who_replies_to_leave_gets_no_more_texts_in_the_same_moment(world, text):
    here, aliyun = world.campaign(), world.connector("aliyun_sms", "sms")
    message = world.message(here, 1, "sms", NUMBER, provider_id="s1")
    waiting = world.message(world.campaign("c2"), 1, "sms", NUMBER, "planned")
    service = world.message(world.campaign("c3", "service"), 1, "sms", NUMBER, "planned")
    letter = world.message(world.campaign("c4"), 1, "email", LIN, "planned")
    _, mac = world.person("sms", NUMBER)
    world.told(aliyun, "replies", reply(text))
    assert handle(world) == Handled(1, 0)
    assert world.suppressed() == {
        ("unsubscribed", "sms", "marketing", 1, None),
        ("unsubscribed", "sms", "marketing", None, mac),
    }
    assert {one.reason for one in world.rows(Suppression)} == {"reply"}
    assert world.states() == {message: "accepted", waiting: "skipped", service: "planned", letter: "planned"}
    assert next(one.reason for one in world.rows(Outgoing) if one.id == waiting) == REASON
    assert world.marks() == {(message, "unsubscribed", AT, None)}


def test_a_number_that_was_sent_nothing_may_leave_all_the_same(world):
    aliyun = world.connector("aliyun_sms", "sms")
    world.told(aliyun, "replies", reply("TD"))
    handle(world)
    _, mac = world.person("sms", NUMBER)
    assert world.suppressed() == {("unsubscribed", "sms", "marketing", None, mac)}


def test_any_other_reply_is_an_answer_to_the_newest_message_of_a_week(world):
    tencent = world.connector("tencent_sms", "sms")
    world.message(world.campaign(), 1, "sms", NUMBER, slot_at=NOW - 8 * DAY)
    newest = world.message(world.campaign("c2"), 1, "sms", NUMBER)
    world.message(world.campaign("c3"), 2, "sms", OTHER, slot_at=NOW - 8 * DAY)
    for number in ("13800138000", "13900139000"):
        told = {
            "extend": "",
            "mobile": number,
            "nationcode": "86",
            "sign": "x",
            "text": "多少钱",
            "time": int(AT.timestamp()),
        }
        world.told(tencent, "replies", json.dumps(told).encode())
    assert handle(world) == Handled(2, 0)
    assert (world.marks(), world.suppressed()) == ({(newest, "replied", AT, None)}, set())


# -- WeCom and WeChat --------------------------------------------------------------------------------------------------


def contact(change, customer="wmLin", at=NOW):
    return (
        f"<xml><ToUserName>ww1</ToUserName><FromUserName>sys</FromUserName><CreateTime>{int(at.timestamp())}</CreateTime><MsgType>event</MsgType>"
        f"<Event>change_external_contact</Event><ChangeType>{change}</ChangeType><UserID>zhangsan</UserID><ExternalUserID>{customer}</ExternalUserID></xml>"
    ).encode()


@pytest.mark.parametrize("change", ["del_follow_user", "del_external_contact"])
def test_a_customer_who_leaves_is_blocked_and_counts_against_the_messages_of_a_week(world, change):
    wecom = world.connector("wecom", "wecom")
    old = world.message(
        world.campaign(), 1, "wecom", "wmLin", "delivered", slot_at=NOW - 7 * DAY - timedelta(seconds=1)
    )
    edge = world.message(world.campaign("c2"), 1, "wecom", "wmLin", "delivered", slot_at=NOW - 7 * DAY)
    world.message(world.campaign("c3"), 2, "wecom", "wmWang", "delivered", slot_at=NOW - DAY)
    _, mac = world.person("wecom", "wmLin")
    world.know()
    world.told(wecom, "wecom", contact(change))
    assert handle(world) == Handled(1, 0)
    assert world.marks() == {(edge, "left", NOW, None)} and old not in {one for one, *_ in world.marks()}
    assert world.suppressed() == {("blocked", "wecom", None, 1, None), ("blocked", "wecom", None, None, mac)}


def test_who_comes_back_later_may_be_written_to_again_but_not_who_left_after_that(world):
    wecom = world.connector("wecom", "wecom")
    world.message(world.campaign(), 1, "wecom", "wmLin", "delivered")
    world.message(world.campaign("c2"), 2, "wecom", "wmWang", "delivered")
    world.know()
    world.told(wecom, "wecom", contact("add_external_contact", at=NOW - HOUR))
    world.told(wecom, "wecom", contact("del_follow_user", at=NOW - MINUTE))
    world.told(wecom, "wecom", contact("del_follow_user", "wmWang", at=NOW - HOUR))
    world.told(wecom, "wecom", contact("add_external_contact", "wmWang", at=NOW - MINUTE))
    handle(world)
    assert {member for *_, member, _ in world.suppressed()} == {1, None}
    assert {one.lifted_reason for one in world.rows(Suppression) if one.lifted_at} == {"back"}


def wechat(event, person="oLin", inside="", at=NOW):
    return (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{person}</FromUserName><CreateTime>{int(at.timestamp())}</CreateTime><MsgType>event</MsgType>"
        f"<Event>{event}</Event>{inside}</xml>"
    ).encode()


def arrived(number):
    return wechat("TEMPLATESENDJOBFINISH", inside=f"<MsgID>{number}</MsgID><Status>success</Status>")


def popup(answer, template="T1"):
    return f"<SubscribeMsgPopupEvent><List><TemplateId>{template}</TemplateId><SubscribeStatusString>{answer}</SubscribeStatusString></List></SubscribeMsgPopupEvent>"


def test_a_template_message_is_known_by_its_number_and_who_blocks_the_account_gets_no_more(world):
    account = world.connector("official_account", "official_account")
    here = world.campaign(purpose="service")
    first = world.message(here, 1, "official_account", "oLin", provider_id="4001")
    second = world.message(here, 2, "official_account", "oWang", provider_id="4002")
    third = world.message(here, 3, "official_account", "oZhao", provider_id="4003")
    world.know()
    for person, number, status in (
        ("oLin", 4001, "success"),
        ("oWang", 4002, "failed:user block"),
        ("oZhao", 4003, "failed: system failed"),
    ):
        world.told(
            account,
            "official_account",
            wechat("TEMPLATESENDJOBFINISH", person, f"<MsgID>{number}</MsgID><Status>{status}</Status>"),
        )
    assert handle(world) == Handled(3, 0)
    assert world.states() == {first: "delivered", second: "failed", third: "failed"}
    assert {(one, reason) for one, mark, _, reason in world.marks() if mark == "failed"} == {
        (second, "wechat.blocked"),
        (third, "wechat.failed"),
    }
    assert {(kind, member) for kind, _, _, member, _ in world.suppressed()} == {("blocked", 2), ("blocked", None)}


def test_a_subscription_message_that_nobody_numbered_is_the_oldest_that_waits_for_word(world):
    account = world.connector("mini_program", "mini_program")
    older = world.message(world.campaign(), 1, "mini_program", "oLin")
    newer = world.message(world.campaign("c2"), 1, "mini_program", "oLin")
    world.know()
    inside = "<SubscribeMsgSentEvent><List><TemplateId>T1</TemplateId><MsgID>77</MsgID><ErrorCode>{}</ErrorCode><ErrorStatus>x</ErrorStatus></List></SubscribeMsgSentEvent>"
    world.told(account, "mini_program", wechat("subscribe_msg_sent_event", inside=inside.format(0)))
    world.told(account, "mini_program", wechat("subscribe_msg_sent_event", inside=inside.format(47003)))
    handle(world)
    assert world.states() == {older: "delivered", newer: "failed"}


def test_permissions_are_counted_up_by_each_yes_and_taken_back_by_a_no(world):
    account = world.connector("mini_program", "mini_program")
    key, _ = world.person("mini_program", "oLin")
    world.know()
    grants = []
    for number, answer in enumerate(("accept", "accept", "reject", "accept")):
        body = wechat("subscribe_msg_popup_event", inside=popup(answer), at=NOW + number * MINUTE)
        world.told(account, "mini_program", body)
        world.told(account, "mini_program", body)
        handle(world, NOW + number * MINUTE)
        grants += [(one.identity_key, one.template_id, one.grants) for one in world.rows(SubscriptionGrant)]
    assert grants == [(key, "T1", count) for count in (1, 2, 0, 1)]


def test_a_follower_who_leaves_the_account_is_blocked_until_they_follow_again(world):
    account = world.connector("official_account", "official_account")
    message = world.message(world.campaign(), 1, "official_account", "oLin", "delivered")
    world.know()
    world.told(account, "official_account", wechat("unsubscribe", at=NOW - HOUR))
    handle(world)
    assert len(world.suppressed()) == 2 and (message, "left", NOW - HOUR, None) in world.marks()
    world.told(account, "official_account", wechat("subscribe", at=NOW))
    handle(world)
    assert world.suppressed() == set()


# -- letters -----------------------------------------------------------------------------------------------------------


def bounced(world, connector, message, status, code="c1", at=NOW):
    returns = Returns(MAILBOX, (world.home.keys.derived("returns"),))
    world.told(connector, "bounces", report(("failed", status, "")), bounces.path(returns, f"{code}_{message}"), at)
    return handle(world, at)


def test_an_address_that_does_not_exist_is_given_up_at_once(world):
    mail = world.connector("email", "email", {"return_mailbox": MAILBOX, "from_address": "brand@brand.example"})
    message = world.message(world.campaign(), 1, "email", LIN, provider_id="c1_1")
    _, mac = world.person("email", LIN)
    assert bounced(world, mail, message, "5.1.1") == Handled(1, 0)
    assert (world.states(), world.marks()) == ({message: "failed"}, {(message, "failed", NOW, "bounce.hard")})
    assert world.suppressed() == {("bounced", "email", None, 1, None), ("bounced", "email", None, None, mac)}


@pytest.mark.parametrize(("last", "is_over"), [(15 * DAY, True), (15 * DAY + MINUTE, False)])
def test_a_full_box_is_given_up_after_the_third_time_in_fifteen_days(world, last, is_over):
    mail = world.connector("email", "email", {"from_address": MAILBOX})
    for number, at in enumerate((NOW, NOW + DAY, NOW + last)):
        message = world.message(world.campaign(f"c{number}"), 1, "email", LIN, "delivered" if number else "accepted")
        assert world.suppressed() == set()
        bounced(world, mail, message, "5.2.2", f"c{number}", at)
    assert bool(world.suppressed()) is is_over
    assert {reason for *_, reason in world.marks()} == {"bounce.soft"}


def test_a_report_that_nobody_proves_or_that_is_of_another_campaign_suppresses_nobody(world):
    mail = world.connector("email", "email", {"from_address": MAILBOX})
    message = world.message(world.campaign(), 1, "email", LIN)
    assert bounced(world, mail, message, "5.1.1", "c2") == Handled(1, 0)
    world.told(mail, "bounces", report(("failed", "5.1.1", "")), f"bounces+c1_{message}-0123456789abcdef@brand.example")
    world.told(mail, "bounces", b"hello")
    assert handle(world) == Handled(2, 0)
    assert (world.states(), world.suppressed()) == ({message: "accepted"}, set())


# -- what goes wrong ---------------------------------------------------------------------------------------------------


def test_what_cannot_be_read_is_kept_with_its_code_and_holds_up_nothing(world):
    aliyun, wecom = world.connector("aliyun_sms", "sms"), world.connector("wecom", "wecom")
    message = world.message(world.campaign(), 1, "sms", NUMBER, provider_id="s1")
    bodies = [
        (aliyun, "receipts", b"{}"),
        (aliyun, "receipts", b'[{"x":1}]'),
        (wecom, "wecom", b"<xml"),
        (wecom, "else", b""),
        (aliyun, "receipts", b'"' * 9),
    ]
    for connector, kind, body in bodies:
        world.told(connector, kind, body)
    world.told(aliyun, "receipts", pushed(receipt()))
    assert handle(world) == Handled(1, 5)
    assert world.waiting() == [*[(1, "inbound.unreadable", NOW)] * 5, (1, None, NOW)]
    assert world.states() == {message: "delivered"} and handle(world) == Handled(0, 0)


def test_what_was_sealed_with_another_key_is_kept_and_told(world):
    aliyun = world.connector("aliyun_sms", "sms")
    world.told(aliyun, "receipts", pushed(receipt()))
    with world.store.transaction() as session:
        session.query(Inbound).update({"sealed": b"\x01otherkey" + bytes(40)})
    assert handle(world) == Handled(0, 1) and world.waiting() == [(1, "inbound.sealed", NOW)]


def test_news_that_stay_too_early_are_tried_five_times_and_then_taken_as_they_are(world):
    aliyun = world.connector("aliyun_sms", "sms")
    message = world.message(world.campaign(), 1, "sms", NUMBER, "sending")
    world.told(aliyun, "receipts", pushed(receipt(reference="c1")))
    tried = [handle(world, NOW + wait) for wait in (0 * MINUTE, MINUTE, 5 * MINUTE, 30 * MINUTE, 6 * HOUR)]
    assert tried == [*[Handled(0, 0)] * 4, Handled(1, 0)]
    assert world.states() == {message: "sending"} and handle(world, NOW + DAY) == Handled(0, 0)


def test_old_news_are_forgotten_once_they_are_handled(world):
    aliyun = world.connector("aliyun_sms", "sms")
    world.told(aliyun, "receipts", pushed(receipt()), at=NOW - 31 * DAY)
    assert inbound.tidy(world.home, NOW) == 0
    handle(world)
    assert inbound.tidy(world.home, NOW) == 1 and world.waiting() == []


def test_two_workers_handle_each_piece_of_news_once(world):
    account = world.connector("mini_program", "mini_program")
    world.person("mini_program", "oLin")
    world.know()
    for number in range(12):
        world.told(
            account,
            "mini_program",
            wechat("subscribe_msg_popup_event", inside=popup("accept"), at=NOW - number * MINUTE),
        )
    done, faults = [], []

    def work():
        try:
            done.append(handle(world).done)
        except Exception as error:  # told below
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == [] and sum(done) == 12
    assert [one.grants for one in world.rows(SubscriptionGrant)] == [12]
