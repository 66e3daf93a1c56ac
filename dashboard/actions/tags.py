"""Making tags, changing them, giving them to people and taking them back."""

from collections.abc import Sequence

from core.store.tables import Tag
from core.work import tags
from core.work.tags import LONGEST_DAYS, LONGEST_NAME, LONGEST_REASON, Written
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import wiring

__all__ = [
    "LONGEST_DAYS", "LONGEST_NAME", "LONGEST_REASON", "archive", "change", "create", "give", "restore", "take", "undo",
]  # fmt: skip


def create(name: str, kind: str, *, definition: object = None, expires_after_days: int | None = None) -> Tag:
    """A new tag: ``static``, or a rule. Raises ``Forbidden``, ``InvalidTag``, ``TagTaken``, ``InvalidSegment``, and what the
    conditions of a rule refuse."""
    operator = guard.require("segment.write")
    log, now = wiring.accounts_store(), wiring.now()
    return tags.create(
        worlds.home(), log, operator, name, kind, tree=definition, expires_after_days=expires_after_days, now=now
    )


def change(
    tag_id: int,
    revision: int,
    *,
    name: str | None = None,
    definition: object = None,
    expires_after_days: int | None = None,
) -> Tag:
    """Another name, rule (None = as they are) or duration for the tag that was read at ``revision``. Raises ``Forbidden``, ``Unknown``,
    ``InvalidTag``, ``TagTaken``, ``TagChanged``, ``InvalidSegment``."""
    operator = guard.require("segment.write")
    return tags.change(
        worlds.home(), wiring.accounts_store(), operator, tag_id, revision=revision, name=name, tree=definition,
        expires_after_days=expires_after_days, now=wiring.now(),
    )  # fmt: skip


def archive(tag_id: int) -> Tag:
    """Put it away. Raises ``Forbidden``, ``Unknown``, and ``TagUsed`` while definitions refer to it."""
    operator = guard.require("segment.write")
    return tags.archive(worlds.home(), wiring.accounts_store(), operator, tag_id, now=wiring.now())


def restore(tag_id: int) -> Tag:
    """Bring it back. Raises ``Forbidden``, ``Unknown``."""
    operator = guard.require("segment.write")
    return tags.restore(worlds.home(), wiring.accounts_store(), operator, tag_id, now=wiring.now())


def give(tag_id: int, *, segment_id: int | None = None, members: Sequence[int] = (), reason: str = "") -> Written:
    """Give a static tag to a segment's members or to these. Raises ``Forbidden``, ``Unknown``, ``InvalidTag``, and what the
    segment's conditions refuse."""
    operator = guard.require("segment.write")
    return tags.give(
        worlds.home(), wiring.accounts_store(), operator, tag_id, segment_id=segment_id, members=members, reason=reason,
        now=wiring.now(),
    )  # fmt: skip


def take(tag_id: int, *, segment_id: int | None = None, members: Sequence[int] = (), reason: str = "") -> Written:
    """Take a static tag from them. Raises as ``give``."""
    operator = guard.require("segment.write")
    return tags.take(
        worlds.home(), wiring.accounts_store(), operator, tag_id, segment_id=segment_id, members=members, reason=reason,
        now=wiring.now(),
    )  # fmt: skip


def undo(write_id: int) -> Written:
    """Take a tag from exactly those who got it by a change. Raises ``Forbidden``, ``Unknown``, ``InvalidTag``."""
    operator = guard.require("segment.write")
    return tags.undo(worlds.home(), wiring.accounts_store(), operator, write_id, now=wiring.now())
