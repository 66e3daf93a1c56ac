"""Aliyun's SMS over a real socket: what goes out, one outcome for all, what each code means, receipts and replies."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from core.senders.outcomes import Divisible, Halted, Unfit
from core.senders.posting import Poster
from core.senders.sender import Gone, NotSent, Permanent, Temporary, Uncertain
from core.senders.sms import aliyun
from core.senders.sms.aliyun import Account, Aliyun
from core.senders.sms.texting import InvalidSending, Receipt, Text, Told
from tests.fakes.aliyun_sms import KEY_ID, SECRET, SIGNATURE, TEMPLATE, texting
from tests.fakes.serving import Reply

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)  # 9:02:03 in China
LIN, WEI = "+8613800138000", "+8613900139000"
TEXT = Text(SIGNATURE, TEMPLATE, {"name": "林女士 & 家人+1", "days": "3"}, "run-1")

POSTER = Poster({"127.0.0.1"})


@pytest.fixture
def gateway():
    with texting(NOW) as gateway:
        yield gateway


def client(gateway, key_id=KEY_ID, secret=SECRET):
    return Aliyun(POSTER, Account(key_id, secret), gateway.base)


def send(gateway, *to, text=TEXT, now=NOW, **account):
    return client(gateway, **account).send(to or (LIN,), text, now)


def changed(**more):
    return Text(**{"signature": SIGNATURE, "template": TEMPLATE, "values": TEXT.values, "reference": "run-1", **more})


def trouble(kind, gateway, *to, **more):
    with pytest.raises(kind) as error:
        send(gateway, *to, **more)
    assert type(error.value) is kind
    return (str(error.value), getattr(error.value, "after_s", None))


def test_all_numbers_of_a_request_get_the_text_and_share_a_serial(gateway):
    told = send(gateway, LIN, WEI)
    assert gateway.texts == [("13800138000", dict(TEXT.values), "run-1"), ("13900139000", dict(TEXT.values), "run-1")]
    assert [(one.number, one.trouble) for one in told] == [(LIN, None), (WEI, None)]
    assert {one.serial for one in told} == {"134524^4351232"}


def test_numbers_of_elsewhere_go_without_their_plus(gateway):
    send(gateway, "+85251234567")
    assert gateway.texts[0][0] == "85251234567"


def test_a_thousand_numbers_go_at_once_and_one_more_does_not(gateway):
    many = [f"+86138{n:08}" for n in range(1, 1002)]
    assert len(send(gateway, *many[:1000])) == 1000
    assert len(gateway.texts) == 1000
    with pytest.raises(InvalidSending, match="numbers"):
        send(gateway, *many)
    assert gateway.calls == 1


@pytest.mark.parametrize(
    ("to", "reference", "reason"),
    [
        ((LIN, LIN), "r", "numbers"),
        (("13800138000",), "r", "numbers"),
        (("+86 13800138000",), "r", "numbers"),
        ((LIN, "+85251234567"), "r", "mixed"),
        ((LIN,), "号" * 86, "reference"),
    ],
)
def test_what_nobody_would_take_is_refused_before_it_is_asked(gateway, to, reference, reason):
    with pytest.raises(InvalidSending) as error:
        send(gateway, *to, text=changed(reference=reference))
    assert (error.value.reason, gateway.calls) == (reason, 0)
    with pytest.raises(InvalidSending):
        client(gateway).send((), TEXT, NOW)


def test_a_wrong_secret_an_unknown_key_and_a_wrong_clock_halt_the_connector(gateway):
    assert trouble(Halted, gateway, secret="wrong") == ("aliyun.SignatureDoesNotMatch", None)
    assert trouble(Halted, gateway, key_id="wrong") == ("aliyun.InvalidAccessKeyId.NotFound", None)
    gateway.now = NOW + timedelta(minutes=16)
    assert trouble(Halted, gateway) == ("aliyun.InvalidTimeStamp.Expired", None)
    assert gateway.texts == []


def test_template_and_signature_are_refused_for_the_whole_campaign(gateway):
    assert trouble(Unfit, gateway, text=changed(template="SMS_1"))[0] == "aliyun.isv.SMS_TEMPLATE_ILLEGAL"
    assert trouble(Unfit, gateway, text=changed(signature="别家"))[0] == "aliyun.isv.SMS_SIGNATURE_ILLEGAL"
    assert trouble(Unfit, gateway, text=changed(values={"name": "林"}))[0] == "aliyun.isv.TEMPLATE_MISSING_PARAMETERS"


def test_a_link_in_the_values_of_one_member_is_a_matter_of_this_message_alone(gateway):
    linked = changed(values={"name": "http://x.example", "days": "3"})
    assert trouble(Permanent, gateway, text=linked)[0] == "aliyun.isv.PARAM_NOT_SUPPORT_URL"


def test_a_wrong_number_alone_is_gone_and_among_others_leaves_them_to_be_sent_to_alone(gateway):
    wrong = "+8613800000000"
    assert trouble(Gone, gateway, wrong)[0] == "aliyun.isv.MOBILE_NUMBER_ILLEGAL"
    assert trouble(Divisible, gateway, LIN, wrong)[0] == "aliyun.isv.MOBILE_NUMBER_ILLEGAL"
    assert gateway.texts == []


def test_a_number_that_has_had_enough_waits_an_hour_and_among_others_is_found_by_sending_alone(gateway):
    gateway.a_day = 1
    send(gateway, LIN)
    assert trouble(Temporary, gateway, LIN) == ("aliyun.isv.BUSINESS_LIMIT_CONTROL", 3600.0)
    assert trouble(Divisible, gateway, LIN, WEI)[0] == "aliyun.isv.BUSINESS_LIMIT_CONTROL"
    gateway.now = NOW + timedelta(days=1)
    send(gateway, LIN, now=gateway.now)


# 9:02:03 in China: 14 h 57 min 57 s to midnight, ten more days to December.
TO_MIDNIGHT = 14 * 3600 + 57 * 60 + 57.0


@pytest.mark.parametrize(
    ("code", "kind", "after_s"),
    [
        ("isv.DAY_LIMIT_CONTROL", Temporary, TO_MIDNIGHT),
        ("isv.MONTH_LIMIT_CONTROL", Temporary, TO_MIDNIGHT + 10 * 86400),
        ("Throttling.User", Temporary, 1.0),
        ("isv.OUT_OF_SERVICE", Halted, None),
        ("isv.AMOUNT_NOT_ENOUGH", Halted, None),
        ("isp.RAM_PERMISSION_DENY", Halted, None),
        ("Forbidden.RAM", Halted, None),
        ("isv.SMS_CONTENT_ILLEGAL", Unfit, None),
        ("isv.BLACK_KEY_CONTROL_LIMIT", Permanent, None),
        ("isp.SYSTEM_ERROR", Uncertain, None),
        ("SignatureNonceUsed", Uncertain, None),
        ("isv.NEVER_HEARD_OF", Permanent, None),
    ],
)
def test_every_code_has_its_class(gateway, code, kind, after_s):
    gateway.codes = [code]
    assert trouble(kind, gateway) == (f"aliyun.{code}", after_s)


@pytest.mark.parametrize("code", ["号码 13800138000", "isv.13800138000", "", "a b", "x" * 400])
def test_what_is_no_code_is_not_repeated_and_leaves_the_outcome_open(gateway, code):
    gateway.codes = [code]
    assert trouble(Uncertain, gateway)[0] == "aliyun.unreadable"


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (Reply(200, b"<html>"), Uncertain, "http.unreadable"),
        (Reply(200, b"[1]"), Uncertain, "http.unreadable"),
        (Reply(200, b"[" * 100_000), Uncertain, "http.unreadable"),
        (Reply(200, b"{}"), Uncertain, "aliyun.unreadable"),
        (Reply(500, b"{}"), Uncertain, "http.500"),
        (Reply(503, b""), Temporary, "http.503"),
        (Reply(403, b"<html>"), Halted, "http.403"),
        (Reply(302, headers=(("Location", "/x"),)), Halted, "http.302"),
        (Reply(is_lost=True), Uncertain, "http.lost"),
    ],
)
def test_what_no_gateway_of_theirs_says_suppresses_nobody(gateway, reply, kind, code):
    gateway.replies = [reply]
    assert trouble(kind, gateway)[0] == code


def test_an_address_that_must_not_be_asked_halts_and_suppresses_nobody():
    sender = Aliyun(Poster(), Account(KEY_ID, SECRET), "https://127.0.0.1")
    with pytest.raises(Halted) as error:
        sender.send((LIN,), TEXT, NOW)
    assert error.value.code == "address.private"


def test_a_lost_answer_leaves_it_open_although_the_text_went_out(gateway):
    gateway.loses = 1
    assert trouble(Uncertain, gateway)[0] == "http.lost"
    assert len(gateway.texts) == 1


@pytest.mark.parametrize(
    ("at", "after_s"),
    [
        (datetime(2026, 11, 19, 23, 59, 59, tzinfo=UTC), 1.0),  # 7:59:59
        (datetime(2026, 11, 20, 0, 0, 0, tzinfo=UTC), None),  # 8:00
        (datetime(2026, 11, 20, 13, 59, 59, tzinfo=UTC), None),  # 21:59:59
        (datetime(2026, 11, 20, 14, 0, 0, tzinfo=UTC), 36000.0),  # 22:00
        (datetime(2026, 11, 20, 16, 0, 0, tzinfo=UTC), 28800.0),  # 0:00
    ],
)
def test_marketing_waits_for_eight_in_the_morning_and_is_not_even_asked_before(gateway, at, after_s):
    gateway.now = at
    if after_s is None:
        send(gateway, now=at)
    else:
        assert trouble(Temporary, gateway, now=at) == ("sms.hours", after_s)
        assert gateway.calls == 0
    send(gateway, text=changed(is_marketing=False), now=at)


def test_receipts_say_what_became_of_a_text(gateway):
    (sent,) = send(gateway)
    asked = (LIN, date(2026, 11, 20), NOW, sent.serial)
    waiting = Receipt(LIN, sent.serial, "run-1", "waiting", "", None)
    assert client(gateway).receipts(*asked).found == (waiting,)
    gateway.fates["13800138000"] = (3, "DELIVERED", "2026-11-20 09:02:09")
    (told,) = client(gateway).receipts(*asked).found
    assert (told.fate, told.code, told.at) == ("delivered", "DELIVERED", datetime(2026, 11, 20, 1, 2, 9, tzinfo=UTC))
    gateway.fates["13800138000"] = (2, "MK:0001", "2026-11-20 09:02:09")
    assert [(one.fate, one.code) for one in client(gateway).receipts(*asked).found] == [("failed", "MK:0001")]
    assert client(gateway).receipts(LIN, date(2026, 11, 19), NOW).found == ()
    assert client(gateway).receipts(LIN, date(2026, 11, 20), NOW, "other^1").found == ()
    gateway.fates["13800138000"] = (9, "", "")
    assert client(gateway).receipts(*asked) == Told((), 1)


def test_receipts_are_read_to_their_last_page(gateway):
    gateway.remember("13800138000", [f"run-{n}" for n in range(101)])
    told = client(gateway).receipts(LIN, date(2026, 11, 20), NOW).found
    assert {one.reference for one in told} == {f"run-{n}" for n in range(101)}
    assert gateway.calls == 3
    gateway.remember("13900139000", [f"run-{n}" for n in range(50)])
    assert len(client(gateway).receipts(WEI, date(2026, 11, 20), NOW).found) == 50


def test_a_day_too_long_ago_has_no_receipts(gateway):
    with pytest.raises(NotSent) as error:
        client(gateway).receipts(LIN, date(2026, 10, 1), NOW)
    assert error.value.code == "aliyun.isv.INVALID_PARAMETERS"


def test_pushed_receipts_and_replies_are_read_and_one_that_is_broken_takes_no_other_with_it():
    sample = {"phone_number": "13800138000", "send_time": "2026-11-20 09:00:00", "report_time": "2026-11-20 09:00:05",
              "success": True, "err_code": "DELIVERED", "err_msg": "用户接收成功", "sms_size": "1", "biz_id": "12345^0", "out_id": "run-1"}  # fmt: skip
    told = aliyun.pushed_receipts(
        json.dumps([sample, sample | {"phone_number": "x"}, sample | {"success": "no"}]).encode()
    )
    at = datetime(2026, 11, 20, 1, 0, 5, tzinfo=UTC)
    assert (told.found, told.unreadable) == ((Receipt(LIN, "12345^0", "run-1", "delivered", "DELIVERED", at),), 2)
    up = {"phone_number": "85251234567", "send_time": "2026-11-20 09:00:00", "content": "ｔｄ", "sign_name": SIGNATURE,
          "dest_code": "1234", "sequence_id": 1234567890}  # fmt: skip
    replies = aliyun.pushed_replies(json.dumps([up, up | {"content": None}, up | {"send_time": "soon"}]).encode())
    assert [(one.number, one.leaves) for one in replies.found] == [("+85251234567", True)]
    assert replies.unreadable == 2


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"[" * 100_000, b"\xff"])
def test_what_is_no_list_of_objects_is_refused(body):
    with pytest.raises(ValueError, match=r"list|value|deep|decode|Expecting"):
        aliyun.pushed_replies(body)


def test_no_secret_no_number_and_no_value_stands_in_what_is_printed(gateway):
    (sent,) = send(gateway)
    gateway.codes = ["isv.OUT_OF_SERVICE"]
    told = repr(Account(KEY_ID, SECRET)) + repr(sent) + repr(TEXT) + trouble(Halted, gateway)[0]
    assert not any(one in told for one in (SECRET, "13800138000", "林女士"))
