"""会员档案 in a browser: found by name and by phone, read by keyboard, in both languages and on a phone."""

import re
from datetime import datetime

import pytest
from playwright.sync_api import expect

from core.privacy import short_names
from core.work.home import Home
from core.work.questions import identities
from tests import lakes
from tests.e2e.browsing import TOO_WIDE, follow, idle

pytestmark = pytest.mark.browser

PHONE, LIN = "13800138000", 41
WORDS = {
    "zh": ("查找会员", "查找", "订单与退款（2）", "同意与为什么不发", "没有同意过用这个渠道做营销", "没有找到这位会员"),
    "en": ("Find a member", "Find", "Orders & refunds (2)", "Consent & why not", "No consent to marketing", "No such member"),
}  # fmt: skip


def fill(world: Home) -> None:
    """Lin, of unit east, has a phone, two orders and a message; Mo, of west, one order."""
    key = identities._key(world, "phone", "", PHONE)
    assert key is not None
    lakes.add(
        world, 1,
        order_lines=[lakes.sale(LIN, "2026-11-02 02:00", "o1", 30), lakes.sale(LIN, "2026-11-09 02:00", "o2", 20), lakes.sale(7, "2026-11-10 02:00", "o3", 9)],
        events=[lakes.event(LIN, "2026-11-01 02:00", "product_view"), lakes.event(LIN, "2026-11-12 02:00", "add_to_cart")],
        touches=[{"identity_key": LIN, "occurred_at": datetime(2026, 11, 11), "touch_id": "t", "state": "sent", "channel": "sms"}],
        member_profiles=[{"identity_key": LIN, "unit_id": "east"}, {"identity_key": 7, "unit_id": "west"}],
        identities=[{"identity_key": key, "identity_type": "phone", "namespace": ""}],
    )  # fmt: skip
    lakes.members(world, {key: LIN})


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_member_is_found_and_read_by_keyboard(server, signed_in, language):
    label, find, orders, reach, never, nobody = WORDS[language]
    page = signed_in("manager", language, units=["east"])
    page.goto(f"{server.url}/member")
    idle(page)
    field = page.get_by_label(label, exact=True)
    field.fill(short_names.label(LIN).lower())
    page.keyboard.press("Enter")
    expect(page.locator("#member-name")).to_contain_text(short_names.label(LIN))
    expect(page).to_have_url(re.compile(rf"[?&]m={LIN}\b"))
    idle(page)
    page.evaluate("window.isTheSamePage = true")
    expect(page.locator(".st-key-card_member_looks .stream > li")).to_have_count(5)
    page.get_by_role("link", name=orders, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-card_member_looks .stream > li")).to_have_count(2)
    idle(page)
    page.get_by_role("link", name=reach, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#gate-sms")).to_contain_text(never)
    idle(page)
    assert page.evaluate("window.isTheSamePage")
    other = signed_in("analyst", language)
    other.goto(page.url)
    expect(other.locator("#gate-sms")).to_contain_text(never)
    for text, found in ((PHONE, True), (short_names.label(7), False)):
        idle(page)
        field.fill(text)
        page.get_by_role("button", name=find, exact=True).click()
        if found:
            expect(page).to_have_url(re.compile(rf"[?&]m={LIN}\b"))
        else:
            expect(page.get_by_text(nobody)).to_be_visible()
        expect(field).to_have_value("")
        assert PHONE not in page.url


def test_a_phone_shows_every_part_without_scrolling_sideways(server, signed_in):
    page = signed_in("manager", "en", "dark", width=390, height=844)
    page.goto(f"{server.url}/member?m={LIN}")
    idle(page)
    for look in ("stream", "orders", "groups", "touches", "marks", "standing", "reach", "evidence"):
        follow(page, f"?m={LIN}&look={look}")
        expect(page.locator(".st-key-card_member_looks .choice a[aria-current]").first).to_have_attribute(
            "href", re.compile(f"look={look}")
        )
        idle(page)
        assert page.evaluate(TOO_WIDE) == 0, look
