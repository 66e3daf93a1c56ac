"""Persons decide: with permission and reason, audited, and never for good."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from core.errors import Forbidden, InvalidDecision, Unknown
from core.scope import ROLES, Operator
from core.store import topics
from core.store.tables import AuditEntry, IdentityDecision
from core.work import identities, identity_decisions
from core.work.identity_decisions import block, cut, merge, set_limits, settle, unblock, undo
from tests.core.identities.conftest import World


@pytest.fixture
def act(world: World, admin: Operator, now):
    def run(use_case, *args, reason="the customer said so", who=admin):
        return use_case(world.home, world.home.store, who, *args, reason=reason, now=now)

    return run


def audited(world: World) -> list[tuple[str, str, str]]:
    with world.home.store.reading() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
        return [(row.actor, row.action, row.object) for row in rows]


def test_a_merge_makes_one_member_that_keeps_the_oldest_id(world, act):
    world.bring("phone:1", "customer_no:2")
    oldest = world.member("phone:1")
    assert act(merge, world.member("customer_no:2"), oldest).is_map_changed
    assert set(world.map().values()) == {(oldest, True)}


@pytest.mark.parametrize("decide", ["merge", "cut", "block"])
def test_undoing_a_decision_brings_back_the_former_map_exactly(world, act, decide):
    world.bring("phone:1 customer_no:1 email:a@b.cn", "phone:2 anonymous_id:c", "customer_no:3")
    before = world.map()
    decided = {
        "merge": lambda: act(merge, world.member("phone:2"), world.member("phone:1")),
        "cut": lambda: act(cut, world.key("phone:1"), world.key("customer_no:1")),
        "block": lambda: act(block, world.key("phone:1")),
    }[decide]()
    assert world.map() != before
    act(undo, decided.decision_id)
    assert world.map() == before


def test_a_decision_stands_through_later_imports(world, act):
    world.bring("phone:1 customer_no:1")
    act(cut, world.key("phone:1"), world.key("customer_no:1"))
    world.bring("phone:1 customer_no:1", "customer_no:1 email:a@b.cn")
    assert world.people("phone:1", "customer_no:1", "email:a@b.cn") == ["phone:1", "customer_no:1", "customer_no:1"]


def test_a_value_can_be_blocked_before_it_is_ever_seen(world, act):
    world.bring("customer_no:1", "customer_no:2")
    assert not act(block, world.key("phone:000")).is_map_changed
    world.bring("phone:000 customer_no:1", "phone:000 customer_no:2")
    assert world.people("customer_no:1", "customer_no:2", "phone:000") == [
        "customer_no:1",
        "customer_no:2",
        "phone:000",
    ]


def test_unblocking_lets_it_connect_again(world, act):
    world.bring("phone:1 customer_no:1")
    act(block, world.key("phone:1"))
    act(unblock, world.key("phone:1"))
    assert world.people("phone:1", "customer_no:1") == ["phone:1", "phone:1"]


def test_a_member_is_merged_by_a_person_and_not_by_a_browser(world, act):
    world.bring("anonymous_id:c phone:1", "customer_no:2")
    decided = act(merge, world.member("phone:1"), world.member("customer_no:2"))
    with world.home.store.reading() as session:
        assert session.get(IdentityDecision, decided.decision_id).left_key == world.key("phone:1")


def test_a_visitor_can_be_merged_into_a_member(world, act):
    world.bring("anonymous_id:c", "customer_no:2")
    act(merge, world.member("anonymous_id:c"), world.member("customer_no:2"))
    assert set(world.map().values()) == {(world.key("anonymous_id:c"), True)}


def test_every_decision_is_audited_with_its_reason(world, act):
    world.bring("phone:1 customer_no:1", "phone:2")
    decided = act(cut, world.key("phone:1"), world.key("customer_no:1"), reason="  two sisters ")
    act(undo, decided.decision_id)
    key = f"identity:{world.key('phone:1')}"
    assert audited(world) == [("lin", "identity.cut", key), ("lin", "identity.uncut", key)]
    with world.home.store.reading() as session:
        details = session.get(AuditEntry, 1).details
    assert (details["reason"], details["decision"]) == ("two sisters", decided.decision_id)


def test_the_audit_entry_goes_to_the_log_of_the_house(world, admin, now, tmp_path):
    from core.app import House

    house = House(replace(world.home.settings, home=tmp_path / "other"))
    world.bring("phone:1")
    block(world.home, house.live.store, admin, world.key("phone:1"), reason="zeros", now=now)
    with house.live.store.reading() as session:
        assert session.get(AuditEntry, 1).action == "identity.block"
    assert audited(world) == []
    house.live.store.close()


def test_every_decision_bumps_the_topic_that_caches_know(world, act):
    world.bring("phone:1")
    act(block, world.key("phone:1"))
    with world.home.store.reading() as session:
        assert topics.revision(session, identity_decisions.TOPIC) == 1


def test_changed_limits_hold_at_once_and_can_be_changed_back(world, act):
    world.bring(*(f"phone:1 customer_no:{n}" for n in range(6)))
    before = world.map()
    assert act(set_limits, {"phone": 6})
    assert len(set(world.map().values())) == 1
    assert act(set_limits, {"phone": 5})
    assert world.map() == before
    assert [action for _, action, _ in audited(world)] == ["identity.limits_changed"] * 2


def test_limits_of_other_types_stay(world, act):
    act(set_limits, {"phone": 7})
    with world.home.store.reading() as session:
        assert identities.limits(session) == identities.DEFAULT_LIMITS | {"phone": 7}


def test_a_map_that_lags_behind_its_decisions_is_brought_up_to_them(world, now):
    world.bring("phone:1 customer_no:1")
    with world.home.store.transaction() as session:  # as after a kill between the store's commit and the manifest
        session.add(IdentityDecision(kind="block", left_key=world.key("phone:1"), reason="zeros", by="lin", at=now))
    assert settle(world.home)
    assert not settle(world.home)
    assert world.people("phone:1", "customer_no:1") == ["phone:1", "customer_no:1"]


# -- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
def test_only_an_admin_decides(world, act, role):
    world.bring("phone:1 customer_no:1")
    before, who = world.map(), Operator(2, "wang", role)
    for use_case, args in [
        (block, (world.key("phone:1"),)), (unblock, (1,)), (merge, (1, 2)), (cut, (1, 2)), (undo, (1,)), (set_limits, ({},)),
    ]:  # fmt: skip
        with pytest.raises(Forbidden):
            act(use_case, *args, who=who)
    assert (world.map(), audited(world)) == (before, [])


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_decision_without_a_reason_is_refused(world, act, reason):
    for use_case, args in [
        (block, (1,)),
        (unblock, (1,)),
        (merge, (1, 2)),
        (cut, (1, 2)),
        (undo, (1,)),
        (set_limits, ({},)),
    ]:
        with pytest.raises(InvalidDecision) as refused:
            act(use_case, *args, reason=reason)
        assert refused.value.details["reason"] == "text"


def refusal(act, *args) -> str:
    with pytest.raises(InvalidDecision) as refused:
        act(*args)
    return str(refused.value.details["reason"])


def test_decisions_that_say_nothing_new_are_refused(world, act):
    world.bring("phone:1 customer_no:1", "phone:2")
    phone, customer = world.key("phone:1"), world.key("customer_no:1")
    act(block, world.key("phone:2"))
    first = act(cut, phone, customer)
    assert refusal(act, block, world.key("phone:2")) == "done"
    assert refusal(act, unblock, phone) == "undone"
    assert refusal(act, cut, customer, phone) == "done"
    assert refusal(act, cut, phone, phone) == "same"
    assert refusal(act, merge, world.member("phone:1"), world.member("phone:1")) == "same"
    undone = act(undo, first.decision_id)
    assert refusal(act, undo, first.decision_id) == "undone"
    assert refusal(act, undo, undone.decision_id) == "undone"


def test_a_merge_against_a_standing_cut_is_refused_until_the_cut_is_undone(world, act):
    world.bring("phone:1 customer_no:1")
    decided = act(cut, world.key("phone:1"), world.key("customer_no:1"))
    both = world.member("phone:1"), world.member("customer_no:1")
    assert refusal(act, merge, *both) == "cut"
    act(undo, decided.decision_id)
    assert world.member("phone:1") == world.member("customer_no:1")


def test_a_cut_of_what_was_merged_by_decision_is_refused(world, act):
    world.bring("phone:1", "customer_no:1")
    act(merge, world.member("phone:1"), world.member("customer_no:1"))
    assert refusal(act, cut, world.key("customer_no:1"), world.key("phone:1")) == "linked"


def test_a_member_of_nothing_but_blocked_identities_cannot_be_merged(world, act):
    world.bring("phone:1", "customer_no:1")
    act(block, world.key("phone:1"))
    assert refusal(act, merge, world.member("phone:1"), world.member("customer_no:1")) == "blocked"


def test_what_does_not_exist_is_named(world, act):
    world.bring("phone:1")
    for use_case, args in [
        (merge, (world.member("phone:1"), 5)), (cut, (world.key("phone:1"), 5)), (undo, (5,)), (set_limits, ({"telephone": 3},)),
    ]:  # fmt: skip
        with pytest.raises(Unknown):
            act(use_case, *args)


@pytest.mark.parametrize("most", [0, 1_000_001])
def test_a_limit_out_of_range_is_refused(act, most):
    assert refusal(act, set_limits, {"phone": most}) == "limit"
