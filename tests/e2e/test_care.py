"""服务质量 in a browser: open an employee, the people who were let down, keep them, in both languages, and on a phone."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.store import segments
from tests import lakes
from tests.e2e.browsing import idle, serving

pytestmark = pytest.mark.browser

START = datetime(2026, 11, 2, 2)
TOO_WIDE = """() => { const main = document.querySelector('[data-testid=stMain]'); return main.scrollWidth - main.clientWidth }"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ann answers 32 of 40 and solves them; Bob answers none of 12. The newest data is three weeks later."""
    path = tmp_path_factory.mktemp("care")
    world = lakes.home(path)
    rows = [_talk(who, "ann", 10 if who <= 32 else None, who % 14) for who in range(1, 41)]
    rows += [_talk(who, "bob", None, who % 7) for who in range(51, 63)]
    lakes.add(world, 1, service_conversations=rows, events=[lakes.event(1, "2026-11-23 04:00")])
    with world.writer.change("import", 2) as change:
        named = [{"staff_id": "ann", "name": "安"}, {"staff_id": "bob", "name": "波"}]
        change.merge("staff", lakes.rows("staff", named))
    world.store.close()
    return path


def _talk(who: int, staff: str, wait: int | None, day: int) -> dict[str, object]:
    start = START + timedelta(days=day)
    return {
        "identity_key": who, "occurred_at": start, "conversation_id": f"c{who}", "staff_id": staff,
        "first_reply_at": wait and start + timedelta(minutes=wait), "resolved_at": wait and start + timedelta(minutes=90),
        "score": Decimal(5) if wait else None,
    }  # fmt: skip


@pytest.fixture(scope="module")
def server(home: Path):
    with serving(home) as running:
        yield running


@pytest.mark.parametrize(
    ("language", "part", "members", "name", "save", "saved"),
    [
        ("zh", "服务质量", "位会员", "人群名称", "存为人群", "已保存人群"),
        ("en", "Service", "members", "Name of the segment", "Save as segment", "saved with"),
    ],
)
def test_an_employee_opens_with_those_who_were_let_down_and_they_are_kept(
    server, signed_in, language, part, members, name, save, saved
):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/community")
    idle(page)
    page.get_by_role("link", name=part, exact=True).click()
    expect(page.locator("#tile-care-all-answered_share .value")).to_have_text("61.5%")
    idle(page)
    page.locator(".st-key-card_care_rows .pills a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#care-name")).to_have_text("波")
    expect(page).to_have_url(re.compile("ca_of=bob"))
    idle(page)
    page.locator("#care-one-people-missed").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"12 {members}")
    dialog.get_by_label(name).fill(f"没人回 {language}")
    dialog.get_by_role("button", name=save).click()
    expect(dialog).to_contain_text(saved)
    with server.store.reading() as session:
        kept = {one.name: one for one in segments.listed(session)}[f"没人回 {language}"]
        assert sorted(segments.members(session, kept.id)) == list(range(51, 63))
        assert (kept.definition["key"], kept.definition["which"]) == ("bob", "missed")
    other = signed_in("analyst", language)
    other.goto(page.url)
    expect(other.get_by_role("dialog")).to_contain_text(f"12 {members}")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_phone_shows_it_without_scrolling_sideways(server, signed_in, language):
    page = signed_in("manager", language, width=390, height=844)
    page.goto(f"{server.url}/community?part=care&ca_of=ann")
    idle(page)
    expect(page.locator("#tile-care-one-conversations .value")).to_have_text("40")
    assert page.evaluate(TOO_WIDE) == 0
