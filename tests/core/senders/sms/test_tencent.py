"""Tencent's SMS over a real socket: an outcome per number, what each code means, receipts and replies told once."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from core.senders.outcomes import Divisible, Halted, Unfit
from core.senders.posting import Poster
from core.senders.sender import Gone, Permanent, Temporary, Uncertain
from core.senders.sms import tencent
from core.senders.sms.tencent import Account, Tencent, is_halted
from core.senders.sms.texting import InvalidSending, Receipt, Text
from tests.fakes.tencent_sms import APP, MARKETING, NOTICE, SECRET, SECRET_ID, SIGNATURE, receipt, reply, texting

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)  # 9:02:03 in China
LIN, WEI, CHEN = "+8613800138000", "+8613900139000", "+8613700137000"
TEXT = Text(SIGNATURE, MARKETING, {"name": "林女士", "days": "3"}, "run-1")

POSTER = Poster({"127.0.0.1"})


@pytest.fixture
def gateway():
    with texting(NOW) as gateway:
        yield gateway


def client(gateway, secret_id=SECRET_ID, secret=SECRET, app=APP):
    return Tencent(POSTER, Account(secret_id, secret, app), gateway.base)


def send(gateway, *to, text=TEXT, now=NOW, **account):
    return client(gateway, **account).send(to or (LIN,), text, now)


def changed(**more):
    return Text(**{"signature": SIGNATURE, "template": MARKETING, "values": TEXT.values, "reference": "run-1", **more})


def trouble(kind, gateway, *to, **more):
    with pytest.raises(kind) as error:
        send(gateway, *to, **more)
    assert type(error.value) is kind
    return (str(error.value), getattr(error.value, "after_s", None))


def told(outcomes):
    return [
        (one.number, bool(one.serial), type(one.trouble).__name__ if one.trouble else None, str(one.trouble or ""))
        for one in outcomes
    ]


def test_values_go_in_the_order_of_their_places(gateway):
    assert told(send(gateway)) == [(LIN, True, None, "")]
    assert gateway.texts == [(LIN, ["林女士", "3"])]


def test_one_request_can_be_half_refused_and_says_so_per_number_in_the_order_given(gateway):
    gateway.left = {WEI}
    gateway.forgets = {CHEN}
    odd = "+8613600136000"
    gateway.outcomes = {odd: "LimitExceeded.PhoneNumberOneHourLimit"}
    assert told(send(gateway, WEI, LIN, CHEN, odd)) == [
        (WEI, False, "Gone", "tencent.FailedOperation.PhoneNumberInBlacklist"),
        (LIN, True, None, ""),
        (CHEN, False, "Uncertain", "tencent.unreadable"),
        (odd, False, "Temporary", "tencent.LimitExceeded.PhoneNumberOneHourLimit"),
    ]
    assert [number for number, _ in gateway.texts] == [LIN, CHEN]


def test_two_hundred_numbers_go_at_once_and_one_more_does_not(gateway):
    many = [f"+86138{n:08}" for n in range(201)]
    assert all(one.serial for one in send(gateway, *many[:200], text=changed(reference="r" * 511)))
    with pytest.raises(InvalidSending, match="numbers"):
        send(gateway, *many)
    with pytest.raises(InvalidSending, match="mixed"):
        send(gateway, LIN, "+85251234567")
    with pytest.raises(InvalidSending, match="reference"):
        send(gateway, text=changed(reference="r" * 512))
    assert gateway.calls == 1


def test_the_same_number_again_within_its_limits_waits_as_long_as_the_limit_says(gateway):
    send(gateway)
    (again,) = send(gateway)
    assert (str(again.trouble), again.trouble.after_s) == ("tencent.LimitExceeded.PhoneNumberThirtySecondLimit", 30.0)
    for n in range(1, 5):
        gateway.now = NOW + timedelta(seconds=30 * n)
        (fine,) = send(gateway, now=gateway.now)
        assert fine.trouble is None
    gateway.now = NOW + timedelta(seconds=200)
    (hour,) = send(gateway, now=gateway.now)
    assert (str(hour.trouble), hour.trouble.after_s) == ("tencent.LimitExceeded.PhoneNumberOneHourLimit", 3600.0)


@pytest.mark.parametrize(
    ("account", "code"),
    [
        ({"secret": "wrong"}, "AuthFailure.SignatureFailure"),
        ({"secret_id": "wrong"}, "AuthFailure.SecretIdNotFound"),
        ({"app": "1"}, "UnauthorizedOperation.SmsSdkAppIdVerifyFail"),
    ],
)
def test_wrong_credentials_halt_the_connector(gateway, account, code):
    assert trouble(Halted, gateway, **account) == (f"tencent.{code}", None)
    assert gateway.texts == []


def test_a_clock_that_is_five_minutes_off_halts_the_connector(gateway):
    gateway.now = NOW + timedelta(minutes=5)
    send(gateway)
    gateway.now = NOW + timedelta(minutes=5, seconds=1)
    assert trouble(Halted, gateway)[0] == "tencent.AuthFailure.SignatureExpire"


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        (changed(template="1"), Unfit, "FailedOperation.TemplateIncorrectOrUnapproved"),
        (changed(values={"name": "林"}), Unfit, "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"),
        (changed(signature="别家"), Unfit, "FailedOperation.SignatureIncorrectOrUnapproved"),
        (
            changed(values={"a": "http://x.example", "b": ""}),
            Permanent,
            "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
        ),
    ],
)
def test_a_template_is_refused_for_all_and_a_link_in_the_values_for_one(gateway, text, kind, code):
    (outcome,) = send(gateway, text=text)
    assert (type(outcome.trouble), str(outcome.trouble)) == (kind, f"tencent.{code}")


TO_MIDNIGHT = 14 * 3600 + 57 * 60 + 57.0


@pytest.mark.parametrize(
    ("code", "kind", "after_s"),
    [
        ("AuthFailure.TokenFailure", Halted, None),
        ("FailedOperation.InsufficientBalanceInSmsPackage", Halted, None),
        ("UnauthorizedOperation.SerivceSuspendDueToArrears", Halted, None),
        ("InvalidParameterValue.SdkAppIdNotExist", Halted, None),
        ("FailedOperation.PhoneNumberInBlacklist", Gone, None),
        ("InvalidParameterValue.IncorrectPhoneNumber", Gone, None),
        ("LimitExceeded.PhoneNumberDailyLimit", Temporary, TO_MIDNIGHT),
        ("LimitExceeded.AppDailyLimit", Temporary, TO_MIDNIGHT),
        ("LimitExceeded.DeliveryFrequencyLimit", Temporary, 60.0),
        ("RequestLimitExceeded.IPLimitExceeded", Temporary, 1.0),
        ("FailedOperation.MarketingSendTimeConstraint", Temporary, 60.0),
        ("InternalError.Timeout", Uncertain, None),
        ("InternalError.OtherError", Uncertain, None),
        ("InternalError.SigVerificationFail", Halted, None),
        ("FailedOperation.ContainSensitiveWord", Permanent, None),
        ("InvalidParameterValue.ContentLengthLimit", Permanent, None),
        ("FailedOperation.NeverHeardOf", Permanent, None),
    ],
)
def test_every_code_has_its_class_for_one_number_and_for_a_whole_request(gateway, code, kind, after_s):
    gateway.outcomes = {LIN: code}
    (outcome,) = send(gateway)
    assert (type(outcome.trouble), str(outcome.trouble)) == (kind, f"tencent.{code}")
    assert getattr(outcome.trouble, "after_s", None) == after_s
    assert is_halted([outcome]) == (kind is Halted)
    gateway.codes = [code]
    assert trouble(kind, gateway) == (f"tencent.{code}", after_s)


def test_a_request_refused_for_one_of_several_numbers_suppresses_none_of_them(gateway):
    gateway.codes = ["FailedOperation.PhoneNumberParseFail"]
    assert trouble(Divisible, gateway, LIN, WEI)[0] == "tencent.FailedOperation.PhoneNumberParseFail"
    assert gateway.texts == []


@pytest.mark.parametrize("code", ["to +8613800138000", "?", {"x": 1}])
def test_what_is_no_code_is_not_repeated_and_leaves_the_outcome_open(gateway, code):
    gateway.outcomes = {LIN: code}
    (outcome,) = send(gateway)
    assert (type(outcome.trouble), str(outcome.trouble)) == (Uncertain, "tencent.unreadable")


def test_marketing_is_held_before_it_is_asked_and_notices_go_at_night(gateway):
    late = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)  # 22:00 in China
    gateway.now = late
    assert trouble(Temporary, gateway, now=late) == ("sms.hours", 36000.0)
    assert gateway.calls == 0
    notice = changed(template=NOTICE, values={"days": "3"}, is_marketing=False)
    assert told(send(gateway, text=notice, now=late)) == [(LIN, True, None, "")]


def test_marketing_that_says_it_is_none_is_still_held_by_the_provider_until_eight(gateway):
    late = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
    gateway.now = late
    (outcome,) = send(gateway, text=changed(is_marketing=False), now=late)
    assert str(outcome.trouble) == "tencent.FailedOperation.MarketingSendTimeConstraint"
    assert outcome.trouble.after_s == 36000.0


def test_a_lost_answer_leaves_it_open_although_the_text_went_out(gateway):
    gateway.loses = 1
    assert trouble(Uncertain, gateway)[0] == "http.lost"
    assert len(gateway.texts) == 1


def test_receipts_are_told_once_and_again_by_number(gateway):
    at = NOW - timedelta(minutes=1)
    gateway.receipts = [
        receipt(LIN, "SUCCESS", "DELIVRD", at),
        receipt(WEI, "FAIL", "用户停机", at),
        {"PhoneNumber": LIN},
    ]
    first = client(gateway).next_receipts(NOW)
    lin = Receipt(LIN, "5000:1", "run-1", "delivered", "DELIVRD", at)
    assert first.found == (lin, Receipt(WEI, "5000:1", "run-1", "failed", "unreadable", at))
    assert first.unreadable == 1
    assert client(gateway).next_receipts(NOW).found == ()
    window = (NOW - timedelta(hours=1), NOW)
    assert client(gateway).receipts(LIN, *window, NOW).found == (lin,)
    assert client(gateway).receipts(LIN, at + timedelta(seconds=1), NOW, NOW).found == ()
    with pytest.raises(Permanent):
        client(gateway).receipts(LIN, NOW - timedelta(days=8), NOW, NOW)


def test_more_receipts_than_a_hundred_are_told_in_turns(gateway):
    gateway.receipts = [receipt(LIN, "SUCCESS", "DELIVRD", NOW, f"5000:{n}") for n in range(150)]
    counts = [len(client(gateway).next_receipts(NOW).found) for _ in range(3)]
    assert counts == [100, 50, 0]


def test_replies_say_who_wants_no_more(gateway):
    gateway.replies = [
        reply(LIN, "ｔｄ", NOW),
        reply(WEI, "谢谢", NOW),
        reply("+85251234567", "R", NOW),
        {"ReplyContent": "R"},
    ]
    replies = client(gateway).next_replies(NOW)
    assert [(one.number, one.leaves, one.at) for one in replies.found] == [
        (LIN, True, NOW),
        (WEI, False, NOW),
        ("+85251234567", True, NOW),
    ]
    assert replies.unreadable == 1
    assert "谢谢" not in repr(replies)


def test_the_older_form_of_receipts_and_replies_is_read_too():
    """As the pages of 2019 print them (cloud.tencent.com 382/38774 and 685/38776)."""
    printed = {"UserReceiveTime": "2019-10-08 17:18:37", "UserReceiveUnixTime": 1570526317, "NationCode": "86",
               "PurePhoneNumber": "+8618501234444", "PhoneNumber": "18501234444", "SerialNo": "5000:1045710669157053657849499619",
               "ReportStatus": "SUCCESS", "Description": "DELIVRD"}  # fmt: skip
    at = datetime(2019, 10, 8, 9, 18, 37, tzinfo=UTC)
    serial = "5000:1045710669157053657849499619"
    assert tencent._receipt(printed) == Receipt("+8618501234444", serial, None, "delivered", "DELIVRD", at)
    said = {"ReplyContent": "xxxxxx", "ReplyUnixTime": 1620734188, "ExtendCode": "11", "ReplyTime": "2021-05-11 19:56:28",
            "Sign": "腾讯云", "PhoneNumber": "+8615291990000", "NationCode": "86"}  # fmt: skip
    read = tencent._reply(said)
    assert read is not None
    assert (read.number, read.at) == ("+8615291990000", datetime(2021, 5, 11, 11, 56, 28, tzinfo=UTC))


def test_pushed_receipts_are_read_as_the_page_of_callbacks_prints_them():
    printed = {"user_receive_time": "2015-10-17 08:03:04", "nationcode": "86", "mobile": "13800138000", "report_status": "SUCCESS",
               "errmsg": "DELIVRD", "description": "用户短信送达成功", "sid": "5000:1"}  # fmt: skip
    read = tencent.pushed_receipts(json.dumps([printed, printed | {"report_status": "?"}]).encode())
    at = datetime(2015, 10, 17, 0, 3, 4, tzinfo=UTC)
    assert (read.found, read.unreadable) == ((Receipt(LIN, "5000:1", None, "delivered", "DELIVRD", at),), 1)
    abroad = printed | {"nationcode": "852", "mobile": "51234567"}
    assert tencent.pushed_receipts(json.dumps([abroad]).encode()).found[0].number == "+85251234567"


def test_no_secret_and_no_number_stands_in_what_is_printed(gateway):
    shown = repr(Account(SECRET_ID, SECRET, APP)) + repr(send(gateway))
    assert SECRET not in shown
    assert "13800138000" not in shown
