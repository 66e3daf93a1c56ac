"""流失与转化 in a browser: the people of a cell, its segment in the builder, another target, the trial, the registry with promotion, and a phone."""

import re

import pytest
from playwright.sync_api import expect

from core.work import scores as work
from core.work.home import Home
from dashboard import i18n
from tests import lakes
from tests.core.questions.test_scores import orders
from tests.e2e.browsing import TOO_WIDE, idle

pytestmark = pytest.mark.browser


def fill(world: Home) -> None:
    """A live model and a candidate of the same."""
    lakes.add(world, 1, order_lines=orders())
    for _ in range(2):
        work.train(world, "an", "churn_order", 30, lakes.NOW, lambda *_: None, lambda: False)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_people_of_a_cell_open_and_it_becomes_a_segment(server, signed_in, language):
    page = signed_in("analyst", language)
    page.goto(f"{server.url}/scores?sc_days=30")
    idle(page)
    expect(page.locator("h1")).to_have_text(i18n.text(language, "scores.title"))
    count = page.locator("#people-board-low-high").inner_text().strip()
    page.locator("#people-board-low-high").click()
    expect(page.get_by_role("dialog")).to_contain_text(count)
    page.keyboard.press("Escape")
    idle(page)
    page.locator("#segment-low-high").click()
    expect(page).to_have_url(re.compile(r"/segments\?.*d="))
    idle(page)
    expect(page.locator("body")).to_contain_text(count)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_trial_of_the_model_is_drawn_and_fits_a_phone(server, signed_in, language):
    page = signed_in("executive", language, width=390, height=844)
    page.goto(f"{server.url}/scores?sc_days=30&part=quality")
    idle(page)
    for card in ("calibration", "lift", "weights"):
        page.locator(f".st-key-card_scores_{card} .js-plotly-plot .main-svg").first.wait_for()
    assert page.evaluate(TOO_WIDE) == 0
    for part in ("risk", "models"):
        page.goto(f"{server.url}/scores?sc_days=30&part={part}")
        idle(page)
        assert page.evaluate(TOO_WIDE) == 0


def test_a_candidate_goes_live_and_is_taken_back(server, signed_in):
    page = signed_in("analyst", "en")
    page.goto(f"{server.url}/scores?sc_days=30&part=models")
    idle(page)
    page.get_by_role("button", name="Stage model 2").click()
    expect(page.locator("#scores-shadow")).to_have_text("Model 2 in the shadow")
    idle(page)
    page.get_by_role("button", name="Let model 2 go live").click()
    page.get_by_role("button", name="Go live", exact=True).click()
    expect(page.locator("body")).to_contain_text("Model 2 is live.")
    idle(page)
    page.get_by_role("button", name="Roll back").click()
    page.get_by_label("Why").fill("the calls went to the wrong people")
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    expect(page.locator("body")).to_contain_text("Model 1 is live again.")
