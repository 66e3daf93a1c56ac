"""Targets of notices as rows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from core.errors import Unknown
from core.store.notice_tables import NoticeTarget
from core.store.session import Session

LONGEST_SHOWN = 200


def every(session: Session) -> list[NoticeTarget]:
    """All of them, in the order of their names."""
    return list(session.scalars(select(NoticeTarget).order_by(NoticeTarget.name, NoticeTarget.id)))


def one(session: Session, target_id: int) -> NoticeTarget:
    """Raises ``Unknown``."""
    found = session.get(NoticeTarget, target_id)
    if found is None:
        raise Unknown("target", str(target_id))
    return found


def locked(session: Session, target_id: int) -> NoticeTarget | None:
    """One, which nobody else changes or claims for until the transaction ends. None: it was removed."""
    query = select(NoticeTarget).where(NoticeTarget.id == target_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def named(session: Session, name: str) -> NoticeTarget | None:
    return session.scalars(select(NoticeTarget).where(NoticeTarget.name == name)).one_or_none()


def add(session: Session, values: Mapping[str, Any], *, by: str, now: datetime) -> NoticeTarget:
    """A new one, without failures, with nothing sealed yet."""
    target = NoticeTarget(**values, sealed=b"", revision=1, by=by, at=now, failures=0)
    session.add(target)
    session.flush()
    return target


def remove(session: Session, target: NoticeTarget) -> None:
    """It is gone, with its secrets; the log of its deliveries stays."""
    session.delete(target)
    session.flush()
