"""Text from an app to employees. WeCom does not deliver an equal JSON again within an interval, so a repeat inside it does no harm.

Two messages that are meant to be equal would be taken for one; each therefore ends with a short mark of its own, made from
its identity, by which a reader can also name it.

WeCom drops what is too much for one employee and answers as if it were sent: ``next_time`` says when there is room.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.senders.wecom.calls import Calls
from core.senders.wecom.errors import Kind
from core.senders.wecom.limits import InvalidMessage, check_ids, check_text

SEND = "/cgi-bin/message/send"
TEXT_BYTES = 2048
"""What is longer is cut without a word."""
MOST_USERS = 1000
USUAL_S, LONGEST_S = 1800, 4 * 3600
MARK_LETTERS = 8
BETWEEN = re.compile(r"[\s,，、;；|]+")
ROOM = ((30, timedelta(minutes=1)), (1000, timedelta(hours=1)))
"""So many texts one app may send to one employee in so long. What is beyond is dropped without a word, and no answer tells."""


@dataclass(frozen=True, slots=True)
class AppMessage:
    """``message_id`` stays the same however often it is tried. ``users``: ids of employees, whose letters' case does not matter. ``interval_s``: how long WeCom
    knows it again, 1 to 14 400 seconds."""

    message_id: str
    users: tuple[str, ...] = field(repr=False)
    text: str = field(repr=False)
    interval_s: int = USUAL_S


@dataclass(frozen=True, slots=True)
class Taken:
    """``msgid``: to call it back by; ``invalid``: users who do not exist or may not see the app; ``unlicensed``: those without a licence;
    both as they were given. All others were sent it."""

    msgid: str
    invalid: tuple[str, ...] = field(repr=False)
    unlicensed: tuple[str, ...] = field(repr=False)


def send(calls: Calls, agent_id: int, message: AppMessage, now: datetime) -> Taken:
    """Raises ``InvalidMessage`` before anything is asked, ``Gone`` where WeCom knows none of the users; else as ``Calls.do``."""
    check(message)
    said = calls.do(SEND, written(agent_id, message), now, recipients=len(message.users), to=Kind.EMPLOYEE)
    return Taken(
        str(said.get("msgid", "")),
        _among(message, said.get("invaliduser")),
        _among(message, said.get("unlicenseduser")),
    )


def may_repeat(message: AppMessage, first_tried_at: datetime, now: datetime) -> bool:
    """Whether WeCom still knows the message again, if it had it at the first try."""
    return now < first_tried_at + timedelta(seconds=message.interval_s)


def next_time(sent: Sequence[datetime], now: datetime) -> datetime:
    """The first time, from now on, at which one more text to an employee is not dropped. ``sent``: when the app wrote to it in the last hour, in any order."""
    ordered = sorted(sent)
    return max([now, *(ordered[-most] + span for most, span in ROOM if len(ordered) >= most)])


def check(message: AppMessage) -> None:
    check_users(message.users)
    check_text("text.content", message.text)
    check_text("text.content", marked(message.text, message.message_id), TEXT_BYTES)
    if not 1 <= message.interval_s <= LONGEST_S:
        raise InvalidMessage("duplicate_check_interval", "long", LONGEST_S)


def written(agent_id: int, message: AppMessage) -> dict[str, object]:
    """The body: equal for equal messages, in whatever order their users are given."""
    return {
        "touser": "|".join(sorted(message.users)),
        "msgtype": "text",
        "agentid": agent_id,
        "text": {"content": marked(message.text, message.message_id)},
        "enable_duplicate_check": 1,
        "duplicate_check_interval": message.interval_s,
    }


def marked(text: str, message_id: str) -> str:
    return f"{text}\n#{mark(message_id)}"


def mark(message_id: str) -> str:
    """Eight small letters and digits that stay the same for one message: 40 bits, so that two of 10 000 within one interval are alike once in 20 000 times."""
    digest = hashlib.sha256(message_id.encode()).digest()
    return base64.b32encode(digest).decode()[:MARK_LETTERS].lower()


def users(said: str) -> tuple[str, ...]:
    """Ids of employees out of a line that somebody typed, each once whatever the case of its letters. Raises ``InvalidMessage`` where one cannot be an id."""
    found = tuple({one.lower(): one for one in BETWEEN.split(said) if one}.values())
    check_users(found)
    return found


def check_users(some: tuple[str, ...]) -> None:
    check_ids("touser", some, MOST_USERS)
    if len({user.lower() for user in some}) != len(some):
        raise InvalidMessage("touser", "repeated")
    if any(user.startswith("@") for user in some):  # @all is everybody
        raise InvalidMessage("touser", "identity")


def _among(message: AppMessage, told: object) -> tuple[str, ...]:
    """WeCom names users in small letters, whatever they were given in."""
    named = {one.lower() for one in told.split("|")} if isinstance(told, str) else set()
    return tuple(user for user in message.users if user.lower() in named)
