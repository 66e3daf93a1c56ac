"""生命周期 in a browser: choose, share the address, open a cell's people, keep them, in both languages and on a phone."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from core.store import segments
from core.work.home import Home
from tests import lakes
from tests.e2e.browsing import CUT_OFF, TOO_WIDE, idle

pytestmark = pytest.mark.browser

MONDAY = datetime(2026, 9, 7, 2)
WEEKS = 10
FLOWS = "() => [...document.querySelectorAll('#bridge .ways > *')].map(one => one.innerText.trim())"


def fill(world: Home) -> None:
    """Forty members: number n looks around first in week n % 4, and then every (1 + n % 3) weeks; every fifth only once."""
    events = [
        lakes.event(member, str(MONDAY + timedelta(weeks=week, minutes=member)), "product_view", channel="app")
        for member in range(1, 41)
        for week in range(member % 4, WEEKS, 1 + member % 3)
        if member % 5 or week == member % 4
    ]
    lakes.add(world, 1, events=events, order_lines=[lakes.sale(1, str(MONDAY + timedelta(weeks=9)), "o1", 20)])


def flows(page: Page) -> list[int]:
    idle(page)
    expect(page.locator("#bridge .ways > *")).to_have_count(6)
    return [int(re.sub(r"\D", "", one)) for one in page.evaluate(FLOWS)]


def choose(page: Page, label: str, option: str) -> None:
    """Open a list and take an option. A page that is drawn for the first time closes a list opened too early."""
    for _ in range(4):
        page.get_by_label(label).press("ArrowDown")
        try:
            page.get_by_role("option", name=option).click(timeout=5000)
        except TimeoutError:
            page.keyboard.press("Escape")
            idle(page)
        else:
            return
    raise AssertionError(f"no option {option} in {label}")


def test_what_was_chosen_is_in_the_address_and_the_same_in_a_new_session(server, signed_in):
    page = signed_in("manager")
    page.goto(f"{server.url}/lifecycle?period=all")
    idle(page)
    page.get_by_role("spinbutton", name="沉默几周算流失").fill("2")
    page.get_by_role("spinbutton", name="沉默几周算流失").press("Enter")
    expect(page).to_have_url(re.compile("lost_after=2"))
    page.get_by_role("link", name="未流失会员", exact=True).click()
    expect(page).to_have_url(re.compile("base=kept"))
    expect(page.locator("#bridge")).to_contain_text("未流失会员从哪来")
    idle(page)
    choose(page, "看哪一周", "2026年10月12日 – 10月18日")
    expect(page).to_have_url(re.compile("at=2026-10-12"))
    expect(page.locator("#bridge")).to_contain_text("2026年10月12日 – 10月18日")
    first = flows(page)
    opening, new, back, dormant, lost, closing = first
    assert opening + new + back - dormant - lost == closing and lost > 0 and dormant == 0
    other = signed_in("analyst", "en")
    other.goto(page.url)
    assert flows(other) == first
    expect(other.get_by_role("spinbutton", name="Lost after weeks of silence")).to_have_value("2")
    expect(other.get_by_role("link", name="Members not lost", exact=True)).to_have_attribute("aria-current", "true")


@pytest.mark.parametrize(
    ("language", "move", "members", "equal", "name", "save", "saved"),
    [
        ("zh", "回流 → 沉默", "位会员", "与数字完全一致", "人群名称", "存为人群", "已保存人群"),
        (
            "en",
            "Resurrected → Dormant",
            "members",
            "Exactly the figure",
            "Name of the segment",
            "Save as segment",
            "saved with",
        ),
    ],
)
def test_a_cell_of_the_matrix_opens_its_people_and_they_are_kept(
    server, signed_in, language, move, members, equal, name, save, saved
):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/lifecycle?period=all&lost_after=2&at=2026-10-12")
    idle(page)
    cell = page.locator(f'#matrix td[title^="{move}"] a')
    expect(cell).to_be_visible()
    count = int(cell.inner_text())
    page.evaluate("window.isTheSamePage = true")
    cell.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(move)
    expect(dialog).to_contain_text(f"{count} {members}")
    expect(dialog).to_contain_text(equal)
    dialog.get_by_label(name).fill(f"转沉默 {language}")
    dialog.get_by_role("button", name=save).click()
    expect(dialog).to_contain_text(saved)
    with server.store.reading() as session:
        kept = {one.name: one for one in segments.listed(session)}[f"转沉默 {language}"]
        assert len(segments.members(session, kept.id)) == count
        assert kept.definition["now"] == ["dormant"] and kept.definition["before"] == ["resurrected"]
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page).not_to_have_url(re.compile("who="))
    cell.click()
    expect(page.get_by_role("dialog")).to_contain_text(move)
    expect(page).to_have_url(re.compile(r"who=move\.resurrected\.dormant"))
    assert page.evaluate("window.isTheSamePage")
    other = signed_in("analyst", language)
    other.goto(page.url)
    expect(other.get_by_role("dialog")).to_contain_text(f"{count} {members}")


def test_the_list_of_moves_is_reached_by_keyboard(server, signed_in):
    page = signed_in("manager")
    page.goto(f"{server.url}/lifecycle?period=all&lost_after=2&at=2026-10-12")
    idle(page)
    page.locator("#matrix summary").focus()
    page.keyboard.press("Enter")
    way = page.locator("#move-resurrected-dormant")
    expect(way).to_be_visible()
    way.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("回流 → 沉默")


def test_stages_and_states_open_their_people(server, signed_in):
    page = signed_in("manager")
    page.goto(f"{server.url}/lifecycle?period=all")
    idle(page)
    page.locator("#open-dormant").click()
    expect(page.get_by_role("dialog")).to_contain_text("与数字完全一致")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("#people-active").click()
    expect(page.get_by_role("dialog")).to_contain_text("生命阶段 活跃")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name="看这段路的漏斗").first.click()
    expect(page).to_have_url(re.compile("/funnels"))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_phone_shows_it_without_scrolling_sideways_and_with_all_words(server, signed_in, language):
    page = signed_in("manager", language, width=390, height=844)
    page.goto(f"{server.url}/lifecycle?period=all")
    assert len(flows(page)) == 6
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    assert page.evaluate(TOO_WIDE) == 0
    assert page.evaluate(CUT_OFF) == []
