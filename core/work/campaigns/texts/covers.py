"""Covers of mini-programs' cards: handed to the platform while the campaign is written, for a card names what the platform calls it."""

from datetime import datetime

from core.errors import Refusal
from core.scope import Operator
from core.senders.sender import NotSent
from core.senders.wecom import media
from core.senders.wecom.calls import Calls
from core.senders.wecom.limits import InvalidMessage
from core.senders.wecom.media import Uploaded
from core.store import audit, campaigns, connectors
from core.store.session import Store
from core.work.campaigns.ways_out.ways import Ways
from core.work.home import Home
from core.work.segments import require_within

WITHIN_S = 15.0


class InvalidCover(Refusal):
    """Not taken: ``reason`` is ``empty``, ``long`` (``most`` megabytes), ``kind``, ``way`` (no WeCom is set up and on) or ``refused``: the platform said ``why``."""

    code = "campaign.cover"


def upload(home: Home, log: Store, operator: Operator, campaign_id: int, content: bytes, *, now: datetime) -> Uploaded:
    """A picture for the cards of a campaign, through the WeCom that is on. It is kept by the platform alone. Takes seconds. Raises ``Forbidden``, ``Unknown``, ``InvalidCover``."""
    operator.require("campaign.write")
    with home.store.reading() as session:
        units = campaigns.one(session, campaign_id).units
    require_within(home, operator, units)
    try:
        media.check(content)
    except InvalidMessage as error:
        most = media.MOST_BYTES >> 20
        raise InvalidCover("This is no picture that can be a cover.", reason=error.reason, most=most) from error
    calls = _calls(home)
    try:
        done = media.upload(calls, content, now)
    except NotSent as error:
        raise InvalidCover("The platform did not take the picture.", reason="refused", why=error.code) from error
    with log.transaction() as session:
        told = {"bytes": len(content), "until": done.until.isoformat(), "world": home.world}
        audit.append(session, operator, "campaign.cover_uploaded", f"campaign:{campaign_id}", told, now=now)
    return done


def _calls(home: Home) -> Calls:
    with home.store.reading() as session:
        connector = connectors.in_use(session, "wecom")
        found = None if connector is None else Ways(home, within_s=WITHIN_S).calls(session, connector.id)
    if not isinstance(found, Calls):
        raise InvalidCover("No WeCom is set up and on.", reason="way")
    return found
