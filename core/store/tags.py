"""Tags as rows: who has them until when, and every change of them. What rules mean is decided in ``core.work.tags``."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, delete, func, or_, select, update

from core.errors import Refusal, Unknown
from core.store import belonging, topics
from core.store.session import Session, changed_rows, insert_new
from core.store.tables import Tag, TagMember, TagWrite, TagWriteMember

TOPIC = "tags"


class TagTaken(Refusal):
    """Another tag has that name. ``reason`` ``archived``: one that was put away."""

    code = "tag.name_taken"


class TagChanged(Refusal):
    """Somebody else changed the tag since the asker read it. ``revision``: the one it is at now. ``reason`` ``archived``: it was put away."""

    code = "tag.changed"


@dataclass(frozen=True, slots=True)
class Held:
    """A tag that somebody has now. ``expires_at`` null = without end."""

    tag_id: int
    name: str
    kind: str
    given_by: str
    given_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """One change of a tag that concerned somebody: ``action`` is ``given``, ``taken`` or ``expired``."""

    tag_id: int
    name: str
    action: str
    by: str
    at: datetime
    reason: str


def create(
    session: Session,
    name: str,
    kind: str,
    *,
    tree: dict[str, Any] | None,
    units: Sequence[str] | None,
    source: str,
    expires_after_days: int | None,
    by: str,
    now: datetime,
) -> Tag:
    """A new tag that nobody has. Raises ``TagTaken``."""
    values = {
        "name": name, "kind": kind, "tree": tree, "owner": by, "units": None if units is None else sorted(units),
        "source": source, "expires_after_days": expires_after_days, "is_archived": False, "revision": 1,
        "created_by": by, "created_at": now,
    }  # fmt: skip
    tag = insert_new(session, Tag, values, unique=("name",))
    if tag is None:
        raise _taken(session, name)
    write(session, tag.id, "created", [], by=by, now=now)
    topics.bump(session, TOPIC)
    return tag


def listed(session: Session, *, is_archived: bool = False) -> list[Tag]:
    """Tags in use by name; or those that were put away."""
    return list(session.scalars(select(Tag).where(Tag.is_archived == is_archived).order_by(Tag.name, Tag.id)))


def one(session: Session, tag_id: int) -> Tag:
    """Raises ``Unknown``."""
    found = session.get(Tag, tag_id, populate_existing=True)
    if found is None:
        raise Unknown("tag", str(tag_id))
    return found


def members(session: Session, tag_id: int, now: datetime) -> tuple[int, ...]:
    """``member_id`` of who has a static tag at ``now``, ascending; of a rule those of its last count. Raises ``Unknown``."""
    one(session, tag_id)
    query = select(TagMember.member_id).where(TagMember.tag_id == tag_id, _holds(now))
    return tuple(session.scalars(query.order_by(TagMember.member_id)))


def counts(session: Session, now: datetime) -> dict[int, int]:
    """How many have each tag at ``now``; of rules at their last count. Tags that nobody has are left out."""
    query = select(TagMember.tag_id, func.count()).where(_holds(now)).group_by(TagMember.tag_id)
    return {row.tag_id: row[1] for row in session.execute(query)}


def held_since(session: Session, write_id: int) -> tuple[int, ...]:
    """``member_id`` of those whom a change gave a tag, anew or again, and who have had it since, ascending."""
    return tuple(sorted(session.scalars(_held_since().where(TagWrite.id == write_id))))


def lost_without(session: Session, write_id: int) -> tuple[int, ...]:
    """Those of ``held_since`` whom no other change that stands gave it too: whom an undo takes it from."""
    undone = select(TagWrite.undoes_id).where(TagWrite.undoes_id.is_not(None))
    tag_id = select(TagWrite.tag_id).where(TagWrite.id == write_id).scalar_subquery()
    others = _held_since().where(TagWrite.tag_id == tag_id, TagWrite.id != write_id, TagWrite.id.not_in(undone))
    mine = _held_since().where(TagWrite.id == write_id)
    return tuple(sorted(session.scalars(mine.except_(others))))


def written(session: Session, write_id: int) -> TagWrite:
    """One change. Raises ``Unknown``."""
    found = session.get(TagWrite, write_id)
    if found is None:
        raise Unknown("tag write", str(write_id))
    return found


def undone_by(session: Session, write_id: int) -> int | None:
    """The change that took this one back; None while it stands."""
    return session.scalars(select(TagWrite.id).where(TagWrite.undoes_id == write_id)).one_or_none()


def take_turn(session: Session, tag_id: int) -> None:
    """Whoever gives or takes a tag waits here for whoever is at it: then both know who has it. Raises ``Unknown``."""
    if not changed_rows(session, update(Tag).where(Tag.id == tag_id).values(revision=Tag.revision)):
        raise Unknown("tag", str(tag_id))


def next_end(session: Session, now: datetime) -> datetime | None:
    """When a tag ends next for somebody: until then, answers about who has which stand."""
    query = select(func.min(TagMember.expires_at)).where(TagMember.expires_at > now)
    return session.scalar(query)


def last_end(session: Session, now: datetime) -> datetime | None:
    """The newest end of anything that ended by ``now`` and was not cleared away yet: who has what has changed since."""
    return session.scalar(select(func.max(TagMember.expires_at)).where(TagMember.expires_at <= now))


def held_by(session: Session, member_id: int, now: datetime, keys: Collection[int] = ()) -> list[Held]:
    """Tags that a member has at ``now``, by name; those by rule as of the rule's last count. Archived ones are left out.

    ``keys``: of the member's identities, for what was given to members who have become part of this one; of two the later counts.
    """
    query = select(TagMember, Tag).join(Tag).where(_of(TagMember.member_id, member_id, keys), _holds(now))
    rows = session.execute(query.where(~Tag.is_archived).order_by(Tag.name, TagMember.given_at))
    held = (Held(tag.id, tag.name, tag.kind, m.given_by, m.given_at, m.expires_at) for m, tag in rows)
    return list({one.tag_id: one for one in held}.values())


def history_of(session: Session, member_id: int, keys: Collection[int] = ()) -> list[Told]:
    """When a member got and lost tags, and by whom, newest first. ``keys``: as for ``held_by``."""
    query = select(TagWrite, Tag.name).join(Tag).join(TagWriteMember, TagWriteMember.write_id == TagWrite.id)
    mine = query.where(_of(TagWriteMember.member_id, member_id, keys), ~TagWriteMember.is_again).distinct()
    rows = session.execute(mine.order_by(TagWrite.id.desc()))
    return [Told(w.tag_id, name, w.action, w.by, w.at, w.reason) for w, name in rows]


def writes(session: Session, tag_id: int) -> list[TagWrite]:
    """Every change of a tag, newest first."""
    return list(session.scalars(select(TagWrite).where(TagWrite.tag_id == tag_id).order_by(TagWrite.id.desc())))


def written_to(session: Session, write_id: int) -> tuple[int, ...]:
    """``member_id`` of whom a change changed or gave the tag again, ascending."""
    query = select(TagWriteMember.member_id).where(TagWriteMember.write_id == write_id)
    return tuple(session.scalars(query.order_by(TagWriteMember.member_id)))


def all_written_to(session: Session, tag_id: int) -> tuple[list[int], list[int], list[bool]]:
    """Number of the change, ``member_id`` and whether it gave the tag again, in three columns, of everybody whom any change of a tag
    changed or gave it again."""
    columns = (TagWriteMember.write_id, TagWriteMember.member_id, TagWriteMember.is_again)
    rows = session.execute(select(*columns).join(TagWrite).where(TagWrite.tag_id == tag_id)).all()
    return [row.write_id for row in rows], [row.member_id for row in rows], [row.is_again for row in rows]


def named(session: Session, tag_id: int) -> dict[int, int]:
    """How many each change of a tag changed or gave it again; changes without any are left out."""
    query = select(TagWriteMember.write_id, func.count()).join(TagWrite).where(TagWrite.tag_id == tag_id)
    return {row.write_id: row[1] for row in session.execute(query.group_by(TagWriteMember.write_id))}


def change(
    session: Session,
    tag: Tag,
    *,
    name: str,
    tree: dict[str, Any] | None,
    units: Sequence[str] | None,
    expires_after_days: int | None,
    by: str,
    now: datetime,
) -> Tag:
    """Another name, rule or duration, if the tag is still what ``tag`` says. Another rule adds 1 to its revision.

    A new duration holds for those who get the tag from then on. Raises ``TagTaken``, ``TagChanged``.
    """
    other = session.scalars(select(Tag.id).where(Tag.name == name, Tag.id != tag.id)).one_or_none()
    if other is not None:
        raise _taken(session, name)
    kept = None if units is None else sorted(units)
    is_new = tree != tag.tree or kept != tag.units
    values = {
        "name": name, "tree": tree, "units": kept, "expires_after_days": expires_after_days,
        "revision": tag.revision + is_new, "changed_by": by, "changed_at": now,
    }  # fmt: skip
    same = (Tag.id == tag.id, Tag.revision == tag.revision, Tag.name == tag.name)
    if not changed_rows(session, update(Tag).where(*same).values(**values)):
        raise TagChanged("Somebody else changed this tag.", revision=one(session, tag.id).revision)
    if is_new:  # counts of the rule before it say nothing of this one
        session.execute(update(Tag).where(Tag.id == tag.id).values(counted_at=None))
    write(session, tag.id, "changed", [], by=by, now=now)
    topics.bump(session, TOPIC)
    return one(session, tag.id)


def put_away(session: Session, tag_id: int, *, is_archived: bool, by: str, now: datetime) -> Tag:
    """Archive it or bring it back. Raises ``Unknown``."""
    found = one(session, tag_id)
    found.is_archived, found.changed_by, found.changed_at = is_archived, by, now
    write(session, tag_id, "archived" if is_archived else "restored", [], by=by, now=now)
    topics.bump(session, TOPIC)
    return found


def give(
    session: Session,
    tag_id: int,
    members: Sequence[int],
    *,
    by: str,
    now: datetime,
    reason: str = "",
    expires_at: datetime | None = None,
) -> TagWrite:
    """Give a tag to those of the members who do not have it now. The change counts exactly them, and keeps who had it already, to
    whom it leaves its end."""
    take_turn(session, tag_id)
    _expire(session, tag_id, now)
    wanted, having = {int(m) for m in members}, _having(session, tag_id)
    got = sorted(wanted - having)
    _add(session, tag_id, got, by=by, now=now, expires_at=expires_at)
    topics.bump(session, TOPIC)
    row = write(session, tag_id, "given", got, by=by, now=now, reason=reason)
    belonging.add(session, TagWriteMember, sorted(wanted & having), {"write_id": row.id, "is_again": True})
    return row


def take(
    session: Session,
    tag_id: int,
    members: Sequence[int],
    *,
    by: str,
    now: datetime,
    reason: str = "",
    undoes_id: int | None = None,
) -> TagWrite:
    """Take a tag from those of the members who have it now. The change names exactly them."""
    take_turn(session, tag_id)
    _expire(session, tag_id, now)
    lost = sorted(set(map(int, members)) & _having(session, tag_id))
    belonging.remove(session, TagMember, lost, {"tag_id": tag_id})
    topics.bump(session, TOPIC)
    return write(session, tag_id, "taken", lost, by=by, now=now, reason=reason, undoes_id=undoes_id)


def expire(session: Session, now: datetime) -> int:
    """Clear away what has ended by ``now``, with a change per tag in its history. Returns how many lost a tag."""
    ended = session.scalars(select(TagMember.tag_id).where(TagMember.expires_at <= now).distinct().order_by("tag_id"))
    count = sum(_expire(session, tag_id, now) for tag_id in list(ended))
    if count:
        topics.bump(session, TOPIC)
    return count


def measured(
    session: Session, tag_id: int, members: Sequence[int], *, revision: int, lake_version: int, now: datetime
) -> tuple[int, int] | None:
    """Keep whom a rule fits now; who got the tag and who lost it stands in its history. How many, or None.

    None, and nothing is kept, when the rule is no longer that of ``revision`` or a newer count stands already.
    """
    turn = update(Tag).where(Tag.id == tag_id, Tag.revision == revision, Tag.kind != "static")
    if not changed_rows(session, turn.values(revision=revision)):
        return None
    tag = one(session, tag_id)
    if tag.counted_at is not None and (tag.counted_at > now or (tag.lake_version or 0) > lake_version):
        return None
    before, after = _having(session, tag_id), {int(m) for m in members}
    got, lost = sorted(after - before), sorted(before - after)
    belonging.remove(session, TagMember, lost, {"tag_id": tag_id})
    _add(session, tag_id, got, by=SYSTEM, now=now)
    for action, who in (("given", got), ("taken", lost)):
        if who:
            write(session, tag_id, action, who, by=SYSTEM, now=now, reason=BY_RULE)
    tag.member_count, tag.lake_version, tag.counted_at = len(after), lake_version, now
    session.flush()
    return len(got), len(lost)


def write(
    session: Session,
    tag_id: int,
    action: str,
    members: Sequence[int],
    *,
    by: str,
    now: datetime,
    reason: str = "",
    undoes_id: int | None = None,
) -> TagWrite:
    """Add a change to the history."""
    row = TagWrite(
        tag_id=tag_id, action=action, member_count=len(members), by=by, at=now, reason=reason, undoes_id=undoes_id
    )
    session.add(row)
    session.flush()
    belonging.add(session, TagWriteMember, members, {"write_id": row.id})
    return row


SYSTEM, BY_RULE = "system", "rule"


def _of(column: Any, member_id: int, keys: Collection[int]) -> Any:
    return column.in_({member_id, *keys})


def _held_since() -> Select[int]:
    """Who has a tag that a change gave them, anew or again, and has had it since then."""
    is_same = (TagMember.given_at == TagWrite.at) & (TagMember.given_by == TagWrite.by)
    is_since = or_(
        and_(~TagWriteMember.is_again, is_same), and_(TagWriteMember.is_again, TagMember.given_at <= TagWrite.at)
    )
    whose = (TagMember.tag_id == TagWrite.tag_id) & (TagMember.member_id == TagWriteMember.member_id)
    query = select(TagMember.member_id).select_from(TagWriteMember).join(TagWrite).join(TagMember, whose)
    return query.where(TagWrite.action == "given", is_since)


def _holds(now: datetime) -> Any:
    return or_(TagMember.expires_at.is_(None), TagMember.expires_at > now)


def _expire(session: Session, tag_id: int, now: datetime) -> int:
    ended = (TagMember.tag_id == tag_id, TagMember.expires_at <= now)
    who = sorted(session.scalars(select(TagMember.member_id).where(*ended)))
    if who:
        session.execute(delete(TagMember).where(*ended))
        write(session, tag_id, "expired", who, by=SYSTEM, now=now)
    return len(who)


def _having(session: Session, tag_id: int) -> set[int]:
    return set(session.scalars(select(TagMember.member_id).where(TagMember.tag_id == tag_id)))


def _add(
    session: Session, tag_id: int, members: Sequence[int], *, by: str, now: datetime, expires_at: datetime | None = None
) -> None:
    values = {"tag_id": tag_id, "given_by": by, "given_at": now, "expires_at": expires_at}
    belonging.add(session, TagMember, members, values)


def _taken(session: Session, name: str) -> TagTaken:
    away = session.scalars(select(Tag.is_archived).where(Tag.name == name)).one_or_none()
    hint = " It was archived; bring it back, or take another name." if away else ""
    return TagTaken(
        f"There is a tag named {name!r} already.{hint}", name=name, **({"reason": "archived"} if away else {})
    )
