from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.scope import SYSTEM, Operator
from core.store import audit
from core.store.audit import Fault, Head
from core.store.session import Store

LIN = Operator(7, "lin", "admin")


@pytest.fixture
def log(store, now):
    with store.transaction() as session:
        for number in range(4):
            audit.append(session, LIN, "did", f"thing:{number}", {"n": number, "说": "好"}, now=now)
    return store


def verify(store, **kept):
    with store.reading() as session:
        return audit.verify(session, **kept)


def tamper(store, statement):
    """Change the log as somebody with the database's own rights could."""
    is_sqlite = store.engine.dialect.name == "sqlite"
    with store.engine.execution_options(is_write=True).begin() as connection:
        for verb in ("UPDATE", "DELETE"):
            where = "" if is_sqlite else " ON audit"
            connection.execute(text(f"DROP TRIGGER audit_is_append_only_{verb}{where}"))
        connection.execute(text(statement))


def test_an_empty_log_is_whole(store):
    assert verify(store) == []


def test_entries_are_numbered_from_one_and_the_chain_is_whole(log, now):
    with log.transaction() as session:
        assert audit.append(session, SYSTEM, "did", "more", now=now) == 5
    assert verify(log) == []


def test_a_chain_appended_by_several_threads_does_not_fork(log, now):
    def append_ten(_: int) -> None:
        for _ in range(10):
            with log.transaction() as session:
                audit.append(session, LIN, "did", "raced", now=now)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(append_ten, range(4)))
    with log.reading() as session:
        assert audit.head(session).sequence == 44
    assert verify(log) == []


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'me'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_the_log(log, statement):
    with pytest.raises(DBAPIError, match="append-only"), log.transaction() as session:
        session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'me' WHERE sequence = 2",
        "UPDATE audit SET details = '{}' WHERE sequence = 2",
        "UPDATE audit SET object = 'thing:9' WHERE sequence = 2",
        "UPDATE audit SET actor_id = NULL WHERE sequence = 2",
    ],
)
def test_a_changed_entry_is_found(log, statement):
    tamper(log, statement)
    assert verify(log) == [Fault(2, "changed")]


def test_a_changed_time_is_found(log, now):
    tamper(log, f"UPDATE audit SET at = '{(now + timedelta(seconds=1)).isoformat(sep=' ')[:19]}' WHERE sequence = 4")
    assert verify(log) == [Fault(4, "changed")]


def test_a_removed_entry_is_found(log):
    tamper(log, "DELETE FROM audit WHERE sequence = 2")
    assert verify(log) == [Fault(3, "missing")]


def test_a_cut_tail_is_found_by_the_head(log):
    tamper(log, "DELETE FROM audit WHERE sequence = 4")
    assert verify(log) == [Fault(4, "cut")]


def test_a_cut_tail_with_a_forged_head_is_found_by_an_exported_head_only(log):
    with log.reading() as session:
        exported = audit.head(session)
    tamper(log, "DELETE FROM audit WHERE sequence = 4")
    with log.engine.execution_options(is_write=True).begin() as connection:
        connection.execute(text("UPDATE audit_head SET sequence = 3, mac = (SELECT mac FROM audit WHERE sequence = 3)"))
    assert verify(log) == []
    assert verify(log, exported=exported) == [Fault(4, "cut")]


def test_an_exported_head_that_fits_is_no_fault(log):
    with log.reading() as session:
        exported = audit.head(session)
    assert verify(log, exported=exported) == []
    assert verify(log, exported=Head(0, audit.GENESIS)) == []


def test_another_key_sees_every_entry_as_changed(log):
    other = Store(log.url, audit_key=b"x" * 32)
    assert [fault.kind for fault in verify(other)] == ["changed"] * 4
    other.close()


def test_a_store_without_a_key_keeps_no_audit_log(log, now):
    keyless = Store(log.url)
    with pytest.raises(RuntimeError, match="without the key"), keyless.transaction() as session:
        audit.append(session, LIN, "did", "thing", now=now)
    keyless.close()


def test_an_entry_is_undone_with_the_transaction_it_belongs_to(log, now):
    with pytest.raises(RuntimeError), log.transaction() as session:
        audit.append(session, LIN, "did", "thing", now=now)
        raise RuntimeError
    with log.reading() as session:
        assert audit.head(session).sequence == 4
    assert verify(log) == []
