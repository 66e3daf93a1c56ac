"""Clicks on short links: where a link leads, and whether a person or a program followed it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.campaigns import links
from core.campaigns.links import Link
from core.store import message_marks
from core.store.campaign_tables import CampaignLink, Click, Outgoing
from core.store.session import Session, upsert

TOO_SOON = timedelta(seconds=2)
"""Nobody reads a message this quickly after it was handed over; programs that check links on the way do."""
_PEOPLE = re.compile(r"(mozilla|opera)/", re.IGNORECASE)
_PROGRAMS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|preview|scan|headless|monitor|facebookexternalhit|barracuda|proofpoint|mimecast|safelinks|imageproxy"
    r"|python|curl|wget|httpclient|http-client|libwww|okhttp|axios|node-fetch|zgrab|censys|urlcheck|linkcheck",
    re.IGNORECASE,
)
_FETCHED_AHEAD = frozenset({"prefetch", "preview", "prefetch;prerender"})


@dataclass(frozen=True, slots=True)
class Followed:
    """``url``: where the link leads. ``sent_at``: when the message was handed over; null where that is not known."""

    campaign_id: int
    url: str
    sent_at: datetime | None


def target(session: Session, link: Link) -> Followed | None:
    """Only what was kept with the campaign, so that nobody can make the house lead elsewhere. None where there is no such message or link."""
    message = session.get(Outgoing, link.message)
    kept = None if message is None else session.get(CampaignLink, (message.campaign_id, link.number))
    if message is None or kept is None or not links.is_web(kept.url):
        return None
    return Followed(message.campaign_id, kept.url, message.begun_at or message.slot_at)


def is_program(method: str, agent: str, purpose: str, sent_at: datetime | None, now: datetime) -> bool:
    """Whether a click looks like that of a program. ``agent``: what it calls itself; ``purpose``: why a browser says that it asks, where it fetches ahead."""
    is_early = sent_at is not None and now < sent_at + TOO_SOON
    is_named = not _PEOPLE.match(agent) or _PROGRAMS.search(agent) is not None
    return method == "HEAD" or is_early or is_named or purpose.strip().lower() in _FETCHED_AHEAD


def count(session: Session, link: Link, campaign_id: int, *, is_machine: bool, now: datetime) -> None:
    """One more click; a person's is a mark of the message."""
    values = {
        "message_id": link.message,
        "number": link.number,
        "campaign_id": campaign_id,
        "first_at": now,
        "last_at": now,
    }
    counted = upsert(session, Click).values(**values, count=1, machine_count=int(is_machine))
    more = {"count": Click.count + 1, "machine_count": Click.machine_count + int(is_machine), "last_at": now}
    session.execute(counted.on_conflict_do_update(index_elements=["message_id", "number"], set_=more))
    if not is_machine:
        message_marks.mark(session, link.message, campaign_id, "clicked", now)
