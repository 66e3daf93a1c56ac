"""What WeChat tells an official account or a mini-program afterwards: whether a message arrived, and who allows which subscription.

Events arrive more than once and out of order: their reader writes down facts that may be written twice.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from core.senders.markup import InvalidMarkup, Node, read

Fate = Literal["delivered", "blocked", "limited", "failed"]
FATES: dict[str, Fate] = {
    "success": "delivered",
    "userblock": "blocked",
    "freqlimit": "limited",
    "systemfailed": "failed",
}
_SECONDS = re.compile(r"[1-9][0-9]{0,10}")


@dataclass(frozen=True, slots=True)
class TemplateReceipt:
    """``number``: that of ``send_template``; None where the platform said 0, which it has been seen to do. ``blocked``: the member refuses messages."""

    open_id: str
    number: str | None
    fate: Fate
    at: datetime


@dataclass(frozen=True, slots=True)
class SubscriptionReceipt:
    """``errcode``: 0 where it arrived."""

    open_id: str
    template_id: str
    number: str | None
    errcode: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """A member said yes (one more message of this template) or anything else, which is no: none, also none of those allowed before."""

    open_id: str
    template_id: str
    is_accepted: bool
    at: datetime


Event = TemplateReceipt | SubscriptionReceipt | Grant


def is_genuine(secret: str, timestamp: str, nonce: str, signature: str) -> bool:
    """Whether a callback that is not encrypted comes from the platform. ``secret``: the word that the house and the platform agreed on."""
    made = hashlib.sha1("".join(sorted((secret, timestamp, nonce))).encode(), usedforsecurity=False).hexdigest()
    return hmac.compare_digest(made.encode(), signature.encode())


def events(body: bytes) -> tuple[Event, ...]:
    """All that one callback, decrypted, says; nothing for other kinds of events. Raises ``InvalidMarkup``, also for one of ours that lacks what it must say."""
    top = read(body)
    kind = top.value("Event")
    if kind == "TEMPLATESENDJOBFINISH":
        return (_template(top),)
    if kind == "subscribe_msg_sent_event":
        return tuple(_sent(top, one) for one in top.every("SubscribeMsgSentEvent", "List"))
    if kind == "subscribe_msg_popup_event":
        return tuple(_grant(top, one) for one in top.every("SubscribeMsgPopupEvent", "List"))
    if kind == "subscribe_msg_change_event":
        return tuple(_grant(top, one) for one in top.every("SubscribeMsgChangeEvent", "List"))
    return ()


def _template(top: Node) -> TemplateReceipt:
    """``failed:user block`` and ``failed: system failed``: with and without a space."""
    said = re.sub(r"\s", "", top.value("Status").lower()).removeprefix("failed:")
    return TemplateReceipt(_from(top), _number(top), FATES.get(said, "failed"), at(top))


def _sent(top: Node, one: Node) -> SubscriptionReceipt:
    errcode = one.value("ErrorCode")
    if not re.fullmatch(r"-?[0-9]{1,9}", errcode):
        raise InvalidMarkup("form")
    return SubscriptionReceipt(_from(top), _said(one, "TemplateId"), _number(one), int(errcode), at(top))


def _grant(top: Node, one: Node) -> Grant:
    answer = _said(one, "SubscribeStatusString")
    return Grant(_from(top), _said(one, "TemplateId"), answer == "accept", at(top))


def _from(top: Node) -> str:
    return _said(top, "FromUserName")


def _said(node: Node, name: str) -> str:
    if not (found := node.value(name)):
        raise InvalidMarkup("form")
    return found


def _number(node: Node) -> str | None:
    found = node.value("MsgID")
    return found if found.isascii() and found.isdigit() and found != "0" else None


def at(top: Node) -> datetime:
    """When an event happened, to the second. Raises ``InvalidMarkup``."""
    seconds = top.value("CreateTime")
    if not _SECONDS.fullmatch(seconds):
        raise InvalidMarkup("form")
    return datetime.fromtimestamp(int(seconds), UTC)
