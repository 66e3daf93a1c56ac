"""Revisions of what the store holds. Whoever changes a topic bumps it in the same transaction; caches key on it."""

from collections.abc import Iterable

from sqlalchemy import select

from core.store.session import Session, upsert
from core.store.tables import TopicRevision


def bump(session: Session, topic: str) -> int:
    """The topic (``segments``, ``merges``, ``goals`` …) has changed; returns its new revision."""
    first = upsert(session, TopicRevision).values(topic=topic, revision=1)
    more = {"revision": TopicRevision.revision + 1}
    session.execute(first.on_conflict_do_update(index_elements=["topic"], set_=more))
    return revision(session, topic)


def revision(session: Session, topic: str) -> int:
    """How often the topic has changed; 0 if never."""
    return revisions(session, [topic])[0]


def revisions(session: Session, topics: Iterable[str]) -> tuple[int, ...]:
    """Revisions in the order asked for: part of the key of a cached read."""
    wanted = list(topics)
    rows = session.execute(select(TopicRevision.topic, TopicRevision.revision).where(TopicRevision.topic.in_(wanted)))
    known = {row.topic: row.revision for row in rows}
    return tuple(known.get(topic, 0) for topic in wanted)
