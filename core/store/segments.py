"""Segments as rows: who is in them, how large they were, who came and left. What they mean is decided in ``core.work.segments``."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from core.errors import Refusal, Unknown
from core.store import belonging, topics
from core.store.session import Session, changed_rows, insert_new
from core.store.tables import Segment, SegmentMember, SegmentMove, SegmentSize

TOPIC = "segments"
MOVES_KEPT = timedelta(days=90)
MOMENT = timedelta(microseconds=1)


class NameTaken(Refusal):
    """Another segment has that name. ``reason`` ``archived``: one that was put away."""

    code = "segment.name_taken"


class SegmentChanged(Refusal):
    """Somebody else changed the segment since the asker read it. ``revision``: the one it is at now. ``reason`` ``archived``: it was put away."""

    code = "segment.changed"


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
    kind: str = "list",
    tree: dict[str, Any] | None = None,
    units: Sequence[str] | None = None,
) -> Segment:
    """Keep the members as they are now, and the first size. Raises ``NameTaken``."""
    values = {
        "name": name, "sentence": sentence, "definition": definition, "lake_version": lake_version, "kind": kind,
        "tree": tree, "owner": by, "units": None if units is None else sorted(units), "counted_at": now,
        "member_count": len(members), "created_by": by, "created_at": now,
    }  # fmt: skip
    segment = insert_new(session, Segment, values, unique=("name",))
    if segment is None:
        raise _taken(session, name)
    belonging.add(session, SegmentMember, members, {"segment_id": segment.id})
    _count(session, segment, len(members), None, now=now)
    topics.bump(session, TOPIC)
    return segment


def listed(session: Session, *, is_archived: bool = False) -> list[Segment]:
    """Segments in use, newest first; or those that were put away."""
    query = select(Segment).where(Segment.is_archived == is_archived)
    return list(session.scalars(query.order_by(Segment.created_at.desc(), Segment.id.desc())))


def one(session: Session, segment_id: int) -> Segment:
    """Raises ``Unknown``."""
    found = session.get(Segment, segment_id, populate_existing=True)
    if found is None:
        raise Unknown("segment", str(segment_id))
    return found


def members(session: Session, segment_id: int) -> tuple[int, ...]:
    """``member_id`` of whom the store keeps for the segment, ascending: of a live one those of its last size. Raises ``Unknown``."""
    one(session, segment_id)
    query = select(SegmentMember.member_id).where(SegmentMember.segment_id == segment_id)
    return tuple(session.scalars(query.order_by(SegmentMember.member_id)))


def sizes(session: Session, segment_id: int) -> list[SegmentSize]:
    """How many it had, oldest first."""
    query = select(SegmentSize).where(SegmentSize.segment_id == segment_id)
    return list(session.scalars(query.order_by(SegmentSize.at)))


def moves(session: Session, segment_id: int, at: datetime) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """``member_id`` of who had come and who had left by the size of ``at``, each ascending. Kept for 90 days."""
    query = select(SegmentMove.member_id, SegmentMove.is_added)
    rows = session.execute(query.where(SegmentMove.segment_id == segment_id, SegmentMove.at == at)).all()
    added, left = (sorted(m for m, is_added in rows if is_added == which) for which in (True, False))
    return tuple(added), tuple(left)


def change(
    session: Session,
    segment: Segment,
    *,
    name: str,
    sentence: str,
    tree: dict[str, Any] | None,
    units: Sequence[str] | None,
    by: str,
    now: datetime,
) -> Segment:
    """Give it another name or definition, if it is still what ``segment`` says. Another definition adds 1 to its revision.

    Raises ``NameTaken``, ``SegmentChanged``.
    """
    other = session.scalars(select(Segment).where(Segment.name == name, Segment.id != segment.id)).one_or_none()
    if other is not None:
        raise _taken(session, name)
    kept = None if units is None else sorted(units)
    is_new = tree != segment.tree or kept != segment.units
    values = {"name": name, "sentence": sentence, "tree": tree, "units": kept, "revision": segment.revision + is_new}
    same = (Segment.id == segment.id, Segment.revision == segment.revision, Segment.name == segment.name)
    statement = update(Segment).where(*same).values(**values, changed_by=by, changed_at=now)
    if not changed_rows(session, statement):
        raise SegmentChanged("Somebody else changed this segment.", revision=one(session, segment.id).revision)
    topics.bump(session, TOPIC)
    return one(session, segment.id)


def put_away(session: Session, segment_id: int, *, is_archived: bool, by: str, now: datetime) -> Segment:
    """Archive it or bring it back. Raises ``Unknown``."""
    found = one(session, segment_id)
    found.is_archived, found.changed_by, found.changed_at = is_archived, by, now
    topics.bump(session, TOPIC)
    return found


def measured(
    session: Session, segment_id: int, members: Sequence[int], *, revision: int, lake_version: int, now: datetime
) -> SegmentSize | None:
    """Keep who is in a live segment now, how many came and left since the size before, and who.

    None, and nothing is kept, when its definition is no longer that of ``revision`` or a newer size of it stands already; None as well,
    and only the time of counting is kept, when nobody moved at the same version of the lake. Two that measure at once take turns. The first size of a revision says nothing of who came and left: another question was asked before.
    """
    turn = update(Segment).where(Segment.id == segment_id, Segment.revision == revision, Segment.kind == "live")
    if not changed_rows(session, turn.values(revision=revision)):
        return None
    segment = one(session, segment_id)
    last = _last(session, segment_id)
    is_first = last is None or last.revision != revision
    if last is not None and last.at >= now:
        if not is_first:
            return None
        now = last.at + MOMENT  # what was asked before was counted while its successor was written
    if last is not None and not is_first and last.lake_version > lake_version:
        return None
    before, after = set(_stored(session, segment_id)), {int(m) for m in members}
    added, left = sorted(after - before), sorted(before - after)
    segment.member_count, segment.lake_version, segment.counted_at = len(after), lake_version, now
    is_same = last is not None and (last.revision, last.lake_version) == (revision, lake_version)
    if is_same and not added and not left:
        return None
    here = {"segment_id": segment_id}
    belonging.remove(session, SegmentMember, left, here)
    belonging.add(session, SegmentMember, added, here)
    if not is_first:
        for who, is_added in ((added, True), (left, False)):
            belonging.add(session, SegmentMove, who, here | {"at": now, "is_added": is_added})
    session.execute(delete(SegmentMove).where(SegmentMove.segment_id == segment_id, SegmentMove.at < now - MOVES_KEPT))
    return _count(session, segment, len(after), None if is_first else (len(added), len(left)), now=now)


def _last(session: Session, segment_id: int) -> SegmentSize | None:
    query = select(SegmentSize).where(SegmentSize.segment_id == segment_id)
    return session.scalars(query.order_by(SegmentSize.at.desc()).limit(1)).one_or_none()


def _count(
    session: Session, segment: Segment, size: int, moved: tuple[int, int] | None, *, now: datetime
) -> SegmentSize:
    added, left = moved or (None, None)
    row = SegmentSize(
        segment_id=segment.id, at=now, revision=segment.revision, lake_version=segment.lake_version, member_count=size,
        added_count=added, left_count=left,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _stored(session: Session, segment_id: int) -> Iterable[int]:
    return session.scalars(select(SegmentMember.member_id).where(SegmentMember.segment_id == segment_id))


def _taken(session: Session, name: str) -> NameTaken:
    away = session.scalar(select(func.count()).select_from(Segment).where(Segment.name == name, Segment.is_archived))
    hint = " It was archived; bring it back, or take another name." if away else ""
    return NameTaken(
        f"There is a segment named {name!r} already.{hint}", name=name, **({"reason": "archived"} if away else {})
    )
