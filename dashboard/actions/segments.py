"""Keeping people under a name: lists, snapshots and live definitions; changing them and putting them away."""

from collections.abc import Sequence
from typing import Any

from core.store.tables import Segment
from core.work import segments
from core.work.segments import LONGEST_NAME, InvalidName
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import wiring

__all__ = ["LONGEST_NAME", "InvalidName", "archive", "change", "restore", "save", "save_live", "save_static"]


def save(name: str, sentence: str, members: Sequence[int], definition: dict[str, Any], version: int) -> int:
    """Keep the members as they are now; returns the segment's number. Raises ``Forbidden``, ``InvalidName`` and ``NameTaken``."""
    operator = guard.require("segment.write")
    log, now = wiring.accounts_store(), wiring.now()
    return segments.save_list(worlds.home(), log, operator, name, sentence, members, definition, version, now=now).id


def save_live(name: str, definition: object, sentence: str = "") -> Segment:
    """Keep a definition. Raises ``Forbidden``, ``InvalidName``, ``NameTaken``, ``InvalidSegment``, and what its conditions refuse."""
    operator = guard.require("segment.write")
    log, now = wiring.accounts_store(), wiring.now()
    return segments.save_live(worlds.home(), log, operator, name, definition, sentence=sentence, now=now)


def save_static(name: str, definition: object, sentence: str = "") -> Segment:
    """Keep who fits a definition now. Raises as ``save_live``."""
    operator = guard.require("segment.write")
    log, now = wiring.accounts_store(), wiring.now()
    return segments.save_static(worlds.home(), log, operator, name, definition, sentence=sentence, now=now)


def change(
    segment_id: int,
    revision: int,
    *,
    name: str | None = None,
    was: str | None = None,
    definition: object = None,
    sentence: str | None = None,
) -> Segment:
    """Another name or definition for the segment that was read at ``revision``, when its name was ``was``; what is None stays. Raises ``Forbidden``,
    ``Unknown``, ``InvalidName``, ``NameTaken``, ``SegmentChanged``, ``InvalidSegment``, and what its conditions refuse."""
    operator = guard.require("segment.write")
    return segments.change(
        worlds.home(), wiring.accounts_store(), operator, segment_id, revision=revision, name=name, was=was,
        tree=definition, sentence=sentence, now=wiring.now(),
    )  # fmt: skip


def archive(segment_id: int) -> Segment:
    """Put it away. Raises ``Forbidden``, ``Unknown``, and ``SegmentUsed`` while others refer to it."""
    operator = guard.require("segment.write")
    return segments.archive(worlds.home(), wiring.accounts_store(), operator, segment_id, now=wiring.now())


def restore(segment_id: int) -> Segment:
    """Bring it back. Raises ``Forbidden``, ``Unknown``."""
    operator = guard.require("segment.write")
    return segments.restore(worlds.home(), wiring.accounts_store(), operator, segment_id, now=wiring.now())
