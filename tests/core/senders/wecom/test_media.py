"""Pictures for cards: what is taken, how it is asked for, and how long WeCom keeps it."""

from datetime import UTC, datetime, timedelta

import pytest

from core.senders.outcomes import Halted, Unfit
from core.senders.parcels import Card, Parcel, alike
from core.senders.posting import Poster
from core.senders.sender import Permanent, Temporary
from core.senders.ways.wecom import WecomGroup, WecomSingle
from core.senders.wecom import media
from core.senders.wecom.calls import Calls
from core.senders.wecom.limits import InvalidMessage
from core.senders.wecom.tokens import App, Tokens
from core.senders.wecom.windows import Windows
from tests.fakes.wecom import CORP, SECRET, UPLOAD, working

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
POSTER = Poster({"127.0.0.1"})
PNG, JPG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, b"\xff\xd8\xff\xe0" + b"\r\n--x\r\n" * 9
APP = "wx0123456789abcdef"


@pytest.fixture
def corp():
    with working(NOW) as corp:
        corp.customers = {"wo1": ["ZhangSan"], "wo2": ["ZhangSan"]}
        corp.owners = {"wr1": "lisi"}
        yield corp


def calls(corp, secret=SECRET):
    windows = Windows()
    return Calls(App(CORP, secret), POSTER, Tokens(POSTER, windows, corp.base), windows, corp.base)


def card(corp, now=NOW, title="新品"):
    done = media.upload(calls(corp), PNG, now)
    return Card(title, APP, "pages/new", done.media_id, done.until)


def parcel(address, **more):
    return Parcel(f"c1-{address}", address, **{"text": "周末上新", **more})


@pytest.mark.parametrize("content", [PNG, JPG], ids=["png", "jpg"])
def test_a_picture_arrives_byte_for_byte_and_is_kept_for_three_days(corp, content):
    done = media.upload(calls(corp), content, NOW)
    assert corp.media[done.media_id][0] == content
    assert done.until == NOW.replace(microsecond=0) + timedelta(days=3)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (PNG[:5], "empty"), (b"GIF89a" + bytes(99), "kind"), (PNG + bytes(media.MOST_BYTES), "long")],
)
def test_what_wecom_would_not_take_is_refused_before_anything_is_asked(corp, content, reason):
    with pytest.raises(InvalidMessage) as refused:
        media.upload(calls(corp), content, NOW)
    assert refused.value.reason == reason
    assert corp.calls[UPLOAD] == 0


def test_the_largest_picture_is_taken(corp):
    content = PNG + bytes(media.MOST_BYTES - len(PNG))
    assert corp.media[media.upload(calls(corp), content, NOW).media_id][0] == content


def test_a_token_that_is_over_is_renewed_once_and_a_lost_answer_may_be_asked_again(corp):
    mine = calls(corp)
    media.upload(mine, PNG, NOW)
    corp.end_token()
    media.upload(mine, PNG, NOW)
    corp.loses[UPLOAD] = 1
    with pytest.raises(Temporary):
        media.upload(mine, PNG, NOW)
    corp.garbage[UPLOAD] = [b"<html>"]
    with pytest.raises(Temporary):
        media.upload(mine, PNG, NOW)
    corp.errcodes[UPLOAD] = [48002]
    with pytest.raises(Halted):
        media.upload(mine, PNG, NOW)
    corp.errcodes[UPLOAD] = [40009]
    with pytest.raises(Permanent):
        media.upload(mine, PNG, NOW)


def test_a_card_goes_beside_the_text_and_whatever_else_there_is(corp):
    mine = card(corp)
    WecomSingle(calls(corp)).send([parcel("wo1", card=mine, link="https://a.example/x", link_title="看看")], NOW)
    WecomGroup(calls(corp)).send([parcel("wr1", sender="lisi", card=mine)], NOW)
    single, group = (one.body for one in corp.masses.values())
    shown = {"msgtype": "miniprogram", "miniprogram": {"title": "新品", "pic_media_id": mine.media, "appid": APP, "page": "pages/new"}}  # fmt: skip
    assert [one["msgtype"] for one in single["attachments"]] == ["link", "miniprogram"]
    assert single["attachments"][1] == shown and group["attachments"] == [shown]
    assert single["text"] == {"content": "周末上新"}


def test_parcels_with_other_cards_are_not_alike_and_a_title_too_long_is_that_parcels_own_matter(corp):
    mine, other = card(corp), card(corp, title="新品，" * 8)
    assert alike(parcel("wo1", card=mine)) == alike(parcel("wo2", card=mine)) != alike(parcel("wo2", card=other))
    with pytest.raises(Permanent) as refused:
        WecomSingle(calls(corp)).send([parcel("wo1", card=other)], NOW)
    assert refused.value.code == "wecom.long" and not corp.masses


def test_a_cover_that_is_not_kept_any_more_stops_the_campaign_by_our_clock_and_by_wecoms(corp):
    mine = card(corp)
    for now, until in ((mine.until, mine.until), (NOW, mine.until)):
        corp.now = mine.until
        with pytest.raises(Unfit) as refused:
            WecomSingle(calls(corp)).send([parcel("wo1", card=mine)], now)
        assert refused.value.code == ("wecom.cover" if now == until else "wecom.40007")
    assert not corp.masses


def test_one_moment_before_it_is_over_a_cover_still_goes(corp):
    mine = card(corp)
    corp.now = mine.until - timedelta(seconds=1)
    (fate,) = WecomSingle(calls(corp)).send([parcel("wo1", card=mine)], corp.now)
    assert fate.state == "accepted"
