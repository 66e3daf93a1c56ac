"""What the house says of rules of warnings, as rows: a revision is never changed, the newest of a key stands."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from core.errors import RuleChanged, Unknown
from core.store import topics
from core.store.risk_tables import RiskRule
from core.store.session import Session, insert_new

TOPIC = "risk"


def standing(session: Session, *, with_removed: bool = False) -> list[RiskRule]:
    """The newest revision of every key, in the order in which they were first said; of those that were removed only when asked."""
    last, first = func.max(RiskRule.revision), func.min(RiskRule.id)
    said = select(RiskRule.key, last.label("revision"), first.label("first")).group_by(RiskRule.key).subquery()
    is_newest = (RiskRule.key == said.c.key) & (RiskRule.revision == said.c.revision)
    rows = session.scalars(select(RiskRule).join(said, is_newest).order_by(said.c.first))
    return [row for row in rows if with_removed or not row.is_removed]


def newest(session: Session, key: str) -> RiskRule | None:
    """The newest revision, removed or not; None where nothing was ever said."""
    query = select(RiskRule).where(RiskRule.key == key).order_by(RiskRule.revision.desc()).limit(1)
    return session.scalars(query).one_or_none()


def history(session: Session, key: str) -> list[RiskRule]:
    """All revisions, the newest first."""
    return list(session.scalars(select(RiskRule).where(RiskRule.key == key).order_by(RiskRule.revision.desc())))


def revised(session: Session, key: str, revision: int) -> RiskRule:
    """One revision. Raises ``Unknown``."""
    query = select(RiskRule).where(RiskRule.key == key, RiskRule.revision == revision)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise Unknown("rule", f"{key}, revision {revision}")
    return found


def write(
    session: Session,
    key: str,
    body: Mapping[str, Any],
    *,
    after: int,
    is_removed: bool = False,
    by: str,
    now: datetime,
) -> RiskRule:
    """The next revision, after the one numbered ``after`` (0: the first). Raises ``RuleChanged`` where that is not the newest."""
    found = newest(session, key)
    at = 0 if found is None else found.revision
    if at != after:
        raise _changed(at)
    whole = {"key": key, "revision": after + 1, "body": dict(body), "is_removed": is_removed, "by": by, "at": now}
    fresh = insert_new(session, RiskRule, whole, unique=("key", "revision"))
    if fresh is None:
        raise _changed(after + 1)
    topics.bump(session, TOPIC)
    return fresh


def _changed(revision: int) -> RuleChanged:
    return RuleChanged("Somebody else changed this rule.", revision=revision)
