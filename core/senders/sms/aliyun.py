"""Aliyun SMS (``SendSms`` and ``QuerySendDetails`` of 2017-05-25): one outcome per request, however many numbers it names.

``OutId`` comes back in receipts and is no key against doubles; the nonce keeps only this one HTTP request from being played again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

from core.senders.asking import asked
from core.senders.outcomes import Divisible
from core.senders.posting import Poster
from core.senders.sender import Gone
from core.senders.sms import acs3
from core.senders.sms.numbers import MAINLAND, e164, is_mainland
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

BASE = "https://dysmsapi.aliyuncs.com"
VERSION = "2017-05-25"
MOST_NUMBERS, LONGEST_REFERENCE, PAGE, MOST_PAGES = 1000, 255, 50, 20
FATES: Mapping[int, Fate] = {1: "waiting", 2: "failed", 3: "delivered"}
LIMIT = "isv.BUSINESS_LIMIT_CONTROL"
JUDGEMENT = Judgement(
    provider="aliyun",
    halts=frozenset(
        {
            "SignatureDoesNotMatch", "IncompleteSignature", "InvalidAccessKeyId", "InvalidSecurityToken", "MissingSecurityToken",
            "InvalidTimeStamp", "InvalidAction", "InvalidVersion", "Forbidden", "NoPermission",
            "isp.RAM_PERMISSION_DENY", "isv.RAM_PERMISSION_DENY", "isv.OUT_OF_SERVICE", "isv.AMOUNT_NOT_ENOUGH",
            "isv.PRODUCT_UN_SUBSCRIPT", "isv.PRODUCT_UNSUBSCRIBE", "isv.ACCOUNT_NOT_EXISTS", "isv.ACCOUNT_ABNORMAL", "isv.DENY_IP_RANGE",
        }
    ),
    unfit=frozenset(
        {
            "isv.SMS_TEMPLATE_ILLEGAL", "isv.SMS_SIGNATURE_ILLEGAL", "isv.SMS_SIGNATURE_SCENE_ILLEGAL", "isv.SMS_SIGN_ILLEGAL",
            "isv.SIGN_STATE_ILLEGAL", "isv.SMS_CONTENT_ILLEGAL", "isv.EXTEND_CODE_ERROR", "isv.DOMESTIC_NUMBER_NOT_SUPPORTED",
            "isv.TEMPLATE_MISSING_PARAMETERS",
        }
    ),
    gone=frozenset({"isv.MOBILE_NUMBER_ILLEGAL"}),
    uncertain=frozenset({"isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR", "isp.UNKNOWN", "InternalError", "SignatureNonceUsed"}),
    # Whether the minute, the hour or the day of a number is full stands only in words; an hour is over for two of the three.
    waits={LIMIT: 3600.0, "isv.DAY_LIMIT_CONTROL": "day", "isv.MONTH_LIMIT_CONTROL": "month", "Throttling": 1.0, "ServiceUnavailable": 60.0},
)  # fmt: skip
"""From the provider's list of codes (help.aliyun.com 101346). A word or a length in the values is a matter of one member's values, a template one of all."""


@dataclass(frozen=True, slots=True)
class Account:
    key_id: str
    secret: str = field(repr=False)


class Aliyun:
    is_repeatable = False
    most_numbers = MOST_NUMBERS

    def __init__(self, poster: Poster, account: Account, base: str = BASE) -> None:
        self._poster = poster
        self._account = account
        self._base = base

    def send(self, to: Sequence[str], text: Text, now: datetime) -> tuple[Outcome, ...]:
        """All of them taken, under one serial, in the order given. ``to``: as ``numbers.e164`` writes them.

        Raises ``InvalidSending``, and for all of them at once ``Temporary``, ``Permanent``, ``Unfit``, ``Halted``, ``Uncertain``; ``Gone`` where one number was
        given, ``Divisible`` where it is one of several.
        """
        check(to, text, most=MOST_NUMBERS, longest_reference=LONGEST_REFERENCE)
        hold_marketing(text, now)
        values = json.dumps(dict(text.values), ensure_ascii=False, separators=(",", ":")) if text.values else None
        asking = {
            "PhoneNumbers": ",".join(_local(one) for one in to),
            "SignName": text.signature,
            "TemplateCode": text.template,
            "TemplateParam": values,
            "OutId": text.reference,
        }
        said = self._ask("SendSms", {name: value for name, value in asking.items() if value}, now, len(to))
        serial = word(said.get("BizId"))
        return tuple(Outcome(one, serial) for one in to)

    def receipts(self, number: str, sent_on: date, now: datetime, serial: str = "") -> Told[Receipt]:
        """What became of what one number was sent on one day of China, in the last 30; of one sending where its ``serial`` is given. The first thousand of a day.
        Harmless to repeat."""
        if e164(number) != number:
            raise InvalidSending("numbers")
        asking = {"PhoneNumber": _local(number), "SendDate": sent_on.strftime("%Y%m%d"), "PageSize": str(PAGE)}
        if serial:
            asking["BizId"] = serial
        found: list[Mapping[str, Any]] = []
        for page in range(1, MOST_PAGES + 1):
            said = self._ask("QuerySendDetails", asking | {"CurrentPage": str(page)}, now, 1)
            listed = rows(said, "SmsSendDetailDTOs", "SmsSendDetailDTO")
            found += listed
            if len(listed) < PAGE:
                break
        return told(found, lambda one: _receipt(number, one, serial))

    def _ask(self, action: str, parameters: Mapping[str, str], now: datetime, numbers: int) -> dict[str, Any]:
        query = acs3.query(parameters)
        headers = {
            "host": urlsplit(self._base).netloc,
            "x-acs-action": action,
            "x-acs-version": VERSION,
            "x-acs-date": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": token_hex(16),
            "x-acs-content-sha256": acs3.digest(b""),
        }
        line = acs3.authorization(self._account.key_id, self._account.secret, "POST", "/", query, headers, b"")
        sent = {"Authorization": line, **{name: value for name, value in headers.items() if name != "host"}}
        said = asked(self._poster, f"{self._base}/", b"", sent, now, query=query)
        code = said.get("Code")
        if code == "OK":
            return said
        trouble = JUDGEMENT.trouble(code, now)
        if numbers > 1 and (isinstance(trouble, Gone) or code == LIMIT):
            raise Divisible(trouble.code)
        raise trouble


def pushed_receipts(body: bytes) -> Told[Receipt]:
    """Of a ``SmsReport`` that Aliyun posts. Raises ``ValueError`` for anything but a list of objects."""
    return told(pushed(body), _pushed_receipt)


def pushed_replies(body: bytes) -> Told[Reply]:
    """Of a ``SmsUp`` that Aliyun posts; there is no way to ask for replies. Raises ``ValueError`` for anything but a list of objects."""
    return told(pushed(body), _pushed_reply)


def _pushed_receipt(one: Mapping[str, Any]) -> Receipt | None:
    number, success, at = _number(one), one.get("success"), china_time(one.get("report_time"))
    if number is None or not isinstance(success, bool):
        return None
    fate: Fate = "delivered" if success else "failed"
    return Receipt(number, word(one.get("biz_id")), _reference(one.get("out_id")), fate, word(one.get("err_code")), at)


def _pushed_reply(one: Mapping[str, Any]) -> Reply | None:
    number, text, at = _number(one), one.get("content"), china_time(one.get("send_time"))
    return Reply(number, text, at) if number is not None and isinstance(text, str) and at is not None else None


def _number(one: Mapping[str, Any]) -> str | None:
    """Aliyun writes numbers of the mainland bare and all others with their country, without a plus."""
    text = str(one.get("phone_number") or "")
    return e164(text) or e164(f"+{text}")


def _receipt(number: str, one: Mapping[str, Any], serial: str) -> Receipt | None:
    status = one.get("SendStatus")
    if not isinstance(status, int) or status not in FATES:
        return None
    reference, at = _reference(one.get("OutId")), china_time(one.get("ReceiveDate"))
    return Receipt(number, serial, reference, FATES[status], word(one.get("ErrCode") or ""), at)


def _reference(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _local(number: str) -> str:
    return number.removeprefix(MAINLAND) if is_mainland(number) else number.removeprefix("+")
