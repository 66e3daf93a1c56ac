"""社群 in a browser: open a group, its people, keep them, in both languages, by mouse and keyboard, and on a phone."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.store import segments
from tests import lakes
from tests.e2e.browsing import idle, serving

pytestmark = pytest.mark.browser

START = datetime(2026, 11, 2, 2)
TOO_WIDE = """() => { const main = document.querySelector('[data-testid=stMain]'); return main.scrollWidth - main.clientWidth }"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Group lively has members 1 to 40, of whom 1 to 32 speak; of the 40 in quiet 3 do, and 12 were there to leave."""
    path = tmp_path_factory.mktemp("community")
    world = lakes.home(path)
    inside = [("lively", who) for who in range(1, 41)] + [("quiet", who) for who in range(51, 103)]
    moves = [_fact(who, group, START - timedelta(days=40)) | {"change": "join"} for group, who in inside]
    moves += [_fact(who, "quiet", START + timedelta(days=2)) | {"change": "leave"} for who in range(91, 103)]
    speaking = [("lively", who) for who in range(1, 33)] + [("quiet", who) for who in range(51, 54)]
    said = [
        _fact(who, group, START + timedelta(days=day))
        | {"sender_kind": "member", "text": "好喝", "message_id": f"{who}-{day}"}
        for group, who in speaking
        for day in (1, 20)
    ]
    lakes.add(world, 1, group_membership=moves, group_messages=said)
    with world.writer.change("import", 2) as change:
        named = {"lively": "热闹群", "quiet": "冷清群"}
        change.merge("groups", lakes.rows("groups", [{"group_id": key, "name": name} for key, name in named.items()]))
    world.store.close()
    return path


def _fact(who: int, group: str, when: datetime) -> dict[str, object]:
    return {"identity_key": who, "occurred_at": when, "group_id": group}


@pytest.fixture(scope="module")
def server(home: Path):
    with serving(home) as running:
        yield running


@pytest.mark.parametrize(
    ("language", "members", "equal", "name", "save", "saved"),
    [
        ("zh", "位会员", "与数字完全一致", "人群名称", "存为人群", "已保存人群"),
        ("en", "members", "Exactly the figure", "Name of the segment", "Save as segment", "saved with"),
    ],
)
def test_a_group_opens_with_its_people_and_they_are_kept(
    server, signed_in, language, members, equal, name, save, saved
):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/community")
    idle(page)
    page.evaluate("window.isTheSamePage = true")
    page.locator(".st-key-card_urgent .urgent a").first.click()
    expect(page.locator("#group-name")).to_have_text("冷清群")
    expect(page).to_have_url(re.compile("of=quiet"))
    expect(page.locator("#tile-one-speaking_rate .value")).to_have_text("7.5%")
    expect(page.locator("#tile-all-members .value")).to_have_text("80")
    idle(page)
    page.locator("#one-people-lurkers").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"37 {members}")
    expect(dialog).to_contain_text(equal)
    expect(dialog).to_contain_text("冷清群")
    dialog.get_by_label(name).fill(f"潜水 {language}")
    dialog.get_by_role("button", name=save).click()
    expect(dialog).to_contain_text(saved)
    with server.store.reading() as session:
        kept = {one.name: one for one in segments.listed(session)}[f"潜水 {language}"]
        assert sorted(segments.members(session, kept.id)) == list(range(54, 91))
        assert (kept.definition["by"], kept.definition["key"], kept.definition["which"]) == (
            "group",
            "quiet",
            "lurkers",
        )
    assert page.evaluate("window.isTheSamePage")
    other = signed_in("analyst", language)
    other.goto(page.url)
    expect(other.get_by_role("dialog")).to_contain_text(f"37 {members}")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page).not_to_have_url(re.compile("people="))
    page.locator("#close-group").click()
    expect(page.locator("#group-name")).to_have_count(0)


def test_a_row_of_the_table_opens_its_group(server, signed_in):
    page = signed_in("manager")
    page.goto(f"{server.url}/community")
    idle(page)
    rows = page.locator(".st-key-card_groups [data-testid=stDataFrame]")
    expect(rows.locator("canvas").first).to_be_visible()
    rows.click(position={"x": 16, "y": 35 + 35 + 17})  # the box before the second row
    expect(page.locator("#group-name")).to_have_text("热闹群")
    expect(page).to_have_url(re.compile("of=lively"))


def test_what_is_seen_by_is_chosen_by_keyboard_and_stays_in_the_address(server, signed_in):
    page = signed_in("manager", "en")
    page.goto(f"{server.url}/community")
    idle(page)
    page.get_by_role("link", name="By owner").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("per=owner"))
    expect(page.locator(".st-key-card_urgent .urgent a").first).to_contain_text("Owner not stated")
    page.locator(".st-key-card_urgent .urgent a").first.click()
    expect(page.locator("#group-name")).to_have_text("Owner not stated")
    page.reload()
    idle(page)
    expect(page.locator("#group-name")).to_have_text("Owner not stated")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_phone_shows_it_without_scrolling_sideways(server, signed_in, language):
    page = signed_in("manager", language, width=390, height=844)
    page.goto(f"{server.url}/community?of=quiet")
    idle(page)
    expect(page.locator("#tile-one-members .value")).to_have_text("40")
    assert page.evaluate(TOO_WIDE) == 0
