"""漏斗 in a browser, on the public ecom events: the published counts, from a link alone."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from dashboard import i18n
from tests.e2e.browsing import CUT_OFF, idle
from tests.e2e.published import ecom

pytestmark = pytest.mark.browser


STEPS = ("product_view", "add_to_cart", "cart", "shipping_details", "payment_details", "purchase")
LINK = "/funnels?period=all" + "".join(f"&step={step}" for step in STEPS)
BARS = """() => [...document.querySelectorAll('.st-key-card_funnel .bars li b')].map(count => count.textContent)"""

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


def bars(page: Page) -> list[str]:
    idle(page)
    expect(page.locator(".st-key-card_funnel .bars li")).to_have_count(len(STEPS))
    return page.evaluate(BARS)


@pytest.mark.parametrize(("within", "counts"), [("7d", "598 487 353 210 109 40"), ("1d", "598 482 324 169 69 16")])
def test_a_link_shows_the_published_counts(server, signed_in, within, counts):
    page = signed_in("analyst")
    page.goto(f"{server.url}{LINK}&within={within}")
    assert bars(page) == counts.split()


@pytest.mark.long
def test_the_window_is_chosen_and_stays_in_the_address(server, signed_in):
    page = signed_in("executive", "en")
    page.goto(f"{server.url}{LINK}")
    assert bars(page)[1] == "487"
    page.get_by_label("Conversion window").click()
    page.get_by_role("option", name="1 day").click()
    expect(page).to_have_url(re.compile("within=1d"))
    expect(page.locator(".st-key-card_funnel .bars li").nth(1)).to_contain_text("482")
    page.reload()
    assert bars(page)[5] == "16"


def test_a_drop_opens_its_people(server, signed_in):
    page = signed_in("manager")
    page.goto(f"{server.url}{LINK}")
    idle(page)
    page.get_by_role("link", name=re.compile("第 2 步.*134")).click()
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


@pytest.mark.long
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
    wanted = {"Period", "Channel", "Step 1", "Step 1: conditions and place", "Step 6", "Step 6: conditions and place"}
    wanted |= {
        "Save",
        "Add a step",
        "Clear",
        "Conversion window",
        "Members",
        "Break down by, at entry",
        "More settings",
    }
    wanted |= {"Table", "Definition", "Trend", "By day", "Who entered on a day or in a week"}
    reached, unmarked = set(), []
    for _ in range(110):
        page.keyboard.press("Tab")
        names, is_marked = page.evaluate(FOCUSED)
        reached.update(names)
        unmarked += [] if is_marked else [name for name in names if name in wanted]
    assert wanted - reached == set()
    assert unmarked == []


def words(language: i18n.Language, key: str, **values: object) -> str:
    return i18n.text(language, key, **values)


def choose(page: Page, language: i18n.Language, number: int, event: str) -> None:
    """Choose the event of a step, and wait until the address knows it. On a loaded machine a list that is being drawn anew
    takes no click; a person clicks again, and so do we."""
    idle(page)
    box = page.get_by_role("combobox", name=words(language, "funnel.step", number=number)).first
    option = page.get_by_role("option", name=words(language, f"event.{event}"), exact=True)
    for _ in range(5):
        with suppress(TimeoutError):
            if not option.is_visible():
                box.click()
            option.click(timeout=4_000)
        with suppress(AssertionError):
            expect(page).to_have_url(re.compile(f"step={event}"), timeout=4_000)
            break
    expect(page).to_have_url(re.compile(f"step={event}"))
    page.keyboard.press("Escape")


def counted(page: Page, steps: int) -> list[str]:
    idle(page)
    expect(page.locator(".st-key-card_funnel .bars li")).to_have_count(steps)
    return page.evaluate(BARS)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_funnel_is_built_from_nothing_shared_and_its_people_kept(server, signed_in, language):
    page = signed_in("analyst", language)
    page.goto(f"{server.url}/funnels?period=all")
    idle(page)
    page.get_by_role("button", name=words(language, "funnel.clear"), exact=True).click()
    expect(page.locator(".st-key-card_refused")).to_contain_text(words(language, "funnel.problem_steps"))
    choose(page, language, 1, "product_view")
    choose(page, language, 2, "add_to_cart")
    page.get_by_role("button", name=words(language, "funnel.add_step")).click()
    expect(page.get_by_text(words(language, "funnel.step", number=3), exact=True)).to_be_visible()
    choose(page, language, 3, "cart")
    assert counted(page, 3) == ["598", "487", "353"]

    page.get_by_role("button", name=words(language, "funnel.step_more", number=1)).locator("visible=true").click()
    page.get_by_role("button", name=words(language, "condition.add")).click()
    page.get_by_role("combobox", name=words(language, "condition.property"), exact=True).click()
    page.get_by_role("option", name=words(language, "property.platform"), exact=True).click()
    values = page.get_by_role("combobox", name=words(language, "condition.values"))
    values.click()
    page.get_by_role("option", name="mobile", exact=True).click()
    expect(page).to_have_url(re.compile("if=1%3Aplatform%3Dmobile"))
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    figures = counted(page, 3)
    assert 0 < int(figures[0]) < 598

    other = signed_in("manager", language)
    other.goto(page.url)
    assert counted(other, 3) == figures
    lost = int(figures[1]) - int(figures[2])
    said = words(language, "funnel.dropped_after", step=2, name=words(language, "event.add_to_cart"), count=lost)
    other.get_by_role("link", name=said).click()
    dialog = other.get_by_role("dialog")
    expect(dialog).to_contain_text(words(language, "people.count", count=lost))
    dialog.get_by_label(words(language, "people.segment_name")).fill(f"cart {language}")
    dialog.get_by_role("button", name=words(language, "people.save_segment")).click()
    expect(dialog).to_contain_text(words(language, "people.saved", name=f"cart {language}", count=lost))


@pytest.mark.long
def test_a_step_is_moved_twice_by_the_keyboard_from_the_same_place(server, signed_in):
    page = signed_in("analyst", "en")
    page.goto(f"{server.url}{LINK}")
    idle(page)
    page.get_by_role("button", name="Step 2: conditions and place").locator("visible=true").click()
    page.get_by_role("button", name="Down", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("step=product_view&step=cart&step=add_to_cart&"))
    down = page.get_by_role("button", name="Down", exact=True)
    expect(down).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("step=product_view&step=cart&step=shipping_details&step=add_to_cart&"))
    page.get_by_role("button", name="Remove step 4").click()
    expect(page).to_have_url(re.compile("step=product_view&step=cart&step=shipping_details&step=payment_details&"))


@pytest.mark.long
def test_looks_at_the_answer_are_kept_over_a_visit_to_another_page(server, signed_in):
    page = signed_in("analyst", "en")
    page.goto(f"{server.url}{LINK}")
    idle(page)
    page.get_by_role("link", name="Time to convert").click()
    expect(page).to_have_url(re.compile("look=time"))
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Retention").click()
    expect(page).to_have_url(re.compile("/retention"))
    idle(page)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Funnels").click()
    expect(page).to_have_url(re.compile("/funnels.*look=time"))
    expect(page.locator(".st-key-card_look [aria-current]")).to_have_text("Time to convert")
    page.get_by_role("link", name="Trend", exact=True).click()
    expect(page).not_to_have_url(re.compile("look="))
    expect(page.locator(".st-key-card_look [aria-current]").first).to_have_text("Trend")


@pytest.mark.long
def test_a_common_journey_takes_the_place_of_the_steps(server, signed_in):
    page = signed_in("analyst", "en")
    page.goto(
        f"{server.url}/funnels?period=all&step=purchase&step=product_view&if=1:platform=mobile&within=1d&count=attempts"
    )
    idle(page)
    page.get_by_role("link", name="Checkout", exact=True).click()
    expect(page).to_have_url(re.compile("step=product_view&step=add_to_cart&step=cart&.*step=purchase"))
    expect(page).to_have_url(re.compile("count=attempts"))
    expect(page).not_to_have_url(re.compile("if=|within="))
    expect(page.get_by_role("link", name="Checkout", exact=True)).to_have_attribute("aria-current", "true")


def test_a_dropped_member_is_explained_with_their_own_moments(server, signed_in):
    page = signed_in("manager")
    page.goto(f"{server.url}{LINK}")
    idle(page)
    page.get_by_role("link", name=re.compile("第 2 步.*134")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="选择会员").click()
    page.get_by_role("option").first.click()
    expect(dialog).to_contain_text("已走到第 2 步「加入购物车」")
    moments = dialog.locator(".moments li")
    expect(moments.filter(has_text="完成第 1 步")).to_contain_text("浏览商品")
    expect(moments.filter(has_text="完成第 2 步")).to_contain_text("加入购物车")


def test_a_saved_funnel_is_opened_by_a_colleague_and_cannot_be_changed_by_them(server, signed_in):
    page = signed_in("analyst")
    page.goto(f"{server.url}{LINK}&within=1d&look=time")
    assert bars(page)[5] == "16"
    page.locator(".st-key-save_funnels button:visible").first.click()
    page.get_by_label("名称").fill("一天内结算")
    page.get_by_text("与同事共享").click()
    page.get_by_role("button", name="存为新的").click()
    expect(page.get_by_text("已保存“一天内结算”。")).to_be_visible()

    other = signed_in("executive")
    other.goto(f"{server.url}/funnels?period=all")
    idle(other)
    other.get_by_role("combobox", name="已存漏斗").click()
    other.get_by_role("option", name=re.compile("一天内结算")).click()
    expect(other).to_have_url(re.compile("within=1d"))
    assert bars(other)[5] == "16"
    other.locator(".st-key-save_funnels button:visible").first.click()
    expect(other.get_by_role("button", name="存为新的")).to_be_visible()
    expect(other.get_by_role("button", name=re.compile("覆盖|删除“"))).to_have_count(0)


@pytest.mark.long
def test_a_comparison_and_a_trend_come_with_their_link(server, signed_in):
    page = signed_in("analyst", "en")
    april, may = "from=2024-04-01&to=2024-04-30", "versus_from=2024-05-01&versus_to=2024-05-31"
    page.goto(f"{server.url}{LINK.replace('period=all', f'period=custom&{april}')}&look=versus&versus=days&{may}")
    idle(page)
    card = page.locator(".st-key-card_look")
    expect(card).to_contain_text("This period Apr 1, 2024 – Apr 30, 2024, compared May 1, 2024 – May 31, 2024")
    expect(card).to_contain_text(re.compile("percentage points|Too few"))
    page.goto(f"{server.url}{LINK}&grain=week")
    idle(page)
    expect(page.locator(".st-key-card_look .js-plotly-plot .main-svg").first).to_be_visible()
