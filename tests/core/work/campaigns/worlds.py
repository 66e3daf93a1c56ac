"""Small worlds of campaigns: a lake, identities in the store, segments, and a campaign that waits to be planned."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from core.campaigns import body as bodies
from core.campaigns.body import Body, Content, Offer, Schedule, Variant
from core.privacy.vault import Vault, identity_label
from core.store import campaigns, identity_values, segments, suppressions
from core.store.campaign_tables import Connector, Outgoing
from core.work.campaigns import review
from core.work.questions import references
from tests import lakes
from tests.oracles.gates import World

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
ON = date(2026, 2, 10)
KEYS = range(1, 49)
TYPES = (("external_userid", "wecom"), ("phone", ""), ("email", ""))
TEXTS = ("您好", "{{city|这里}}的朋友", "您有 {{points|0}} 分", "还要 {{last_product|茶}} 吗，{{city|朋友}}")
PRICES = {"sms": 5, "email": 1}


def world(rng: random.Random) -> World:
    """Sixteen members of three identities each, or thereabouts."""
    belongs = {key: rng.randrange(1, 17) for key in KEYS}

    def some(share):
        return [key for key in KEYS if rng.random() < share]

    consents = [
        {"identity_key": key, "occurred_at": lakes.at(f"2025-0{rng.randrange(1, 4)}-01 10:00"), "purpose": purpose, "channel": channel,
         "state": "given" if rng.random() < 0.8 else "withdrawn"}
        for purpose, channel, share in (("marketing", None, 0.5), ("marketing", "sms", 0.2), ("service", None, 0.3), ("profiling", None, 0.1), ("profiling", "sms", 0.1))
        for key in some(share)
    ]  # fmt: skip
    profiles = [
        {"identity_key": key, "is_test": rng.choice((None, False, rng.random() < 0.2)), "is_friend": rng.choice((None, True, False)), "city": rng.choice((None, None, "上海", "北京")),
         "birth_year": rng.choice((None, 1990, 1991, 2011, 2012)), "unit_id": rng.choice(("north", "south"))}
        for key in KEYS
    ]  # fmt: skip
    identities = [
        {"identity_key": key, "identity_type": kind, "namespace": space, "first_seen_at": lakes.at(f"2025-01-0{rng.randrange(1, 4)} 10:00")}
        for key in KEYS for kind, space in [rng.choice(TYPES)]
    ]  # fmt: skip
    facts = {
        "consents": consents, "member_profiles": profiles, "identities": identities,
        "points": [{"identity_key": key, "occurred_at": lakes.at("2026-01-01 10:00"), "entry_id": f"p{key}", "points": 5, "kind": "earned"} for key in some(0.2)],
        "order_lines": [lakes.sale(key, "2026-01-02 10:00", f"o{key}", 10, product_name=rng.choice((None, "茶"))) for key in some(0.2)],
        "events": [lakes.event(1, f"{ON} 10:00")],
    }  # fmt: skip
    macs = {key: bytes([rng.choice((key, rng.randrange(1, 6)))]) * 32 for key in KEYS if rng.random() < 0.9}
    suppressed = [
        (rng.choice((None, "sms", "wecom")), rng.choice((None, "marketing")), *rng.choice(((rng.randrange(1, 17), None), (None, bytes([rng.randrange(1, 48)]) * 32))))
        for _ in range(4)
    ]  # fmt: skip
    members = set(belongs.values())
    chosen = {
        number: {one for one in members if rng.random() < share} for number, share in ((1, 0.7), (2, 0.5), (3, 0.3))
    }
    units = {one: {row["unit_id"] for row in profiles if belongs[row["identity_key"]] == one} for one in members}
    return World(facts, belongs, macs, suppressed, chosen, {3}, units, ON.year, PRICES)


def body(rng: random.Random) -> Body:
    channels = tuple(rng.sample(("wecom", "sms", "email", "webhook"), rng.randrange(1, 4)))
    names = ("A", "B", "C")[: rng.randrange(1, 4)]
    variants = tuple(
        Variant(name, rng.randrange(1, 4), {channel: Content(rng.choice(TEXTS)) for channel in channels})
        for name in names
    )
    offer = Offer("o1", "券", 100, budget_minor=rng.choice((None, 100, 450, 10_000))) if rng.random() < 0.5 else None
    return Body(
        segments=tuple(rng.sample((1, 2, 3), rng.randrange(1, 3))), without=tuple(rng.choice(((), (), (3,)))), channels=channels, mode=rng.choice(("first", "each")),
        variants=variants, missing=rng.choice(("default", "skip")), offer=offer, holdout=rng.choice((0.0, 0.3, 0.5)), budget_minor=rng.choice((None, None, 7, 1000)),
        purpose=rng.choice(("marketing", "marketing", "service")), schedule=Schedule(rng.choice(("now", "best_hour"))),
    )  # fmt: skip


def lake(folder, told: World):
    home = lakes.home(folder)
    lakes.add(home, 1, **told.facts)
    lakes.members(home, told.belongs)
    return home


def filled(home, store, told: World):
    """The home of the lake over a store that knows the world's identities, segments, suppressions and prices."""
    references.forget()
    home = replace(home, store=store)
    vault = Vault(home.keys)
    kinds = {row["identity_key"]: (row["identity_type"], row["namespace"]) for row in told.facts["identities"]}
    with store.transaction() as session:
        rows = [(key, *kinds[key], mac, vault.seal([f"value {key}"], [identity_label(key)])[0]) for key, mac in told.macs.items()]  # fmt: skip
        identity_values.add(session, rows)
        for number, members in told.segments.items():
            definition = {"kind": "rfm"} if number in told.profiled else {"kind": "list"}
            segments.save(
                session, f"s{number}", "", sorted(members), definition=definition, lake_version=1, by="lin", now=NOW
            )
        for channel, purpose, member, mac in told.suppressed:
            suppressions.add(
                session,
                "manual",
                channel=channel,
                purpose=purpose,
                member_id=member,
                address_mac=mac,
                by="lin",
                now=NOW,
            )
        for channel, price in told.prices.items():
            connector(session, channel, channel, {"price_minor": price})
    return home


QUIET = {
    "quiet_start": "21:00",
    "quiet_end": "08:00",
    "group_quiet_start": "21:00",
    "group_quiet_end": "06:30",
}
"""As connectors come."""


def connector(session, kind, channel, settings=None, name=None):
    kind = {"sms": "aliyun_sms", "wecom": "wecom"}.get(kind, kind)
    row = Connector(
        name=name or channel, kind=kind, channel=channel, settings=QUIET | (settings or {}), sealed=b"", is_on=True, revision=1, by="lin", at=NOW
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def campaign(
    store, told: Body, code="c1", salt="salt-1", state="materialising", units=None, starts_at=NOW, approved=1000
):
    with store.transaction() as session:
        row = campaigns.add(session, code, code, bodies.to_json(told), salt=salt, units=units, by="lin", now=NOW)
        row.state, row.starts_at, row.approved_count = state, starts_at, approved
        if 99 not in told.segments:
            row.content_hash = review.fingerprint(session, row)
        session.flush()
        return row.id


def outbox(store, campaign_id):
    """Rows by member and channel."""
    with store.reading() as session:
        found = session.query(Outgoing).where(Outgoing.campaign_id == campaign_id)
        return {(row.member_id, row.channel): row for row in found}


def later(**more):
    return NOW + timedelta(**more)
