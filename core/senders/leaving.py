"""The way out of a letter, as RFC 8058 has it: one click, without a cookie, a log-in or a second question.

The token in the link names the customer, the channel and the purpose, and proves that the house wrote it; it never ends. A GET of the link shows a page and changes
nothing, because programs that look for bad links follow every link there is; only the POST below takes the permission back.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from urllib.parse import parse_qs, urlsplit

ONE_CLICK = ("List-Unsubscribe", "One-Click")
FEWEST_BYTES, MOST_BODY = 32, 4096
HERE = ("127.0.0.1", "::1", "localhost")
_PART = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_BETWEEN = "~"


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who wants no more of what. ``customer``: a name that says nothing about the person."""

    customer: str
    channel: str
    purpose: str


def token(key: bytes, leaving: Leaving) -> str:
    """Fit for a web address as it is. ``key``: of 32 bytes at least, for this use alone. Raises ``ValueError``."""
    parts = (leaving.customer, leaving.channel, leaving.purpose)
    if len(key) < FEWEST_BYTES or not all(_PART.fullmatch(one) for one in parts):
        raise ValueError("A key has 32 bytes or more; customer, channel and purpose are short names.")
    return _BETWEEN.join((*parts, _proof(key, parts)))


def read(keys: Sequence[bytes], text: str) -> Leaving | None:
    """What a token says; None for one that the house did not write. ``keys``: all that were ever in use, for links never end."""
    *parts, proof = text.split(_BETWEEN)
    if len(parts) != 3 or not all(_PART.fullmatch(one) for one in parts):
        return None
    customer, channel, purpose = parts
    good = [hmac.compare_digest(_proof(key, (customer, channel, purpose)).encode(), proof.encode()) for key in keys]
    return Leaving(customer, channel, purpose) if any(good) else None


def headers(link: str) -> dict[str, str]:
    """The two lines of a letter, which the house's signature (DKIM) must cover. ``link``: of https, or on this machine. Raises ``ValueError`` for anything else."""
    parts = urlsplit(link)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in HERE)
    if not is_safe or not parts.netloc or not re.fullmatch(r"[\x21-\x7e]{1,900}", link) or re.search("[<>]", link):
        raise ValueError("The way out of a letter is an address of https.")
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "=".join(ONE_CLICK)}


def is_one_click(content_type: str, body: bytes) -> bool:
    """Whether a POST to the link is the one that RFC 8058 describes, in either of its two forms."""
    kind = content_type.partition(";")[0].strip().lower()
    if len(body) > MOST_BODY or not content_type.isprintable():
        return False
    name, value = ONE_CLICK
    if kind == "application/x-www-form-urlencoded":
        return parse_qs(body.decode("ascii", "replace")).get(name) == [value]
    if kind != "multipart/form-data":
        return False
    form = message_from_bytes(b"Content-Type: " + content_type.encode("ascii", "replace") + b"\r\n\r\n" + body)
    fields = [part for part in form.walk() if part.get_param("name", header="content-disposition") == name]
    return [str(one.get_payload()).strip() for one in fields] == [value]


def _proof(key: bytes, parts: tuple[str, ...]) -> str:
    made = hmac.new(key, "\0".join(("unsubscribe", *parts)).encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")
