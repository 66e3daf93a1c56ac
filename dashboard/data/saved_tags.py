"""Tags: what each is, how many have it now, and every change of it."""

from typing import Any

from core.errors import Unknown
from core.work import segments as work_segments
from core.work import tags as work
from core.work.tags import LONGEST_DAYS, LONGEST_NAME, LONGEST_REASON, SOURCES, Change, Named, Undoing
from dashboard.data.ground import stand
from dashboard.web import kept, wiring

__all__ = [
    "LONGEST_DAYS", "LONGEST_NAME", "LONGEST_REASON", "SEE", "SOURCES", "Change", "Named", "Undoing", "listed", "one", "undoing", "used_by", "whole",
    "writes",
]  # fmt: skip

SEE = "customers.see"


def listed(*, archived: bool = False) -> list[Named]:
    """Those in use by name, or those put away. Raises ``Forbidden``."""
    ground = stand(SEE)
    return work.listed(ground.home, ground.operator, now=wiring.now(), is_archived=archived)


def one(tag_id: int) -> Named:
    """One of those in use. Raises ``Forbidden``, ``Unknown``."""
    found = next((tag for tag in listed() if tag.tag_id == tag_id), None)
    if found is None:
        raise Unknown("tag", str(tag_id))
    return found


def whole(tag_id: int) -> dict[str, Any]:
    """A definition of exactly those who have it, within the scope of whoever asks."""
    return {"v": 1, "where": {"tag": [tag_id]}}


def used_by(tag_id: int) -> list[str]:
    """Names of the segments and tags whose definitions refer to it. Raises ``Forbidden``."""
    ground = stand(SEE)
    with ground.home.store.reading() as session:
        return work_segments.users(session, ("tag", tag_id))


def writes(tag_id: int) -> list[Change]:
    """Every change, the newest first, with counts of those whom the asker may see. Raises ``Forbidden``, ``Unknown``."""
    ground = stand(SEE)
    name = ("tag writes", tag_id, ground.operator, ground.version)
    return kept.while_unwritten(ground.home.store, name, lambda: work.changes(ground.home, ground.operator, tag_id))


def undoing(write_id: int) -> Undoing:
    """What an undo of a change would do now. Raises ``Forbidden``, ``Unknown``."""
    ground = stand("segment.write")
    name = ("tag undoing", write_id, ground.operator, ground.version)
    return kept.while_unwritten(ground.home.store, name, lambda: work.undoing(ground.home, ground.operator, write_id))
