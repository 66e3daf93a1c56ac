"""Groups that a member joined and left, feedback, service, activities, coupons and referrals."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

import streamlit as st

from dashboard.data.member import Member, Stay, View
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading
from dashboard.widgets.member import stream, table, words
from dashboard.widgets.member.table import Link
from dashboard.widgets.member.words import Row

SHOWN = 60
COUPON = ("issued", "claimed", "redeemed", "expired")


def show(view: View) -> None:
    member = view.member
    parts = [f"<h2>{escape(t('member.groups'))}</h2>", _groups(member)]
    for title, kinds in (("talks", ("feedback", "service")), ("acts", ("activity",))):
        rows = view.stream[view.stream["kind"].isin(kinds)].head(SHOWN).to_dict("records")
        told = stream.entries(member, rows) if rows else heading.line(t(f"member.{title}_none"))
        parts.append(f"<h2>{escape(t(f'member.{title}'))}</h2>{told}")
    parts.append(f"<h2>{escape(t('member.coupons'))}</h2>{_coupons(member)}")
    parts.append(f"<h2>{escape(t('member.referrals'))}</h2>{_referrals(member)}")
    st.html(f'<div class="parts-of">{"".join(parts)}</div>')


def _groups(member: Member) -> str:
    if not member.stays:
        return heading.line(t("member.groups_none_lead"))
    titles = [t(f"member.{name}") for name in ("group", "since", "until", "how")]
    return table.html(titles, [_stay(member, stay) for stay in member.stays])


def _stay(member: Member, stay: Stay) -> Sequence[str]:
    since = words.moment(stay.joined_at) if stay.joined_at else t("member.unknown_since")
    until = words.moment(stay.left_at) if stay.left_at else t("member.still_in")
    how = [words.code("member.scene_", stay.scene) if stay.scene else "", t("member.by_list") if stay.is_listed else ""]
    return (
        words.called(member, "group_id", stay.group_id),
        since,
        until,
        " · ".join(part for part in how if part) or UNDEFINED,
    )


def _coupons(member: Member) -> str:
    """One row per coupon, the one that changed last first."""
    own: dict[tuple[str, str], dict[str, datetime]] = {}
    for row in member.coupons:
        own.setdefault((row["offer_id"], row["coupon_no"]), {}).setdefault(row["state"], row["occurred_at"])
    if not own:
        return heading.line(t("member.coupons_none"))
    titles = [t(f"member.{name}") for name in ("coupon", *COUPON)]
    rows = [
        (words.called(member, "offer_id", offer), *(words.moment(states.get(state)) for state in COUPON))
        for (offer, _), states in own.items()
    ]
    return table.html(titles, rows[:SHOWN])


def _referrals(member: Member) -> str:
    rows = [_referral("brought", row) for row in member.brought] + [
        _referral("brought_by", row) for row in member.brought_by
    ]
    if not rows:
        return heading.line(t("member.referrals_none"))
    return table.html([t("member.referrals"), t("member.when"), t("member.channel")], rows[:SHOWN])


def _referral(name: str, row: Row) -> Sequence[str]:
    told = t(f"member.referral_{name}", who=words.who(row["member_id"]))
    one = told if row["member_id"] is None else Link(told, f"?m={row['member_id']}")
    return one, words.moment(row["occurred_at"]), words.channel(row["channel"])
