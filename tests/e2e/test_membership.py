"""会员等级与积分 in a browser: who is about to fall is kept as a segment, a tier opens the builder, imported tiers by keyboard, and a phone."""

import re

import pytest
from playwright.sync_api import expect

from core.work.home import Home
from tests import lakes
from tests.e2e.browsing import TOO_WIDE, idle, keep, leave

pytestmark = pytest.mark.browser


def fill(world: Home) -> None:
    """1 to 10 rise to silver, 11 to 15 are about to fall from gold, all others up to 40 are basic."""
    orders = [lakes.sale(who, "2026-11-10 04:00", f"A{who}", 600) for who in range(1, 11)]
    orders += [lakes.sale(who, "2025-12-10 04:00", f"B{who}", 2000) for who in range(11, 16)]
    points = [{"identity_key": 1, "occurred_at": lakes.at("2026-11-10 04:00"), "entry_id": "e1", "points": 600, "kind": "earned"}]  # fmt: skip
    profiles = [{"identity_key": who, "tier": "VIP", "joined_at": lakes.at("2025-01-01 00:00")} for who in range(1, 41)]
    events = [lakes.event(40, "2026-11-28 04:00")]
    lakes.add(world, 1, order_lines=orders, points=points, member_profiles=profiles, events=events)


@pytest.mark.parametrize(("language", "imported"), [("zh", "用导入的等级"), ("en", "As imported")])
def test_who_is_about_to_fall_is_kept_and_a_tier_opens_the_builder(server, signed_in, language, imported):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/value?part=membership")
    idle(page)
    expect(page.locator("#tile-membership-up .value")).to_have_text("10")
    page.locator("#fall-30-gold").focus()
    page.keyboard.press("Enter")
    kept = keep(server, page, language, range(11, 16))
    assert (kept["kind"], kept["which"]) == ("membership", "fall.30.gold")
    leave(page, "who")
    idle(page)
    page.get_by_role("link", name=imported, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("ms_by=imported"))
    expect(page.locator("#people-tier-VIP")).to_have_text("40")
    idle(page)
    page.locator(".rfm-table a.keep").first.click()
    expect(page).to_have_url(re.compile(r"/segments\?.*d="))
    idle(page)


def test_a_phone_shows_it_without_scrolling_sideways(server, signed_in):
    page = signed_in("executive", "en", width=390, height=844)
    page.goto(f"{server.url}/value?part=membership")
    idle(page)
    expect(page.locator("#tile-points-outstanding .value")).to_have_text("600")
    expect(page.locator("#fall-30-gold")).to_have_count(0)
    assert page.evaluate(TOO_WIDE) == 0
