"""How a message reads: for somebody of whom everything is known and for somebody of whom nothing is, with its length in the channel's own unit."""

from collections.abc import Mapping
from datetime import timedelta
from html import escape
from typing import Any

import streamlit as st

from dashboard import i18n
from dashboard.data import campaigns
from dashboard.data.campaigns import Content, Sampled
from dashboard.i18n import t
from dashboard.widgets.campaigns import words
from dashboard.widgets.campaigns.edits import Form

WHO = ("known", "unknown")
SAID = ("nickname", "tier", "city", "unit", "staff", "last_product", "coupon_code")
"""Fields whose examples are words."""
OF_THE_OFFER = ("coupon_amount", "coupon_code", "coupon_ends_on")
LINK = "https://s.example/u/7Kq2"
"""Stands for the link that each member gets of their own; nobody answers there."""


def show(form: Form, content: Content, channel: str) -> None:
    labels = {one: t(f"campaigns.preview_{one}") for one in WHO}
    who = st.radio(
        t("campaigns.preview"), WHO, format_func=labels.get, key=f"cp_preview_{channel}", horizontal=True, help=t("campaigns.preview_help")
    )  # fmt: skip
    values = _values(form, is_known=who == "known")
    st.html(_drawn(form, content, channel, values))


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


def _drawn(form: Form, content: Content, channel: str, values: Mapping[str, Any]) -> str:
    policy = form.found.body.missing
    parts = {name: campaigns.sample(text, values, policy, channel) for name, text in content.texts().items()}
    whole = parts.get("text")
    if not content.text:
        return f'<p class="lead">{escape(t("campaigns.preview_empty"))}</p>'
    if whole is None or None in parts.values():
        return f'<p class="lead">{escape(t("campaigns.preview_broken"))}</p>'
    if any(one is not None and one.text is None for one in parts.values()):
        return f'<p class="draft skipped">{escape(t("campaigns.preview_skipped", fields=_fields(parts)))}</p>'
    title = parts.get("title")
    head = f"<b>{escape(title.text or '')}</b><br>" if title else ""
    bubble = f'<div class="draft bubble">{head}{escape(whole.text or "")}{_card(content, parts)}</div>'
    missing = _fields(parts)
    told = f'<p class="lead">{escape(t("campaigns.preview_missing", fields=missing))}</p>' if missing else ""
    return bubble + _length(whole, channel) + told


def _card(content: Content, parts: Mapping[str, Sampled | None]) -> str:
    """The link as its reader sees it."""
    if not content.link:
        return ""
    title, text = (one.text if (one := parts.get(name)) is not None else "" for name in ("link_title", "link_text"))
    below = f"<small>{escape(text)}</small>" if text else ""
    return f'<span class="linked-card"><b>{escape(title or content.link)}</b>{below}</span>'


def _length(whole: Sampled, channel: str) -> str:
    limit = campaigns.LIMITS.get(channel)
    unit = limit.unit if limit else "letters"
    length = i18n.number(whole.length)
    if limit is None:
        return f'<p class="lead length">{escape(t(f"campaigns.length_{unit}", count=length))}</p>'
    told = t(f"campaigns.length_of_{unit}", count=length, most=i18n.number(limit.most))
    look, more = ("late", f" {t('campaigns.length_over')}") if whole.is_long else ("", "")
    share = min(1.0, (whole.length or 0) / limit.most)
    return (
        f'<p class="lead length {look}"><i style="--share:{share:.3f}" aria-hidden="true"></i>{escape(told + more)}</p>'
    )


def _fields(parts: Mapping[str, Sampled | None]) -> str:
    missing = dict.fromkeys(name for one in parts.values() if one is not None for name in one.missing)
    return i18n.listed(map(words.field, missing))
