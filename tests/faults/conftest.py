from collections.abc import Iterator
from pathlib import Path

import pytest

from core.work.home import Home
from tests.bringing import empty_home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path / "home") as opened:
        yield opened
