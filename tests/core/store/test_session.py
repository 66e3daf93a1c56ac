import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import column, func, insert, select, table
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from core.store import choices, deliveries, notice_targets, topics, workers
from core.store.session import MIGRATIONS, Store, insert_many, put
from core.store.tables import Base, Batch, ProfileField, Setting, TopicRevision


def batch(**values) -> Batch:
    known = {"table_name": "events", "source": "shop", "file_name": "a.csv", "actor": "lin"}
    return Batch(**known | {"created_at": datetime(2026, 1, 1, tzinfo=UTC)} | values)


def test_the_migrations_make_exactly_the_tables_that_the_code_declares(store):
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_migrating_again_changes_nothing(store, now):
    with store.transaction() as session:
        choices.write(session, "currency", "CNY", by="lin", now=now)
    store.migrate()
    with store.reading() as session:
        assert choices.read(session, "currency") == "CNY"


def test_processes_that_start_at_once_all_find_a_migrated_store(empty_store):
    program = "import sys; from core.store.session import Store; Store(sys.argv[1]).migrate()"
    runs = [
        subprocess.Popen([sys.executable, "-c", program, empty_store.url], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [run.communicate(timeout=120)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], said
    with empty_store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Batch)) == 0


def test_a_transaction_that_raises_leaves_nothing(store):
    with pytest.raises(RuntimeError), store.transaction() as session:
        session.add(batch())
        session.flush()
        raise RuntimeError
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Batch)) == 0


def test_reading_cannot_write_and_writing_still_works_on_the_same_connection(store):
    with pytest.raises(DBAPIError), store.reading() as session:
        session.add(batch())
        session.flush()
    with store.transaction() as session:
        session.add(batch())
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Batch)) == 1


def test_a_reader_sees_one_state_while_a_writer_commits(store, now):
    with store.reading() as session:
        assert choices.read(session, "currency") is None
        with store.transaction() as other:
            choices.write(other, "currency", "EUR", by="lin", now=now)
        assert choices.read(session, "currency") is None
    with store.reading() as session:
        assert choices.read(session, "currency") == "EUR"


def test_writers_wait_for_each_other_and_none_is_lost(store):
    gate = Barrier(4)

    def bump_ten_times(_: int) -> None:
        gate.wait()
        for _ in range(10):
            with store.transaction() as session:
                topics.bump(session, "segments")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(bump_ten_times, range(4)))
    with store.reading() as session:
        assert topics.revisions(session, ["goals", "segments"]) == (0, 40)


def test_times_come_back_as_they_went_in_in_utc(store):
    shanghai = timezone(timedelta(hours=8))
    with store.transaction() as session:
        session.add(batch(created_at=datetime(2026, 1, 1, 8, 0, 0, 123456, tzinfo=shanghai)))
    with store.reading() as session:
        assert session.scalar(select(Batch.created_at)) == datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
        assert session.scalar(select(Batch.created_at)).tzinfo == UTC


def test_a_naive_time_is_refused(store):
    with pytest.raises(StatementError, match="aware times only"), store.transaction() as session:
        session.add(batch(created_at=datetime(2026, 1, 1)))
        session.flush()


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "lost"},
        {"state": "committed", "read_count": 3, "accepted_count": 1, "duplicate_count": 1},
    ],
)
def test_a_batch_that_does_not_add_up_is_refused(store, wrong):
    with pytest.raises(IntegrityError), store.transaction() as session:
        session.add(batch(**wrong))
        session.flush()


def test_batch_numbers_are_never_used_twice(store):
    with store.transaction() as session:
        first = batch()
        session.add(first)
        session.flush()
        number = first.id
        session.delete(first)
    with store.transaction() as session:
        second = batch()
        session.add(second)
        session.flush()
        assert second.id > number


def test_putting_overwrites_the_rows_with_the_same_key(store):
    with store.transaction() as session:
        put(session, ProfileField, {"identity_key": 1, "field": "name", "batch_id": 1, "ciphertext": b"a"})
        put(
            session,
            ProfileField,
            [
                {"identity_key": 1, "field": "name", "batch_id": 1, "ciphertext": b"b"},
                {"identity_key": -(2**63), "field": "name", "batch_id": 1, "ciphertext": b"c"},
            ],
        )
        put(session, ProfileField, [])
    with store.reading() as session:
        rows = session.execute(select(ProfileField.identity_key, ProfileField.ciphertext).order_by("identity_key"))
        assert [tuple(row) for row in rows] == [(-(2**63), b"c"), (1, b"b")]


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 230])
def test_very_many_rows_are_inserted_and_those_that_are_there_are_left_and_not_counted(store, count):
    names = [one.name for one in ProfileField.__table__.columns]
    fields = table("profile_fields", *map(column, names))
    unique = ["identity_key", "field", "batch_id"]
    rows = [(key, "name", 1, str(key).encode()) for key in range(count)]
    with store.transaction() as session:
        put(session, ProfileField, {"identity_key": 7, "field": "name", "batch_id": 1, "ciphertext": b"first"})
        assert insert_many(session, fields, rows, unique=unique) == count - (count > 7)
        assert insert_many(session, fields, rows, unique=unique) == 0
    with store.reading() as session:
        found = session.execute(
            select(ProfileField.identity_key, ProfileField.field, ProfileField.batch_id, ProfileField.ciphertext)
        )
        expected = {key: sealed for key, _, _, sealed in rows} | {7: b"first"}
        assert {(key, "name", 1, sealed) for key, sealed in expected.items()} == {tuple(row) for row in found}


def test_a_choice_may_be_null_which_is_not_the_default(store, now):
    with store.transaction() as session:
        choices.write(session, "quiet", None, by="lin", now=now)
    with store.reading() as session:
        assert choices.read(session, "quiet", "default") is None
        assert choices.read(session, "never", "default") == "default"


def test_a_worker_is_alive_for_thirty_seconds_after_it_was_seen(store, now):
    with store.transaction() as session:
        workers.seen(session, "a", pid=1, started_at=now, now=now)
    with store.reading() as session:
        assert [w.name for w in workers.alive(session, now=now + timedelta(seconds=30))] == ["a"]
        assert workers.alive(session, now=now + timedelta(seconds=30, microseconds=1)) == []


def test_a_store_on_disk_survives_being_closed(tmp_path):
    url = f"sqlite:///{tmp_path / 'deep' / 'er' / 'store.db'}"
    first = Store(url)
    first.migrate()
    with first.transaction() as session:
        session.add(TopicRevision(topic="goals", revision=3))
    first.close()
    second = Store(url)
    with second.reading() as session:
        assert topics.revision(session, "goals") == 3
    second.close()


def test_an_error_of_the_store_does_not_tell_the_values(store, now):
    with pytest.raises(IntegrityError) as error, store.transaction() as session:
        for _ in range(2):
            session.execute(insert(Setting), {"key": "k", "value": "13800138000", "saved_by": "lin", "saved_at": now})
    assert "INSERT INTO settings" in str(error.value)
    assert "13800138000" not in str(error.value)


def test_a_table_that_is_made_anew_keeps_its_rows_and_what_refers_to_them(empty_store, now):
    """SQLite changes a table by making it anew: what refers to its rows would be emptied with the old one."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    empty_store.migrate()
    with empty_store.engine.execution_options(is_write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0012")
    with empty_store.transaction() as session:
        one = notice_targets.add(
            session,
            {
                "kind": "webhook", "name": "t", "address": "x", "rotated_at": None, "language": "zh", "least_urgency": "low", "kinds": None, "units": None, "most_per_hour": 1,
                "digest_minutes": 0, "is_on": True,
            },
            by="lin", now=now,
        )  # fmt: skip
        deliveries.enqueue(session, one, None, urgency="low", now=now)
        number = one.id
    empty_store.migrate()
    with empty_store.transaction() as session:
        assert [row.target_id for row in deliveries.newest(session, most=9)] == [number]
        notice_targets.remove(session, notice_targets.one(session, number))
    with empty_store.reading() as session:
        assert [row.target_id for row in deliveries.newest(session, most=9)] == [None]
