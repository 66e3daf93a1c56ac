"""Mini-program cards in the form of a campaign: filled in, their cover uploaded to a WeCom of our own, previewed, and taken away."""

from datetime import timedelta

import pytest

from core.campaigns.body import Content, Variant
from dashboard import i18n
from dashboard.web import wiring
from tests.core.work.connector_parts import add
from tests.dashboard.pages.conftest import said
from tests.dashboard.pages.parts import html
from tests.dashboard.pages.test_campaigns import (
    TEXT,
    begin,
    faultless,
    fill,
    home,
    kept,
    now,
    page,
    press,
    put,
    segment,
    whole,
)
from tests.fakes.wecom import working

PNG = b"\x89PNG\r\n\x1a\n" + b"cover"
APP = "wx0123456789abcdef"
LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])


@pytest.fixture
def corp(store, monkeypatch):
    """A house that may reach this machine, where a WeCom of our own works."""
    monkeypatch.setenv("SIYU_WEBHOOK_HOSTS", "127.0.0.1")
    wiring.house.cache_clear()
    fill()
    with working(now()) as corp:
        yield corp


def said_of(number):
    return kept(number).variants[0].contents["wecom"]


@LANGUAGES
def test_a_card_is_filled_in_its_cover_uploaded_and_it_lacks_nothing_any_more(opened, corp, language):
    texts = i18n.catalogue(language)
    add(home(), "wecom", is_on=True, gateway=corp.base, now=now())
    number = begin(whole(segment()))
    test = faultless(page(opened, number, "content", language=language))
    assert texts["campaigns.cover_none"] in said(test)
    put(test, "card_title", "周末上新")
    put(test, "card_app_id", APP)
    assert texts["campaigns.gap_empty"] in said(test)
    put(test, "card_page", "pages/new/index.html")
    test.file_uploader[0].set_value([("cover.png", PNG, "image/png")]).run()
    faultless(press(test, "_do"))
    content = said_of(number)
    assert (content.card_title, content.card_app_id, content.card_page) == ("周末上新", APP, "pages/new/index.html")
    assert corp.media[content.card_media][0] == PNG
    assert abs(content.card_until - now() - timedelta(days=3)) < timedelta(minutes=5)
    assert '<span class="linked-card"><b>周末上新</b>' in html(test)
    assert 'class="lacks"' not in html(test)


def test_a_cover_without_a_wecom_or_of_no_picture_is_refused_in_words(opened, corp):
    number = begin(whole(segment()))
    test = faultless(page(opened, number, "content"))
    test.file_uploader[0].set_value([("cover.png", PNG, "image/png")]).run()
    press(test, "_do")
    assert "还没有启用的企业微信" in test.error[0].value
    test.file_uploader[0].set_value([("cover.png", b"GIF89a..", "image/png")]).run()
    press(test, "_do")
    assert "JPG" in test.error[0].value
    assert not said_of(number).has_card


def test_a_card_is_taken_away_whole_and_one_whose_cover_is_over_says_so(opened, corp):
    card = {
        "card_title": "新品",
        "card_app_id": APP,
        "card_page": "p",
        "card_media": "m1",
        "card_until": now() - timedelta(hours=1),
    }
    number = begin(whole(segment(), variants=(Variant("A", 1, {"wecom": Content(TEXT, **card)}),)))
    test = faultless(page(opened, number, "content"))
    assert "已失效" in said(test)
    faultless(press(test, "_drop"))
    assert said_of(number) == Content(TEXT)
    assert "<b>新品</b>" not in html(test)


def test_other_channels_have_no_cards(opened, corp):
    number = begin(whole(segment(), channels=("webhook",), variants=(Variant("A", 1, {"webhook": Content(TEXT)}),)))
    test = faultless(page(opened, number, "content"))
    assert not test.file_uploader
