"""Choices of the house that are kept by name, such as its home currency."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from core.store.session import Session, insert_new, put
from core.store.tables import Setting


def read(session: Session, key: str, default: Any = None) -> Any:
    """The value saved under ``key``, or the default."""
    row = session.execute(select(Setting.value).where(Setting.key == key)).one_or_none()
    return default if row is None else row[0]


def held(session: Session, key: str, *, by: str, now: datetime) -> Any:
    """The value saved under ``key``, or None; until this transaction ends nobody else changes it."""
    insert_new(session, Setting, {"key": key, "value": None, "saved_by": by, "saved_at": now}, unique=["key"])
    return session.scalars(select(Setting.value).where(Setting.key == key).with_for_update()).one()


def write(session: Session, key: str, value: Any, *, by: str, now: datetime) -> None:
    """Save a JSON value under ``key``."""
    put(session, Setting, {"key": key, "value": value, "saved_by": by, "saved_at": now})
