"""漏斗 in a browser, on the public ecom events: the published counts, from a link alone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import CUT_OFF, idle, serving
from tests.e2e.published import ecom

pytestmark = pytest.mark.browser

TOO_WIDE = """() => { const main = document.querySelector('[data-testid=stMain]'); return main.scrollWidth - main.clientWidth }"""

STEPS = ("product_view", "add_to_cart", "cart", "shipping_details", "payment_details", "purchase")
LINK = "/funnels?period=all" + "".join(f"&step={step}" for step in STEPS)
BARS = """() => [...document.querySelectorAll('.st-key-card_funnel .annotation-text')]
    .map(node => [...node.querySelectorAll('.line')].pop().textContent.trim().split(/\\s/)[0])"""

FOCUSED = """() => {
    const at = document.activeElement, isControl = at.matches('a, button, input, summary, [role=radio]')
    const name = isControl ? at.getAttribute('aria-label') || at.innerText || '' : ''
    const marks = [at, at.parentElement, at.parentElement?.parentElement].filter(Boolean).map(one => getComputedStyle(one))
    return [name.split('\\n').map(line => line.trim()), marks.some(style =>
        style.boxShadow !== 'none' || (style.outlineStyle !== 'none' && style.outlineWidth !== '0px')
        || style.borderTopColor === 'rgb(14, 107, 90)')]
}"""
"""Lines of the name of what has the focus, and whether it can be seen there: a ring, an outline, or a border in the primary colour."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ecom(tmp_path_factory.mktemp("ecom"))


@pytest.fixture(scope="module")
def server(home: Path):
    with serving(home) as running:
        yield running


def bars(page: Page) -> list[str]:
    idle(page)
    expect(page.locator(".st-key-card_funnel .annotation-text")).to_have_count(len(STEPS))
    return page.evaluate(BARS)


@pytest.mark.parametrize(("within", "counts"), [("7d", "598 487 353 210 109 40"), ("1d", "598 482 324 169 69 16")])
def test_a_link_shows_the_published_counts(server, signed_in, within, counts):
    page = signed_in("analyst")
    page.goto(f"{server.url}{LINK}&within={within}")
    assert bars(page) == counts.split()


def test_the_window_is_chosen_and_stays_in_the_address(server, signed_in):
    page = signed_in("executive", "en")
    page.goto(f"{server.url}{LINK}")
    assert bars(page)[1] == "487"
    page.get_by_label("Conversion window").click()
    page.get_by_role("option", name="1 day").click()
    expect(page).to_have_url(re.compile("within=1d"))
    expect(page.locator(".st-key-card_funnel .annotation-text").nth(1)).to_contain_text("482")
    page.reload()
    assert bars(page)[5] == "16"


def test_a_drop_opens_its_people(server, signed_in):
    page = signed_in("manager")
    page.goto(f"{server.url}{LINK}")
    idle(page)
    page.get_by_role("button", name=re.compile("第 2 步.*134")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("134 位会员")
    expect(dialog).to_contain_text("与数字完全一致")
    dialog.get_by_label("人群名称").fill("加购未进购物车")
    dialog.get_by_role("button", name="存为人群").click()
    expect(dialog).to_contain_text("已保存人群")
    page.keyboard.press("Escape")
    page.reload()
    idle(page)
    expect(page.get_by_label("人群", exact=True).first).to_be_visible()


def test_a_phone_shows_the_funnel_without_scrolling_sideways(server, signed_in):
    page = signed_in("manager", width=390, height=844)
    page.goto(f"{server.url}{LINK}&by=platform")
    assert bars(page)[0] == "598"
    wide = page.evaluate(
        "(() => { const m = document.querySelector('[data-testid=stMain]'); return m.scrollWidth - m.clientWidth })()"
    )
    assert wide == 0
    assert page.evaluate(CUT_OFF) == []


def test_the_keyboard_reaches_every_control_and_shows_where_it_is(server, signed_in):
    page = signed_in("manager", "en")
    page.goto(f"{server.url}{LINK}")
    assert bars(page)
    wanted = {"Period", "Channel", "Step 1", "Remove step 1", "Step 6", "Remove step 6", "Add a step", "In order"}
    wanted |= {"Conversion window", "Members", "Break down by, at entry", "Table", "Definition", "From", "To"}
    reached, unmarked = set(), []
    for _ in range(90):
        page.keyboard.press("Tab")
        names, is_marked = page.evaluate(FOCUSED)
        reached.update(names)
        unmarked += [] if is_marked else [name for name in names if name in wanted]
    assert wanted - reached == set()
    assert unmarked == []
