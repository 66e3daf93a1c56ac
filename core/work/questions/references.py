"""What definitions refer to by number: segments and tags, as the store of a world holds them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np

from core.sequences.arrays import Int64s, frozen
from core.store import choices, scores, segments, tags, topics
from core.store.session import Session, Store
from core.store.tables import ScoreModel

TOPICS = (segments.TOPIC, tags.TOPIC, scores.TOPIC)
KEPT = 64
"""Sets of members that are kept, those asked for last. Ten thousand members take 80 KB, a million 8 MB."""
_kept: OrderedDict[Hashable, Int64s] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Referred:
    """A segment or tag. ``tree``: its definition, which says who is in it now, within the ``units`` of whoever saved it (null = all);
    else ``members`` says it, ``member_id`` ascending."""

    tree: dict[str, Any] | None
    members: Int64s
    units: tuple[str, ...] | None = None


class References:
    """The segments and tags of a store, at ``now``: a tag that ended before it is had by nobody."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store = store
        self.now = now

    @cached_property
    def key(self) -> Hashable:
        """Changes whenever any segment or tag does, and whenever a tag ends for somebody."""
        with self._store.reading() as session:
            return self._store.url, topics.revisions(session, TOPICS), tags.last_end(session, self.now)

    def segment(self, segment_id: int) -> Referred:
        """Raises ``Unknown``."""
        with self._store.reading() as session:
            found = segments.one(session, segment_id)
            if found.kind == "live":
                return Referred(found.tree, NOBODY, None if found.units is None else tuple(found.units))
            return Referred(None, self._members(("segment", segment_id), session, _of_segment(segment_id)))

    def tag(self, tag_id: int) -> Referred:
        """Raises ``Unknown``."""
        with self._store.reading() as session:
            found = tags.one(session, tag_id)
            if found.kind != "static":
                return Referred(found.tree, NOBODY, None if found.units is None else tuple(found.units))
            return Referred(None, self._members(("tag", tag_id), session, self._of_tag(tag_id)))

    @cached_property
    def score_models(self) -> tuple[ScoreModel, ...]:
        """The models of scores that are live."""
        with self._store.reading() as session:
            return tuple(scores.all_live(session))

    def choice(self, name: str) -> Any:
        """What the house chose under a name; None where it chose nothing."""
        with self._store.reading() as session:
            return choices.read(session, name)

    def _of_tag(self, tag_id: int) -> Callable[[Session], tuple[int, ...]]:
        return lambda session: tags.members(session, tag_id, self.now)

    def _members(self, which: tuple[str, int], session: Session, read: Callable[[Session], tuple[int, ...]]) -> Int64s:
        return kept((self.key, *which), lambda: frozen(np.array(read(session), np.int64), np.int64))


NOBODY: Int64s = frozen(np.empty(0, np.int64), np.int64)


def _of_segment(segment_id: int) -> Callable[[Session], tuple[int, ...]]:
    return lambda session: segments.members(session, segment_id)


def kept(key: Hashable, find: Callable[[], Int64s]) -> Int64s:
    """Members found before for this key, which says all there is to say; else found now."""
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    found = find()
    with _lock:
        _kept[key] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def forget() -> None:
    """Forget all members, as a process that begins."""
    with _lock:
        _kept.clear()
