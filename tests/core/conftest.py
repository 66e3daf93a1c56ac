import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from core.store.session import Store
from tests.core import postgresql

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
POSTGRESQL = "SIYU_TEST_POSTGRESQL"


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


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store without tables, once on each database. The one of PostgreSQL is emptied first."""
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'store.db'}" if is_sqlite else request.getfixturevalue("postgresql_url")
    store = Store(url, audit_key=b"k" * 32)
    if not is_sqlite:
        with store.engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    yield store
    store.close()


@pytest.fixture
def store(empty_store: Store) -> Store:
    empty_store.migrate()
    return empty_store


@pytest.fixture
def now() -> datetime:
    return NOW
