"""Who is not written to, as people look at it: one entry for each person and occasion, counted and turned over in the database.

One occasion makes a row of the member and a row of each address, which outlives the member: the entry is the member's, and rows of addresses are entries of their own only where no member's row came
about with them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, and_, bindparam, func, literal, or_, select, update
from sqlalchemy.orm import aliased

from core.store.campaign_tables import Outgoing, Suppression
from core.store.columns import canonical
from core.store.session import Session, changed_rows

EVERY = "*"
"""What is asked for where those are meant that stand for every channel."""
READ_AT_ONCE = 1_000
OCCASION = ("kind", "by", "at")
PERHAPS = ("channel", "purpose", "message_id", "lifted_at")
"""Columns in which rows of one occasion are alike; the latter may be null in all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries. ``number``: this one alone, lifted or not. ``kind``, ``channel`` None: any. ``members`` None: about anybody; else about one of these, or about an address of ``macs``."""

    is_lifted: bool = False
    kind: str | None = None
    channel: str | None = None
    members: Sequence[int] | None = None
    macs: Sequence[bytes] = ()
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """``member_id``: as it was called then, below 0 of a place; None where only an address is known. ``campaign_id``: whose message it came from."""

    suppression_id: int
    kind: str
    channel: str | None
    purpose: str | None
    member_id: int | None
    address_mac: bytes | None
    campaign_id: int | None
    reason: str
    by: str
    at: datetime
    lifted_by: str | None
    lifted_at: datetime | None
    lifted_reason: str


@dataclass(frozen=True, slots=True)
class Count:
    """``channel`` None: of every channel."""

    channel: str | None
    kind: str
    entries: int


def counts(session: Session, asked: Asked) -> list[Count]:
    """Entries by channel and kind; what has none is absent."""
    s = Suppression
    query = _chosen(session, select(s.channel, s.kind, func.count()), asked).group_by(s.channel, s.kind)
    found = [Count(channel, str(kind), int(count)) for channel, kind, count in session.execute(query)]
    return sorted(found, key=lambda one: (one.channel or "", one.kind))


def page(session: Session, asked: Asked, *, limit: int, offset: int) -> list[Entry]:
    """A part of them, the newest first."""
    return [_entry(*row) for row in session.execute(_listed(session, asked).limit(limit).offset(offset))]


def every(session: Session, asked: Asked) -> Iterator[Entry]:
    """All of them, the newest first, as they are read."""
    rows = session.execute(_listed(session, asked).execution_options(yield_per=READ_AT_ONCE))
    return (_entry(*row) for row in rows)


def one(session: Session, suppression_id: int) -> Suppression | None:
    return session.get(Suppression, suppression_id, populate_existing=True)


def lift(session: Session, entry: Suppression, reason: str, *, by: str, now: datetime) -> int:
    """The row and, where it is a member's, the addresses that came about with it. Returns how many rows; 0: somebody had lifted it before."""
    values = {"lifted_at": now, "lifted_by": by, "lifted_reason": reason}
    mine = update(Suppression).where(Suppression.id == entry.id, Suppression.lifted_at.is_(None))
    lifted = changed_rows(session, mine.values(**values))
    if lifted and entry.member_id is not None:
        alike = [getattr(Suppression, name) == getattr(entry, name) for name in OCCASION]
        alike += [getattr(Suppression, name).is_not_distinct_from(getattr(entry, name)) for name in PERHAPS]
        others = update(Suppression).where(*alike, Suppression.member_id.is_(None))
        lifted += changed_rows(session, others.values(**values))
    return lifted


def _listed(session: Session, asked: Asked) -> Any:
    query = _chosen(session, select(Suppression, Outgoing.campaign_id), asked)
    query = query.outerjoin(Outgoing, Outgoing.id == Suppression.message_id)
    last = Suppression.lifted_at.desc() if asked.is_lifted else Suppression.at.desc()
    return query.order_by(last, Suppression.id.desc()).execution_options(populate_existing=True)


def _chosen(session: Session, query: Any, asked: Asked) -> Any:
    s, beside = Suppression, aliased(Suppression)
    alike = [getattr(s, name) == getattr(beside, name) for name in OCCASION]
    alike += [getattr(s, name).is_not_distinct_from(getattr(beside, name)) for name in PERHAPS]
    query = query.select_from(s).outerjoin(beside, and_(s.member_id.is_(None), beside.member_id.is_not(None), *alike))
    if asked.number is not None:
        query = query.where(s.id == asked.number)
    else:
        query = query.where(beside.id.is_(None), s.lifted_at.is_not(None) if asked.is_lifted else s.lifted_at.is_(None))
    if asked.kind is not None:
        query = query.where(s.kind == asked.kind)
    if asked.channel is not None:
        query = query.where(s.channel.is_(None) if asked.channel == EVERY else s.channel == asked.channel)
    return query if asked.members is None else query.where(_about(session, asked))


def _about(session: Session, asked: Asked) -> ColumnElement[bool]:
    """However many members they are: they go along as one value, for a statement takes only so many."""
    members = sorted({int(one) for one in asked.members or ()})
    if session.get_bind().dialect.name == "postgresql":
        told = select(func.unnest(bindparam("_members", members, type_=ARRAY(BigInteger))).column_valued("member"))
    else:
        told = select(func.json_each(literal(canonical(members))).table_valued("value").c.value)
    found: ColumnElement[bool] = Suppression.member_id.in_(told)
    return or_(found, Suppression.address_mac.in_(list(asked.macs))) if asked.macs else found


def _entry(row: Suppression, campaign_id: int | None) -> Entry:
    return Entry(
        row.id, row.kind, row.channel, row.purpose, row.member_id, row.address_mac, campaign_id, row.reason, row.by, row.at, row.lifted_by, row.lifted_at, row.lifted_reason,
    )  # fmt: skip
