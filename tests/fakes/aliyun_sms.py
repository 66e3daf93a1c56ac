"""Aliyun's SMS as its documentation has it: ACS3 signatures checked from what came over the wire, an outcome per request, limits per number, receipts by query."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import unquote

from cryptography.hazmat.primitives import hashes, hmac

from tests.fakes.serving import HERE, Reply, Request, serving

KEY_ID, SECRET = "LTAI-of-the-fake", "a secret of the fake"
SIGNATURE, TEMPLATE = "某某旗舰店", "SMS_154950909"
PLACES = {TEMPLATE: ("name", "days")}
CHINA = timezone(timedelta(hours=8))
PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
SIGNED = {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}


def encoded(text: str) -> str:
    return "".join(c if c in PLAIN else "".join(f"%{byte:02X}" for byte in c.encode()) for c in text)


def sha256(content: bytes) -> str:
    made = hashes.Hash(hashes.SHA256())
    made.update(content)
    return made.finalize().hex()


class Gateway:
    """``now``: its clock. ``texts``: number, values and reference of what went out. ``codes``: what it answers first. ``loses``: answers that get lost after the texts
    went out. ``fates``: status, code and time by number, for those that have a receipt. ``a_day``: what a number gets on one day."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.texts: list[tuple[str, dict[str, str], str | None]] = []
        self.codes: list[str] = []
        self.replies: list[Reply] = []
        self.loses = 0
        self.calls = 0
        self.a_day = 10
        self.fates: dict[str, tuple[int, str, str]] = {}
        self.base = ""
        self._details: list[dict[str, str]] = []
        self._nonces: set[str] = set()
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.calls += 1
            if self.replies:
                return self.replies.pop(0)
            wrong = self._wrong(request)
            if wrong:
                return said(wrong, 404 if wrong.startswith("InvalidAccessKeyId") else 400)
            if self.codes:
                return said(self.codes.pop(0))
            asked = parameters(request)
            if request.headers["x-acs-action"] == "SendSms":
                return self._send(asked)
            return (
                self._details_of(asked)
                if request.headers["x-acs-action"] == "QuerySendDetails"
                else said("InvalidAction.NotFound", 404)
            )

    def remember(self, number: str, references: list[str]) -> None:
        """As if these had been sent today."""
        day = self._day()
        self._details += [{"number": number, "serial": "1^1", "day": day, "out_id": one} for one in references]

    def _wrong(self, request: Request) -> str:
        line = re.fullmatch(
            r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([a-z0-9;-]+),Signature=([0-9a-f]{64})",
            request.headers.get("authorization", ""),
        )
        if line is None:
            return "IncompleteSignature"
        key_id, names, signature = line.groups()
        if key_id != KEY_ID:
            return "InvalidAccessKeyId.NotFound"
        if not set(names.split(";")) >= SIGNED or names.split(";") != sorted(names.split(";")):
            return "IncompleteSignature"
        path, _, query = request.path.partition("?")
        pairs = sorted(tuple(unquote(part) for part in pair.split("=", 1)) for pair in query.split("&"))
        lines = "".join(f"{name}:{request.headers[name]}\n" for name in names.split(";"))
        again = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in pairs)
        canonical = f"POST\n{path}\n{again}\n{lines}\n{names}\n{sha256(request.body)}"
        mac = hmac.HMAC(SECRET.encode(), hashes.SHA256())
        mac.update(b"ACS3-HMAC-SHA256\n" + sha256(canonical.encode()).encode())
        if mac.finalize().hex() != signature or request.headers["x-acs-content-sha256"] != sha256(request.body):
            return "SignatureDoesNotMatch"
        at = datetime.strptime(request.headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if abs(at - self.now) > timedelta(minutes=15):
            return "InvalidTimeStamp.Expired"
        if request.headers["x-acs-signature-nonce"] in self._nonces:
            return "SignatureNonceUsed"
        self._nonces.add(request.headers["x-acs-signature-nonce"])
        return "" if request.headers["x-acs-version"] == "2017-05-25" else "InvalidVersion"

    def _send(self, asked: dict[str, str]) -> Reply:
        numbers = asked.get("PhoneNumbers", "").split(",")
        code = self._refusal(asked, numbers)
        if code:
            return said(code)
        serial = f"{134523 + self.calls}^4351232"
        for number in numbers:
            values = json.loads(asked.get("TemplateParam", "{}"))
            self.texts.append((number, values, asked.get("OutId")))
            self._details.append(
                {"number": number, "serial": serial, "day": self._day(), "out_id": asked.get("OutId", "")}
            )
        if self.loses:
            self.loses -= 1
            return Reply(is_lost=True)
        return said("OK", BizId=serial)

    def _refusal(self, asked: dict[str, str], numbers: list[str]) -> str:
        if asked.get("SignName") != SIGNATURE:
            return "isv.SMS_SIGNATURE_ILLEGAL"
        if asked.get("TemplateCode") not in PLACES:
            return "isv.SMS_TEMPLATE_ILLEGAL"
        if len(numbers) > 1000:
            return "isv.MOBILE_COUNT_OVER_LIMIT"
        if not all(re.fullmatch(r"1[3-9]\d{9}|[2-9]\d{6,14}", one) for one in numbers) or "13800000000" in numbers:
            return "isv.MOBILE_NUMBER_ILLEGAL"
        values = json.loads(asked.get("TemplateParam", "{}"))
        if set(values) != set(PLACES[asked["TemplateCode"]]):
            return "isv.TEMPLATE_MISSING_PARAMETERS"
        if not all(isinstance(one, str) for one in values.values()):
            return "isv.INVALID_JSON_PARAM"
        if any("http" in one or "www." in one for one in values.values()):
            return "isv.PARAM_NOT_SUPPORT_URL"
        today = [one["number"] for one in self._details if one["day"] == self._day()]
        return "isv.BUSINESS_LIMIT_CONTROL" if any(today.count(one) >= self.a_day for one in numbers) else ""

    def _details_of(self, asked: dict[str, str]) -> Reply:
        day = datetime.strptime(asked["SendDate"], "%Y%m%d").date()
        age = (self.now.astimezone(CHINA).date() - day).days
        size, page = int(asked["PageSize"]), int(asked["CurrentPage"])
        if not 0 <= age <= 30 or not 1 <= size <= 50 or page < 1:
            return said("isv.INVALID_PARAMETERS")
        found = [
            one
            for one in self._details
            if (one["number"], one["day"]) == (asked["PhoneNumber"], asked["SendDate"])
            and asked.get("BizId", one["serial"]) == one["serial"]
        ]
        listed = [self._detail(one) for one in found[(page - 1) * size : page * size]]
        return said("OK", TotalCount=len(found), SmsSendDetailDTOs={"SmsSendDetailDTO": listed})

    def _detail(self, one: dict[str, str]) -> dict[str, object]:
        status, code, at = self.fates.get(one["number"], (1, "", ""))
        told: dict[str, object] = {
            "PhoneNum": one["number"],
            "SendStatus": status,
            "Content": "【某某旗舰店】…",
            "OutId": one["out_id"],
        }
        return told if status == 1 else told | {"ErrCode": code, "ReceiveDate": at}

    def _day(self) -> str:
        return self.now.astimezone(CHINA).strftime("%Y%m%d")


def parameters(request: Request) -> dict[str, str]:
    pairs = (pair.split("=", 1) for pair in request.path.partition("?")[2].split("&"))
    return {unquote(name): unquote(value) for name, value in pairs}


def said(code: str, status: int = 200, **more: object) -> Reply:
    told = {"Code": code, "Message": "触发分钟级流控 138****0000", "RequestId": "F655A8D5", **more}
    return Reply(status, json.dumps(told, ensure_ascii=False).encode())


@contextmanager
def texting(now: datetime) -> Iterator[Gateway]:
    gateway = Gateway(now)
    with serving(gateway.answer) as port:
        gateway.base = f"http://{HERE}:{port}"
        yield gateway
