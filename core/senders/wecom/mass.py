"""Customer mass messages: the house asks, an employee presses send, and only then anybody gets anything.

Accepted is therefore not sent. What came of it is asked for page by page, per employee and per recipient.

There is no key by which WeCom tells a request that it has already had. After ``Uncertain`` the request is looked for in
the list of messages (``listed``, ``matching``) and never just repeated: employees would find it twice.

A message that names nobody goes to all customers of its sender, and a filter by tags to whoever carries them at that
moment: past consent, caps and holdout. Neither can be asked for here.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from core.senders.sender import Temporary, Uncertain
from core.senders.wecom.calls import Calls
from core.senders.wecom.errors import AlreadyCancelled
from core.senders.wecom.limits import InvalidMessage, check_ids, check_text, is_id

ADD, CANCEL, REMIND = (
    f"/cgi-bin/externalcontact/{name}" for name in ("add_msg_template", "cancel_groupmsg_send", "remind_groupmsg_send")
)
TASKS, RESULTS, LIST = (
    f"/cgi-bin/externalcontact/{name}"
    for name in ("get_groupmsg_task", "get_groupmsg_send_result", "get_groupmsg_list_v2")
)
TEXT_BYTES, TITLE_BYTES, DESCRIPTION_BYTES, MINI_TITLE_BYTES = 4000, 128, 512, 64
MOST_CUSTOMERS, MOST_CHATS, MOST_ATTACHMENTS = 10_000, 2000, 9
PAGE, LIST_PAGE, MOST_PAGES = 500, 100, 1000
LONGEST_LIST = timedelta(days=28)
"""WeCom allows a month; February is one."""
MOST_REMINDERS, REMINDER_SPAN = 3, timedelta(hours=24)
ChatType = Literal["single", "group"]


# -- what is sent -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Image:
    """One of the two. ``media_id`` is of a file that was uploaded, and lives three days; ``pic_url`` of a picture that was uploaded for good."""

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


# -- what came of it --------------------------------------------------------------------------------------------------


class TaskState(StrEnum):
    """What an employee did. ``UNTOLD``: a number that WeCom did not use when this was written; never taken for sent."""

    WAITING = "waiting"
    SENT = "sent"
    UNTOLD = "untold"


class ResultState(StrEnum):
    """What a recipient got. ``NOT_FRIEND``: customer and employee are not in touch. ``CAPPED``: the customer had as many mass messages as WeCom allows."""

    WAITING = "waiting"
    SENT = "sent"
    NOT_FRIEND = "not_friend"
    CAPPED = "capped"
    UNTOLD = "untold"


TASK_STATES = {0: TaskState.WAITING, 2: TaskState.SENT}
RESULT_STATES = {0: ResultState.WAITING, 1: ResultState.SENT, 2: ResultState.NOT_FRIEND, 3: ResultState.CAPPED}


@dataclass(frozen=True, slots=True)
class Task:
    """``sent_at``: when the employee pressed send; None until then."""

    userid: str = field(repr=False)
    state: TaskState
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Result:
    """``recipient``: the customer or the group chat. ``sent_at``: None unless it was sent."""

    recipient: str = field(repr=False)
    userid: str = field(repr=False)
    state: ResultState
    sent_at: datetime | None


def tasks(calls: Calls, msgid: str, now: datetime) -> list[Task]:
    """Every employee who was asked to send it."""
    return [_task(row) for row in _pages(calls, TASKS, {"msgid": msgid, "limit": PAGE}, "task_list", now)]


def results(calls: Calls, msgid: str, userid: str, now: datetime) -> list[Result]:
    """Everybody to whom one employee was asked to send it."""
    body = {"msgid": msgid, "userid": userid, "limit": PAGE}
    return [_result(row) for row in _pages(calls, RESULTS, body, "send_list", now)]


def _task(row: Mapping[str, Any]) -> Task:
    state = TASK_STATES.get(_number(row, "status"), TaskState.UNTOLD)
    return Task(_word(row, "userid"), state, _time(row, "send_time") if state is TaskState.SENT else None)


def _result(row: Mapping[str, Any]) -> Result:
    state = RESULT_STATES.get(_number(row, "status"), ResultState.UNTOLD)
    recipient = row.get("external_userid") or row.get("chat_id")
    if not isinstance(recipient, str):
        raise Temporary("wecom.unreadable")
    sent_at = _time(row, "send_time") if state is ResultState.SENT else None
    return Result(recipient, _word(row, "userid"), state, sent_at)


def _pages(calls: Calls, path: str, body: Mapping[str, Any], name: str, now: datetime) -> Iterator[Mapping[str, Any]]:
    """The rows of all pages. Raises ``Temporary`` where pages lead round in a circle or never end: half of the rows are no answer."""
    cursor, seen = "", set()
    for _ in range(MOST_PAGES):
        said = calls.read(path, {**body, "cursor": cursor} if cursor else body, now)
        rows = said.get(name) or []
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Temporary("wecom.unreadable")
        yield from rows
        cursor = said.get("next_cursor") or ""
        if not cursor:
            return
        if not isinstance(cursor, str) or cursor in seen:
            break
        seen.add(cursor)
    raise Temporary("wecom.cursor")


def _word(row: Mapping[str, Any], name: str) -> str:
    if not isinstance(row.get(name), str):
        raise Temporary("wecom.unreadable")
    return str(row[name])


def _number(row: Mapping[str, Any], name: str) -> int:
    """WeCom's own examples write some numbers as text."""
    try:
        return int(row[name])
    except (KeyError, TypeError, ValueError):
        raise Temporary("wecom.unreadable") from None


def _time(row: Mapping[str, Any], name: str) -> datetime | None:
    """Seconds since 1970; None where there are none."""
    if not row.get(name):
        return None
    try:
        return datetime.fromtimestamp(_number(row, name), UTC)
    except (OverflowError, OSError, ValueError):
        raise Temporary("wecom.unreadable") from None


# -- a request that nobody knows the end of ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """A mass message as WeCom lists it. ``creator``: None for what programs made. ``attachments``: as they were written."""

    msgid: str
    creator: str | None = field(repr=False)
    is_of_employee: bool
    created_at: datetime
    text: str = field(repr=False)
    attachments: tuple[Mapping[str, Any], ...] = field(repr=False)


def listed(calls: Calls, chat_type: ChatType, since: datetime, until: datetime, now: datetime) -> list[Listed]:
    """Mass messages that the corp made from ``since`` to ``until``, at most 28 days."""
    if not since <= until <= since + LONGEST_LIST:
        raise ValueError("A list of mass messages is over 0 to 28 days.")
    body = {
        "chat_type": chat_type,
        "start_time": int(since.timestamp()),
        "end_time": int(until.timestamp()),
        "filter_type": 0,
        "limit": LIST_PAGE,
    }
    return [_listed(row) for row in _pages(calls, LIST, body, "group_msg_list", now)]


def _listed(row: Mapping[str, Any]) -> Listed:
    created_at, text = _time(row, "create_time"), row.get("text") or {}
    if created_at is None or not isinstance(text, dict):
        raise Temporary("wecom.unreadable")
    return Listed(
        _word(row, "msgid"),
        row.get("creator") or None,
        row.get("create_type") == 1,
        created_at,
        str(text.get("content", "")),
        tuple(row.get("attachments") or ()),
    )


def matching(
    found: Sequence[Listed],
    message: MassMessage,
    since: datetime,
    until: datetime,
    known: Collection[str] = (),
    creators: Collection[str] = (),
) -> list[str]:
    """Ids of those that may be the message, asked for between the two times (of its first and last try, with some leeway for the clocks).

    ``known``: ids that belong to other messages. ``creators``: employees in whose name the app asks; what has no creator was made by a program and counts
    always. Text (but for spaces) and kinds of attachments must be the same: ids of media need not be listed as they were given. One id is an answer. None means that
    it was not made, as far as WeCom lists it yet; several mean that a person must look, because equal messages cannot be told apart.
    """
    kinds = [one["msgtype"] for one in written(message).get("attachments", [])]
    return [
        one.msgid
        for one in found
        if one.msgid not in known
        and not one.is_of_employee
        and (one.creator is None or one.creator in creators)
        and since.replace(microsecond=0) <= one.created_at <= until
        and one.text.split() == message.text.split()
        and [attachment.get("msgtype") for attachment in one.attachments] == kinds
    ]


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
