"""历史与核对 in a browser, in both languages, by keyboard, and on a phone."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import lakes
from tests.e2e.browsing import idle, serving
from tests.e2e.test_care import TOO_WIDE

pytestmark = pytest.mark.browser

NOV = datetime(2026, 11, 9, 16)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 30 messages on a day 24 came."""
    path = tmp_path_factory.mktemp("history")
    world = lakes.home(path)
    said = [
        {"identity_key": who, "occurred_at": NOV + timedelta(minutes=who), "group_id": "a", "sender_kind": "member", "text": "好喝", "message_id": f"m{who}"}
        for who in range(1, 25)
    ]  # fmt: skip
    told = [{"occurred_at": NOV, "group_id": "a", "message_count": 30, "member_count": 40, "new_member_count": 2}]
    lakes.add(world, 1, group_messages=said, group_statistics=told, events=[lakes.event(1, "2026-11-23 04:00")])
    with world.writer.change("import", 2) as change:
        change.merge("groups", lakes.rows("groups", [{"group_id": "a", "name": "热闹群", "staff_id": "ann"}]))
    world.store.close()
    return path


@pytest.fixture(scope="module")
def server(home: Path):
    with serving(home) as running:
        yield running


@pytest.mark.parametrize(
    ("language", "part", "owner"), [("zh", "历史与核对", "按群主"), ("en", "History and checks", "By owner")]
)
def test_since_when_there_is_a_history_and_what_was_lost(server, signed_in, language, part, owner):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/community")
    idle(page)
    page.get_by_role("link", name=part, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#tile-reconciled-messages .value")).to_have_text("+6")
    expect(page.locator("#tile-since-statistics .value")).to_contain_text("2026")
    idle(page)
    page.get_by_role("link", name=owner).click()
    expect(page).to_have_url(re.compile("hi_per=owner"))
    expect(page.locator(".st-key-card_reconciled [data-testid=stDataFrame] canvas").first).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_phone_shows_it_without_scrolling_sideways(server, signed_in, language):
    page = signed_in("manager", language, width=390, height=844)
    page.goto(f"{server.url}/community?part=history")
    idle(page)
    expect(page.locator("#tile-reconciled-messages .value")).to_have_text("+6")
    assert page.evaluate(TOO_WIDE) == 0
