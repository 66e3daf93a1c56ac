"""人群 in a browser: brackets built by mouse and keyboard, read back, counted, saved, opened and used elsewhere; Back, a shared link."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from core.store import segments
from tests.dashboard.pages import test_segments
from tests.e2e.browsing import TOO_WIDE, idle, leave, listed

pytestmark = pytest.mark.browser
WORDS = {
    "zh": {
        "kind": "条件类型", "gender": "性别", "female": "女", "purchases": "消费", "orders": "累计订单数", "any": "任一满足", "none": "都不满足",
        "city": "城市", "about": "看什么", "number": "数值", "name": "名称", "bracket": "加一组",
        "sentence": "性别是“女”，并且（累计下单至少 1 次，或者城市是“苏州”），但排除城市是“上海”的人。", "count": "10 人",
        "saved": "已保存动态人群", "overview": "经营总览",
    },
    "en": {
        "kind": "Kind of condition", "gender": "Gender", "female": "female", "purchases": "Purchases", "orders": "Orders ever",
        "any": "Any of", "none": "None of", "city": "City", "about": "About", "number": "Number",
        "name": "Name", "bracket": "Add group", "sentence": "but not those who", "count": "10 members", "saved": "is saved", "overview": "Overview",
    },
}  # fmt: skip


def fill(world) -> None:
    test_segments.fill(world)


def rows(page: Page) -> Locator:
    return page.locator('[class*="st-key-sgrow_"]')


def pick(page: Page, row: Locator, label: str, words: str) -> None:
    """Choose in a field by keyboard alone: type what it is called, and Enter."""
    field = row.get_by_role("combobox", name=label)
    field.focus()
    field.fill(words)
    expect(page.get_by_role("option", name=words, exact=True).first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("option")).to_have_count(0)


def press(page: Page, key: str, place: int = 0) -> None:
    """A button by its key, by keyboard."""
    page.locator(f'[class*="{key}"] button:visible').nth(place).focus()
    page.keyboard.press("Enter")


def counts(page: Page, words: str) -> None:
    expect(page.locator("#sg-count b")).to_have_text(words)
    idle(page)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_brackets_are_built_read_back_counted_saved_opened_and_used_elsewhere(signed_in, server, lang):
    words, page = WORDS[lang], signed_in("analyst", lang)
    page.goto(f"{server.url}/segments?part=build")
    idle(page)
    # All of: women …
    page.locator('[class*="st-key-sg_add_"] button').first.click()
    expect(rows(page)).to_have_count(1)
    idle(page)
    pick(page, rows(page).nth(0), words["gender"], words["female"])
    counts(page, "30 人" if lang == "zh" else "30 members")
    # … any of: buyers, or people of one city …
    page.get_by_role("button", name=words["bracket"]).click()
    expect(rows(page)).to_have_count(2)
    idle(page)
    pick(page, rows(page).nth(1), words["kind"], words["purchases"])
    expect(rows(page).nth(1).get_by_role("combobox", name=words["about"])).not_to_have_value(
        re.compile(words["gender"])
    )
    idle(page)
    pick(page, rows(page).nth(1), words["about"], words["orders"])
    idle(page)
    number = rows(page).nth(1).get_by_label(words["number"])
    number.fill("1")
    page.keyboard.press("Enter")
    counts(page, "18 人" if lang == "zh" else "18 members")
    page.locator('[class*="st-key-sgbox_any_"] [class*="st-key-sg_add_"] button').first.click()
    expect(rows(page)).to_have_count(3)
    idle(page)
    pick(page, rows(page).nth(2), words["about"], words["city"])
    expect(rows(page).nth(2).get_by_role("combobox", name=words["city"], exact=True)).to_be_visible()
    idle(page)
    pick(page, rows(page).nth(2), words["city"], "苏州")
    counts(page, "28 人" if lang == "zh" else "28 members")
    # … none of: people of another city.
    page.get_by_role("button", name=words["bracket"]).last.click()
    expect(rows(page)).to_have_count(4)
    idle(page)
    box = page.locator('[class*="st-key-sgbox_any_"]').last
    box.get_by_role("radio", name=words["none"]).click()
    expect(page.locator('[class*="st-key-sgbox_none_"]')).to_have_count(1)
    idle(page)
    pick(page, rows(page).nth(3), words["about"], words["city"])
    idle(page)
    pick(page, rows(page).nth(3), words["city"], "上海")
    counts(page, words["count"])
    expect(page.locator("#sg-sentence")).to_contain_text(words["sentence"])

    # The address is the whole of it: Back undoes, and a new browser shows the same.
    link = page.url
    press(page, "st-key-sg_undo")
    counts(page, "28 人" if lang == "zh" else "28 members")
    page.go_back()
    expect(page).to_have_url(link)
    counts(page, words["count"])

    # Saved, it opens in the list; its people are as many.
    page.locator(".st-key-sg_save button").first.click()
    page.get_by_label(words["name"], exact=True).fill(f"群 {lang}")
    page.keyboard.press("Enter")
    idle(page)
    page.locator(".st-key-sg_save_new button").click()
    expect(page.get_by_text(words["saved"])).to_be_visible()
    counts(page, words["count"])
    page.locator("#people-fit").click()
    listed(page, lang, 10)
    leave(page, "sg_who")
    with server.store.reading() as session:
        kept = next(one for one in segments.listed(session) if one.name == f"群 {lang}")
        assert len(segments.members(session, kept.id)) == kept.member_count == 10
    page.locator("#sg-filter a", has_text=words["overview"]).first.click()
    expect(page).to_have_url(re.compile(rf"/overview\?.*segment={kept.id}"))
    idle(page)
    expect(page.locator(".st-key-segment input")).to_have_value(f"群 {lang}")

    # The link alone, on a phone.
    other = signed_in("analyst", lang, "dark", width=390, height=844)
    other.goto(link)
    counts(other, words["count"])
    assert other.evaluate(TOO_WIDE) <= 0
