"""One member: a life told by hand, and many random lives that say of each what the questions about everybody say."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import Forbidden, Unknown
from core.metrics import rosters
from core.scope import Filters, Operator, Scope
from core.segments.language import Not, Profile
from core.segments.reach import GATES, USUAL_CAP
from core.sequences.lifecycle import State
from core.store.suppression_entries import Entry
from core.store.tables import AuditEntry
from core.work import lookups, timeline
from core.work.home import Home
from core.work.questions import (
    answers,
    identities,
    lifecycle,
    member,
    member_gates,
    member_next,
    member_rows,
    member_standing,
    member_stream,
    reach,
    rfm,
)
from core.work.questions.lifecycle import Behind
from core.work.questions.member import Member
from core.work.questions.reading import reading
from tests import lakes
from tests.lakes import at

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
LIN, MEI = 100, 200
"""Lin is known by three identities, 100 of the shop, 101 of WeCom and 102, a phone; Mei by one, and belongs to no unit that Lin does."""


def told(world: Home, one: int = LIN, scope: Scope = Scope(None)) -> Member:
    with reading(world, scope=scope) as lake:
        return member.of(lake, one)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """All that a lake can say of somebody, on days of October 2026."""
    home = lakes.home(tmp_path_factory.mktemp("shop"))
    touch = {"identity_key": 101, "touch_id": "t1", "channel": "wecom", "campaign_id": "c1", "content_id": "p1"}
    rows: dict[str, list[dict[str, Any]]] = {
        "member_profiles": [
            {"identity_key": 100, "joined_at": at("2026-10-02 02:00"), "unit_id": "east", "gender": "f", "city": "上海",
             "acquisition_channel": "store", "is_friend": False},
            {"identity_key": 101, "joined_at": at("2026-10-01 02:00"), "unit_id": "south", "city": "苏州", "birth_year": 1990,
             "acquisition_channel": "live", "is_friend": True},
            {"identity_key": MEI, "joined_at": at("2026-10-01 02:00"), "unit_id": "west"},
        ],
        "identities": [
            {"identity_key": 100, "identity_type": "customer_no", "namespace": "shop"},
            {"identity_key": 101, "identity_type": "external_userid", "namespace": "wecom"},
            {"identity_key": 102, "identity_type": "phone", "namespace": ""},
            {"identity_key": MEI, "identity_type": "phone", "namespace": ""},
        ],
        "order_lines": [
            lakes.sale(100, "2026-10-05 02:00", "o1", 100, product_id="tea", channel="store", unit_id="east"),
            lakes.sale(100, "2026-10-05 02:00", "o1", 20, product_id="cup", channel="store", unit_id="east"),
            lakes.sale(100, "2026-10-06 02:00", "o1", -20, "refund", product_id="cup"),
            lakes.sale(102, "2026-10-12 02:00", "o2", 60, channel="web"),
            lakes.sale(100, "2026-10-13 02:00", "C9", -10, "refund"),
            lakes.sale(100, "2026-10-14 02:00", "o3", 0),
            lakes.sale(100, "2026-10-14 02:00", "stock", -5, "adjustment"),
            lakes.sale(MEI, "2026-10-25 02:00", "o8", 5),
        ],
        "events": [
            lakes.event(100, "2026-10-04 02:00", "product_view", product_id="tea"),
            lakes.event(101, "2026-10-10 02:00", "content_view", content_id="p1"),
            lakes.event(100, "2026-10-24 02:00", "add_to_cart", product_id="cup"),
        ],
        "group_messages": [
            {"identity_key": 101, "occurred_at": at("2026-10-11 02:00"), "group_id": "g1", "sender_kind": "member", "message_id": "m1"},
            {"identity_key": 101, "occurred_at": at("2026-10-11 03:00"), "group_id": "g1", "sender_kind": "staff", "message_id": "m2"},
        ],
        "group_membership": [
            {"identity_key": 101, "occurred_at": at("2026-10-03 02:00"), "group_id": "g1", "change": "join", "scene": "qr_code"},
            {"identity_key": 101, "occurred_at": at("2026-10-20 02:00"), "group_id": "g1", "change": "leave"},
            {"identity_key": 101, "occurred_at": at("2026-10-21 02:00"), "group_id": "g2", "change": "join"},
        ],
        "touches": [
            touch | {"occurred_at": at("2026-10-11 04:00"), "state": "sent", "cost_minor": 5},
            touch | {"occurred_at": at("2026-10-11 05:00"), "state": "clicked"},
            touch | {"touch_id": "t2", "occurred_at": at("2026-10-23 04:00"), "state": "sent", "campaign_id": None},
            touch | {"touch_id": "t2", "occurred_at": at("2026-10-23 04:01"), "state": "failed", "reason": "blocked"},
        ],
        "consents": [
            {"identity_key": 100, "occurred_at": at("2026-10-02 02:00"), "purpose": "marketing", "channel": None, "state": "given", "proof": "form"},
            {"identity_key": 101, "occurred_at": at("2026-10-22 02:00"), "purpose": "marketing", "channel": "sms", "state": "withdrawn"},
        ],
        "offer_events": [
            {"identity_key": 100, "occurred_at": at("2026-10-20 02:00"), "offer_id": "f1", "coupon_no": "k1", "state": "issued"},
        ],
        "feedback": [
            {"identity_key": 102, "occurred_at": at("2026-10-15 02:00"), "feedback_id": "b1", "feedback_kind": "complaint", "category": "logistics"},
        ],
        "service_conversations": [
            {"identity_key": 101, "occurred_at": at("2026-10-24 03:00"), "conversation_id": "s1", "staff_id": "e1"},
        ],
        "activity_participation": [
            {"identity_key": 101, "occurred_at": at("2026-10-16 02:00"), "activity_id": "a1", "action": "voted"},
        ],
        "points": [
            {"identity_key": 100, "occurred_at": at("2026-10-05 02:00"), "entry_id": "1", "points": 120, "kind": "earned"},
            {"identity_key": 100, "occurred_at": at("2026-10-07 02:00"), "entry_id": "2", "points": -20, "kind": "spent"},
        ],
        "referrals": [
            {"identity_key": 100, "occurred_at": at("2026-10-17 02:00"), "referred_key": MEI, "channel": "wecom"},
            {"identity_key": 999, "occurred_at": at("2026-10-01 01:00"), "referred_key": 102},
        ],
        "products": [{"product_id": "cup", "name": "盖碗"}],
        "groups": [{"group_id": "g1", "name": "茶友群"}],
        "units": [{"unit_id": "east", "name": "东区"}],
    }  # fmt: skip
    lakes.add(home, 1, **rows)
    lakes.members(home, {100: LIN, 101: LIN, 102: LIN, MEI: MEI, 300: 300}, anonymous=[300])
    yield home
    home.store.close()


def test_several_profiles_are_resolved_field_by_field(shop: Home):
    found = told(shop).profile
    assert found == member.Profile(
        joined_at=at("2026-10-01 02:00"), acquisition_channel="live", units=("east", "south"), gender="f", birth_year=1990,
        city="苏州", is_friend=True,
    )  # fmt: skip


def test_orders_have_their_lines_and_refunds_and_the_sum_nets_all_refunds(shop: Home):
    found = told(shop)
    second, first = found.orders
    assert (first.order_no, first.gross_minor, first.refund_minor, len(first.lines), len(first.refunds)) == (
        "o1", 12_000, -2_000, 2, 1,
    )  # fmt: skip
    assert (second.order_no, second.channel, second.refund_minor) == ("o2", "web", 0)
    assert [line["order_no"] for line in found.loose_lines] == ["o3", "C9"]
    assert found.bought == member.Bought(
        orders=2, gross_minor=18_000, refund_minor=-3_000, net_minor=15_000, first_on=date(2026, 10, 5),
        last_on=date(2026, 10, 12), days_since_last_order=13, aov_minor=9_000,
    )  # fmt: skip


def test_groups_messages_and_what_they_led_to(shop: Home):
    found = told(shop)
    assert [(stay.group_id, stay.joined_at, stay.left_at, stay.scene) for stay in found.stays] == [
        ("g2", at("2026-10-21 02:00"), None, None),
        ("g1", at("2026-10-03 02:00"), at("2026-10-20 02:00"), "qr_code"),
    ]
    failed, clicked = found.touches
    assert (failed.state, failed.reason, failed.orders) == ("failed", "blocked", ())
    assert (clicked.state, clicked.cost_minor, clicked.orders) == ("clicked", 5, ("o2",))
    assert found.balance == 100
    assert [row["member_id"] for row in found.brought + found.brought_by] == [MEI, 999]
    assert found.name("product_id", "cup") == "盖碗"
    assert found.name("product_id", "tea") == "tea"


def test_everything_stands_in_one_stream_newest_first(shop: Home):
    found = member_stream.of(told(shop))
    assert member_stream.counts(found) == {
        "order": 4, "touch": 2, "event": 3, "message": 1, "group": 3, "coupon": 1, "activity": 1, "feedback": 1, "service": 1,
        "points": 2, "consent": 2, "referral": 2, "joined": 1,
    }  # fmt: skip
    assert found["at"].is_monotonic_decreasing
    newest = found.iloc[0]
    assert (newest["kind"], newest["staff_id"]) == ("service", "e1")
    assert found[found["kind"] == "order"]["amount_minor"].tolist() == [-1_000, 6_000, -2_000, 12_000]


def test_what_to_say_next_rests_on_what_happened(shop: Home):
    hints = member_next.of(told(shop))
    assert [(hint.name, hint.about) for hint in hints] == [
        ("complaint", None), ("unsolved", None), ("coupon", ("offer_id", "f1")), ("cart", ("product_id", "cup")),
    ]  # fmt: skip


def test_every_rule_that_stops_a_message_is_told_with_its_evidence(shop: Home):
    found = {one.name: one for one in member_gates.of(told(shop), date(2026, 10, 25))}
    assert found["wecom"].is_open
    assert [(gate.gate, gate.why) for gate in found["sms"].stops] == [("consent", "withdrawn")]
    assert found["sms"].stops[0].details["at"] == at("2026-10-22 02:00")
    assert [(gate.gate, gate.why) for gate in found["email"].stops] == [("identity", "no_identity")]
    assert found["group_chat"].gates[3].details == {"groups": ("g2",)}
    cap = found["wecom"].gates[-1]
    assert (cap.gate, cap.passes, cap.why, cap.details["sent"]) == ("cap", True, "days", 0), (
        "the message of the week failed"
    )
    late = member_gates.of(told(shop), date(2027, 1, 8))[0].gates
    assert [(gate.gate, gate.passes, gate.why) for gate in late[-2:]] == [
        ("quota", True, "old_touches"),
        ("cap", True, "old_touches"),
    ]
    blank = member_gates.of(replace(told(shop), touches=(), touched_on=None), date(2026, 10, 25))[0].gates
    assert [gate.why for gate in blank[-2:]] == ["no_touches", "no_touches"], "nothing is known, and it is said so"
    nobody = {one.name: one for one in member_gates.of(told(shop, MEI), date(2026, 10, 25))}
    assert [(gate.gate, gate.why) for gate in nobody["wecom"].stops] == [
        ("consent", "never"), ("identity", "no_identity"), ("friend", "friend_unknown"),
    ]  # fmt: skip


def entry(number, channel, purpose, minutes, kind="unsubscribed"):
    moment = datetime(2026, 10, 20, 2, minutes, tzinfo=UTC)
    return Entry(number, kind, channel, purpose, LIN, None, None, "", "customer", moment, None, None, "")


def test_who_is_not_to_be_written_to_is_stopped_on_the_channels_and_for_the_purpose_that_were_said(shop: Home):
    def stops(*stands):
        found = member_gates.of(told(shop), date(2026, 10, 25), suppressed=stands)
        return {one.name: gate for one in found for gate in one.gates if gate.gate == "suppression" and not gate.passes}

    assert stops() == {}
    assert stops(entry(1, "sms", None, 1), entry(2, "wecom", "service", 2)).keys() == {"sms"}
    every = stops(entry(1, None, "marketing", 5), entry(2, "wecom", None, 1, "bounced"))
    assert every.keys() == {one.name for one in member_gates.of(told(shop), date(2026, 10, 25))}
    assert every["wecom"].details == {
        "at": at("2026-10-20 02:05"),
        "reason": "unsubscribed",
        "by": "customer",
        "channel": None,
    }
    gates = member_gates.of(told(shop), date(2026, 10, 25), suppressed=[])[0].gates
    assert [gate.gate for gate in gates][2:4] == ["consent", "suppression"]


def test_a_member_is_seen_by_the_scope_of_any_unit_and_by_no_other(shop: Home):
    for units in ({"east"}, {"south"}, {"south", "west"}):
        assert told(shop, scope=Scope(frozenset(units))).member_id == LIN
    words = set()
    for one, units in ((LIN, {"west"}), (LIN, set()), (12_345, {"east"}), (300, {"east"})):
        with pytest.raises(Unknown) as refused:
            told(shop, one, Scope(frozenset(units)))
        words.add(str(refused.value).replace(str(one), "N"))
    assert len(words) == 1
    seen = told(shop, scope=Scope(frozenset({"east"})))
    assert [row["member_id"] for row in seen.brought] == [None], "whom she brought is out of scope"
    assert told(shop, 300).is_known is False


def test_a_look_up_by_a_personal_value_is_audited_without_it(tmp_path: Path):
    home = lakes.home(tmp_path)
    key = identities._key(home, "phone", "", "13800138000")
    assert key is not None
    lakes.add(
        home, 1, identities=[{"identity_key": key, "identity_type": "phone", "namespace": ""}],
        member_profiles=[{"identity_key": key, "unit_id": "east"}],
    )  # fmt: skip
    home.store.migrate()
    east = Operator(1, "lin", "manager", Scope(frozenset({"east"})))

    def find(text: str, who: Operator = east) -> list[int]:
        return [one.member_id for one in lookups.find(home, home.store, who, text, now=NOW)]

    with home.store.reading() as session:
        assert (
            find(str(key))
            == find(lookups.short_names.label(key))
            == find(lookups.short_names.label(key).lower())
            == [key]
        )
        assert not session.query(AuditEntry).count(), "a number of the product says nothing of a person"
    for typed in (
        "138 0013 8000",
        "+86 138-0013-8000",
        "‘１３８００１３８０００’",
        '"13800138000"\n',
        "\u202d+8613800138000\u202c",
        "(0086)138–0013–8000",
    ):
        assert find(typed) == [key], typed
    west = Operator(2, "mo", "manager", Scope(frozenset({"west"})))
    assert find("13800138000", west) == find(str(key), west) == find("M-000000", west) == []
    with home.store.reading() as session:
        entries = session.query(AuditEntry).order_by(AuditEntry.sequence).all()
        first = entries[0]
        assert (first.action, first.actor) == ("member.looked_up", "lin")
        assert first.details == {"members": [str(key)], "types": ["phone"], "world": "live"}
        assert all("13800138000" not in str(entry.details) + entry.object for entry in entries)
        assert [entry.details["members"] for entry in entries[6:]] == [[]] * 3
    bare = lookups.short_names.label(key)[2:]
    assert find(bare) == find(f"'{bare.lower()[:3]} {bare[3:]}' ") == find(f"“m-{bare.lower()}”，") == [key]
    with home.store.reading() as session:
        assert session.query(AuditEntry).count() == len(entries) + 2, "without its M it may be the number of a card"
    with pytest.raises(Forbidden):
        find("13800138000", Operator(3, "boss", "executive"))
    home.store.close()


def test_ask_tells_a_member_without_personal_values(shop: Home):
    shop.store.migrate()
    (row,) = answers.ask(shop, "member", Filters(), {"of": str(LIN)})
    assert (row["orders"], row["net"], row["last_order_on"], row["points"]) == (2, 150.0, "2026-10-12", 100)
    assert row["reachable"] == ["wecom", "group_chat", "phone"]
    assert row["why_not"]["sms"] == ["consent: withdrawn"]
    assert answers.ask(shop, "member", Filters(), {"of": row["member"]}) == [row]
    with pytest.raises(Unknown):
        answers.ask(shop, "member", Filters(), {"of": "M-!"})


# -- what is said of one is what is said of everybody ------------------------------------------------------------------

MEMBERS = 16
BELONGS = {key: (key + 1) // 2 for key in range(1, 2 * MEMBERS + 1)}
"""Two identities of each member."""
ON = date(2026, 2, 10)


def _random(rng: random.Random) -> dict[str, list[dict[str, Any]]]:
    def when(days: int) -> Any:
        """Up to so many days before the newest, on both sides of the business day's edge."""
        return at(f"{ON - timedelta(days=rng.randrange(days))} {rng.choice(('01:00', '15:50', '16:10'))}")

    def who() -> int:
        return rng.randrange(1, 2 * MEMBERS - 5)

    lines = [lakes.sale(who(), str(when(200)), f"o{n}", rng.choice((0, 5, 30))) for n in range(90)]
    lines += [lakes.sale(who(), str(when(200)), f"r{n}", -rng.randrange(1, 20), "refund") for n in range(20)]
    touches = [
        {"identity_key": who(), "touch_id": f"t{n}", "channel": rng.choice(("wecom", "official_account", "sms")),
         "occurred_at": when(20), "state": "failed" if rng.random() < 0.2 else "sent"}
        for n in range(140)
    ]  # fmt: skip
    moves = [
        {"identity_key": who(), "occurred_at": at(f"2026-01-{n % 28 + 1:02} {n % 24:02}:00"), "group_id": rng.choice("ab"),
         "change": rng.choice(("join", "join", "leave"))}
        for n in range(70)
    ]  # fmt: skip
    lists = [
        {"identity_key": key, "occurred_at": at(f"2026-01-{day:02} 12:00"), "group_id": group, "is_complete": is_complete,
         "joined_at": rng.choice((None, at(f"2026-01-{max(day - 3, 1):02} 11:00")))}
        for day, group, is_complete in ((4, "a", True), (11, "a", False), (18, "a", True), (20, "b", True), (25, "b", None))
        for key in (None, *rng.sample(range(1, 30), 8))
    ]  # fmt: skip
    return {
        "order_lines": lines,
        "touches": touches,
        "group_membership": moves,
        "group_rosters": lists,
        "events": [lakes.event(who(), str(when(120)), rng.choice(("page_view", "like"))) for _ in range(120)]
        + [lakes.event(1, f"{ON} 10:00")],
        "group_messages": [
            {"identity_key": who(), "occurred_at": when(60), "group_id": "a", "message_id": f"m{n}",
             "sender_kind": rng.choice(("member", "staff"))}
            for n in range(30)
        ],
        "consents": [
            {"identity_key": key, "occurred_at": at(f"2025-0{rng.randrange(1, 5)}-01 10:00"), "purpose": "marketing", "channel": channel,
             "state": "given" if rng.random() < 0.85 else "withdrawn"}
            for key in BELONGS for channel in (None, "wecom", "sms") if rng.random() < 0.6
        ],
        "member_profiles": [
            {"identity_key": key, "is_test": rng.choice((None, False, rng.random() < 0.2)), "is_friend": rng.choice((None, True, False)),
             "birth_year": rng.choice((None, None, 1990, 2011, 2012, 2013)), "joined_at": rng.choice((None, when(150)))}
            for key in BELONGS
        ],
        "identities": [
            {"identity_key": key, "identity_type": kind, "namespace": space}
            for key in BELONGS
            for kind, space in [rng.choice((("external_userid", "wecom"), ("openid", "official_account_1"), ("openid", "shop"), ("phone", "")))]
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = lakes.home(tmp_path_factory.mktemp("crowd"))
    lakes.add(home, 1, **_random(random.Random(3)))
    lakes.members(home, BELONGS)
    yield home
    home.store.close()


@pytest.fixture(scope="module")
def lives(crowd: Home) -> dict[int, Member]:
    with reading(crowd) as lake:
        return {one: member.of(lake, one) for one in range(1, MEMBERS + 1)}


def test_totals_class_and_tier_are_those_of_rfm(crowd: Home, lives: dict[int, Member]):
    with reading(crowd) as lake:
        rows = {row["member_id"]: row for row in rfm.standings(lake).to_pylist()}
        for one, found in lives.items():
            row = rows.get(one)
            if row is None:
                assert found.bought.orders == 0
                continue
            bought = found.bought
            assert (bought.orders, bought.net_minor, bought.days_since_last_order) == (
                row["orders"], row["net_minor"], row["days_since_last_order"],
            )  # fmt: skip
            assert member_standing.of(lake, found, ["rfm"]).rows["rfm"] == row
    assert 5 < len(rows) < MEMBERS


def test_the_state_of_life_is_that_of_the_lifecycle_page(crowd: Home, lives: dict[int, Member]):
    with reading(crowd) as lake:
        states = {one: member_standing.life(lake, found) for one, found in lives.items()}
        week = states[1].week if states[1] else None
    assert week is not None and week.end_on <= ON + timedelta(days=1) < week.end_on + timedelta(days=7)
    with reading(crowd, Filters(week)) as lake:
        for state in (State.NEW, State.RETURNING, State.ACTIVE, State.RESURRECTED, State.DORMANT, State.LOST):
            people = lifecycle.people(lake, lifecycle.Asked(), Behind(0, (state,)))["member_id"].tolist()
            assert sorted(people) == [one for one, life in states.items() if life and life.name == state.name.lower()]
    assert len({life.name for life in states.values() if life}) >= 4


def channel_of(found: Member, on: date | None, name: str) -> member_gates.Channel:
    return next(channel for channel in member_gates.of(found, on) if channel.name == name)


def test_the_gates_let_through_and_stop_whom_reach_does(crowd: Home, lives: dict[int, Member]):
    with reading(crowd) as lake:
        gates = reach._Gates(lake, USUAL_CAP)
        found = reach.reach(lake, Not(Profile("city", "is", ("nowhere",))))
        open_to: dict[str, set[int]] = {name: set() for name in found.channels}
        lost: dict[tuple[str, str], set[int]] = {}
        for one, alive in lives.items():
            for channel in member_gates.of(alive, lake.as_of_on):
                if channel.is_open:
                    open_to[channel.name].add(one)
                else:
                    lost.setdefault((channel.name, channel.stops[0].gate), set()).add(one)
        for name, waterfall in found.channels.items():
            assert open_to[name] == set(found.people(waterfall.reachable)["member_id"])
            alone = {gate: gates.of(gate, name) for gate in GATES}
            for one, alive in lives.items():
                mine = {gate.gate: gate.passes for gate in channel_of(alive, lake.as_of_on, name).gates}
                code = int(np.searchsorted(found.ids, one))
                assert mine == {gate: bool(passing[code]) for gate, passing in alone.items() if passing is not None}, (
                    one,
                    name,
                )
            for step in waterfall.steps:
                assert lost.get((name, step.gate), set()) == set(found.people(step.lost)["member_id"]), (
                    name,
                    step.gate,
                )
    assert {gate for _, gate in lost} >= {"trial", "minor", "consent", "identity", "friend", "cap"}


def test_times_in_groups_are_those_that_callbacks_and_lists_tell_of_everybody(crowd: Home, lives: dict[int, Member]):
    with reading(crowd) as lake:
        rows = lake.table("group_rosters")
        rows = rows.mutate(joined_on=rows.joined_at.date())
        looks = rosters.looks(lake.snapshot.table("group_rosters"))
        evidence = rosters.evidence(rosters.told(lake.table("group_membership")), rosters.listed(rows), looks)
        states = lake.snapshot.frame(rosters.states(evidence).order_by("group_id", "member_id", "tick", "is_listed"))
        known = {key: own["is_in"].iloc[-1] for key, own in states.groupby(["group_id", "member_id"])}
        inside = {key for key, is_in in known.items() if is_in}
        mine = {(stay.group_id, one) for one, alive in lives.items() for stay in alive.stays if stay.left_at is None}
    assert mine == inside
    assert 5 < len(mine) < len(known)


def test_the_timeline_says_what_the_files_say(crowd: Home, lives: dict[int, Member]):
    assert timeline.refresh(crowd) > 0
    with reading(crowd) as lake:
        for alive in lives.values():
            again = member_rows.walked(lake, alive.keys)
            for column in ("at", "name", "row", "group_id"):
                assert again[column].tolist() == alive.acts[column].tolist()
    assert sum(len(alive.acts) for alive in lives.values()) > 100


def test_a_row_of_two_identities_of_one_person_counts_once(crowd: Home):
    with reading(crowd) as lake:
        keys, is_known = member_rows.keys_of(lake, 1)
        assert (keys, is_known) == ((1, 2), True)
        whole = member_rows.of(lake, keys)
        parts = [member_rows.of(lake, [key]) for key in keys]
        for name, rows in whole.items():
            assert len(rows) == sum(len(part.get(name, [])) for part in parts)
