"""A campaign that goes wrong is paused by the worker, before it has gone wrong for everybody; a person looks at it and resumes it."""

from collections.abc import Iterable
from datetime import datetime

from core.scope import SYSTEM
from core.senders.outcomes import Halted
from core.senders.sender import NotSent
from core.store import campaigns, outbox_batches, topics
from core.store.campaign_tables import Campaign, Connector
from core.store.outbox_batches import End
from core.store.session import Session
from core.work.notices import Kind, Notice, Param, say

IN_ROW, SHARE, AT_LEAST = 10, 0.05, 100
"""So many messages in a row that failed, or more than this share of at least so many (facts of the platforms, 3.5, after ``MaxSendErrors`` of listmonk)."""
ERRORS = "sending.errors"
TRIED, FAILED = ("accepted", "delivered", "failed", "unknown", "dead"), ("failed", "unknown", "dead")


def look(session: Session, campaign: Campaign, ends: Iterable[End]) -> bool:
    """Count what messages came to; whether that is too bad to go on. Counted since the campaign was started or resumed, by all workers together."""
    tried = [end.state in FAILED for end in ends if end.state in TRIED]
    if not tried:
        return False
    count = outbox_batches.errors(session, campaign.id, campaign.state_at)
    longest = 0
    for is_failed in tried:
        count.in_row = count.in_row + 1 if is_failed else 0
        longest = max(longest, count.in_row)
    count.ended += len(tried)
    count.failed += sum(tried)
    is_often = count.ended >= AT_LEAST and count.failed > SHARE * count.ended
    session.flush()
    return longest >= IN_ROW or is_often


def pause(session: Session, campaign_id: int, code: str, connector_id: int, now: datetime) -> bool:
    """With a reason, the way out that it went wrong on, and a notice. False: it was no longer sending."""
    if not campaigns.move(session, campaign_id, before="sending", state="paused", now=now, error=code):
        return False
    row = campaigns.one(session, campaign_id)
    campaigns.tell(
        session, campaign_id, "paused", {"code": code, "connector_id": connector_id}, by=SYSTEM.name, now=now
    )
    params: dict[str, Param] = {"campaign": row.name, "campaign_id": row.id, "code": code}
    say(session, Notice("campaign.paused", f"{row.id}:{now.isoformat()}", "high", params, row.units), now)
    topics.bump(session, campaigns.TOPIC)
    return True


def tell_closed(session: Session, connector_id: int, trouble: NotSent, now: datetime) -> None:
    """Whoever answers for a way out is told that nothing goes through it any more, or not for a while."""
    connector = session.get_one(Connector, connector_id)
    params: dict[str, Param] = {"connector": connector.name, "connector_id": connector_id, "code": trouble.code}
    kind: Kind = "connector.halted" if isinstance(trouble, Halted) else "connector.paused"
    say(session, Notice(kind, f"{connector_id}:{now.isoformat()}", "high", params), now)
