"""Step 5: when it goes out, how fast, until when, what quiet hours do to it, and what sending may cost."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import i18n
from dashboard.actions import campaigns as actions
from dashboard.actions import guard
from dashboard.data import campaigns
from dashboard.data.campaigns import Quiet
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.campaigns import edits, fields, lacking, words
from dashboard.widgets.campaigns.edits import Form

QUIETS = ("defer", "skip")
FASTEST = 1_000_000
WHEN, AT = ("schedule", "when"), ("schedule", "at")


def show(form: Form) -> None:
    schedule = form.found.body.schedule
    with st.container(border=True, key="card_campaign_schedule"):
        st.html(heading.section(t("campaigns.step_schedule"), t("campaigns.lead_schedule", zone=campaigns.zone())))
        lacking.show(form, "schedule")
        _when(form)
        if schedule.when != "now":
            fields.moment(form, AT, t(f"campaigns.at_{schedule.when}"), t("campaigns.at_hour"))
        left, right = st.columns(2)
        with left:
            fields.whole(
                form, ("schedule", "per_minute"), t("campaigns.of_per_minute"), 1, FASTEST, may_lack=True, help=t("campaigns.per_minute_help"), placeholder=t("campaigns.no_limit")
            )  # fmt: skip
        with right:
            fields.money(
                form, ("budget_minor",), t("campaigns.of_budget_minor"), help=t("campaigns.budget_help"), placeholder=t("campaigns.no_limit")
            )  # fmt: skip
        fields.moment(form, ("schedule", "expires_at"), t("campaigns.of_expires_at"), t("campaigns.at_hour"), help=t("campaigns.expires_help"))  # fmt: skip
        fields.radio(
            form, ("schedule", "quiet"), t("campaigns.of_quiet", hours=_hours(campaigns.quiet(form.found.body))), fields.options(QUIETS, lambda one: t(f"campaigns.quiet_{one}")),
            captions=[t(f"campaigns.quiet_{one}_means") for one in QUIETS],
        )  # fmt: skip
        _lasting(form)


def _when(form: Form) -> None:
    key = form.key(WHEN)
    st.session_state.setdefault(key, form.value(WHEN))
    labels = fields.options(campaigns.WHENS, lambda one: t(f"campaigns.when_{one}"))
    st.radio(
        t("campaigns.of_when"), list(labels), format_func=labels.__getitem__, key=key, captions=[t(f"campaigns.when_{one}_means") for one in labels],
        disabled=not form.is_open, on_change=_put_when, args=(form.campaign_id, key, form.key(AT)),
    )  # fmt: skip


@guard.guarded(actions.WRITE)
def _put_when(campaign_id: int, key: str, at_key: str) -> None:
    """What goes out at once has no hour."""
    when = st.session_state[key]

    def make(document: dict[str, Any]) -> None:
        edits.write(document, WHEN, when)
        if when == "now":
            edits.write(document, AT, None)

    edits.keep(campaign_id, make)
    if when == "now":
        for one in ("on", "at"):
            st.session_state.pop(f"{at_key}_{one}", None)


def _hours(known: Mapping[str, Quiet]) -> str:
    """Of all channels at once where they have the same."""
    told = {channel: _span(quiet) for channel, quiet in known.items()}
    if len(set(told.values())) == 1:
        return next(iter(told.values()))
    return i18n.listed(i18n.explained(words.channel(channel), span) for channel, span in told.items())


def _span(quiet: Quiet) -> str:
    return t("connectors.never_quiet") if quiet.start == quiet.end else f"{quiet.start:%H:%M}–{quiet.end:%H:%M}"


def _lasting(form: Form) -> None:
    """How long it takes at that pace, if everybody gets a message."""
    body, known = form.found.body, campaigns.segments_known()
    sizes = [known[one].members for one in body.segments if one in known]
    people = sum(one for one in sizes if one is not None)
    pace = body.schedule.per_minute
    if pace and people:
        minutes = -(-people // pace)
        st.caption(t("campaigns.lasts", count=i18n.number(people), minutes=i18n.number(minutes)))
