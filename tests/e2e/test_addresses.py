"""Addresses that somebody mistyped, cut short or was given long ago."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import idle

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("address", ["nosuchpage", "nosuchpage?period=90", "%E6%BC%8F%E6%96%97", "funnels/old"])
@pytest.mark.parametrize(
    ("language", "title", "start"),
    [("zh", "没有这个页面", "回到首页"), ("en", "There is no such page", "To the start page")],
)
@pytest.mark.some(1)
def test_an_address_without_a_page_says_so_and_leads_home(server, signed_in, address, language, title, start):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/{address}")
    idle(page)
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    idle(page)
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    page.get_by_role("link", name=start).click()
    expect(page).to_have_url(f"{server.url}/")
    idle(page)
    expect(page.get_by_role("heading", name={"zh": "今日待办", "en": "Today"}[language])).to_be_visible()


def test_from_an_address_without_a_page_the_navigation_leads_on_and_back(server, signed_in):
    page = signed_in("manager")
    page.goto(f"{server.url}/nosuchpage")
    idle(page)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="漏斗").click()
    expect(page).to_have_url(f"{server.url}/funnels")
    idle(page)
    expect(page.get_by_role("heading", name="漏斗").first).to_be_visible()
    page.go_back()
    idle(page)
    expect(page.get_by_role("heading", name="没有这个页面")).to_be_visible()


def test_a_slash_behind_the_name_of_a_page_does_no_harm(server, signed_in):
    page = signed_in("manager")
    page.goto(f"{server.url}/funnels/?period=90")
    expect(page).to_have_url(f"{server.url}/funnels?period=90")
    idle(page)
    expect(page.get_by_role("heading", name="漏斗").first).to_be_visible()


def test_the_start_page_answers_to_its_name(server, signed_in):
    page = signed_in("manager")
    page.goto(f"{server.url}/today")
    idle(page)
    expect(page.get_by_role("heading", name="今日待办")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
