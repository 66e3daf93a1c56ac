"""Settings of a world that people or imports decide: home currency, limits."""

from datetime import datetime
from typing import Any

from core.settings import DEFAULT_CURRENCY
from core.store.session import Session, put
from core.store.tables import Setting

CURRENCY = "currency"


def read(session: Session, key: str, default: Any = None) -> Any:
    found = session.get(Setting, key)
    return default if found is None else found.value


def save(session: Session, key: str, value: Any, *, by: str, now: datetime) -> None:
    put(session, Setting, {"key": key, "value": value, "saved_by": by, "saved_at": now})


def currency(session: Session) -> str:
    """ISO code of the home currency."""
    return str(read(session, CURRENCY, DEFAULT_CURRENCY))
