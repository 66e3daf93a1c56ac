"""What is left when nothing is left: campaigns whose last message came to an end, and messages that campaigns given up left behind."""

from datetime import datetime

from core.campaigns.states import Tally, after
from core.scope import SYSTEM
from core.store import campaigns, outbox, outbox_batches, topics
from core.work.home import Home


def complete(home: Home, now: datetime) -> int:
    """Campaigns that send or are paused and have no open row are completed, counted from rows and never told by a worker. What waits of one that was cancelled or failed is cancelled: a worker had it in hand then, and
    let go of it or died. Returns how many campaigns were completed."""
    with home.store.reading() as session:
        running = campaigns.listed(session, ("sending", "paused"))
        over = [one.id for one in running if not outbox_batches.is_any_open(session, one.id)]
        left = outbox_batches.left_over(session)
    if not over and not left:
        return 0
    done = 0
    with home.store.transaction() as session:
        for campaign_id in left:
            outbox.cancel(session, campaign_id, now, f"campaign.{campaigns.one(session, campaign_id).state}")
        for campaign_id in over:
            row = campaigns.locked(session, campaign_id)
            counts = outbox.counts(session, campaign_id)
            if after(row.state, Tally(counts)) == "completed" and row.state != "completed":
                campaigns.move(session, campaign_id, before=row.state, state="completed", now=now)
                campaigns.tell(session, campaign_id, "completed", counts, by=SYSTEM.name, now=now)
                done += 1
        topics.bump(session, campaigns.TOPIC)
    return done
