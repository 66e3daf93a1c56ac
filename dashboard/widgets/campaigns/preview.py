"""How a message reads: for real members of the audience, and for examples of whom everything or nothing is known, with its length in the channel's own unit."""

from collections.abc import Mapping
from datetime import timedelta
from html import escape
from typing import Any

import streamlit as st

from dashboard import i18n
from dashboard.data import campaigns
from dashboard.data.campaigns import Content, Read
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.campaigns import cards, words
from dashboard.widgets.campaigns.edits import Form

WHO = ("known", "unknown")
SAID = ("nickname", "tier", "city", "unit", "staff", "last_product", "coupon_code")
"""Fields whose examples are words."""
OF_THE_OFFER = ("coupon_amount", "coupon_code", "coupon_ends_on")
LINK = "https://s.example/u/7Kq2"
"""Stands for the link that each member gets of their own; nobody answers there."""


def show(form: Form, variant: str, content: Content, channel: str) -> None:
    labels = {one: t(f"campaigns.preview_{one}") for one in WHO} | _members(form)
    if form.found.body.is_placed:  # everybody there reads the same, and nothing is known of a place
        st.html(heading.line(t("campaigns.preview_placed")))
    who = "unknown" if form.found.body.is_placed else st.radio(
        t("campaigns.preview"), list(labels), format_func=labels.__getitem__, key=f"cp_preview_{channel}", horizontal=True, help=t("campaigns.preview_help")
    )  # fmt: skip
    if not content.text:
        st.html(heading.line(t("campaigns.preview_empty")))
    elif not campaigns.is_readable(content, form.found.body.missing):
        st.html(heading.line(t("campaigns.preview_broken")))
    elif who in WHO:
        values = _values(form, is_known=who == "known")
        st.html(_drawn(campaigns.example(form.found.body, content, channel, values), channel))
    else:
        st.html(_drawn(campaigns.read_by(form.found, variant, channel, int(who)), channel))


def _members(form: Form) -> dict[str, str]:
    """Real ones, where somebody may see them and there are any: the first of whom most is known, the last of whom least."""
    if form.found.body.is_placed or not form.found.body.segments or not campaigns.may_see_members():
        return {}
    found = campaigns.members(form.found)
    names = {str(one): campaigns.short_name(one) for one in found}
    if len(found) > 1:
        for which, one in (("most", found[0]), ("least", found[-1])):
            names[str(one)] = i18n.aside(names[str(one)], t(f"campaigns.preview_{which}"))
    return names


def examples() -> dict[str, str]:
    """What each field could say, in words."""
    return {name: str(value) for name, value in _known().items()}


def _known() -> dict[str, Any]:
    today = campaigns.today()
    said: dict[str, Any] = {name: t(f"campaigns.example_{name}") for name in SAID}
    said |= {
        "points": 1280,
        "days_since_last_order": 42,
        "last_order_on": today - timedelta(days=42),
        "joined_on": today - timedelta(days=400),
    }
    return said | {"coupon_amount": 2000, "coupon_ends_on": today + timedelta(days=7), "unsubscribe_link": LINK}


def _values(form: Form, *, is_known: bool) -> Mapping[str, Any]:
    """What belongs to the campaign is known of everybody."""
    offer = form.found.body.offer
    mine: dict[str, Any] = {"unsubscribe_link": LINK}
    if offer is not None:
        example = t("campaigns.example_coupon_code")
        mine |= {"coupon_amount": offer.face_minor, "coupon_ends_on": offer.ends_on}
        mine |= {
            "coupon_code": offer.code or None
            if offer.codes == "shared"
            else example
            if offer.codes == "single"
            else None
        }
    if not is_known:
        return mine
    return {name: value for name, value in _known().items() if name not in OF_THE_OFFER} | mine


def _drawn(one: Read, channel: str) -> str:
    missing = i18n.listed(map(words.field, one.missing))
    if one.trouble not in (None, campaigns.LONG) or one.text is None:
        key = "skipped" if one.trouble == campaigns.MISSING else "unfit"
        return f'<p class="draft skipped">{escape(t(f"campaigns.preview_{key}", fields=missing))}</p>'
    head = f"<b>{escape(one.title)}</b><br>" if one.title else ""
    bubble = f'<div class="draft bubble">{head}{escape(one.text)}{_card(one)}</div>'
    told = heading.line(t("campaigns.preview_missing", fields=missing)) if missing else ""
    return bubble + _length(one, channel) + told


def _card(one: Read) -> str:
    """The link as its reader sees it, and the mini-program's card."""
    mini = cards.html(one.card_title)
    if not one.link:
        return mini
    below = f"<small>{escape(one.link_text)}</small>" if one.link_text else ""
    return f'<span class="linked-card"><b>{escape(one.link_title or one.link)}</b>{below}</span>{mini}'


def _length(one: Read, channel: str) -> str:
    limit, length = campaigns.LIMITS.get(channel), i18n.number(one.length)
    if limit is None:
        return f'<p class="lead length">{escape(t("campaigns.length_letters", count=length))}</p>'
    told = t(f"campaigns.length_of_{limit.unit}", count=length, most=i18n.number(limit.most))
    look, more = (" late", f" {t('campaigns.length_over')}") if one.trouble == campaigns.LONG else ("", "")
    share = min(1.0, (one.length or 0) / limit.most)
    return (
        f'<p class="lead length{look}"><i style="--share:{share:.3f}" aria-hidden="true"></i>{escape(told + more)}</p>'
    )
