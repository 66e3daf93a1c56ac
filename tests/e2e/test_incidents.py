"""应急响应 in a browser: an incident is opened by hand and worked through all its steps, in both languages; a phone holds it; nothing is cut off."""

import secrets

import pytest
from playwright.sync_api import expect

from dashboard import i18n
from tests import lakes
from tests.e2e.browsing import TOO_WIDE, idle

pytestmark = pytest.mark.browser


def fill(world):
    lakes.add(world, 1, events=[lakes.event(who, f"2026-11-{who:02}T03:00", "page_view") for who in range(1, 21)])
    with world.writer.change("import", 2) as change:
        change.merge("units", lakes.rows("units", [{"unit_id": "north", "name": "Xi'an"}]))


def words(language):
    return lambda key, **places: i18n.text(language, f"incidents.{key}", **places)


def press(page, key):
    page.locator(f".st-key-{key} button:visible").first.click()


def write(page, key, text):
    page.locator(f".st-key-{key} :is(input, textarea)").first.fill(text)


def begin(page, say, name):
    """An incident opened by hand; returns its number."""
    press(page, "inc_new")
    write(page, "inc_new_title", name)
    write(page, "inc_new_note", "A damp batch")
    page.keyboard.press("Control+Enter")
    idle(page)
    press(page, "inc_new_do")
    expect(page.locator("#incident-title")).to_contain_text(name)
    idle(page)
    return page.url.split("incident=")[1].split("&")[0]


def at(page, say, state):
    """The rail stands at a step."""
    expect(page.locator(".rail [aria-current=step]")).to_contain_text(say(f"state_{state}"))
    expect(page.locator("#incident-step")).to_contain_text(say("step", state=say(f"state_{state}")))
    idle(page)


def go_on(page):
    expect(page.locator(".st-key-inc_forward button").first).to_be_enabled()
    press(page, "inc_forward")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_incident_is_worked_through_all_six_steps(server, signed_in, language):
    page, say, name = signed_in("manager", language), words(language), f"Tea {secrets.token_hex(2)}"
    page.goto(f"{server.url}/incidents")
    idle(page)
    expect(page.locator("#incidents")).to_have_text(say("list"))
    number = begin(page, say, name)
    key = f"inc_{number}"

    at(page, say, "detect")
    go_on(page)

    at(page, say, "assess")
    expect(page.locator(".st-key-inc_forward button").first).to_be_disabled()
    expect(page.locator("#incident-lacks")).to_contain_text(say("lacks_severity"))
    for one, lacks in (("severity", "owner"), ("owner", "target"), ("target", None)):
        press(page, f"{key}_{one}_do")
        if lacks:
            expect(page.locator("#incident-lacks")).not_to_contain_text(say(f"lacks_{one}"))
        else:
            expect(page.locator("#incident-lacks")).to_have_count(0)
        idle(page)
    go_on(page)

    at(page, say, "respond")
    write(page, f"{key}_act_text", "Taken off sale")
    press(page, f"{key}_act_do")
    expect(page.locator(".timeline li").first).to_contain_text("Taken off sale")
    idle(page)
    press(page, f"{key}_do_hold_all")
    write(page, f"{key}_do_hold_all_why", "First things first")
    write(page, f"{key}_do_hold_all_word", say("hold_word"))
    press(page, f"{key}_do_hold_all_do")
    expect(page.locator(".st-key-card_playbook .paused").first).to_be_visible()
    idle(page)
    go_on(page)

    at(page, say, "communicate")
    write(page, f"{key}_message_fill_advice", "Sell nothing of it")
    page.keyboard.press("Tab")
    expect(page.locator("[data-testid=stCode]")).to_contain_text("Sell nothing of it")
    idle(page)
    write(page, f"{key}_message_by", "WeCom")
    page.keyboard.press("Enter")
    expect(page.locator(".timeline li").first).to_contain_text("Sell nothing of it")
    idle(page)
    go_on(page)

    at(page, say, "monitor")
    write(page, f"{key}_criteria_text", "Below 3 %")
    press(page, f"{key}_criteria_do")
    expect(page.locator(".timeline li").first).to_contain_text("Below 3 %")
    idle(page)
    write(page, f"{key}_met_text", "At 2 %")
    press(page, f"{key}_met_do")
    expect(page.get_by_test_id("stAlert").first).to_be_visible()
    idle(page)
    expect(page.locator("#incident-lacks")).to_have_count(0)
    idle(page)
    go_on(page)

    at(page, say, "review")
    write(page, f"{key}_cause_text", "Damp in store")
    press(page, f"{key}_cause_do")
    expect(page.get_by_test_id("stAlert").first).to_be_visible()
    idle(page)
    write(page, f"{key}_lessons_text", "Taste before selling")
    press(page, f"{key}_lessons_do")
    expect(page.get_by_test_id("stAlert").first).to_be_visible()
    idle(page)
    write(page, f"{key}_review_what", "Taste every batch")
    press(page, f"{key}_review_do")
    expect(page.locator("#incident-lacks")).to_have_text(say("lacks", what=say("lacks_holds")))
    idle(page)
    press(page, f"{key}_ask_release_all_")
    write(page, f"{key}_ask_release_all__text", "All is well")
    press(page, f"{key}_ask_release_all__do")
    expect(page.locator("#incident-lacks")).to_have_count(0)
    idle(page)
    go_on(page)

    expect(page.locator("#incident-step")).to_have_text(say("closed"))
    expect(page.locator(".rail .done")).to_have_count(6)
    expect(page.locator(".st-key-card_learnt")).to_contain_text("Damp in store")
    idle(page)
    page.locator("#close-incident").click()
    expect(page.locator("#incidents")).to_be_visible()
    page.goto(f"{server.url}/incidents?inc_show=closed")
    expect(page.locator("table.cases")).to_contain_text(name)


def test_an_incident_fits_a_phone_and_an_executive_only_reads_it(server, signed_in):
    page, say = signed_in("manager", "en", width=390, height=844), words("en")
    page.goto(f"{server.url}/incidents")
    idle(page)
    assert page.evaluate(TOO_WIDE) == 0
    number = begin(page, say, "On a phone")
    assert page.evaluate(TOO_WIDE) == 0

    page = signed_in("executive", "zh", "dark", width=390, height=844)
    page.goto(f"{server.url}/incidents?incident={number}")
    expect(page.locator("#incident-title")).to_contain_text("On a phone")
    idle(page)
    assert page.evaluate(TOO_WIDE) == 0
    expect(page.locator(".st-key-inc_forward")).to_have_count(0)
