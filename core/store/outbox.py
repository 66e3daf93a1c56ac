"""The outbox of campaigns: who claims a message has it for a while, and whoever comes late writes nothing.

All functions run in the caller's transaction and never talk to anybody outside. A worker claims, writes down that it begins (where the other side cannot tell a message that it has had),
sends outside any transaction, and writes down the end. Every step is one statement that names the fence and the state it expects, so that it happens once or not at all; moves are those of
``core.campaigns.states``. Completion is counted from rows.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Update, and_, exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from core.store.campaign_tables import IS_IN_HAND, IS_UNDECIDED, IS_WAITING, Campaign, Outgoing, SendRate
from core.store.incident_tables import SendingHold
from core.store.outbox_rows import CHUNK, plan, plan_columns
from core.store.session import Session, changed_rows, upsert

LEASE = timedelta(minutes=2)
"""More than twice as long as any provider may take to answer."""
ASKED_AT_ONCE = 5_000
LOST = "worker.lost"
MEMBERS, PARTS = 0x5159, 512
WAITING, IN_HAND = ("planned", "held"), ("reserved", "sending")


@dataclass(frozen=True, slots=True)
class Claim:
    """A message in hand, until its lease ends."""

    message_id: int
    campaign_id: int
    step: int
    member_id: int
    identity_key: int | None
    channel: str
    variant: str
    fence: int
    attempts: int
    expires_at: datetime | None
    address_mac: bytes | None = None
    place: str | None = None
    tried_at: datetime | None = None


def claim(
    session: Session,
    channel: str,
    *,
    worker: str,
    now: datetime,
    most: int,
    campaign_id: int | None = None,
    place: str | None = None,
    lease: timedelta = LEASE,
) -> list[Claim]:
    """At most so many messages that are due on a channel, of campaigns that are sending and that nobody holds, those that have waited longest first; of one
    campaign, or to one place, where they are named."""
    named = [] if campaign_id is None else [Outgoing.campaign_id == campaign_id]
    named += [] if place is None else [Outgoing.place == place]
    rows = session.scalars(
        select(Outgoing)
        .join(Campaign, Campaign.id == Outgoing.campaign_id)
        .where(Outgoing.channel == channel, IS_WAITING, Outgoing.due_at <= now, *named)
        .where(may_send(Outgoing.channel))
        .order_by(Outgoing.due_at, Outgoing.id)
        .limit(most)
        .with_for_update(of=Outgoing, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    if not rows:
        return []
    taken = update(Outgoing).where(Outgoing.id.in_([row.id for row in rows]), IS_WAITING)
    values = {"state": "reserved", "worker": worker, "lease_until": now + lease, "slot_at": now}
    changed_rows(session, taken.values(fence=Outgoing.fence + 1, attempts=Outgoing.attempts + 1, **values))
    return [
        Claim(
            row.id, row.campaign_id, row.step, row.member_id, row.identity_key, row.channel, row.variant, row.fence + 1, row.attempts + 1, row.expires_at,
            row.address_mac, row.place, row.tried_at,
        )
        for row in rows
    ]  # fmt: skip


def begin(session: Session, claim: Claim, now: datetime) -> bool:
    """Write down that it is handed over from now on: whoever dies before the end leaves it unknown. False: somebody else has it, or its campaign was stopped or held meanwhile."""
    stands = exists().where(Campaign.id == Outgoing.campaign_id, may_send(claim.channel))
    ours = _ours(claim, ("reserved",)).where(stands)
    return bool(changed_rows(session, ours.values(state="sending", begun_at=now)))


def finish(
    session: Session,
    claim: Claim,
    state: str,
    now: datetime,
    *,
    reason: str | None = None,
    provider_id: str | None = None,
    error: str | None = None,
) -> bool:
    """It came to this. False: somebody else has it, and nothing was written. From ``sending`` nothing is skipped or cancelled."""
    before = ("reserved",) if state in ("skipped", "cancelled") else IN_HAND
    values = {
        "state": state,
        "ended_at": now,
        "lease_until": None,
        "reason": reason,
        "provider_id": provider_id,
        "error": error,
    }
    slot = {"slot_at": None} if state in ("skipped", "cancelled", "failed", "dead") else {}
    return bool(changed_rows(session, _ours(claim, before).values(**values, **slot)))


def put_back(
    session: Session, claim: Claim, due_at: datetime, *, reason: str | None = None, error: str | None = None, is_tried: bool = True
) -> bool:  # fmt: skip
    """It waits until then, and frees its place under the caps. ``is_tried``: whether it was handed over and refused; else the try does not count. False: somebody else has it."""
    values: dict[str, Any] = {"due_at": due_at, "lease_until": None, "slot_at": None, "reason": reason, "error": error}
    values |= {"state": "planned" if reason is None else "held"}
    values |= {} if is_tried else {"attempts": Outgoing.attempts - 1}
    return bool(changed_rows(session, _ours(claim, IN_HAND).values(**values)))


def sweep(session: Session, now: datetime, *, repeatable: Collection[str]) -> tuple[int, int]:
    """Messages whose worker is gone: those that were not handed over wait again, and those of ``repeatable`` channels too, for their receivers can tell; of the others nobody knows what
    came of them. Returns how many wait and how many are unknown."""
    over = update(Outgoing).where(IS_IN_HAND, Outgoing.lease_until < now)
    more = {"fence": Outgoing.fence + 1, "lease_until": None, "error": LOST}
    again = or_(Outgoing.state == "reserved", and_(Outgoing.state == "sending", Outgoing.channel.in_(repeatable)))
    waiting = changed_rows(session, over.where(again).values(state="planned", due_at=now, slot_at=None, **more))
    unknown = changed_rows(session, over.where(Outgoing.state == "sending").values(state="unknown", ended_at=now, **more))  # fmt: skip
    return waiting, unknown


def cancel(session: Session, campaign_id: int, now: datetime, reason: str) -> int:
    """What waits is not sent any more; what is in a worker's hand meets a campaign that is no longer sending. Returns how many."""
    waiting = update(Outgoing).where(Outgoing.campaign_id == campaign_id, IS_WAITING)
    return changed_rows(session, waiting.values(state="cancelled", reason=reason, ended_at=now))


def decide(session: Session, message_id: int, *, before: str, state: str, now: datetime) -> bool:
    """Somebody decides about one that is ``unknown`` or ``dead``: it has arrived, has failed, or is planned anew. False: it is no longer so."""
    if before not in ("unknown", "dead"):
        raise ValueError("Nobody decides about a message that tells by itself what came of it.")
    values: dict[str, Any] = {"state": state, "fence": Outgoing.fence + 1}
    values |= {"due_at": now, "ended_at": None, "slot_at": None} if state == "planned" else {"ended_at": now}
    here = update(Outgoing).where(Outgoing.id == message_id, Outgoing.state == before)
    return bool(changed_rows(session, here.values(**values)))


def decide_all(session: Session, campaign_id: int, *, before: str, state: str, now: datetime) -> list[int]:
    """``decide`` about every message of a campaign that is ``before``; returns which."""
    here = select(Outgoing.id).where(Outgoing.campaign_id == campaign_id, Outgoing.state == before)
    return [
        number
        for number in session.scalars(here.order_by(Outgoing.id)).all()
        if decide(session, number, before=before, state=state, now=now)
    ]


def told(
    session: Session, message_id: int, *, before: Collection[str], state: str, now: datetime, reason: str | None = None, error: str | None = None
) -> bool:  # fmt: skip
    """A receipt: what the platform says of a message that it has, however late and however often; what failed or was taken back frees its place under the caps. False: it says nothing new."""
    return bool(told_all(session, [message_id], before=before, state=state, now=now, reason=reason, error=error))


def told_all(
    session: Session, ids: Collection[int], *, before: Collection[str], state: str, now: datetime, reason: str | None = None, error: str | None = None
) -> list[int]:  # fmt: skip
    """As ``told``, of many of which the same is said. Returns those of which it is news."""
    values: dict[str, Any] = {"state": state, "ended_at": now, "fence": Outgoing.fence + 1}
    values |= {"slot_at": None} if state in ("failed", "cancelled") else {}
    values |= {name: code for name, code in (("reason", reason), ("error", error)) if code is not None}
    told, found = sorted(ids), list[int]()
    for at in range(0, len(told), CHUNK):
        here = update(Outgoing).where(Outgoing.id.in_(told[at : at + CHUNK]), Outgoing.state.in_(before))
        done = here.values(**values).returning(Outgoing.id).execution_options(synchronize_session=False)
        found += session.scalars(done)
    return found


def doubtful(session: Session, channels: Collection[str], since: datetime, most: int) -> Sequence[Outgoing]:
    """Messages of which nobody knows whether they were handed over, begun since then and named by no platform; those of one channel and campaign together."""
    query = select(Outgoing).where(Outgoing.state == "unknown", Outgoing.channel.in_(channels))
    query = query.where(Outgoing.provider_id.is_(None), Outgoing.begun_at >= since)
    return session.scalars(query.order_by(Outgoing.channel, Outgoing.campaign_id, Outgoing.id).limit(most)).all()


def named_since(session: Session, channels: Collection[str], since: datetime) -> set[str]:
    """What platforms call the messages that were begun since then."""
    query = select(Outgoing.provider_id).where(Outgoing.provider_id.is_not(None), Outgoing.channel.in_(channels))
    return {str(one) for one in session.scalars(query.where(Outgoing.begun_at >= since).distinct())}


def found_again(session: Session, ids: Collection[int], provider_id: str, now: datetime) -> int:
    """The platform has them after all, under this name. Returns of how many that was not known."""
    here = update(Outgoing).where(Outgoing.id.in_(sorted(ids)), Outgoing.state == "unknown")
    values = {"state": "accepted", "provider_id": provider_id, "ended_at": now, "error": None}
    return changed_rows(session, here.values(**values, fence=Outgoing.fence + 1))


def awaited(session: Session, channel: str, before: datetime, most: int) -> dict[int, tuple[int, datetime]]:
    """Messages that a platform has had since before then and says nothing of: campaign, and when it got them."""
    query = select(Outgoing.id, Outgoing.campaign_id, Outgoing.ended_at)
    query = query.where(Outgoing.state == "accepted", Outgoing.channel == channel, Outgoing.ended_at < before)
    found = session.execute(query.order_by(Outgoing.id).limit(most))
    return {int(one): (int(campaign), at) for one, campaign, at in found if at is not None}


def skip(session: Session, member_id: int, channel: str | None, purpose: str | None, reason: str, now: datetime) -> int:
    """What waits for a member on a channel (None = on any) for a purpose (None = for any) is not sent any more. Returns how many."""
    return skip_all(session, [member_id], channel, purpose, reason, now)


def skip_all(
    session: Session, members: Sequence[int], channel: str | None, purpose: str | None, reason: str, now: datetime
) -> int:
    """The same for many members."""
    parts = (members[at : at + ASKED_AT_ONCE] for at in range(0, len(members), ASKED_AT_ONCE))
    return sum(_skip(session, part, channel, purpose, reason, now) for part in parts)


def _skip(
    session: Session, members: Sequence[int], channel: str | None, purpose: str | None, reason: str, now: datetime
) -> int:
    waiting = update(Outgoing).where(Outgoing.member_id.in_(list(members)), IS_WAITING)
    if channel is not None:
        waiting = waiting.where(Outgoing.channel == channel)
    if purpose is not None:
        meant = select(Campaign.id).where(Campaign.body["purpose"].as_string() == purpose)
        waiting = waiting.where(Outgoing.campaign_id.in_(meant))
    return changed_rows(session, waiting.values(state="skipped", reason=reason, ended_at=now))


def doubt(session: Session, now: datetime, error: str) -> int:
    """Of all that was due or in somebody's hand nobody knows what became of it, for this store is older than what happened. Returns how many."""
    here = update(Outgoing).where(or_(IS_IN_HAND, and_(IS_WAITING, Outgoing.due_at <= now)))
    values = {"state": "unknown", "ended_at": now, "lease_until": None, "error": error, "fence": Outgoing.fence + 1}
    return changed_rows(session, here.values(**values))


def counts(session: Session, campaign_id: int) -> dict[str, int]:
    """Rows by state; a state that no row is in is absent."""
    query = select(Outgoing.state, func.count()).where(Outgoing.campaign_id == campaign_id).group_by(Outgoing.state)
    return {str(state): int(count) for state, count in session.execute(query)}


def undecided(session: Session) -> dict[int, int]:
    """By campaign, messages of which a person decides what became of them; campaigns without any are absent."""
    query = select(Outgoing.campaign_id, func.count()).where(IS_UNDECIDED).group_by(Outgoing.campaign_id)
    return {int(campaign): int(count) for campaign, count in session.execute(query)}


# -- caps and rates ----------------------------------------------------------------------------------------------------


def hold_members(session: Session, members: Collection[int]) -> None:
    """Until the transaction ends nobody else looks at the caps of these members: of two campaigns that want the last place one comes second. SQLite has one writer anyway.

    Locks are of parts of all members, for a server has room for some thousand locks and no more."""
    if session.get_bind().dialect.name != "postgresql":
        return
    parts = sorted({member % PARTS for member in members})
    part = func.unnest(literal(parts, ARRAY(Integer))).column_valued("part")
    in_order = select(part).order_by(part).subquery()  # so that nobody waits for each other
    session.execute(select(func.pg_advisory_xact_lock(MEMBERS, in_order.c.part)))


def slots(session: Session, members: Collection[int], after: datetime, *, but: Sequence[int] = ()) -> dict[int, list[datetime]]:  # fmt: skip
    """When the places of members under the caps were taken, later than ``after``; ``but``: messages that are being asked about."""
    query = select(Outgoing.member_id, Outgoing.slot_at).where(
        Outgoing.member_id.in_(members), Outgoing.slot_at > after
    )
    found: dict[int, list[datetime]] = {}
    for member, at in session.execute(query.where(Outgoing.id.not_in(but)) if but else query):
        if at is not None:
            found.setdefault(member, []).append(at)
    return found


def arrival(session: Session, key: str) -> int | None:
    """How far a way out is used; null before its first use. Nobody else reads it for use until the transaction ends."""
    here = select(SendRate).where(SendRate.key == key).with_for_update().execution_options(populate_existing=True)
    row = session.scalars(here).one_or_none()
    return None if row is None else row.arrival_ns


def arrived(session: Session, key: str, arrival_ns: int) -> None:
    """It is used so far now; never less far than somebody else said."""
    statement = upsert(session, SendRate).values(key=key, arrival_ns=arrival_ns)
    later = statement.excluded.arrival_ns > SendRate.arrival_ns
    session.execute(
        statement.on_conflict_do_update(index_elements=["key"], set_={"arrival_ns": arrival_ns}, where=later)
    )


def may_send(channel: Any) -> ColumnElement[bool]:
    """Of a campaign: it is sending, and nothing holds it, its channel, or everything."""
    held = or_(
        SendingHold.kind == "all",
        and_(SendingHold.kind == "channel", SendingHold.key == channel),
        and_(SendingHold.kind == "campaign", SendingHold.key == Campaign.code),
    )
    return and_(Campaign.state == "sending", ~exists().where(SendingHold.released_at.is_(None), held))


def _ours(claim: Claim, states: Sequence[str]) -> Update:
    is_ours = (Outgoing.id == claim.message_id) & (Outgoing.fence == claim.fence)
    return update(Outgoing).where(is_ours, Outgoing.state.in_(states))


__all__ = [
    "CHUNK", "Claim", "arrival", "arrived", "begin", "cancel", "claim", "counts", "decide", "finish", "hold_members", "plan", "plan_columns", "put_back", "slots", "sweep", "told",
]  # fmt: skip
