"""The definition as JSON, for those who would rather write it."""

import json
from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.data import definitions
from dashboard.data.definitions import InvalidSegment
from dashboard.i18n import t
from dashboard.widgets.segments import draft, tree
from dashboard.widgets.segments.tree import Box

TEXT, _FAULT, _OF = "sg_json", "_sg_json_fault", "_sg_json_of"


def show(box: Box) -> None:
    fold = st.expander(t("segments.json"), icon=":material/data_object:", key="sg_json_fold", on_change="rerun")
    if not fold.open:
        return
    with fold:
        written = json.dumps(_definition(box), ensure_ascii=False, indent=2)
        if st.session_state.get(_OF) != written or TEXT not in st.session_state:
            if not st.session_state.get(_FAULT):
                st.session_state[TEXT] = written
            st.session_state[_OF] = written
        with st.form("sg_json_form", border=False):
            st.text_area(t("segments.json_label"), key=TEXT, height=280, help=t("segments.json_lead"))
            st.form_submit_button(t("segments.json_apply"), icon=":material/check:", on_click=_apply)
        if fault := st.session_state.get(_FAULT):
            st.html(f'<p class="fault" role="alert">{escape(fault)}</p>')


def _definition(box: Box) -> dict[str, object]:
    """As everybody writes it where it is one already."""
    given = definitions.whole(tree.json(box))
    try:
        return definitions.canonical(given)
    except InvalidSegment:
        return given


def _apply() -> None:
    """What is typed, if it is a definition; else what is wrong with it, and where, and the text stays."""
    state = st.session_state
    try:
        draft.fill(definitions.read(state[TEXT]))
    except InvalidSegment as error:
        path = str(error.details.get("path") or "")
        state[_FAULT] = i18n.explained(path, i18n.refusal(error)) if path else i18n.refusal(error)
    else:
        state.pop(_FAULT, None)
        state.pop(TEXT, None)
