"""Saving people under a name: as a list, as a snapshot of a definition, or as a definition that is evaluated whenever it is read.

Whoever saves keeps members within their own scope, and the segment remembers that scope (``units``): a live one is who fits its
definition within it. Whoever reads sees of any segment the members within *their* scope. Names are unique in a world, archived
segments included. Whoever may write segments may change any within their scope; one that reaches beyond it is left alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from core.errors import Forbidden, InvalidSegment, Refusal
from core.scope import Operator, Scope
from core.segments import language
from core.segments.language import Leaf, Node, OneOf, Score
from core.sequences.arrays import Array, Int64s
from core.store import audit, segments, tags, topics
from core.store.session import Session, Store
from core.store.tables import Segment, SegmentSize, Tag
from core.work.home import Home
from core.work.questions import population
from core.work.questions import segments as people
from core.work.questions import units as known_units
from core.work.questions.reading import reading

LONGEST_NAME = 60
STALE = timedelta(days=1)
"""A size older than this is taken anew even where the lake stayed as it was: tags end, and other segments change."""
Thing = tuple[str, int]
"""What a definition refers to: ``("segment", 7)`` or ``("tag", 3)``."""


class InvalidName(Refusal):
    """A segment needs a name of 1 to 60 letters."""

    code = "segment.name"


class SegmentUsed(Refusal):
    """The segment is part of other definitions: ``names`` of the segments and tags."""

    code = "segment.used"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of the live segments of a world: how many sizes were taken, and the code of each refusal by name."""

    taken: int
    refused: dict[str, str]


def save_list(
    home: Home,
    log: Store,
    operator: Operator,
    name: str,
    sentence: str,
    members: Sequence[int],
    definition: dict[str, Any],
    version: int,
    *,
    now: datetime,
) -> Segment:
    """Keep these members, as far as the operator may see them. ``definition``: where they came from. ``log``: the store that keeps
    the audit log. Raises ``Forbidden``, ``InvalidName``, ``NameTaken``."""
    operator.require("segment.write")
    name = tidy(name)
    kept = within(home, operator.scope, members)

    def write(session: Session) -> Segment:
        return segments.save(
            session, name, sentence, kept, definition=definition, lake_version=version, by=operator.name, now=now,
            units=own_units(operator),
        )  # fmt: skip

    return _saved(home, log, operator, write, now)


def save_static(
    home: Home, log: Store, operator: Operator, name: str, tree: object, *, now: datetime, sentence: str = ""
) -> Segment:
    """Keep who fits a definition now. Raises ``Forbidden``, ``InvalidName``, ``NameTaken``, ``InvalidSegment``, and what its
    conditions refuse."""
    return _defined(home, log, operator, "static", name, tree, sentence, now)


def save_live(
    home: Home, log: Store, operator: Operator, name: str, tree: object, *, now: datetime, sentence: str = ""
) -> Segment:
    """Keep a definition, and its first size. Raises as ``save_static``."""
    return _defined(home, log, operator, "live", name, tree, sentence, now)


def change(
    home: Home,
    log: Store,
    operator: Operator,
    segment_id: int,
    *,
    revision: int,
    now: datetime,
    name: str | None = None,
    was: str | None = None,
    tree: object = None,
    sentence: str | None = None,
) -> Segment:
    """Give a segment another name, or a live one another definition, and take its size. ``revision``, ``was``: the one, and the name,
    that the asker has seen. What is None stays. Raises ``Forbidden``, ``Unknown``, ``InvalidName``, ``NameTaken``, ``SegmentChanged``,
    ``InvalidSegment``, and what the conditions refuse."""
    operator.require("segment.write")
    with home.store.reading() as session:
        before = segments.one(session, segment_id)
    require_within(home, operator, before.units)
    named = None if name is None else tidy(name)
    node = None if tree is None else language.parse(tree)
    if node is not None and before.kind != "live":
        raise InvalidSegment(
            "Only a live segment has a definition to change.", reason="fixed", path="", kind=before.kind
        )
    found = None if node is None else evaluated(home, before.units, node, now, ("segment", segment_id))
    with audit.told(home.store, log) as (session, logged):
        take_turn(session)
        known = segments.one(session, segment_id)
        if known.is_archived:
            raise segments.SegmentChanged("This segment was archived.", reason="archived", revision=known.revision)
        if known.revision != revision or known.name != (was or known.name):
            raise segments.SegmentChanged("Somebody else changed this segment.", revision=known.revision)
        told = {"name": known.name, "tree": known.tree, "revision": known.revision}
        if node is not None:
            refuse_cycle(session, node, ("segment", segment_id))
        after = segments.change(
            session, known, name=named or known.name, sentence=known.sentence if sentence is None else sentence,
            tree=known.tree if node is None else language.to_json(node), units=known.units, by=operator.name, now=now,
        )  # fmt: skip
        if found is not None:
            segments.measured(
                session, segment_id, found.members, revision=after.revision, lake_version=found.version, now=now
            )
        details = {"before": told, "after": {"name": after.name, "tree": after.tree, "revision": after.revision}}
        tell(logged, home, operator, "segment.changed", ("segment", segment_id), details, now)
        return segments.one(session, segment_id)


def archive(home: Home, log: Store, operator: Operator, segment_id: int, *, now: datetime) -> Segment:
    """Put a segment away: lists leave it out, links to it still show its people. Raises ``Forbidden``, ``Unknown``, and
    ``SegmentUsed`` while other definitions refer to it."""
    return _put_away(home, log, operator, segment_id, is_archived=True, now=now)


def restore(home: Home, log: Store, operator: Operator, segment_id: int, *, now: datetime) -> Segment:
    """Bring an archived segment back. Raises ``Forbidden``, ``Unknown``."""
    return _put_away(home, log, operator, segment_id, is_archived=False, now=now)


def refresh(home: Home, segment_id: int, *, now: datetime) -> SegmentSize | None:
    """Take the size of a live segment now, with who came and left since the one before; None where it did not change since, where
    somebody else has just taken it, and for lists and snapshots, which do not change. Raises ``Unknown`` and what its conditions
    refuse."""
    with home.store.reading() as session:
        known = segments.one(session, segment_id)
    if known.kind != "live":
        return None
    with reading(home, now=now) as lake:
        found, version = lake.of_segment(segment_id), lake.snapshot.version
    with home.store.transaction() as session:
        return segments.measured(
            session, segment_id, found.tolist(), revision=known.revision, lake_version=version, now=now
        )


def refresh_all(home: Home, *, now: datetime, on: str | None = None) -> Refreshed:
    """Take the sizes that are of another version of the lake, or older than a day. ``on``: instead those of segments with a condition of
    this kind, as ``cluster`` or ``score`` (of the models of leaving and buying), however new. One that is refused stops no other."""
    version = home.lake.manifests.latest().version
    with home.store.reading() as session:
        live = [one for one in segments.listed(session) if one.kind == "live"]
    taken, refused = 0, {}
    for one in live:
        if not (is_due(one, version, now) if on is None else stands_on(one.tree, on)):
            continue
        try:
            refresh(home, one.id, now=now)
            taken += 1
        except Refusal as refusal:
            refused[one.name] = refusal.code
    return Refreshed(taken, refused)


def is_due(one: Segment | Tag, version: int, now: datetime) -> bool:
    """Whether its size is of another version of the lake, or older than a day."""
    return one.lake_version != version or one.counted_at is None or one.counted_at <= now - STALE


def stands_on(tree: dict[str, Any] | None, kind: str) -> bool:
    """Whether a definition has a condition of a kind."""
    return tree is not None and any(_is_on(one, kind) for one in language.leaves(language.parse(tree)))


def _is_on(leaf: Leaf, kind: str) -> bool:
    if isinstance(leaf, Score):
        return kind == "score" and leaf.name in (*language.MODEL_CHANCES, *language.MODEL_TOPS)
    return isinstance(leaf, OneOf) and leaf.kind == kind


def moved(home: Home, operator: Operator, segment_id: int, at: datetime) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Members who had come and who had left by the size of ``at``, within the operator's scope. Raises ``Forbidden``, ``Unknown``."""
    operator.require("people.see")
    with home.store.reading() as session:
        segments.one(session, segment_id)
        added, left = segments.moves(session, segment_id, at)
    return tuple(within(home, operator.scope, added)), tuple(within(home, operator.scope, left))


# -- shared with tags --------------------------------------------------------------------------------------------------


def tell(
    logged: Session, home: Home, operator: Operator, action: str, thing: Thing, details: dict[str, Any], now: datetime
) -> None:
    """One entry of the audit log about a segment or tag."""
    audit.append(logged, operator, action, f"{thing[0]}:{thing[1]}", details | {"world": home.world}, now=now)


@dataclass(frozen=True, slots=True, eq=False)
class Fitting:
    """Who fits a definition at a version of the lake."""

    members: list[int]
    version: int


def tidy(name: str) -> str:
    """A name without needless spaces. Raises ``InvalidName``."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidName(f"A segment needs a name of 1 to {LONGEST_NAME} letters.", most=LONGEST_NAME)
    return name


Covers = Callable[[Sequence[str] | None], bool]


def covers(home: Home, operator: Operator) -> Covers:
    """Says of units (None = all) whether the operator may see all that was saved in their scope: they are theirs, or below theirs."""
    if operator.scope.units is None:
        return lambda _units: True
    with home.lake.open() as snapshot:
        mine = known_units.within(snapshot, operator.scope.units)
    return lambda units: units is not None and mine.issuperset(units)


def require_within(home: Home, operator: Operator, units: Sequence[str] | None) -> None:
    """Raises ``Forbidden`` for what reaches beyond the operator's scope."""
    if not covers(home, operator)(units):
        raise Forbidden("It reaches beyond your units.", permission="segment.write", role=operator.role)


def take_turn(session: Session) -> None:
    """Whoever changes what definitions refer to takes turns: two who refer to each other at once would make a circle."""
    topics.bump(session, segments.TOPIC)


def refuse_cycle(session: Session, node: Node, thing: Thing) -> None:
    """Raises ``InvalidSegment`` (reason ``cycle``) when a definition leads back to what it defines, and ``Unknown``."""
    if thing in led_to(session, node):
        raise InvalidSegment("The definition leads back to itself.", reason="cycle", path="where", kind=thing[0])


def led_to(session: Session, node: Node) -> dict[Thing, Node | None]:
    """What a definition refers to, what that refers to, and so on, each with its own definition; null where members are kept. Raises
    ``Unknown``."""
    waiting: list[Thing] = list(_referred(node))
    found: dict[Thing, Node | None] = {}
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        tree = _rule(session, one)
        rule = found[one] = None if tree is None else language.parse(tree)
        if rule is not None:
            waiting += _referred(rule)
    return found


def _rule(session: Session, thing: Thing) -> dict[str, Any] | None:
    """The definition that says who is in it now; None where members are kept."""
    if thing[0] == "tag":
        return tags.one(session, thing[1]).tree
    found = segments.one(session, thing[1])
    return found.tree if found.kind == "live" else None


def users(session: Session, thing: Thing) -> list[str]:
    """Names of the live segments and rules in use that refer to a segment or tag, in the order of names."""
    return _named(session, lambda tree: thing in _referred(language.parse(tree)))


def users_of(session: Session, kind: str) -> list[str]:
    """The same of those with a condition of a kind, as ``cluster``."""
    return _named(session, lambda tree: stands_on(tree, kind))


def _named(session: Session, is_meant: Callable[[dict[str, Any]], bool]) -> list[str]:
    live: list[Segment | Tag] = [one for one in segments.listed(session) if one.kind == "live"]
    rules: list[Segment | Tag] = [one for one in tags.listed(session) if one.tree is not None]
    return sorted(one.name for one in live + rules if one.tree and is_meant(one.tree))


def evaluated(
    home: Home, units: Sequence[str] | None, node: Node, now: datetime, thing: Thing | None = None
) -> Fitting:
    """Who fits a definition within units. ``thing``: what it is to define. Raises what its conditions refuse."""
    with home.store.reading() as session:
        refuse_cycle(session, node, thing or ("", 0))
    scope = Scope(None if units is None else frozenset(units))
    with reading(home, scope=scope, now=now) as lake:
        return Fitting(people.member_ids(lake, node).tolist(), lake.snapshot.version)


def _referred(node: Node) -> set[Thing]:
    named = (leaf for leaf in language.leaves(node) if isinstance(leaf, OneOf) and leaf.kind in ("segment", "tag"))
    return {(leaf.kind, int(value)) for leaf in named for value in leaf.values}


# -- one by one --------------------------------------------------------------------------------------------------------


def _defined(
    home: Home, log: Store, operator: Operator, kind: str, name: str, tree: object, sentence: str, now: datetime
) -> Segment:
    operator.require("segment.write")
    name, node = tidy(name), language.parse(tree)
    found = evaluated(home, own_units(operator), node, now)

    def write(session: Session) -> Segment:
        return segments.save(
            session, name, sentence, found.members, definition={"kind": "definition"}, lake_version=found.version,
            by=operator.name, now=now, kind=kind, tree=language.to_json(node), units=own_units(operator),
        )  # fmt: skip

    return _saved(home, log, operator, write, now)


def _saved(home: Home, log: Store, operator: Operator, write: Callable[[Session], Segment], now: datetime) -> Segment:
    with audit.told(home.store, log) as (session, logged):
        segment = write(session)
        details = {"name": segment.name, "kind": segment.kind, "members": segment.member_count, "tree": segment.tree}
        tell(logged, home, operator, "segment.saved", ("segment", segment.id), details, now)
    return segment


def _put_away(
    home: Home, log: Store, operator: Operator, segment_id: int, *, is_archived: bool, now: datetime
) -> Segment:
    operator.require("segment.write")
    with audit.told(home.store, log) as (session, logged):
        take_turn(session)
        known = segments.one(session, segment_id)
        require_within(home, operator, known.units)
        used = users(session, ("segment", segment_id)) if is_archived else []
        if used:
            raise SegmentUsed("Other definitions refer to this segment.", names=", ".join(used), name=known.name)
        segments.put_away(session, segment_id, is_archived=is_archived, by=operator.name, now=now)
        action = "segment.archived" if is_archived else "segment.restored"
        tell(logged, home, operator, action, ("segment", segment_id), {"name": known.name}, now)
    return known


def own_units(operator: Operator) -> list[str] | None:
    """The scope that what they save remembers; None = all units."""
    return None if operator.scope.units is None else sorted(operator.scope.units)


def within(home: Home, scope: Scope, members: Sequence[int]) -> list[int]:
    """Those of the members in scope, ascending, each once."""
    found: Int64s = np.unique(np.asarray(members, np.int64))
    return found[are_within(home, scope, found)].tolist()


def are_within(home: Home, scope: Scope, members: Int64s) -> Array:
    """Of each of the members whether those whom they are part of by now are in scope."""
    if scope.sees_all:
        return np.ones(len(members), bool)
    with reading(home, scope=scope) as lake:
        assert lake.allowed is not None
        seen = lake.snapshot.stream(lake.allowed.select("member_id"))["member_id"]
        return np.isin(population.of(lake.snapshot).current(members), seen)
