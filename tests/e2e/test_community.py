"""社群 in a browser: open a group, its people, keep them, in both languages, by mouse and keyboard, and on a phone."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from core.work.home import Home
from tests import lakes
from tests.e2e.browsing import TOO_WIDE, idle, keep, leave, listed, open_row

pytestmark = pytest.mark.browser

START = datetime(2026, 11, 2, 2)


def fill(world: Home) -> None:
    """Group lively has members 1 to 40, of whom 1 to 32 speak; of the 40 in quiet 3 do, and 12 were there to leave."""
    inside = [("lively", who) for who in range(1, 41)] + [("quiet", who) for who in range(51, 103)]
    moves = [_fact(who, group, START - timedelta(days=40)) | {"change": "join"} for group, who in inside]
    moves += [_fact(who, "quiet", START + timedelta(days=2)) | {"change": "leave"} for who in range(91, 103)]
    speaking = [("lively", who) for who in range(1, 33)] + [("quiet", who) for who in range(51, 54)]
    said = [
        _fact(who, group, START + timedelta(days=day))
        | {"sender_kind": "member", "text": "好喝", "message_id": f"{who}-{day}"}
        for group, who in speaking
        for day in (1, 20)
    ]
    lakes.add(world, 1, group_membership=moves, group_messages=said)
    with world.writer.change("import", 2) as change:
        named = {"lively": "热闹群", "quiet": "冷清群"}
        change.merge("groups", lakes.rows("groups", [{"group_id": key, "name": name} for key, name in named.items()]))


def _fact(who: int, group: str, when: datetime) -> dict[str, object]:
    return {"identity_key": who, "occurred_at": when, "group_id": group}


@pytest.mark.parametrize(("language", "equal"), [("zh", "与数字完全一致"), ("en", "Exactly the figure")])
def test_a_group_opens_with_its_people_and_they_are_kept(server, signed_in, language, equal):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/community")
    idle(page)
    page.evaluate("window.isTheSamePage = true")
    page.locator(".st-key-card_urgent .urgent a").first.click()
    expect(page.locator("#group-name")).to_have_text("冷清群")
    expect(page).to_have_url(re.compile("of=quiet"))
    expect(page.locator("#tile-one-speaking_rate .value")).to_have_text("7.5%")
    expect(page.locator("#tile-all-members .value")).to_have_text("80")
    idle(page)
    page.locator("#people-one-lurkers").click()
    kept = keep(server, page, language, range(54, 91), equal, "冷清群")
    assert (kept["by"], kept["key"], kept["which"]) == ("group", "quiet", "lurkers")
    assert page.evaluate("window.isTheSamePage")
    other = signed_in("analyst", language)
    other.goto(page.url)
    listed(other, language, 37)
    leave(page, "people")
    page.locator("#close-group").click()
    expect(page.locator("#group-name")).to_have_count(0)
    idle(page)
    open_row(page, "card_groups", 1)
    expect(page.locator("#group-name")).to_have_text("热闹群")
    expect(page).to_have_url(re.compile("of=lively"))


def test_what_is_seen_by_is_chosen_by_keyboard_and_stays_in_the_address(server, signed_in):
    page = signed_in("manager", "en")
    page.goto(f"{server.url}/community")
    idle(page)
    page.get_by_role("link", name="By owner").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("per=owner"))
    expect(page.locator(".st-key-card_urgent .urgent a").first).to_contain_text("Owner not stated")
    page.locator(".st-key-card_urgent .urgent a").first.click()
    expect(page.locator("#group-name")).to_have_text("Owner not stated")
    page.reload()
    idle(page)
    expect(page.locator("#group-name")).to_have_text("Owner not stated")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_phone_shows_it_without_scrolling_sideways(server, signed_in, language):
    page = signed_in("manager", language, width=390, height=844)
    page.goto(f"{server.url}/community?of=quiet")
    idle(page)
    expect(page.locator("#tile-one-members .value")).to_have_text("40")
    assert page.evaluate(TOO_WIDE) == 0
