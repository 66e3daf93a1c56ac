"""Tags: what each is, how many have it now, and every change of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import Unknown
from core.store import tags
from core.work import segments as work_segments
from core.work import tags as work
from core.work.tags import LONGEST_DAYS, LONGEST_NAME, LONGEST_REASON, Named
from dashboard.data.ground import stand
from dashboard.web import wiring

__all__ = [
    "LONGEST_DAYS", "LONGEST_NAME", "LONGEST_REASON", "SEE", "Named", "Write", "listed", "one", "used_by", "whole", "writes",
]  # fmt: skip

SEE = "customers.see"


@dataclass(frozen=True, slots=True)
class Write:
    """One change of a tag. ``undoes_id``: the change it takes back; ``is_undone``: whether one took it back."""

    write_id: int
    action: str
    members: int
    by: str
    at: datetime
    reason: str
    undoes_id: int | None
    is_undone: bool

    @property
    def can_be_undone(self) -> bool:
        return self.action == "given" and self.by != tags.SYSTEM and not self.is_undone


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


def writes(tag_id: int) -> list[Write]:
    """Every change, the newest first. Raises ``Forbidden``, ``Unknown``."""
    ground = stand(SEE)
    with ground.home.store.reading() as session:
        tags.one(session, tag_id)
        rows = tags.writes(session, tag_id)
        undone = {row.undoes_id for row in rows}
        return [
            Write(row.id, row.action, row.member_count, row.by, row.at, row.reason, row.undoes_id, row.id in undone)
            for row in rows
        ]
