"""RFM in a browser: a move opens its people, they are kept, a class opens the builder as a live segment; on a phone nothing is too wide."""

import re

import pytest
from playwright.sync_api import expect

from core.work.home import Home
from tests import lakes
from tests.e2e.browsing import TOO_WIDE, idle, keep, leave

pytestmark = pytest.mark.browser
ORDERS = {
    range(1, 11): [("2026-10-05", 500), ("2026-11-26", 500)],
    range(11, 21): [("2026-11-20", 200)],
    range(21, 31): [("2026-08-01", 400), ("2026-08-05", 400)],
    range(31, 41): [("2026-07-01", 50)],
}


def fill(world: Home) -> None:
    """Forty buyers: 1 to 10 bought little until October and much since; 11 to 20 are new; the others stayed away."""
    orders = [
        lakes.sale(who, f"{day} 04:00", f"{who}-{day}", amount, channel="store")
        for some, bought in ORDERS.items() for who in some for day, amount in bought
    ]  # fmt: skip
    lakes.add(world, 1, order_lines=orders, events=[lakes.event(99, "2026-11-28 04:00")])


@pytest.mark.parametrize(
    ("language", "fixed", "tiers", "kept"),
    [("zh", "固定值", "四档", "重要保持"), ("en", "Fixed", "Four tiers", "Important: keep")],
)
def test_figures_are_kept_as_they_count_and_back_from_the_builder_leads_to_the_page_as_it_was(
    server, signed_in, language, fixed, tiers, kept
):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/value")
    idle(page)
    expect(page.locator("#field-high_value strong")).to_have_text("10")
    page.locator("#move-low_retain-high_value").focus()
    page.keyboard.press("Enter")
    keep(server, page, language, range(1, 11))
    leave(page, "who")
    idle(page)
    for figure, people in (
        ("#people-high_keep", range(21, 31)),
        ("#people-tier-lost", range(21, 41)),
        ("#spread-days-1", range(11, 21)),
    ):
        page.locator(figure).click()
        keep(server, page, language, people)
        leave(page, "who")
        idle(page)
    page.get_by_role("link", name=tiers, exact=True).click()
    expect(page).to_have_url(re.compile("rfm_moves=tier"))
    for alive, count in (("class-high_keep", "10"), ("tier-lost", "20")):
        idle(page)
        page.locator(f"#live-{alive}").click()
        expect(page).to_have_url(re.compile("/segments.*d="))
        expect(page.locator("#sg-count b")).to_contain_text(count)
        if alive.startswith("class"):
            expect(page.get_by_role("main")).to_contain_text(kept)
        page.go_back()
        expect(page).to_have_url(re.compile("/value.*rfm_moves=tier"))
        expect(page.locator("#move-active-lost")).to_have_text("10")
    idle(page)
    page.get_by_role("link", name=fixed, exact=True).click()
    expect(page).to_have_url(re.compile("rfm_method=fixed"))
    idle(page)
    expect(page.locator("#live-class-high_keep")).to_have_count(0)
    page.locator("#people-all").click()
    keep(server, page, language, range(1, 41))


def test_a_phone_shows_it_without_scrolling_sideways(server, signed_in):
    page = signed_in("executive", "en", width=390, height=844)
    page.goto(f"{server.url}/value")
    idle(page)
    expect(page.locator("#field-high_value strong")).to_have_text("10")
    expect(page.locator("#people-all")).to_have_count(0)
    assert page.evaluate(TOO_WIDE) == 0
