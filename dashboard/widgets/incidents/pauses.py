"""Sending paused because of an incident: a channel, a campaign or everything, each confirmed by a typed word, and let go again."""

from html import escape

import streamlit as st

from dashboard.actions import incidents as actions
from dashboard.actions.incidents import HoldKind
from dashboard.data import incidents
from dashboard.data.incidents import Pause, Whole
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.incidents import forms, words


def hold(whole: Whole, name: str, kind: HoldKind) -> None:
    """``name``: of the form, which begins the names of its fields."""
    st.write(t(f"incidents.hold_lead_{kind}"))
    if not actions.may_pause():
        st.info(t("incidents.hold_house"), icon=":material/lock:")
        return
    word = t("incidents.hold_word")

    def write() -> str:
        if str(forms.field(whole, f"{name}_word")).strip().casefold() != word.casefold():
            raise actions.InvalidIncident("The word was not typed.", reason="word", word=word)
        what = "" if kind == "all" else str(forms.field(whole, f"{name}_what") or "")
        why = str(forms.field(whole, f"{name}_why"))
        is_new = actions.hold(whole.case.id, kind, what, why, revision=whole.case.revision)
        return t("incidents.held" if is_new else "incidents.was_held", what=words.paused(kind, what))

    with st.form(forms.key(whole, f"{name}_form"), border=False):
        _what(whole, name, kind)
        st.text_input(t("incidents.why"), max_chars=incidents.LONGEST, key=forms.key(whole, f"{name}_why"))
        st.text_input(t("incidents.hold_confirm", word=word), key=forms.key(whole, f"{name}_word"), placeholder=word)
        forms.send(whole, name, t("incidents.hold_do"), write)


def _what(whole: Whole, name: str, kind: HoldKind) -> None:
    key = forms.key(whole, f"{name}_what")
    if kind == "channel":
        named = {one: words.place("channel", one, one) for one in incidents.SENDING}
        st.selectbox(t("incidents.by_channel"), list(named), format_func=named.__getitem__, key=key)
    elif kind == "campaign":
        known = dict(incidents.campaigns())
        if known:
            st.selectbox(t("incidents.campaign"), list(known), None, format_func=known.__getitem__, key=key)
        else:
            st.text_input(t("incidents.campaign"), max_chars=actions.LONGEST_KEY, key=key)


def standing(whole: Whole, place: str) -> None:
    """What the incident pauses now, each with its way back. ``place``: tells forms of the same pause apart."""
    found = [one for one in whole.holds if one.released_at is None]
    if not found:
        st.caption(t("incidents.paused_none"))
    for number, one in enumerate(found):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"pause_{place}_{number}"):
            told = t("incidents.paused_by", by=one.by, at=words.moment(one.at), why=one.reason)
            st.html(f'<p class="paused"><b>{escape(words.pause(one))}</b></p>{heading.line(told)}', width="stretch")
            _release(whole, one, f"{place}_release_{one.kind}_{one.key}")


def _release(whole: Whole, one: Pause, name: str) -> None:
    if not actions.may_pause():
        return
    opened = forms.box(whole, name, t("incidents.release"), ":material/play_arrow:")
    if opened is None:
        return

    def act(incident_id: int, why: str, *, revision: int) -> None:
        actions.release(incident_id, one.kind, one.key, why, revision=revision)  # type: ignore[arg-type]

    with opened:
        said = t("incidents.released", what=words.pause(one))
        forms.wording(whole, name, t("incidents.release_why"), t("incidents.release_do"), act, said, height=70)
