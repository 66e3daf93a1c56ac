"""Tencent Cloud's SMS as its documentation has it: TC3 signatures checked from what came over the wire, an outcome per number, limits per number, the hours of
marketing by its own clock, receipts and replies told once."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from cryptography.hazmat.primitives import hashes, hmac

from tests.fakes.serving import HERE, Reply, Request, serving

SECRET_ID, SECRET, APP = "AKID-of-the-fake", "a secret of the fake", "1400006666"
SIGNATURE, NOTICE, MARKETING = "某某旗舰店", "1110", "1111"
PLACES = {NOTICE: 1, MARKETING: 2}
CHINA = timezone(timedelta(hours=8))


def sha256(content: bytes) -> str:
    made = hashes.Hash(hashes.SHA256())
    made.update(content)
    return made.finalize().hex()


def mac(key: bytes, text: str) -> bytes:
    made = hmac.HMAC(key, hashes.SHA256())
    made.update(text.encode())
    return made.finalize()


class Gateway:
    """``now``: its clock. ``texts``: number and values of what went out. ``left``: numbers that unsubscribed. ``codes``: whole answers that it gives first; ``outcomes``: codes
    by number. ``forgets``: numbers that its answers do not speak of. ``receipts`` and ``replies``: what waits to be told once."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.texts: list[tuple[str, list[str]]] = []
        self.left: set[str] = set()
        self.codes: list[str] = []
        self.outcomes: dict[str, str] = {}
        self.forgets: set[str] = set()
        self.loses = 0
        self.calls = 0
        self.receipts: list[dict[str, Any]] = []
        self.replies: list[dict[str, Any]] = []
        self.base = ""
        self._sent: list[tuple[str, datetime]] = []
        self._told: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.calls += 1
            wrong = self._wrong(request) or (self.codes.pop(0) if self.codes else "")
            if wrong:
                return refused(wrong)
            asked = json.loads(request.body)
            if asked.get("SmsSdkAppId") != APP:
                return refused("UnauthorizedOperation.SmsSdkAppIdVerifyFail")
            return getattr(self, request.headers["x-tc-action"])(asked)

    def _wrong(self, request: Request) -> str:
        line = re.fullmatch(
            r"TC3-HMAC-SHA256 Credential=([^/]+)/(\d{4}-\d\d-\d\d)/sms/tc3_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})",
            request.headers.get("authorization", ""),
        )
        if line is None:
            return "AuthFailure.InvalidAuthorization"
        secret_id, day, names, signature = line.groups()
        if secret_id != SECRET_ID:
            return "AuthFailure.SecretIdNotFound"
        seconds = int(request.headers["x-tc-timestamp"])
        at = datetime.fromtimestamp(seconds, UTC)
        if abs(at - self.now) > timedelta(minutes=5) or at.date().isoformat() != day:
            return "AuthFailure.SignatureExpire"
        if not {"content-type", "host"} <= set(names.split(";")):
            return "AuthFailure.InvalidAuthorization"
        lines = "".join(f"{name}:{request.headers[name].strip().lower()}\n" for name in names.split(";"))
        canonical = f"POST\n{request.path}\n\n{lines}\n{names}\n{sha256(request.body)}"
        text = f"TC3-HMAC-SHA256\n{seconds}\n{day}/sms/tc3_request\n{sha256(canonical.encode())}"
        key = mac(mac(mac(f"TC3{SECRET}".encode(), day), "sms"), "tc3_request")
        if mac(key, text).hex() != signature:
            return "AuthFailure.SignatureFailure"
        if request.headers.get("x-tc-version") != "2021-01-11":
            return "NoSuchVersion"
        return "" if request.headers.get("x-tc-region") else "MissingParameter"

    def SendSms(self, asked: dict[str, Any]) -> Reply:
        numbers, values = asked["PhoneNumberSet"], asked["TemplateParamSet"]
        if not numbers:
            return refused("MissingParameter.EmptyPhoneNumberSet")
        if len(numbers) > 200:
            return refused("LimitExceeded.PhoneNumberCountLimit")
        if len({one.startswith("+86") for one in numbers}) > 1:
            return refused("UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber")
        if len(asked["SessionContext"].encode()) >= 512:
            return refused("InvalidParameterValue")
        told = []
        for number in numbers:
            code = self.outcomes.get(number) or self._refusal(asked, number, values)
            if code == "Ok":
                self.texts.append((number, values))
                self._sent.append((number, self.now))
            serial = f"5000:{1045710669157053657849499619 + len(self.texts)}" if code == "Ok" else ""
            told.append({"SerialNo": serial, "PhoneNumber": number, "Fee": int(code == "Ok"), "Code": code, "Message": f"to {number}",
                         "SessionContext": asked["SessionContext"], "IsoCode": "CN"})  # fmt: skip
        if self.loses:
            self.loses -= 1
            return Reply(is_lost=True)
        # Nothing promises the order in which numbers come back.
        return said(SendStatusSet=[one for one in reversed(told) if one["PhoneNumber"] not in self.forgets])

    def _refusal(self, asked: dict[str, Any], number: str, values: list[str]) -> str:
        if not re.fullmatch(r"\+861[3-9]\d{9}|\+(?!86)[1-9]\d{6,14}", number):
            return "InvalidParameterValue.IncorrectPhoneNumber"
        if asked["SignName"] != SIGNATURE:
            return "FailedOperation.SignatureIncorrectOrUnapproved"
        if asked["TemplateId"] not in PLACES:
            return "FailedOperation.TemplateIncorrectOrUnapproved"
        if len(values) != PLACES[asked["TemplateId"]]:
            return "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
        if any("http" in one for one in values):
            return "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter"
        if number in self.left:
            return "FailedOperation.PhoneNumberInBlacklist"
        if asked["TemplateId"] == MARKETING and not 8 <= self.now.astimezone(CHINA).hour < 22:
            return "FailedOperation.MarketingSendTimeConstraint"
        mine = [at for one, at in self._sent if one == number]
        if any(self.now - at < timedelta(seconds=30) for at in mine):
            return "LimitExceeded.PhoneNumberThirtySecondLimit"
        if sum(self.now - at < timedelta(hours=1) for at in mine) >= 5:
            return "LimitExceeded.PhoneNumberOneHourLimit"
        today = self.now.astimezone(CHINA).date()
        return (
            "LimitExceeded.PhoneNumberDailyLimit"
            if sum(at.astimezone(CHINA).date() == today for at in mine) >= 10
            else "Ok"
        )

    def PullSmsSendStatus(self, asked: dict[str, Any]) -> Reply:
        taken, self.receipts = self.receipts[: self._limit(asked)], self.receipts[self._limit(asked) :]
        self._told += taken
        return said(PullSmsSendStatusSet=taken)

    def PullSmsReplyStatus(self, asked: dict[str, Any]) -> Reply:
        taken, self.replies = self.replies[: self._limit(asked)], self.replies[self._limit(asked) :]
        return said(PullSmsReplyStatusSet=taken)

    def PullSmsSendStatusByPhoneNumber(self, asked: dict[str, Any]) -> Reply:
        if self.now.timestamp() - asked["BeginTime"] > 7 * 86400:
            return refused("InvalidParameterValue.BeginTimeVerifyFail")
        if asked["Offset"] != 0:
            return refused("InvalidParameterValue.OffsetVerifyFail")
        every = [one for one in self._told + self.receipts if one.get("PhoneNumber") == asked["PhoneNumber"]]
        inside = [one for one in every if asked["BeginTime"] <= one.get("UserReceiveTime", 0) < asked["EndTime"]]
        return said(PullSmsSendStatusSet=inside[: self._limit(asked)])

    def _limit(self, asked: dict[str, Any]) -> int:
        assert 1 <= asked["Limit"] <= 100
        return asked["Limit"]


def receipt(
    number: str, status: str, code: str, at: datetime, serial: str = "5000:1", context: str = "run-1"
) -> dict[str, Any]:
    return {"UserReceiveTime": int(at.timestamp()), "CountryCode": number[1:3], "SubscriberNumber": number[3:], "PhoneNumber": number,
            "SerialNo": serial, "ReportStatus": status, "Description": code, "SessionContext": context}  # fmt: skip


def reply(number: str, text: str, at: datetime) -> dict[str, Any]:
    return {"ExtendCode": "11", "CountryCode": number[1:3], "SubscriberNumber": number[3:], "PhoneNumber": number, "SignName": SIGNATURE,
            "ReplyContent": text, "ReplyTime": int(at.timestamp())}  # fmt: skip


def said(**told: object) -> Reply:
    return Reply(200, json.dumps({"Response": {**told, "RequestId": "ed93f3cb"}}, ensure_ascii=False).encode())


def refused(code: str) -> Reply:
    return said(Error={"Code": code, "Message": "The provided credentials of +8613800138000 …"})


@contextmanager
def texting(now: datetime) -> Iterator[Gateway]:
    gateway = Gateway(now)
    with serving(gateway.answer) as port:
        gateway.base = f"http://{HERE}:{port}"
        yield gateway
