"""预警规则 in a browser: a rule is changed, what it would have raised is seen before it is kept, and it stands; a phone in the dark."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import expect

from core.risk.rules import Rule
from core.scope import SYSTEM
from core.work import risk_rules
from core.work.home import Home
from tests import lakes
from tests.e2e.browsing import CUT_OFF, TOO_WIDE, idle

pytestmark = pytest.mark.browser

FIRST, DAYS, MANY = date(2026, 8, 3), 60, {20: 9, 40: 6}
"""Days of orders: 2 each, but 9 and 6 on two."""
NAMES = {"zh": "订单太多", "en": "Too many orders"}
WORDS = {
    "zh": {"twice": "近 180 天会预警 2 次", "once": "近 180 天会预警 1 次", "limit": "界限", "save": "保存修改", "saved": "已保存“订单太多”", "stands": "订单 > 8", "wrong": "请填 1 到 365 天"},
    "en": {
        "twice": "Would have fired 2 times in the last 180 days", "once": "Would have fired 1 time in the last 180 days", "limit": "Limit", "save": "Save the changes",
        "saved": "“Too many orders” was saved", "stands": "Orders > 8", "wrong": "1 to 365 days",
    },
}  # fmt: skip


def fill(world: Home) -> None:
    orders = []
    for day in range(DAYS):
        on = FIRST + timedelta(days=day)
        orders += [
            lakes.sale(1 + n, f"{on}T04:0{n}", f"o{day}-{n}", 10, channel="web") for n in range(MANY.get(day, 2))
        ]
    lakes.add(world, 1, order_lines=orders)
    for name in NAMES.values():
        rule = Rule("orders", "threshold", 5.0, "above", name=name)
        risk_rules.add(world, world.store, SYSTEM, rule, datetime.now(UTC))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_rule_is_changed_after_a_look_at_what_it_would_have_raised_and_stands(server, signed_in, language):
    words, page = WORDS[language], signed_in("analyst", language)
    page.goto(f"{server.url}/risk?part=rules")
    page.get_by_role("link", name=NAMES[language], exact=True).click()
    expect(page.locator("#rule-preview")).to_have_text(words["twice"])
    idle(page)
    limit = page.get_by_role("spinbutton", name=words["limit"], exact=True)
    limit.fill("8")
    limit.press("Tab")
    expect(page.locator("#rule-preview")).to_have_text(words["once"])
    expect(page.locator("#rule-found tbody tr")).to_have_count(1)
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    assert page.evaluate(CUT_OFF) == []
    idle(page)
    page.get_by_role("button", name=words["save"]).click()
    expect(page.get_by_text(words["saved"])).to_be_visible()
    page.goto(f"{server.url}/risk?part=rules")
    row = page.locator("#rule-rows tr", has=page.get_by_role("link", name=NAMES[language], exact=True))
    expect(row).to_contain_text(words["stands"])


def test_the_list_and_a_rule_fit_a_phone_in_the_dark(server, signed_in):
    page = signed_in("admin", "en", "dark", width=390, height=844)
    page.goto(f"{server.url}/risk?part=rules")
    idle(page)
    expect(page.locator("#rule-rows tbody tr").first).to_be_visible()
    assert page.evaluate(TOO_WIDE) == 0
    page.goto(f"{server.url}/risk?part=rules&rule=growth_low")
    expect(page.locator("#rule-preview")).to_have_text(re.compile("Would have fired"))
    idle(page)
    assert page.evaluate(TOO_WIDE) == 0
