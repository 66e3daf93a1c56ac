"""Step 1: what the campaign is for, and what it will be judged by."""

import streamlit as st

from dashboard.data import campaigns
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.campaigns import edits, fields, lacking
from dashboard.widgets.campaigns.edits import Form

NOTE = 2000


def show(form: Form) -> None:
    with st.container(border=True, key="card_campaign_goal"):
        st.html(heading.section(t("campaigns.step_goal"), t("campaigns.lead_goal")))
        lacking.show(form, "goal")
        _name(form)
        fields.radio(
            form, ("goal",), t("campaigns.of_goal"), fields.options(campaigns.GOALS, lambda one: t(f"campaigns.goal_{one}")), index=None, horizontal=True
        )  # fmt: skip
        purposes = fields.options(campaigns.PURPOSES, lambda one: t(f"campaigns.purpose_{one}"))
        fields.radio(
            form, ("purpose",), t("campaigns.of_purpose"), purposes, horizontal=True, help=t("campaigns.purpose_help")
        )
        left, right = st.columns(2)
        with left:
            metrics = fields.options(campaigns.METRICS, lambda one: t(f"campaigns.metric_{one}"))
            fields.choice(form, ("metric",), t("campaigns.of_metric"), metrics, help=t("campaigns.metric_help"))
        with right:
            fields.whole(
                form, ("window_days",), t("campaigns.of_window_days"), 1, campaigns.LONGEST_WINDOW_DAYS, help=t("campaigns.window_help")
            )  # fmt: skip
        if form.value(("metric",)) == "event":
            fields.line(
                form, ("event",), t("campaigns.of_event"), placeholder="page_view", help=t("campaigns.event_help")
            )
        fields.area(form, ("note",), t("campaigns.of_note"), most=NOTE, height=90, placeholder=t("campaigns.note_hint"))


def _name(form: Form) -> None:
    key = form.key(("name",))
    st.session_state.setdefault(key, form.found.name)
    st.text_input(
        t("campaigns.name"), key=key, max_chars=campaigns.LONGEST_NAME, disabled=not form.is_open, on_change=edits.rename, args=(form.campaign_id, key)
    )  # fmt: skip
