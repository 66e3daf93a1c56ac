"""KOCs, words and rules of the Community page in a browser: links, people kept, a word typed, messages masked, and on a phone."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from core.work.home import Home
from tests import lakes
from tests.e2e.browsing import TOO_WIDE, follow, idle, keep, leave

pytestmark = pytest.mark.browser

START = datetime(2026, 11, 2, 2)
TEXTS = ["明前龙井满屋子香", "龙井的豆香很浓", "快递三天没动静", "物流太慢"]


def fill(world: Home) -> None:
    """In group lively members 1 to 3 write on ten days and draw in 11 to 40; 5 gives a number once; the staff praise too much once."""
    rows: list[dict[str, object]] = []

    def say(who: int | None, when: datetime, text: str, **more: object) -> None:
        fact = {"identity_key": who, "occurred_at": when, "group_id": "lively", "sender_kind": "member", "text": text}
        rows.append(fact | {"message_id": f"m{len(rows)}"} | more)

    for day in range(10):
        for who in (1, 2, 3):
            at = START + timedelta(days=day, hours=2 * who)
            say(who, at, TEXTS[(day + who) % 4])
            say(10 + who + 3 * day, at + timedelta(minutes=1), "好喝")
    say(5, START + timedelta(days=11), "打我电话13800138000")
    say(None, START + timedelta(days=12), "国家级的最佳选择", sender_kind="staff", staff_id="ann")
    joined = [
        {"identity_key": who, "occurred_at": START - timedelta(days=40), "group_id": "lively", "change": "join"}
        for who in range(1, 41)
    ]
    lakes.add(world, 1, group_messages=rows, group_membership=joined)
    with world.writer.change("import", 2) as change:
        change.merge("groups", lakes.rows("groups", [{"group_id": "lively", "name": "热闹群"}]))


@pytest.mark.parametrize(("language", "part"), [("zh", "KOC 与声音"), ("en", "KOCs and voices")])
def test_those_who_carry_a_group_are_found_and_kept(server, signed_in, language, part):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/community")
    idle(page)
    page.get_by_role("link", name=part).click()
    expect(page.locator("#tile-voices-all-koc_share .value")).to_have_text("49.2%")
    idle(page)
    page.locator(".st-key-card_voices_rows .pills a").first.click()
    expect(page.locator("#voices-name")).to_have_text("热闹群")
    idle(page)
    page.locator("#people-one-kocs").click()
    keep(server, page, language, (1, 2, 3))
    leave(page, "vo_people")


def test_a_word_is_typed_and_stays_in_the_address(server, signed_in):
    page = signed_in("manager")
    page.goto(f"{server.url}/community?part=topics")
    idle(page)
    page.get_by_label("词", exact=True).fill("龙井")
    page.keyboard.press("Enter")
    expect(page.locator("#tile-words-messages .value")).to_have_text("14")
    expect(page).to_have_url(re.compile("to_words="))
    idle(page)
    page.reload()
    idle(page)
    expect(page.locator("#tile-words-messages .value")).to_have_text("14")
    page.locator("#people-words").click()
    expect(page.get_by_role("dialog")).to_contain_text("3 位会员")
    leave(page, "to_people")
    idle(page)
    page.get_by_role("link", name="话题", exact=True).last.click()
    expect(page).to_have_url(re.compile("to_look=topics"))


def test_messages_that_break_rules_are_read_masked(server, signed_in):
    page = signed_in("manager", "en")
    page.goto(f"{server.url}/community?part=sensitive")
    idle(page)
    expect(page.locator("#tile-sensitive-staff-absolute .value")).to_have_text("1")
    page.locator("#sensitive-member-messages-personal").click()
    expect(page.locator("#sensitive-hits")).to_contain_text("Personal data")
    assert "13800138000" not in page.content()
    idle(page)
    page.locator("#close-hits").click()
    expect(page.locator("#sensitive-hits")).to_have_count(0)


def test_a_phone_shows_every_part_without_scrolling_sideways(server, signed_in):
    page = signed_in("manager", "zh", width=390, height=844)
    page.goto(f"{server.url}/community?part=voices")
    idle(page)
    for part, mark in (
        ("voices", "#tile-voices-all-koc_share"),
        ("topics&to_words=龙井", "#tile-words-messages"),
        ("topics&to_look=topics", 'nav a[href*="to_look=topics"][aria-current=true]'),
        ("sensitive&se_hits=member.personal", "#sensitive-hits"),
    ):
        follow(page, f"?part={part}")
        expect(page.locator(mark)).to_be_visible()
        idle(page)
        assert page.evaluate(TOO_WIDE) == 0, part
