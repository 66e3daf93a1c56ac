"""What platforms told, as it came, each thing once until it is handled. What cannot be handled is tried again a few times and then kept with the code of why."""

from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select, update

from core.store.campaign_tables import Inbound
from core.store.session import Session, changed_rows, upsert

WAITS = (timedelta(), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=6))
"""How long after it came each try is made."""
KEPT = timedelta(days=30)
"""How long something stands here after it came; by then a platform does not tell it again."""


def keep(session: Session, connector_id: int, kind: str, key: str, sealed: bytes, now: datetime) -> bool:
    """``key``: equal for one thing however often it comes. ``kind``: which reader it is for. False: it is known."""
    values = {"connector_id": connector_id, "kind": kind, "key": key, "sealed": sealed, "at": now, "attempts": 0}
    statement = upsert(session, Inbound).values(**values).on_conflict_do_nothing(index_elements=["connector_id", "key"])
    return session.scalars(statement.returning(Inbound.id)).one_or_none() is not None


def due(session: Session, now: datetime, most: int) -> list[tuple[int, int]]:
    """Numbers of those that are to be handled now, oldest first, and how often each was tried."""
    tries = [and_(Inbound.attempts == made, Inbound.at <= now - wait) for made, wait in enumerate(WAITS)]
    here = select(Inbound.id, Inbound.attempts).where(Inbound.handled_at.is_(None), or_(*tries))
    return [(int(number), int(made)) for number, made in session.execute(here.order_by(Inbound.id).limit(most))]


def taken(session: Session, inbound_id: int, attempts: int) -> Inbound | None:
    """One that nobody else gets until the transaction ends. None: somebody else has it, or has tried it meanwhile."""
    here = select(Inbound).where(Inbound.id == inbound_id, Inbound.handled_at.is_(None), Inbound.attempts == attempts)
    found: Inbound | None = session.scalars(here.with_for_update(skip_locked=True)).one_or_none()
    return found


def done(session: Session, inbound_id: int, now: datetime) -> None:
    """It is handled."""
    here = update(Inbound).where(Inbound.id == inbound_id, Inbound.handled_at.is_(None))
    changed_rows(session, here.values(handled_at=now, error=None, attempts=Inbound.attempts + 1))


def failed(session: Session, inbound_id: int, attempts: int, error: str, now: datetime, *, is_final: bool = False) -> bool:  # fmt: skip
    """It could not be handled. ``attempts``: before this one. ``is_final``: another try would end the same. True: it is not tried again."""
    is_over = is_final or attempts + 1 >= len(WAITS)
    here = update(Inbound).where(Inbound.id == inbound_id, Inbound.handled_at.is_(None))
    changed_rows(
        session, here.values(attempts=attempts + 1, error=error[:64], **({"handled_at": now} if is_over else {}))
    )
    return is_over


def drop(session: Session, now: datetime) -> int:
    """Forget what was handled and is old: it says things about people. Returns how many."""
    return changed_rows(session, delete(Inbound).where(Inbound.handled_at.is_not(None), Inbound.at < now - KEPT))
