"""What the author of a campaign says: read strictly, kept as it was said, and complete only when nothing is missing."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.campaigns import body as bodies
from core.campaigns.body import Body, Content, InvalidCampaign, Offer, Schedule, Variant, digest, gaps, parse, to_json

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
TODAY = date(2026, 11, 20)
WHOLE = Body(
    goal="repeat",
    segments=(3,),
    channels=("wecom",),
    variants=(Variant("A", 1, {"wecom": Content("{{nickname|亲}}，老朋友专享")}),),
)
LINES = st.text(max_size=50)
TIMES = st.datetimes(timezones=st.just(UTC))
CONTENTS = st.builds(
    Content,
    text=LINES,
    title=LINES,
    link=LINES,
    template=LINES,
    values=st.dictionaries(LINES, LINES, max_size=3),
    card_title=LINES,
    card_app_id=LINES,
    card_page=LINES,
    card_media=LINES,
    card_until=st.none() | TIMES,
)
BODIES = st.builds(
    Body,
    goal=st.sampled_from([None, *bodies.GOALS]),
    metric=st.sampled_from(bodies.METRICS),
    window_days=st.integers(1, 90),
    purpose=st.sampled_from(["marketing", "service"]),
    segments=st.lists(st.integers(1), unique=True, max_size=3).map(tuple),
    channels=st.lists(st.sampled_from(bodies.CHANNELS), unique=True).map(tuple),
    variants=st.lists(
        st.builds(
            Variant,
            st.text("ABC", min_size=1, max_size=3),
            st.integers(1, 1000),
            st.dictionaries(st.sampled_from(bodies.CHANNELS), CONTENTS, max_size=2),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    missing=st.sampled_from(["default", "skip"]),
    offer=st.none()
    | st.builds(
        Offer,
        LINES,
        LINES,
        st.integers(0, 10**6),
        st.sampled_from(get_args(bodies.Codes)),
        LINES,
        st.none() | st.integers(0, 10**9),
        st.none() | st.dates(),
    ),
    schedule=st.builds(
        Schedule,
        st.sampled_from(bodies.WHENS),
        st.none() | TIMES,
        st.none() | st.integers(1, 9),
        st.none() | TIMES,
        st.sampled_from(["defer", "skip"]),
    ),
    holdout=st.floats(0, 0.5),
    budget_minor=st.none() | st.integers(0, 10**9),
    reasons=st.dictionaries(LINES, LINES, max_size=2),
)


@given(BODIES)
def test_what_was_said_comes_back_as_it_was_said_through_one_json_text(body):
    assert parse(json.loads(json.dumps(to_json(body)))) == body


@given(BODIES, BODIES)
def test_two_bodies_have_one_fingerprint_only_when_they_say_the_same(one, other):
    assert (digest(one, {}) == digest(other, {})) == (to_json(one) == to_json(other))


def test_a_fingerprint_is_bound_to_the_audience_too():
    assert digest(WHOLE, {"segments": {"3": 1}}) != digest(WHOLE, {"segments": {"3": 2}})


def test_a_draft_may_be_empty_and_says_what_is_missing_in_the_order_of_its_steps():
    found = gaps(parse({"v": 1}), NOW, TODAY)
    assert [(one.step, one.field, one.reason) for one in found] == [
        ("goal", "goal", "empty"),
        ("audience", "channels", "empty"),
        ("audience", "segments", "empty"),
    ]


def test_a_whole_campaign_misses_nothing():
    assert gaps(WHOLE, NOW, TODAY) == ()


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ([], ""),
        ({"v": 2}, "v"),
        ({"v": 1, "colour": "red"}, "colour"),
        ({"v": 1, "window_days": 0}, "window_days"),
        ({"v": 1, "window_days": True}, "window_days"),
        ({"v": 1, "holdout": 0.6}, "holdout"),
        ({"v": 1, "holdout": float("nan")}, "holdout"),
        ({"v": 1, "channels": ["pigeon"]}, "channels"),
        ({"v": 1, "segments": [0]}, "segments"),
        ({"v": 1, "schedule": {"at": "2026-11-20T10:00:00"}}, "schedule.at"),
        ({"v": 1, "schedule": {"at": 5}}, "schedule.at"),
        ({"v": 1, "variants": [{"name": " "}]}, "variants[0].name"),
        ({"v": 1, "variants": [{"name": "A", "contents": {"pigeon": {}}}]}, "variants[0].contents"),
        ({"v": 1, "offer": {"face_minor": -1}}, "offer.face_minor"),
        ({"v": 1, "reasons": {"word.best": 5}}, "reasons.word.best"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(document, field):
    with pytest.raises(InvalidCampaign) as refused:
        parse(document)
    assert refused.value.details["field"] == field


def _with(**values):
    return Body(**{name: getattr(WHOLE, name) for name in Body.__slots__} | values)


CARD = {
    "card_title": "新品", "card_app_id": "wx0123456789abcdef", "card_page": "pages/new", "card_media": "m1", "card_until": NOW + timedelta(days=3),
}  # fmt: skip


def _carded(channel="wecom", schedule=Schedule(), **values):
    body = _content(channel, text="x", **(CARD | values))
    return _with(channels=body.channels, variants=body.variants, schedule=schedule, segments=(3,), places=("g1",))


def _content(channel, **values):
    return _with(channels=(channel,), variants=(Variant("A", 1, {channel: Content(**values)}),))


@pytest.mark.parametrize(
    ("body", "gap"),
    [
        (_with(metric="event"), ("goal", "event", "empty")),
        (_with(metric="redeemed"), ("goal", "metric", "no_offer")),
        (_with(channels=("wecom", "group_chat"), places=("g1",)), ("audience", "channels", "mixed")),
        (_with(without=(3,)), ("audience", "without", "same")),
        (_content("email", text="x"), ("content", "title", "empty")),
        (_content("sms", text="x"), ("content", "template", "empty")),
        (_content("wecom", text="{{nickname}}"), ("content", "text", "text_no_default")),
        (_content("wecom", text="{{coupon_code|-}}"), ("content", "text", "no_offer")),
        (_content("wecom", text="x", link="https://a.b/"), ("content", "link_title", "empty")),
        (_with(variants=(WHOLE.variants[0], WHOLE.variants[0])), ("content", "variants", "same")),
        (_carded(card_title=" "), ("content", "card_title", "empty")),
        (_carded(card_title="字" * 21 + "ab"), ("content", "card_title", "text_long")),
        (_carded(card_title="{{nickname}}"), ("content", "card_title", "text_no_default")),
        (_carded(card_app_id=""), ("content", "card_app_id", "empty")),
        (_carded(card_app_id="gh_0123456789abcd"), ("content", "card_app_id", "form")),
        (_carded(card_page=""), ("content", "card_page", "empty")),
        (_carded("group_chat", card_media=""), ("content", "card_media", "empty")),
        (_carded(card_until=NOW), ("content", "card_media", "over")),
        (_carded(card_until=None), ("content", "card_media", "over")),
        (_carded(schedule=Schedule("at", NOW + timedelta(days=3))), ("content", "card_media", "over")),
        (_with(offer=Offer("o", "o", 500, budget_minor=499)), ("offer", "budget_minor", "below_face")),
        (_with(offer=Offer("o", "o", 500, ends_on=date(2026, 11, 19))), ("offer", "ends_on", "past")),
        (_with(schedule=Schedule("at")), ("schedule", "at", "empty")),
        (_with(schedule=Schedule(expires_at=NOW)), ("schedule", "expires_at", "past")),
        (_with(schedule=Schedule("at", NOW + timedelta(2), expires_at=NOW + timedelta(1))), ("schedule", "expires_at", "past")),
    ],
)  # fmt: skip
def test_what_is_missing_or_contradicts_itself_is_told_with_its_step(body, gap):
    assert gap in [(one.step, one.field, one.reason) for one in gaps(body, NOW, TODAY)]


@pytest.mark.parametrize("name", ["link", "picture"])
@pytest.mark.parametrize(
    ("address", "is_right"),
    [
        ("https://shop.example.com/x?a=1#b", True), ("HTTP://shop.example.com", True), ("http://10.0.0.7:8080/x", True), ("https://商店.example/新茶", True), ("", True),
        ("shop.example.com/x", False), ("javascript:alert(1)", False), ("https://", False), ("https:///x", False), ("https://lin:pw@shop.example.com", False),
        ("https://shop.example.com/a b", False), (" https://shop.example.com", False), ("ftp://shop.example.com", False), ("//shop.example.com", False),
    ],
)  # fmt: skip
def test_a_link_or_picture_that_no_phone_can_open_is_a_gap(name, address, is_right):
    content = Content(
        "{{nickname|亲}}，新茶", link_title="去看看" if address and name == "link" else "", **{name: address}
    )
    found = gaps(replace(WHOLE, variants=(Variant("A", 1, {"wecom": content}),)), NOW, TODAY)
    assert [(one.field, one.reason, one.at) for one in found] == ([] if is_right else [(name, "web", "A.wecom")])


@pytest.mark.parametrize(("letters", "is_right"), [(1333, True), (1334, False)])
def test_a_text_that_nobody_could_get_for_its_length_is_a_gap(letters, is_right):
    content = Content("{{nickname|亲爱的老朋友}}" + "长" * letters)
    found = gaps(replace(WHOLE, variants=(Variant("A", 1, {"wecom": content}),)), NOW, TODAY)
    assert [(one.field, one.reason) for one in found] == ([] if is_right else [("text", "text_long")])


def test_a_whole_card_lacks_nothing_and_one_elsewhere_is_not_looked_at():
    near = Schedule("at", NOW + timedelta(days=3, seconds=-1))
    for body in (
        _carded(),
        _carded("group_chat"),
        _carded(schedule=near),
        _carded(card_title="字" * 21 + "a"),
        _carded("webhook", card_media=""),
    ):
        assert gaps(body, NOW, TODAY) == ()


def test_what_has_no_card_is_kept_and_approved_as_before_there_were_any():
    document = to_json(WHOLE)
    assert not [name for name in document["variants"][0]["contents"]["wecom"] if name.startswith("card")]
    carded = to_json(_carded())["variants"][0]["contents"]["wecom"]
    assert {name: carded[name] for name in CARD} == CARD | {"card_until": CARD["card_until"].isoformat()}
    assert digest(_carded(), {}) != digest(_carded(card_until=NOW + timedelta(days=2)), {})
