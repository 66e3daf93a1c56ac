"""How well people are recognised, who is who, and what was decided about it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.store import topics
from core.store.session import Store
from core.store.tables import IdentityDecision
from core.work import disclosures, identities, identity_decisions
from core.work.questions import identities as question
from core.work.questions.identities import Member, Overview
from dashboard.data.ground import Ground, stand
from dashboard.web import kept

__all__ = [
    "Decision",
    "Member",
    "Overview",
    "decisions",
    "key",
    "limits",
    "masks",
    "member",
    "overview",
    "zone",
]

PERMISSION = "identity.see"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision, the newest first. ``is_standing``: it was not undone and is no undo itself."""

    decision_id: int
    kind: str
    left: str
    right: str
    reason: str
    by: str
    at: datetime
    is_standing: bool


def overview() -> Overview:
    """Raises ``Forbidden``."""
    return _overview(key=key(), _ground=stand(PERMISSION))


def member(member_id: int) -> Member:
    """Raises ``Forbidden``, and ``Unknown`` for a member who does not exist or belongs to none of the reader's units."""
    ground = stand(PERMISSION)
    with ground.open() as lake:
        return question.member(ground.home, lake, member_id)


def masks(identity_keys: list[int]) -> dict[int, str]:
    """Masked values of identities that the reader was shown by one of the other reads."""
    ground = stand(PERMISSION)
    store, name = ground.home.store, ("masks", *identity_keys)
    return kept.while_unwritten(store, name, lambda: disclosures.shown(ground.home, ground.operator, identity_keys))


def sees_everybody() -> bool:
    """Identities that were left out belong to nobody's unit: only whoever sees all units may see their values."""
    return stand(PERMISSION).operator.scope.sees_all


def decisions() -> list[Decision]:
    """Everything that persons decided."""
    ground = stand(PERMISSION)
    name = ("decisions", ground.operator.scope.sees_all)
    return kept.while_unwritten(ground.home.store, name, lambda: _decisions(ground))


def _decisions(ground: Ground) -> list[Decision]:
    with ground.home.store.reading() as session:
        standing = {row.id for row in identities.standing(session)}
        rows = list(session.scalars(select(IdentityDecision).order_by(IdentityDecision.id.desc())))
    keys = {key for row in rows for key in (row.left_key, row.right_key) if key is not None}
    shown = disclosures.shown(ground.home, ground.operator, keys) if ground.operator.scope.sees_all else {}
    return [
        Decision(
            row.id, row.kind, shown.get(row.left_key, ""), shown.get(row.right_key or 0, ""), row.reason, row.by, row.at,
            row.id in standing,
        )
        for row in rows
    ]  # fmt: skip


def limits() -> dict[str, int]:
    store = stand(PERMISSION).home.store
    return kept.while_unwritten(store, "limits", lambda: _limits(store))


def _limits(store: Store) -> dict[str, int]:
    with store.reading() as session:
        return identities.limits(session)


def zone() -> str:
    return stand(PERMISSION).home.settings.zone


def key() -> str:
    """Changes whenever the overview could, and tables made from it."""
    ground = stand(PERMISSION)
    store, topic = ground.home.store, identity_decisions.TOPIC
    return f"{ground.key}|{kept.while_unwritten(store, topic, lambda: _revision(store, topic))}"


def _revision(store: Store, topic: str) -> int:
    with store.reading() as session:
        return topics.revision(session, topic)


@kept.by_key(8)
def _overview(key: str, _ground: Ground) -> Overview:  # noqa: ARG001 - what it is cached by
    with _ground.open() as lake:
        return question.overview(lake)
