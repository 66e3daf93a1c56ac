"""通知 in a browser: an address is added, and a test arrives at a mail server; a webhook's secret is shown once; a phone in the dark."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.app import House
from core.settings import Mail, Settings
from core.work import deliveries
from core.work.home import Home
from tests import lakes
from tests.e2e.browsing import TOO_WIDE, Server, idle, serving
from tests.fakes.mail import Box, post_office

pytestmark = pytest.mark.browser

SENDER = "cockpit@example.com"
WORDS = {
    "zh": {
        "add": "添加渠道", "name": "名称", "address": "邮箱地址", "do": "添加", "added": "已添加", "test": "发送测试通知", "waiting": "正在发送测试通知", "sent": "测试通知已送出",
        "title": "测试通知", "state": "已送出", "web": "网址", "seen": "已复制，不再显示",
    },
    "en": {
        "add": "Add a target", "name": "Name", "address": "E-mail address", "do": "Add", "added": "was added", "test": "Send a test", "waiting": "The test is on its way",
        "sent": "The test was taken", "title": "Test notice", "state": "Sent", "web": "Address", "seen": "Copied, hide it",
    },
}  # fmt: skip


def fill(world: Home) -> None:
    lakes.add(world, 1, events=[lakes.event(1, "2026-11-01T03:00")])


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with post_office() as box:
        yield box


@pytest.fixture(scope="module")
def server(home: Path, box: Box) -> Iterator[Server]:
    """With that mail server."""
    with pytest.MonkeyPatch.context() as patched:
        mail = {"HOST": "127.0.0.1", "PORT": str(box.port), "SECURITY": "none", "FROM": SENDER}
        for name, value in mail.items():
            patched.setenv(f"SIYU_SMTP_{name}", value)
        with serving(home) as running:
            yield running


@pytest.fixture(scope="module")
def house(server: Server, home: Path, box: Box) -> Iterator[House]:
    """The same house, for what the worker does."""
    made = House(Settings(home=home, mail=Mail("127.0.0.1", box.port, "none", SENDER)))
    yield made
    made.live.store.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_address_is_added_and_a_test_arrives_there(server, house, box, signed_in, language):
    words, page = WORDS[language], signed_in("admin", language)
    page.goto(f"{server.url}/notices")
    idle(page)
    page.get_by_role("button", name=words["add"]).click()
    expect(page.get_by_label(words["name"], exact=True)).to_be_visible()
    idle(page)
    page.get_by_label(words["name"], exact=True).fill(f"ops {secrets.token_hex(2)}")
    page.get_by_label(words["address"], exact=True).fill(f"ops-{language}@example.com")
    page.get_by_role("button", name=words["do"], exact=True).click()
    expect(page.get_by_text(words["added"])).to_be_visible()
    idle(page)
    page.get_by_role("button", name=words["test"]).click()
    expect(page.get_by_text(words["waiting"])).to_be_visible()
    deliveries.deliver(house.live, house.senders, datetime.now(UTC))
    expect(page.get_by_text(words["sent"])).to_be_visible()
    letter = box.letters[-1]
    assert (letter["To"], letter["From"], letter["Subject"]) == (f"ops-{language}@example.com", SENDER, words["title"])
    expect(page.locator("#log-rows tbody tr").first).to_contain_text(words["state"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_secret_of_a_webhook_is_shown_once(server, signed_in, language):
    words, page = WORDS[language], signed_in("admin", language, "dark", width=390, height=844)
    name = f"hook {secrets.token_hex(2)}"
    page.goto(f"{server.url}/notices")
    idle(page)
    page.get_by_role("button", name=words["add"]).click()
    page.locator(".st-key-nt_new_kind").get_by_text("Webhook", exact=True).click()
    expect(page.get_by_label(words["web"], exact=True)).to_be_visible()
    idle(page)
    page.get_by_label(words["web"], exact=True).fill(f"https://hooks.example.com/{language}")
    page.get_by_label(words["name"], exact=True).fill(name)
    page.get_by_role("button", name=words["do"], exact=True).click()
    expect(page.locator(".st-key-card_secret code")).to_contain_text("whsec_")
    idle(page)
    assert page.evaluate(TOO_WIDE) == 0
    page.get_by_role("button", name=words["seen"]).click()
    expect(page.locator(".st-key-card_secret")).to_have_count(0)
    page.reload()
    idle(page)
    expect(page.get_by_text(name).first).to_be_visible()
    expect(page.get_by_text("whsec_")).to_have_count(0)
