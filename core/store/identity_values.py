"""Raw values of identities, encrypted: written in bulk, read one at a time.

A value whose identity never reached the lake does no harm, and goes with the next rollback (``core.work.identities``).
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from sqlalchemy import column, delete, select, table

from core.store.session import Session, upsert
from core.store.tables import IdentityValue

Row = tuple[int, str, str, bytes, bytes]
"""``identity_key, identity_type, namespace, mac, ciphertext``."""
ASKED_AT_ONCE, KEYS_AT_ONCE = 5_000, 50_000
MANY = 20_000
COLUMNS = [each.name for each in IdentityValue.__table__.columns]
# Without the columns' types: drivers take bytes as they are, and wrapping each of them was most of the time of a bulk insert.
_PLAIN = table(IdentityValue.__tablename__, *map(column, COLUMNS))


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
    if not rows:
        return 0
    statement = upsert(session, cast(Any, _PLAIN)).on_conflict_do_nothing(index_elements=["identity_key"])
    connection = session.connection()
    plain = statement.compile(dialect=connection.dialect, column_keys=COLUMNS)
    if plain.positional:  # handed to the driver as they are: naming the values of each row takes half as long again
        return connection.exec_driver_sql(plain.string, list(rows)).rowcount
    return connection.execute(statement, [dict(zip(COLUMNS, row, strict=True)) for row in rows]).rowcount


def keys(session: Session) -> Iterator[Sequence[int]]:
    """Identities whose value is kept, in parts."""
    rows = session.scalars(select(IdentityValue.identity_key).execution_options(yield_per=KEYS_AT_ONCE))
    yield from rows.partitions()


def erase(session: Session, identity_keys: Sequence[int]) -> None:
    for at in range(0, len(identity_keys), ASKED_AT_ONCE):
        wanted = identity_keys[at : at + ASKED_AT_ONCE]
        session.execute(delete(IdentityValue).where(IdentityValue.identity_key.in_(wanted)))


def value(session: Session, identity_key: int) -> IdentityValue | None:
    return session.get(IdentityValue, identity_key)
