"""Who the member is, what they are worth, what happened lately and what to say next: for twenty seconds."""

from html import escape

import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import member as data
from dashboard.data.member import Hint, Member, Standing, View
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading, names, tiles
from dashboard.widgets.evidence import kind
from dashboard.widgets.member import consent, stream, words
from dashboard.widgets.tiles import Tile

LATELY, HINTS, SHOWN, TAGS = 5, 4, 6, 6
FIRST = ("phone", "unionid", "external_userid", "openid", "email", "pos_card")
"""Identities in the order in which people know them."""
WIDTH = 165


def who(view: View) -> None:
    """Whose they are and since when, where they can be written to now, how they are marked; last by what they are known."""
    member = view.member
    badges = "".join(f"<span>{escape(text)}</span>" for text in _badges(member))
    facts = "".join(f"<li>{escape(text)}</li>" for text in [*_called(view), *_facts(member)])
    told = (
        f"<ul>{facts}</ul>"
        if facts
        else heading.line(t("member.no_profile" if member.is_known else "member.no_visitor"))
    )
    st.html(
        f'<section class="card person"><h2 id="member-name">{escape(words.label(member.member_id))}{badges}</h2>'
        f'{told}{_reach(view)}{_tags(view)}<p class="lead">{escape(_identities(member))}</p></section>'
    )


def _reach(view: View) -> str:
    found = consent.now(view)
    if found is None:
        return ""
    text, state = found
    return f'<p id="member-reach" class="{state}"><a href="?{escape(addresses.only("m"))}look=reach">{escape(text)}</a></p>'


def _tags(view: View) -> str:
    """Names of the tags that were given last."""
    found = data.marks(view).tags
    if not found:
        return ""
    newest = sorted(found, key=lambda tag: tag.given_at, reverse=True)[:TAGS]
    names = "".join(f"<span>{escape(tag.name)}</span>" for tag in newest)
    rest = f" {escape(t('member.tags_more', count=i18n.number(len(found) - TAGS)))}" if len(found) > TAGS else ""
    return f'<p id="member-tags">{escape(t("member.tags"))} <a href="?{escape(addresses.only("m"))}look=marks">{names}{rest}</a></p>'


def worth(view: View, told: Standing) -> None:
    st.html(tiles.wall(_tiles(view, told), WIDTH))


def lately(view: View, told: Standing, address: str) -> None:
    """``address``: of the whole stream."""
    entries = stream.part(view, stream.EVERY, 0, LATELY)
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


def _called(view: View) -> list[str]:
    """The nickname, masked."""
    found = data.nickname(view)
    return [] if found is None else [t("member.nickname", name=found[1])]


def _facts(member: Member) -> list[str]:
    profile, found = member.profile, []
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
    if profile.gender is not None:
        found.append(words.code("segments.gender_", profile.gender))
    if profile.birth_year is not None and member.as_of is not None:
        found.append(t("member.age", age=member.as_of.year - profile.birth_year))
    if profile.city is not None:
        found.append(profile.city)
    return found


def _tiles(view: View, told: Standing) -> list[Tile]:
    member, bought, money = view.member, view.member.bought, view.member.currency
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
        _class(member, told),
        _life(told),
        _expected(member, told),
    ]  # fmt: skip
    if tier(view, told) or member.balance is not None:
        found.append(_membership(view, told))
    return found


def _class(member: Member, told: Standing) -> Tile:
    row = told.rows.get("rfm")
    if row is None:
        below = "" if member.orders else _quietly(t("member.rfm_nobody"))
        return Tile("class", t("member.tile_class"), UNDEFINED, "", t("member.tile_class_help"), below)
    name = words.code("rfm.class_", row["rfm_class"])
    beside = t("member.tile_value", tier=words.code("segments.value_tier_", row["value_tier"]))
    below = _quietly(t("member.tile_class_rule"))
    return Tile("class", t("member.tile_class"), name, beside, t("member.tile_class_help"), below)


def _expected(member: Member, told: Standing) -> Tile:
    row, help_ = told.rows.get("ltv"), t("member.tile_expected_help")
    if row is None or row["value_365d_minor"] is None:
        refusal = told.refused.get("ltv")
        why = t("member.tile_expected_refused") if refusal else "" if member.orders else t("member.ltv_nobody")
        below = _quietly(why)
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
    below = _quietly(life_rule(life.name)) if life and life.name else ""
    return Tile("life", t("member.tile_life"), name, t("member.acted", on=acted) if acted else "", meaning, below)


def life_rule(state: str) -> str:
    """What puts somebody into a state of the lifecycle, in a few words."""
    return t(f"member.life_rule_{state}", count=i18n.number(data.SILENCE))


def tier(view: View, told: Standing) -> str:
    """The tier of membership that the house goes by, in words; nothing where there is none."""
    row = told.rows.get("membership")
    found = row["tier"] if row else view.member.profile.tier if view.tier_by == "imported" else None
    return names.tier(found) if found else ""


def other_tier(view: View, told: Standing) -> str:
    """What profiles say where the house goes by its own rule, and it is not the same."""
    found = view.member.profile.tier
    called = names.tier(found) if found else ""
    return called if view.tier_by == "rule" and called != tier(view, told) else ""


def _membership(view: View, told: Standing) -> Tile:
    balance, other = view.member.balance, other_tier(view, told)
    points = "" if balance is None else t("member.tile_points", points=i18n.number(balance))
    below = t(f"member.tier_by_{view.tier_by}"), t("member.tier_other", tier=other) if other else ""
    return Tile(
        "membership", t("member.score_membership"), tier(view, told) or UNDEFINED, points, t("member.tile_tier_help"), _quietly(*below)
    )  # fmt: skip


def _quietly(*texts: str) -> str:
    return "".join(heading.line(text) for text in texts if text)


def _hints(view: View, told: Standing) -> str:
    found = data.hints(view, told)[:HINTS]
    items = "".join(f"<li>{escape(hint(view.member, one))}</li>" for one in found)
    said = f"<ul>{items}</ul>" if found else f"<p>{escape(t('member.next_none'))}</p>"
    return f'<p class="lead">{escape(t("member.next_lead"))}</p>{said}'


def hint(member: Member, one: Hint) -> str:
    about = words.called(member, *one.about) if one.about else ""
    key = "member.hint_cart_plain" if one.name == "cart" and not about else f"member.hint_{one.name}"
    details = dict(one.details)
    if "category" in details:
        details["category"] = words.code("surveys.category_", details["category"])
    return t(key, at=words.day(one.at), about=about, **details)
