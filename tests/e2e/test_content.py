"""内容 in a browser: open a piece by its row, its people, keep them, in both languages, and every part on a phone."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from core.work.home import Home
from tests import lakes
from tests.e2e.browsing import TOO_WIDE, follow, idle, keep, leave, listed, open_row

pytestmark = pytest.mark.browser

START = datetime(2026, 11, 2, 2)


def fill(world: Home) -> None:
    """Members 1 to 50 read tea, 1 to 35 enter the show, 1 to 12 of whom enter the next; 1 to 40 are sent tea five times and answer the
    first three; 1 to 6 buy after reading tea."""
    events = [_event(who, START, "content_view", "tea", "wecom") for who in range(1, 51)]
    events += [_event(who, START - timedelta(hours=5), "live_enter", "show", "live") for who in range(1, 36)]
    events += [_event(who, START - timedelta(hours=1), "live_enter", "next", "live") for who in range(1, 13)]
    events.append(_event(99, datetime(2026, 11, 28, 4), "page_view", None, "web"))
    touches = [
        {"identity_key": who, "occurred_at": START + timedelta(days=day, minutes=minute), "touch_id": f"{who}-{day}", "state": state,
         "content_id": "tea", "channel": "wecom"}
        for who in range(1, 41) for day in range(5) for minute, state in enumerate(("delivered", "opened")) if not minute or day < 3
    ]  # fmt: skip
    orders = [lakes.sale(who, (START + timedelta(days=1)).isoformat(), f"o{who}", 100) for who in range(1, 7)]
    lakes.add(world, 1, events=events, touches=touches, order_lines=orders)
    with world.writer.change("import", 2) as change:
        named = {
            "tea": ("怎么泡茶", "茶知识", "article"),
            "show": ("周五直播", "新品", "live"),
            "next": ("周六直播", "新品", "live"),
        }
        rows = [
            {
                "content_id": key,
                "title": title,
                "topic": topic,
                "format": kind,
                "published_at": START - timedelta(days=1),
            }
            for key, (title, topic, kind) in named.items()
        ]
        change.merge("contents", lakes.rows("contents", rows))


def _event(who: int, when: datetime, name: str, content: str | None, channel: str) -> dict[str, object]:
    return lakes.event(who, when.isoformat(), name, content_id=content, channel=channel)


@pytest.mark.parametrize(("language", "equal"), [("zh", "与数字完全一致"), ("en", "Exactly the figure")])
def test_a_piece_opens_by_its_row_and_its_people_are_kept(server, signed_in, language, equal):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/content")
    idle(page)
    page.evaluate("window.isTheSamePage = true")
    open_row(page, "card_pieces")
    expect(page.locator("#piece-name")).to_have_text("怎么泡茶")
    expect(page).to_have_url(re.compile("piece=tea"))
    expect(page.locator("#tile-one-conversion_rate .value")).to_have_text("12.0%")
    idle(page)
    page.locator("#people-one-buyers").click()
    kept = keep(server, page, language, range(1, 7), equal)
    assert (kept["by"], kept["key"], kept["which"]) == ("piece", "tea", "buyers")
    assert page.evaluate("window.isTheSamePage")
    other = signed_in("analyst", language)
    other.goto(page.url)
    listed(other, language, 6)
    leave(page, "who")


def test_parts_are_chosen_by_keyboard_and_stay_in_the_address(server, signed_in):
    page = signed_in("analyst", "en")
    page.goto(f"{server.url}/content")
    idle(page)
    for part, mark in (("Fatigue", "#fatigue-of"), ("Live sessions", "#tile-all-viewers"), ("Matching", "#match-name")):
        page.get_by_role("link", name=part, exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.locator(mark)).to_be_visible()
        idle(page)
    page.reload()
    idle(page)
    expect(page.locator("#match-name")).to_be_visible()
    expect(page).to_have_url(re.compile("part=matching"))


def test_a_phone_shows_every_part_without_scrolling_sideways(server, signed_in):
    page = signed_in("manager", "zh", width=390, height=844)
    page.goto(f"{server.url}/content")
    idle(page)
    for part, mark in (
        ("pieces", "#tile-all-reads"), ("fatigue", "#tile-fourth"), ("live", "#tile-all-viewers"), ("matching", "#match-name"),
    ):  # fmt: skip
        follow(page, f"?part={part}")
        expect(page.locator(mark)).to_be_visible()
        idle(page)
        assert page.evaluate(TOO_WIDE) == 0, part
