"""What is usually done in the present step, and the buttons that do it."""

from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from dashboard.actions import guard
from dashboard.actions import incidents as actions
from dashboard.data import incidents
from dashboard.data.incidents import Whole
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.incidents import forms, keeping, messages, pauses
from dashboard.widgets.tiles import Way

ICONS = {
    "hold_all": ":material/front_hand:",
    "hold_channel": ":material/pause_circle:",
    "hold_campaign": ":material/campaign:",
    "people": ":material/group_add:",
    "recall": ":material/undo:",
    "staff": ":material/badge:",
    "customers": ":material/sms:",
    "authority": ":material/account_balance:",
}
FORMS: dict[str, Callable[..., Any]] = {
    "hold_all": partial(pauses.hold, kind="all"),
    "hold_channel": partial(pauses.hold, kind="channel"),
    "hold_campaign": partial(pauses.hold, kind="campaign"),
    "people": partial(keeping.show, is_recall=False),
    "recall": partial(keeping.show, is_recall=True),
}
TELL = "tell"
"""What the fields of the message begin with; under it stands to whom one is being written."""


def show(whole: Whole, *, may: bool) -> None:
    steps = whole.steps.get(whole.case.state, ())
    with st.container(border=True, key="card_playbook"):
        st.html(
            heading.section(
                t("incidents.playbook"),
                t("incidents.playbook_lead", field=t(f"incidents.field_{whole.case.field}")),
                "incident-playbook",
            )
        )
        for step in steps:
            with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"play_{step.code}"):
                st.html(f'<p class="play">{escape(t(f"playbook.{step.code}"))}</p>', width="stretch")
                if step.act in ("cause", "quality"):
                    _leads(whole, step.act)
                elif step.act is not None and may:
                    _button(whole, step.act)
        if may:
            _others(whole, {step.act for step in steps})
        if any(one.released_at is None for one in whole.holds):
            st.html(f"<h3>{escape(t('incidents.paused'))}</h3>")
            pauses.standing(whole, "play")


def _others(whole: Whole, shown: set[Any]) -> None:
    """Buttons that the present step does not name."""
    rest = [one for one in ICONS if one not in shown]
    if not rest:
        return
    st.html(f"<h3>{escape(t('incidents.other_acts'))}</h3>")
    with st.container(horizontal=True, gap="small", key="play_others"):
        for act in rest:
            _button(whole, act)


def _button(whole: Whole, act: str) -> None:
    if act in ("people", "recall") and not actions.may_keep():
        return
    if act not in FORMS:
        st.button(
            t(f"incidents.do_{act}"),
            icon=ICONS[act],
            key=forms.key(whole, f"do_{act}"),
            on_click=_tell,
            args=(whole, act),
        )
        return
    opened = forms.box(whole, f"do_{act}", t(f"incidents.do_{act}"), ICONS[act])
    if opened is not None:
        with opened:
            FORMS[act](whole, f"do_{act}")


@guard.guarded(actions.WRITE)
def _tell(whole: Whole, audience: str | None) -> None:
    st.session_state[forms.key(whole, TELL)] = audience


def message(whole: Whole) -> None:
    """The message that is being written, if one is."""
    audience = st.session_state.get(forms.key(whole, TELL))
    if not audience:
        return
    with st.container(border=True, key="card_message"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="message_head"):
            st.html(heading.section(t(f"incidents.do_{audience}"), "", "incident-message"), width="stretch")
            st.button(
                t("incidents.put_away"),
                icon=":material/close:",
                type="tertiary",
                key="inc_put_away",
                on_click=_tell,
                args=(whole, None),
            )
        messages.compose(whole, TELL, audience)


def _leads(whole: Whole, act: str) -> None:
    if act == "quality":
        if guard.may("sources.see"):
            st.html(Way(t("incidents.do_quality"), "/sources", "box").html("play-quality"), width="content")
        return
    for first in incidents.warnings_of(whole)[:1]:
        address = f"/risk?part=warnings&warning={first.id}"
        st.html(Way(t("incidents.do_cause"), address, "box").html("play-cause"), width="content")
