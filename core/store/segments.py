"""Saved lists of members."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from core.errors import Refusal, Unknown
from core.store import topics
from core.store.session import Session, insert_new
from core.store.tables import Segment, SegmentMember

CHUNK = 10_000
TOPIC = "segments"


class NameTaken(Refusal):
    """Another segment has that name."""

    code = "segment.name_taken"


def save(
    session: Session,
    name: str,
    sentence: str,
    members: Sequence[int],
    *,
    definition: dict[str, Any],
    lake_version: int,
    by: str,
    now: datetime,
) -> Segment:
    """Keep the members as they are now. Raises ``NameTaken``."""
    values = {
        "name": name, "sentence": sentence, "definition": definition, "lake_version": lake_version,
        "member_count": len(members), "created_by": by, "created_at": now,
    }  # fmt: skip
    segment = insert_new(session, Segment, values, unique=("name",))
    if segment is None:
        raise NameTaken(f"There is a segment named {name!r} already.", name=name)
    for start in range(0, len(members), CHUNK):
        rows = [{"segment_id": segment.id, "member_id": int(m)} for m in members[start : start + CHUNK]]
        session.execute(insert(SegmentMember), rows)
    topics.bump(session, TOPIC)
    return segment


def listed(session: Session) -> list[Segment]:
    """All segments, newest first."""
    return list(session.scalars(select(Segment).order_by(Segment.created_at.desc(), Segment.id.desc())))


def members(session: Session, segment_id: int) -> tuple[int, ...]:
    """``member_id`` of the segment's members, ascending. Raises ``Unknown``."""
    if session.get(Segment, segment_id) is None:
        raise Unknown("segment", str(segment_id))
    query = select(SegmentMember.member_id).where(SegmentMember.segment_id == segment_id)
    return tuple(session.scalars(query.order_by(SegmentMember.member_id)))
