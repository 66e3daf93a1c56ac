"""What a step still lacks, said where it is to be mended."""

from html import escape

import streamlit as st

from dashboard import addresses, i18n
from dashboard.actions import connectors, guard
from dashboard.data import campaigns
from dashboard.i18n import t
from dashboard.widgets.campaigns import words
from dashboard.widgets.campaigns.edits import Form


def show(form: Form, step: str, at: str = "") -> None:
    """``at``: of a variant on a channel; empty: what is said of neither."""
    found = [one for one in campaigns.gaps(form.found.body) if one.step == step and one.at == at]
    if found:
        items = "".join(f"<li>{escape(_told(form.found.body, one))}</li>" for one in found)
        st.html(f'<ul class="lacks">{items}</ul>')


def ways_out(body: campaigns.Body) -> None:
    """Channels that nothing is switched on for, and the way to where that is done, for whoever may."""
    lost = campaigns.unconnected(body)
    if not lost:
        return
    said = t("campaigns.unconnected", channels=i18n.listed(map(words.channel, lost)))
    way = f' <a href="/connectors?{escape(addresses.only("world"))}">{escape(t("campaigns.to_connectors"))}</a>'
    shown = way if guard.may(connectors.WRITE) else ""
    st.html(f'<p class="lacks">{escape(said)}{shown}</p>')


def _told(body: campaigns.Body, one: campaigns.Gap) -> str:
    place, piece = words.place(one.at), campaigns.at_fault(body, one)
    said = words.gap(one).removeprefix(place).lstrip(" ·") if place else words.gap(one)
    return i18n.aside(said, piece) if piece else said
