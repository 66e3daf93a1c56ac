"""LTV in a browser: the most valuable are kept as a segment, a band leads to the builder, a margin stays in the address, a phone shows all."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from core.work.home import Home
from core.work.questions import ltv
from core.work.questions.reading import reading
from tests import lakes
from tests.drawing import drawn
from tests.e2e.browsing import TOO_WIDE, idle, keep, leave

pytestmark = pytest.mark.browser

START = datetime(2025, 9, 1, 4, tzinfo=UTC)
LAW, SPEND = {"r": 0.8, "alpha": 60.0, "a": 0.9, "b": 2.0}, {"p": 6.0, "q": 4.0, "v": 90.0}


def fill(world: Home) -> None:
    """220 members who buy by the laws over 300 days, all brought by WeCom, which cost 1,000 yuan."""
    bought = drawn(5, 220, LAW, SPEND, days=300, ahead=1).purchases
    lines = [
        lakes.sale(int(who) + 1, _when(on), f"{who}-{on}", round(paid, 2), channel="store")
        for who, on, paid in zip(bought.member, bought.day, bought.amount, strict=True)
    ]
    first = dict(zip(bought.member[::-1].tolist(), bought.day[::-1].tolist(), strict=True))
    profiles = [
        {"identity_key": who + 1, "joined_at": lakes.at(_when(on)), "acquisition_channel": "wecom"}
        for who, on in first.items()
    ]
    spend = [{"occurred_at": lakes.at(_when(0)), "channel": "wecom", "amount_minor": 100_000}]
    lakes.add(world, 1, order_lines=lines, member_profiles=profiles, channel_spend=spend)


def _when(day: int) -> str:
    return (START + timedelta(days=int(day))).replace(tzinfo=None).isoformat()


@pytest.fixture(scope="module")
def top(home) -> list[int]:
    """Members of the highest tenth, as the question tells them."""
    world = lakes.home(home)
    with reading(world) as lake:
        found = ltv.behind(lake, "tenth.0")["member_id"].tolist()
    world.store.close()
    return sorted(found)


@pytest.mark.parametrize(
    ("language", "equal", "count"), [("zh", "与数字完全一致", "22 人"), ("en", "Exactly the figure", "22 members")]
)
def test_the_most_valuable_are_kept_and_open_the_builder_as_a_live_segment(
    server, signed_in, top, language, equal, count
):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/value?part=ltv")
    idle(page)
    expect(page.locator("#tile-customers .value")).to_have_text("220")
    page.locator("#people-tenth-0").focus()
    page.keyboard.press("Enter")
    kept = keep(server, page, language, top, equal)
    assert kept["which"] == "tenth.0"
    leave(page, "who")
    idle(page)
    page.locator("#segment-top").click()
    expect(page).to_have_url(re.compile("/segments.*d="))
    expect(page.locator("#sg-count b")).to_have_text(count)


def test_a_margin_stays_in_the_address_and_a_phone_shows_all(server, signed_in):
    page = signed_in("executive", "en", width=390, height=844)
    page.goto(f"{server.url}/value?part=ltv&ltv_margin=50&ltv_days=90")
    idle(page)
    expect(page.locator("#tile-customers .value")).to_have_text("220")
    expect(page.locator("#people-all")).to_have_count(0)
    field = page.get_by_label("Margin (%), 0 = unknown", exact=True)
    expect(field).to_have_value("50")
    field.fill("40")
    field.press("Enter")
    expect(page).to_have_url(re.compile("ltv_margin=40"))
    idle(page)
    assert page.evaluate(TOO_WIDE) == 0
