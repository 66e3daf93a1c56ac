"""What of campaigns waits for somebody: to be read, to be started, to be decided, or to be mended."""

from datetime import datetime

from sqlalchemy import func, select

from core.scope import Operator
from core.store import campaigns, incidents, outbox
from core.store.campaign_tables import Campaign, Connector
from core.store.session import Session
from core.work.campaigns.review import WRITING
from core.work.home import Home
from core.work.questions.today import Item
from core.work.segments import covers

RETURNED = ("sent_back", "voided")
LOOKED = ("draft", "in_review", "approved", "scheduled", "materialising", "sending", "paused", "completed")


def waiting(home: Home, operator: Operator, now: datetime) -> list[Item]:
    """As far as the operator sees it; what only others can do is left out. Connectors of roles that do not set them up too."""
    if not operator.can("campaign.see"):
        return []
    mine = covers(home, operator)
    with home.store.reading() as session:
        rows = [one for one in campaigns.listed(session, LOOKED) if mine(one.units)]
        return [
            *_stopped(session), *_halted(session, operator, now), *_paused(rows), *_undecided(session, rows), *_to_approve(session, rows, operator),
            *_returned(session, rows, operator), *_to_start(rows, operator), *_sending(rows),
        ]  # fmt: skip


def _stopped(session: Session) -> list[Item]:
    held = [one for one in incidents.holds(session) if one.kind == "all"]
    return [Item("sending_stopped", "error", "campaigns", len(held))] if held else []


def _halted(session: Session, operator: Operator, now: datetime) -> list[Item]:
    if not operator.can("connector.write"):
        return []
    here = Connector.is_on & (Connector.halted.is_not(None) | (Connector.paused_until > now))
    count = session.scalar(select(func.count()).select_from(Connector).where(here)) or 0
    return [Item("connector_halted", "error", "connectors", int(count))] if count else []


def _paused(rows: list[Campaign]) -> list[Item]:
    """By the product itself; what a person has paused they know."""
    count = sum(one.state == "paused" and one.error is not None for one in rows)
    return [Item("campaign_paused", "error", "campaigns", count)] if count else []


def _undecided(session: Session, rows: list[Campaign]) -> list[Item]:
    known = outbox.undecided(session)
    count = sum(known.get(one.id, 0) for one in rows)
    return [Item("campaign_unknown", "warning", "campaigns", count)] if count else []


def _to_approve(session: Session, rows: list[Campaign], operator: Operator) -> list[Item]:
    """Those that somebody else wrote."""
    if not operator.can("campaign.approve"):
        return []
    asked = [one for one in rows if one.state == "in_review" and operator.name not in _authors(session, one)]
    return [Item("campaign_review", "warning", "campaigns", len(asked))] if asked else []


def _returned(session: Session, rows: list[Campaign], operator: Operator) -> list[Item]:
    """Drafts of one's own that came back."""
    drafts = [one for one in rows if one.state == "draft" and one.author == operator.name]
    count = sum(campaigns.log(session, one.id)[-1].action in RETURNED for one in drafts)
    return [Item("campaign_returned", "warning", "campaigns", count)] if count else []


def _to_start(rows: list[Campaign], operator: Operator) -> list[Item]:
    count = sum(one.state == "approved" and one.author == operator.name for one in rows)
    return [Item("campaign_approved", "warning", "campaigns", count)] if count else []


def _sending(rows: list[Campaign]) -> list[Item]:
    count = sum(one.state in ("materialising", "sending") for one in rows)
    return [Item("campaign_sending", "info", "campaigns", count)] if count else []


def _authors(session: Session, row: Campaign) -> set[str]:
    return {entry.by for entry in campaigns.log(session, row.id) if entry.action in WRITING}
