"""What a store keeps of one member's belonging: the segments that hold it, as of their last count."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.store.session import Session
from core.store.tables import Segment, SegmentMember


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
