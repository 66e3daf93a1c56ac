"""Somebody wants no more: it stands from the same moment on, for the member and for the address, and what waits for them is not sent."""

from datetime import datetime

from core.campaigns import links
from core.senders.leaving import Leaving
from core.store import message_marks, outbox, suppressions
from core.store.campaign_tables import Outgoing
from core.store.session import Session

CUSTOMER, PLATFORM = "customer", "platform"
"""By whom suppressions are that no operator made."""
REPLY = "reply"
"""Why a suppression stands that came from an answer to a text message."""
REASON = "gate.suppressed"


def leave(session: Session, leaving: Leaving, now: datetime) -> bool | None:
    """By the way out of a message. True: it was news; None: the token names no message and member. The message itself may be long gone."""
    who = links.read_who(leaving.customer)
    if who is None:
        return None
    message_id, member_id = who
    found = session.get(Outgoing, message_id)
    message = found if found is not None and found.member_id == member_id else None
    is_new = stop(
        session, "unsubscribed", channel=leaving.channel, purpose=leaving.purpose, member_id=member_id,
        address_mac=message.address_mac if message else None, message=message, by=CUSTOMER, now=now,
    )  # fmt: skip
    if message is not None:
        message_marks.mark(session, message.id, message.campaign_id, "unsubscribed", now)
    return is_new


def stop(
    session: Session,
    kind: str,
    *,
    channel: str,
    purpose: str | None,
    member_id: int | None,
    address_mac: bytes | None,
    message: Outgoing | None = None,
    reason: str = "",
    by: str,
    now: datetime,
) -> bool:
    """Nothing more goes to the member, nor to the address, whoever has it. ``message``: by which it came about. True: it was news."""
    is_new = False
    about: list[dict[str, int | bytes | None]] = [{"member_id": member_id}, {"address_mac": address_mac}]
    for one in about:
        if None not in one.values():
            more = {"message_id": message.id if message else None, "reason": reason, "by": by, "now": now}
            is_new |= suppressions.add(session, kind, channel=channel, purpose=purpose, **one, **more)  # type: ignore[arg-type]
    if member_id is not None:
        outbox.skip(session, member_id, channel, purpose, REASON, now)
    return is_new
