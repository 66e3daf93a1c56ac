"""渠道 in a browser: the overlap of two channels, its people, keep them, in both languages, and every part on a phone."""

import re
from datetime import datetime, timedelta
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
    """Members 1 to 40 are on wecom, 31 to 60 in the app; all of them get an sms at 12:00, 1 to 30 click it."""
    path = tmp_path_factory.mktemp("channels")
    world = lakes.home(path)
    events = [_event(who, "wecom") for who in range(1, 41)] + [_event(who, "app") for who in range(31, 61)]
    touches = [
        {"identity_key": who, "occurred_at": START + timedelta(hours=2, minutes=minute), "touch_id": str(who), "state": state, "channel": "sms"}
        for who in range(1, 61) for minute, state in enumerate(("delivered", "clicked")) if not minute or who < 31
    ]  # fmt: skip
    lakes.add(world, 1, events=[*events, lakes.event(99, "2026-11-28 04:00")], touches=touches)
    world.store.close()
    return path


def _event(who: int, channel: str) -> dict[str, object]:
    return lakes.event(who, START.isoformat(), channel=channel)


@pytest.fixture(scope="module")
def server(home: Path):
    with serving(home) as running:
        yield running


@pytest.mark.parametrize(
    ("language", "part", "members", "name", "save", "saved"),
    [
        ("zh", "重叠", "位会员", "人群名称", "存为人群", "已保存人群"),
        ("en", "Overlap", "members", "Name of the segment", "Save as segment", "saved with"),
    ],
)
def test_a_cell_of_the_overlap_opens_its_people_and_they_are_kept(
    server, signed_in, language, part, members, name, save, saved
):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/channels")
    idle(page)
    expect(page.locator("#tile-all-active .value")).to_have_text("60")
    page.get_by_role("link", name=part, exact=True).click()
    expect(page).to_have_url(re.compile("part=overlap"))
    idle(page)
    page.locator("#cell-wecom-app").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"10 {members}")
    dialog.get_by_label(name).fill(f"双渠道 {language}")
    dialog.get_by_role("button", name=save).click()
    expect(dialog).to_contain_text(saved)
    with server.store.reading() as session:
        kept = {one.name: one for one in segments.listed(session)}[f"双渠道 {language}"]
        assert sorted(segments.members(session, kept.id)) == list(range(31, 41))
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page).not_to_have_url(re.compile("who="))


def test_a_row_opens_its_channel_and_the_address_opens_it_for_others(server, signed_in):
    page = signed_in("manager")
    page.goto(f"{server.url}/channels")
    idle(page)
    rows = page.locator(".st-key-card_side [data-testid=stDataFrame]")
    expect(rows.locator("canvas").first).to_be_visible()
    rows.click(position={"x": 16, "y": 35 + 17})  # the box before the first row
    expect(page.locator("#channel-name")).to_have_text("企业微信")
    expect(page).to_have_url(re.compile("of_channel=wecom"))
    other = signed_in("executive", "en")
    other.goto(page.url)
    expect(other.locator("#channel-name")).to_have_text("WeCom")
    expect(other.locator("#people-one-active")).to_have_count(0)


@pytest.mark.parametrize(
    ("part", "mark"), [("side", "#tile-all-active"), ("hours", "#verdict-sms"), ("overlap", "#cell-wecom-app")]
)
def test_a_phone_shows_every_part_without_scrolling_sideways(server, signed_in, part, mark):
    page = signed_in("manager", "zh", width=390, height=844)
    page.goto(f"{server.url}/channels?part={part}&of_channel=wecom")
    idle(page)
    expect(page.locator(mark)).to_be_visible()
    assert page.evaluate(TOO_WIDE) == 0
