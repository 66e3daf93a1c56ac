import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from core.store.session import Store

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
POSTGRESQL = "SIYU_TEST_POSTGRESQL"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store without tables. The PostgreSQL one lives in the database that SIYU_TEST_POSTGRESQL names, and is emptied."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    if request.param == "postgresql":
        url = os.environ.get(POSTGRESQL, "")
        if not url:
            pytest.skip(f"{POSTGRESQL} names no database to test on")
    store = Store(url, audit_key=b"k" * 32)
    if request.param == "postgresql":
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
