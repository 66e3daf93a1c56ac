"""Imports bring identities: members follow, evidence stays, values are hidden."""

import pytest

from core.errors import IdentityCollision
from core.privacy.vault import Vault, identity_label
from core.store import identity_values
from core.work import identities
from tests import lakes
from tests.core.identities.conftest import SEEN, World, table


def test_identities_of_one_row_are_one_member(world: World):
    world.bring("phone:13800138000 customer_no:17", "customer_no:18")
    assert world.people("phone:13800138000", "customer_no:17", "customer_no:18") == [
        "phone:13800138000", "phone:13800138000", "customer_no:18",
    ]  # fmt: skip


def test_a_later_batch_joins_what_earlier_ones_kept_apart_and_the_oldest_id_stays(world: World):
    world.bring("phone:1 customer_no:1", "email:a@b.cn")
    before = world.member("phone:1")
    world.bring("email:a@b.cn customer_no:1")
    assert set(world.map().values()) == {(before, True)}


def test_what_a_batch_recorded_in_two_calls_is_resolved_together(world: World):
    with world.home.writer.change("import", 1) as change:
        world.record(change, "phone:1 customer_no:1", is_last=False)
        assert world.record(change, "customer_no:1 email:a@b.cn").is_map_changed
    assert world.people("phone:1", "email:a@b.cn") == ["phone:1", "phone:1"]


def test_evidence_that_says_nothing_new_is_kept_and_leaves_the_map_as_it_is(world: World):
    world.bring("phone:1 customer_no:1")
    with world.home.lake.open() as snapshot:
        before = snapshot.manifest.tables["identity_map"]
    assert world.bring("customer_no:1 phone:1").links == 1
    assert not world.bring("phone:1 customer_no:1").is_map_changed
    with world.home.lake.open() as snapshot:
        assert snapshot.manifest.tables["identity_map"] == before


def test_an_older_sighting_that_comes_later_can_move_a_browser(world: World):
    world.bring("anonymous_id:c phone:1", at="2026-02-02")
    world.bring("phone:2 customer_no:2", at="2026-02-03")
    world.bring("anonymous_id:c phone:2", at="2026-02-01")
    assert world.people("phone:2", "anonymous_id:c", "phone:1") == ["phone:2", "phone:2", "phone:1"]


def test_rolling_back_a_batch_leaves_what_others_brought_alone(world: World):
    world.bring("phone:1 customer_no:1")
    alone = world.map()
    world.bring("phone:1 customer_no:1", "customer_no:1 email:a@b.cn")
    with world.home.writer.change("rollback") as change:
        change.forget(2)
        assert identities.rebuild(change, world.home.store)
    assert world.map() == alone


def test_rolling_back_the_first_of_two_equal_batches_loses_nobody(world: World):
    world.bring("phone:1 customer_no:1")
    both = world.map()
    world.bring("phone:1 customer_no:1")
    with world.home.writer.change("rollback") as change:
        change.forget(1)
        identities.rebuild(change, world.home.store)
    assert world.map() == both


def test_rolling_back_everything_leaves_nobody(world: World):
    world.bring("phone:1 customer_no:1")
    with world.home.writer.change("rollback") as change:
        change.forget(1)
        identities.rebuild(change, world.home.store)
    assert world.map() == {}


def test_a_change_that_fails_shows_nothing_and_its_values_do_no_harm(world: World):
    with pytest.raises(ZeroDivisionError), world.home.writer.change("import", 1) as change:
        world.record(change, "phone:1 customer_no:1")
        raise ZeroDivisionError
    assert world.map() == {}
    world.bring("phone:1 customer_no:1")
    assert world.people("phone:1", "customer_no:1") == ["phone:1", "phone:1"]


def test_figures_follow_the_map(world: World):
    world.bring("phone:1 customer_no:1", "customer_no:2")
    with world.home.writer.change("import", 9) as change:
        facts = [lakes.event(world.key(who), "2026-01-01") for who in ("phone:1", "customer_no:1", "customer_no:2")]
        change.merge("events", lakes.rows("events", facts))
    assert _members_with_events(world) == 2
    world.bring("customer_no:1 customer_no:2")
    assert _members_with_events(world) == 1


def test_a_value_lies_encrypted_in_the_store(world: World):
    world.bring("phone:13800138000")
    key = world.key("phone:13800138000")
    with world.home.store.reading() as session:
        found = identity_values.value(session, key)
    assert (found.identity_type, found.namespace, found.mac.hex()) == ("phone", "", world.mac("phone:13800138000"))
    assert Vault(world.home.keys).open(found.ciphertext, identity_label(key)) == "13800138000"


def test_a_value_is_sealed_once(world: World):
    world.bring("phone:13800138000")
    with world.home.store.reading() as session:
        before = identity_values.value(session, world.key("phone:13800138000")).ciphertext
    world.bring("phone:13800138000 customer_no:1")
    with world.home.store.reading() as session:
        assert identity_values.value(session, world.key("phone:13800138000")).ciphertext == before


def test_no_raw_value_is_ever_in_lake_or_store(world: World):
    world.bring("phone:13800138000 email:lin@example.com customer_no:C-17850")
    files = [f for f in world.home.settings.world("live").rglob("*") if f.is_file()]
    assert any(f.suffix == ".parquet" for f in files)
    assert any(f.name.startswith("store.db") for f in files)
    for file in files:
        content = file.read_bytes()
        assert not [v for v in (b"13800138000", b"lin@example.com", b"C-17850") if v in content], file.name


def test_two_identities_with_one_pseudonym_are_refused_by_name(world: World):
    one, other = world.seen("phone:13800138000", None, 1), world.seen("email:lin@example.com", None, 2)
    other["identity_key"] = one["identity_key"]
    with pytest.raises(IdentityCollision, match=r"138\*\*\*\*8000|l\*\*\*@example"):
        _record(world, [one, other])
    assert world.map() == {}


def test_a_pseudonym_that_another_batch_gave_to_somebody_else_is_refused_by_name(world: World):
    world.bring("phone:13800138000")
    other = world.seen("email:lin@example.com", None, 1)
    other["identity_key"] = world.key("phone:13800138000")
    with pytest.raises(IdentityCollision, match=r"email l\*\*\*@example\.com") as refused:
        _record(world, [other])
    assert refused.value.details["identity_key"] == other["identity_key"]


def test_the_update_log_says_how_many_were_left_out(world: World):
    world.bring(*(f"phone:1 customer_no:{n}" for n in range(6)))
    with world.home.lake.open() as snapshot:
        assert snapshot.manifest.note["one_id"] == {
            "identities": 7, "links": 6, "identities_left_out": {"shared": 1}, "links_left_out": {"shared": 6},
        }  # fmt: skip


def test_a_phone_with_one_customer_number_in_each_of_many_shops_is_not_shared(world: World):
    for number in range(8):
        world.source = f"shop_{number}"
        world.bring(f"phone:1 customer_no:{number}")
    assert len(set(world.map().values())) == 1


def _record(world: World, seen: list[dict[str, object]]) -> None:
    with world.home.writer.change("import", 99) as change:
        identities.record(change, world.home.store, world.home.keys, source="shop", seen=table(seen, SEEN))


def _members_with_events(world: World) -> int:
    with world.home.lake.open() as snapshot:
        rows = snapshot.table("events").inner_join(snapshot.member_map(), "identity_key")
        return snapshot.value(rows.member_id.nunique())
