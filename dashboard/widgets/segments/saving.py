"""Keeping what was built: as a live segment, a snapshot, or a rule of a tag; or as the new conditions of a segment or a tag."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.errors import Unknown
from dashboard import addresses, i18n, markdown
from dashboard.actions import guard, segments, tags
from dashboard.data import saved_segments, saved_tags
from dashboard.data.saved_segments import Saved
from dashboard.data.saved_tags import Named
from dashboard.i18n import t
from dashboard.widgets.segments import draft, words
from dashboard.widgets.segments.trying import tried

OF, OF_TAG = "sg_edit", "sg_tag"
"""Where the address says whose conditions are being changed."""
AS = "sg_as"
"""Where it says what is to be made of them."""
KINDS = ("live", "static", "behavioural", "predicted")
KIND, NAME = "sg_save_kind", "sg_save_name"


def show(definition: Mapping[str, Any], *, is_whole: bool) -> None:
    """``is_whole``: whether every condition is filled in; else nothing is kept that says less than the screen."""
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
    before = edited()
    if before is not None:
        st.button(
            t("segments.save_change", name=markdown.escaped(i18n.cut(before.name, 20))), icon=":material/save:", type="primary", key="sg_change",
            on_click=_change, args=(before, dict(definition)),
        )  # fmt: skip
    fold = st.popover(
        t("segments.save" if before is None else "segments.save_as"), icon=":material/group_add:", key="sg_save", on_change="rerun",
        type="primary" if before is None else "secondary",
    )  # fmt: skip
    if fold.open:
        with fold:
            _form(definition)


def edited() -> Saved | Named | None:
    """The segment or tag whose conditions the address says are being changed; what cannot be changed is told as unread."""
    for key, read in ((OF, saved_segments.one), (OF_TAG, saved_tags.one)):
        text = st.query_params.get(key)
        if text is None:
            continue
        try:
            found: Saved | Named = read(int(text))
        except (ValueError, Unknown):
            addresses.leave_out(key, text)
            st.query_params.pop(key, None)
            continue
        if _can_change(found):
            return found
        addresses.leave_out(key, text)
        st.query_params.pop(key, None)
    return None


def _can_change(found: Saved | Named) -> bool:
    if isinstance(found, Named):
        return found.may_change and found.tree is not None
    return found.is_own and not found.is_archived and found.kind == "live"


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


def _change(before: Saved | Named, definition: dict[str, Any]) -> None:
    if isinstance(before, Named):
        changed = tried(lambda: tags.change(before.tag_id, before.revision, definition=definition))
        if changed is not None:
            guard.note(t("segments.saved_change_tag", name=changed.name))
            open_kept("tags", "tg", changed.id)
            draft.forget()
        return
    sentence = words.told(definition)
    kept = tried(lambda: segments.change(before.segment_id, before.revision, definition=definition, sentence=sentence))
    if kept is not None:
        guard.note(t("segments.saved_change", name=kept.name, count=i18n.number(kept.member_count)))
        open_kept("list", "sg", kept.id)
        draft.forget()


def open_kept(part: str, parameter: str, number: int) -> None:
    """The page with what was kept open, as a link to it would show it."""
    for key in list(st.query_params):
        if key not in ("world",):
            st.query_params.pop(key, None)
    st.query_params["part"] = part
    st.query_params[parameter] = str(number)
