"""圈选: building a definition, and what it says and counts while it is built."""

import streamlit as st

from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.segments import boxes, draft, editor, edits, links, outcome, templates


def show() -> None:
    box = draft.begin()
    found = outcome.check(box)
    top = st.container(border=True, key="card_sg_told", gap="small")
    with st.container(border=True, key="card_sg_tree"):
        _head()
        st.html(templates.show(st.query_params.get(links.PARAMETER)))
        boxes.show(box, found.faults)
        if draft.is_too_long():
            st.warning(t("segments.too_long"))
        editor.show(box)
    with top:
        outcome.show(found)
    outcome.behind_it(found)


def _head() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="sg_head"):
        kept = edits.edited()
        title = t("segments.build_title") if kept is None else t("segments.build_title_of", name=kept.name)
        st.html(heading.section(title, t("segments.build_lead")))
        st.button(
            t("segments.undo"), icon=":material/undo:", type="tertiary", key="sg_undo", on_click=draft.undo,
            disabled=not draft.can_undo(),
        )  # fmt: skip
        st.button(
            t("segments.clear"), icon=":material/backspace:", type="tertiary", key="sg_clear", on_click=draft.clear,
            disabled=not draft.now().parts,
        )  # fmt: skip
