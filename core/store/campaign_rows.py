"""What results are counted from: the rows of one campaign, many at once and as columns. Times are of microseconds, naive and in UTC; one that is not known is ``NaT``."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, Executable, String, and_, case, cast, func, select, type_coerce
from sqlalchemy.orm import aliased

from core.store.campaign_tables import IS_WAITING, Click, MassEmployee, MassTask, MessageMark, Outgoing
from core.store.session import Session

SENT, DELIVERED = "sent", "delivered"
LATER_MARKS = ("delivered", "opened", "clicked", "replied", "unsubscribed", "complained", "left")
"""What is asked of messages one by one; that a message was delivered says its state, but for those of which a receipt came after another state."""
Columns = dict[str, np.ndarray]
KINDS = dict.fromkeys(("id", "member_id", "message_id", "has_ended", "rows", "people", "machines"), "int64")
KINDS |= dict.fromkeys(("due", "sent", "at", "first", "first_due", "last_due"), "datetime64[us]")
CHUNK = 500
"""Rows read at once: of larger parts Python's garbage collector looks at all of them again and again, which doubles the time."""
HANDED_OVER, STOPPED = ("accepted", "delivered", "unknown"), ("failed", "dead", "skipped")
TALLIED = ("state", "reason", "channel", "variant")


@dataclass(frozen=True, slots=True)
class Task:
    """A mass message that employees are asked to send. ``reminded``: when they were, as it was written down."""

    id: int
    msgid: str
    asked_at: datetime
    ended_at: datetime | None
    reminded: tuple[str, ...]
    employees: tuple[MassEmployee, ...]


def tally(session: Session, campaign_id: int) -> Columns:
    """Rows counted: ``state``, ``reason``, ``channel``, ``variant``, how many (``rows``), and when the first and the last of them are due (``first_due``, ``last_due``)."""
    by = [getattr(Outgoing, name) for name in TALLIED]
    due = _moment(session, Outgoing.due_at)
    query = select(*by, func.count(), func.min(due), func.max(due)).where(Outgoing.campaign_id == campaign_id)
    return _columns(session, (*TALLIED, "rows", "first_due", "last_due"), query.group_by(*by).order_by(*by))


def waiting(session: Session, campaign_id: int, now: datetime) -> Columns:
    """What may not be handed over yet, counted: ``state``, ``reason``, how many (``rows``), when the first of them is due (``first_due``)."""
    by = (Outgoing.state, Outgoing.reason)
    query = select(*by, func.count(), func.min(_moment(session, Outgoing.due_at)))
    query = query.where(Outgoing.campaign_id == campaign_id, IS_WAITING, Outgoing.due_at > now)
    return _columns(session, ("state", "reason", "rows", "first_due"), query.group_by(*by).order_by(*by))


def messages(session: Session, campaign_id: int) -> Columns:
    """One row per message: ``id``, ``member_id``, ``place``, ``channel``, ``variant``, ``state``, ``reason``, ``has_ended`` (0: it has not, or was decided when it was planned), ``due`` and ``sent`` (when it was handed over, None where it never was)."""
    mark = aliased(MessageMark)
    is_sent = and_(mark.message_id == Outgoing.id, mark.mark == SENT)
    query = (
        select(
            Outgoing.id, Outgoing.member_id, Outgoing.place, Outgoing.channel, Outgoing.variant, Outgoing.state, Outgoing.reason,
            case((Outgoing.ended_at.is_not(None), 1), else_=0), _moment(session, Outgoing.due_at), _moment(session, mark.at),
        )
        .outerjoin(mark, is_sent)
        .where(Outgoing.campaign_id == campaign_id)
    )  # fmt: skip
    names = ("id", "member_id", "place", "channel", "variant", "state", "reason", "has_ended", "due", "sent")
    return _columns(session, names, query)


def marks(session: Session, campaign_id: int) -> Columns:
    """What messages came to after they were sent: ``message_id``, ``mark``, ``at``; of those that were delivered only where their state does not say it."""
    told = (MessageMark.mark != DELIVERED) | (Outgoing.state != DELIVERED)
    query = (
        select(MessageMark.message_id, MessageMark.mark, _moment(session, MessageMark.at))
        .join(Outgoing, Outgoing.id == MessageMark.message_id)
        .where(MessageMark.campaign_id == campaign_id, MessageMark.mark.in_(LATER_MARKS), told)
    )
    return _columns(session, ("message_id", "mark", "at"), query)


def clicks(session: Session, campaign_id: int) -> Columns:
    """Messages whose links were followed: ``message_id``, ``people`` and ``machines`` (how often), ``first`` (when first, by whichever)."""
    query = select(
        Click.message_id,
        func.sum(Click.count - Click.machine_count),
        func.sum(Click.machine_count),
        func.min(_moment(session, Click.first_at)),
    ).where(Click.campaign_id == campaign_id)
    return _columns(session, ("message_id", "people", "machines", "first"), query.group_by(Click.message_id))


def dealt_with(session: Session, campaign_id: int, after: datetime) -> Columns:
    """Messages (``message_id``, ``channel``) that were taken in hand later than that and handed over, or stopped, or failed: what the queue has grown shorter by."""
    is_out = Outgoing.state.in_(HANDED_OVER) & (Outgoing.slot_at > after)
    is_stopped = Outgoing.state.in_(STOPPED) & (Outgoing.fence > 0) & (Outgoing.ended_at > after)
    query = select(Outgoing.id, Outgoing.channel).where(Outgoing.campaign_id == campaign_id, is_out | is_stopped)
    return _columns(session, ("message_id", "channel"), query)


def tasks(session: Session, campaign_id: int) -> list[Task]:
    """Mass messages of a campaign and the employees asked to send them, oldest first."""
    rows = session.scalars(select(MassTask).where(MassTask.campaign_id == campaign_id).order_by(MassTask.id)).all()
    asked: dict[int, list[MassEmployee]] = {row.id: [] for row in rows}
    people = select(MassEmployee).join(MassTask, MassTask.id == MassEmployee.task_id)
    people = people.where(MassTask.campaign_id == campaign_id).order_by(MassEmployee.task_id, MassEmployee.userid)
    for one in session.scalars(people):
        asked[one.task_id].append(one)
    return [
        Task(row.id, row.msgid, row.asked_at, row.ended_at, tuple(row.reminded), tuple(asked[row.id])) for row in rows
    ]


def by_task(session: Session, campaign_id: int) -> Columns:
    """Messages that a mass message carries: ``msgid``, ``member_id``, ``state``, ``error``."""
    query = select(
        Outgoing.provider_id, Outgoing.member_id, Outgoing.state, func.coalesce(Outgoing.error, Outgoing.reason)
    )
    is_carried = (Outgoing.campaign_id == campaign_id) & Outgoing.provider_id.in_(
        select(MassTask.msgid).where(MassTask.campaign_id == campaign_id)
    )
    return _columns(session, ("msgid", "member_id", "state", "error"), query.where(is_carried))


def _moment(session: Session, at: Any) -> ColumnElement[Any]:
    """A time as the database keeps it: a million of them are read in a fraction of the time that as many objects take."""
    if session.get_bind().dialect.name == "postgresql":
        return cast(func.extract("epoch", at) * 1_000_000, BigInteger)
    return type_coerce(at, String)


def _columns(session: Session, names: tuple[str, ...], query: Executable) -> Columns:
    """Read in parts from the driver itself: all columns are such that it gives what is wanted, and a million rows of objects take three times as long."""
    kinds = [KINDS.get(name, "object") for name in names]
    parts: list[list[np.ndarray]] = [[np.array([], kind)] for kind in kinds]
    with session.connection().execute(query) as result:
        cursor: Any = result.cursor
        while rows := cursor.fetchmany(CHUNK):
            for part, column, kind in zip(parts, zip(*rows, strict=True), kinds, strict=True):
                part.append(np.array(column, kind))
    return {name: np.concatenate(part) for name, part in zip(names, parts, strict=True)}
