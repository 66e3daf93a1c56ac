"""Letters that come back: each goes out under a return path of its own (VERP), and what comes back there is read as RFC 3464 has it.

The return path is proved: nobody can make the house forget an address by writing a report himself.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message
from typing import Literal

from core.senders import addresses

Kind = Literal["hard", "soft"]
MOST_BYTES = 256 * 1024
LONGEST_LOCAL = 64
SOFT, WITHIN = 3, timedelta(days=15)
GIVEN_UP = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})
"""Subject and detail (RFC 3463, RFC 7505) by which the address itself is wrong or was given up; a full box or a house that refuses us is not."""
_NAME = re.compile(r"[a-z0-9_]{1,32}")
_STATUS = re.compile(r"\b([245])\.(\d{1,3}\.\d{1,3})\b")
_FINAL = "failed"


@dataclass(frozen=True, slots=True)
class Returns:
    """Where letters come back to. ``mailbox``: ``bounces@brand.example``. ``keys``: newest first; those before it prove what is still on its way."""

    mailbox: str
    keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Bounce:
    """``status``: as the report has it (``5.1.1``)."""

    message_id: str
    kind: Kind
    status: str


def path(returns: Returns, message_id: str) -> str:
    """The return path of one message. Raises ``ValueError`` for a name that is none (small letters, digits, underscores, at most 32) or a mailbox too long for it."""
    local, _, domain = returns.mailbox.rpartition("@")
    made = f"{local}+{message_id}-{_proof(returns.keys[0], message_id)}"
    if not _NAME.fullmatch(message_id) or len(made) > LONGEST_LOCAL or not addresses.is_mail(f"{made}@{domain}"):
        raise ValueError("A return path is made of a short name and a mailbox that leaves it room.")
    return f"{made}@{domain}"


def message_of(returns: Returns, address: str) -> str | None:
    """Which message went out under this return path; None where the house did not make it. Servers on the way may have changed its case."""
    local, _, domain = returns.mailbox.lower().rpartition("@")
    found = re.fullmatch(
        rf"{re.escape(local)}\+({_NAME.pattern})-([0-9a-f]{{16}})@{re.escape(domain)}", address.strip().lower()
    )
    if found is None:
        return None
    name, proof = found.groups()
    good = [hmac.compare_digest(_proof(key, name), proof) for key in returns.keys]
    return name if any(good) else None


def read(returns: Returns, returned_to: str, raw: bytes) -> Bounce | None:
    """What a letter to a return path says of the message that went out under it. ``returned_to``: the recipient of the envelope, not of any header.

    None for a path that is not ours, and for letters that say nothing final: a delay, an answer from a holiday, a receipt.
    """
    message_id = message_of(returns, returned_to)
    if message_id is None:
        return None
    statuses = list(_failures(message_from_bytes(raw[:MOST_BYTES])))
    if not statuses:
        return None
    hard = next((one for one in statuses if kind(one) == "hard"), None)
    return Bounce(message_id, "hard" if hard else "soft", hard or statuses[0])


def kind(status: str) -> Kind:
    """Of an enhanced status that stands for a failure."""
    found = _STATUS.fullmatch(status)
    return "hard" if found and found.group(1) == "5" and found.group(2) in GIVEN_UP else "soft"


def enhanced(words: str) -> str:
    """The first enhanced status (``5.1.1``) in what a server says; empty where there is none."""
    found = _STATUS.search(words)
    return found.group(0) if found else ""


def is_given_up(bounces: Iterable[tuple[datetime, Kind]], now: datetime) -> bool:
    """Whether nothing more is sent to an address: it came back hard once, or soft three times within 15 days, the moment 15 days ago counted in."""
    known = [(at, one) for at, one in bounces if at <= now]
    soft = [at for at, one in known if one == "soft" and at >= now - WITHIN]
    return any(one == "hard" for _, one in known) or len(soft) >= SOFT


def _failures(report: Message) -> Sequence[str]:
    """Statuses of all recipients that failed for good, however deep the report stands."""
    blocks = [
        block
        for part in report.walk()
        if part.get_content_type() == "message/delivery-status" and part.is_multipart()
        for block in part.get_payload()
        if isinstance(block, Message)
    ]
    return [_status(block) for block in blocks if _said(block, "Action").lower() == _FINAL]


def _status(block: Message) -> str:
    """What the report says, or where it says only that something was wrong (``5.0.0``) what the other server said."""
    told = enhanced(_said(block, "Status"))
    if told and not told.endswith(".0.0"):
        return told
    return enhanced(_said(block, "Diagnostic-Code")) or told or "unknown"


def _said(block: Message, name: str) -> str:
    """Without a comment behind it: ``5.1.1 (bad mailbox)``."""
    value = str(block.get(name, ""))
    return (value if name == "Diagnostic-Code" else value.partition("(")[0]).strip()


def _proof(key: bytes, message_id: str) -> str:
    return hmac.new(key, f"return\0{message_id}".encode(), hashlib.sha256).hexdigest()[:16]
