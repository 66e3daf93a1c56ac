"""The outbox, many messages in one statement: the steps of ``core.store.outbox`` for a worker that has a batch in hand.

Each row is still asked for by its fence and the state it must be in, and whoever comes late writes nothing: what is returned names those that were still ours.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Update, bindparam, case, exists, func, or_, select, update

from core.store.campaign_tables import (
    IS_IN_HAND,
    IS_WAITING,
    Campaign,
    CampaignErrors,
    Outgoing,
    SendRate,
    SubscriptionGrant,
)
from core.store.columns import UtcTime
from core.store.outbox import CHUNK, IN_HAND, Claim, may_send
from core.store.session import Session, changed_rows, insert_new

NO_SLOT = ("skipped", "cancelled", "failed", "dead")
"""Ends that free the place under the caps."""


@dataclass(frozen=True, slots=True)
class End:
    """What a message in hand came to."""

    claim: Claim
    state: str
    reason: str | None = None
    provider_id: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Back:
    """A message in hand that waits again until ``due_at``. ``is_tried``: it was handed over and refused; else the try does not count."""

    claim: Claim
    due_at: datetime
    reason: str | None = None
    error: str | None = None
    is_tried: bool = False


def due(session: Session, campaign_id: int, channel: str, now: datetime, *, by_place: bool) -> list[str | None]:
    """Whether a campaign has something to send on a channel now: ``[None]`` or nothing; ``by_place``: the places that it goes to."""
    here = _waiting(campaign_id, channel, now)
    if by_place:
        return list(session.scalars(select(Outgoing.place).where(*here).distinct().order_by(Outgoing.place)))
    return [None] if session.scalar(select(Outgoing.id).where(*here).limit(1)) is not None else []


def is_going(session: Session, campaign_id: int, channel: str) -> bool:
    """Whether the campaign is sending, and nothing holds it or the channel."""
    return session.scalar(select(Campaign.id).where(Campaign.id == campaign_id, may_send(channel))) is not None


def begin(session: Session, claims: Sequence[Claim], now: datetime) -> set[int]:
    """``outbox.begin`` of messages of one channel. Returns those that may be handed over now."""
    begun: set[int] = set()
    for fence, ids in _by_fence(claims):
        stands = exists().where(Campaign.id == Outgoing.campaign_id, may_send(claims[0].channel))
        ours = _ours(ids, fence, ("reserved",)).where(stands)
        begun |= _changed(session, ours.values(state="sending", begun_at=now))
    return begun


def finish(session: Session, ends: Iterable[End], now: datetime) -> set[int]:
    """``outbox.finish`` of each. Returns those that were still ours."""
    alike: dict[tuple[str, str | None, str | None], list[End]] = {}
    for end in ends:
        alike.setdefault((end.state, end.reason, end.error), []).append(end)
    ended: set[int] = set()
    for (state, reason, error), some in alike.items():
        before = ("reserved",) if state in ("skipped", "cancelled") else IN_HAND
        values = {"state": state, "ended_at": now, "lease_until": None, "reason": reason, "error": error}
        values |= {"slot_at": None} if state in NO_SLOT else {}
        called = {end.claim.message_id: end.provider_id for end in some}
        for fence, ids in _by_fence([end.claim for end in some]):
            ours = _ours(ids, fence, before)
            ended |= _changed(session, ours.values(provider_id=_called([(one, called[one]) for one in ids]), **values))
    return ended


def put_back(session: Session, backs: Sequence[Back], now: datetime) -> None:
    """``outbox.put_back`` of each; of those that somebody else has nothing is written."""
    if not backs:
        return
    table: Any = Outgoing.__table__
    ours = (table.c.id == bindparam("its_id")) & (table.c.fence == bindparam("its_fence"))
    statement = (
        table.update()
        .where(ours, or_(*(table.c.state == one for one in IN_HAND)))
        .values(
            state=bindparam("its_state"),
            due_at=bindparam("its_due_at"),
            reason=bindparam("its_reason"),
            error=bindparam("its_error"),
            lease_until=None,
            slot_at=None,
            attempts=table.c.attempts - bindparam("its_untried"),
            tried_at=func.coalesce(table.c.tried_at, bindparam("its_tried_at", type_=UtcTime())),
        )
    )
    rows = [
        {
            "its_id": one.claim.message_id, "its_fence": one.claim.fence, "its_state": "planned" if one.reason is None else "held", "its_due_at": one.due_at,
            "its_reason": one.reason, "its_error": one.error, "its_untried": int(not one.is_tried), "its_tried_at": now if one.is_tried else None,
        }
        for one in backs
    ]  # fmt: skip
    session.connection().execute(statement, rows)


def taken(session: Session, members: Collection[int], after: datetime, *, but: Collection[int]) -> dict[int, list[tuple[str, datetime]]]:  # fmt: skip
    """Channel and time of the places of members under the caps, later than ``after``; ``but``: messages that are being asked about."""
    found: dict[int, list[tuple[str, datetime]]] = {}
    ours, wanted = set(but), sorted(set(members))
    for at in range(0, len(wanted), CHUNK):
        here = Outgoing.member_id.in_(wanted[at : at + CHUNK])
        query = select(Outgoing.id, Outgoing.member_id, Outgoing.channel, Outgoing.slot_at)
        for number, member, channel, slot_at in session.execute(query.where(here, Outgoing.slot_at > after)):
            if number not in ours and slot_at is not None:
                found.setdefault(member, []).append((channel, slot_at))
    return found


def set_arrival(session: Session, key: str, arrival_ns: int) -> None:
    """How far a way out is used, whatever was said before."""
    changed_rows(session, update(SendRate).where(SendRate.key == key).values(arrival_ns=arrival_ns))


def is_any_open(session: Session, campaign_id: int) -> bool:
    """Whether a campaign has a message that waits or that is in a worker's hand."""
    here = Outgoing.campaign_id == campaign_id
    waiting = session.scalar(select(Outgoing.id).where(here, IS_WAITING).limit(1))
    return waiting is not None or (session.scalar(select(Outgoing.id).where(here, IS_IN_HAND).limit(1)) is not None)


def left_over(session: Session) -> list[int]:
    """Campaigns that were given up and still have messages that wait: a worker had them in hand, and died."""
    waits = exists().where(Outgoing.campaign_id == Campaign.id, IS_WAITING)
    return list(session.scalars(select(Campaign.id).where(Campaign.state.in_(("cancelled", "failed")), waits)))


# -- what a campaign and its readers can stand --------------------------------------------------------------------------


def errors(session: Session, campaign_id: int, since: datetime) -> CampaignErrors:
    """The count of a campaign, which nobody else changes until the transaction ends; begun anew where it was started or resumed since."""
    fresh = {"ended": 0, "failed": 0, "in_row": 0}
    insert_new(session, CampaignErrors, {"campaign_id": campaign_id, "since": since, **fresh}, unique=["campaign_id"])
    here = select(CampaignErrors).where(CampaignErrors.campaign_id == campaign_id).with_for_update()
    row = session.scalars(here.execution_options(populate_existing=True)).one()
    if row.since < since:
        row.since, row.ended, row.failed, row.in_row = since, 0, 0, 0
    return row


def grants(session: Session, connector_id: int, template_id: str, identity_keys: Collection[int]) -> dict[int, int]:
    """How many messages of a template each identity has allowed and has not been sent; who has none is absent."""
    found: dict[int, int] = {}
    wanted = sorted(set(identity_keys))
    for at in range(0, len(wanted), CHUNK):
        query = select(SubscriptionGrant.identity_key, SubscriptionGrant.grants).where(
            SubscriptionGrant.connector_id == connector_id,
            SubscriptionGrant.template_id == template_id,
            SubscriptionGrant.identity_key.in_(wanted[at : at + CHUNK]),
            SubscriptionGrant.grants > 0,
        )
        found |= {int(key): int(count) for key, count in session.execute(query)}
    return found


def spend(
    session: Session, connector_id: int, template_id: str, identity_keys: Collection[int], now: datetime, *, all_of_it: bool = False
) -> None:  # fmt: skip
    """One permission of each is used; ``all_of_it``: the platform says that there is none."""
    wanted = sorted(set(identity_keys))
    for at in range(0, len(wanted), CHUNK):
        here = update(SubscriptionGrant).where(
            SubscriptionGrant.connector_id == connector_id,
            SubscriptionGrant.template_id == template_id,
            SubscriptionGrant.identity_key.in_(wanted[at : at + CHUNK]),
            SubscriptionGrant.grants > 0,
        )
        left: Any = 0 if all_of_it else SubscriptionGrant.grants - 1
        changed_rows(session, here.values(grants=left, changed_at=now))


def _called(names: Sequence[tuple[int, str | None]]) -> Any:
    """What the platform calls each of these messages, as one value of a statement."""
    if len({name for _, name in names}) == 1:
        return names[0][1]
    return case(dict(names), value=Outgoing.id, else_=None)


def _waiting(campaign_id: int, channel: str, now: datetime) -> list[ColumnElement[bool]]:
    stands = exists().where(Campaign.id == campaign_id, may_send(channel))
    here = [Outgoing.campaign_id == campaign_id, Outgoing.channel == channel, Outgoing.due_at <= now]
    return [*here, IS_WAITING, stands]


def _by_fence(claims: Sequence[Claim]) -> Iterable[tuple[int, list[int]]]:
    found: dict[int, list[int]] = {}
    for claim in claims:
        found.setdefault(claim.fence, []).append(claim.message_id)
    for fence, ids in found.items():
        for at in range(0, len(ids), CHUNK):
            yield fence, ids[at : at + CHUNK]


def _ours(ids: Sequence[int], fence: int, states: Sequence[str]) -> Update:
    return update(Outgoing).where(Outgoing.id.in_(ids), Outgoing.fence == fence, Outgoing.state.in_(states))


def _changed(session: Session, statement: Update) -> set[int]:
    quiet = statement.returning(Outgoing.id).execution_options(synchronize_session=False)
    return set(session.scalars(quiet))
