"""Messages as their readers get them: values of personal fields, codes of their own, links, addresses, and who gets none and why."""

import random
from dataclasses import replace
from datetime import date

import pytest

from core.campaigns import links, personal
from core.campaigns.body import Body, Content, Offer, Variant
from core.errors import Forbidden, Unknown
from core.privacy.vault import Vault, identity_label, profile_label
from core.scope import Operator, Scope
from core.senders import leaving
from core.senders.parcels import Card
from core.store import campaigns, choices, identity_values, outbox, profile_fields, segments
from core.store.tables import Batch
from core.work.campaigns.recipients import planning
from core.work.campaigns.texts import coupons, rendering
from core.work.questions import membership, references
from tests import lakes
from tests.core.work.campaigns import worlds
from tests.core.work.campaigns.worlds import NOW

LIN = Operator(1, "lin", "manager")
ADMIN = Operator(2, "wu", "admin")
EVERYTHING = "|".join(f"{{{{{name}|-}}}}" for name in personal.FIELDS)
OFFER = Offer("o1", "券", 1250, "single", ends_on=date(2026, 12, 1))


def text(said, channel="sms", **more):
    return Variant("A", 1, {channel: Content(said, **more)})


def about(said, channel="sms", **more):
    return Body(segments=(1,), channels=(channel,), variants=(text(said, channel),), holdout=0.0, **more)


@pytest.fixture
def home(tmp_path, store):
    """Member 1 with everything, 2 with a phone alone, 3 without any; all have agreed."""
    made = lakes.home(tmp_path)
    profile = {
        "identity_key": 1,
        "city": "上海",
        "unit_id": "u1",
        "staff_id": "s1",
        "joined_at": lakes.at("2025-12-31 16:00"),
        "tier": "gold",
    }
    lakes.add(
        made, 1,
        member_profiles=[profile, {"identity_key": 2, "tier": "荣誉会员"}, {"identity_key": 3}],
        identities=[{"identity_key": one, "identity_type": "phone", "namespace": "", "first_seen_at": lakes.at("2025-01-01 00:00")} for one in (1, 2)],
        consents=[{"identity_key": one, "occurred_at": lakes.at("2026-01-01 00:00"), "purpose": "marketing", "channel": None, "state": "given"} for one in (1, 2, 3)],
        units=[{"unit_id": "u1", "name": "一店"}], staff=[{"staff_id": "s1", "name": "小林"}], products=[{"product_id": "p2", "name": "红茶"}],
        groups=[{"group_id": "g1", "name": "群", "staff_id": "s1"}],
        order_lines=[
            lakes.sale(1, "2026-11-01 10:00", "o1", 10, product_name="绿茶"), lakes.sale(1, "2026-11-09 17:00", "o2", 5, product_id="p2"),
            lakes.sale(1, "2026-11-10 10:00", "o2", -5, kind="refund", product_name="乌龙"),
        ],
        points=[{"identity_key": 1, "occurred_at": lakes.at(f"2026-01-0{n} 00:00"), "entry_id": str(n), "points": n * 10, "kind": "earned"} for n in (1, 2)],
    )  # fmt: skip
    references.forget()
    vault = Vault(made.keys)
    with store.transaction() as session:
        rows = [
            (one, "phone", "", bytes([one]) * 32, vault.seal([f"1380000000{one}"], [identity_label(one)])[0])
            for one in (1, 2)
        ]
        identity_values.add(session, rows)
        session.add(
            Batch(
                id=1,
                table_name="member_profiles",
                source="shop",
                file_name="",
                state="committed",
                actor="lin",
                created_at=NOW,
            )
        )
        sealed = vault.seal([" 小\n雨 {{points}}"], [profile_label(1, "nickname")])[0]
        profile_fields.add(session, "nickname", 1, [(1, sealed)])
        segments.save(session, "all", "", [1, 2, 3], definition={"kind": "list"}, lake_version=1, by="lin", now=NOW)
    return replace(made, store=store, settings=replace(made.settings, links_url="https://go.example.com"))


def sent(home, body):
    """Parcels, or codes, of a campaign's planned messages, by member."""
    here = worlds.campaign(home.store, body)
    planning.materialise(home, here, NOW)
    with home.store.transaction() as session:
        campaign = campaigns.one(session, here)
        claims = [
            one for channel in body.channels for one in outbox.claim(session, channel, worker="w", now=NOW, most=100)
        ]
    found = rendering.parcels(home, campaign, body, claims, NOW)
    return {claim.member_id: found[claim.message_id] for claim in claims}, claims


def test_every_field_says_what_lake_and_store_know_of_a_member(home):
    (parcels, claims) = sent(home, about(EVERYTHING, offer=OFFER))
    code = coupons.single(coupons.key(home.keys), "c1", 1)
    token = leaving.token(
        home.keys.derived(links.LEAVING_KEY), leaving.Leaving(links.who(claims[0].message_id, 1), "sms", "marketing")
    )
    expected = {
        "nickname": "小 雨 {{points}}", "tier": "Basic", "city": "上海", "unit": "一店", "staff": "小林", "last_product": "红茶", "points": "30",
        "days_since_last_order": "10", "last_order_on": "2026-11-10", "joined_on": "2026-01-01", "coupon_code": code, "coupon_amount": "12.50", "coupon_ends_on": "2026-12-01",
        "unsubscribe_link": f"https://go.example.com/u/{token}",
    }  # fmt: skip
    shown = dict(zip(personal.FIELDS, parcels[1].text.split("|"), strict=True))
    assert shown == expected
    assert parcels[1].address == "13800000001" and parcels[1].way_out == expected["unsubscribe_link"]
    bare = dict(zip(personal.FIELDS, parcels[2].text.split("|"), strict=True))
    assert {name for name, value in bare.items() if value == "-"} == {
        "nickname", "city", "unit", "staff", "last_product", "points", "days_since_last_order", "last_order_on", "joined_on",
    }  # fmt: skip
    assert set(parcels) == {1, 2}


def test_a_tier_is_called_in_the_language_of_the_text(home):
    parcels, _ = sent(home, about("亲爱的{{tier|会员}}"))
    assert parcels[2].text == "亲爱的普通会员"


def test_an_imported_tier_is_called_so_too_where_the_product_knows_it_and_else_as_it_was_told(home):
    with home.store.transaction() as session:
        choices.write(session, membership.KEPT, membership.Terms("imported").to_json(), by="lin", now=NOW)
    references.forget()
    parcels, _ = sent(home, about("亲爱的{{tier|会员}}"))
    assert (parcels[1].text, parcels[2].text) == ("亲爱的金卡会员", "亲爱的荣誉会员")


def test_codes_of_coupons_are_ones_own_and_stay():
    secret = b"k" * 32
    codes = {coupons.single(secret, "c1", member) for member in range(2000)}
    assert len(codes) == 2000 and {len(code) for code in codes} == {coupons.LENGTH}
    assert set("".join(codes)) == set(coupons.LETTERS) and len(set(coupons.LETTERS)) == 32
    assert not set("01OI") & set(coupons.LETTERS)
    assert coupons.single(secret, "c1", 7) == coupons.single(secret, "c1", 7) != coupons.single(secret, "c2", 7)


def test_a_link_is_told_by_a_short_one_that_names_message_and_link_and_as_it_is_without_a_receiver(home):
    body = replace(about("a"), variants=(text("a", link="https://shop.example.com/x"),))
    parcels, claims = sent(home, body)
    first = next(claim for claim in claims if claim.member_id == 1)
    read = links.read([home.keys.derived(links.KEY)], parcels[1].link.removeprefix("https://go.example.com/c/"))
    assert read == links.Link(first.message_id, 0)
    with home.store.reading() as session:
        assert campaigns.links(session, 1) == {0: "https://shop.example.com/x"}
    bare = replace(home, settings=replace(home.settings, links_url=None))
    with home.store.reading() as session:
        [parcel] = rendering.parcels(bare, campaigns.one(session, 1), body, [first], NOW).values()
    assert (parcel.link, parcel.way_out) == ("https://shop.example.com/x", "")


@pytest.mark.parametrize(
    ("channel", "shown"), [("wecom", "https://shop.example.com/x"), ("sms", "https://go.example.com/c/…")]
)
def test_a_link_in_what_one_message_says_to_many_is_told_as_it_is(home, channel, shown):
    said = replace(about("a"), channels=(channel,), variants=(text("a", channel, link="https://shop.example.com/x"),))
    assert rendering.preview(home, ADMIN, said, "A", channel, None, NOW).link == shown


def test_whoever_cannot_be_written_to_is_told_by_a_code(home):
    body = about("{{points|0}}" + "x" * 499)
    parcels, claims = sent(home, body)
    assert parcels == {1: "render.long", 2: parcels[2]} and len(parcels[2].text) == 500
    with home.store.transaction() as session:
        identity_values.erase(session, [1])
        campaign = campaigns.one(session, 1)
    gone = [replace(claims[0], message_id=9, member_id=404), *claims]
    found = rendering.parcels(home, campaign, replace(body, missing="skip"), gone, NOW)
    assert found == {9: "address.gone", claims[0].message_id: "address.gone", claims[1].message_id: "render.missing"}
    assert rendering.parcels(home, campaign, body, [], NOW) == {}


def test_a_group_is_written_to_by_its_owner_and_one_that_nobody_knows_is_not(home):
    body = Body(
        channels=("group_chat",),
        places=("g1", "g2"),
        variants=(text("大家好 {{nickname|朋友们}}", "group_chat", link="https://shop.example.com/x", link_title="x"),),
        holdout=0.0,
    )
    parcels, _ = sent(home, body)
    [parcel] = parcels.values()
    assert (parcel.address, parcel.sender, parcel.text, parcel.way_out) == ("g1", "s1", "大家好 朋友们", "")
    assert parcel.link == "https://shop.example.com/x"
    rows = {row.place: (row.state, row.reason, member < 0) for (member, _), row in worlds.outbox(home.store, 1).items()}
    assert rows == {"g1": ("reserved", None, True), "g2": ("skipped", "gate.place", True)}


CARD = {
    "card_title": "新品给{{nickname|您}}", "card_app_id": "wx0123456789abcdef", "card_page": "pages/new", "card_media": "m1", "card_until": NOW,
}  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "card"),
    [("group_chat", Card("新品给您", "wx0123456789abcdef", "pages/new", "m1", NOW)), ("webhook", None)],
)
def test_a_card_goes_along_on_channels_that_have_cards_and_its_title_is_filled_in(home, channel, card):
    more = {"places": ("g1",)} if channel == "group_chat" else {"segments": (1,)}
    parcels, _ = sent(home, Body(channels=(channel,), variants=(text("a", channel, **CARD),), holdout=0.0, **more))
    assert {parcel.card for parcel in parcels.values()} == {card}


def test_a_title_that_is_too_long_for_a_card_once_it_is_filled_in_is_told_so(home):
    long = {**CARD, "card_title": "{{city|" + "字" * 21 + "}}ab"}
    body = Body(channels=("group_chat",), places=("g1",), variants=(text("a", "group_chat", **long),), holdout=0.0)
    assert shown(home, LIN, body, None, "group_chat").trouble == "render.long"
    fits = replace(body, variants=(text("a", "group_chat", **{**long, "card_title": long["card_title"][:-1]}),))
    assert shown(home, LIN, fits, None, "group_chat").card_title == "字" * 21 + "a"


def test_a_program_gets_the_number_of_a_member_and_no_address(home):
    parcels, _ = sent(home, about("a", "webhook"))
    assert {member: parcel.address for member, parcel in parcels.items()} == {1: "1", 2: "2", 3: "3"}


def shown(home, operator, body, member, channel="sms"):
    return rendering.preview(home, operator, body, "A", channel, member, NOW)


def test_a_preview_shows_a_real_member_and_masks_the_nickname_for_whoever_may_not_see_it(home):
    body = about("{{nickname|亲}} {{city|这里}}")
    assert shown(home, LIN, body, 1).text == "小 雨 {{points}} 上海"
    masked = shown(home, ADMIN, body, 1).text
    assert masked.endswith(" 上海") and "雨" not in masked and "points" not in masked and "*" in masked
    nobody = shown(home, LIN, body, None)
    assert (nobody.text, nobody.missing, nobody.trouble, nobody.most, nobody.unit) == (
        "亲 这里",
        ("nickname", "city"),
        None,
        500,
        "letters",
    )
    skipped = shown(home, LIN, replace(body, missing="skip"), 2)
    assert (skipped.text, skipped.trouble) == (None, "render.missing")


def test_a_preview_of_somebody_out_of_scope_is_refused(home):
    with pytest.raises(Unknown):
        shown(home, replace(LIN, scope=Scope(frozenset({"u2"}))), about("a"), 1)
    with pytest.raises(Forbidden):
        shown(home, Operator(1, "he", "executive"), about("a"), 1)


def test_members_for_a_preview_run_from_the_best_known_to_the_least_known(home):
    body = about("{{nickname|亲}} {{points|0}}")
    assert rendering.preview_members(home, LIN, body) == (1, 2, 3)
    assert rendering.preview_members(home, LIN, body, 2) == (1, 3)
    assert rendering.preview_members(home, replace(LIN, scope=Scope(frozenset({"u1"}))), body) == (1,)


def test_a_random_world_is_rendered_like_it_is_planned(tmp_path, store):
    """Whoever is planned lacks no value that the text names, and everybody else's parcel says it."""
    rng = random.Random(11)
    known = worlds.world(rng)
    home = worlds.filled(worlds.lake(tmp_path, known), store, known)
    body = Body(
        segments=(1, 2), channels=("sms", "webhook"), missing="skip", holdout=0.0,
        variants=tuple(Variant(name, 1, {one: Content(said) for one in ("sms", "webhook")}) for name, said in zip("ABCD", worlds.TEXTS, strict=True)),
    )  # fmt: skip
    parcels, _ = sent(home, body)
    assert parcels and not [one for one in parcels.values() if isinstance(one, str)]
