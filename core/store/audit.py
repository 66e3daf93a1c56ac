"""The audit log: who did what, when, to what. A chain of keyed hashes, so that a change or a gap is found.

Cutting off the end is found only against a head that was kept somewhere else: export ``head`` regularly.
"""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import select

from core.scope import Operator
from core.store.columns import canonical
from core.store.session import Session, Store
from core.store.tables import AuditEntry, AuditHead

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry: its number and its mac. 0 and 64 zeros while the log is empty."""

    sequence: int
    mac: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where the log is not what it was. ``missing``: entries before this number are gone."""

    sequence: int
    kind: Literal["changed", "missing", "cut"]


@contextmanager
def told(store: Store, log: Store) -> Iterator[tuple[Session, Session]]:
    """A transaction on a world's store and one on the store that keeps the log, which may be the same: then it is one.

    The log is committed first: what failed at the last moment may stand in it, but nothing is missing.
    """
    if log.url == store.url:
        with log.transaction() as session:
            yield session, session
        return
    with store.transaction() as session, log.transaction() as logged:
        yield session, logged


def append(
    session: Session,
    operator: Operator,
    action: str,
    thing: str,
    details: dict[str, Any] | None = None,
    *,
    now: datetime,
) -> int:
    """Add one entry within the caller's transaction, and return its number.

    ``thing`` names what was acted on (``account:lin``, ``batch:17``). ``details`` hold JSON values only, and never a secret.
    Appends wait for each other until the transaction of the one before has ended.
    """
    last = lock(session)
    entry = AuditEntry(
        sequence=last.sequence + 1,
        at=now.astimezone(UTC),
        actor=operator.name,
        actor_id=operator.account_id,
        action=action,
        object=thing,
        details=details or {},
        previous=last.mac,
    )
    entry.mac = _mac(_key(session), entry)
    session.add(entry)
    last.sequence, last.mac = entry.sequence, entry.mac
    session.flush()
    return entry.sequence


def lock(session: Session) -> AuditHead:
    """Make every other transaction that appends wait for the end of this one."""
    return session.execute(select(AuditHead).with_for_update()).scalar_one()


def head(session: Session) -> Head:
    """What to export, and to hand to ``verify`` later."""
    row = session.execute(select(AuditHead)).scalar_one()
    return Head(row.sequence, row.mac)


def verify(session: Session, *, exported: Head | None = None) -> list[Fault]:
    """Everything that is wrong with the log, oldest first; an empty list means it is whole.

    With ``exported``, a head kept elsewhere, a log that was cut off behind it is found as well.
    """
    faults = list(_faults(session, _key(session)))
    if exported and exported.sequence and not _holds(session, exported):
        faults.append(Fault(exported.sequence, "cut"))
    return faults


def _faults(session: Session, key: bytes) -> Iterator[Fault]:
    previous, sequence = GENESIS, 0
    entries = session.execute(select(AuditEntry).order_by(AuditEntry.sequence).execution_options(yield_per=1000))
    for entry in entries.scalars():
        if entry.sequence != sequence + 1:
            yield Fault(entry.sequence, "missing")
        elif entry.previous != previous or not hmac.compare_digest(entry.mac, _mac(key, entry)):
            yield Fault(entry.sequence, "changed")
        previous, sequence = entry.mac, entry.sequence
    known = head(session)
    if (known.sequence, known.mac) != (sequence, previous):
        yield Fault(known.sequence, "cut")


def _holds(session: Session, exported: Head) -> bool:
    entry = session.get(AuditEntry, exported.sequence)
    return entry is not None and entry.mac == exported.mac


def _mac(key: bytes, entry: AuditEntry) -> str:
    said = {
        "sequence": entry.sequence,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "actor_id": entry.actor_id,
        "action": entry.action,
        "object": entry.object,
        "details": entry.details,
        "previous": entry.previous,
    }
    return hmac.new(key, canonical(said).encode(), sha256).hexdigest()


def _key(session: Session) -> bytes:
    key: bytes | None = session.info.get("audit_key")
    if key is None:
        raise RuntimeError("This store was opened without the key of its audit log.")
    return key
