"""节奏与触达 in a browser: the over-messaged group first, opened with who left and kept, another plan, by keyboard, on a phone."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from core.work.home import Home
from tests import lakes
from tests.e2e.browsing import CUT_OFF, TOO_WIDE, idle, keep, leave, listed, open_row
from tests.histories import message, move, post

pytestmark = pytest.mark.browser

NOV = datetime(2026, 11, 2)


def fill(world: Home) -> None:
    """In loud ten of forty leave within a day of one of four sends, members 11 to 20, and two at other times; calm is sent to as often and
    loses nobody but one, long after."""
    moves = [move(who, group, NOV - timedelta(days=80), "join") for group in ("loud", "calm") for who in range(1, 41)]
    sends = [NOV + timedelta(days=day, hours=20) for day in (2, 8, 14, 20)]
    left = [sends[n % 4] + timedelta(minutes=40 * (n + 1)) for n in range(10)]
    moves += [
        move(11 + n, "loud", when, "leave")
        for n, when in enumerate([*left, NOV + timedelta(days=6), NOV + timedelta(days=12)])
    ]
    moves += [move(30, "calm", NOV + timedelta(days=11, hours=9), "leave")]
    written = [
        post(n, group, when, content_id="c")
        for group, first in (("loud", 0), ("calm", 10))
        for n, when in enumerate(sends, first)
    ]
    written += [post(100 + n, "calm", NOV - timedelta(days=n - 20, hours=-12), text="打卡") for n in range(40)]
    written += [message(200 + n, "calm", NOV + timedelta(hours=9 * n), 1 + n % 30) for n in range(70)]
    lakes.add(world, 1, group_membership=moves, group_messages=written)
    with world.writer.change("import", 2) as change:
        named = {"loud": "群发太多群", "calm": "平静群"}
        change.merge("groups", lakes.rows("groups", [{"group_id": key, "name": name} for key, name in named.items()]))
        change.merge("contents", lakes.rows("contents", [{"content_id": "c", "title": "岩茶新品"}]))


@pytest.mark.parametrize(
    ("language", "part", "equal"),
    [("zh", "节奏与触达", "就是这个数字"), ("en", "Rhythm and sends", "which is the figure")],
)
def test_the_group_that_loses_people_after_sends_opens_with_them_and_they_are_kept(
    server, signed_in, language, part, equal
):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/community")
    idle(page)
    page.get_by_role("link", name=part, exact=True).click()
    expect(page.locator("#tile-rhythm-flagged .value")).to_have_text("1")
    expect(page.locator(".st-key-card_rhythm .js-plotly-plot")).to_be_visible()
    idle(page)
    page.evaluate("window.isTheSamePage = true")
    page.locator(".st-key-card_sends .pills a").first.click()
    expect(page.locator("#rhythm-name")).to_have_text("群发太多群")
    expect(page).to_have_url(re.compile("rh_of=loud"))
    expect(page.locator("#tile-rhythm-one-left .value")).to_have_text("10")
    idle(page)
    page.locator("#people-one-left").click()
    kept = keep(server, page, language, range(11, 21), equal)
    assert (kept["kind"], kept["by"], kept["key"]) == ("aftermath", "group", "loud")
    assert page.evaluate("window.isTheSamePage")
    other = signed_in("analyst", language)
    other.goto(page.url)
    listed(other, language, 10)
    leave(page, "rh_people")
    page.locator("#close-rhythm").click()
    expect(page.locator("#rhythm-name")).to_have_count(0)
    idle(page)
    open_row(page, "card_sends", 1)
    expect(page.locator("#rhythm-name")).to_have_text("平静群")
    expect(page).to_have_url(re.compile("rh_of=calm"))


@pytest.mark.long
def test_another_plan_is_applied_and_goes_with_the_address(server, signed_in):
    page = signed_in("manager")
    page.goto(f"{server.url}/community?part=rhythm&period=90")
    idle(page)
    expect(page.locator("#tile-mix-interaction")).to_contain_text("计划 30%")
    page.get_by_role("button", name="修改计划").click()
    for label, share in (("内容（%）", "20"), ("互动（%）", "70")):
        page.get_by_label(label).fill(share)
        page.get_by_label(label).press("Tab")
    page.get_by_role("button", name="应用").click()
    expect(page).to_have_url(re.compile("rh_plan=20-70-10"))
    expect(page.locator("#tile-mix-interaction")).to_contain_text("计划 70%")
    page.reload()
    idle(page)
    expect(page.locator("#tile-mix-interaction")).to_contain_text("计划 70%")


def test_what_the_rows_are_is_chosen_by_keyboard_and_stays_in_the_address(server, signed_in):
    page = signed_in("manager", "en")
    page.goto(f"{server.url}/community?part=rhythm")
    idle(page)
    page.get_by_role("link", name="By owner").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("rh_by=owner"))
    expect(page.locator(".st-key-card_sends .pills a").first).to_contain_text("Owner not stated")
    page.reload()
    idle(page)
    expect(page.locator(".st-key-card_sends .pills a").first).to_contain_text("Owner not stated")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.long
def test_a_phone_shows_it_without_scrolling_sideways(server, signed_in, language):
    page = signed_in("manager", language, width=390, height=844)
    page.goto(f"{server.url}/community?part=rhythm&period=90&rh_of=loud")
    idle(page)
    expect(page.locator("#tile-rhythm-one-left .value")).to_have_text("10")
    expect(page.locator(".st-key-card_sends .js-plotly-plot")).to_be_visible()
    assert page.evaluate(TOO_WIDE) == 0
    assert page.evaluate(CUT_OFF) == []
