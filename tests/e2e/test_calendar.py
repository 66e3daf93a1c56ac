"""零售日历 in a browser: a member day is added, told, switched off, removed and brought back, in both languages and on a phone."""

import secrets

import pytest
from playwright.sync_api import Page, expect

from core.work.home import Home
from dashboard import i18n
from tests import lakes
from tests.e2e.browsing import CUT_OFF, TOO_WIDE, idle

pytestmark = pytest.mark.browser


def fill(world: Home) -> None:
    lakes.add(world, 1, events=[lakes.event(who, f"2026-11-{who:02}T03:00", "page_view") for who in range(1, 31)])


def said(language: i18n.Language, key: str, **values: object) -> str:
    return i18n.text(language, f"calendar.{key}", **values)


def press(page: Page, box: str, key: str) -> None:
    """Open a box and press a button in it."""
    page.locator(f".st-key-{box} button").first.click()
    idle(page)
    page.locator(f".st-key-{key} button:visible").first.click()
    idle(page)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_member_day_is_added_switched_off_removed_and_brought_back(server, signed_in, language):
    page, name = signed_in("analyst", language), f"Tea {secrets.token_hex(2)}"
    page.goto(f"{server.url}/forecast?part=calendar")
    idle(page)
    expect(page.locator("#calendar")).to_have_text(said(language, "title"))
    assert page.evaluate(CUT_OFF) == []
    page.locator(".st-key-cal_add button").first.click()
    page.get_by_label(said(language, "name"), exact=True).fill(name)
    page.get_by_label(said(language, "days_text"), exact=True).fill("2027-04-18, 2027-10-18")
    page.keyboard.press("Tab")
    idle(page)
    page.locator(".st-key-cal_add_do button").click()
    expect(page.get_by_text(said(language, "added", name=name))).to_be_visible()
    idle(page)
    page.keyboard.press("Escape")

    page.locator(".st-key-cal_change button").first.click()
    idle(page)
    page.get_by_test_id("stCheckbox").locator("label").first.click()
    idle(page)
    page.locator(".st-key-cal_change_do button").click()
    expect(page.get_by_text(said(language, "changed", name=name))).to_be_visible()
    idle(page)
    page.keyboard.press("Escape")
    press(page, "cal_change", "cal_remove_do")
    expect(page.get_by_text(said(language, "removed", name=name))).to_be_visible()
    idle(page)
    page.keyboard.press("Escape")
    page.locator(".st-key-cal_removed button").first.click()
    idle(page)
    page.get_by_role("button", name=said(language, "restore", name=name)).click()
    expect(page.get_by_text(said(language, "restored", name=name))).to_be_visible()
    idle(page)
    page.keyboard.press("Escape")
    press(page, "cal_change", "cal_remove_do")  # the next who comes finds the house without a day of its own
    expect(page.get_by_text(said(language, "removed", name=name))).to_be_visible()


@pytest.mark.long
def test_the_calendar_fits_a_phone_and_a_manager_only_reads_it(server, signed_in):
    page = signed_in("manager", "zh", width=390, height=844)
    page.goto(f"{server.url}/forecast?part=calendar&cal_when=past")
    idle(page)
    expect(page.locator("#calendar")).to_be_visible()
    assert page.evaluate(TOO_WIDE) == 0
    assert page.evaluate(CUT_OFF) == []
    expect(page.locator(".st-key-cal_add")).to_have_count(0)
