"""Customer mass messages: the house asks, an employee presses send, and only then anybody gets anything.

Accepted is therefore not sent: ``core.senders.wecom.progress`` asks what came of it.

There is no key by which WeCom tells a request that it has already had. After ``Uncertain`` the request is looked for in
the list of messages (``progress.listed``, ``progress.matching``) and never just repeated: employees would find it twice.

A message that names nobody goes to all customers of its sender, and a filter by tags to whoever carries them at that
moment: past consent, caps and holdout. Neither can be asked for here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from core.senders.sender import Uncertain
from core.senders.wecom.calls import Calls
from core.senders.wecom.errors import AlreadyCancelled
from core.senders.wecom.limits import InvalidMessage, check_ids, check_text, is_id

ADD, CANCEL, REMIND = (
    f"/cgi-bin/externalcontact/{name}" for name in ("add_msg_template", "cancel_groupmsg_send", "remind_groupmsg_send")
)
TEXT_BYTES, TITLE_BYTES, DESCRIPTION_BYTES, MINI_TITLE_BYTES = 4000, 128, 512, 64
MOST_CUSTOMERS, MOST_CHATS, MOST_ATTACHMENTS = 10_000, 2000, 9
MOST_REMINDERS, REMINDER_SPAN = 3, timedelta(hours=24)
ChatType = Literal["single", "group"]


# -- what is sent -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Image:
    """One of the two. ``media_id`` is of a file that was uploaded, ``pic_url`` the address of a picture that WeCom keeps."""

    media_id: str = ""
    pic_url: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    url: str
    description: str = ""
    pic_url: str = ""


@dataclass(frozen=True, slots=True)
class MiniProgram:
    title: str
    pic_media_id: str
    app_id: str
    page: str


@dataclass(frozen=True, slots=True)
class Video:
    media_id: str


@dataclass(frozen=True, slots=True)
class File:
    media_id: str


Attachment = Image | Link | MiniProgram | Video | File


@dataclass(frozen=True, slots=True)
class MassMessage:
    """``recipients``: external user ids (``single``) or group chats (``group``). ``sender``: the employee who is asked to send it; for ``single`` it may be left
    out, and whoever last wrote with a customer is asked. ``may_deselect``: the employee may leave customers out (``single`` only)."""

    chat_type: ChatType
    recipients: tuple[str, ...] = field(repr=False)
    text: str = field(default="", repr=False)
    sender: str | None = field(default=None, repr=False)
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    may_deselect: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """WeCom has made the task. ``failed``: recipients that it left out, as they were given."""

    msgid: str
    failed: tuple[str, ...] = field(repr=False)


def check(message: MassMessage) -> None:
    """Raises ``InvalidMessage`` for the first thing that WeCom would not take."""
    is_single = message.chat_type == "single"
    name, most = ("external_userid", MOST_CUSTOMERS) if is_single else ("chat_id_list", MOST_CHATS)
    check_ids(name, message.recipients, most)
    if message.sender is None and not is_single:
        raise InvalidMessage("sender", "empty")
    if message.sender is not None and not is_id(message.sender):
        raise InvalidMessage("sender", "identity")
    if message.may_deselect and not is_single:
        raise InvalidMessage("allow_select", "extra")
    check_text("text.content", message.text, TEXT_BYTES, may_be_empty=bool(message.attachments))
    if len(message.attachments) > MOST_ATTACHMENTS:
        raise InvalidMessage("attachments", "many", MOST_ATTACHMENTS)
    for number, attachment in enumerate(message.attachments):
        _check(f"attachments[{number}]", attachment)


def _check(at: str, attachment: Attachment) -> None:
    match attachment:
        case Image():
            check_text(f"{at}.image.media_id", attachment.media_id, may_be_empty=bool(attachment.pic_url))
            check_text(f"{at}.image.pic_url", attachment.pic_url, may_be_empty=True)
            if attachment.media_id and attachment.pic_url:
                raise InvalidMessage(f"{at}.image.pic_url", "extra")
        case Link():
            check_text(f"{at}.link.title", attachment.title, TITLE_BYTES)
            check_text(f"{at}.link.url", attachment.url)
            check_text(f"{at}.link.desc", attachment.description, DESCRIPTION_BYTES, may_be_empty=True)
            check_text(f"{at}.link.picurl", attachment.pic_url, may_be_empty=True)
        case MiniProgram():
            check_text(f"{at}.miniprogram.title", attachment.title, MINI_TITLE_BYTES)
            check_text(f"{at}.miniprogram.pic_media_id", attachment.pic_media_id)
            check_text(f"{at}.miniprogram.appid", attachment.app_id)
            check_text(f"{at}.miniprogram.page", attachment.page)
        case Video():
            check_text(f"{at}.video.media_id", attachment.media_id)
        case File():
            check_text(f"{at}.file.media_id", attachment.media_id)


def written(message: MassMessage) -> dict[str, Any]:
    """The body of the request. What is empty is left out."""
    body: dict[str, Any] = {"chat_type": message.chat_type}
    if message.chat_type == "single":
        body |= {"external_userid": list(message.recipients), "allow_select": message.may_deselect}
    else:
        body["chat_id_list"] = list(message.recipients)
    if message.sender is not None:
        body["sender"] = message.sender
    if message.text:
        body["text"] = {"content": message.text}
    if message.attachments:
        body["attachments"] = [_written(one) for one in message.attachments]
    return body


def _written(attachment: Attachment) -> dict[str, Any]:
    match attachment:
        case Image(media_id, pic_url):
            name, said = "image", {"media_id": media_id, "pic_url": pic_url}
        case Link(title, url, description, pic_url):
            name, said = "link", {"title": title, "picurl": pic_url, "desc": description, "url": url}
        case MiniProgram(title, pic_media_id, app_id, page):
            name = "miniprogram"
            said = {"title": title, "pic_media_id": pic_media_id, "appid": app_id, "page": page}
        case Video(media_id):
            name, said = "video", {"media_id": media_id}
        case File(media_id):
            name, said = "file", {"media_id": media_id}
    return {"msgtype": name, name: {key: value for key, value in said.items() if value}}


def send(calls: Calls, message: MassMessage, now: datetime) -> Accepted:
    """Ask for it. Raises ``InvalidMessage`` before anything is asked, ``Uncertain`` where the task may have been made; else as ``Calls.do``."""
    check(message)
    said = calls.do(ADD, written(message), now, recipients=len(message.recipients))
    msgid, told = said.get("msgid"), said.get("fail_list")
    if not isinstance(msgid, str) or not msgid:
        raise Uncertain("wecom.unreadable")
    failed = {one for one in told if isinstance(one, str)} if isinstance(told, list) else set()
    return Accepted(msgid, tuple(one for one in message.recipients if one in failed))


# -- after it was asked for -------------------------------------------------------------------------------------------


def remind(calls: Calls, msgid: str, now: datetime) -> None:
    """Remind the employees who have not sent it. A fourth time within 24 hours is ``Temporary``."""
    calls.do(REMIND, {"msgid": msgid}, now)


def next_reminder(reminded: Sequence[datetime], now: datetime) -> datetime:
    """The first time, from now on, at which a reminder finds room. ``reminded``: when this message was reminded of, in any order."""
    latest = sorted(reminded)[-MOST_REMINDERS:]
    return now if len(latest) < MOST_REMINDERS else max(now, latest[0] + REMINDER_SPAN)


def cancel(calls: Calls, msgid: str, now: datetime) -> bool:
    """Stop those who have not pressed send; what was sent stays sent. False where it had been cancelled before."""
    try:
        calls.do(CANCEL, {"msgid": msgid}, now)
    except AlreadyCancelled:
        return False
    return True
