"""What came of mass messages: which employee has sent them, who got them, and whether a doubtful one was made at all.

WeCom is asked page by page; half of the pages are no answer. Nothing here changes anything, so all of it may be asked again.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from core.senders.sender import Temporary
from core.senders.wecom.calls import Calls
from core.senders.wecom.mass import ChatType, MassMessage, written

TASKS, RESULTS, LIST = (
    f"/cgi-bin/externalcontact/{name}"
    for name in ("get_groupmsg_task", "get_groupmsg_send_result", "get_groupmsg_list_v2")
)
PAGE, LIST_PAGE, MOST_PAGES = 500, 100, 1000
LONGEST_LIST = timedelta(days=28)
"""WeCom allows a month; February is one."""


# -- sent, and to whom -----------------------------------------------------------------------------------------------


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
