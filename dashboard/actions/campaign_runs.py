"""Approving campaigns, starting them, and what is done while they are sent: each guarded."""

from core.scope import Operator
from core.store.session import Store
from core.work.campaigns import review, running
from core.work.campaigns.hearing import awaiting
from core.work.campaigns.running import Fate
from core.work.home import Home
from dashboard.actions import guard
from dashboard.data import campaign_runs, campaigns, worlds
from dashboard.web import wiring

__all__ = [
    "APPROVE", "SEE", "WRITE", "Fate", "approve", "cancel", "decide", "may_approve", "may_approve_many", "may_write", "pause", "remind", "resume", "send_back", "start",
]  # fmt: skip

SEE, WRITE, APPROVE = "campaign.see", "campaign.write", "campaign.approve"


def may_write() -> bool:
    return guard.may(WRITE)


def may_approve() -> bool:
    return guard.may(APPROVE)


def may_approve_many() -> bool:
    """Whether the asker answers for the whole house."""
    return guard.may("sending.start")


def _mine(permission: str) -> tuple[Home, Store, Operator]:
    return worlds.home(), wiring.accounts_store(), guard.require(permission)


def approve(campaign_id: int, *, digest: str, typed: int) -> int:
    """``digest``: of what was read; the messages are counted anew, and must be as many as were typed. Returns how many. Raises ``Forbidden``, ``Unknown``, ``CampaignState``, ``CampaignChanged``,
    ``Incomplete``, ``NotAllowed``, ``WrongCount``, ``NotYours``."""
    mine = _mine(APPROVE)
    count = campaign_runs.now_to_send(campaign_id)
    review.approve(
        *mine, campaign_id, digest=digest, count=count, typed=typed, sender=campaigns.sender(), now=wiring.now()
    )
    return count


def send_back(campaign_id: int, reason: str) -> None:
    """Raises ``Forbidden``, ``Unknown``, ``CampaignState``, ``InvalidDecision``."""
    review.send_back(*_mine(APPROVE), campaign_id, reason, now=wiring.now())


def start(campaign_id: int) -> None:
    """Raises ``Forbidden``, ``Unknown``, ``CampaignState``, ``CampaignChanged``."""
    review.start(*_mine(WRITE), campaign_id, now=wiring.now())


def pause(campaign_id: int, reason: str) -> None:
    """Raises ``Forbidden``, ``Unknown``, ``CampaignState``, ``InvalidDecision``."""
    running.pause(*_mine(WRITE), campaign_id, reason, now=wiring.now())


def resume(campaign_id: int) -> None:
    """Raises ``Forbidden``, ``Unknown``, ``CampaignState``."""
    running.resume(*_mine(WRITE), campaign_id, now=wiring.now())


def cancel(campaign_id: int, reason: str) -> int:
    """For good; returns how many messages are not sent. Raises as ``pause``."""
    return running.cancel(*_mine(WRITE), campaign_id, reason, now=wiring.now())


def decide(campaign_id: int, fate: Fate, reason: str, *, before: str) -> int:
    """About every message that is ``before`` (``unknown``, ``dead``); returns how many. Raises ``Forbidden``, ``Unknown``, ``CampaignState``, ``InvalidDecision``, ``NothingDecided``."""
    return running.decide(*_mine(APPROVE), campaign_id, fate, reason, before=before, now=wiring.now())  # type: ignore[arg-type]


def remind(task_id: int) -> None:
    """Have the worker remind the employees who have not sent a mass message yet. Raises ``Forbidden``, ``CampaignState``, ``ReminderTooMuch``."""
    awaiting.remind(*_mine(WRITE), task_id, wiring.now())
