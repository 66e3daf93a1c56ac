"""One change of a campaign: by somebody who may, to what they have seen, told in its log and in the audit log."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from core.errors import Forbidden, Refusal
from core.scope import Operator
from core.store import audit, campaigns, topics
from core.store.campaign_tables import Campaign
from core.store.session import Session, Store
from core.work.home import Home
from core.work.segments import covers


class CampaignChanged(Refusal):
    """Somebody else changed the campaign since the asker read it. ``state``, ``revision``: as it is now."""

    code = "campaign.changed"


class CampaignState(Refusal):
    """In this ``state`` nobody does that with a campaign."""

    code = "campaign.state"


@dataclass(slots=True)
class Turn:
    """``row``: locked until the end."""

    home: Home
    session: Session
    logged: Session
    operator: Operator
    row: Campaign
    now: datetime
    told: dict[str, Any] = field(default_factory=dict)

    def move(self, state: str, **values: Any) -> None:
        """To another state, with whatever else changes. Raises ``CampaignChanged``."""
        before = self.row.state
        if not campaigns.move(self.session, self.row.id, before=before, state=state, now=self.now, **values):
            raise CampaignChanged("Somebody else changed this campaign.", state=before, revision=self.row.revision)
        self.session.refresh(self.row)

    def tell(self, action: str, *, kept: Mapping[str, Any] = MappingProxyType({}), **details: Any) -> None:
        """In the log of the campaign and in the audit log. ``kept``: what only the former holds."""
        campaigns.tell(self.session, self.row.id, action, details | dict(kept), by=self.operator.name, now=self.now)
        known = {"name": self.row.name, "code": self.row.code, "world": self.home.world, **details}
        audit.append(self.logged, self.operator, f"campaign.{action}", f"campaign:{self.row.id}", known, now=self.now)


@contextmanager
def turn(
    home: Home,
    log: Store,
    operator: Operator,
    campaign_id: int,
    *,
    permission: str,
    states: tuple[str, ...],
    now: datetime,
    revision: int | None = None,
) -> Iterator[Turn]:
    """Whoever holds the permission and sees the campaign's units changes it in one of these states. ``revision``: the one that the asker has seen; None where none matters. Raises ``Forbidden``,
    ``Unknown``, ``CampaignState``, ``CampaignChanged``."""
    operator.require(permission)
    with home.store.reading() as session:
        units = campaigns.one(session, campaign_id).units
    if not covers(home, operator)(units):
        raise Forbidden("This campaign reaches beyond your units.", permission=permission, role=operator.role)
    with audit.told(home.store, log) as (session, logged):
        row = campaigns.locked(session, campaign_id)
        if revision is not None and row.revision != revision:
            raise CampaignChanged("Somebody else changed this campaign.", state=row.state, revision=row.revision)
        if row.state not in states:
            raise CampaignState(f"A campaign that is {row.state} cannot do that.", state=row.state)
        yield Turn(home, session, logged, operator, row, now)
        topics.bump(session, campaigns.TOPIC)
