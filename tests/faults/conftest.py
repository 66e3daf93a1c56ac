from collections.abc import Iterator
from pathlib import Path

import pytest

from core.work.home import Home
from tests.bringing import empty_home
from tests.core.conftest import empty_store, migrated_postgresql, postgresql_url, store  # noqa: F401 - fixtures


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path / "home") as opened:
        yield opened
