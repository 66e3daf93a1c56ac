"""How long each step may take, by severity, and the house's own hours for those who may say them."""

import pandas as pd
import streamlit as st

from dashboard import i18n
from dashboard.actions import guard
from dashboard.actions import incidents as actions
from dashboard.data import incidents
from dashboard.data.incidents import Hours
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.incidents import words
from dashboard.widgets.member import table

FIELD = "inc_hours"
STEPS = incidents.STATES[:-1]
GRAVEST_FIRST = tuple(reversed(incidents.SEVERITIES))


def show() -> None:
    box = st.expander(t("incidents.hours"), icon=":material/timer:", key="incident_hours", on_change="rerun")
    if not box.open:
        return
    found = incidents.hours()
    with box:
        st.html(heading.line(t("incidents.hours_lead")))
        if actions.may_change_hours():
            _form(found)
        else:
            titles = [t("incidents.column_state"), *map(words.severity, GRAVEST_FIRST)]
            rows = [(words.state(step), *(i18n.number(found[step][one]) for one in GRAVEST_FIRST)) for step in STEPS]
            st.html(table.html(titles, rows, numbers=range(1, len(titles))))


def _form(found: Hours) -> None:
    frame = pd.DataFrame([found[step] for step in STEPS], index=list(map(words.state, STEPS)))[list(GRAVEST_FIRST)]
    config: dict[str, object] = {
        one: st.column_config.NumberColumn(
            words.severity(one), min_value=incidents.LEAST_HOURS, max_value=incidents.MOST_HOURS, step=1, required=True
        )
        for one in GRAVEST_FIRST
    }
    with st.form("inc_hours_form", border=False):
        st.data_editor(
            frame, key=f"{FIELD}_{hash(str(found))}", column_config=config, hide_index=False, num_rows="fixed"
        )
        with st.container(horizontal=True, gap="small"):
            st.form_submit_button(
                t("incidents.keep"), type="primary", key="inc_hours_do", on_click=_keep, args=(found,)
            )
            if found != incidents.USUAL_HOURS:
                st.form_submit_button(t("incidents.hours_usual"), key="inc_hours_usual", on_click=_usual, args=(found,))


@guard.guarded(actions.CHANGE_HOURS)
def _keep(found: Hours) -> None:
    edited = st.session_state[f"{FIELD}_{hash(str(found))}"]["edited_rows"]
    told = {step: dict(found[step]) for step in STEPS}
    for row, changed in edited.items():
        told[STEPS[int(row)]] |= {one: int(value) for one, value in changed.items() if value is not None}
    actions.change_hours(told, was=found)
    guard.note(t("incidents.hours_kept"))


@guard.guarded(actions.CHANGE_HOURS)
def _usual(found: Hours) -> None:
    actions.change_hours(None, was=found)
    guard.note(t("incidents.hours_kept"))
