"""Raw values of identities, encrypted: written in bulk, read one at a time.

A value whose identity never reached the lake does no harm, and goes with the next rollback (``core.work.identities``).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import column, delete, select, table

from core.store.session import Session, insert_many
from core.store.tables import IdentityValue, ProfileField

Row = tuple[int, str, str, bytes, bytes]
"""``identity_key, identity_type, namespace, mac, ciphertext``."""
ASKED_AT_ONCE, KEYS_AT_ONCE = 5_000, 50_000
MANY = 20_000
_PLAIN = table(IdentityValue.__tablename__, *(column(each.name) for each in IdentityValue.__table__.columns))


def macs(session: Session, identity_keys: Sequence[int]) -> dict[int, bytes]:
    """The whole MAC of each of these identities that the store has."""
    found: dict[int, bytes] = {}
    for at in range(0, len(identity_keys), ASKED_AT_ONCE):
        wanted = identity_keys[at : at + ASKED_AT_ONCE]
        rows = session.execute(
            select(IdentityValue.identity_key, IdentityValue.mac).where(IdentityValue.identity_key.in_(wanted))
        )
        found.update((key, mac) for key, mac in rows)
    return found


def macs_of_type(
    session: Session, identity_type: str, identity_keys: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Keys, ascending, of those of these identities of a type that the store has, and the whole MAC of each (bytes). Of many all of the type are read at once."""
    if len(identity_keys) <= MANY:
        found = list(macs(session, identity_keys.tolist()).items())
    else:
        every = select(_PLAIN.c.identity_key, _PLAIN.c.mac).where(_PLAIN.c.identity_type == identity_type)
        found = [(key, mac) for key, mac in session.execute(every)]
    keys = np.fromiter((key for key, _ in found), np.int64, len(found))
    values = np.empty(len(found), object)
    values[:] = [bytes(mac) for _, mac in found]
    order = np.argsort(keys)
    return keys[order], values[order]


def add(session: Session, rows: Sequence[Row]) -> int:
    """Insert values; those that the store has already are left as they are. Returns how many were new."""
    return insert_many(session, _PLAIN, rows, unique=["identity_key"])


def keys(session: Session) -> Iterator[Sequence[int]]:
    """Identities whose value is kept, in parts."""
    rows = session.scalars(select(IdentityValue.identity_key).execution_options(yield_per=KEYS_AT_ONCE))
    yield from rows.partitions()


def erase(session: Session, identity_keys: Sequence[int]) -> None:
    """With whatever personal fields are filed under them."""
    for at in range(0, len(identity_keys), ASKED_AT_ONCE):
        wanted = identity_keys[at : at + ASKED_AT_ONCE]
        for kept in (IdentityValue, ProfileField):
            session.execute(delete(kept).where(kept.identity_key.in_(wanted)))


def value(session: Session, identity_key: int) -> IdentityValue | None:
    return session.get(IdentityValue, identity_key)
