"""Callbacks: whose they are is proved before anything is decrypted, for whom they are before anything is read.

What an event tells is a hint: callbacks get lost, come twice and out of order. Whoever counts asks WeCom for the present state.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from core.senders import markup
from core.senders.markup import InvalidMarkup, Node

KEY_LETTERS, SALT_BYTES, LENGTH_BYTES, PADDED_TO = 43, 16, 4, 32


class Rejected(Exception):
    """A callback is not taken. ``code`` (``callback.signature`` ...) is all that is said."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"callback.{reason}")
        self.code = f"callback.{reason}"


# -- whose and for whom -----------------------------------------------------------------------------------------------


class Endpoint:
    """Where WeCom sends the callbacks of one app. ``token`` and ``aes_key``: as its settings show them; ``receiver``: the corp id (of a suite, its own).
    Raises ``ValueError`` for a key that is none, which says nothing of it."""

    def __init__(self, token: str, aes_key: str, receiver: str) -> None:
        self._token = token
        self._key = opened_key(aes_key)
        self._receiver = receiver.encode()

    def echo(self, query: Mapping[str, str]) -> bytes:
        """What to answer, as it is, when the address is tried. Raises ``Rejected``."""
        return self._opened(query, query.get("echostr", ""))

    def event(self, query: Mapping[str, str], body: bytes) -> "Event":
        """What a callback tells. Raises ``Rejected``."""
        return read(self.letter(query, body))

    def letter(self, query: Mapping[str, str], body: bytes) -> bytes:
        """The XML inside a callback, proved and decrypted but not read: to be kept as it came. Raises ``Rejected``."""
        return self._opened(query, _parsed(body).value("Encrypt"))

    def _opened(self, query: Mapping[str, str], encrypted: str) -> bytes:
        mine = signature(self._token, query.get("timestamp", ""), query.get("nonce", ""), encrypted)
        theirs = query.get("msg_signature", "")
        if not encrypted or not hmac.compare_digest(mine.encode(), theirs.encode(errors="replace")):
            raise Rejected("signature")
        message, receiver = decrypted(self._key, encrypted)
        if not hmac.compare_digest(receiver, self._receiver):
            raise Rejected("receiver")
        return message


def signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    parts = "".join(sorted((token, timestamp, nonce, encrypted)))
    return hashlib.sha1(parts.encode(errors="replace"), usedforsecurity=False).hexdigest()


def opened_key(aes_key: str) -> bytes:
    if len(aes_key) != KEY_LETTERS:
        raise ValueError("The key of callbacks has 43 letters.")
    try:
        return base64.b64decode(f"{aes_key}=", validate=True)
    except ValueError:
        raise ValueError("The key of callbacks is no base64.") from None


def decrypted(key: bytes, encrypted: str) -> tuple[bytes, bytes]:
    """The message and whom it is for. Raises ``Rejected``: only after the signature was found right, so that nobody can learn from it."""
    try:
        sealed = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Rejected("base64") from error
    if not sealed or len(sealed) % PADDED_TO:
        raise Rejected("length")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = _unpadded(decryptor.update(sealed) + decryptor.finalize())[SALT_BYTES:]
    length = int.from_bytes(plain[:LENGTH_BYTES], "big")
    if len(plain) < LENGTH_BYTES + length:
        raise Rejected("length")
    return plain[LENGTH_BYTES : LENGTH_BYTES + length], plain[LENGTH_BYTES + length :]


def _unpadded(plain: bytes) -> bytes:
    """PKCS#7 to blocks of 32 bytes."""
    count = plain[-1]
    if not 1 <= count <= PADDED_TO or plain[-count:] != bytes([count]) * count:
        raise Rejected("padding")
    return plain[:-count]


def _parsed(document: bytes) -> Node:
    try:
        return markup.read(document)
    except InvalidMarkup as error:
        raise Rejected("xml") from error


# -- what it tells ----------------------------------------------------------------------------------------------------


class ContactChange(StrEnum):
    """``HALF_ADDED``: the customer skipped the employee's confirmation. ``DELETED``: the employee removed the customer. ``LEFT``: the customer removed the employee;
    the one-way relation remains."""

    ADDED = "add_external_contact"
    EDITED = "edit_external_contact"
    HALF_ADDED = "add_half_external_contact"
    DELETED = "del_external_contact"
    LEFT = "del_follow_user"
    TRANSFER_FAILED = "transfer_fail"


class ChatChange(StrEnum):
    CREATED = "create"
    UPDATED = "update"
    DISMISSED = "dismiss"


class ChatDetail(StrEnum):
    MEMBER_ADDED = "add_member"
    MEMBER_LEFT = "del_member"
    OWNER = "change_owner"
    NAME = "change_name"
    NOTICE = "change_notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that this version does not act on: what every event has. ``kind``: its ``MsgType``, ``Event`` and ``ChangeType``. ``key`` is equal for one event however often it
    comes. ``at``: when it happened, to the second."""

    key: str
    kind: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactEvent(Event):
    """Of a customer and an employee. ``state``: of the way by which the customer came. ``welcome_code``: to be used within 20 seconds, else empty.
    ``reason``: why a transfer failed (``customer_refused``, ``customer_limit_exceed``)."""

    change: ContactChange
    userid: str = field(repr=False)
    external_userid: str = field(repr=False)
    state: str
    welcome_code: str = field(repr=False)
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatEvent(Event):
    """Of a group chat. ``detail``: None for what this version does not know, and unless it was updated. ``members``: ids of those who came or left, where WeCom tells them;
    ``member_count``: how many these are, None where it does not say."""

    change: ChatChange
    chat_id: str = field(repr=False)
    detail: ChatDetail | None
    join_scene: str
    quit_scene: str
    member_count: int | None
    members: tuple[str, ...] = field(repr=False)


def read(letter: bytes) -> Event:
    """A decrypted callback. Raises ``Rejected`` for what is no XML or has no time."""
    root = _parsed(letter)
    seconds = root.value("CreateTime")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 10):
        raise Rejected("time")
    kind = tuple(root.value(name) for name in ("MsgType", "Event", "ChangeType") if root.value(name))
    key, at = key_of(root), datetime.fromtimestamp(int(seconds), UTC)
    change = root.value("ChangeType")
    if root.value("Event") == "change_external_contact" and change in set(ContactChange):
        return ContactEvent(
            key=key,
            kind=kind,
            at=at,
            change=ContactChange(change),
            userid=root.value("UserID"),
            external_userid=root.value("ExternalUserID"),
            state=root.value("State"),
            welcome_code=root.value("WelcomeCode"),
            reason=root.value("FailReason"),
        )
    if root.value("Event") == "change_external_chat" and change in set(ChatChange):
        detail, count = root.value("UpdateDetail"), root.value("MemChangeCnt")
        return ChatEvent(
            key=key,
            kind=kind,
            at=at,
            change=ChatChange(change),
            chat_id=root.value("ChatId"),
            detail=ChatDetail(detail) if detail in set(ChatDetail) else None,
            join_scene=root.value("JoinScene"),
            quit_scene=root.value("QuitScene"),
            member_count=int(count) if count.isascii() and count.isdigit() else None,
            members=_members(root),
        )
    return Event(key=key, kind=kind, at=at)


def _members(root: Node) -> tuple[str, ...]:
    """As items, or, as some versions write them, in one text with commas."""
    listed = root.child("MemChangeList")
    if listed is None:
        return ()
    told = [one.text for one in listed.inside] or listed.text.split(",")
    return tuple(one.strip() for one in told if one.strip())


SAME = (
    "ToUserName", "FromUserName", "CreateTime", "Event", "ChangeType", "UserID", "ExternalUserID", "ChatId", "UpdateDetail", "CurMemVer",
)  # fmt: skip


def key_of(root: Node) -> str:
    """By which an event is known when it comes again: its ``MsgId``, else sender and time.

    Events about customers all come from ``sys``, many in one second; so whom and what they are about is part of it, and of a chat what changed, the
    members and the version of their list. A hash, because ids of people are in it.
    """
    number = root.value("MsgId")
    said = (
        [root.value("ToUserName"), "id", number] if number else [root.value(name) for name in SAME] + [*_members(root)]
    )
    return hashlib.sha256("\x00".join(said).encode()).hexdigest()
