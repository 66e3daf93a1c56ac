"""What holds sending, on top of the page: who stopped what, why and since when, the emergency stop, and the way to let go."""

from functools import partial
from html import escape

import streamlit as st

from dashboard import addresses, i18n
from dashboard.actions import campaigns as actions
from dashboard.actions import guard
from dashboard.data import campaigns
from dashboard.data.campaigns import Hold
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.campaigns import words

STOP = "cp_stop"
LONGEST = 500
KINDS = ("all", "channel", "campaign")


def show() -> None:
    """Nothing where nothing is held."""
    found = campaigns.holds()
    if not found:
        return
    with st.container(border=True, key="card_campaigns_stopped"):
        st.html(heading.section(t("campaigns.stopped"), t("campaigns.stopped_lead"), "stopped"))
        for number, one in enumerate(found):
            with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"cp_hold_{number}"):
                told = t("campaigns.stopped_by", by=one.by, at=words.moment(one.at), why=one.reason)
                of = _incident(one)
                st.html(
                    f'<p class="paused"><b>{escape(words.held(one))}</b>{of}</p>{heading.line(told)}', width="stretch"
                )
                if one.incident_id is None and actions.may_start():
                    _release(one)


def _incident(one: Hold) -> str:
    """Where an incident holds, it is let go there."""
    if one.incident_id is None:
        return ""
    address = f"/incidents?{addresses.only('world')}incident={one.incident_id}"
    return f' <a href="{escape(address)}">{escape(t("campaigns.stopped_incident", number=one.incident_id))}</a>'


def _release(one: Hold) -> None:
    name = f"cp_release_{one.kind}_{one.key}"
    box = st.popover(t("campaigns.let_go"), icon=":material/play_arrow:", key=name, on_change="rerun")
    if box.open:
        with box, st.form(f"{name}_form", border=False):
            st.text_area(t("campaigns.let_go_why"), max_chars=LONGEST, key=f"{name}_why", height=80)
            st.form_submit_button(
                t("campaigns.let_go_do"), type="primary", key=f"{name}_do", on_click=partial(_let_go, one, name)
            )


@guard.guarded(actions.START)
def _let_go(one: Hold, name: str) -> None:
    is_new = actions.let_go(one.kind, one.key, str(st.session_state[f"{name}_why"]))  # type: ignore[arg-type]
    guard.note(t("campaigns.went_on" if is_new else "campaigns.was_going", what=words.held(one)))
    _forget(name)


# -- the emergency stop ------------------------------------------------------------------------------------------------


def button() -> None:
    """Stops everything, a channel or a campaign, once the word is typed."""
    if not actions.may_stop():
        return
    box = st.popover(t("campaigns.stop"), icon=":material/front_hand:", key=STOP, on_change="rerun")
    if not box.open:
        return
    with box:
        st.caption(t("campaigns.stop_lead"))
        labels = {one: t(f"campaigns.stop_{one}") for one in KINDS}
        kind = st.radio(t("campaigns.stop_what"), KINDS, format_func=labels.get, key=f"{STOP}_kind", horizontal=True)
        if kind == "channel":
            named = {one: words.channel(one) for one in campaigns.CHANNELS}
            st.selectbox(t("campaigns.channel"), list(named), format_func=named.__getitem__, key=f"{STOP}_channel")
        elif kind == "campaign":
            running = {
                one.code: i18n.aside(one.name, one.code)
                for one in campaigns.listed()
                if one.state not in ("completed", "cancelled", "failed")
            }
            st.selectbox(
                t("campaigns.campaign"), list(running), None, format_func=running.__getitem__, key=f"{STOP}_campaign"
            )
        word = t("campaigns.stop_word")
        st.text_input(t("campaigns.stop_why"), max_chars=LONGEST, key=f"{STOP}_why")
        st.text_input(t("campaigns.stop_confirm", word=word), key=f"{STOP}_word", placeholder=word)
        st.button(t("campaigns.stop_do"), type="primary", key=f"{STOP}_do", on_click=_stop, args=(kind, word))


@guard.guarded(actions.STOP)
def _stop(kind: actions.Kind, word: str) -> None:
    told = st.session_state
    if str(told[f"{STOP}_word"]).strip().casefold() != word.casefold():
        raise actions.InvalidStop("The word was not typed.", reason="word", word=word)
    key = "" if kind == "all" else str(told[f"{STOP}_{kind}"] or "")
    is_new = actions.stop(kind, key, str(told[f"{STOP}_why"]))
    what = words.held(Hold(kind, key, None, "", "", campaigns.now()))
    guard.note(t("campaigns.stopped_now" if is_new else "campaigns.stopped_already", what=what))
    _forget(STOP)


def _forget(name: str) -> None:
    for one in [one for one in st.session_state if str(one).startswith(f"{name}_")]:
        del st.session_state[one]
    st.session_state[name] = False
