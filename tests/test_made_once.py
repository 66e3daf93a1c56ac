"""What tests begin with is a copy of what the product made: the same, and not the same one."""

from sqlalchemy import inspect

from core.store.session import Store
from tests import lakes


def test_a_store_that_was_copied_has_the_tables_of_one_that_was_migrated(tmp_path):
    stores = [Store(f"sqlite:///{tmp_path / name}", audit_key=b"k" * 32) for name in "ab"]
    for one in stores:
        one.migrate()
        one.migrate()
    tables = [
        {name: [str(column) for column in inspect(one.engine).get_columns(name)] for name in inspect(one.engine).get_table_names()}
        for one in stores
    ]  # fmt: skip
    assert tables[0] == tables[1] and "alembic_version" in tables[0]
    for one in stores:
        one.close()


def test_lakes_of_the_same_facts_hold_the_same_rows_and_are_each_their_own(tmp_path):
    homes = [lakes.home(tmp_path / str(n)) for n in range(4)]
    for n, home in enumerate(homes):
        facts = [lakes.event(who, "2025-01-01 10:00") for who in range(1, 4 if n < 3 else 5)]
        merged = lakes.add(home, 1, events=facts)["events"]
        assert merged.accepted == len(facts)
    rows = []
    for home in homes:
        with home.lake.open() as snapshot:
            rows.append(snapshot.frame(snapshot.table("events").order_by("identity_key"))["identity_key"].tolist())
    assert rows == [[1, 2, 3]] * 3 + [[1, 2, 3, 4]]
    newest = [home.lake.manifests.latest() for home in homes]
    assert len({one.lake_id for one in newest}) == 4 and {one.version for one in newest} == {2}
    lakes.add(homes[2], 2, events=[lakes.event(9, "2025-01-02 10:00")])
    assert [home.lake.manifests.latest().version for home in homes] == [2, 2, 4, 2]
    for home in homes:
        home.store.close()
