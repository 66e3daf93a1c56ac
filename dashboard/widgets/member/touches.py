"""Messages to a member: what became of each, and what it led to."""

from collections.abc import Sequence

import streamlit as st

from dashboard import i18n
from dashboard.data.member import Member, Touch, View
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading
from dashboard.widgets.member import table, words

SHOWN = 100


def show(view: View) -> None:
    member = view.member
    if not member.touches:
        st.html(heading.section(t("member.touches_none"), t("member.touches_none_lead")))
        return
    counted = {
        state: i18n.number(sum(state in touch.states for touch in member.touches))
        for state in ("delivered", "clicked", "failed")
    }
    lead = heading.line(t("member.touches_lead", count=i18n.number(len(member.touches)), **counted))
    titles = [t(f"member.{name}") for name in ("when", "channel", "campaign", "content", "course", "led", "failed_why")]
    found = table.html(titles, [_row(member, touch) for touch in member.touches[:SHOWN]])
    more = ""
    if len(member.touches) > SHOWN:
        more = heading.line(t("member.shown", shown=i18n.number(SHOWN), count=i18n.number(len(member.touches))))
    st.html(f'<div class="parts-of">{lead}{found}{more}{heading.line(t("member.touches_rule"))}</div>')


def _row(member: Member, touch: Touch) -> Sequence[str]:
    course = " → ".join(f"{t(f'member.state_{state}')} {words.moment(at)[5:]}" for state, at in touch.states.items())
    led = [t("member.led_orders", orders=i18n.listed(touch.orders))] if touch.orders else []
    return (
        words.moment(touch.at),
        words.channel(touch.channel),
        words.called(member, "campaign_id", touch.campaign_id),
        words.called(member, "content_id", touch.content_id),
        course,
        i18n.listed(led) or UNDEFINED,
        words.code("member.reason_", touch.reason),
    )
