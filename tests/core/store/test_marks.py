"""The mark of a store: the same while nobody writes, another one as soon as somebody has."""

import subprocess
import sys

import pytest

from core.store import topics
from core.store.session import Store


def bump(store: Store) -> None:
    with store.transaction() as session:
        topics.bump(session, "segments")


@pytest.fixture
def watched(store: Store) -> Store:
    if store.engine.dialect.name != "sqlite":
        pytest.skip("this database keeps no mark")
    return store


def test_the_mark_stays_while_nobody_writes_and_changes_with_every_commit(watched):
    first = watched.mark()
    with watched.reading() as session:
        topics.revision(session, "segments")
    assert watched.mark() == first
    marks = {first}
    for _ in range(3):
        bump(watched)
        marks.add(watched.mark())
    assert len(marks) == 4


def test_what_is_written_and_not_committed_changes_nothing(watched):
    first = watched.mark()
    with pytest.raises(RuntimeError), watched.transaction() as session:
        topics.bump(session, "segments")
        session.flush()
        assert watched.mark() == first
        raise RuntimeError
    assert watched.mark() == first


def test_a_commit_of_another_process_is_seen(watched):
    first = watched.mark()
    program = "import sys; from tests.core.store.test_marks import bump, Store; bump(Store(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", program, watched.url], check=True, timeout=120)
    assert watched.mark() != first
    with watched.reading() as session:
        assert topics.revision(session, "segments") == 1


def test_a_store_that_was_opened_anew_knows_no_mark_of_before(watched):
    first = watched.mark()
    watched.close()
    assert watched.mark() != first
    again = Store(watched.url)
    assert again.mark() not in (first, watched.mark())
    again.close()


def test_a_database_that_keeps_no_mark_says_so(store):
    if store.engine.dialect.name == "sqlite":
        pytest.skip("this database keeps one")
    assert store.mark() is None
