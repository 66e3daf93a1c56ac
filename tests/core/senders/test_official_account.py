"""Official account and mini-program over a real socket: tokens, template messages, subscriptions, what each number means, receipts."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from core.senders import official_events
from core.senders.markup import InvalidMarkup
from core.senders.official_account import Card, MiniProgram, OfficialAccount
from core.senders.official_events import Grant, SubscriptionReceipt, TemplateReceipt
from core.senders.official_tokens import Account, Tokens
from core.senders.outcomes import Halted, Unfit, Ungranted
from core.senders.posting import Poster
from core.senders.sender import Gone, Permanent, Temporary, Uncertain
from tests.fakes.official import APP, ORDER, PAGE, SECRET, platform

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)  # 9:02:03 in China
TO_MIDNIGHT = 14 * 3600 + 57 * 60 + 57.0
LIN = "oLin"
CARD = Card(ORDER, {"thing1": "会员积分到期", "time2": "2026年11月30日"}, "https://shop.example/p", PAGE, "wx-mini")
POSTER = Poster({"127.0.0.1"})
SEND = "/cgi-bin/message/template/send"


@pytest.fixture
def wechat():
    with platform(NOW) as wechat:
        wechat.followers = {LIN}
        yield wechat


def tokens(wechat, app=APP, secret=SECRET):
    return Tokens(POSTER, Account(app, secret), wechat.base)


def official(wechat, held=None):
    return OfficialAccount(POSTER, held or tokens(wechat), wechat.base)


def mini(wechat):
    return MiniProgram(POSTER, tokens(wechat), wechat.base)


def template(account, card=CARD, to=LIN, message_id="run-1:lin", purpose="service", now=NOW):
    return account.send_template(to, card, message_id, purpose, now)


def test_a_template_message_arrives_with_its_values_and_says_its_number(wechat):
    assert template(official(wechat)) == "200163836"
    assert wechat.read == [
        (
            "template",
            LIN,
            {
                "touser": LIN,
                "template_id": ORDER,
                "url": "https://shop.example/p",
                "miniprogram": {"appid": "wx-mini", "pagepath": PAGE},
                "data": {"thing1": {"value": "会员积分到期"}, "time2": {"value": "2026年11月30日"}},
                "client_msg_id": hashlib.sha256(b"run-1:lin").hexdigest()[:32],
            },
        )
    ]


def test_a_template_message_is_no_place_for_marketing_and_nobody_is_asked(wechat):
    with pytest.raises(Unfit) as error:
        template(official(wechat), purpose="marketing")
    assert (error.value.code, wechat.given, wechat.read) == ("wechat.marketing", [], [])


def test_a_template_message_that_is_sent_again_after_a_lost_answer_arrives_once(wechat):
    account = official(wechat)
    wechat.loses = 1
    with pytest.raises(Uncertain):
        template(account)
    assert template(account) == "200163836"
    assert len(wechat.read) == 1
    template(account, message_id="run-2:lin")
    wechat.now = NOW + timedelta(minutes=11)
    template(account, now=wechat.now)
    assert len(wechat.read) == 3


def test_a_subscription_is_spent_by_the_message_it_allows(wechat):
    wechat.grants[LIN, ORDER] = 1
    account = official(wechat)
    account.send_subscription(LIN, CARD, NOW)
    with pytest.raises(Ungranted) as error:
        account.send_subscription(LIN, CARD, NOW)
    assert (error.value.code, [kind for kind, _, _ in wechat.read]) == ("wechat.43101", ["subscription"])
    body = wechat.read[0][2]
    assert (body["miniprogram"], "page" in body, "client_msg_id" in body) == (
        {"appid": "wx-mini", "pagepath": PAGE},
        False,
        False,
    )


def test_a_mini_program_sends_what_its_users_subscribed_to_whether_they_follow_or_not(wechat):
    wechat.grants["oWei", ORDER] = 2
    mini(wechat).send_subscription("oWei", CARD, NOW)
    assert wechat.read[0][2] | {"data": None} == {
        "touser": "oWei", "template_id": ORDER, "data": None, "miniprogram_state": "formal", "lang": "zh_CN", "page": PAGE,
    }  # fmt: skip
    with pytest.raises(Unfit):
        mini(wechat).send_subscription("oWei", Card(ORDER, CARD.values, page="pages/none"), NOW)


def test_a_subscription_whose_answer_is_lost_stays_open(wechat):
    wechat.grants[LIN, ORDER] = 2
    wechat.loses = 1
    with pytest.raises(Uncertain):
        official(wechat).send_subscription(LIN, CARD, NOW)
    assert len(wechat.read) == 1


@pytest.mark.parametrize(
    ("to", "card", "kind", "errcode"),
    [
        ("x", CARD, Gone, 40003),
        ("oStranger", CARD, Gone, 43004),
        (LIN, Card("none", CARD.values), Unfit, 40037),
        (LIN, Card(ORDER, {"thing1": "", "time2": "x"}), Permanent, 47003),
    ],
)
def test_a_refusal_is_about_the_person_the_content_or_this_message(wechat, to, card, kind, errcode):
    with pytest.raises(kind) as error:
        template(official(wechat), card, to)
    assert (type(error.value), str(error.value), wechat.read) == (kind, f"wechat.{errcode}", [])


@pytest.mark.parametrize(
    ("errcode", "kind", "after_s"),
    [
        (45009, Temporary, TO_MIDNIGHT),
        (45011, Temporary, 60.0),
        (-1, Temporary, None),
        (48001, Halted, None),
        (48004, Halted, None),
        (40164, Halted, None),
        (40013, Halted, None),
        (43101, Ungranted, None),
        (45015, Permanent, None),
        (45047, Permanent, None),
        (99999, Permanent, None),
    ],
)
def test_every_number_has_its_class_and_its_words_are_not_repeated(wechat, errcode, kind, after_s):
    wechat.errcodes = {SEND: [errcode]}
    with pytest.raises(kind) as error:
        template(official(wechat))
    assert (type(error.value), str(error.value)) == (kind, f"wechat.{errcode}")
    assert getattr(error.value, "after_s", None) == after_s


def test_a_quota_of_the_day_is_over_at_midnight_in_china(wechat):
    wechat.a_day = 0
    late = datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC)
    with pytest.raises(Temporary) as error:
        template(official(wechat), now=late)
    assert error.value.after_s == 1.0


def test_a_token_is_asked_for_once_and_again_shortly_before_it_ends(wechat):
    held = tokens(wechat)
    first = held.current(NOW)
    asked = []
    for seconds in (6899, 6900, 6929, 6930, 7199, 7200):
        wechat.now = NOW + timedelta(seconds=seconds)
        asked.append((held.current(wechat.now) == first, len(wechat.given)))
    # The platform gives out the same one until its end: in its last minutes it is asked every half minute and not at every message.
    assert asked == [(True, 1), (True, 2), (True, 2), (True, 3), (True, 4), (False, 5)]


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_refused_token_is_renewed_once_and_the_message_said_again(wechat, errcode):
    account = official(wechat)
    template(account)
    wechat.errcodes = {SEND: [errcode]}
    template(account, message_id="2")
    assert len(wechat.read) == 2
    # The platform gave out the very token that it refused: only then another is forced.
    assert wechat.given == [False, False, True]


def test_a_token_that_another_system_has_replaced_is_fetched_and_none_is_forced(wechat):
    account = official(wechat)
    template(account)
    wechat.end_token()
    template(account, message_id="2")
    assert (len(wechat.read), wechat.given) == (2, [False, False])


def test_a_token_that_is_refused_again_halts_the_account(wechat):
    wechat.errcodes = {SEND: [40001, 40001]}
    with pytest.raises(Halted) as error:
        template(official(wechat))
    assert (error.value.code, wechat.read) == ("wechat.40001", [])


def test_no_second_token_is_forced_within_five_minutes(wechat):
    account = official(wechat)
    wechat.errcodes = {SEND: [40001]}
    template(account)
    wechat.errcodes = {SEND: [40001]}
    with pytest.raises(Temporary) as error:
        template(account, message_id="2", now=NOW + timedelta(minutes=1))
    assert (error.value.code, error.value.after_s) == ("wechat.token", 240.0)
    wechat.errcodes = {SEND: [40001]}
    template(account, message_id="3", now=NOW + timedelta(minutes=5))
    assert wechat.given.count(True) == 2


def test_eight_senders_that_hold_the_same_old_token_renew_it_once(wechat):
    held = tokens(wechat)
    old = held.current(NOW)
    wechat.end_token()
    ready = Barrier(8)

    def renew():
        ready.wait(10)
        return held.renewed(old, NOW)

    with ThreadPoolExecutor(8) as pool:
        found = {future.result() for future in [pool.submit(renew) for _ in range(8)]}
    assert (len(found), old in found, wechat.given) == (1, False, [False, False])


@pytest.mark.parametrize(
    ("account", "errcode"),
    [({"secret": "wrong"}, 40125), ({"app": "wrong"}, 40013), ({}, 40164)],
)
def test_an_account_that_the_platform_refuses_is_not_asked_for_a_second_time(wechat, account, errcode):
    wechat.is_whitelisted = bool(account)
    held = tokens(wechat, **account)
    for _ in range(2):
        with pytest.raises(Halted) as error:
            held.current(NOW)
        assert error.value.code == f"wechat.{errcode}"
    wechat.is_whitelisted = True
    with pytest.raises(Halted):
        held.current(NOW)
    assert wechat.given == []
    assert tokens(wechat).current(NOW)


@pytest.mark.parametrize(("errcode", "after_s"), [(-1, None), (45009, 60.0), (45011, 60.0)])
def test_a_busy_platform_halts_nothing(wechat, errcode, after_s):
    wechat.errcodes = {"/cgi-bin/stable_token": [errcode]}
    held = tokens(wechat)
    with pytest.raises(Temporary) as error:
        held.current(NOW)
    assert (error.value.code, error.value.after_s) == (f"wechat.{errcode}", after_s)
    assert held.current(NOW)


def test_no_secret_and_no_value_stands_in_what_is_printed():
    assert SECRET not in repr(Account(APP, SECRET))
    assert "积分" not in repr(CARD)


def test_receipts_lead_back_to_what_was_sent_and_say_who_refuses_messages(wechat):
    wechat.followers = {LIN, "oWei"}
    wechat.blockers = {"oWei"}
    wechat.grants["oWei", ORDER] = 1
    account = official(wechat)
    numbers = [template(account), template(account, to="oWei")]
    account.send_subscription("oWei", CARD, NOW)
    told = [one for body in wechat.callbacks() for one in official_events.events(body)]
    at = NOW.replace(microsecond=0)
    assert told == [
        TemplateReceipt(LIN, numbers[0], "delivered", at),
        TemplateReceipt("oWei", numbers[1], "blocked", at),
        SubscriptionReceipt("oWei", ORDER, "200163838", 43101, at),
    ]


def event(kind, inside):
    return (
        "<xml><ToUserName><![CDATA[gh_7f083739789a]]></ToUserName><FromUserName><![CDATA[oLin]]></FromUserName>"
        f"<CreateTime>1395658920</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{kind}]]></Event>{inside}</xml>"
    ).encode()


AT = datetime(2014, 3, 24, 11, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        ("success", "delivered"),
        ("failed:user block", "blocked"),
        ("failed: user block", "blocked"),
        ("failed: system failed", "failed"),
        ("failed:system failed", "failed"),
        ("failed:freq limit", "limited"),
        ("failed:something new", "failed"),
    ],
)
def test_the_receipt_of_a_template_message_is_read_in_each_of_its_spellings(status, fate):
    inside = f"<MsgID>200163836</MsgID><Status><![CDATA[{status}]]></Status>"
    assert official_events.events(event("TEMPLATESENDJOBFINISH", inside)) == (
        TemplateReceipt("oLin", "200163836", fate, AT),
    )


def test_a_receipt_whose_number_the_platform_forgot_has_none():
    (told,) = official_events.events(event("TEMPLATESENDJOBFINISH", "<MsgID>0</MsgID><Status>success</Status>"))
    assert told.number is None


def test_grants_and_their_withdrawals_are_read_one_by_one():
    popup = (
        "<SubscribeMsgPopupEvent><List><TemplateId><![CDATA[a]]></TemplateId><SubscribeStatusString><![CDATA[accept]]>"
        "</SubscribeStatusString><PopupScene>2</PopupScene></List><List><TemplateId>b</TemplateId><SubscribeStatusString>reject"
        "</SubscribeStatusString><PopupScene>2</PopupScene></List></SubscribeMsgPopupEvent>"
    )
    told = official_events.events(event("subscribe_msg_popup_event", popup))
    assert told == (Grant("oLin", "a", True, AT), Grant("oLin", "b", False, AT))
    change = (
        "<SubscribeMsgChangeEvent><List><TemplateId>a</TemplateId><SubscribeStatusString>reject</SubscribeStatusString>"
        "</List></SubscribeMsgChangeEvent>"
    )
    assert official_events.events(event("subscribe_msg_change_event", change)) == (Grant("oLin", "a", False, AT),)


def test_the_receipt_of_a_subscription_says_its_error():
    sent = (
        "<SubscribeMsgSentEvent><List><TemplateId>a</TemplateId><MsgID>1700827132819554304</MsgID><ErrorCode>43101</ErrorCode>"
        "<ErrorStatus>refused</ErrorStatus></List></SubscribeMsgSentEvent>"
    )
    told = official_events.events(event("subscribe_msg_sent_event", sent))
    assert told == (SubscriptionReceipt("oLin", "a", "1700827132819554304", 43101, AT),)


@pytest.mark.parametrize(
    "body",
    [
        event("TEMPLATESENDJOBFINISH", "").replace(b"1395658920", b"soon"),
        event("TEMPLATESENDJOBFINISH", "").replace(b"oLin", b""),
        event("subscribe_msg_popup_event", "<SubscribeMsgPopupEvent><List/></SubscribeMsgPopupEvent>"),
        event(
            "subscribe_msg_sent_event",
            "<SubscribeMsgSentEvent><List><TemplateId>a</TemplateId></List></SubscribeMsgSentEvent>",
        ),
        b"<!DOCTYPE x><x/>",
    ],
)
def test_an_event_that_lacks_what_it_must_say_is_refused(body):
    with pytest.raises(InvalidMarkup):
        official_events.events(body)


def test_other_events_say_nothing():
    assert official_events.events(event("LOCATION", "<Latitude>23</Latitude>")) == ()


def test_a_callback_is_genuine_only_with_the_word_that_was_agreed():
    """The digest is that of ``printf 1395658920nonceword | sha1sum``."""
    made = "375e3b2fbb02fbb4c7bcc6e4a4ed22efdee14955"
    assert official_events.is_genuine("word", "1395658920", "nonce", made)
    assert not official_events.is_genuine("other", "1395658920", "nonce", made)
    assert not official_events.is_genuine("word", "1395658921", "nonce", made)
    assert not official_events.is_genuine("word", "1395658920", "nonce", "é")
