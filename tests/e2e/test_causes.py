"""Causes of churn in a browser: the people of a cause, the list to call back, a step written by the house, and a phone."""

import re

import pytest
from playwright.sync_api import expect

from dashboard import i18n
from tests.core.questions.test_causes import fill
from tests.e2e.browsing import TOO_WIDE, idle

__all__ = ["fill"]

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_cause_opens_its_people_and_the_list_is_of_the_chosen_one(server, signed_in, language):
    page = signed_in("analyst", language)
    page.goto(f"{server.url}/scores?part=causes")
    idle(page)
    expect(page.locator("#causes")).to_have_text(i18n.text(language, "causes.title"))
    page.locator("#people-poor_service").click()
    expect(page.get_by_role("dialog")).to_contain_text(i18n.text(language, "causes.poor_service"))
    page.keyboard.press("Escape")
    idle(page)
    page.locator("#field-ca_cause").get_by_text(i18n.text(language, "causes.impersonal")).click()
    expect(page).to_have_url(re.compile("ca_cause=impersonal"))
    idle(page)
    expect(page.locator("#playbook-impersonal li")).to_have_count(3)
    expect(page.locator("#playbook-poor_service")).to_have_count(0)
    page.get_by_role("button", name=i18n.text(language, "causes.write")).click()
    page.get_by_test_id("stForm").get_by_role("button", name=i18n.text(language, "causes.save")).click()
    expect(page.locator("body")).to_contain_text(i18n.text(language, "causes.saved"))


def test_the_part_fits_a_phone(server, signed_in):
    page = signed_in("executive", "en", width=390, height=844)
    page.goto(f"{server.url}/scores?part=causes")
    idle(page)
    assert page.evaluate(TOO_WIDE) == 0
