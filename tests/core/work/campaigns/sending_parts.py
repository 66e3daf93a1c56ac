"""What tests of sending share: a world whose members agreed, campaigns with rows, a clock that is told the time, and a worker over ways that a test looks into."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from core.campaigns import caps
from core.campaigns.body import Body, Content, Schedule, Variant, to_json
from core.campaigns.states import Tally
from core.senders.parcels import Parcel
from core.store import campaigns, message_marks, outbox
from core.store.campaign_tables import Outgoing
from core.work.campaigns.outgoing.sending import Sending
from tests import lakes
from tests.core.work.notice_parts import house
from tests.fakes.ways import Door, Doors, Receiver

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MEMBERS = range(1, 41)


def consent(who, state="given", at="2026-01-01 00:00", channel=None, purpose="marketing"):
    return {
        "identity_key": who,
        "occurred_at": lakes.at(at),
        "purpose": purpose,
        "channel": channel,
        "state": state,
        "source": "shop",
    }


def touch(who, at, touch_id, source="crm", channel="sms", state="sent"):
    return {"identity_key": who, "occurred_at": lakes.at(at), "touch_id": touch_id, "channel": channel, "state": state, "source": source}  # fmt: skip


def world(folder, store=None, agreed=MEMBERS, **tables):
    """A live world, in which these members agreed to marketing."""
    home = house(folder, store)
    given = [consent(one, purpose=purpose) for one in agreed for purpose in ("marketing", "service")]
    lakes.add(home, 1, consents=given, **tables)
    return home


def mac(who):
    """That of a member's address."""
    return who.to_bytes(8)


def body(*channels, purpose="marketing", **schedule):
    contents = {channel: Content(text="hi", template="t1") for channel in channels}
    return Body(channels=channels, segments=(1,), purpose=purpose, variants=(Variant("A", 1, contents),), schedule=Schedule(**schedule))  # fmt: skip


def campaign(home, said, members=(), *, code="c1", state="sending", now=NOW, **row):
    """Its number; each member has a row on every channel, with an address of their own."""
    with home.store.transaction() as session:
        made = campaigns.add(session, code, code, to_json(said), salt="s", units=None, by="lin", now=now)
        made.state = state
        rows = [
            {"member_id": who, "channel": channel, "state": "planned", "variant": "A", "identity_key": who, "address_mac": mac(who)} | row
            for channel in said.channels
            for who in members
        ]  # fmt: skip
        outbox.plan(session, made.id, rows, now)
        return made.id


class Clock:
    """Tells the time that it was told. Waiting takes no time at all."""

    def __init__(self, now=NOW):
        self.now, self.ticks, self.waits = now, 0.0, []

    def __call__(self):
        return self.now

    def timer(self):
        return self.ticks

    def pause(self, seconds):
        self.waits.append(seconds)
        self.ticks += seconds
        self.now += timedelta(seconds=seconds)


def rendered(_home, row, _body, claims, _now):
    return {
        one.message_id: Parcel(f"{row.code}-{one.message_id}", f"to{one.member_id}", "hi", template="t1")
        for one in claims
    }


def sending(
    home, way=None, *, channel="webhook", clock=None, render=rendered, limits=(), worker="w", doors=None, seed=0, **door
):
    doors = doors or Doors({channel: Door(way or Receiver(), **door)})
    clock = clock or Clock()
    return Sending(
        home, doors, doors, render, worker, clock, lambda _session: limits, random.Random(seed), clock.pause, clock.timer
    )  # fmt: skip


ONE_A_WEEK = (caps.Cap(1, 7),)


def rows(home, campaign_id):
    with home.store.reading() as session:
        return list(session.scalars(select(Outgoing).where(Outgoing.campaign_id == campaign_id).order_by(Outgoing.id)))


def states(home, campaign_id):
    return dict(Counter(one.state for one in rows(home, campaign_id)))


def reasons(home, campaign_id):
    return {one.member_id: (one.state, one.reason or one.error) for one in rows(home, campaign_id)}


def marks(home, campaign_id):
    with home.store.reading() as session:
        return message_marks.counts(session, campaign_id)


def lost(home, campaign_id, count):
    return Tally(states(home, campaign_id)).lost(count)


def move(home, campaign_id, state, before="sending", now=NOW):
    with home.store.transaction() as session:
        assert campaigns.move(session, campaign_id, before=before, state=state, now=now)
