"""Who belongs to what, as rows: written in portions, and read for one member."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from core.store.session import Session
from core.store.tables import Segment, SegmentMember, SegmentMove, TagMember, TagWriteMember

CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Inside:
    """A segment that holds the member. ``counted_at``: when a live one was last evaluated; lists and snapshots stand as they are."""

    segment_id: int
    name: str
    kind: str
    sentence: str
    owner: str
    counted_at: datetime | None


def segments_of(session: Session, member_id: int, keys: Collection[int] = ()) -> list[Inside]:
    """Segments in use that hold a member, by name. ``keys``: of the member's identities, for those who have become part of this
    one."""
    known = list(session.scalars(select(Segment).where(~Segment.is_archived).order_by(Segment.name)))
    # Asked by the numbers of all segments, the primary key answers; by the member alone every row would be looked at.
    holds = SegmentMember.segment_id.in_([one.id for one in known])
    query = select(SegmentMember.segment_id).where(holds, SegmentMember.member_id.in_({member_id, *keys}))
    inside = set(session.scalars(query))
    return [
        Inside(one.id, one.name, one.kind, one.sentence, one.owner or one.created_by, one.counted_at)
        for one in known
        if one.id in inside
    ]


def add(
    session: Session,
    table: type[SegmentMember | SegmentMove | TagMember | TagWriteMember],
    members: Iterable[int],
    values: Mapping[str, Any],
) -> None:
    """A row per member, each with the same values beside it."""
    rows = [{"member_id": int(member), **values} for member in members]
    for start in range(0, len(rows), CHUNK):
        session.connection().execute(insert(table), rows[start : start + CHUNK])


def remove(
    session: Session, table: type[SegmentMember | TagMember], members: Sequence[int], values: Mapping[str, Any]
) -> None:
    """Without the rows of these members that have these values."""
    same = [getattr(table, name) == value for name, value in values.items()]
    for start in range(0, len(members), CHUNK):
        some = table.member_id.in_(members[start : start + CHUNK])
        session.execute(delete(table).where(*same, some))
