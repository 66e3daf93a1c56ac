"""Signed webhooks as the specification Standard Webhooks has them: ``webhook-id`` stays, time and signature are made anew at each try.

What is signed is ``id.time.body``; the header holds one signature per secret, so that a receiver may change to a new one at leisure.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus

from core.senders.posting import Answer, Poster
from core.senders.sender import Destination, Gone, Message, Permanent, Temporary

PREFIX = "whsec_"
FEWEST_BYTES, MOST_BYTES, NEW_BYTES = 24, 64, 32
BUSY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


class Webhook:
    is_repeatable = True
    most_per_minute: int | None = None

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    def send(self, to: Destination, message: Message, now: datetime) -> None:
        body = written(message)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "siyu-cockpit",
            **signed(message.message_id, body, to.secrets, now),
        }
        judge(self._poster.post(to.address, body, headers, now))


def written(message: Message) -> bytes:
    """The body: equal for equal messages, whenever it is sent."""
    said = {
        "type": message.kind,
        "timestamp": message.said_at.isoformat().replace("+00:00", "Z"),
        "data": {"title": message.title, "text": message.text, **message.data},
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()


def signed(message_id: str, body: bytes, secrets_of: Sequence[str], now: datetime) -> dict[str, str]:
    """The three headers."""
    at = str(int(now.timestamp()))
    signatures = [signature(message_id, at, body, one) for one in secrets_of]
    return {"webhook-id": message_id, "webhook-timestamp": at, "webhook-signature": " ".join(signatures)}


def signature(message_id: str, at: str, body: bytes, secret: str) -> str:
    content = f"{message_id}.{at}.".encode() + body
    mac = hmac.new(opened(secret), content, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}"


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(NEW_BYTES)).decode()


def opened(secret: str) -> bytes:
    """The bytes of a secret. Raises ``ValueError`` for one that is none: 24 to 64 bytes in base64 behind ``whsec_``."""
    if not secret.startswith(PREFIX):
        raise ValueError("A secret begins with whsec_.")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("What follows whsec_ is not base64.") from error
    if not FEWEST_BYTES <= len(key) <= MOST_BYTES:
        raise ValueError(f"A secret has {FEWEST_BYTES} to {MOST_BYTES} bytes.")
    return key


def judge(answer: Answer) -> None:
    """Only 2xx has taken it; a redirect is not followed, for it may lead into the house."""
    status = answer.status
    if 200 <= status < 300:
        return
    code = f"http.{status}"
    if status == HTTPStatus.GONE:
        raise Gone(code)
    if status >= 500 or status in BUSY:
        raise Temporary(code, answer.after_s)
    raise Permanent(code)
