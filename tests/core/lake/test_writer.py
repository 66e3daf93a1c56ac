from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st

from core import schema
from core.errors import InvalidFacts, LakeBusy, VersionGone
from core.lake.manifest import Manifest
from core.lake.writer import Merged, Writer
from core.schema import IDENTITY_MAP
from tests import lakes
from tests.lakes import add, event, sale
from tests.seeds import examples


@pytest.fixture
def world(tmp_path):
    return lakes.home(tmp_path)


def count(world, table="events", version=None):
    with world.lake.open(version) as snapshot:
        return snapshot.value(snapshot.table(table).count())


def merge(world, batch_id, table, facts, **more):
    with world.writer.change("import", batch_id) as change:
        return change.merge(table, lakes.rows(table, facts, **more))


def test_an_empty_lake_answers_with_no_rows(world):
    assert count(world) == 0


def test_equal_rows_of_one_file_are_one_event(world):
    twice = event(1, "2025-01-01 10:00")
    assert merge(world, 1, "events", [twice, twice, event(2, "2025-01-01 10:00")]) == Merged(2, 1)


def test_the_same_file_again_changes_nothing(world):
    facts = [event(1, "2025-01-31 15:59"), event(1, "2025-01-31 16:00")]
    merge(world, 1, "events", facts)
    version = world.lake.manifests.latest().version
    assert merge(world, 2, "events", facts) == Merged(0, 2)
    assert world.lake.manifests.latest().version == version


def test_events_with_an_id_of_their_source_are_one_whatever_else_they_say(world):
    first = event(1, "2025-01-01 10:00", event_id="e1", channel="web")
    later = event(1, "2025-01-01 10:00", event_id="e1", channel="app")
    assert merge(world, 1, "events", [first]) == Merged(1, 0)
    assert merge(world, 2, "events", [later]) == Merged(0, 1)


def test_equal_rows_of_two_sources_are_two_events(world):
    fact = event(1, "2025-01-01 10:00")
    merge(world, 1, "events", [fact], source="shop")
    assert merge(world, 2, "events", [fact], source="app") == Merged(1, 0)


def test_equal_order_lines_of_one_file_are_real_and_the_file_again_changes_nothing(world):
    line = sale(1, "2025-01-01 10:00", "A1", 9.9)
    assert merge(world, 1, "order_lines", [line, line]) == Merged(2, 0)
    assert merge(world, 2, "order_lines", [line, line]) == Merged(0, 2)


def test_a_third_equal_line_in_a_later_file_is_new(world):
    line = sale(1, "2025-01-01 10:00", "A1", 9.9)
    merge(world, 1, "order_lines", [line, line])
    assert merge(world, 2, "order_lines", [line, line, line]) == Merged(1, 2)


def test_a_revision_that_says_what_the_newest_one_says_is_no_revision(world):
    def named(name):
        return [{"unit_id": "u1", "name": name}]

    assert [merge(world, n, "units", named(name)) for n, name in enumerate(["A", "A", "B", "A"], 1)] == [
        Merged(1, 0), Merged(0, 1), Merged(1, 0), Merged(1, 0),
    ]  # fmt: skip
    with world.lake.open() as snapshot:
        assert snapshot.frame(snapshot.current("units"))["name"].tolist() == ["A"]


def unit(key, name):
    return {"unit_id": key, "name": name}


def units_of(world):
    with world.lake.open() as snapshot:
        return {row["unit_id"]: row["name"] for row in snapshot.arrow(snapshot.current("units")).to_pylist()}


def test_of_several_revisions_in_one_file_the_last_one_counts_and_the_file_again_changes_nothing(world):
    back_and_forth = [unit("u1", "A"), unit("u1", "B"), unit("u1", "A"), unit("u2", "C")]
    assert merge(world, 1, "units", back_and_forth) == Merged(2, 2)
    assert units_of(world) == {"u1": "A", "u2": "C"}
    assert merge(world, 2, "units", back_and_forth) == Merged(0, 4)
    assert merge(world, 3, "units", [unit("u1", "B"), unit("u1", "A")]) == Merged(0, 2)
    assert merge(world, 4, "units", [unit("u1", "A"), unit("u1", "B")]) == Merged(1, 1)
    assert units_of(world) == {"u1": "B", "u2": "C"}


files = st.lists(st.tuples(st.sampled_from(["u1", "u2", "u3"]), st.sampled_from("AB")), min_size=1, max_size=6)


@settings(max_examples=examples(15))
@given(brought=st.lists(files, min_size=1, max_size=4))
def test_a_dimension_says_what_the_last_row_of_the_last_file_said(tmp_path_factory, brought):
    world = lakes.home(tmp_path_factory.mktemp("world"))
    expected: dict[str, str] = {}
    for number, file in enumerate(brought):
        facts = [unit(key, name) for key, name in file]
        said = dict(file)
        news = sum(expected.get(key) != name for key, name in said.items())
        assert merge(world, 2 * number + 1, "units", facts) == Merged(news, len(file) - news)
        assert merge(world, 2 * number + 2, "units", facts) == Merged(0, len(file))
        expected |= said
        assert units_of(world) == expected


def merge_without(world, batch_id, fact, *columns):
    with world.writer.change("import", batch_id) as change:
        return change.merge("events", lakes.rows("events", [fact]).drop(*columns))


def test_a_column_that_a_file_lacks_is_an_empty_one(world):
    plain, told = event(1, "2025-01-01 10:00"), event(1, "2025-01-01 10:00", channel="web")
    assert merge(world, 1, "events", [told]) == Merged(1, 0)
    assert merge_without(world, 2, plain, "channel", "session_id") == Merged(1, 0)
    assert merge_without(world, 3, plain, "channel") == Merged(0, 1)
    assert merge(world, 4, "events", [plain]) == Merged(0, 1)
    assert merge_without(world, 5, told, "session_id") == Merged(0, 1)


def test_an_event_with_an_id_and_the_same_event_without_one_are_two(world):
    assert merge(world, 1, "events", [event(1, "2025-01-01 10:00", event_id="e1")]) == Merged(1, 0)
    assert merge_without(world, 2, event(1, "2025-01-01 10:00"), "event_id") == Merged(1, 0)
    assert merge(world, 3, "events", [event(1, "2025-01-01 10:00", event_id="e1")]) == Merged(0, 1)


def test_files_with_other_columns_are_joined_and_taken_back_as_one(world):
    told = event(1, "2025-01-01 10:00", channel="web")
    merge(world, 1, "events", [told])
    merge_without(world, 2, event(2, "2025-01-01 11:00"), "channel", "unit_id")
    merge_without(world, 3, event(3, "2025-01-01 12:00", session_id="s"), "channel")
    with world.writer.change("compact") as change:
        assert change.compact() == 2
    with world.writer.change("rollback") as change:
        assert change.forget(2) == 1
    with world.lake.open() as snapshot:
        rows = snapshot.table("events")
        kept = snapshot.arrow(rows.select("identity_key", "channel", "session_id").order_by("identity_key"))
    assert [tuple(row.values()) for row in kept.to_pylist()] == [(1, "web", None), (3, None, "s")]


def test_a_fact_belongs_to_the_business_day_and_month_of_the_zone(world):
    merge(world, 1, "events", [event(1, "2025-01-31 15:59:59"), event(2, "2025-01-31 16:00:00")])
    with world.lake.open() as snapshot:
        events = snapshot.table("events")
        found = snapshot.frame(events.select("identity_key", "local_date", "month").order_by("identity_key"))
    assert found["local_date"].astype(str).tolist() == ["2025-01-31", "2025-02-01"]
    assert found["month"].tolist() == ["2025-01", "2025-02"]


def test_a_zone_with_summer_time_gets_its_own_days(world):
    london = Writer(world.lake, "Europe/London")
    with london.change("import", 1) as change:
        change.merge("events", lakes.rows("events", [event(1, "2025-07-01 22:59"), event(2, "2025-07-01 23:00")]))
    with world.lake.open() as snapshot:
        events = snapshot.table("events").order_by("identity_key")
        assert snapshot.frame(events)["local_date"].astype(str).tolist() == ["2025-07-01", "2025-07-02"]


def test_tables_of_one_batch_appear_together_or_not_at_all(world):
    with pytest.raises(RuntimeError), world.writer.change("import", 1) as change:
        change.merge("events", lakes.rows("events", [event(1, "2025-01-01 10:00")]))
        change.merge("order_lines", lakes.rows("order_lines", [sale(1, "2025-01-01 10:00", "A1", 1)]))
        raise RuntimeError("killed before the manifest")
    assert (count(world), count(world, "order_lines")) == (0, 0)
    assert merge(world, 2, "events", [event(1, "2025-01-01 10:00")]) == Merged(1, 0)
    assert count(world) == 1


def test_what_a_failed_writer_added_to_a_table_that_exists_is_undone(world):
    merge(world, 1, "events", [event(1, "2025-01-01 10:00")])
    with pytest.raises(RuntimeError), world.writer.change("import", 2) as change:
        change.merge("events", lakes.rows("events", [event(2, "2025-01-02 10:00")]))
        raise RuntimeError("killed before the manifest")
    merge(world, 3, "events", [event(3, "2025-01-03 10:00")])
    with world.lake.open() as snapshot:
        assert sorted(snapshot.frame(snapshot.table("events"))["identity_key"]) == [1, 3]


def test_a_rollback_removes_the_rows_of_its_batch_and_older_versions_keep_them(world):
    add(world, 1, events=[event(1, "2025-01-01 10:00")])
    add(world, 2, events=[event(2, "2025-01-01 11:00")], order_lines=[sale(2, "2025-01-01 11:00", "A1", 5)])
    before = world.lake.manifests.latest().version
    with world.writer.change("rollback") as change:
        assert change.forget(2) == 2
    assert (count(world), count(world, "order_lines")) == (1, 0)
    assert (count(world, version=before), count(world, "order_lines", before)) == (2, 1)


def test_compaction_keeps_every_row_and_leaves_fewer_files(world):
    for n in range(1, 6):
        merge(world, n, "events", [event(n, "2025-01-01 10:00")])
    with world.writer.change("compact") as change:
        assert change.compact() == 4
    assert count(world) == 5
    with world.lake.open() as snapshot:
        assert len(snapshot.files("events")) == 1


def test_a_sweep_removes_only_what_no_version_refers_to(world):
    from datetime import timedelta

    merge(world, 1, "events", [event(1, "2025-01-01 10:00")])
    stray = world.lake.root / "events" / "month=2025-01" / "left.parquet#1"
    stray.write_bytes(b"left by a killed writer")
    with world.writer.change("rollback") as change:
        change.forget(1)
    assert world.writer.sweep(timedelta(0)) == 1
    assert not stray.exists()
    assert count(world, version=1) == 1


def test_two_writers_at_once_take_turns_and_lose_nothing(world):
    facts = [[event(n, f"2025-01-01 10:{n:02d}")] for n in range(8)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda n: merge(world, n + 1, "events", facts[n]), range(8)))
    assert done == [Merged(1, 0)] * 8
    assert count(world) == 8
    assert world.lake.manifests.latest().version == 8


def test_a_writer_that_waits_too_long_says_who_is_in_the_way(world):
    with world.writer.change("import", 1), pytest.raises(LakeBusy), world.writer.change("import", 2, patience_s=0.05):
        pass


def test_a_version_that_never_was_is_refused(world):
    with pytest.raises(VersionGone):
        count(world, version=7)


def test_a_version_whose_files_were_removed_says_so(world):
    merge(world, 1, "events", [event(1, "2025-01-01 10:00")])
    with world.writer.change("rollback") as change:
        change.forget(1)
    delta = DeltaTable(str(world.lake.root / "events"))
    delta.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    fresh = lakes.home(world.settings.home)
    with pytest.raises(VersionGone):
        count(fresh, version=1)
    assert count(fresh) == 0


def test_a_manifest_of_a_number_that_exists_is_refused(world):
    merge(world, 1, "events", [event(1, "2025-01-01 10:00")])
    latest = world.lake.manifests.latest()
    with pytest.raises(FileExistsError):
        world.lake.manifests.commit(Manifest(latest.version, lakes.NOW, "import", {}))


def test_rows_without_a_needed_column_are_refused(world):
    with world.writer.change("import", 1) as change, pytest.raises(InvalidFacts, match="name"):
        change.merge("events", lakes.rows("events", [event(1, "2025-01-01 10:00")]).drop("name"))


def test_a_replaced_table_keeps_its_older_versions(world):
    for version, members in ((1, [5]), (2, [5, 6])):
        rows = [{"identity_key": m, "member_id": m, "is_known": True} for m in members]
        with world.writer.change("identity") as change:
            change.replace("identity_map", pa.Table.from_pylist(rows, IDENTITY_MAP))
        assert world.lake.manifests.latest().version == version
    for version, expected in ((1, 1), (2, 2)):
        with world.lake.open(version) as snapshot:
            assert snapshot.value(snapshot.member_map().count()) == expected


def test_a_lake_made_anew_in_the_same_place_shows_nothing_of_the_old_one(world):
    import shutil

    merge(world, 1, "events", [event(1, "2025-01-01 10:00"), event(2, "2025-01-01 10:00")])
    assert count(world) == 2
    shutil.rmtree(world.lake.root)
    merge(world, 1, "events", [event(9, "2025-01-01 10:00")])
    assert count(world) == 1


facts = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 5), st.sampled_from("ab")), max_size=12)


@settings(max_examples=examples(25))
@given(files=st.lists(facts, min_size=1, max_size=4))
def test_the_lake_holds_the_distinct_events_of_all_files_and_the_counts_add_up(tmp_path_factory, files):
    world = lakes.home(tmp_path_factory.mktemp("lake"))
    expected: set[tuple[int, int, str]] = set()
    for batch_id, file in enumerate(files, 1):
        merged = merge(world, batch_id, "events", [event(w, f"2025-01-01 10:{m:02d}", name) for w, m, name in file])
        assert merged == Merged(len(set(file) - expected), len(file) - len(set(file) - expected))
        expected |= set(file)
    assert count(world) == len(expected)


@settings(max_examples=examples(25))
@given(files=st.lists(st.lists(st.sampled_from("abc"), max_size=8), min_size=1, max_size=4))
def test_the_lake_holds_the_most_copies_of_a_line_that_any_file_had(tmp_path_factory, files):
    world = lakes.home(tmp_path_factory.mktemp("lake"))
    for batch_id, file in enumerate(files, 1):
        merge(world, batch_id, "order_lines", [sale(1, "2025-01-01 10:00", order, 1) for order in file])
    assert count(world, "order_lines") == sum(max(file.count(order) for file in files) for order in "abc")


@pytest.mark.parametrize("name", ["my home", "私域驾驶舱", "a#b", "x'y"])
def test_a_lake_lives_in_a_folder_of_any_ordinary_name(tmp_path, name):
    world = lakes.home(tmp_path / name)
    add(world, 1, events=[event(1, "2025-01-01 10:00")])
    add(world, 2, events=[event(2, "2025-01-02 10:00")])
    assert world.writer.sweep(timedelta(0)) == 0
    with world.writer.change("rollback", 2) as change:
        assert change.forget(2) == 1
    assert count(world) == 1


def test_a_batch_leaves_no_view_of_its_own_files_in_the_engine(world):
    add(world, 1, events=[event(1, "2025-01-01 10:00")])
    add(world, 2, events=[event(1, "2025-01-01 10:00"), event(2, "2025-01-01 10:00")])
    with world.lake.engine.cursor() as cursor:
        assert not [name for name in cursor.backend.list_tables() if name.startswith(("fresh", "kept"))]


def test_derived_columns_are_stored_and_tell_no_two_rows_apart(world):
    said = {
        "identity_key": 1,
        "occurred_at": lakes.at("2025-01-01 10:00"),
        "group_id": "g",
        "sender_kind": "member",
        "text": "ok",
    }
    assert merge(world, 1, "group_messages", [said | {"is_heard": True}]) == Merged(1, 0)
    assert merge(world, 2, "group_messages", [said | {"is_heard": False}]) == Merged(0, 1)
    with world.lake.open() as snapshot:
        found = snapshot.arrow(snapshot.table("group_messages").select("is_heard", "is_question")).to_pylist()
    assert found == [{"is_heard": True, "is_question": None}]


def test_a_table_from_before_a_column_learns_of_it_and_keeps_it_when_compacted(world, monkeypatch):
    now = schema.TABLES["group_messages"]
    said = {"identity_key": 1, "occurred_at": lakes.at("2025-01-01 10:00"), "group_id": "g", "sender_kind": "member"}
    monkeypatch.setitem(schema.TABLES, "group_messages", replace(now, derived=()))
    merge(world, 1, "group_messages", [said | {"text": "before"}])
    monkeypatch.setitem(schema.TABLES, "group_messages", now)
    merge(world, 2, "group_messages", [said | {"text": "ok", "is_heard": True}])
    with world.writer.change("compact") as change:
        assert change.compact() > 0
    with world.lake.open() as snapshot:
        rows = snapshot.table("group_messages").select("text", "is_heard").order_by("text")
        assert snapshot.arrow(rows).to_pylist() == [
            {"text": "before", "is_heard": None},
            {"text": "ok", "is_heard": True},
        ]
