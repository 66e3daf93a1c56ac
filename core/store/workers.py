"""Which worker processes are alive."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from core.store.session import Session, put
from core.store.tables import Worker

SILENT_AFTER = timedelta(seconds=30)
FORGOTTEN_AFTER = timedelta(days=1)


def seen(session: Session, name: str, *, pid: int, started_at: datetime, now: datetime) -> None:
    """A worker says that it is alive. Those unheard of for a day are forgotten."""
    put(session, Worker, {"name": name, "pid": pid, "started_at": started_at, "seen_at": now})
    session.execute(delete(Worker).where(Worker.seen_at < now - FORGOTTEN_AFTER))


def alive(session: Session, *, now: datetime) -> list[Worker]:
    """Workers heard of in the last 30 seconds, by name."""
    query = select(Worker).where(Worker.seen_at >= now - SILENT_AFTER).order_by(Worker.name)
    return list(session.execute(query).scalars())
