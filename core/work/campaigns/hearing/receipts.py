"""What a platform says of a message: early, late, twice or out of order, it is written down once, and what is over stays over."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from core.senders import bounces
from core.senders.bounces import Bounce
from core.store import message_marks, outbox
from core.store.campaign_tables import Campaign, MessageMark, Outgoing
from core.store.session import Session
from core.work.campaigns.hearing import unsubscribing
from core.work.campaigns.hearing.unsubscribing import PLATFORM

HARD, SOFT = "bounce.hard", "bounce.soft"
SETTLED_BY_NEWS = ("accepted", "unknown")
NAMELESS = timedelta(days=3)
"""So long a receipt without the house's own reference is taken for one of a message whose number nobody noted."""


@dataclass(frozen=True, slots=True)
class Fate:
    """``serial``: what the provider calls the message, ``reference``: what the house called its sending; empty where nobody says. ``reason``: code of why it failed; null where it arrived."""

    serial: str
    reference: str
    at: datetime
    reason: str | None = None


class Early(Exception):
    """The message is still in a worker's hand, who has not written down what the provider calls it."""


def meant(session: Session, found: Sequence[Outgoing], fate: Fate, now: datetime) -> Outgoing | None:
    """Which of the messages to one address is meant; None where it is none of the house's. Raises ``Early``."""
    by_name = [one for one in found if fate.serial and one.provider_id == fate.serial]
    if by_name:
        return by_name[0]
    nameless = [one for one in found if one.provider_id is None]
    if fate.reference:
        nameless = [one for one in nameless if _is_of(session, one, fate.reference)]
    else:
        nameless = [one for one in nameless if (one.begun_at or one.slot_at or now) >= now - NAMELESS]
    if any(one.state in outbox.IN_HAND for one in nameless):
        raise Early
    unsure = [one for one in nameless if one.state == "unknown"]
    return unsure[0] if len(unsure) == 1 else None


def settle(session: Session, message: Outgoing, fate: Fate, now: datetime) -> bool:
    """It arrived, or failed. False: it says nothing new."""
    at = min(fate.at, now)
    if fate.reason is not None:
        is_new = outbox.told(
            session, message.id, before=SETTLED_BY_NEWS, state="failed", now=now, error=fate.reason[:64]
        )
        if is_new:
            message_marks.mark(session, message.id, message.campaign_id, "failed", at, reason=fate.reason[:64])
        return is_new
    is_new = outbox.told(session, message.id, before=SETTLED_BY_NEWS, state="delivered", now=now)
    if is_new:
        rows = [{"message_id": message.id, "campaign_id": message.campaign_id, "mark": one, "at": at} for one in ("sent", "delivered")]  # fmt: skip
        message_marks.mark_all(session, rows)
    return is_new


def bounced(session: Session, message: Outgoing, bounce: Bounce, now: datetime) -> bool:
    """A letter came back: its address is given up at once, or after the third time in 15 days. True: it is given up."""
    reason = HARD if bounce.kind == "hard" else SOFT
    outbox.told(session, message.id, before=SETTLED_BY_NEWS, state="failed", now=now, error=reason)
    message_marks.mark(session, message.id, message.campaign_id, "failed", now, reason=reason)
    query = (
        select(MessageMark.at, MessageMark.reason)
        .join(Outgoing, Outgoing.id == MessageMark.message_id)
        .where(Outgoing.member_id == message.member_id, Outgoing.identity_key == message.identity_key)
        .where(
            Outgoing.channel == message.channel, MessageMark.mark == "failed", MessageMark.at >= now - bounces.WITHIN
        )
    )
    kinds: dict[str, bounces.Kind] = {HARD: "hard", SOFT: "soft"}
    known = [(at, kinds[reason]) for at, reason in session.execute(query) if reason in kinds]
    if not bounces.is_given_up(known, now):
        return False
    unsubscribing.stop(
        session, "bounced", channel=message.channel, purpose=None, member_id=message.member_id,
        address_mac=message.address_mac, message=message, reason=reason, by=PLATFORM, now=now,
    )  # fmt: skip
    return True


def by_number(session: Session, channel: str, number: str) -> Outgoing | None:
    """By what the platform calls it, where every message has a number of its own."""
    here = select(Outgoing).where(Outgoing.provider_id == number, Outgoing.channel == channel)
    return session.scalars(here.order_by(Outgoing.id.desc()).limit(1)).one_or_none()


def by_name(session: Session, name: str) -> Outgoing | None:
    """By the name that parcels carry (``c12-345``, in any case, its hyphens perhaps written as underscores); None where it is none of ours."""
    found = re.fullmatch(r"(.+)[-_]([1-9]\d{0,17})", name, re.ASCII)
    message = session.get(Outgoing, int(found[2])) if found else None
    if found is None or message is None:
        return None
    code = session.get_one(Campaign, message.campaign_id).code
    return message if _plain(code) == _plain(found[1]) else None


def _is_of(session: Session, message: Outgoing, reference: str) -> bool:
    code = session.get_one(Campaign, message.campaign_id).code
    return re.match(rf"{re.escape(code)}(\W|$)", reference) is not None


def _plain(code: str) -> str:
    return code.replace("-", "_").lower()
