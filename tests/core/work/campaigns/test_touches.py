"""What messages came to, as the lake learns it: each thing once, whoever dies between the two."""

from datetime import datetime, timedelta

import pytest

from core.campaigns import body as bodies
from core.campaigns.body import Body, Content, Offer, Variant
from core.store import message_marks
from core.store.campaign_tables import Campaign, MessageMark, Outgoing
from core.store.tables import Batch
from core.work.campaigns.hearing import touches
from core.work.campaigns.texts import coupons
from tests import lakes
from tests.core.work.campaigns.coming_back import HOUR, MINUTE, NOW
from tests.core.work.campaigns.coming_back import world as made

AT = datetime(2026, 11, 20, 4)


@pytest.fixture
def world(tmp_path, store):
    return made(tmp_path, store)


def plain(**more):
    return Body(
        goal="repeat",
        segments=(1,),
        channels=("sms", "email"),
        variants=(Variant("A", 1, {"sms": Content("x")}),),
        **more,
    )


def campaign(world, body=None, code="c1", **values):
    here = world.campaign(code, **values)
    with world.store.transaction() as session:
        row = session.get_one(Campaign, here)
        row.body = bodies.to_json(body or plain())
        row.launched = {"flows": [{"channel": "sms", "price_minor": 5}, {"channel": "email", "price_minor": 0}]}
        row.starts_at = NOW - HOUR
    return here


def mark(world, message, here, name, at=NOW, reason=None):
    with world.store.transaction() as session:
        message_marks.mark(session, message, here, name, at, reason=reason)


def lake(world, table, *columns):
    with world.home.lake.open() as snapshot:
        rows = snapshot.table(table) if table not in ("campaigns", "offers") else snapshot.current(table)
        found = snapshot.arrow(rows.select(*columns)).to_pylist()
    return sorted((tuple(row[name] for name in columns) for row in found), key=str)


def untold(world):
    return sum(not one.is_told for one in world.rows(MessageMark))


def test_every_mark_that_facts_have_a_state_for_is_a_touch_of_its_message(world):
    here = campaign(world)
    text = world.message(here, 1, "sms", "13800138000")
    letter = world.message(here, 2, "email", "lin@example.com")
    phone, mail = world.person("sms", "13800138000")[0], world.person("email", "lin@example.com")[0]
    for name, at in (("sent", NOW), ("delivered", NOW + MINUTE), ("clicked", NOW + HOUR), ("left", NOW + HOUR)):
        mark(world, text, here, name, at)
    mark(world, letter, here, "failed", NOW, "bounce.hard")
    assert touches.tell(world.home, NOW) == 5 and untold(world) == 0
    columns = (
        "touch_id",
        "state",
        "occurred_at",
        "identity_key",
        "channel",
        "campaign_id",
        "reason",
        "cost_minor",
        "source",
    )
    assert lake(world, "touches", *columns) == sorted(
        [
            (f"c1-{text}", "sent", AT, phone, "sms", "c1", None, 5, "siyu"),
            (f"c1-{text}", "delivered", AT + MINUTE, phone, "sms", "c1", None, None, "siyu"),
            (f"c1-{text}", "clicked", AT + HOUR, phone, "sms", "c1", None, None, "siyu"),
            (f"c1-{letter}", "failed", AT, mail, "email", "c1", "bounce.hard", None, "siyu"),
        ],
        key=str,
    )
    assert lake(world, "campaigns", "campaign_id", "name", "goal", "channel", "starts_at", "ends_at") == [
        ("c1", "c1", "repeat", "sms", AT - HOUR, None)
    ]
    [batch] = world.rows(Batch)
    assert (batch.state, batch.source, batch.table_name, batch.read_count, batch.accepted_count) == (
        "committed",
        "siyu",
        "touches",
        4,
        4,
    )


def test_nothing_new_makes_no_version_and_no_batch(world):
    here = campaign(world)
    message = world.message(here, 1, "sms", "13800138000")
    mark(world, message, here, "sent")
    touches.tell(world.home, NOW)
    version = world.home.lake.manifests.latest().version
    assert touches.tell(world.home, NOW) == 0
    assert (world.home.lake.manifests.latest().version, len(world.rows(Batch))) == (version, 1)


def test_who_dies_after_the_lake_and_before_the_store_tells_the_same_again_and_changes_nothing(world):
    offer = Offer("o1", "ten off", 1000, codes="single")
    here = campaign(world, plain(offer=offer))
    message = world.message(here, 1, "sms", "13800138000")
    for name in ("sent", "delivered", "unsubscribed"):
        mark(world, message, here, name)
    touches.tell(world.home, NOW)
    tables = ("touches", "consents", "offer_events", "campaigns", "offers")
    before = {table: lake(world, table, "source") for table in tables}
    version = world.home.lake.manifests.latest().version
    with world.store.transaction() as session:
        session.query(MessageMark).update({"is_told": False})
    assert touches.tell(world.home, NOW) == 3 and untold(world) == 0
    assert {table: lake(world, table, "source") for table in tables} == before
    assert world.home.lake.manifests.latest().version == version
    assert [(one.accepted_count, one.duplicate_count) for one in world.rows(Batch)] == [(3, 0), (0, 3)]


def test_who_unsubscribes_has_withdrawn_the_permission_with_the_message_as_proof(world):
    here, service = campaign(world), campaign(world, plain(purpose="service"), "c2")
    text = world.message(here, 1, "sms", "13800138000")
    letter = world.message(service, 2, "email", "lin@example.com")
    mark(world, text, here, "unsubscribed", NOW)
    mark(world, letter, service, "unsubscribed", NOW + MINUTE)
    touches.tell(world.home, NOW)
    assert lake(world, "consents", "identity_key", "purpose", "channel", "state", "proof", "occurred_at") == sorted(
        [
            (world.person("sms", "13800138000")[0], "marketing", "sms", "withdrawn", f"c1-{text}", AT),
            (world.person("email", "lin@example.com")[0], "service", "email", "withdrawn", f"c2-{letter}", AT + MINUTE),
        ],
        key=str,
    )


def test_coupons_are_issued_with_the_messages_that_bring_them(world):
    single = campaign(world, plain(offer=Offer("o1", "ten off", 1000, codes="single")))
    shared = campaign(world, plain(offer=Offer("o2", "tea", 500, codes="shared", code="TEA")), "c2")
    first = world.message(single, 7, "sms", "13800138000")
    second = world.message(shared, 8, "sms", "13900139000")
    world_marks = ((first, single, "sent"), (second, shared, "sent"), (second, shared, "delivered"))
    for message, here, name in world_marks:
        mark(world, message, here, name)
    touches.tell(world.home, NOW)
    code = coupons.single(coupons.key(world.home.keys), "c1", 7)
    assert lake(world, "offer_events", "offer_id", "coupon_no", "state", "campaign_id") == sorted(
        [("o1", code, "issued", "c1"), ("o2", f"c2-{second}", "issued", "c2")], key=str
    )
    assert lake(world, "offers", "offer_id", "name", "face_minor", "campaign_id") == [
        ("o1", "ten off", 1000, "c1"),
        ("o2", "tea", 500, "c2"),
    ]


def test_members_without_an_address_are_told_by_an_identity_and_what_was_only_shown_not_at_all(world):
    lakes.members(world.home, {70: 7, 60: 7, 80: 8})
    here = campaign(world)
    hook = world.message(here, 7, "sms", "13800138000")
    shown = world.message(here, 8, "email", "lin@example.com")
    with world.store.transaction() as session:
        for number, channel in ((hook, "webhook"), (shown, "console")):
            row = session.get_one(Outgoing, number)
            row.channel, row.identity_key, row.address_mac = channel, None, None
    mark(world, hook, here, "sent")
    mark(world, shown, here, "sent")
    assert touches.tell(world.home, NOW) == 2
    assert lake(world, "touches", "touch_id", "identity_key", "channel") == [(f"c1-{hook}", 60, None)]


def test_more_marks_than_one_batch_takes_come_in_several(world, monkeypatch):
    monkeypatch.setattr(touches, "MOST", 3)
    here = campaign(world)
    for number in range(4):
        message = world.message(here, number, "sms", f"1380013800{number}")
        for name in ("sent", "delivered"):
            mark(world, message, here, name, NOW + number * timedelta(seconds=1))
    assert touches.tell(world.home, NOW) == 8
    assert len(lake(world, "touches", "touch_id", "state")) == 8 and [
        one.accepted_count for one in world.rows(Batch)
    ] == [3, 3, 2]


def test_a_campaign_that_ended_says_when(world):
    here = campaign(world, state="completed")
    message = world.message(here, 1, "sms", "13800138000")
    mark(world, message, here, "delivered")
    touches.tell(world.home, NOW)
    assert lake(world, "campaigns", "campaign_id", "ends_at") == [("c1", AT)]
