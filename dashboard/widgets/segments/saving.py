"""Keeping what was built: as a live segment, a snapshot, or a rule of a tag."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import i18n
from dashboard.actions import guard, segments, tags
from dashboard.i18n import t
from dashboard.widgets.segments import draft, words
from dashboard.widgets.segments.trying import tried

AS = "sg_as"
"""Where the address says what is to be made of the conditions."""
KINDS = ("live", "static", "behavioural", "predicted")
KIND, NAME = "sg_save_kind", "sg_save_name"


def show(definition: Mapping[str, Any], *, is_whole: bool, is_edit: bool) -> None:
    """``is_whole``: whether every condition is filled in; else nothing is kept that says less than the screen. ``is_edit``: whether it
    may take the place of something that is kept, so that this would be one more."""
    if not guard.may("segment.write"):
        st.caption(t("segments.save_forbidden"))
        return
    if not is_whole:
        st.button(
            t("segments.save"),
            icon=":material/save:",
            key="sg_save_off",
            disabled=True,
            help=t("segments.save_unfilled"),
        )
        return
    fold = st.popover(
        t("segments.save_as" if is_edit else "segments.save"), icon=":material/group_add:", key="sg_save", on_change="rerun",
        type="secondary" if is_edit else "primary",
    )  # fmt: skip
    if fold.open:
        with fold:
            _form(definition)


def _form(definition: Mapping[str, Any]) -> None:
    state = st.session_state
    asked = st.query_params.get(AS)
    state.setdefault(KIND, asked if asked in KINDS else KINDS[0])
    labels = {one: t(f"segments.save_{one}") for one in KINDS}
    st.radio(
        t("segments.save_as"), KINDS, format_func=labels.get, key=KIND, persist_state="session",
        captions=[t(f"segments.save_{one}_means") for one in KINDS],
    )  # fmt: skip
    st.text_input(
        t("segments.name"), max_chars=segments.LONGEST_NAME, key=NAME, persist_state="session", placeholder=t("segments.name_hint")
    )  # fmt: skip
    st.button(
        t("segments.save"), icon=":material/save:", type="primary", key="sg_save_new", on_click=_save, args=(dict(definition),)
    )  # fmt: skip


def _save(definition: dict[str, Any]) -> None:
    state = st.session_state
    kind, name = state[KIND], state[NAME]
    sentence = words.told(definition)
    if kind in ("live", "static"):
        act = segments.save_live if kind == "live" else segments.save_static
        kept = tried(lambda: act(name, definition, sentence))
        if kept is None:
            return
        guard.note(t(f"segments.saved_{kind}", name=kept.name, count=i18n.number(kept.member_count)))
        open_kept("list", "sg", kept.id)
    else:
        made = tried(lambda: tags.create(name, kind, definition=definition))
        if made is None:
            return
        guard.note(t("segments.saved_tag", name=made.name))
        open_kept("tags", "tg", made.id)
    state[NAME] = ""
    state["sg_save"] = False
    draft.forget()


def open_kept(part: str, parameter: str, number: int) -> None:
    """The page with what was kept open, as a link to it would show it."""
    for key in list(st.query_params):
        if key not in ("world",):
            st.query_params.pop(key, None)
    st.query_params["part"] = part
    st.query_params[parameter] = str(number)
