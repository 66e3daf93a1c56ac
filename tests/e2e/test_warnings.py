"""风险预警 in a browser, on the demo brand: the bad batch of tea is a warning whose cause is quality; a cell of the matrix leads to its warnings and these to people; a verdict; a phone."""

import re
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.app import House
from core.scope import SYSTEM
from core.settings import Settings
from core.work import watching
from core.work.demo import filling, truth
from core.work.questions import warnings
from core.work.questions.warnings import Warned
from dashboard import i18n
from tests.core.demo.conftest import NOW, own
from tests.e2e.browsing import TOO_WIDE, idle

pytestmark = pytest.mark.browser
WIDTH = 390


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = own(tmp_path_factory, filling.DEFAULT_EVENTS)
    watching.evaluate(world, NOW)
    folder = world.settings.home
    world.store.close()
    Settings(folder).world("live").mkdir(parents=True, exist_ok=True)
    return folder


def found(home: Path) -> list[Warned]:
    world = House(Settings(home=home)).demo
    try:
        return warnings.listed(world, SYSTEM, NOW, states=())
    finally:
        world.store.close()


def bad_tea(home: Path) -> tuple[Warned, dict[str, object]]:
    """The warning, and what was planted."""
    incident = truth.read(Settings(home=home).world("demo"))["incident"]
    on = date.fromisoformat(incident["on"])
    return next(one for one in found(home) if one.indicator == "complaints" and one.peak_on == on), incident


@pytest.mark.parametrize(("language", "cause"), [("zh", "质量"), ("en", "Quality")])
def test_the_bad_batch_of_tea_is_a_warning_and_its_cause_is_quality(server, signed_in, language, cause):
    one, incident = bad_tea(server.home)
    page = signed_in("analyst", language)
    page.goto(f"{server.url}/risk?world=demo&wa_state=all")
    idle(page)
    expect(page.locator("h1")).to_have_text(i18n.text(language, "risk.title"))
    page.locator(f"#warning-{one.id}").click()
    expect(page.locator("#warning-name")).to_be_visible()
    expect(page.locator(".st-key-card_warning")).to_contain_text(str(int(one.value)))
    page.locator(".st-key-card_warning_line .js-plotly-plot .main-svg").first.wait_for()
    first = page.locator("#cause-feedback_category tbody tr").first
    expect(first.locator("th")).to_contain_text(cause)
    expect(first.locator("td").first).to_have_text(str(incident["complaints"]))
    expect(page.locator("#cause-sentence")).to_contain_text(cause)
    first.locator("a.cause-people").click()
    expect(page.get_by_role("dialog")).to_contain_text(re.compile(r"\d+"))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_cell_of_the_matrix_leads_to_its_warnings_and_these_to_their_people(server, signed_in, language):
    one = next(each for each in found(server.home) if each.state == "open" and each.indicator == "active_members")
    page = signed_in("manager", language)
    page.goto(f"{server.url}/risk?world=demo&part=matrix")
    idle(page)
    cell = page.locator(f'.matrix td a[href*="wa_cell={one.likelihood}x{one.impact}"]')
    count = cell.inner_text()
    cell.click()
    expect(page.locator("#cell-rows tbody tr")).to_have_count(int(count))
    page.locator(f'#cell-rows a[href*="warning={one.id}&who=all"]').click()
    expect(page.get_by_role("dialog")).to_contain_text(i18n.text(language, "people.member"))
    expect(page.locator("#warning-name")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_warning_is_judged_and_the_bell_opens(server, signed_in, language):
    one = next(each for each in found(server.home) if each.state == "open")
    page = signed_in("analyst", language)
    page.goto(f"{server.url}/risk?world=demo&warning={one.id}")
    idle(page)
    page.locator(".st-key-wa_judge button").first.click()
    page.locator(".st-key-wa_judge_verdict label").last.click()
    page.locator(".st-key-wa_judge_do button").click()
    expect(page.locator("#warning-verdicts")).to_contain_text(i18n.text(language, "warning.verdict_unclear"))
    page.locator(".st-key-bell button").first.click()
    expect(page.locator("ul.bell a").first).to_be_visible()


def test_the_parts_fit_a_phone(server, signed_in):
    one, _ = bad_tea(server.home)
    page = signed_in("executive", "en", "dark", width=WIDTH, height=844)
    for address in ("", f"&warning={one.id}", "&part=matrix"):
        page.goto(f"{server.url}/risk?world=demo{address}")
        idle(page)
        assert page.evaluate(TOO_WIDE) == 0, address
