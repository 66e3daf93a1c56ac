"""Asking for a trial of a text: guarded, and sent by the worker."""

from core.work.campaigns import trials
from core.work.campaigns.trials import To
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import wiring

SEE, WRITE, APPROVE = "campaign.see", "campaign.write", "campaign.approve"


def may() -> bool:
    """Whoever may write campaigns or approve them."""
    return guard.may(WRITE) or guard.may(APPROVE)


def ask(
    campaign_id: int, variant: str, channel: str, address: str, sender: str, *, member_id: int | None, revision: int
) -> None:
    """One text, to one address. Raises ``CannotTry``, ``Forbidden``, ``Unknown``, ``CampaignChanged``, ``CampaignState``, ``InvalidText``."""
    operator = guard.require(WRITE if guard.may(WRITE) else APPROVE)
    trials.ask(
        worlds.home(), wiring.accounts_store(), operator, campaign_id, variant, channel, To(address, sender), member_id=member_id, revision=revision, now=wiring.now()
    )  # fmt: skip
