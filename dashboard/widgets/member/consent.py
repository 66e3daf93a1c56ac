"""What a member agreed to, and why a message would not reach it."""

from html import escape

import streamlit as st

from dashboard.data.member import Member, View
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading
from dashboard.widgets.member import table, words

SHOWN = 40


def show(view: View) -> None:
    member = view.member
    parts = [f"<h2>{escape(t('member.consents'))}</h2>", _consents(member)]
    parts += [f"<h2>{escape(t('member.past_failures'))}</h2>", _failures(member)]
    st.html(f'<div class="parts-of">{"".join(parts)}</div>')


def _consents(member: Member) -> str:
    if not member.consents:
        return heading.line(t("member.consents_none"))
    titles = [t(f"member.{name}") for name in ("purpose", "channel", "answer", "when", "source", "policy", "proof")]
    rows = [
        (
            words.code("member.purpose_", one.purpose),
            t("member.every_channel") if one.channel is None else words.channel(one.channel),
            t("member.given" if one.is_given else "member.withdrawn"),
            words.moment(one.at),
            one.source,
            one.policy_version or UNDEFINED,
            one.proof or UNDEFINED,
        )
        for one in member.consents
    ]
    return table.html(titles, rows)


def _failures(member: Member) -> str:
    failed = [touch for touch in member.touches if "failed" in touch.states][:SHOWN]
    if not failed:
        return heading.line(t("member.past_none"))
    titles = [t(f"member.{name}") for name in ("when", "channel", "campaign", "failed_why")]
    rows = [
        (
            words.moment(touch.states["failed"]),
            words.channel(touch.channel),
            words.called(member, "campaign_id", touch.campaign_id),
            words.code("member.reason_", touch.reason),
        )
        for touch in failed
    ]
    return table.html(titles, rows)
