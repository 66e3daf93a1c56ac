"""群活动 in a browser: one activity, those who did not take part kept, in both languages, and on a phone."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.store import segments
from tests import lakes
from tests.e2e.browsing import idle, serving
from tests.e2e.test_care import TOO_WIDE

pytestmark = pytest.mark.browser

NOV = datetime(2026, 11, 9, 16)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 40 members of the group 30 vote."""
    path = tmp_path_factory.mktemp("activities")
    world = lakes.home(path)
    moves = [
        {"identity_key": who, "occurred_at": NOV - timedelta(days=40), "group_id": "a", "change": "join"}
        for who in range(1, 41)
    ]
    took = [
        {"identity_key": who, "occurred_at": NOV + timedelta(hours=who), "activity_id": "v1", "action": "voted"}
        for who in range(1, 31)
    ]
    lakes.add(
        world, 1, group_membership=moves, activity_participation=took, events=[lakes.event(1, "2026-11-23 04:00")]
    )
    with world.writer.change("import", 2) as change:
        held = [
            {
                "activity_id": "v1",
                "name": "新品投票",
                "activity_kind": "vote",
                "group_id": "a",
                "starts_at": NOV,
                "ends_at": NOV + timedelta(days=3),
            }
        ]
        change.merge("activities", lakes.rows("activities", held))
        change.merge("groups", lakes.rows("groups", [{"group_id": "a", "name": "热闹群"}]))
    world.store.close()
    return path


@pytest.fixture(scope="module")
def server(home: Path):
    with serving(home) as running:
        yield running


@pytest.mark.parametrize(
    ("language", "part", "members", "name", "save", "saved"),
    [
        ("zh", "群活动", "位会员", "人群名称", "存为人群", "已保存人群"),
        ("en", "Activities", "members", "Name of the segment", "Save as segment", "saved with"),
    ],
)
def test_who_did_not_take_part_is_kept_as_a_segment(server, signed_in, language, part, members, name, save, saved):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/community")
    idle(page)
    page.get_by_role("link", name=part, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#tile-activity-all-participation_rate .value")).to_have_text("75.0%")
    idle(page)
    rows = page.locator(".st-key-card_activity_rows [data-testid=stDataFrame]")
    expect(rows.locator("canvas").first).to_be_visible()
    rows.click(position={"x": 16, "y": 35 + 17})
    expect(page.locator("#activity-name")).to_have_text("新品投票")
    expect(page).to_have_url(re.compile("ac_of=v1"))
    idle(page)
    page.locator("#activity-one-people-absent").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"10 {members}")
    dialog.get_by_label(name).fill(f"没参加 {language}")
    dialog.get_by_role("button", name=save).click()
    expect(dialog).to_contain_text(saved)
    with server.store.reading() as session:
        kept = {one.name: one for one in segments.listed(session)}[f"没参加 {language}"]
        assert sorted(segments.members(session, kept.id)) == list(range(31, 41))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_phone_shows_it_without_scrolling_sideways(server, signed_in, language):
    page = signed_in("manager", language, width=390, height=844)
    page.goto(f"{server.url}/community?part=activities&ac_of=v1")
    idle(page)
    expect(page.locator("#tile-activity-one-participants .value")).to_have_text("30")
    assert page.evaluate(TOO_WIDE) == 0
