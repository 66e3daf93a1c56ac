"""Parts of the Community page in a browser, of one lake: service, surveys, activities and history, each opened, its people kept, in both
languages, by keyboard, and on a phone."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from core.work.home import Home
from tests import lakes
from tests.e2e.browsing import TOO_WIDE, follow, idle, keep, leave, listed, open_row

pytestmark = pytest.mark.browser

NOV = datetime(2026, 11, 2, 2)
HELD = datetime(2026, 11, 9, 16)


def fill(world: Home) -> None:
    """Service: Ann answers 32 of 40 and solves them, Bob none of 12. Surveys: of 40 members 30 promote and 10 detract, the first 12 complain
    of quality. Activities: of the 40 in the group 30 vote. History: of 30 messages on a day 24 came. The newest data is weeks later."""
    talks = [_talk(who, "ann", 10 if who <= 32 else None, who % 14) for who in range(1, 41)]
    talks += [_talk(who, "bob", None, who % 7) for who in range(51, 63)]
    answers = [_answer(who, "nps", Decimal(9 if who <= 30 else 2), channel="wecom") for who in range(1, 41)]
    answers += [_answer(who, "complaint", None, category="quality", text="包装破了") for who in range(1, 13)]
    moves = [_fact(who, HELD - timedelta(days=40), change="join") for who in range(1, 41)]
    took = [
        {"identity_key": who, "occurred_at": HELD + timedelta(hours=who), "activity_id": "v1", "action": "voted"}
        for who in range(1, 31)
    ]
    said = [
        _fact(who, HELD + timedelta(minutes=who), sender_kind="member", text="好喝", message_id=f"m{who}") for who in range(1, 25)
    ]  # fmt: skip
    counted = [{"occurred_at": HELD, "group_id": "a", "message_count": 30, "member_count": 40, "new_member_count": 2}]
    lakes.add(
        world, 1, service_conversations=talks, feedback=answers, group_membership=moves, activity_participation=took, group_messages=said,
        group_statistics=counted, events=[lakes.event(1, "2026-11-23 04:00")],
    )  # fmt: skip
    vote = {
        "activity_id": "v1", "name": "新品投票", "activity_kind": "vote", "group_id": "a", "starts_at": HELD, "ends_at": HELD + timedelta(days=3),
    }  # fmt: skip
    with world.writer.change("import", 2) as change:
        named = [{"staff_id": "ann", "name": "安"}, {"staff_id": "bob", "name": "波"}]
        change.merge("staff", lakes.rows("staff", named))
        change.merge("activities", lakes.rows("activities", [vote]))
        change.merge("groups", lakes.rows("groups", [{"group_id": "a", "name": "热闹群", "staff_id": "ann"}]))


def _talk(who: int, staff: str, wait: int | None, day: int) -> dict[str, object]:
    start = NOV + timedelta(days=day)
    return {
        "identity_key": who, "occurred_at": start, "conversation_id": f"c{who}", "staff_id": staff,
        "first_reply_at": wait and start + timedelta(minutes=wait), "resolved_at": wait and start + timedelta(minutes=90),
        "score": Decimal(5) if wait else None,
    }  # fmt: skip


def _answer(who: int, kind: str, score: Decimal | None, **more: object) -> dict[str, object]:
    at = NOV + timedelta(days=1, hours=who)
    return {
        "identity_key": who,
        "occurred_at": at,
        "feedback_id": f"{kind}{who}",
        "feedback_kind": kind,
        "score": score,
        **more,
    }


def _fact(who: int, when: datetime, **more: object) -> dict[str, object]:
    return {"identity_key": who, "occurred_at": when, "group_id": "a", **more}


@pytest.mark.parametrize(("language", "part"), [("zh", "服务质量"), ("en", "Service")])
def test_an_employee_opens_with_those_who_were_let_down_and_they_are_kept(server, signed_in, language, part):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/community")
    idle(page)
    page.get_by_role("link", name=part, exact=True).click()
    expect(page.locator("#tile-care-all-answered_share .value")).to_have_text("61.5%")
    idle(page)
    page.locator(".st-key-card_care_rows .pills a").nth(1).focus()  # Bob, who has fewer than 30
    page.keyboard.press("Enter")
    expect(page.locator("#care-name")).to_have_text("波")
    expect(page).to_have_url(re.compile("ca_of=bob"))
    idle(page)
    page.locator("#people-one-missed").click()
    kept = keep(server, page, language, range(51, 63))
    assert (kept["key"], kept["which"]) == ("bob", "missed")
    other = signed_in("analyst", language)
    other.goto(page.url)
    listed(other, language, 12)


@pytest.mark.parametrize(
    ("language", "part", "complaints"), [("zh", "调研与投诉", "投诉"), ("en", "Surveys", "Complaints")]
)
def test_detractors_are_kept_as_a_segment_and_complaints_have_their_words(
    server, signed_in, language, part, complaints
):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/community?part=history")
    idle(page)
    page.get_by_role("link", name=part, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#tile-survey-all-value .value")).to_have_text("50.0")
    idle(page)
    page.locator("#people-all-down").click()
    keep(server, page, language, range(31, 41))
    leave(page, "su_people")
    idle(page)
    page.get_by_role("link", name=complaints, exact=True).click()
    expect(page.locator("#tile-trouble-quality .value")).to_have_text("12")
    expect(page.locator(".st-key-card_said [data-testid=stDataFrame]")).to_be_visible()


@pytest.mark.parametrize(("language", "part"), [("zh", "群活动"), ("en", "Activities")])
def test_who_did_not_take_part_is_kept_as_a_segment(server, signed_in, language, part):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/community?part=history")
    idle(page)
    page.get_by_role("link", name=part, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#tile-activity-all-participation_rate .value")).to_have_text("75.0%")
    idle(page)
    open_row(page, "card_activity_rows")
    expect(page.locator("#activity-name")).to_have_text("新品投票")
    expect(page).to_have_url(re.compile("ac_of=v1"))
    idle(page)
    page.locator("#people-one-absent").click()
    keep(server, page, language, range(31, 41))


@pytest.mark.parametrize(
    ("language", "part", "owner"), [("zh", "历史与核对", "按群主"), ("en", "History and checks", "By owner")]
)
@pytest.mark.long
def test_since_when_there_is_a_history_and_what_was_lost(server, signed_in, language, part, owner):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/community?part=care")
    idle(page)
    page.get_by_role("link", name=part, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#tile-reconciled-messages .value")).to_have_text("+6")
    expect(page.locator("#tile-since-statistics .value")).to_contain_text("2026")
    idle(page)
    page.get_by_role("link", name=owner).click()
    expect(page).to_have_url(re.compile("hi_per=owner"))
    expect(page.locator(".st-key-card_reconciled [data-testid=stDataFrame] canvas").first).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.long
def test_a_phone_shows_every_part_without_scrolling_sideways(server, signed_in, language):
    page = signed_in("manager", language, width=390, height=844)
    page.goto(f"{server.url}/community?part=care&ca_of=ann")
    idle(page)
    for address, tile, figure in (
        ("?part=care&ca_of=ann", "care-one-conversations", "40"),
        ("?part=surveys&su_per=channel&su_of=wecom", "survey-one-up", "30"),
        ("?part=activities&ac_of=v1", "activity-one-participants", "30"),
        ("?part=history", "reconciled-messages", "+6"),
    ):
        follow(page, address)
        expect(page.locator(f"#tile-{tile} .value")).to_have_text(figure)
        idle(page)
        assert page.evaluate(TOO_WIDE) == 0, address
