"""Every page and every part of it, opened on the demo brand in a browser in both languages: nothing breaks, nothing is left untranslated."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from core.settings import Settings
from dashboard import frame
from tests.core.demo.conftest import own
from tests.e2e.browsing import follow, idle

pytestmark = [pytest.mark.browser, pytest.mark.languages]

KEY = re.compile(r"\b[a-z_]+\.[a-z_]+(?:\.[a-z_]+)+\b|\{[a-z_]+\}")
"""What a text without words looks like, or one with a place that was not filled."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = own(tmp_path_factory)
    folder = world.settings.home
    world.store.close()
    Settings(folder).world("live").mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_and_part_opens(server, signed_in, language):
    page = signed_in("admin", language)
    for entry in frame.pages():
        page.goto(f"{server.url}/{entry.name}")
        idle(page)
        parts = [link.get_attribute("href") for link in page.locator("nav.choice a[href*='part=']").all()]
        for place, part in enumerate(parts or [""]):
            if place:
                follow(page, part)
                expect(page.locator(f"nav.choice a[aria-current][href='{part}']")).to_be_visible()
                idle(page)
            where = f"{entry.name} {urlsplit(page.url).query}"
            assert page.get_by_test_id("stException").count() == 0, where
            said = page.get_by_test_id("stMain").inner_text()
            assert len(said) > 40, where
            assert KEY.findall(said) == [], where
