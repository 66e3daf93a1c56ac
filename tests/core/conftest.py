import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from core.store.session import Store
from tests.core import postgresql

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
POSTGRESQL = "SIYU_TEST_POSTGRESQL"
AUDIT_KEY = b"k" * 32


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The database that SIYU_TEST_POSTGRESQL names, or one of a server of our own; skips where neither is."""
    named, programs = os.environ.get(POSTGRESQL, ""), postgresql.programs()
    if named:
        yield named
    elif programs is not None:
        with postgresql.serving(programs) as url:
            yield url
    else:
        pytest.skip(f"PostgreSQL is not installed, and {POSTGRESQL} names no database to test on")


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_url: str) -> Callable[[], str]:
    """The address of the database, as migrated. One of a server of our own is migrated again only after somebody changed its
    tables; who may use a database that is named may not empty it the quick way."""
    is_own = not os.environ.get(POSTGRESQL)
    shape: object = None

    def migrated() -> str:
        nonlocal shape
        with closing(Store(postgresql_url, audit_key=AUDIT_KEY)) as store:
            with store.engine.begin() as connection:
                if is_own and shape is not None and postgresql.shape(connection) == shape:
                    postgresql.restore(connection)
                    return postgresql_url
                _empty(connection)
            store.migrate()
            with store.engine.begin() as connection:
                shape = postgresql.shape(connection)
                if is_own:
                    postgresql.keep(connection)
        return postgresql_url

    return migrated


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store without tables, once on each database. The one of PostgreSQL is emptied first."""
    is_sqlite = request.param == "sqlite"
    url = _file(tmp_path) if is_sqlite else request.getfixturevalue("postgresql_url")
    with closing(Store(url, audit_key=AUDIT_KEY)) as store:
        if not is_sqlite:
            with store.engine.begin() as connection:
                _empty(connection)
        yield store


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A migrated store that nobody has used, once on each database."""
    is_sqlite = request.param == "sqlite"
    url = _file(tmp_path) if is_sqlite else request.getfixturevalue("migrated_postgresql")()
    with closing(Store(url, audit_key=AUDIT_KEY)) as store:
        if is_sqlite:
            store.migrate()
        yield store


def _file(folder: Path) -> str:
    return f"sqlite:///{folder / 'store.db'}"


def _empty(connection: Connection) -> None:
    connection.execute(text("DROP SCHEMA public CASCADE"))
    connection.execute(text("CREATE SCHEMA public"))


@pytest.fixture
def now() -> datetime:
    return NOW
