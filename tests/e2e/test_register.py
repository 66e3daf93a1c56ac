"""登记册、演练、外部读数、市场情形 in a browser: the main way through each, in both languages, and on a phone."""

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from core.work.home import Home
from tests import lakes
from tests.e2e.browsing import TOO_WIDE, idle

pytestmark = pytest.mark.browser

WORDS = {
    "zh": {"adopted": "已带入", "found": "仍然成立", "reviewed": "已记下", "planned": "已安排", "recorded": "已记录", "kept": "已登记", "declared": "已声明"},
    "en": {"adopted": "taken over", "found": "It still stands", "reviewed": "was written down", "planned": "is planned for", "recorded": "was written down", "kept": "Kept for", "declared": "Declared"},
}  # fmt: skip


def fill(world: Home) -> None:
    last = date(2026, 11, 20)
    events = [lakes.event(1 + n, f"{last - timedelta(days=day)}T04:{n:02}", "page_view") for day in range(60) for n in range(20 if day < 28 else 10)]  # fmt: skip
    lakes.add(world, 1, events=events)


def press(page: Page, key: str) -> None:
    page.locator(f".st-key-{key} button:visible").first.click()
    idle(page)


def write(page: Page, key: str, text: str) -> None:
    page.locator(f".st-key-{key}").locator("input, textarea").first.fill(text)


def test_the_usual_risks_are_taken_over_and_a_cell_leads_to_a_risk_that_is_reviewed(server, signed_in):
    page = signed_in("analyst", "zh")
    page.goto(f"{server.url}/risk?part=register")
    press(page, "rg_adopt")
    expect(page.get_by_text(WORDS["zh"]["adopted"])).to_be_visible()
    for language in ("en", "zh"):
        words = WORDS[language]
        page = signed_in("analyst", language)
        page.goto(f"{server.url}/risk?part=register")
        page.locator(".matrix td a").first.click()
        expect(page).to_have_url(re.compile("rg_cell="))
        idle(page)
        count = int(page.locator(".matrix td a[aria-current]").inner_text())
        expect(page.locator("#register-table tbody tr")).to_have_count(count)
        page.locator("#register-table tbody th a").first.click()
        expect(page.locator("#risk-one")).to_be_visible()
        idle(page)
        press(page, "rg_reviewed")
        page.locator("[data-testid=stPopoverBody] textarea").fill(words["found"])
        press(page, "rg_reviewed_do")
        expect(page.get_by_text(words["reviewed"])).to_be_visible()
        expect(page.locator("[data-testid=stPopoverBody]")).to_have_count(0)  # what was kept closes its form
        expect(page.locator(".events li").first).to_contain_text(words["found"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_drill_is_planned_and_its_result_written_down(server, signed_in, language):
    words = WORDS[language]
    page = signed_in("analyst", language)
    page.goto(f"{server.url}/risk?part=drills")
    press(page, "dr_plan")
    write(page, "dr_new_scenario", f"drill {language}")
    press(page, "dr_plan_do")
    expect(page.get_by_text(words["planned"])).to_be_visible()
    page.locator(".months a", has_text=f"drill {language}").click()
    expect(page.locator("#drill-one")).to_be_visible()
    idle(page)
    press(page, "dr_done")
    for place, minutes in enumerate((10, 30)):
        page.locator("[data-testid=stPopoverBody] input[type=number]").nth(place).fill(str(minutes))
    press(page, "dr_done_do")
    expect(page.get_by_text(words["recorded"])).to_be_visible()
    expect(page.locator("#drill-minutes tbody tr")).to_have_count(2)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_reading_is_typed_and_a_situation_declared(server, signed_in, language):
    words = WORDS[language]
    page = signed_in("analyst", language)
    page.goto(f"{server.url}/risk?part=readings")
    press(page, "rd_put")
    write(page, "rd_new_public_opinion_value", "812" if language == "zh" else "640")
    press(page, "rd_put_do")
    expect(page.locator("#tile-newest .value")).to_have_text("812" if language == "zh" else "640")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    page.goto(f"{server.url}/risk?part=situations")
    expect(page.locator("#situation-signs tbody tr")).to_have_count(4)
    idle(page)
    press(page, "si_declare")
    page.locator("[data-testid=stPopoverBody] textarea").fill(f"because {language}")
    press(page, "si_declare_do")
    expect(page.get_by_text(words["declared"]).first).to_be_visible()
    expect(page.locator(".events li").first).to_contain_text(f"because {language}")
    assert page.locator(".measures a").count() > 0


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.long
def test_every_part_fits_a_phone(server, signed_in, theme):
    page = signed_in("analyst", "zh", theme, width=390, height=844)
    for part in ("register", "drills", "readings", "situations"):
        page.goto(f"{server.url}/risk?part={part}")
        expect(page.locator(".st-key-parts_head")).to_be_visible()
        idle(page)
        assert page.evaluate(TOO_WIDE) == 0, part
