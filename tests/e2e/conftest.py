from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import lakes
from tests.e2e.browsing import Console, Server, new_context, serving

expect.set_options(timeout=40_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser on a busy machine now and then loses a click on what is being drawn anew: once more, and the R is seen."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="module")
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of the server of a module's tests, with what ``fill`` of the module puts into its lake. A module that needs more overrides
    this fixture."""
    path = tmp_path_factory.mktemp("home")
    if hasattr(request.module, "fill"):
        world = lakes.home(path)
        request.module.fill(world)
        world.store.close()
    return path


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    with serving(home, is_loaded=True) as running:
        yield running


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens empty pages, each in a browser profile of its own. The test fails when one of them complained on its console."""
    opened, console = [], Console()

    def call(*, theme: str = "light", width: int = 1440, height: int = 900, locale: str = "zh-CN") -> Page:
        context = new_context(chromium, theme=theme, width=width, height=height, locale=locale)
        opened.append(context)
        context.on("page", console.listen)
        return context.new_page()

    call.console = console  # type: ignore[attr-defined]
    yield call
    for context in opened:
        context.close()
    assert console.faults == []


@pytest.fixture
def signed_in(server: Server, visit: Callable[..., Page]) -> Callable[..., Page]:
    """``signed_in(role, lang, theme)``: a page of somebody in this role who is logged in, not yet gone anywhere."""

    def call(
        role: str = "manager", lang: str = "zh", theme: str = "light", *, units: list[str] | None = None, width: int = 1440,
        height: int = 900,
    ) -> Page:  # fmt: skip
        page = visit(theme=theme, width=width, height=height)
        account = server.account(role, language=lang, units=units)
        page.context.add_cookies([{"name": "siyu_session", "value": server.token(account), "url": server.url}])
        page.account = account  # type: ignore[attr-defined]
        return page

    return call
