"""Step 2: who gets it and who does not, on which channels, and how many are left out to prove what it brought."""

from math import floor

import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import campaigns
from dashboard.data.campaigns import Body, Named
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.campaigns import fields, lacking, words
from dashboard.widgets.campaigns.edits import Form
from dashboard.widgets.tiles import Way


def show(form: Form) -> None:
    body = form.found.body
    with st.container(border=True, key="card_campaign_audience"):
        st.html(heading.section(t("campaigns.step_audience"), t("campaigns.lead_audience")))
        lacking.show(form, "audience")
        fields.several(
            form, ("channels",), t("campaigns.of_channels"), fields.options(campaigns.CHANNELS, words.channel), most=len(campaigns.CHANNELS), help=t("campaigns.channels_help"),
            placeholder=t("campaigns.choose"),
        )  # fmt: skip
        lacking.ways_out(body)
        if body.is_placed:
            _places(form)
        if not body.is_placed or body.segments or body.without:
            _segments(form)
        if len(body.channels) > 1 and not body.is_placed:
            modes = fields.options(campaigns.MODES, lambda one: t(f"campaigns.mode_{one}"))
            captions = [t(f"campaigns.mode_{one}_means") for one in campaigns.MODES]
            fields.radio(form, ("mode",), t("campaigns.of_mode"), modes, captions=captions)
        if not body.is_placed:
            _holdout(form)


def _places(form: Form) -> None:
    st.caption(t("campaigns.places_lead"))
    fields.several(
        form, ("places",), t("campaigns.of_places"), _known(form.found.body), most=campaigns.MOST_PLACES, help=t("campaigns.places_help"),
        placeholder=t("campaigns.choose"),
    )  # fmt: skip


def _known(body: Body) -> dict[str, str]:
    """Places of the channels that were chosen."""
    found = dict(campaigns.places()) if "group_chat" in body.channels else {}
    return found | (dict(campaigns.robots()) if "robot" in body.channels else {})


def _segments(form: Form) -> None:
    known = campaigns.segments_known()
    kept = {*form.found.body.segments, *form.found.body.without}
    named = {one.segment_id: _name(one) for one in known.values() if not one.is_archived or one.segment_id in kept}
    left, right = st.columns(2)
    with left:
        fields.several(
            form, ("segments",), t("campaigns.of_segments"), named, most=campaigns.MOST_SEGMENTS, help=t("campaigns.segments_help"), placeholder=t("campaigns.choose")
        )  # fmt: skip
    with right:
        fields.several(
            form, ("without",), t("campaigns.of_without"), named, most=campaigns.MOST_SEGMENTS, help=t("campaigns.without_help"), placeholder=t("campaigns.nobody")
        )  # fmt: skip
    world = addresses.only("world")
    ways = "".join(
        Way(known[one].name, f"/segments?{world}part=list&sg={one}", "people").html(f"segment-{one}")
        for one in form.found.body.segments
        if one in known
    )
    every = Way(t("campaigns.teach_segments"), f"/segments?{world}part=list", "people").html("all-segments")
    st.html(f'<div class="ways">{ways or every}</div>')


def _name(one: Named) -> str:
    if one.members is None:
        return one.name
    return i18n.aside(one.name, t("campaigns.people", count=i18n.number(one.members)))


def _holdout(form: Form) -> None:
    body = form.found.body
    fields.percent(
        form, ("holdout",), t("campaigns.of_holdout"), campaigns.MOST_HELD, help=t("campaigns.holdout_help"), width=260
    )
    known = campaigns.segments_known()
    sizes = [known[one].members for one in body.segments if one in known]
    most = sum(one for one in sizes if one is not None)
    if not body.holdout:
        st.caption(t("campaigns.holdout_none"))
    elif most and None not in sizes:
        held = floor(most * body.holdout)
        st.caption(t("campaigns.holdout_costs", most=i18n.number(most), held=i18n.number(held)))
    else:
        st.caption(t("campaigns.holdout_means"))
