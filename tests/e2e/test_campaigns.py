"""活动 in a browser: from a saved segment a campaign is begun, filled in step by step, read as members will read it, let pass with a reason, and handed in; nothing is lost by a reload."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from core.campaigns.body import parse
from core.scope import SYSTEM
from core.store import campaigns, choices
from core.work import segments
from core.work.campaigns import policy
from tests.dashboard.pages import test_segments
from tests.e2e.browsing import TOO_WIDE, idle

pytestmark = pytest.mark.browser
TEXT = "茶里的新茶到了，{{nickname|亲}}，来店里坐坐"
NEW_TREE = {"v": 1, "where": {"profile": "gender", "op": "is", "values": ["f"]}}
WORDS = {
    "zh": {
        "name": "活动名称", "goal": "促进复购", "channels": "渠道（按优先次序）", "wecom": "企业微信（一对一）", "text": "正文", "read": "茶里的新茶到了，小满，来店里坐坐", "unread": "茶里的新茶到了，亲，来店里坐坐",
        "unknown": "示例：资料空白", "offer": "优惠名称", "pace": "每分钟最多条数", "well": "没有缺少或违规", "handed": "已提交，等待另一个人批准", "review": "待审批", "reason": "可以这样发的理由", "empty": "未填写",
    },
    "en": {
        "name": "Name of the campaign", "goal": "Repeat purchase", "channels": "Channels, in their order", "wecom": "WeCom, one to one", "text": "Text", "read": "茶里的新茶到了，Robin，来店里坐坐", "unread": "茶里的新茶到了，亲，来店里坐坐",
        "unknown": "Example: nothing is known", "offer": "Name of the offer", "pace": "Messages per minute at most", "well": "nothing stands against it", "handed": "waits for a second person", "review": "In review", "reason": "Why it may be sent all the same", "empty": "not filled in",
    },
}  # fmt: skip


def fill(world) -> None:
    test_segments.fill(world)
    now = datetime.now(UTC)
    segments.save_live(world, world.store, SYSTEM, "Women", NEW_TREE, now=now)
    with world.store.transaction() as session:
        told = {"names": ["茶里"], "alone": 20, "grand": 100_000, "growth": 0.1, "messages": 4, "days": 7}
        choices.held(session, policy.KEPT, by="system", now=now)
        choices.write(session, policy.KEPT, told, by="system", now=now)


def step(page: Page, to: str) -> None:
    """The next step by its link, at the foot of the page."""
    page.locator("#cp-next").click()
    expect(page).to_have_url(re.compile(rf"step={to}"))
    expect(page.locator(f".st-key-card_campaign_{to}")).to_be_visible()
    idle(page)


def kept(server, name):
    with server.store.reading() as session:
        return next(one for one in campaigns.listed(session) if one.name == name)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_campaign_is_written_for_a_segment_and_handed_in(signed_in, server, lang):
    words, name = WORDS[lang], f"Tea {lang}"
    page = signed_in("manager", lang, "light" if lang == "zh" else "dark")
    page.goto(f"{server.url}/segments?part=list&sg=1")
    idle(page)
    page.locator("#sg-campaign").click()
    expect(page).to_have_url(re.compile(r"/campaigns\?new=1&segment=1"))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("combobox")).to_have_value(re.compile("Women"))
    idle(page)
    dialog.get_by_label(words["name"], exact=True).fill(name)
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-card_campaign_goal")).to_be_visible()
    idle(page)

    # What it is for, and on which channel: by keyboard.
    page.get_by_text(words["goal"], exact=True).click()
    expect(page.locator("ol.rail li").first).not_to_contain_text(re.compile(r"\d "))
    idle(page)
    step(page, "audience")
    channels = page.get_by_role("combobox", name=words["channels"])
    channels.focus()
    channels.fill(words["wecom"])
    expect(page.get_by_role("option", name=words["wecom"], exact=True)).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("ul.lacks")).to_have_count(0)
    idle(page)
    assert parse(kept(server, name).body).segments == (1,)
    step(page, "content")

    # Words, and how members read them.
    card = page.locator(".st-key-card_text_wecom")
    expect(card).to_contain_text(words["empty"])
    card.get_by_label(words["text"], exact=True).fill(TEXT)
    page.keyboard.press("Control+Enter")
    expect(card.locator(".bubble")).to_have_text(words["read"])
    idle(page)
    card.get_by_text(words["unknown"], exact=True).click()
    expect(card.locator(".bubble")).to_have_text(words["unread"])
    idle(page)

    # Nothing is lost when the page is loaded anew, or on another device.
    page.reload()
    idle(page)
    expect(card.get_by_label(words["text"], exact=True)).to_have_value(TEXT)
    phone = signed_in("manager", lang, "dark", width=390, height=844)
    phone.goto(page.url)
    idle(phone)
    expect(phone.locator(".st-key-card_text_wecom").get_by_label(words["text"], exact=True)).to_have_value(TEXT)
    assert phone.evaluate(TOO_WIDE) <= 0

    # What stands against it is let pass with a reason.
    reasons = page.get_by_label(words["reason"], exact=True)
    expect(reasons).to_have_count(2)
    for place, why in enumerate(("Members may delete the friend", "A handful of members")):
        reasons.nth(place).fill(why)
        page.keyboard.press("Enter")
        idle(page)
    expect(page.locator("ol.rail li.now small.late")).to_have_count(0)
    idle(page)
    step(page, "offer")
    page.locator(".st-key-cp_offer button").click()
    expect(page.get_by_label(words["offer"], exact=True)).to_be_visible()
    idle(page)
    page.locator(".st-key-cp_offer button").click()
    expect(page.get_by_label(words["offer"], exact=True)).to_have_count(0)
    idle(page)
    step(page, "schedule")
    page.get_by_label(words["pace"], exact=True).fill("30")
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-card_campaign_schedule")).to_contain_text("30")
    idle(page)
    step(page, "check")
    expect(page.locator(".st-key-card_campaign_check")).to_contain_text(words["well"])
    page.locator(".st-key-cp_hand_in button:visible").first.click()
    expect(page.get_by_text(words["handed"]).first).to_be_visible()
    idle(page)
    one = kept(server, name)
    body = parse(one.body)
    assert (one.state, body.goal, body.channels, body.schedule.per_minute) == ("in_review", "repeat", ("wecom",), 30)
    assert body.variants[0].contents["wecom"].text == TEXT
    assert dict(body.reasons) == {
        "must.opt_out": "Members may delete the friend",
        "platform.own_task": "A handful of members",
    }

    page.locator("#close-campaign").click()
    expect(page.locator("table.campaigns tbody tr").first).to_contain_text(words["review"])
    expect(page.locator("table.campaigns tbody tr").first).to_contain_text(name)
