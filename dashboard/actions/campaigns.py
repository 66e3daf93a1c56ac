"""Writing campaigns and handing them in, stopping everything and letting it go on, and the house's rules of sending: each guarded."""

from collections.abc import Sequence

from core.scope import Operator
from core.senders.wecom.media import Uploaded
from core.store.session import Store
from core.work.campaigns import drafts, policy, review, stopping
from core.work.campaigns.policy import Policy
from core.work.campaigns.stopping import InvalidStop, Kind
from core.work.campaigns.texts import covers
from core.work.campaigns.trials import Untried
from core.work.campaigns.turns import CampaignChanged
from core.work.home import Home
from dashboard.actions import guard
from dashboard.data import campaigns, worlds
from dashboard.web import wiring

__all__ = [
    "SEE", "START", "STOP", "WRITE", "CampaignChanged", "InvalidStop", "Kind", "Untried", "change_policy", "copy", "create", "discard", "hand_in", "let_go", "may", "may_change_policy", "may_start",
    "may_stop", "save", "stop", "take_back", "upload_cover",
]  # fmt: skip

SEE, WRITE, STOP, START, RULES = "campaign.see", "campaign.write", "sending.stop", "sending.start", "connector.write"


def may() -> bool:
    """Whether to draw what writes campaigns."""
    return guard.may(WRITE)


def may_stop() -> bool:
    """Sending is the whole house's."""
    return guard.may(STOP) and guard.operator().scope.sees_all


def may_start() -> bool:
    return guard.may(START)


def may_change_policy() -> bool:
    return guard.may(RULES)


def _mine(permission: str) -> tuple[Home, Store, Operator]:
    return worlds.home(), wiring.accounts_store(), guard.require(permission)


# -- writing -----------------------------------------------------------------------------------------------------------


def create(name: str, segment_ids: Sequence[int] = ()) -> int:
    """A new draft; returns its number. Raises ``Forbidden``, ``InvalidCampaign``, ``Unknown``."""
    return drafts.create(*_mine(WRITE), name, segment_ids=segment_ids, now=wiring.now())


def copy(campaign_id: int, name: str) -> int:
    """A new draft that says the same; returns its number. Raises ``Forbidden``, ``InvalidCampaign``, ``Unknown``."""
    return drafts.copy(*_mine(WRITE), campaign_id, name, now=wiring.now())


def save(campaign_id: int, document: object, *, revision: int, name: str | None = None) -> int:
    """What the author says from now on; returns its revision. Raises ``Forbidden``, ``Unknown``, ``InvalidCampaign``, ``CampaignChanged``, ``CampaignState``."""
    return drafts.save(*_mine(WRITE), campaign_id, document, revision=revision, name=name, now=wiring.now())


def upload_cover(campaign_id: int, content: bytes) -> Uploaded:
    """A picture for the campaign's mini-program cards. Takes seconds. Raises ``Forbidden``, ``Unknown``, ``InvalidCover``."""
    return covers.upload(*_mine(WRITE), campaign_id, content, now=wiring.now())


def discard(campaign_id: int) -> None:
    """Raises ``Forbidden``, ``Unknown``, ``CampaignState``."""
    drafts.discard(*_mine(WRITE), campaign_id, now=wiring.now())


def hand_in(campaign_id: int, *, revision: int) -> str:
    """To be approved by somebody else; returns the fingerprint of what was handed in. Raises ``Forbidden``, ``Unknown``, ``CampaignState``, ``CampaignChanged``, ``Incomplete``,
    ``NotAllowed``, ``Untried``."""
    return review.hand_in(*_mine(WRITE), campaign_id, revision=revision, sender=campaigns.sender(), now=wiring.now())


def take_back(campaign_id: int) -> None:
    """A draft again; an approval is void. Raises ``Forbidden``, ``Unknown``, ``CampaignState``."""
    review.take_back(*_mine(WRITE), campaign_id, now=wiring.now())


# -- sending as a whole ------------------------------------------------------------------------------------------------


def stop(kind: Kind, key: str, reason: str) -> bool:
    """From the next message on. False: the house has stopped it already. Raises ``Forbidden``, ``InvalidStop``, ``InvalidDecision``."""
    return stopping.stop(*_mine(STOP), kind, key, reason, now=wiring.now())


def let_go(kind: Kind, key: str, reason: str) -> bool:
    """What the house has stopped goes on. False: it had not stopped it. Raises ``Forbidden``, ``InvalidStop``, ``InvalidDecision``."""
    return stopping.let_go(*_mine(START), kind, key, reason, now=wiring.now())


def change_policy(told: Policy, *, was: Policy) -> None:
    """The rules of sending from now on. Raises ``Forbidden``, ``InvalidPolicy``, ``PolicyChanged``."""
    policy.change(*_mine(RULES), told, was=was, now=wiring.now())
