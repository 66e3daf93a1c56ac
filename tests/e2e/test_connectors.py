"""发送渠道 in a browser: a webhook of this machine is added, tried, found well, and switched on; a phone in the dark."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.work.home import Home
from tests import lakes
from tests.e2e.browsing import TOO_WIDE, Server, idle, serving
from tests.fakes.hooks import Hook, receiving

pytestmark = pytest.mark.browser

SECRET = "whsec_" + "b2xk" * 10
WORDS = {
    "zh": {
        "add": "添加发送渠道", "name": "名称", "web": "网址", "do": "添加", "added": "已添加", "test": "测试连接", "well": "连接正常", "on": "启用", "is_on": "使用中",
    },
    "en": {
        "add": "Add a connector", "name": "Name", "web": "Address", "do": "Add", "added": "was added", "test": "Test connection", "well": "Connection fine",
        "on": "Switch on", "is_on": "On",
    },
}  # fmt: skip


def fill(world: Home) -> None:
    lakes.add(world, 1, events=[lakes.event(1, "2026-11-01T03:00")])


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    with receiving(datetime.now(UTC), SECRET) as hook:
        yield hook


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    """A house that may reach this machine."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SIYU_WEBHOOK_HOSTS", "127.0.0.1")
        with serving(home) as running:
            yield running


def test_a_webhook_is_added_tried_found_well_and_switched_on(server, hook, signed_in):
    words, page = WORDS["zh"], signed_in("admin", "zh")
    page.goto(f"{server.url}/connectors")
    idle(page)
    page.get_by_role("button", name=words["add"]).click()
    expect(page.get_by_label(words["name"], exact=True)).to_be_visible()
    page.locator(".st-key-cn_new_kind input").first.click()
    page.get_by_role("option", name="Webhook").click()
    expect(page.get_by_label(words["web"], exact=True)).to_be_visible()
    idle(page)
    page.get_by_label(words["name"], exact=True).fill(f"App {secrets.token_hex(2)}")
    page.get_by_label(words["web"], exact=True).fill(hook.address)
    page.locator(".st-key-cn_new_webhook_secret_secret input").fill(SECRET)
    page.get_by_role("button", name=words["do"], exact=True).click()
    expect(page.get_by_text(words["added"])).to_be_visible()
    idle(page)
    hook.now = datetime.now(UTC)
    page.get_by_role("button", name=words["test"]).click()
    expect(page.get_by_text(words["well"])).to_be_visible()
    assert hook.taken[-1] == {"type": "connector.ping", "data": {}}
    assert "token=hush" not in page.content() and SECRET not in page.content()
    page.get_by_role("button", name=words["on"], exact=True).click()
    expect(page.get_by_text(words["is_on"], exact=True)).to_be_visible()


@pytest.mark.parametrize(("language", "theme"), [("zh", "dark"), ("en", "light")])
def test_a_phone_shows_the_page_and_its_form_without_being_pulled_sideways(server, signed_in, language, theme):
    page = signed_in("admin", language, theme, width=390, height=844)
    page.goto(f"{server.url}/connectors")
    idle(page)
    page.get_by_role("button", name=WORDS[language]["add"]).click()
    expect(page.get_by_label(WORDS[language]["name"], exact=True)).to_be_visible()
    assert page.evaluate(TOO_WIDE) == 0
