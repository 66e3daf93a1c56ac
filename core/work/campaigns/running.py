"""A campaign that is being sent: paused, resumed, cancelled; and what a person decides about messages of which nobody knows what became of them."""

from datetime import datetime
from typing import Literal

from core.errors import Refusal
from core.scope import Operator
from core.store import message_marks, outbox
from core.store.session import Store
from core.work.campaigns.turns import turn
from core.work.home import Home
from core.work.reasons import stated

RUNNING = ("scheduled", "materialising", "sending", "paused")
Fate = Literal["arrived", "failed", "again"]
STATE_OF = {"arrived": "delivered", "failed": "failed", "again": "planned"}


class NothingDecided(Refusal):
    """None of these messages waits for a decision any more."""

    code = "campaign.decided"


def pause(home: Home, log: Store, operator: Operator, campaign_id: int, reason: str, *, now: datetime) -> None:
    """Nothing more is sent until it is resumed; what is on the wire arrives. Raises ``Forbidden``, ``Unknown``, ``CampaignState``, ``InvalidDecision``."""
    why = stated(reason)
    with turn(home, log, operator, campaign_id, permission="campaign.write", states=("sending",), now=now) as one:
        one.move("paused", error=None)
        one.tell("paused", reason=why)


def resume(home: Home, log: Store, operator: Operator, campaign_id: int, *, now: datetime) -> None:
    """It goes on where it was; what has expired meanwhile is not sent. Raises ``Forbidden``, ``Unknown``, ``CampaignState``."""
    with turn(home, log, operator, campaign_id, permission="campaign.write", states=("paused",), now=now) as one:
        one.move("sending", error=None)
        one.tell("resumed")


def cancel(home: Home, log: Store, operator: Operator, campaign_id: int, reason: str, *, now: datetime) -> int:
    """For good: what waits is not sent. Returns how many messages that were. Raises as ``pause``."""
    why = stated(reason)
    with turn(home, log, operator, campaign_id, permission="campaign.write", states=RUNNING, now=now) as one:
        one.move("cancelled")
        count = outbox.cancel(one.session, campaign_id, now, "campaign.cancelled")
        one.tell("cancelled", reason=why, count=count)
        return count


def decide(
    home: Home,
    log: Store,
    operator: Operator,
    campaign_id: int,
    fate: Fate,
    reason: str,
    *,
    before: Literal["unknown", "dead"] = "unknown",
    now: datetime,
) -> int:
    """About every message of the campaign that is ``before``: it has arrived, it has failed, or it is sent again. Returns how many. Of those that are dead only ``again`` can be said. What is to be
    sent again waits for the worker also where the campaign was completed, which it then is no longer. Raises ``Forbidden``, ``Unknown``, ``CampaignState``, ``InvalidDecision``, ``NothingDecided``."""
    why = stated(reason)
    if before == "dead" and fate != "again":
        raise NothingDecided("What is dead may only be sent again.", fate=fate)
    states = ("sending", "paused", "completed", *(() if fate == "again" else ("cancelled", "failed")))
    with turn(home, log, operator, campaign_id, permission="campaign.approve", states=states, now=now) as one:
        ids = outbox.decide_all(one.session, campaign_id, before=before, state=STATE_OF[fate], now=now)
        if not ids:
            raise NothingDecided("No message waits for a decision any more.", fate=fate)
        if fate == "again" and one.row.state == "completed":
            one.move("sending")
        if fate != "again":
            rows = [
                {"message_id": number, "campaign_id": campaign_id, "mark": STATE_OF[fate], "at": now, "reason": "decided"}
                for number in ids
            ]  # fmt: skip
            message_marks.mark_all(one.session, rows)
        one.tell("decided", before=before, fate=fate, count=len(ids), reason=why)
        return len(ids)
