"""Tags: marks that people give to members, and rules that give them.

A ``static`` tag is given and taken by hand, and may end by itself. ``behavioural`` and ``predicted`` tags are rules in the language of
segments; only predicted ones stand on scores and clusters. A rule is had by who fits it now, within the scope of whoever made it.
Giving reaches members within the giver's scope; who has the tag already keeps it as it is, to its end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from core.errors import Forbidden, Refusal
from core.scope import Filters, Operator
from core.segments import language
from core.segments.language import Node, OneOf, Score
from core.sequences.arrays import Array
from core.store import audit, tags
from core.store.session import Session, Store
from core.store.tables import TAG_KINDS, Tag, TagWrite
from core.work.home import Home
from core.work.questions import population
from core.work.questions.population import Population
from core.work.questions.reading import reading
from core.work.segments import (
    Covers,
    Fitting,
    Refreshed,
    are_within,
    covers,
    evaluated,
    is_due,
    led_to,
    own_units,
    refuse_cycle,
    require_within,
    stands_on,
    take_turn,
    tell,
    users,
    within,
)

LONGEST_NAME, LONGEST_REASON = 60, 200
LONGEST_DAYS = 3660
SOURCES = {"static": "hand", "behavioural": "rule", "predicted": "model"}
"""Who a tag of a kind comes from, when nobody says otherwise."""


class InvalidTag(Refusal):
    """A tag cannot be made, changed or given like this: ``reason`` is ``name``, ``kind``, ``rule`` (it needs one, or may have none),
    ``score`` (only predicted ones stand on scores), ``no_score`` (predicted ones do), ``days``, ``text``, ``given`` (only static ones are), ``archived``, ``undo`` or
    ``undone``."""

    code = "tag.invalid"


class TagUsed(Refusal):
    """The tag is part of definitions: ``names`` of the segments and tags."""

    code = "tag.used"


@dataclass(frozen=True, slots=True)
class Named:
    """A tag as one operator sees it. ``member_count``: who has it now, of a rule at ``counted_at``; null for whoever does not see all
    whom it counts, and for a rule that was never counted."""

    tag_id: int
    name: str
    kind: str
    tree: dict[str, Any] | None
    owner: str
    source: str
    expires_after_days: int | None
    revision: int
    member_count: int | None
    counted_at: datetime | None
    created_at: datetime
    changed_by: str | None
    changed_at: datetime | None
    may_change: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a tag as one operator sees it. ``members``: whom it changed, those outside the operator's scope left out.
    ``undoes_id``: the change it takes back; ``is_undone``: whether one took it back; ``can_be_undone``: by this operator."""

    write_id: int
    action: str
    members: int
    by: str
    at: datetime
    reason: str
    undoes_id: int | None
    is_undone: bool
    can_be_undone: bool


@dataclass(frozen=True, slots=True)
class Undoing:
    """``lost``: who would lose a tag by an undo; ``kept``: who got it by the change and keeps it, as another change gave it too."""

    lost: int
    kept: int


@dataclass(frozen=True, slots=True)
class Written:
    """A change of who has a tag: ``changed`` members by it; ``unchanged`` had it already, or had it not."""

    write_id: int
    changed: int
    unchanged: int


def create(
    home: Home,
    log: Store,
    operator: Operator,
    name: str,
    kind: str,
    *,
    now: datetime,
    tree: object = None,
    expires_after_days: int | None = None,
    source: str | None = None,
) -> Tag:
    """A new tag; a rule is counted at once. ``log``: the store that keeps the audit log. Raises ``Forbidden``, ``InvalidTag``,
    ``TagTaken``, ``InvalidSegment``, and what the conditions of a rule refuse."""
    operator.require("segment.write")
    name = _tidy(name)
    if kind not in TAG_KINDS:
        raise InvalidTag(f"There is no kind of tag {kind!r}.", reason="kind")
    node = _rule(home, kind, tree)
    _refuse_days(kind, expires_after_days)
    units = own_units(operator)
    found = None if node is None else evaluated(home, units, node, now)

    def write(session: Session) -> Tag:
        made = tags.create(
            session, name, kind, tree=None if node is None else language.to_json(node), units=units,
            source=source or SOURCES[kind], expires_after_days=expires_after_days, by=operator.name, now=now,
        )  # fmt: skip
        _count(session, made, found, now)
        return made

    return _told(home, log, operator, "tag.created", write, _described, now)


def change(
    home: Home,
    log: Store,
    operator: Operator,
    tag_id: int,
    *,
    revision: int,
    now: datetime,
    name: str | None = None,
    tree: object = None,
    expires_after_days: int | None = None,
) -> Tag:
    """Another name, rule (None = as it is) or duration (None = without end), for the tag that was read at ``revision``. A new duration
    holds for those who get it from then on. Raises ``Forbidden``, ``Unknown``, ``InvalidTag``, ``TagTaken``, ``TagChanged``, ``InvalidSegment``."""
    operator.require("segment.write")
    named = None if name is None else _tidy(name)
    with home.store.reading() as session:
        before = tags.one(session, tag_id)
    require_within(home, operator, before.units)
    _refuse_days(before.kind, expires_after_days)
    node = None if tree is None else _rule(home, before.kind, tree)
    found = None if node is None else evaluated(home, before.units, node, now, ("tag", tag_id))
    told: dict[str, Any] = {}

    def write(session: Session) -> Tag:
        take_turn(session)
        known = tags.one(session, tag_id)
        if known.is_archived:
            raise tags.TagChanged("This tag was archived.", reason="archived", revision=known.revision)
        if known.revision != revision:
            raise tags.TagChanged("Somebody else changed this tag.", revision=known.revision)
        told["before"] = _described(known)
        if node is not None:
            refuse_cycle(session, node, ("tag", tag_id))
        after = tags.change(
            session, known, name=named or known.name, tree=known.tree if node is None else language.to_json(node), units=known.units,
            expires_after_days=expires_after_days, by=operator.name, now=now,
        )  # fmt: skip
        _count(session, after, found, now)
        return after

    return _told(home, log, operator, "tag.changed", write, lambda tag: told | {"after": _described(tag)}, now)


def archive(home: Home, log: Store, operator: Operator, tag_id: int, *, now: datetime) -> Tag:
    """Put a tag away: it is offered no more, and Member 360 leaves it out. Raises ``Forbidden``, ``Unknown``, and ``TagUsed`` while
    definitions refer to it."""
    return _put_away(home, log, operator, tag_id, is_archived=True, now=now)


def restore(home: Home, log: Store, operator: Operator, tag_id: int, *, now: datetime) -> Tag:
    """Bring an archived tag back. Raises ``Forbidden``, ``Unknown``."""
    return _put_away(home, log, operator, tag_id, is_archived=False, now=now)


def give(
    home: Home,
    log: Store,
    operator: Operator,
    tag_id: int,
    *,
    now: datetime,
    segment_id: int | None = None,
    members: Sequence[int] = (),
    reason: str = "",
) -> Written:
    """Give a static tag to the members of a segment, or to these members, as far as the operator may see them; all or none.

    Raises ``Forbidden``, ``Unknown``, ``InvalidTag``, and what the segment's conditions refuse.
    """
    who = _who(home, operator, segment_id, members, now)
    return _handed(home, log, operator, tag_id, "tag.given", who, reason, now)


def take(
    home: Home,
    log: Store,
    operator: Operator,
    tag_id: int,
    *,
    now: datetime,
    segment_id: int | None = None,
    members: Sequence[int] = (),
    reason: str = "",
) -> Written:
    """Take a static tag from those of them who have it. Raises as ``give``."""
    who = _who(home, operator, segment_id, members, now)
    return _handed(home, log, operator, tag_id, "tag.taken", who, reason, now)


def undo(home: Home, log: Store, operator: Operator, write_id: int, *, now: datetime) -> Written:
    """Take a tag from those whom a change gave it, who have had it since, and whom no other change that stands gave it too. Raises ``Unknown``, ``Forbidden`` (also where some of
    them are outside the operator's scope), and ``InvalidTag`` for what gave nothing and what was taken back already."""
    operator.require("segment.write")
    with home.store.reading() as session:
        given = tags.written(session, write_id)
        reached = tags.written_to(session, write_id)
        is_by_hand = tags.one(session, given.tag_id).kind == "static"
    if given.action != "given" or not is_by_hand:
        raise InvalidTag("Only what somebody gave can be taken back.", reason="undo")
    _refuse_beyond(home, operator, reached)
    with audit.told(home.store, log) as (session, logged):
        tags.take_turn(session, given.tag_id)
        if tags.undone_by(session, write_id) is not None:
            raise InvalidTag("This was taken back already.", reason="undone")
        who = tags.lost_without(session, write_id)
        row = tags.take(session, given.tag_id, who, by=operator.name, now=now, reason=given.reason, undoes_id=write_id)
        written = Written(row.id, row.member_count, len(reached) - row.member_count)
        details = {"tag": tags.one(session, given.tag_id).name, "members": row.member_count, "write": write_id}
        tell(logged, home, operator, "tag.undone", ("tag", given.tag_id), details, now)
    return written


def undoing(home: Home, operator: Operator, write_id: int) -> Undoing:
    """What an undo of a change would do now. Raises ``Unknown``, and ``Forbidden`` as ``undo``."""
    operator.require("segment.write")
    with home.store.reading() as session:
        tags.written(session, write_id)
        reached = tags.written_to(session, write_id)
        held, lost = tags.held_since(session, write_id), tags.lost_without(session, write_id)
    _refuse_beyond(home, operator, reached)
    return Undoing(len(lost), len(held) - len(lost))


def members_of(home: Home, operator: Operator, tag_id: int, *, now: datetime) -> list[int]:
    """``member_id`` of who has a tag now, within the operator's scope, ascending. Raises ``Forbidden``, ``Unknown``, and what the
    conditions of a rule refuse."""
    operator.require("people.see")
    with reading(home, now=now) as lake:
        found = lake.of_tag(tag_id).tolist()
    return within(home, operator.scope, found)


def listed(home: Home, operator: Operator, *, now: datetime, is_archived: bool = False) -> list[Named]:
    """Tags in use by name; or those that were put away. Raises ``Forbidden``."""
    operator.require("customers.see")
    with home.store.reading() as session:
        counts = tags.counts(session, now)
        is_covered = covers(home, operator)
        return [_seen(tag, operator, counts, is_covered) for tag in tags.listed(session, is_archived=is_archived)]


def changes(home: Home, operator: Operator, tag_id: int) -> list[Change]:
    """Every change of a tag, newest first. Raises ``Forbidden``, ``Unknown``."""
    operator.require("customers.see")
    with home.store.reading() as session:
        kind, rows = tags.one(session, tag_id).kind, tags.writes(session, tag_id)
        named = tags.named(session, tag_id)
        told = None if operator.scope.sees_all else tags.all_written_to(session, tag_id)
    undone = {row.undoes_id for row in rows}
    seen, reached = (
        ({row.id: row.member_count for row in rows}, named) if told is None else _seen_of(home, operator, told)
    )
    may = operator.can("segment.write") and kind == "static"
    return [
        Change(
            row.id, row.action, seen.get(row.id, 0), row.by, row.at, row.reason, row.undoes_id, row.id in undone,
            may and row.action == "given" and row.id not in undone and 0 < reached.get(row.id, 0) == named[row.id],
        )
        for row in rows
    ]  # fmt: skip


def _seen_of(
    home: Home, operator: Operator, told: tuple[Sequence[int], Sequence[int], Sequence[bool]]
) -> tuple[dict[int, int], dict[int, int]]:
    """How many of the members whom each change changed, and of those whom it changed or gave the tag again, the operator may see;
    changes without any are left out."""
    changed, members, again = (np.asarray(column, np.int64) for column in told)
    is_seen = are_within(home, operator.scope, members)

    def counts(which: Array) -> dict[int, int]:
        numbers, counted = np.unique(changed[which], return_counts=True)
        return dict(zip(numbers.tolist(), counted.tolist(), strict=True))

    return counts(is_seen & (again == 0)), counts(is_seen)


def expire(home: Home, *, now: datetime) -> int:
    """Clear away what has ended, and write it into the history. Returns how many members lost a tag."""
    with home.store.reading() as session:
        if tags.last_end(session, now) is None:
            return 0
    with home.store.transaction() as session:
        return tags.expire(session, now)


def refresh_all(home: Home, *, now: datetime, on: str | None = None) -> Refreshed:
    """Count the rules whose count is of another version of the lake, or older than a day, so that histories tell who got them and
    lost them. ``on``: instead those with a condition of this kind, however new. One that is refused stops no other."""
    version = home.lake.manifests.latest().version
    with home.store.reading() as session:
        rules = [tag for tag in tags.listed(session) if tag.tree is not None]
    taken, refused = 0, {}
    for tag in rules:
        if not (is_due(tag, version, now) if on is None else stands_on(tag.tree, on)):
            continue
        try:
            with reading(home, now=now) as lake:
                found = Fitting(lake.of_tag(tag.id).tolist(), lake.snapshot.version)
            with home.store.transaction() as session:
                _count(session, tag, found, now)
            taken += 1
        except Refusal as refusal:
            refused[tag.name] = refusal.code
    return Refreshed(taken, refused)


# -- one by one --------------------------------------------------------------------------------------------------------


def _who(
    home: Home, operator: Operator, segment_id: int | None, members: Sequence[int], now: datetime
) -> tuple[list[int], Population]:
    """Those of a segment or of these members whom the operator may see, ascending, and who is who."""
    operator.require("segment.write")
    if segment_id is None:
        wanted = within(home, operator.scope, members)
        with home.lake.open() as snapshot:
            return wanted, population.of(snapshot)
    with reading(home, Filters(segment=segment_id), operator.scope, now=now) as lake:
        assert lake.allowed is not None
        found = lake.snapshot.stream(lake.allowed.select("member_id"))["member_id"]
        return sorted(found.tolist()), population.of(lake.snapshot)


def _handed(
    home: Home,
    log: Store,
    operator: Operator,
    tag_id: int,
    action: str,
    reached: tuple[list[int], Population],
    reason: str,
    now: datetime,
) -> Written:
    who, people = reached
    reason = " ".join(reason.split())
    if len(reason) > LONGEST_REASON:
        raise InvalidTag(f"A reason has at most {LONGEST_REASON} letters.", reason="text", most=LONGEST_REASON)
    with audit.told(home.store, log) as (session, logged):
        tag = tags.one(session, tag_id)
        if tag.kind != "static":
            raise InvalidTag("A rule gives this tag.", reason="given")
        if tag.is_archived and action == "tag.given":
            raise InvalidTag("This tag was archived.", reason="archived")
        tags.take_turn(session, tag_id)
        having = np.array(tags.members(session, tag_id, now), np.int64)
        called = people.current(having)  # they may have become one with others since they got it
        row: TagWrite
        if action == "tag.given":
            end = None if tag.expires_after_days is None else now + timedelta(days=tag.expires_after_days)
            without = np.setdiff1d(who, called).tolist()
            again = having[np.isin(called, who)].tolist()
            row = tags.give(
                session, tag_id, [*without, *again], by=operator.name, now=now, reason=reason, expires_at=end
            )
            changed = row.member_count
        else:
            theirs = np.isin(called, who)
            row = tags.take(session, tag_id, having[theirs].tolist(), by=operator.name, now=now, reason=reason)
            changed = len(np.unique(called[theirs]))
        written = Written(row.id, changed, len(who) - changed)
        details = {"tag": tag.name, "members": row.member_count, "reason": reason, "write": row.id}
        tell(logged, home, operator, action, ("tag", tag_id), details, now)
    return written


def _refuse_beyond(home: Home, operator: Operator, reached: Sequence[int]) -> None:
    if not are_within(home, operator.scope, np.asarray(reached, np.int64)).all():
        raise Forbidden("It reaches beyond your units.", permission="segment.write", role=operator.role)


def _put_away(home: Home, log: Store, operator: Operator, tag_id: int, *, is_archived: bool, now: datetime) -> Tag:
    operator.require("segment.write")

    def write(session: Session) -> Tag:
        take_turn(session)
        known = tags.one(session, tag_id)
        require_within(home, operator, known.units)
        used = users(session, ("tag", tag_id)) if is_archived else []
        if used:
            raise TagUsed("Definitions refer to this tag.", names=", ".join(used), name=known.name)
        return tags.put_away(session, tag_id, is_archived=is_archived, by=operator.name, now=now)

    action = "tag.archived" if is_archived else "tag.restored"
    return _told(home, log, operator, action, write, lambda tag: {"name": tag.name}, now)


def _told(
    home: Home,
    log: Store,
    operator: Operator,
    action: str,
    write: Callable[[Session], Tag],
    say: Callable[[Tag], dict[str, Any]],
    now: datetime,
) -> Tag:
    with audit.told(home.store, log) as (session, logged):
        tag = write(session)
        tell(logged, home, operator, action, ("tag", tag.id), say(tag), now)
        return tags.one(session, tag.id)


def _count(session: Session, tag: Tag, found: Fitting | None, now: datetime) -> None:
    if found is not None:
        tags.measured(session, tag.id, found.members, revision=tag.revision, lake_version=found.version, now=now)


def _seen(tag: Tag, operator: Operator, counts: dict[int, int], covered: Covers) -> Named:
    is_covered = covered(tag.units)
    counted = counts.get(tag.id, 0) if tag.kind == "static" else tag.member_count
    return Named(
        tag.id, tag.name, tag.kind, tag.tree, tag.owner, tag.source, tag.expires_after_days, tag.revision,
        counted if operator.scope.sees_all or (is_covered and tag.kind != "static") else None, tag.counted_at,
        tag.created_at, tag.changed_by, tag.changed_at, is_covered and operator.can("segment.write"),
    )  # fmt: skip


def _described(tag: Tag) -> dict[str, Any]:
    return {
        "name": tag.name, "kind": tag.kind, "tree": tag.tree, "expires_after_days": tag.expires_after_days,
        "revision": tag.revision,
    }  # fmt: skip


def _tidy(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidTag(f"A tag needs a name of 1 to {LONGEST_NAME} letters.", reason="name", most=LONGEST_NAME)
    return name


def _rule(home: Home, kind: str, tree: object) -> Node | None:
    if (kind == "static") != (tree is None):
        raise InvalidTag("A static tag has no rule, the others need one.", reason="rule")
    if tree is None:
        return None
    node = language.parse(tree)
    with home.store.reading() as session:
        every = [node, *(one for one in led_to(session, node).values() if one is not None)]
    predicts = any(_predicts(leaf) for one in every for leaf in language.leaves(one))
    if kind == "behavioural" and predicts:
        raise InvalidTag("A behavioural tag tells what people did: scores make it a predicted one.", reason="score")
    if kind == "predicted" and not predicts:
        raise InvalidTag(
            "A predicted tag stands on a score or a cluster: without one it is behavioural.", reason="no_score"
        )
    return node


def _predicts(leaf: object) -> bool:
    return isinstance(leaf, Score) or (isinstance(leaf, OneOf) and leaf.kind == "cluster")


def _refuse_days(kind: str, days: int | None) -> None:
    if days is None:
        return
    if kind != "static" or not 1 <= days <= LONGEST_DAYS:
        raise InvalidTag(f"A static tag holds for 1 to {LONGEST_DAYS} days.", reason="days", most=LONGEST_DAYS)
