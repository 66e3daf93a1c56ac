"""A small lake, and a store of its own per test, on both databases."""

from dataclasses import replace

import pytest

from core.work.questions import references
from tests import lakes
from tests.core.work.people import NORTH, people_of


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Members 1 to 6: odd in Shanghai, even in Beijing, 4 to 6 of the unit ``north``."""
    made = lakes.home(tmp_path_factory.mktemp("people"))
    people_of(
        made, {number: ("上海" if number % 2 else "北京", NORTH if number > 3 else "south") for number in range(1, 7)}
    )
    return made


@pytest.fixture
def home(lake, store):
    references.forget()
    return replace(lake, store=store)
