import gc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from tests import made_once
from tests.e2e.browsing import CHROMIUM, CHROMIUM_SWITCHES

SPREAD = 0.8
GARBAGE = (20_000, 20, 50)

settings.register_profile("no clock", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("no clock")


def pytest_collection() -> None:
    gc.disable()


def pytest_collection_finish() -> None:
    """What is loaded by now stays until the end. To look through it for garbage again and again, thousands of expressions being built at each
    question, was 6 to 14 % of the work of tests that ask lakes."""
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What opens a page runs in Chinese at every change and in both languages in `make verify`, unless it is marked ``languages``; of cases marked
    ``some`` the first few. Files of browser tests, which are long and wait more than they compute, are spread over all others but the last fifth, so that processes that run side by side
    end together."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    place: dict[Path, float] = {}
    for item in items:
        if (
            item.path.parent.name in ("e2e", "pages", "journeys")
            and not item.get_closest_marker("languages")
            and _spoken(item) == "en"
        ):
            item.add_marker(pytest.mark.long)
    _thin_out(items)
    for share, is_browser in ((SPREAD, True), (1.0, False)):
        mine = [path for path in files if (path.parent.name in ("e2e", "journeys")) == is_browser]
        place |= {path: share * number / len(mine) for number, path in enumerate(mine)}
    items[:] = [item for path in sorted(files, key=lambda path: place[path]) for item in files[path]]


def _spoken(item: pytest.Item) -> object:
    asked = getattr(item, "callspec", None)
    return asked and (asked.params.get("language") or asked.params.get("lang"))


def _thin_out(items: list[pytest.Item]) -> None:
    """Cases beyond the first that a test marked ``some(first)`` runs at every change are long."""
    seen: Counter[str] = Counter()
    for item in items:
        some = item.get_closest_marker("some")
        if some is None or item.get_closest_marker("long"):
            continue
        name = item.nodeid.partition("[")[0]
        seen[name] += 1
        if seen[name] > some.args[0]:
            item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session", autouse=True)
def stores_made_once() -> Iterator[None]:
    with made_once.stores():
        yield


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a process: a second one could not be started beside it."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_SWITCHES))
        yield browser
        browser.close()
