"""Tencent Cloud SMS (2021-01-11): an outcome per number, so that one request can be half refused.

``SessionContext`` comes back in receipts and is no key against doubles.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from core.senders.asking import asked
from core.senders.outcomes import Divisible, Halted
from core.senders.posting import Poster
from core.senders.sender import Gone, Uncertain
from core.senders.sms import tc3
from core.senders.sms.numbers import e164
from core.senders.sms.replies import Reply
from core.senders.sms.texting import (
    Fate,
    InvalidSending,
    Judgement,
    Outcome,
    Receipt,
    Text,
    Told,
    check,
    china_time,
    hold_marketing,
    pushed,
    rows,
    told,
    word,
)

BASE = "https://sms.tencentcloudapi.com"
SERVICE, VERSION = "sms", "2021-01-11"
MOST_NUMBERS, LONGEST_REFERENCE, PAGE = 200, 511, 100
FATES: Mapping[str, Fate] = {"SUCCESS": "delivered", "FAIL": "failed"}
JUDGEMENT = Judgement(
    provider="tencent",
    halts=frozenset(
        {
            "AuthFailure", "UnauthorizedOperation", "IpInBlacklist", "IpNotInWhitelist", "InvalidAction", "NoSuchVersion", "NoSuchProduct",
            "UnsupportedRegion", "UnsupportedOperation.UnsuportedRegion", "ActionOffline", "InvalidParameterValue.SdkAppIdNotExist",
            "FailedOperation.InsufficientBalanceInSmsPackage", "InternalError.SigVerificationFail", "InternalError.SigFieldMissing",
            "InternalError.RequestTimeException", "InternalError.RestApiInterfaceNotExist",
        }
    ),
    unfit=frozenset(
        {
            "FailedOperation.TemplateIncorrectOrUnapproved", "FailedOperation.TemplateUnapprovedOrNotExist",
            "FailedOperation.TemplateParamSetNotMatchApprovedTemplate", "FailedOperation.SignatureIncorrectOrUnapproved",
            "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone", "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone",
        }
    ),
    gone=frozenset(
        {
            "FailedOperation.PhoneNumberInBlacklist", "FailedOperation.PhoneNumberOnBlacklist", "FailedOperation.PhoneNumberParseFail",
            "InvalidParameterValue.IncorrectPhoneNumber",
        }
    ),
    uncertain=frozenset({"InternalError"}),
    waits={
        "FailedOperation.MarketingSendTimeConstraint": "hours",
        "LimitExceeded": 60.0,
        "LimitExceeded.PhoneNumberThirtySecondLimit": 30.0,
        "LimitExceeded.PhoneNumberOneHourLimit": 3600.0,
        "LimitExceeded.PhoneNumberDailyLimit": "day",
        "LimitExceeded.PhoneNumberSameContentDailyLimit": "day",
        "LimitExceeded.DailyLimit": "day",
        "LimitExceeded.AppDailyLimit": "day",
        "LimitExceeded.AppMainlandChinaDailyLimit": "day",
        "LimitExceeded.AppGlobalDailyLimit": "day",
        "LimitExceeded.AppCountryOrRegionDailyLimit": "day",
        "RequestLimitExceeded": 1.0,
    },
)  # fmt: skip
"""From the provider's list of codes (cloud.tencent.com 382/52075). A word or a length in the values is a matter of one member's values, a template one of all."""


@dataclass(frozen=True, slots=True)
class Account:
    secret_id: str
    secret: str = field(repr=False)
    app_id: str
    region: str = "ap-guangzhou"


class Tencent:
    is_repeatable = False
    most_numbers = MOST_NUMBERS

    def __init__(self, poster: Poster, account: Account, base: str = BASE) -> None:
        self._poster = poster
        self._account = account
        self._base = base

    def send(self, to: Sequence[str], text: Text, now: datetime) -> tuple[Outcome, ...]:
        """One outcome per number, in the order given; one that the answer does not speak of is ``Uncertain``. ``to``: as ``numbers.e164`` writes them.

        Raises ``InvalidSending``, and for all of them at once ``Temporary``, ``Permanent``, ``Unfit``, ``Halted``, ``Uncertain``; ``Gone`` where one number was given,
        ``Divisible`` where it is one of several. An outcome carries any of these but the last; a ``Halted`` among them stops the connector as a raised one does.
        """
        check(to, text, most=MOST_NUMBERS, longest_reference=LONGEST_REFERENCE)
        hold_marketing(text, now)
        asking = {
            "PhoneNumberSet": list(to),
            "SmsSdkAppId": self._account.app_id,
            "SignName": text.signature,
            "TemplateId": text.template,
            "TemplateParamSet": list(text.values.values()),
            "SessionContext": text.reference,
        }
        try:
            listed = rows(self._ask("SendSms", asking, now), "SendStatusSet")
        except Gone as error:
            if len(to) == 1:
                raise
            raise Divisible(error.code) from error
        found = {e164(str(one.get("PhoneNumber") or "")): one for one in listed}
        return tuple(_outcome(number, found.get(number, {}), now) for number in to)

    def receipts(self, number: str, since: datetime, until: datetime, now: datetime) -> Told[Receipt]:
        """What became of the last hundred that one number was sent from ``since`` to before ``until``, at most 7 days back. Harmless to repeat."""
        if e164(number) != number:
            raise InvalidSending("numbers")
        asking = {
            "BeginTime": int(since.timestamp()),
            "EndTime": int(until.timestamp()),
            "Offset": 0,
            "Limit": PAGE,
            "PhoneNumber": number,
            "SmsSdkAppId": self._account.app_id,
        }
        said = self._ask("PullSmsSendStatusByPhoneNumber", asking, now)
        return told(rows(said, "PullSmsSendStatusSet"), _receipt)

    def next_receipts(self, now: datetime) -> Told[Receipt]:
        """At most a hundred that nobody has taken yet. Each is told once: who loses them asks ``receipts`` by number."""
        asking = {"Limit": PAGE, "SmsSdkAppId": self._account.app_id}
        return told(rows(self._ask("PullSmsSendStatus", asking, now), "PullSmsSendStatusSet"), _receipt)

    def next_replies(self, now: datetime) -> Told[Reply]:
        """At most a hundred replies that nobody has taken yet. Each is told once: the suppression they ask for belongs into the transaction that follows."""
        asking = {"Limit": PAGE, "SmsSdkAppId": self._account.app_id}
        said = self._ask("PullSmsReplyStatus", asking, now)
        return told(rows(said, "PullSmsReplyStatusSet"), _reply)

    def _ask(self, action: str, asking: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
        body = json.dumps(asking, ensure_ascii=False, separators=(",", ":")).encode()
        account, host = self._account, urlsplit(self._base).netloc
        headers = {
            "Authorization": tc3.authorization(account.secret_id, account.secret, SERVICE, host, body, now),
            "Content-Type": tc3.CONTENT_TYPE,
            "X-TC-Action": action,
            "X-TC-Timestamp": str(int(now.timestamp())),
            "X-TC-Version": VERSION,
            "X-TC-Region": account.region,
        }
        said = asked(self._poster, f"{self._base}/", body, headers, now).get("Response")
        if not isinstance(said, dict):
            raise Uncertain("tencent.unreadable")
        error = said.get("Error")
        if error is not None:
            raise JUDGEMENT.trouble(error.get("Code") if isinstance(error, dict) else None, now)
        return said


def is_halted(outcomes: Sequence[Outcome]) -> bool:
    """Whether the provider takes nothing more from this account."""
    return any(isinstance(one.trouble, Halted) for one in outcomes)


def _outcome(number: str, one: Mapping[str, Any], now: datetime) -> Outcome:
    code = one.get("Code")
    if code == "Ok":
        return Outcome(number, word(one.get("SerialNo")))
    return Outcome(number, "", JUDGEMENT.trouble(code, now))


def pushed_receipts(body: bytes) -> Told[Receipt]:
    """Of what Tencent posts after a delivery. Raises ``ValueError`` for anything but a list of objects."""
    return told(pushed(body), _pushed_receipt)


def pushed_replies(body: bytes) -> Told[Reply]:
    """Of what Tencent posts when somebody answers: one object, or a list of them. Raises ``ValueError`` for anything else."""
    text = body.strip()
    return told(pushed(b"[" + text + b"]" if text.startswith(b"{") else text), _pushed_reply)


def _pushed_reply(one: Mapping[str, Any]) -> Reply | None:
    number, text, at = _number(one, "mobile"), one.get("text"), _at(one, "time")
    return Reply(number, text, at) if number is not None and isinstance(text, str) and at is not None else None


def _receipt(one: Mapping[str, Any]) -> Receipt | None:
    number, fate = _number(one, "PhoneNumber"), FATES.get(str(one.get("ReportStatus")))
    if number is None or fate is None:
        return None
    serial, code = word(one.get("SerialNo")), word(one.get("Description"))
    at, context = _at(one, "UserReceiveUnixTime") or _at(one, "UserReceiveTime"), one.get("SessionContext")
    reference = context if isinstance(context, str) and context else None
    return Receipt(number, serial, reference, fate, code, at)


def _pushed_receipt(one: Mapping[str, Any]) -> Receipt | None:
    number, fate = _number(one, "mobile"), FATES.get(str(one.get("report_status")))
    if number is None or fate is None:
        return None
    at = china_time(one.get("user_receive_time"))
    return Receipt(number, word(one.get("sid")), None, fate, word(one.get("errmsg")), at)


def _reply(one: Mapping[str, Any]) -> Reply | None:
    number, text = _number(one, "PhoneNumber"), one.get("ReplyContent")
    at = _at(one, "ReplyUnixTime") or _at(one, "ReplyTime")
    return Reply(number, text, at) if number is not None and isinstance(text, str) and at is not None else None


def _number(one: Mapping[str, Any], name: str) -> str | None:
    """With its country in the same field or in one beside it, whose name is not the same everywhere."""
    text, countries = str(one.get(name) or ""), ("CountryCode", "NationCode", "nationcode")
    country = next((str(one[name]).removeprefix("+") for name in countries if one.get(name)), "86")
    return e164(text) if text.startswith("+") or country == "86" else e164(f"+{country}{text}")


def _at(one: Mapping[str, Any], name: str) -> datetime | None:
    seconds = one.get(name)
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and 0 < seconds < 2**33 else None
