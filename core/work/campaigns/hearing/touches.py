"""What messages came to, told to the lake: touches, the campaign, withdrawn permissions and issued coupons, as batches of the source ``siyu``.

The lake knows a row again by what it says, so that whoever dies between the lake and the store tells the same once more and changes nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ibis
import pyarrow as pa
from sqlalchemy import select

from core import schema
from core.campaigns import body as bodies
from core.campaigns.body import Body, InvalidCampaign
from core.lake.writer import Change
from core.schema import ARROW, CHANNELS, CONSENT_PURPOSES, TOUCH_STATES, Column
from core.scope import SYSTEM
from core.store import message_marks
from core.store.campaign_tables import Campaign, MessageMark, Outgoing
from core.store.session import Session
from core.work.campaigns.texts import coupons
from core.work.home import Home
from core.work.ingest import batches, workplace

SOURCE = "siyu"
MOST = 100_000
"""Marks that one batch tells."""
SHOWN = ("console",)
"""Channels on which nobody gets anything."""
OVER = ("completed", "cancelled", "failed")
Rows = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class _Told:
    """A mark and its message."""

    mark_id: int
    mark: str
    at: datetime
    reason: str | None
    message_id: int
    campaign_id: int
    member_id: int
    identity_key: int | None
    channel: str


def tell(home: Home, now: datetime) -> int:
    """Everything that the lake does not know yet. Returns how many marks were told. Raises ``LakeBusy``."""
    done = 0
    while True:
        with home.store.reading() as session:
            marks = _untold(session)
            campaigns = {one.id: one for one in session.scalars(select(Campaign).where(Campaign.id.in_({mark.campaign_id for mark in marks})))}  # fmt: skip
        if not marks:
            return done
        _brought(home, marks, campaigns, now)
        with home.store.transaction() as session:
            ids = [one.mark_id for one in marks]
            done += sum(message_marks.tell(session, ids[at : at + 5_000]) for at in range(0, len(ids), 5_000))
        if len(marks) < MOST:
            return done


def _untold(session: Session) -> list[_Told]:
    query = (
        select(
            MessageMark.id, MessageMark.mark, MessageMark.at, MessageMark.reason, Outgoing.id, Outgoing.campaign_id, Outgoing.member_id,
            Outgoing.identity_key, Outgoing.channel,
        )
        .join(Outgoing, Outgoing.id == MessageMark.message_id)
        .where(~MessageMark.is_told)
        .order_by(MessageMark.id)
        .limit(MOST)
    )  # fmt: skip
    return [_Told(*row) for row in session.execute(query)]


def _brought(home: Home, marks: Sequence[_Told], campaigns: Mapping[int, Campaign], now: datetime) -> None:
    """As one batch, which appears at once or not at all."""
    real = [one for one in marks if one.channel not in SHOWN]
    if not real:
        return
    with workplace.opened(home) as place:
        batch_id = batches.begin(
            home, place, table="touches", source=SOURCE, file_name="", mapping_name=None, operator=SYSTEM, now=now
        )  # fmt: skip
        try:
            with home.writer.change("import", batch_id) as change:
                counts = _merged(home, change, real, campaigns)
                change.note |= counts.as_dict() | {"table": "touches", "source": SOURCE, "sha256": None}
                version = change.snapshot.version + bool(change.tables)
        except BaseException as error:
            batches.give_up(home, batch_id, error, operator=SYSTEM, now=now)
            raise
        with home.store.transaction() as session:
            batches.commit(session, batch_id, counts, lake_version=version, sha256=None, operator=SYSTEM, now=now)


def _merged(home: Home, change: Change, marks: Sequence[_Told], campaigns: Mapping[int, Campaign]) -> batches.Counts:
    bodies_of = {one.id: _body(one) for one in campaigns.values()}
    people = _people(change, marks)
    touches = _touches(marks, campaigns, people)
    told = change.merge("touches", _table("touches", touches)) if touches["touch_id"] else None
    for name, rows in (
        ("campaigns", _dimension(campaigns.values(), bodies_of)),
        ("consents", _consents(marks, campaigns, bodies_of, people)),
        ("offers", _offers(campaigns.values(), bodies_of)),
        ("offer_events", _issued(home, marks, campaigns, bodies_of, people)),
    ):
        if any(rows.values()):
            change.merge(name, _table(name, rows))
    read = len(touches["touch_id"])
    return batches.Counts(read, told.accepted if told else 0, told.duplicate if told else 0, 0)


def _people(change: Change, marks: Sequence[_Told]) -> dict[int, int]:
    """One identity of each member that was written to at no address, such as through a webhook: that of the smallest key."""
    members = sorted({one.member_id for one in marks if one.identity_key is None and one.member_id >= 0})
    if not members:
        return {}
    known = change.snapshot.member_map().semi_join(ibis.memtable(pa.table({"member_id": members})), "member_id")
    found = change.snapshot.arrow(known.group_by("member_id").aggregate(key=ibis._.identity_key.min()))
    return dict(zip(found["member_id"].to_pylist(), found["key"].to_pylist(), strict=True))


def _touches(marks: Sequence[_Told], campaigns: Mapping[int, Campaign], people: Mapping[int, int]) -> Rows:
    """Of marks that facts have a state for. What a message cost is told with its being sent."""
    prices = {(one.id, channel): price for one in campaigns.values() for channel, price in _prices(one).items()}
    kept = [one for one in marks if one.mark in TOUCH_STATES]
    return {
        "occurred_at": [_naive(one.at) for one in kept],
        "identity_key": [_who(one, people) for one in kept],
        "touch_id": [_name(one, campaigns) for one in kept],
        "state": [one.mark for one in kept],
        "channel": [one.channel if one.channel in CHANNELS else None for one in kept],
        "campaign_id": [campaigns[one.campaign_id].code for one in kept],
        "reason": [one.reason if one.mark == "failed" else None for one in kept],
        "cost_minor": [prices.get((one.campaign_id, one.channel)) if one.mark == "sent" else None for one in kept],
    }


def _consents(
    marks: Sequence[_Told], campaigns: Mapping[int, Campaign], told: Mapping[int, Body | None], people: Mapping[int, int]
) -> Rows:  # fmt: skip
    """Who unsubscribed has withdrawn the permission for the channel; the message by which they did is the proof."""
    kept = [one for one in marks if one.mark == "unsubscribed" and one.channel in CHANNELS and _who(one, people) is not None]  # fmt: skip
    purposes = {number: body.purpose if body and body.purpose in CONSENT_PURPOSES else "marketing" for number, body in told.items()}  # fmt: skip
    return {
        "occurred_at": [_naive(one.at) for one in kept],
        "identity_key": [_who(one, people) for one in kept],
        "purpose": [purposes[one.campaign_id] for one in kept],
        "channel": [one.channel for one in kept],
        "state": ["withdrawn"] * len(kept),
        "proof": [_name(one, campaigns) for one in kept],
    }


def _issued(
    home: Home, marks: Sequence[_Told], campaigns: Mapping[int, Campaign], told: Mapping[int, Body | None], people: Mapping[int, int]
) -> Rows:  # fmt: skip
    """A coupon is issued with the message that brings it. One that all share is told apart by the message."""
    offers = {number: body.offer for number, body in told.items() if body and body.offer}
    kept = [one for one in marks if one.mark == "sent" and one.campaign_id in offers]
    secret = coupons.key(home.keys)
    numbers = [
        coupons.single(secret, campaigns[one.campaign_id].code, one.member_id)
        if offers[one.campaign_id].codes == "single"
        else _name(one, campaigns)
        for one in kept
    ]
    return {
        "occurred_at": [_naive(one.at) for one in kept],
        "identity_key": [_who(one, people) for one in kept],
        "offer_id": [offers[one.campaign_id].offer_id for one in kept],
        "coupon_no": numbers,
        "state": ["issued"] * len(kept),
        "campaign_id": [campaigns[one.campaign_id].code for one in kept],
    }


def _dimension(campaigns: Collection[Campaign], told: Mapping[int, Body | None]) -> Rows:
    kept = sorted(campaigns, key=lambda one: one.id)
    goals = {number: body.goal if body else None for number, body in told.items()}
    channels = {number: next((one for one in body.channels if one in CHANNELS), None) if body else None for number, body in told.items()}  # fmt: skip
    return {
        "campaign_id": [one.code for one in kept],
        "name": [one.name for one in kept],
        "goal": [goals[one.id] for one in kept],
        "channel": [channels[one.id] for one in kept],
        "starts_at": [None if one.starts_at is None else _naive(one.starts_at) for one in kept],
        "ends_at": [_naive(one.state_at) if one.state in OVER else None for one in kept],
    }


def _offers(campaigns: Collection[Campaign], told: Mapping[int, Body | None]) -> Rows:
    kept = [(one, body.offer) for one in campaigns if (body := told[one.id]) and body.offer]
    return {
        "offer_id": [offer.offer_id for _, offer in kept],
        "name": [offer.name for _, offer in kept],
        "face_minor": [offer.face_minor for _, offer in kept],
        "campaign_id": [one.code for one, _ in kept],
    }


def _table(name: str, rows: Rows) -> ibis.Table:
    contract, count = schema.table(name), len(next(iter(rows.values())))
    columns = {column: pa.array(values, _type(contract.column(column))) for column, values in rows.items()}
    columns["source"] = pa.array([SOURCE] * count, pa.string())
    columns["row_number"] = pa.array(range(1, count + 1), pa.int64())
    return ibis.memtable(pa.table(columns))


def _type(column: Column) -> pa.DataType:
    return pa.timestamp("us") if column.kind == "time" else ARROW[column.kind]


def _body(campaign: Campaign) -> Body | None:
    """None for a body of an older kind that nobody reads any more: its messages are told all the same."""
    try:
        return bodies.parse(campaign.body)
    except InvalidCampaign:
        return None


def _prices(campaign: Campaign) -> dict[str, int]:
    """Of one message, as it was when the campaign was launched."""
    flows = (campaign.launched or {}).get("flows") or []
    return {str(one["channel"]): int(one["price_minor"]) for one in flows if one.get("price_minor") is not None}


def _who(one: _Told, people: Mapping[int, int]) -> int | None:
    return one.identity_key if one.identity_key is not None else people.get(one.member_id)


def _name(one: _Told, campaigns: Mapping[int, Campaign]) -> str:
    return f"{campaigns[one.campaign_id].code}-{one.message_id}"


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)
