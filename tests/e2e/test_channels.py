"""渠道 in a browser: the overlap of two channels, its people, keep them, in both languages, and every part on a phone."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from core.work.home import Home
from tests import lakes
from tests.e2e.browsing import TOO_WIDE, follow, idle, keep, leave, open_row

pytestmark = pytest.mark.browser

START = datetime(2026, 11, 2, 2)


def fill(world: Home) -> None:
    """Members 1 to 40 are on wecom, 31 to 60 in the app; all of them get an sms at 12:00, 1 to 30 click it."""
    events = [_event(who, "wecom") for who in range(1, 41)] + [_event(who, "app") for who in range(31, 61)]
    touches = [
        {"identity_key": who, "occurred_at": START + timedelta(hours=2, minutes=minute), "touch_id": str(who), "state": state, "channel": "sms"}
        for who in range(1, 61) for minute, state in enumerate(("delivered", "clicked")) if not minute or who < 31
    ]  # fmt: skip
    lakes.add(world, 1, events=[*events, lakes.event(99, "2026-11-28 04:00")], touches=touches)


def _event(who: int, channel: str) -> dict[str, object]:
    return lakes.event(who, START.isoformat(), channel=channel)


@pytest.mark.parametrize(("language", "part"), [("zh", "重叠"), ("en", "Overlap")])
def test_a_cell_of_the_overlap_opens_its_people_and_they_are_kept(server, signed_in, language, part):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/channels")
    idle(page)
    expect(page.locator("#tile-all-active .value")).to_have_text("60")
    page.get_by_role("link", name=part, exact=True).click()
    expect(page).to_have_url(re.compile("part=overlap"))
    idle(page)
    page.locator("#cell-wecom-app").focus()
    page.keyboard.press("Enter")
    keep(server, page, language, range(31, 41))
    leave(page, "who")


def test_a_row_opens_its_channel_and_the_address_opens_it_for_others(server, signed_in):
    page = signed_in("manager")
    page.goto(f"{server.url}/channels")
    idle(page)
    open_row(page, "card_side")
    expect(page.locator("#channel-name")).to_have_text("企业微信")
    expect(page).to_have_url(re.compile("of_channel=wecom"))
    other = signed_in("executive", "en")
    other.goto(page.url)
    expect(other.locator("#channel-name")).to_have_text("WeCom")
    expect(other.locator("#people-one-active")).to_have_count(0)


def test_a_phone_shows_every_part_without_scrolling_sideways(server, signed_in):
    page = signed_in("manager", "zh", width=390, height=844)
    page.goto(f"{server.url}/channels?of_channel=wecom")
    idle(page)
    for part, mark in (("side", "#channel-name"), ("hours", "#verdict-sms"), ("overlap", "#cell-wecom-app")):
        follow(page, f"?part={part}&of_channel=wecom")
        expect(page.locator(mark)).to_be_visible()
        idle(page)
        assert page.evaluate(TOO_WIDE) == 0, part
