"""调研 in a browser: promoters and complaints, their people kept, in both languages, and on a phone."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.store import segments
from tests import lakes
from tests.e2e.browsing import idle, serving
from tests.e2e.test_care import TOO_WIDE

pytestmark = pytest.mark.browser

START = datetime(2026, 11, 3, 2)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 40 members 30 promote and 10 detract; the first 12 complain of quality."""
    path = tmp_path_factory.mktemp("surveys")
    world = lakes.home(path)
    rows = [_said(who, "nps", 9 if who <= 30 else 2, channel="wecom") for who in range(1, 41)]
    rows += [_said(who, "complaint", None, category="quality", text="包装破了") for who in range(1, 13)]
    lakes.add(world, 1, feedback=rows, events=[lakes.event(1, "2026-11-23 04:00")])
    world.store.close()
    return path


def _said(who: int, kind: str, score: int | None, **more: object) -> dict[str, object]:
    return {
        "identity_key": who, "occurred_at": START + timedelta(hours=who), "feedback_id": f"{kind}{who}", "feedback_kind": kind,
        "score": None if score is None else Decimal(score), **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def server(home: Path):
    with serving(home) as running:
        yield running


@pytest.mark.parametrize(
    ("language", "part", "members", "name", "save", "saved", "complaints"),
    [
        ("zh", "调研与投诉", "位会员", "人群名称", "存为人群", "已保存人群", "投诉"),
        ("en", "Surveys", "members", "Name of the segment", "Save as segment", "saved with", "Complaints"),
    ],
)
def test_detractors_are_kept_as_a_segment_and_complaints_have_their_words(
    server, signed_in, language, part, members, name, save, saved, complaints
):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/community")
    idle(page)
    page.get_by_role("link", name=part, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#tile-survey-all-value .value")).to_have_text("50.0")
    idle(page)
    page.locator("#survey-all-people-down").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"10 {members}")
    dialog.get_by_label(name).fill(f"贬损 {language}")
    dialog.get_by_role("button", name=save).click()
    expect(dialog).to_contain_text(saved)
    with server.store.reading() as session:
        kept = {one.name: one for one in segments.listed(session)}[f"贬损 {language}"]
        assert sorted(segments.members(session, kept.id)) == list(range(31, 41))
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    idle(page)
    page.get_by_role("link", name=complaints, exact=True).click()
    expect(page.locator("#tile-trouble-quality .value")).to_have_text("12")
    expect(page.locator(".st-key-card_said [data-testid=stDataFrame]")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_phone_shows_it_without_scrolling_sideways(server, signed_in, language):
    page = signed_in("manager", language, width=390, height=844)
    page.goto(f"{server.url}/community?part=surveys&su_per=channel&su_of=wecom")
    idle(page)
    expect(page.locator("#tile-survey-one-up .value")).to_have_text("30")
    assert page.evaluate(TOO_WIDE) == 0
