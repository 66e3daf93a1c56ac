"""Entries of who is not written to: one for each person and occasion, whatever rows hold it, counted and turned over as a plain list would be."""

import random
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from core.store import suppression_entries, suppressions
from core.store.campaign_tables import Suppression
from core.store.suppression_entries import EVERY, Asked, Count

CHANNELS, PURPOSES, KINDS = (None, "sms", "email"), (None, "marketing"), ("unsubscribed", "bounced", "manual")


def fill(session, rng, now, rows=60):
    """Occasions of a member with addresses, of members alone and of addresses alone, some of them lifted."""
    for number in range(rows):
        shared = {
            "channel": rng.choice(CHANNELS),
            "purpose": rng.choice(PURPOSES),
            "by": rng.choice(("lin", "customer")),
        }
        shared |= {"now": now + timedelta(seconds=rng.randrange(20)), "message_id": rng.choice((None, 7))}
        kind, members = rng.choice(KINDS), rng.sample(range(1, 30), rng.randrange(3))
        macs = [bytes([rng.randrange(40)]) * 32 for _ in range(rng.randrange(0 if members else 1, 3))]
        for member in members:
            suppressions.add(session, kind, member_id=member, **shared)
        for mac in macs:
            suppressions.add(session, kind, address_mac=mac, **shared)
        if rng.random() < 0.4:
            standing = session.scalars(select(Suppression).where(Suppression.lifted_at.is_(None))).all()
            suppression_entries.lift(session, rng.choice(standing), "r", by="wu", now=now + timedelta(hours=number % 3))
            session.expire_all()


def occasion(row):
    return row.kind, row.by, row.at, row.channel, row.purpose, row.message_id, row.lifted_at


def expected(rows, asked):
    """By hand: rows of members, and rows of addresses that no member's row goes with."""
    of_members = {occasion(row) for row in rows if row.member_id is not None}
    found = [row for row in rows if row.member_id is not None or occasion(row) not in of_members]
    found = [row for row in found if (row.lifted_at is not None) == asked.is_lifted]
    if asked.kind:
        found = [row for row in found if row.kind == asked.kind]
    if asked.channel:
        found = [row for row in found if row.channel == (None if asked.channel == EVERY else asked.channel)]
    if asked.members is not None:
        found = [row for row in found if row.member_id in asked.members or (row.address_mac is not None and row.address_mac in asked.macs)]  # fmt: skip
    return sorted(found, key=lambda row: (row.lifted_at or row.at, row.id), reverse=True)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_counted_and_shown_is_what_a_plain_list_of_occasions_would_be(store, now, seed):
    rng = random.Random(seed)
    with store.transaction() as session:
        fill(session, rng, now)
    with store.reading() as session:
        rows = session.scalars(select(Suppression)).all()
        assert {row.lifted_at is None for row in rows} == {True, False}
        for is_lifted in (False, True):
            for asked in (
                Asked(is_lifted),
                Asked(is_lifted, "bounced", "sms"),
                Asked(is_lifted, None, EVERY),
                Asked(is_lifted, None, None, range(1, 12)),
                Asked(is_lifted, None, None, [3], [bytes([one]) * 32 for one in range(20)]),
                Asked(is_lifted, "manual", None, []),
            ):
                wanted = expected(rows, asked)
                ids = [one.id for one in wanted]
                assert [one.suppression_id for one in suppression_entries.every(session, asked)] == ids
                parts = [suppression_entries.page(session, asked, limit=7, offset=at) for at in range(0, 63, 7)]
                assert [one.suppression_id for part in parts for one in part] == ids[:63]
                counts = {(one.channel, one.kind): one.entries for one in suppression_entries.counts(session, asked)}
                assert counts == {
                    key: sum((row.channel, row.kind) == key for row in wanted)
                    for key in {(row.channel, row.kind) for row in wanted}
                }


def test_lifting_the_entry_of_a_member_lifts_the_addresses_that_came_with_it_and_nothing_else(store, now):
    later = now + timedelta(seconds=1)
    with store.transaction() as session:
        add = partial(suppressions.add, session, "manual", channel="sms", purpose=None, by="lin")
        add(now=now, member_id=1)
        add(now=now, address_mac=b"a" * 32)
        add(now=now, address_mac=b"b" * 32)
        add(now=later, member_id=2)
        add(now=later, address_mac=b"c" * 32)
        assert suppression_entries.counts(session, Asked()) == [Count("sms", "manual", 2)]
        first = suppression_entries.one(session, 1)
        assert suppression_entries.lift(session, first, "agreed again", by="wu", now=later) == 3
        assert suppression_entries.lift(session, first, "again", by="wu", now=later) == 0
        left = suppressions.everybody(session, "sms", "marketing")
        assert (left.members, left.macs) == ({2}, {b"c" * 32})
        (gone,) = suppression_entries.page(session, Asked(is_lifted=True), limit=9, offset=0)
        assert (gone.member_id, gone.lifted_by, gone.lifted_reason) == (1, "wu", "agreed again")


def test_many_are_added_at_once_and_what_stands_already_is_not_new(store, now):
    with store.transaction() as session:
        shared = {
            "kind": "manual",
            "channel": None,
            "purpose": None,
            "message_id": None,
            "reason": "r",
            "by": "lin",
            "at": now,
        }
        rows = [shared | {"member_id": one, "address_mac": None} for one in range(suppressions.ASKED_AT_ONCE + 3)]
        assert suppressions.add_all(session, rows[:2]) == 2
        assert suppressions.add_all(session, rows) == suppressions.ASKED_AT_ONCE + 1
        assert suppressions.add_all(session, [*rows[:2], rows[0]]) == 0
        (first,) = suppression_entries.page(session, Asked(members=[1]), limit=9, offset=0)
        assert (first.member_id, first.reason, first.by, first.at) == (1, "r", "lin", now)
        with pytest.raises(ValueError, match="member or of an address"):
            suppressions.add_all(session, [shared | {"member_id": None, "address_mac": None}])
