from collections.abc import Iterator

import pytest

from core.app import House
from core.settings import Settings
from core.work.home import Home
from tests.bringing import UBUNTU_IRC, bring, empty_home, named, shared
from tests.e2e.published import online_retail


@pytest.fixture(scope="session")
def irc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """104 days of a real channel, to be read and not written to. Skips where they are not at hand."""
    with empty_home(tmp_path_factory.mktemp("irc")) as home:
        bring(home, shared(UBUNTU_IRC), named(home, "irc"))
        yield home


@pytest.fixture(scope="session")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A year of orders of a real shop, to be read and not written to. Skips where they are not at hand."""
    home = House(Settings(home=online_retail(tmp_path_factory.mktemp("retail")))).live
    yield home
    home.store.close()
