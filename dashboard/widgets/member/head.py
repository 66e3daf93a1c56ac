"""Who the member is, what they are worth, what happened lately and what to say next: for twenty seconds."""

from html import escape

import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import member as data
from dashboard.data.member import Hint, Member, Standing, View
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import tiles
from dashboard.widgets.evidence import kind
from dashboard.widgets.member import consent, stream, words
from dashboard.widgets.tiles import Tile

LATELY, HINTS, SHOWN = 5, 4, 6
FIRST = ("phone", "unionid", "external_userid", "openid", "email", "pos_card")
"""Identities in the order in which people know them."""
WIDTH = 165


def who(view: View) -> None:
    member = view.member
    badges = "".join(f"<span>{escape(text)}</span>" for text in _badges(member))
    facts = "".join(f"<li>{escape(text)}</li>" for text in _facts(member))
    told = f"<ul>{facts}</ul>" if facts else f'<p class="lead">{escape(t("member.no_profile"))}</p>'
    st.html(
        f'<section class="card person"><h2 id="member-name">{escape(words.label(member.member_id))}{badges}</h2>'
        f'<p class="lead">{escape(_identities(member))}</p>{told}</section>'
    )


def worth(view: View, told: Standing) -> None:
    st.html(tiles.wall(_tiles(view.member, told), WIDTH))


def lately(view: View, told: Standing, address: str) -> None:
    """``address``: of the whole stream."""
    rows = view.stream.head(LATELY).to_dict("records")
    entries = stream.entries(view.member, rows) if rows else f"<p>{escape(t('member.lately_none'))}</p>"
    every = t("member.lately_all", count=i18n.number(len(view.stream)))
    more = f'<p><a href="{escape(address)}">{escape(every)}</a></p>' if len(view.stream) > LATELY else ""
    st.html(
        f'<div class="pair"><section><h2>{escape(t("member.lately"))}</h2>{entries}{more}</section>'
        f'<section id="member-next"><h2>{escape(t("member.next"))}</h2>{_hints(view, told)}</section></div>'
    )


def _badges(member: Member) -> list[str]:
    profile = member.profile
    found = [t("member.known" if member.is_known else "member.visitor")]
    if profile.is_friend is not None:
        found.append(t("member.friend" if profile.is_friend else "member.not_friend"))
    return [*found, t("member.test")] if profile.is_test else found


def _identities(member: Member) -> str:
    """The best known identities, masked."""
    known = sorted(
        member.identities.items(), key=lambda one: (FIRST.index(one[1][0]) if one[1][0] in FIRST else len(FIRST), one[0])
    )[:SHOWN]  # fmt: skip
    masks = data.masks([key for key, _ in known])
    shown = [f"{kind(identity)} {masks.get(key, '')}".strip() for key, (identity, _) in known]
    return " · ".join(shown) if shown else t("member.no_identities")


def _facts(member: Member) -> list[str]:
    profile, found = member.profile, []
    if profile.gender is not None:
        found.append(words.code("segments.gender_", profile.gender))
    if profile.birth_year is not None and member.as_of is not None:
        found.append(t("member.age", age=member.as_of.year - profile.birth_year))
    if profile.city is not None:
        found.append(profile.city)
    if profile.units:
        found.append(
            t("member.units", names=i18n.listed(words.called(member, "unit_id", one) for one in profile.units))
        )
    if profile.staff:
        found.append(
            t("member.staff", names=i18n.listed(words.called(member, "staff_id", one) for one in profile.staff))
        )
    if profile.joined_at is not None:
        at, brought = words.day(profile.joined_at), profile.acquisition_channel
        found.append(
            t("member.joined_by", at=at, channel=words.channel(brought)) if brought else t("member.joined", at=at)
        )
    return found


def _tiles(member: Member, told: Standing) -> list[Tile]:
    bought, money = member.bought, member.currency
    orders = t("member.tile_net_beside", orders=i18n.number(bought.orders), aov=i18n.money(bought.aov_minor, money))
    back = t(
        "member.tile_net_gross",
        gross=i18n.money(bought.gross_minor, money),
        refund=i18n.money(-bought.refund_minor, money),
    )
    days = bought.days_since_last_order
    found = [
        Tile(
            "net", t("member.tile_net"), i18n.money(bought.net_minor, money) if bought.orders else UNDEFINED,
            orders if bought.orders else "", t("member.tile_net_help"), tiles.lines(back) if bought.refund_minor else "",
        ),
        Tile(
            "last", t("member.tile_last"), UNDEFINED if days is None else t("member.days", count=i18n.number(days)),
            t("member.tile_last_none") if bought.last_on is None else i18n.day(bought.last_on), t("member.tile_last_help"),
        ),
        _class(told),
        _expected(member, told),
        _life(told),
    ]  # fmt: skip
    if member.balance is not None:
        found.append(
            Tile(
                "points",
                t("member.tile_points"),
                i18n.number(member.balance),
                _tier(member, told),
                t("member.tile_points_help"),
            )
        )
    return found


def _class(told: Standing) -> Tile:
    row = told.rows.get("rfm")
    name = words.code("rfm.class_", row["rfm_class"]) if row else UNDEFINED
    beside = words.code("segments.value_tier_", row["value_tier"]) if row else ""
    return Tile("class", t("member.tile_class"), name, beside, t("member.tile_class_help"))


def _expected(member: Member, told: Standing) -> Tile:
    row, help_ = told.rows.get("ltv"), t("member.tile_expected_help")
    if row is None or row["value_365d_minor"] is None:
        refusal = told.refused.get("ltv")
        below = tiles.lines(t("member.tile_expected_refused")) if refusal else ""
        return Tile("expected", t("member.tile_expected"), UNDEFINED, "", help_, below)
    chance = t("member.tile_expected_chance", chance=i18n.share(row["chance_365d"], 0))
    return Tile(
        "expected",
        t("member.tile_expected"),
        i18n.money(row["value_365d_minor"], member.currency, digits=0),
        chance,
        help_,
    )


def _life(told: Standing) -> Tile:
    life = told.life
    name = words.code("lifecycle.state_", life.name) if life and life.name else UNDEFINED
    meaning = t("member.tile_life_help", days=i18n.days(life.week)) if life else ""
    acted = i18n.day(life.last_on) if life and life.last_on else ""
    return Tile("life", t("member.tile_life"), name, t("member.acted", on=acted) if acted else "", meaning)


def _tier(member: Member, told: Standing) -> str:
    row = told.rows.get("membership")
    tier = row["tier"] if row else member.profile.tier
    return t("member.tile_tier", tier=words.code("membership.tier_", tier)) if tier else ""


def _hints(view: View, told: Standing) -> str:
    found = data.hints(view, told)[:HINTS]
    items = "".join(f"<li>{escape(hint(view.member, one))}</li>" for one in found)
    said = f"<ul>{items}</ul>" if found else f"<p>{escape(t('member.next_none'))}</p>"
    may = consent.now(view)
    reach = f'<p><a href="?{escape(addresses.only("m"))}look=reach">{escape(may)}</a></p>' if may else ""
    return f'<p class="lead">{escape(t("member.next_lead"))}</p>{said}{reach}'


def hint(member: Member, one: Hint) -> str:
    about = words.called(member, *one.about) if one.about else ""
    key = "member.hint_cart_plain" if one.name == "cart" and not about else f"member.hint_{one.name}"
    details = dict(one.details)
    if "category" in details:
        details["category"] = words.code("surveys.category_", details["category"])
    return t(key, at=words.day(one.at), about=about, **details)
