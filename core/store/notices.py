"""Notices as rows: what was said, who may read it, who has."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, select

from core.store.notice_tables import NoticeDelivery, NoticeSeen, NoticeUnit, SaidNotice
from core.store.session import Session, changed_rows, insert_new, put

MOST_AT_ONCE = 200
Units = Collection[str] | None


def add(
    session: Session, kind: str, key: str, urgency: str, params: dict[str, Any], units: Units, *, now: datetime
) -> SaidNotice | None:
    """A notice of these units, None = of the whole house. None where it was said already."""
    values = {"kind": kind, "key": key, "urgency": urgency, "params": params, "said_at": now, "is_addressed": False}
    said = insert_new(session, SaidNotice, values, unique=("kind", "key"))
    if said is not None:
        session.add_all(NoticeUnit(notice_id=said.id, unit_id=unit) for unit in sorted(set(units or ())))
        session.flush()
    return said


def unaddressed(session: Session) -> list[SaidNotice]:
    """The oldest notices that have no deliveries yet; until the transaction ends no other worker is given them."""
    waiting = select(SaidNotice).where(~SaidNotice.is_addressed).order_by(SaidNotice.id).limit(MOST_AT_ONCE)
    return list(session.scalars(waiting.with_for_update(skip_locked=True)))


def is_any_unaddressed(session: Session) -> bool:
    return bool(session.scalar(select(exists().where(~SaidNotice.is_addressed))))


def units_of(session: Session, ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """The units of each notice; those of the whole house are left out."""
    rows = session.execute(select(NoticeUnit.notice_id, NoticeUnit.unit_id).where(NoticeUnit.notice_id.in_(ids)))
    found: dict[int, set[str]] = {}
    for notice_id, unit in rows:
        found.setdefault(notice_id, set()).add(unit)
    return {notice_id: frozenset(units) for notice_id, units in found.items()}


def newest(session: Session, units: Units, *, but: Collection[str], most: int) -> list[SaidNotice]:
    """The newest notices that somebody with these units may read, None = with all; ``but``: kinds left out."""
    query = select(SaidNotice).where(_readable(units, but)).order_by(SaidNotice.id.desc()).limit(most)
    return list(session.scalars(query))


def count_after(session: Session, notice_id: int, units: Units, *, but: Collection[str]) -> int:
    """How many of them came after that one."""
    after = select(func.count()).select_from(SaidNotice).where(_readable(units, but), SaidNotice.id > notice_id)
    return session.scalar(after) or 0


def _readable(units: Units, but: Collection[str]) -> ColumnElement[bool]:
    kinds = SaidNotice.kind.not_in(but)
    if units is None:
        return kinds
    theirs = (NoticeUnit.notice_id == SaidNotice.id) & NoticeUnit.unit_id.in_(units)
    return and_(kinds, exists().where(theirs))


def seen_up_to(session: Session, account: str) -> int:
    """The number of the newest notice that somebody has seen; 0 while they have seen none."""
    row = session.get(NoticeSeen, account)
    return 0 if row is None else row.notice_id


def see(session: Session, account: str, notice_id: int, *, now: datetime) -> None:
    """They have seen everything up to this one; what was seen stays so."""
    if notice_id > seen_up_to(session, account):
        put(session, NoticeSeen, {"account": account, "notice_id": notice_id, "at": now})


def forget(session: Session, before: datetime) -> int:
    """Those said before then that were addressed and of which no message is left. Returns how many."""
    is_left = exists().where(NoticeDelivery.notice_id == SaidNotice.id)
    old = delete(SaidNotice).where(SaidNotice.said_at < before, SaidNotice.is_addressed, ~is_left)
    return changed_rows(session, old)
