"""What messages came to, each thing once with its first time: sent, delivered, clicked, unsubscribed …"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from core.store.campaign_tables import MessageMark
from core.store.session import Session, changed_rows, upsert

CHUNK = 5_000


def mark(
    session: Session, message_id: int, campaign_id: int, name: str, at: datetime, *, reason: str | None = None
) -> bool:
    """False: it was known already, and stays as it was."""
    row = {"message_id": message_id, "campaign_id": campaign_id, "mark": name, "at": at, "reason": reason}
    return mark_all(session, [row]) == 1


def mark_all(session: Session, rows: Iterable[Mapping[str, Any]]) -> int:
    """Many at once, each with ``message_id``, ``campaign_id``, ``mark``, ``at`` and perhaps ``reason``. Returns how many were new."""
    usual = {"reason": None, "is_told": False}
    statement = upsert(session, MessageMark).on_conflict_do_nothing(index_elements=["message_id", "mark"])
    told, new = [usual | dict(row) for row in rows], 0
    for at in range(0, len(told), CHUNK):
        new += len(session.scalars(statement.returning(MessageMark.id), told[at : at + CHUNK]).all())
    return new


def counts(session: Session, campaign_id: int) -> dict[str, int]:
    """Messages by what they came to; a mark that none has is absent."""
    query = select(MessageMark.mark, func.count()).where(MessageMark.campaign_id == campaign_id)
    return {str(name): int(count) for name, count in session.execute(query.group_by(MessageMark.mark))}


def untold(session: Session, most: int) -> list[MessageMark]:
    """Those that the lake does not know yet, oldest first."""
    return list(session.scalars(select(MessageMark).where(~MessageMark.is_told).order_by(MessageMark.id).limit(most)))


def tell(session: Session, ids: Iterable[int]) -> int:
    """The lake knows these now."""
    known = list(ids)
    here = update(MessageMark).where(MessageMark.id.in_(known), ~MessageMark.is_told)
    return changed_rows(session, here.values(is_told=True)) if known else 0
