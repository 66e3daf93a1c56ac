"""试发 in a browser: a letter is tried from the check step, arrives at a mail server of this machine, and the page says so by itself."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.campaigns.body import Body, Content, Variant, to_json
from core.scope import SYSTEM
from core.store import campaigns
from core.work import segments
from core.work.campaigns import drafts
from core.work.campaigns.outgoing.trying import Trying
from core.work.campaigns.ways_out import connectors
from core.work.campaigns.ways_out.ways import Ways
from tests import lakes
from tests.dashboard.pages import test_segments
from tests.e2e.browsing import TOO_WIDE, Server, idle, serving
from tests.fakes.mail import Box, post_office

pytestmark = pytest.mark.browser
MAIL = "lin@brand.example"
WOMEN = {"v": 1, "where": {"profile": "gender", "op": "is", "values": ["f"]}}
WORDS = {
    "zh": {"to": "收件邮箱", "do": "试发一条", "never": "还没有试发", "waits": "等待后台发送", "well": "已试发", "taken": "平台已接收"},
    "en": {"to": "E-mail address", "do": "Send one trial", "never": "Not tried yet", "waits": "Waits for the worker", "well": "Tried", "taken": "the platform has taken it"},
}  # fmt: skip


@pytest.fixture(scope="module")
def office() -> Iterator[Box]:
    with post_office() as office:
        yield office


def fill(world) -> None:
    test_segments.fill(world)
    segments.save_live(world, world.store, SYSTEM, "Women", WOMEN, now=datetime.now(UTC))


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    """A house whose links lead to this machine."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SIYU_LINKS_URL", "http://127.0.0.1:9")
        with serving(home) as running:
            yield running


def world(server: Server):
    """The server's own, as its worker has it."""
    opened = lakes.home(server.home)
    opened.store.close()
    return replace(
        opened, store=server.store, settings=replace(opened.settings, links_url="http://127.0.0.1:9", inner_hosts=frozenset({"127.0.0.1"}))
    )  # fmt: skip


def connected(home, office: Box) -> None:
    """A mail server of this machine, once."""
    with home.store.reading() as session:
        if campaigns.listed(session):
            return
    told = {"host": "127.0.0.1", "port": office.port, "security": "none", "from_address": "news@brand.example", "from_name": "茶里"}  # fmt: skip
    made = connectors.add(home, home.store, SYSTEM, "email", "Letters", told, {}, now=datetime.now(UTC))
    connectors.switch(home, home.store, SYSTEM, made.connector_id, is_on=True, revision=1, now=datetime.now(UTC))


def written(home) -> int:
    said = Variant("A", 1, {"email": Content("茶里：{{nickname|亲}}，新茶到了", title="新茶到了")})
    body = Body(goal="repeat", segments=(1,), channels=("email",), holdout=0.0, variants=(said,))
    number = drafts.create(home, home.store, SYSTEM, "New tea", now=datetime.now(UTC))
    drafts.save(home, home.store, SYSTEM, number, to_json(body), revision=1, now=datetime.now(UTC))
    return number


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_letter_is_tried_and_the_page_says_that_it_went_out(server, office, signed_in, lang):
    words, home = WORDS[lang], world(server)
    connected(home, office)
    Trying(home, Ways(home), connectors, lambda: datetime.now(UTC)).work()  # what waits of an earlier try
    number, before = written(home), len(office.letters)
    page = signed_in("manager", lang, "light" if lang == "zh" else "dark")
    page.goto(f"{server.url}/campaigns?campaign={number}&step=check")
    idle(page)
    card = page.locator(".st-key-card_campaign_trying")
    expect(card).to_contain_text(words["never"])
    card.get_by_label(words["to"], exact=True).fill(MAIL)
    card.get_by_role("button", name=words["do"]).click()
    expect(card.locator("table")).to_contain_text(words["waits"])
    idle(page)
    expect(card.get_by_label(words["to"], exact=True)).to_have_value("")
    assert MAIL not in page.content() and len(office.letters) == before, "the app itself sends nothing"
    assert Trying(home, Ways(home), connectors, lambda: datetime.now(UTC)).work().sent == 1
    expect(card.locator("table")).to_contain_text(words["well"])
    expect(card.locator(".timeline")).to_contain_text(words["taken"])
    letter = office.letters[-1]
    assert (letter["To"], letter["Subject"]) == (MAIL, "【试发】新茶到了")
    page.set_viewport_size({"width": 390, "height": 844})
    idle(page)
    assert page.evaluate(TOO_WIDE) <= 0
