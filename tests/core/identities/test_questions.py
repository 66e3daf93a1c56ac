"""What the Identity page reads: recognition, evidence, and one value for a reason."""

import pytest
from sqlalchemy import select

from core.errors import Forbidden, InvalidDecision, Unknown
from core.scope import Operator, Scope
from core.store.tables import AuditEntry
from core.work.disclosures import reveal
from core.work.identity_decisions import block, cut, merge
from core.work.questions import identities as questions
from core.work.questions.reading import reading
from tests import lakes
from tests.core.identities.conftest import World


@pytest.fixture
def brand(world: World) -> World:
    """Three members (one of three types), a visitor, a store phone; facts on two channels; two units."""
    world.bring("phone:13800138000 customer_no:1", "anonymous_id:c1", "email:lin@example.com")
    world.source = "web"
    world.bring("anonymous_id:c2 phone:13800138000", at="2026-01-02")
    facts = [
        lakes.event(world.key("anonymous_id:c2"), "2026-01-02", channel="web"),
        lakes.event(world.key("anonymous_id:c3"), "2026-01-02", channel="web"),
        lakes.event(None, "2026-01-02", channel="app"),
    ]
    world.source = "shop"
    lines = [
        lakes.sale(world.key("email:lin@example.com"), "2026-01-03", "1", 5),
        lakes.sale(None, "2026-01-03", "2", -5, "adjustment"),
    ]
    profiles = [
        {"identity_key": world.key("customer_no:1"), "unit_id": "north"},
        {"identity_key": world.key("email:lin@example.com"), "unit_id": "south"},
    ]
    with world.home.writer.change("import", 3) as change:
        change.merge("events", lakes.rows("events", facts, source="web"))
        change.merge("order_lines", lakes.rows("order_lines", lines))
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
    world.batches = 3
    return world


def overview(world: World, scope: Scope = Scope()) -> questions.Overview:
    with reading(world.home, scope=scope) as question:
        return questions.overview(question)


def member(world: World, member_id: int, scope: Scope = Scope()) -> questions.Member:
    with reading(world.home, scope=scope) as question:
        return questions.member(world.home, question, member_id)


def rows(frame) -> list[tuple]:
    return [
        tuple(None if value != value else value for value in row) for row in frame.itertuples(index=False, name=None)
    ]


def test_members_are_known_and_visitors_are_not(brand):
    answer = overview(brand)
    assert (answer.members, answer.visitors) == (2, 1)


def test_an_empty_lake_has_nobody(world):
    answer = overview(world)
    assert (answer.members, answer.visitors) == (0, 0)
    assert all(frame.empty for frame in (answer.types, answer.channels, answer.largest, answer.left_out))


def test_an_identity_is_matched_when_its_member_is_known_by_two_types(brand):
    assert rows(overview(brand).types) == [
        ("anonymous_id", "shop", 1, 0, 0.0),
        ("anonymous_id", "web", 1, 1, 1.0),
        ("customer_no", "shop", 1, 1, 1.0),
        ("email", "shop", 1, 0, 0.0),
        ("phone", "shop", 1, 1, 1.0),
        ("phone", "web", 1, 1, 1.0),
    ]


def test_the_share_of_facts_with_a_known_member_is_told_by_source_and_channel(brand):
    frame = overview(brand).channels
    assert list(frame.columns) == ["source", "channel", "facts", "known_facts", "table", "known_share"]
    assert sorted(rows(frame), key=str) == [
        ("shop", None, 1, 1, "order_lines", 1.0),
        ("web", "app", 1, 0, "events", 0.0),
        ("web", "web", 2, 1, "events", 0.5),
    ]


def test_the_largest_members_are_listed_first(brand):
    assert rows(overview(brand).largest) == [
        (brand.member("phone:13800138000"), 3, 3), (brand.member("email:lin@example.com"), 1, 1),
    ]  # fmt: skip


def test_what_connects_nobody_is_listed_with_its_reason(world, admin, now):
    world.bring(*(f"phone:1 customer_no:{n}" for n in range(6)), "phone:2")
    block(world.home, world.home.store, admin, world.key("phone:2"), reason="zeros", now=now)
    assert rows(overview(world).left_out) == [
        (world.key("phone:1"), "phone", "", "shared", 6), (world.key("phone:2"), "phone", "", "blocked", 0),
    ]  # fmt: skip


def test_a_scope_sees_the_members_of_its_units_and_their_facts(brand):
    answer = overview(brand, Scope(frozenset({"south"})))
    assert (answer.members, answer.visitors) == (1, 0)
    assert rows(answer.types) == [("email", "shop", 1, 0, 0.0)]
    assert rows(answer.channels) == [("shop", None, 1, 1, "order_lines", 1.0)]
    assert rows(answer.largest) == [(brand.member("email:lin@example.com"), 1, 1)]


def test_a_member_is_shown_with_identities_and_evidence(brand):
    answer = member(brand, brand.member("phone:13800138000"))
    phone, customer, cookie = (brand.key(n) for n in ("phone:13800138000", "customer_no:1", "x:x"))
    brand.source = "web"
    cookie = brand.key("anonymous_id:c2")
    assert answer.is_known
    first, second = lakes.at("2026-01-01"), lakes.at("2026-01-02")
    assert rows(answer.identities) == [
        (phone, "phone", "", first, "shop, web", 2, None),
        (customer, "customer_no", "shop", first, "shop", 1, None),
        (cookie, "anonymous_id", "web", second, "web", 1, None),
    ]
    assert rows(answer.links) == [
        (phone, customer, "same_row", first, "shop", 1, None), (cookie, phone, "same_row", second, "web", 1, None),
    ]  # fmt: skip
    assert answer.decisions.empty


def test_links_told_by_two_imports_are_counted(world):
    world.bring("phone:1 customer_no:1", at="2026-01-05")
    world.bring("phone:1 customer_no:1", at="2026-01-03")
    answer = member(world, world.member("phone:1"))
    assert rows(answer.links[["first_seen_at", "sightings"]]) == [(lakes.at("2026-01-03"), 2)]


def test_links_that_do_not_connect_say_why(world, admin, now):
    world.bring("customer_no:1 phone:1 email:a@b.cn")
    for decide, keys in ((block, ["phone:1"]), (cut, ["customer_no:1", "email:a@b.cn"])):
        decide(world.home, world.home.store, admin, *(world.key(key) for key in keys), reason="said so", now=now)
    answer = member(world, world.member("customer_no:1"))
    assert sorted(answer.links["left_out"]) == ["blocked", "cut_or_anonymous"]


def test_decisions_about_a_member_are_shown(world, admin, now):
    world.bring("phone:1", "customer_no:1")
    both = world.member("phone:1"), world.member("customer_no:1")
    merge(world.home, world.home.store, admin, *both, reason="one person", now=now)
    decisions = member(world, world.member("phone:1")).decisions
    assert rows(decisions[["kind", "reason", "by"]]) == [("link", "one person", "lin")]


def test_a_member_outside_the_scope_does_not_exist(brand):
    with pytest.raises(Unknown):
        member(brand, brand.member("phone:13800138000"), Scope(frozenset({"south"})))
    with pytest.raises(Unknown):
        member(brand, 5)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("138-0013 8000", "phone:13800138000"),
        ("+86 13800138000", "phone:13800138000"),
        (" LIN@example.com", "email:lin@example.com"),
        ("1.0", "customer_no:1"),
    ],
)
def test_a_member_is_found_by_what_a_customer_says(brand, typed, name):
    found = questions.find(brand.home, Operator(1, "mei", "analyst"), typed)
    assert rows(found[["identity_key", "member_id", "is_known"]]) == [(brand.key(name), brand.member(name), True)]


def test_nobody_is_found_outside_the_scope_or_by_nonsense(brand):
    south = Operator(1, "mei", "manager", Scope(frozenset({"south"})))
    assert questions.find(brand.home, south, "13800138000").empty
    assert questions.find(brand.home, Operator(1, "mei", "analyst"), "13800138001").empty
    assert questions.find(brand.home, Operator(1, "mei", "analyst"), "  ").empty


def test_finding_people_needs_a_role_that_sees_people(brand):
    with pytest.raises(Forbidden):
        questions.find(brand.home, Operator(1, "boss", "executive"), "13800138000")


# -- revealing ------------------------------------------------------------------------------------------------------


def show(world: World, who: Operator, now, reason="calls back", name="phone:13800138000") -> str:
    return reveal(world.home, world.home.store, who, world.key(name), reason=reason, now=now)


def entries(world: World) -> list[tuple[str, str, dict]]:
    with world.home.store.reading() as session:
        return [(row.actor, row.action, row.details) for row in session.scalars(select(AuditEntry))]


def test_a_value_is_shown_for_a_reason_and_the_log_keeps_whose_of_which_type_and_why_and_never_the_value(brand, now):
    assert show(brand, Operator(1, "mei", "manager"), now) == "13800138000"
    with brand.home.lake.open() as snapshot:
        rows = snapshot.arrow(snapshot.member_map()).to_pylist()
    (member,) = (row["member_id"] for row in rows if row["identity_key"] == brand.key("phone:13800138000"))
    details = {"reason": "calls back", "type": "phone", "member": str(member), "world": "live"}
    assert entries(brand) == [("mei", "identity.revealed", details)]


@pytest.mark.parametrize("role", ["executive", "analyst", "admin"])
def test_roles_without_the_permission_see_no_value(brand, now, role):
    with pytest.raises(Forbidden):
        show(brand, Operator(1, "mei", role), now)
    assert entries(brand) == []


def test_nobody_outside_the_units_is_shown(brand, now):
    south = Operator(1, "mei", "manager", Scope(frozenset({"south"})))
    assert show(brand, south, now, name="email:lin@example.com") == "lin@example.com"
    with pytest.raises(Forbidden):
        show(brand, south, now)
    with pytest.raises(Forbidden):
        show(brand, Operator(1, "mei", "manager", Scope(frozenset())), now)


def test_a_value_needs_a_reason_and_has_to_exist(brand, now):
    with pytest.raises(InvalidDecision):
        show(brand, Operator(1, "mei", "manager"), now, reason=" ")
    with pytest.raises(Unknown):
        show(brand, Operator(1, "mei", "manager"), now, name="phone:5")
    assert entries(brand) == []
