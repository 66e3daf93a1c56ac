"""From a drop in a funnel to what a campaign changed: people are kept, written to through WeCom, letters and a program of the house, and those held out tell what it brought."""

import re
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from core.campaigns.body import parse
from core.store import campaigns, outbox
from core.store.campaign_tables import Click, Outgoing, Suppression
from core.work.questions.campaign_results import people, results
from core.work.questions.reading import reading
from dashboard import i18n
from tests import lakes
from tests.core.demo.conftest import own
from tests.e2e.browsing import idle
from tests.fakes.wecom import Mass
from tests.journeys.house import House, opened, until

pytestmark = pytest.mark.browser
FUNNEL = "/funnels?world=demo&period=all&step=product_view&step=order_placed"
LINK = "https://shop.example.com/autumn"
SAID = {
    "email": "云岫茶集：{{nickname|亲}}，新茶到店，回来坐坐。不想再收到：{{unsubscribe_link|}}",
    "webhook": "云岫茶集：新茶到店，回来坐坐",
    "wecom": "云岫茶集：新茶到店，{{tier|会员}}专享，回来坐坐。不想再收到请回复T",
}
TITLE = "新茶到店"
OPEN = {"planned", "held", "reserved", "sending"}


@pytest.fixture(scope="module", params=["zh", "en"])
def language(request):
    return request.param


@pytest.fixture(scope="module")
def house(tmp_path_factory, language):
    """A house for each language: what one campaign sold would count for the next."""
    demo = own(tmp_path_factory)
    home = demo.settings.home
    demo.store.close()
    with opened(home) as house:
        yield house


@pytest.fixture(scope="module")
def server(house):
    return house.server


class Words:
    def __init__(self, language):
        self.language = language

    def __call__(self, key, **places):
        return i18n.text(self.language, key, **places)


def row(house: House, name: str):
    with house.demo.store.reading() as session:
        return next((one for one in campaigns.listed(session) if one.name == name), None)


def counts(house: House, name: str) -> dict[str, int]:
    with house.demo.store.reading() as session:
        return outbox.counts(session, row(house, name).id)


def step(page: Page, to: str) -> None:
    page.locator("#cp-next").click()
    expect(page).to_have_url(re.compile(rf"step={to}"))
    expect(page.locator(f".st-key-card_campaign_{to}")).to_be_visible()
    idle(page)


def choose(page: Page, label: str, *options: str) -> None:
    """Several options of a list, in this order. A list that is being drawn anew closes; a person opens it again, and so do we."""
    field = page.get_by_test_id("stMultiSelect").filter(has_text=label)
    for option in options:
        chosen = field.get_by_text(option, exact=True)
        for _ in range(5):
            with suppress(AssertionError, PlaywrightTimeout):
                field.locator("input").fill(option, timeout=5_000)
                page.get_by_role("option", name=option, exact=True).click(timeout=5_000)
                expect(chosen).to_be_visible(timeout=10_000)
            if chosen.is_visible():
                break
        expect(chosen).to_be_visible()
        idle(page)
    page.keyboard.press("Escape")


def keep_people(page: Page, house: House, say: Words, name: str) -> None:
    """Who left the funnel, as a segment; from it to a new campaign."""
    page.goto(f"{house.server.url}{FUNNEL}")
    idle(page)
    page.locator("nav.ways a.lost").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(say("people.segment_name"), exact=True).fill(name)
    dialog.get_by_role("button", name=say("people.save_segment")).click()
    dialog.locator("#to-campaign").click()
    expect(page).to_have_url(re.compile(r"/campaigns\?.*new=1"))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("combobox")).to_have_value(re.compile(re.escape(name)))
    idle(page)
    dialog.get_by_label(say("campaigns.name"), exact=True).fill(name)
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-card_campaign_goal")).to_be_visible()
    idle(page)


def write(page: Page, house: House, say: Words, name: str) -> None:
    """Every step of the form."""
    page.get_by_text(say("campaigns.goal_repeat"), exact=True).click()
    idle(page)
    step(page, "audience")
    names = [say(f"campaigns.channel_{one}") for one in SAID]
    choose(page, say("campaigns.of_channels"), *names)
    until(lambda: parse(row(house, name).body).channels == tuple(SAID), "the channels are kept")
    share = page.get_by_label(say("campaigns.of_holdout"), exact=True)
    share.fill("30")
    page.keyboard.press("Enter")
    idle(page)
    step(page, "content")
    for channel, text in SAID.items():
        card = page.locator(f".st-key-card_text_{channel}")
        if channel == "email":
            card.get_by_label(say("campaigns.content_title"), exact=True).fill(TITLE)
            page.keyboard.press("Enter")
            idle(page)
        card.get_by_label(say("campaigns.content_text"), exact=True).fill(text)
        page.keyboard.press("Control+Enter")
        expect(card.locator(".bubble")).to_contain_text("新茶到店")
        idle(page)
    letter = page.locator(".st-key-card_text_email")
    letter.get_by_text(say("campaigns.beside"), exact=True).click()
    letter.get_by_label(say("campaigns.content_link"), exact=True).fill(LINK)
    page.keyboard.press("Enter")
    idle(page)
    step(page, "offer")
    step(page, "schedule")
    step(page, "check")


def approve(page: Page, house: House, say: Words, name: str) -> int:
    """A second person is told of it, reads it, types how many messages it will be, and approves."""
    page.goto(f"{house.server.url}/today?world=demo")
    idle(page)
    expect(page.get_by_text(say("today.campaign_review", count="1", source=""))).to_be_visible()
    page.goto(f"{house.server.url}/campaigns?world=demo&campaign={row(house, name).id}&step=check")
    idle(page)
    expect(page.locator(".st-key-card_campaign_reading .previews").first).to_contain_text("新茶到店")
    typed = page.locator(".st-key-card_campaign_approval input").first
    count = int(typed.get_attribute("placeholder"))
    typed.fill("1")
    page.locator(".st-key-ca_approve_do button").first.click()
    expect(page.get_by_test_id("stAlert").filter(has_text=str(count)).first).to_be_visible()
    idle(page)
    assert row(house, name).state == "in_review"
    page.locator(".st-key-card_campaign_approval input").first.fill(str(count))
    page.locator(".st-key-ca_approve_do button").first.click()
    until(lambda: row(house, name).state == "approved", "it is approved")
    return count


def start(page: Page, house: House, name: str) -> None:
    page.goto(f"{house.server.url}/campaigns?world=demo&campaign={row(house, name).id}&step=check")
    idle(page)
    page.locator(".st-key-ca_start button").first.click()
    page.locator(".st-key-ca_start_do button").first.click()
    until(lambda: row(house, name).state not in ("approved", "scheduled"), "it is launched")


def rows(house: House, name: str) -> list[Outgoing]:
    with house.demo.store.reading() as session:
        return session.query(Outgoing).filter_by(campaign_id=row(house, name).id).order_by(Outgoing.member_id).all()


def told(found: list[Outgoing], channel: str) -> int:
    """Messages that a platform has, as the house believes."""
    return sum(one.channel == channel and one.state in ("accepted", "delivered") for one in found)


def masses(house: House, name: str) -> list[Mass]:
    """What WeCom asked employees to send of this campaign."""
    with_it = {one.provider_id for one in rows(house, name) if one.channel == "wecom"}
    return [mass for msgid, mass in house.corp.masses.items() if msgid in with_it]


def asked_for(house: House, name: str) -> list[str]:
    """Customers to whom employees are asked to send it."""
    return [who for mass in masses(house, name) for group in mass.asked.values() for who in group]


def followed(url: str) -> str | None:
    """Where a link leads, as a person follows it."""
    parts = urlsplit(url)
    asking = HTTPConnection(parts.netloc)
    asking.request("GET", parts.path, headers={"User-Agent": "Mozilla/5.0 (iPhone)"})
    answer = asking.getresponse()
    asking.close()
    return answer.headers["Location"]


def buy(house: House, name: str) -> tuple[int, int]:
    """Half of those written to and a tenth of those held out buy soon after; returns how many of each."""
    found = rows(house, name)
    treated = [one.member_id for one in found if one.state == "delivered"][::2]
    held = [one.member_id for one in found if one.state == "holdout"][::10]
    at = f"{datetime.now(UTC) + timedelta(minutes=1):%Y-%m-%d %H:%M:%S}"
    sales = [lakes.sale(who, at, f"{name} {who}", 100) for who in (*treated, *held)]
    with house.demo.lake.open() as snapshot:
        batch = snapshot.version + 1000
    with house.demo.writer.change("import", batch) as change:
        change.merge("order_lines", lakes.rows("order_lines", sales))
    return len(treated), len(held)


def test_from_a_drop_in_a_funnel_to_what_a_campaign_changed(house, signed_in, language):
    say, name = Words(language), f"回访 {secrets.token_hex(2)}"
    author, other = signed_in("manager", language), signed_in("manager", language)
    keep_people(author, house, say, name)
    write(author, house, say, name)
    expect(author.locator(".st-key-card_campaign_check")).to_contain_text(say("campaigns.nothing_missing"))
    author.locator(".st-key-cp_hand_in button:visible").first.click()
    until(lambda: row(house, name).state == "in_review", "it is handed in")
    planned = approve(other, house, say, name)
    before = len(house.post.letters), len(house.hook.ids)
    house.hook.now = datetime.now(UTC)
    start(author, house, name)

    # The worker sends each message once, on the first channel that reaches its reader.
    until(lambda: not OPEN & counts(house, name).keys(), "everything is sent")
    found = rows(house, name)
    letters, hooks, asked = house.post.letters[before[0] :], house.hook.ids[before[1] :], asked_for(house, name)
    assert len(letters) == len({one["Message-ID"] for one in letters}) == told(found, "email")
    assert len(hooks) == len(set(hooks)) == told(found, "webhook")
    assert len(asked) == len(set(asked)) == told(found, "wecom")
    assert letters and hooks and asked
    assert len(letters) + len(hooks) + len(asked) == planned

    # An employee confirms, a reader follows a link, another one wants no more of it.
    for mass in masses(house, name):
        house.corp.press_send(mass.msgid, "ZhangSan")
    said = letters[0].get_body(("plain",)).get_content()
    short = re.search(rf"{re.escape(house.links)}/c/\S+", said)
    assert short is not None and followed(short[0]) == LINK
    way_out = str(letters[1]["List-Unsubscribe"]).strip("<>")
    with urlopen(Request(way_out, data=b"List-Unsubscribe=One-Click", method="POST")) as answer:
        assert answer.status == 200
    with house.demo.store.reading() as session:
        assert session.query(Click).filter_by(campaign_id=row(house, name).id).count() == 1
        assert session.query(Suppression).filter_by(kind="unsubscribed").count() >= 1
    until(
        lambda: all(one.state != "accepted" for one in rows(house, name) if one.channel == "wecom"),
        "the employee's word is known",
    )

    # What it changed.
    bought = buy(house, name)
    with reading(house.demo) as lake:
        results_ = results(house.demo, lake, row(house, name).id)
    assert tuple(len(people(results_, f"{side}/converted")) for side in ("treated", "holdout")) == bought
    author.goto(f"{house.server.url}/campaigns?world=demo&campaign={row(house, name).id}&step=check&cp_view=results")
    idle(author)
    expect(author.locator("#campaign-verdict")).to_contain_text(say("campaign.verdict_up"))
    expect(author.locator(".st-key-card_campaign_results")).to_contain_text(str(bought[0]))
