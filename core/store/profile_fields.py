"""Personal fields of people, encrypted, by the identity they are filed under and the batch that told them.

A batch writes what it tells before the lake has it, and it counts from the moment that the batch is committed: of a batch that died, failed
or was taken back nothing is ever read. What a later batch told replaces it for good: when that one is taken back, the person has none.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, column, delete, select, table
from sqlalchemy.orm import aliased

from core.store import topics
from core.store.session import Session, changed_rows, insert_many
from core.store.tables import Batch, ProfileField

NICKNAME = "nickname"
"""How somebody is called."""
TOPIC = "profile_fields"
ASKED_AT_ONCE = 5_000
_PLAIN = table(ProfileField.__tablename__, *(column(each.name) for each in ProfileField.__table__.columns))
_KEY = [each.name for each in ProfileField.__table__.primary_key]


class Told(NamedTuple):
    """``ciphertext`` is sealed under the identity and the field."""

    batch_id: int
    ciphertext: bytes


def add(session: Session, field: str, batch_id: int, values: Sequence[tuple[int, bytes]]) -> None:
    """What a batch tells of identities, each once: key and ciphertext. It does not count yet."""
    insert_many(session, _PLAIN, [(key, field, batch_id, sealed) for key, sealed in values], unique=_KEY)


def settle(session: Session, batch_id: int) -> None:
    """The batch is committed in this transaction: of each identity the newest committed batch's word stays, as in the lake the one with the
    greatest number."""
    one, other = ProfileField, aliased(ProfileField)
    same = (other.identity_key == one.identity_key) & (other.field == one.field)
    newer = select(other.batch_id).join(Batch, Batch.id == other.batch_id)
    newer = newer.where(same, other.batch_id > batch_id, Batch.state == "committed")
    replaced = select(other.batch_id).where(same, other.batch_id == batch_id)
    gone = delete(one).execution_options(synchronize_session=False)
    if not _has(session, one.batch_id == batch_id):
        return
    if _has(session, one.batch_id < batch_id):
        session.execute(gone.where(one.batch_id < batch_id, replaced.exists()))
    if _has(session, one.batch_id > batch_id):
        session.execute(gone.where(one.batch_id == batch_id, newer.exists()))
    topics.bump(session, TOPIC)


def forget(session: Session, batch_id: int) -> None:
    """Of a batch that comes to nothing, or is taken back."""
    if changed_rows(session, delete(ProfileField).where(ProfileField.batch_id == batch_id)):
        topics.bump(session, TOPIC)


def told(session: Session, field: str, identity_keys: Sequence[int]) -> dict[int, Told]:
    """What counts of these identities, of those of which it is known."""
    found: dict[int, Told] = {}
    for at in range(0, len(identity_keys), ASKED_AT_ONCE):
        wanted = identity_keys[at : at + ASKED_AT_ONCE]
        rows = select(ProfileField.identity_key, ProfileField.batch_id, ProfileField.ciphertext)
        rows = rows.where(_counts(field), ProfileField.identity_key.in_(wanted)).order_by(ProfileField.batch_id)
        found |= {key: Told(batch_id, sealed) for key, batch_id, sealed in session.execute(rows)}
    return found


def last(found: dict[int, Told], identity_keys: Sequence[int]) -> int | None:
    """Of the identities of one person that of which the newest batch told; of those of one batch the smallest."""
    known = [key for key in identity_keys if key in found]
    return max(known, key=lambda key: (found[key].batch_id, -key), default=None)


def holders(session: Session, field: str) -> npt.NDArray[np.int64]:
    """All identities of which a field is known."""
    return np.array(session.scalars(select(ProfileField.identity_key).where(_counts(field))).all(), np.int64)


def _counts(field: str) -> ColumnElement[bool]:
    is_committed = ProfileField.batch_id.in_(select(Batch.id).where(Batch.state == "committed"))
    return (ProfileField.field == field) & is_committed


def _has(session: Session, of: ColumnElement[bool]) -> bool:
    return session.scalar(select(ProfileField.batch_id).where(of).limit(1)) is not None
