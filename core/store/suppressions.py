"""Who is not to be written to, whatever they once agreed to: by member, or by the keyed hash of an address, which outlives the member's erasure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Select, column, or_, select, table, update

from core.store.campaign_tables import Suppression
from core.store.columns import UtcTime, canonical
from core.store.session import Session, changed_rows, insert_many, upsert

ASKED_AT_ONCE = 5_000
REFUSED, GAVE_WAY = ("unsubscribed", "complained"), "refused"
"""What nobody takes back without a new consent; why another reason does not stand any more once somebody refused."""
ABOUT = ("channel", "purpose", "member_id", "address_mac")
SAID = ("kind", *ABOUT, "message_id", "reason", "by")
_PLAIN = table(Suppression.__tablename__, *map(column, ("key", *SAID, "at", "lifted_reason")))


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Members and hashes of addresses that are not to be written to."""

    members: frozenset[int]
    macs: frozenset[bytes]

    def __or__(self, other: "Suppressed") -> "Suppressed":
        return Suppressed(self.members | other.members, self.macs | other.macs)

    def has(self, member_id: int, mac: bytes | None) -> bool:
        return member_id in self.members or (mac is not None and mac in self.macs)


def add(
    session: Session,
    kind: str,
    *,
    channel: str | None,
    purpose: str | None,
    member_id: int | None = None,
    address_mac: bytes | None = None,
    message_id: int | None = None,
    reason: str = "",
    by: str,
    now: datetime,
) -> bool:
    """``channel``, ``purpose`` None: every one. A refusal takes the place of what stands for another reason, which could be taken back without a new consent. Raises ``ValueError`` where it is about
    nobody. False: it stands already."""
    key = key_of(channel=channel, purpose=purpose, member_id=member_id, address_mac=address_mac)
    if kind in REFUSED:
        _give_way(session, [key], by=by, now=now)
    values: dict[str, Any] = {
        "key": key, "kind": kind, "channel": channel, "purpose": purpose,
        "member_id": member_id, "address_mac": address_mac, "message_id": message_id, "reason": reason, "by": by, "at": now, "lifted_reason": "",
    }  # fmt: skip
    statement = upsert(session, Suppression).values(**values).on_conflict_do_nothing()
    return session.scalars(statement.returning(Suppression.id)).one_or_none() is not None


def add_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> int:
    """Very many at once, each with all that ``add`` is told (the time as ``at``). Raises as ``add``. Returns how many were new."""
    written = UtcTime().dialect_impl(session.get_bind().dialect).bind_processor(session.get_bind().dialect)
    told = [
        (key_of(**{name: row[name] for name in ABOUT}), *(row[name] for name in SAID), row["at"] if written is None else written(row["at"]), "")
        for row in rows
    ]  # fmt: skip
    for row in {row["kind"]: row for row in rows if row["kind"] in REFUSED}.values():
        _give_way(session, [one[0] for one in told if one[1] == row["kind"]], by=row["by"], now=row["at"])
    return insert_many(session, _PLAIN, told, unique=None)


def _give_way(session: Session, keys: Sequence[str], *, by: str, now: datetime) -> None:
    """What stands for another reason than a refusal, for a refusal that is about the same."""
    for at in range(0, len(keys), ASKED_AT_ONCE):
        here = update(Suppression).where(
            Suppression.key.in_(keys[at : at + ASKED_AT_ONCE]), Suppression.lifted_at.is_(None)
        )
        here = here.where(Suppression.kind.not_in(REFUSED))
        changed_rows(session, here.values(lifted_at=now, lifted_by=by, lifted_reason=GAVE_WAY))


def key_of(*, channel: str | None, purpose: str | None, member_id: int | None, address_mac: bytes | None) -> str:
    """What a suppression is about. Raises ``ValueError`` where it is about nobody."""
    if member_id is None and address_mac is None:
        raise ValueError("A suppression is of a member or of an address.")
    about = [channel, purpose, member_id, None if address_mac is None else address_mac.hex()]
    return sha256(canonical(about).encode()).hexdigest()


def lift(session: Session, suppression_id: int, reason: str, *, by: str, now: datetime) -> bool:
    """They may be written to again. False: somebody had lifted it before."""
    here = update(Suppression).where(Suppression.id == suppression_id, Suppression.lifted_at.is_(None))
    return bool(changed_rows(session, here.values(lifted_at=now, lifted_by=by, lifted_reason=reason)))


def lift_all(
    session: Session,
    kind: str,
    *,
    channel: str,
    members: Collection[int],
    macs: Collection[bytes],
    before: datetime,
    reason: str,
    by: str,
    now: datetime,
) -> int:
    """Those of a kind and a channel that came about before a moment do not stand any more, of these members and addresses. Returns how many."""
    about = or_(Suppression.member_id.in_(sorted(set(members))), Suppression.address_mac.in_(sorted(set(macs))))
    here = update(Suppression).where(Suppression.kind == kind, Suppression.channel == channel, about)
    here = here.where(Suppression.lifted_at.is_(None), Suppression.at < before)
    return changed_rows(session, here.values(lifted_at=now, lifted_by=by, lifted_reason=reason))


def everybody(session: Session, channel: str, purpose: str) -> Suppressed:
    """All that stand for a channel and a purpose."""
    return _read(session, _standing(channel, purpose))


def of(session: Session, channel: str, purpose: str, members: Collection[int], macs: Collection[bytes]) -> Suppressed:
    """Those of these members and addresses."""
    found_members: set[int] = set()
    found_macs: set[bytes] = set()
    parts: list[tuple[Any, Sequence[Any]]] = [
        (Suppression.member_id, sorted(set(members))),
        (Suppression.address_mac, sorted(set(macs))),
    ]
    for about, wanted in parts:
        for at in range(0, len(wanted), ASKED_AT_ONCE):
            found = _read(session, _standing(channel, purpose).where(about.in_(wanted[at : at + ASKED_AT_ONCE])))
            found_members |= found.members
            found_macs |= found.macs
    return Suppressed(frozenset(found_members), frozenset(found_macs))


def _standing(channel: str, purpose: str) -> Select[int | None, bytes | None]:
    fits: ColumnElement[bool] = or_(Suppression.channel.is_(None), Suppression.channel == channel)
    meant: ColumnElement[bool] = or_(Suppression.purpose.is_(None), Suppression.purpose == purpose)
    return select(Suppression.member_id, Suppression.address_mac).where(Suppression.lifted_at.is_(None), fits, meant)


def _read(session: Session, query: Select[int | None, bytes | None]) -> Suppressed:
    rows = session.execute(query).all()
    return Suppressed(
        frozenset(int(member) for member, _ in rows if member is not None),
        frozenset(bytes(mac) for _, mac in rows if mac is not None),
    )
