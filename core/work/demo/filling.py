"""Filling the demo world, and removing it."""

import hashlib
import os
import shutil
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import ibis
import numpy as np
import pyarrow as pa
from sqlalchemy import select, update

from core.errors import DemoPresent, InvalidDemoSize
from core.lake.writer import Change
from core.privacy import pseudonyms
from core.settings import Settings
from core.store import profile_fields
from core.store.tables import Batch
from core.work import identities, nicknames, tending
from core.work.demo import (
    activity,
    archetypes,
    brand,
    campaigning,
    care,
    chat,
    columns,
    membership,
    nicks,
    outages,
    people,
    pestered,
    planted,
    shopping,
    statistics,
    touching,
    truth,
)
from core.work.demo.activity import Acts, Months
from core.work.demo.archetypes import Archetypes
from core.work.demo.brand import Brand
from core.work.demo.chat import Memberships
from core.work.demo.festivals import Visits
from core.work.demo.outages import Outages
from core.work.demo.people import People
from core.work.demo.rhythm import Span
from core.work.home import Home
from core.work.ingest import batches, derived

DAYS = 430
DEFAULT_EVENTS, FEWEST_EVENTS, MOST_EVENTS = 400_000, 10_000, 10_000_000
EVENTS_PER_MEMBER, MOST_MEMBERS = 20, 200_000
VISITORS_PER_MEMBER = 0.3
MESSAGES_PER_EVENT, MOST_MESSAGES = 0.12, 500_000
SOURCE = "demo"
REMOVED, GONE = "demo.removed", ".demo-"


class Progress(Protocol):
    """Called after each part: its table, ``rows`` of that table so far and ``rows_in_all``."""

    def __call__(self, stage: str, **counts: int) -> None: ...


def _unheard(stage: str, **counts: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Rows per table, and the lake version at which they appeared."""

    counts: dict[str, int]
    lake_version: int


def plant_key(settings: Settings, seed: int) -> None:
    """Give the demo world a key made of the seed, unless it has one; so the same seed gives the same pseudonyms.

    Call it before the world is opened for the first time. The demo holds nobody's data, so its key need not be a secret.
    """
    path = settings.key_file("demo")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(_key_of(seed))
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def fill(home: Home, *, events: int, seed: int, end_on: date, now: datetime, progress: Progress = _unheard) -> Filled:
    """Make the brand of ``seed`` with exactly ``events`` events in the 430 business days that end with ``end_on``.

    Everything appears in one version of the lake; ``truth.json`` beside it says what is planted. The same seed, size, day and key
    give the same rows. Raises ``DemoPresent`` when the world has data, ``InvalidDemoSize`` for a size outside 10,000 to 10 million.
    """
    refuse_size(events)
    if home.lake.manifests.latest().tables:
        raise DemoPresent("The demo is already filled. Remove it before you fill it again.")
    batch_id = _queued(home, now)
    counts: dict[str, int] = {}
    with home.writer.change("demo", batch_id) as change:
        filler = _Filler(home, change, batch_id, events, progress, counts)
        world = _drawn(filler, seed, end_on)
        change.note["demo"] = {"seed": seed, "events": events, "end_on": end_on.isoformat()}
    version = home.lake.manifests.latest().version
    facts = {
        "seed": seed,
        "events": events,
        "end_on": end_on.isoformat(),
        "is_reproducible": home.keys.master == _key_of(seed),
        "tables": counts,
    }
    truth.write(home.settings.world("demo"), facts | truth.told(world))
    _finished(home, batch_id, sum(counts.values()), version, now)
    tending.derive(home)
    campaigning.plant(home, world.brand.span, world.lift.first_day, campaigning.sides(world.people, world.lift))
    (home.settings.home / REMOVED).unlink(missing_ok=True)
    return Filled(counts, version)


def refuse_size(events: int) -> None:
    """Raise ``InvalidDemoSize`` for a size outside 10,000 to 10 million."""
    if not FEWEST_EVENTS <= events <= MOST_EVENTS:
        raise InvalidDemoSize(
            f"The demo takes {FEWEST_EVENTS:,} to {MOST_EVENTS:,} events, not {events:,}.", events=events
        )


def remove(home: Home) -> None:
    """Delete the demo world and its key, and leave a mark so that it is not filled again unasked.

    Whoever holds the world open must open it anew. Raises ``LakeBusy`` while somebody writes to it.
    """
    settings = home.settings
    (settings.home / REMOVED).touch()
    home.store.close()
    with home.writer.alone():
        settings.world("demo").rename(settings.home / f"{GONE}{uuid.uuid4().hex}")
        settings.key_file("demo").unlink(missing_ok=True)
    for gone in settings.home.glob(f"{GONE}*"):  # one that a killed process left as well
        shutil.rmtree(gone, ignore_errors=True)


def is_removed(settings: Settings) -> bool:
    """Somebody removed the demo; only a person asks for it again."""
    return (settings.home / REMOVED).exists()


def _key_of(seed: int) -> bytes:
    return hashlib.sha256(f"siyu cockpit demo {seed}".encode()).digest()


def _queued(home: Home, now: datetime) -> int:
    with home.store.transaction() as session:
        died = Batch.state == "running"  # while it filled this demo, which is empty
        for one in session.scalars(select(Batch.id).where(died)).all():
            profile_fields.forget(session, one)
        failed = update(Batch).where(died)
        session.execute(failed.values(state="failed", error_code=batches.INTERRUPTED, finished_at=now))
        batch = Batch(
            table_name="all", source=SOURCE, file_name="", state="running", actor="system", created_at=now, started_at=now,
            read_count=0, accepted_count=0, duplicate_count=0, rejected_count=0,
        )  # fmt: skip
        session.add(batch)
        session.flush()
        return batch.id


def _finished(home: Home, batch_id: int, rows: int, version: int, now: datetime) -> None:
    with home.store.transaction() as session:
        batch = session.get_one(Batch, batch_id)
        batch.state, batch.read_count, batch.accepted_count = "committed", rows, rows
        batch.lake_version, batch.finished_at = version, now


@dataclass
class _Filler:
    """Hands tables over to the change, counts them, and tells how far it is."""

    home: Home
    change: Change
    batch_id: int
    events: int
    progress: Progress
    counts: dict[str, int]

    def put(self, name: str, rows: pa.Table) -> None:
        if "row_number" not in rows.column_names:
            rows = columns.with_numbers(rows)
        merged = self.change.merge(name, derived.marked(name, ibis.memtable(rows)))
        self.counts[name] = self.counts.get(name, 0) + merged.accepted
        self.progress(name, rows=self.counts[name], rows_in_all=sum(self.counts.values()))


def _drawn(filler: _Filler, seed: int, end_on: date) -> truth.World:
    """Draw the world part by part, and hand each part over as soon as nothing needs it any more."""
    streams = [np.random.default_rng(one) for one in np.random.SeedSequence(seed).spawn(22)]
    span = Span(end_on, DAYS, filler.home.settings.zone)
    house = brand.build(span, streams[0])
    members = min(filler.events // EVENTS_PER_MEMBER, MOST_MEMBERS)
    crowd = people.build(house, streams[1], members, round(members * VISITORS_PER_MEMBER))
    _name(filler, crowd)
    stays = chat.memberships(house, crowd, streams[2])
    trial, trial_acts, trial_orders = planted.trial(house, crowd, streams[3])
    booking, booking_acts = planted.booking(house, crowd, streams[4])
    lift, lift_acts, lift_orders = planted.lift(house, crowd, streams[5])
    fixed = activity.acts_together(
        [activity.arrivals(crowd, span), chat.join_events(stays), trial_acts, booking_acts, lift_acts]
    )
    kinds = archetypes.plant(house, crowd, streams[18], stays)
    lost, visits = Outages(span, streams[20]), Visits(span)
    carts = _events(filler, house, crowd, streams[6], fixed, kinds, streams[18], lost, visits)
    made = shopping.orders_together([
        carts, trial_orders, lift_orders, shopping.store_orders(house, crowd, streams[7]),
        shopping.orders_by_law(house, crowd, streams[8]), planted.incident(house, crowd, streams[9]),
    ])  # fmt: skip
    sold = shopping.lines(house, streams[10], made)
    incident_day = span.days - planted.INCIDENT_DAYS_BEFORE_END
    back = shopping.refunds(
        house, streams[10], made, sold, made.kind == shopping.INCIDENT_ORDER, int(span.starts_s[incident_day])
    )
    given = shopping.coupons(house, crowd, streams[11], made)
    said = care.feedback(house, crowd, streams[12], made, incident_day)
    brought = care.referrals(house, crowd, streams[13])
    written = chat.messages(
        house, crowd, streams[14], stays, min(round(filler.events * MESSAGES_PER_EVENT), MOST_MESSAGES)
    )
    driven = pestered.plant(house, streams[16], stays)
    written = pestered.messages(house, streams[16], driven, written, chat.words(house))
    world = truth.World(
        house, crowd, trial, booking, lift, made, sold, back, given, said, brought, driven, written, kinds, lost, visits
    )
    _facts(filler, world, streams[15], stays)
    _membership(filler, world, streams[19])
    filler.put("group_statistics", statistics.table(house, world.stays, written, streams[17]))
    _people(filler, world, nicks.drawn(crowd, streams[21]))
    return world


def _name(filler: _Filler, crowd: People) -> None:
    """Compute the pseudonyms of all identities in the engine."""
    keys, macs = [], []
    for kind, (identity_type, source) in enumerate(people.TYPES):
        values = crowd.identities.value.filter(pa.array(crowd.identities.kind == kind))
        table = ibis.memtable(pa.table({"v": values, "n": pa.array(np.arange(len(values)))}))
        mac = pseudonyms.mac(filler.home.keys, identity_type, pseudonyms.namespace(identity_type, source), table.v)
        named = filler.change.snapshot.arrow(table.select(n=table.n, mac=mac, key=pseudonyms.key(mac)).order_by("n"))
        keys.append(named["key"].to_numpy())
        macs.append(named["mac"].combine_chunks())
    people.name(crowd, np.concatenate(keys), pa.concat_arrays(macs))


def _events(
    filler: _Filler,
    house: Brand,
    crowd: People,
    rng: np.random.Generator,
    fixed: Acts,
    kinds: Archetypes,
    own_rng: np.random.Generator,
    lost: Outages,
    visits: Visits,
) -> shopping.Orders:
    """Draw and write the events month by month; returns the orders that came of them. Those of ``kinds``, drawn by ``own_rng``, take the
    place of others. ``visits`` counts them, ``lost`` keeps back what was never recorded."""
    span = house.span
    own_by_month = activity.by_month(span, kinds.acts)
    planted_by_month = activity.by_month(span, fixed)
    quotas = activity.quotas(crowd, span, filler.events, np.array([len(part) for part in planted_by_month]))
    months, baskets, number = Months(house, crowd, rng), [], 1
    for (first, end), quota, part, own in zip(span.months, quotas, planted_by_month, own_by_month, strict=True):
        drawn, bought = months.draw(first, end, quota, part)
        drawn = archetypes.blended(own_rng, drawn, own, crowd.members)
        visits.count(drawn, crowd)
        filler.put("events", activity.table(house, crowd, *lost.recorded(crowd, drawn, number)))
        baskets.append(bought)
        number += len(drawn)
    return shopping.orders(activity.baskets_together(baskets), shopping.ORDINARY)


def _facts(filler: _Filler, world: truth.World, rng: np.random.Generator, drawn: Memberships) -> None:
    """``drawn``: stays as they were before anybody was driven away, so that what is drawn of them stays the same."""
    house, crowd, made = world.brand, world.people, world.made
    sold = shopping.order_lines(house, crowd, *world.bought, world.back)
    filler.put("order_lines", outages.without_orders(sold, world.gone))
    filler.put("offer_events", shopping.offer_events(house, crowd, world.coupons))
    filler.put("channel_spend", shopping.channel_spend(house, rng, crowd.members))
    sent = touching.table(house, crowd, rng, touching.build(house, crowd, rng, made, world.lift))
    filler.put("touches", outages.without_conversions(sent, world.outages))
    filler.put("group_membership", chat.membership_rows(house, crowd, world.stays))
    filler.put("group_rosters", chat.roster_rows(house, crowd, world.stays))
    filler.put("group_messages", chat.message_rows(house, crowd, world.written))
    took_part = chat.participation(house, crowd, rng, drawn)
    filler.put("activity_participation", pestered.participation(took_part, house, crowd, world.pestered))
    filler.put("feedback", outages.without_orders(care.feedback_rows(house, crowd, rng, world.said), world.gone))
    filler.put("service_conversations", care.conversations(house, crowd, rng))
    filler.put("referrals", care.referral_rows(crowd, world.brought))


def _membership(filler: _Filler, world: truth.World, rng: np.random.Generator) -> None:
    filler.put("consents", membership.consents(world.brand, world.people, rng))
    filler.put("points", membership.points(world.brand, world.people, rng, *world.bought, world.back, world.gone))


def _people(filler: _Filler, world: truth.World, called: pa.Array) -> None:
    """Dimensions, profiles, and the evidence of one-id. ``called``: nickname of each member."""
    for name, rows in brand.tables(world.brand).items():
        filler.put(name, rows)
    names = sorted(set(activity.NAMES))
    held = columns.rows(
        "event_names", {"name": pa.array(names), "is_held": columns.constant(False, len(names), pa.bool_())}, SOURCE
    )
    filler.put("event_names", held)
    filler.put("member_profiles", people.profiles(world.people, world.brand))
    home, change = filler.home, filler.change
    named = ibis.memtable(people.nicknames(world.people, called))
    with nicknames.kept(change.snapshot, home.store, home.keys, filler.batch_id, named):
        recorded = identities.record(
            change, home.store, home.keys, source=SOURCE,
            seen=ibis.memtable(people.seen(world.people)), links=ibis.memtable(people.links(world.people)),
        )  # fmt: skip
    filler.counts |= {"identities": recorded.identities, "identity_links": recorded.links}
