"""会员分群 in a browser: the people of a cluster, its segment in the builder, another number of clusters by keyboard, and a phone."""

import re
from datetime import date, datetime, timedelta

import pytest
from playwright.sync_api import expect

from core.work.home import Home
from tests import lakes
from tests.e2e.browsing import TOO_WIDE, idle, keep

pytestmark = pytest.mark.browser

LAST = date(2026, 11, 30)
EQUAL = {"zh": "与数字完全一致", "en": "Exactly the figure"}


def at(days_ago: int) -> str:
    day = LAST - timedelta(days=days_ago)
    return datetime(day.year, day.month, day.day, 3).isoformat()


def fill(world: Home) -> None:
    """Members 1 to 40 bought twice for 100 yuan, 41 to 90 looked at something on twenty days, all others came once."""
    orders = [lakes.sale(who, at(10 + 5 * n + who % 3), f"{who}-{n}", 100) for who in range(1, 41) for n in range(2)]
    events = [lakes.event(who, at(n * 9 + who % 4), "product_view") for who in range(41, 91) for n in range(20)]
    events += [lakes.event(who, at(180 + who % 20), "page_view") for who in range(91, 151)]
    events.append(lakes.event(41, at(0), "page_view"))
    lakes.add(world, 1, events=events, order_lines=orders)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_people_of_a_cluster_are_kept_and_it_opens_as_a_segment(server, signed_in, language):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/value?part=clusters")
    idle(page)
    expect(page.locator("#tile-cluster-1 .value")).to_have_text("40")
    page.locator("#people-1").click()
    kept = keep(server, page, language, range(1, 41), EQUAL[language])
    assert (kept["kind"], kept["which"], kept["is_own"]) == ("clusters", "1", False)
    page.keyboard.press("Escape")
    idle(page)
    page.locator("#segment-1").click()
    expect(page).to_have_url(re.compile(r"/segments\?.*d="))
    idle(page)
    expect(page.locator("h1")).to_be_visible()


def test_another_number_is_chosen_by_keyboard_kept_and_fits_a_phone(server, signed_in):
    page = signed_in("analyst", "en", width=390, height=844)
    page.goto(f"{server.url}/value?part=clusters")
    idle(page)
    four = page.locator("#field-cl_k").get_by_role("link", name="4", exact=True)
    four.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("cl_k=4"))
    idle(page)
    assert page.evaluate(TOO_WIDE) == 0
    page.get_by_role("button", name="Keep 4 clusters").click()
    idle(page)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("link", name="As kept (4)")).to_be_visible()
    idle(page)
    expect(page.locator("#tile-cluster-4")).to_be_visible()
    page.get_by_role("button", name="Name a cluster").click()
    page.get_by_label("Name", exact=True).fill("Tea drinkers")
    page.get_by_role("button", name="Save the name").click()
    idle(page)  # while it is drawn anew, what goes and what comes stand there both
    expect(page.locator("#tile-cluster-1")).to_contain_text("1 · Tea drinkers")
    idle(page)
    figure = page.locator("#tile-cluster-1 .value").inner_text()
    page.locator("#segment-1").click()
    expect(page.locator("#sg-count b")).to_have_text(f"{figure} members")
