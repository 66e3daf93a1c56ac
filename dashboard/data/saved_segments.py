"""Segments that were saved: what each is, how many it had, who came and left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.store import segments
from core.store.tables import Segment, SegmentSize
from core.work import segments as work
from core.work.home import Home
from core.work.segments import LONGEST_NAME
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.data.ground import stand
from dashboard.web import kept

__all__ = ["LONGEST_NAME", "SEE", "Saved", "Size", "listed", "one", "standing_on_clusters", "used_by", "whole"]

SEE = "customers.see"


@dataclass(frozen=True, slots=True)
class Size:
    """How many there were at a moment. ``added``, ``left``: since the size before; None at the first of a definition."""

    at: datetime
    members: int
    added: int | None
    left: int | None
    revision: int


@dataclass(frozen=True, slots=True)
class Saved:
    """``tree``: its definition; None for a list, of which ``origin`` says where it came from. ``sizes``: oldest first, None for whoever
    does not see all whom they count.
    ``is_own``: whether the asker may change it: it does not reach beyond their units."""

    segment_id: int
    name: str
    kind: str
    sentence: str
    tree: Mapping[str, Any] | None
    origin: Mapping[str, Any]
    owner: str
    created_at: datetime
    counted_at: datetime | None
    members: int | None
    revision: int
    is_archived: bool
    is_own: bool
    changed_by: str | None
    changed_at: datetime | None
    sizes: tuple[Size, ...] | None

    @property
    def change(self) -> int | None:
        """Since the size before; None where there is none, or another definition was counted."""
        last = self.sizes[-1] if self.sizes else None
        return None if last is None or last.added is None or last.left is None else last.added - last.left


def listed(*, archived: bool = False) -> list[Saved]:
    """Those in use, or those put away, the newest first. Raises ``Forbidden``."""
    ground = stand(SEE)
    home, operator = ground.home, ground.operator

    def ask() -> list[Saved]:
        is_covered = work.covers(home, operator)
        with home.store.reading() as session:
            rows = segments.listed(session, is_archived=archived)
            sizes = {row.id: tuple(map(_size, segments.sizes(session, row.id))) for row in rows}
            return [_saved(row, sizes[row.id], is_covered(row.units)) for row in rows]

    return kept.while_unwritten(home.store, ("segments", archived, operator, ground.version), ask)


def one(segment_id: int) -> Saved:
    """Archived ones as well. Raises ``Forbidden``, ``Unknown``."""
    ground = stand(SEE)
    with ground.home.store.reading() as session:
        row = segments.one(session, segment_id)
        return _saved(
            row,
            tuple(map(_size, segments.sizes(session, segment_id))),
            work.covers(ground.home, ground.operator)(row.units),
        )


def whole(segment_id: int) -> dict[str, Any]:
    """A definition of exactly its people, within the scope of whoever asks."""
    return {"v": 1, "where": {"segment": [segment_id]}}


def used_by(segment_id: int) -> list[str]:
    """Names of the segments and tags whose definitions refer to it. Raises ``Forbidden``."""
    home: Home = worlds.home()
    guard.require(SEE)
    with home.store.reading() as session:
        return work.users(session, ("segment", segment_id))


def standing_on_clusters() -> list[str]:
    """Names of the segments and tags with a condition on clusters. Raises ``Forbidden``."""
    home: Home = worlds.home()
    guard.require(SEE)
    with home.store.reading() as session:
        return work.users_of(session, "cluster")


def _saved(row: Segment, sizes: tuple[Size, ...], is_covered: bool) -> Saved:
    return Saved(
        row.id, row.name, row.kind, row.sentence, row.tree, row.definition, row.owner or row.created_by, row.created_at, row.counted_at,
        row.member_count if is_covered else None, row.revision, row.is_archived, is_covered, row.changed_by, row.changed_at,
        sizes if is_covered else None,
    )  # fmt: skip


def _size(row: SegmentSize) -> Size:
    return Size(row.at, row.member_count, row.added_count, row.left_count, row.revision)
