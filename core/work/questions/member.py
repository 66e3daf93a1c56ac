"""Everything about one member: who it is, what it bought, heard and said, agreed to and belongs to. Read in one pass of its own
rows (``member_rows``), without a scan of everybody's moments.

A member of several identities is one person: facts of all of them count, each once. What several profiles say is resolved as segments
do it (``core.work.questions.traits``): units and staff are all that any says, and the scope of any of these units sees the member
(data-contract.md 19); of ``joined_at`` the earliest, with the channel that brought the person then; ``is_friend`` and ``is_test`` hold
where any says so; of all else the newest that is told counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import ibis
import numpy as np
import pandas as pd

from core.errors import Unknown
from core.lake.reader import Snapshot
from core.metrics import last_touch, moments
from core.metrics.contents import READS, WINDOW_DAYS
from core.schema import TOUCH_STATES
from core.segments.reach import Account
from core.work.questions import accounts, member_groups, member_rows
from core.work.questions.kept import per_version
from core.work.questions.member_groups import Stay
from core.work.questions.member_rows import Row
from core.work.questions.reading import Reading

DAY_US = 86_400_000_000
DIMENSIONS = {
    "unit_id": ("units", "name"),
    "staff_id": ("staff", "name"),
    "group_id": ("groups", "name"),
    "product_id": ("products", "name"),
    "content_id": ("contents", "title"),
    "campaign_id": ("campaigns", "name"),
    "offer_id": ("offers", "name"),
    "activity_id": ("activities", "name"),
}
"""Column of ids: the dimension that names them, and its column."""
FIELDS = ("gender", "birth_year", "city", "tier")
FLAGS = ("is_friend", "is_test")


@dataclass(frozen=True, slots=True)
class Profile:
    """What the member's profiles say together; None = nobody says. Times naive in UTC."""

    joined_at: datetime | None = None
    acquisition_channel: str | None = None
    units: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    gender: str | None = None
    birth_year: int | None = None
    city: str | None = None
    tier: str | None = None
    is_friend: bool | None = None
    is_test: bool | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An order whose gross is above 0, at its first line. ``lines``: its sales; ``refunds``: lines back under its own number."""

    source: str
    order_no: str
    at: datetime
    on: date
    gross_minor: int
    refund_minor: int
    channel: str | None
    unit_id: str | None
    campaign_id: str | None
    lines: tuple[Row, ...]
    refunds: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Consent:
    """The newest word on a purpose and a channel (None = all channels), and who brought it."""

    purpose: str
    channel: str | None
    is_given: bool
    at: datetime
    source: str
    policy_version: str | None
    proof: str | None


@dataclass(frozen=True, slots=True)
class Touch:
    """One message to the member, of the day ``on`` of its first state. ``states``: time by state, in the order a message goes through
    them. ``orders``: what it led to, those within seven days whose last read or click before them was on it."""

    touch_id: str
    source: str
    on: date
    channel: str | None
    campaign_id: str | None
    content_id: str | None
    states: Mapping[str, datetime]
    reason: str | None
    cost_minor: int | None
    orders: tuple[str, ...] = ()

    @property
    def at(self) -> datetime:
        return min(self.states.values())

    @property
    def state(self) -> str:
        """The last of its states."""
        return tuple(self.states)[-1]


@dataclass(frozen=True, slots=True)
class Bought:
    """What the member is worth so far, by the rules of RFM: refunds netted, orders whose gross is above 0, days to the newest data."""

    orders: int
    gross_minor: int
    refund_minor: int
    net_minor: int
    first_on: date | None
    last_on: date | None
    days_since_last_order: int | None
    aov_minor: int | None


@dataclass(frozen=True, eq=False)
class Member:
    """``keys``: identity keys, ascending. ``identities``: type and namespace of each that was seen; ``accounts``: which channel openids of each
    source are taken to be of. Lists are newest first.

    ``loose_lines``: refunds under a number that no order has, and sales that come to nothing. ``joins``: callbacks of groups joined.

    ``coupons``: rows of ``offer_events``; ``feedback``, ``conversations``, ``activities``, ``points``, ``brought`` and ``brought_by``
    (referrals; the other's ``member_id``, None where nobody is known or out of scope): rows of their tables. ``balance``: of points,
    None without an entry. ``touched_on``: the newest day with a message to anybody, None without any. ``acts``: events and own group messages, oldest first (``member_rows.walked``).
    """

    member_id: int
    is_known: bool
    keys: tuple[int, ...]
    identities: dict[int, tuple[str, str]]
    accounts: tuple[Account, ...]
    profile: Profile
    consents: tuple[Consent, ...]
    consent_rows: tuple[Row, ...]
    orders: tuple[Order, ...]
    loose_lines: tuple[Row, ...]
    bought: Bought
    joins: tuple[Row, ...]
    stays: tuple[Stay, ...]
    touches: tuple[Touch, ...]
    coupons: tuple[Row, ...]
    feedback: tuple[Row, ...]
    conversations: tuple[Row, ...]
    activities: tuple[Row, ...]
    points: tuple[Row, ...]
    balance: int | None
    brought: tuple[Row, ...]
    brought_by: tuple[Row, ...]
    acts: pd.DataFrame
    touched_on: date | None
    as_of: datetime | None
    currency: str
    names: Mapping[tuple[str, str], str]

    def name(self, column: str, one: str | None) -> str | None:
        """What an id is called; itself where nobody named it."""
        return None if one is None else self.names.get((column, one), one)

    @property
    def types(self) -> frozenset[str]:
        return frozenset(kind for kind, _ in self.identities.values())


def of(reading: Reading, member_id: int) -> Member:
    """See ``Member``. Raises ``Unknown`` for one who does not exist, was erased, or is outside the reading's scope, in the same words."""
    keys, is_known = member_rows.keys_of(reading, member_id)
    if not keys or (reading.units is not None and not is_known):
        raise Unknown("member", str(member_id))
    rows = member_rows.of(reading, keys)
    profiles = member_rows.newest(rows.get("member_profiles", []), member_rows.WHO)
    if reading.units is not None and not any(row["unit_id"] in reading.units for row in profiles):
        raise Unknown("member", str(member_id))
    lines = rows.get("order_lines", [])
    orders, loose = _orders(lines)
    acts = member_rows.walked(reading, keys)
    as_of = reading.as_of
    brought, brought_by = _referrals(reading, rows.get("referrals", []), keys)
    entries = rows.get("points", [])
    return Member(
        member_id=member_id,
        is_known=is_known,
        keys=keys,
        identities={row["identity_key"]: (row["identity_type"], row["namespace"] or "") for row in rows.get("identities", [])},
        accounts=accounts.of(reading.snapshot),
        profile=_profile(profiles),
        consents=_consents(rows.get("consents", [])),
        consent_rows=_latest_first(rows.get("consents", [])),
        orders=orders,
        loose_lines=loose,
        bought=_bought(orders, lines, reading.as_of_on),
        joins=tuple(row for row in rows.get("group_membership", []) if row["change"] == "join"),
        stays=member_groups.stays(reading, rows),
        touches=_touches(rows.get("touches", []), orders, acts),
        coupons=_latest_first(rows.get("offer_events", [])),
        feedback=_latest_first(rows.get("feedback", [])),
        conversations=_latest_first(rows.get("service_conversations", [])),
        activities=_latest_first(rows.get("activity_participation", [])),
        points=_latest_first(entries),
        balance=sum(row["points"] for row in entries) if entries else None,
        brought=brought,
        brought_by=brought_by,
        acts=acts,
        touched_on=_touched_on(reading.snapshot),
        as_of=as_of,
        currency=reading.currency,
        names=_names(reading.snapshot),
    )  # fmt: skip


def is_within(reading: Reading, member_id: int) -> bool:
    """Whether there is such a member in the reading's scope."""
    return member_id in within(reading, [member_id])


def within(reading: Reading, member_ids: Sequence[int]) -> frozenset[int]:
    """Of some members those that there are in the reading's scope."""
    rows = reading.snapshot.member_map()
    rows = rows.filter(rows.member_id.isin(list(member_ids)))
    if reading.units is not None:
        rows = rows.filter(rows.is_known)
    found: dict[int, int] = {row["identity_key"]: row["member_id"] for row in reading.snapshot.arrow(rows).to_pylist()}
    if reading.units is None or not found:
        return frozenset(found.values())
    profiles = reading.snapshot.table("member_profiles")
    own = reading.snapshot.arrow(profiles.filter(profiles.identity_key.isin(list(found)))).to_pylist()
    own.sort(key=lambda row: (row["batch_id"], row["row_number"]))
    newest = member_rows.newest(own, "identity_key")
    return frozenset(found[row["identity_key"]] for row in newest if row["unit_id"] in reading.units)


# -- parts -------------------------------------------------------------------------------------------------------------


def _profile(rows: Sequence[Row]) -> Profile:
    """``rows``: the newest of each identity, in the order they came."""
    said: dict[str, Any] = {}
    for field in FIELDS:
        told = [row[field] for row in rows if row[field] is not None]
        if told:
            said[field] = told[-1]
    for flag in FLAGS:
        if any(row[flag] is not None for row in rows):
            said[flag] = any(row[flag] for row in rows)
    joined_at = min((row["joined_at"] for row in rows if row["joined_at"] is not None), default=None)
    first = [row["acquisition_channel"] for row in rows if row["joined_at"] == joined_at]
    brought = min((channel for channel in first if channel is not None), default=None)
    return Profile(joined_at, brought, _all(rows, "unit_id"), _all(rows, "staff_id"), **said)


def _all(rows: Sequence[Row], column: str) -> tuple[str, ...]:
    return tuple(sorted({row[column] for row in rows if row[column] is not None}))


def _consents(rows: Sequence[Row]) -> tuple[Consent, ...]:
    """The newest row of each purpose and channel; of equal times the one that came last."""
    newest: dict[tuple[str, str | None], Row] = {}
    for row in sorted(rows, key=lambda row: row["occurred_at"]):
        newest[row["purpose"], row["channel"]] = row
    found = [
        Consent(
            row["purpose"], row["channel"], row["state"] == "given", row["occurred_at"], row["source"], row["policy_version"],
            row["proof"],
        )
        for row in newest.values()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.purpose, one.channel or "")))


def _orders(lines: Sequence[Row]) -> tuple[tuple[Order, ...], tuple[Row, ...]]:
    """Orders newest first, and lines that belong to none of them: refunds under another number, sales that come to nothing."""
    sales: dict[tuple[str, str], list[Row]] = defaultdict(list)
    back: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for line in lines:
        if line["line_kind"] != "adjustment":
            (sales if line["line_kind"] == "sale" else back)[line["source"], line["order_no"]].append(line)
    found, nothing = [], []
    for (source, order_no), own in sales.items():
        gross = sum(line["amount_minor"] for line in own)
        if gross <= 0:
            nothing.append(own)
            continue
        first = min(own, key=lambda line: (line["batch_id"], line["row_number"]))
        returned = back.pop((source, order_no), [])
        found.append(
            Order(
                source, order_no, min(line["occurred_at"] for line in own), min(line["local_date"] for line in own), gross,
                sum(line["amount_minor"] for line in returned), first["channel"], first["unit_id"], first["campaign_id"],
                tuple(own), tuple(returned),
            )
        )  # fmt: skip
    found.sort(key=lambda order: (order.at, order.source, order.order_no), reverse=True)
    rest = [line for own in (*nothing, *back.values()) for line in own]
    return tuple(found), _latest_first(rest)


def _bought(orders: Sequence[Order], lines: Sequence[Row], as_of_on: date | None) -> Bought:
    gross = sum(order.gross_minor for order in orders)
    back = sum(line["amount_minor"] for line in lines if line["line_kind"] == "refund") if orders else 0
    days = [order.on for order in orders]
    return Bought(
        orders=len(orders),
        gross_minor=gross,
        refund_minor=back,
        net_minor=gross + back,
        first_on=min(days, default=None),
        last_on=max(days, default=None),
        days_since_last_order=(as_of_on - max(days)).days if days and as_of_on else None,
        aov_minor=round(gross / len(orders)) if orders else None,
    )


def _touches(rows: Sequence[Row], orders: Sequence[Order], acts: pd.DataFrame) -> tuple[Touch, ...]:
    own: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        own[row["source"], row["touch_id"]].append(row)
    found = [_touch(source, touch_id, states) for (source, touch_id), states in own.items()]
    found.sort(key=lambda touch: (touch.at, touch.source, touch.touch_id), reverse=True)
    led = _led(found, orders, acts)
    return tuple(
        replace(touch, orders=tuple(led[place])) if place in led else touch for place, touch in enumerate(found)
    )


def _touch(source: str, touch_id: str, rows: Sequence[Row]) -> Touch:
    rows = sorted(rows, key=lambda row: TOUCH_STATES.index(row["state"]))

    def told(column: str) -> Any:
        return next((row[column] for row in rows if row[column] is not None), None)

    costs = [row["cost_minor"] for row in rows if row["cost_minor"] is not None]
    return Touch(
        touch_id=touch_id,
        source=source,
        on=min(row["local_date"] for row in rows),
        channel=max((row["channel"] for row in rows if row["channel"] is not None), default=None),
        campaign_id=told("campaign_id"),
        content_id=told("content_id"),
        states={row["state"]: row["occurred_at"] for row in rows},
        reason=told("reason"),
        cost_minor=sum(costs) if costs else None,
    )


def _led(touches: Sequence[Touch], orders: Sequence[Order], acts: pd.DataFrame) -> dict[int, list[str]]:
    """Order numbers by place of the touch whose click was the last contact before them, as content and channels credit them."""
    reads = acts[acts["name"].isin(READS)]["at"].to_numpy().astype("datetime64[us]").astype(np.int64)
    clicked = [(place, touch.states["clicked"]) for place, touch in enumerate(touches) if "clicked" in touch.states]
    clicks = np.array([at for _, at in clicked], "datetime64[us]").astype(np.int64)
    at = np.concatenate([reads, clicks])
    bought = np.array([order.at for order in orders], "datetime64[us]").astype(np.int64)
    nobody = np.zeros(at.size, np.int64)
    latest = last_touch.latest(nobody, at, np.zeros(bought.size, np.int64), bought, WINDOW_DAYS * DAY_US)
    led: dict[int, list[str]] = defaultdict(list)
    for order, contact in zip(orders, latest.tolist(), strict=True):
        if contact >= reads.size:
            led[clicked[contact - reads.size][0]].append(order.order_no)
    return led


def _referrals(reading: Reading, rows: Sequence[Row], keys: Iterable[int]) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    own = set(keys)
    others = {row[column] for row in rows for column in ("identity_key", "referred_key")} - own - {None}
    member_of: dict[int, int] = {}
    if others:
        known = reading.snapshot.member_map()
        known = known.filter(known.identity_key.isin(sorted(others)) & known.is_known)
        member_of = {row["identity_key"]: row["member_id"] for row in reading.snapshot.arrow(known).to_pylist()}
        if reading.units is not None and member_of:
            seen = within(reading, sorted(set(member_of.values())))
            member_of = {key: member for key, member in member_of.items() if member in seen}
    brought = [row | {"member_id": member_of.get(row["referred_key"])} for row in rows if row["identity_key"] in own]
    by = [row | {"member_id": member_of.get(row["identity_key"])} for row in rows if row["referred_key"] in own]
    return _latest_first(brought), _latest_first(by)


def _latest_first(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: (row["occurred_at"], row["batch_id"], row["row_number"]), reverse=True))


@per_version("touches")
def _touched_on(snapshot: Snapshot) -> date | None:
    if not snapshot.files("touches"):
        return None
    found = snapshot.value(snapshot.table("touches").local_date.max())
    return found if isinstance(found, date) else None


@per_version(*(table for table, _ in DIMENSIONS.values()))
def _names(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    """Name of everything that has one, by column of ids and id: of the newest revision."""
    parts = []
    for column, (table, name) in DIMENSIONS.items():
        if snapshot.files(table):
            rows = snapshot.table(table)
            parts.append(
                rows.select("batch_id", "row_number", column=ibis.literal(column), id=rows[column], name=rows[name])
            )
    if not parts:
        return {}
    rows = snapshot.arrow(moments.union(parts).order_by("batch_id", "row_number"))
    columns = (rows[name].to_pylist() for name in ("column", "id", "name"))
    named = {(column, one): name for column, one, name in zip(*columns, strict=True)}
    return {key: name for key, name in named.items() if name is not None}
