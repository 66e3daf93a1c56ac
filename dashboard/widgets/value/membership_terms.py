"""The form of the house's terms: where tiers come from, where they begin, how long they are kept, what a point is worth."""

from decimal import Decimal

import streamlit as st

from dashboard.actions import guard
from dashboard.actions import membership as actions
from dashboard.data.membership import BYS, LARGEST, MOST_VALIDITY, TIERS, Terms
from dashboard.i18n import t

FLOORS = [f"ms_floor_{name}" for name in TIERS[1:]]
KEY_BY, VALIDITY, VALUE = "ms_terms_by", "ms_validity", "ms_point_value"


def show(terms: Terms) -> None:
    """Draw the form for those who may change the terms."""
    if not actions.may():
        return
    box = st.popover(t("membership.terms"), icon=":material/tune:", type="tertiary", key="ms_terms", on_change="rerun")
    if not box.open:
        return
    with box, st.form("ms_terms_form", border=False):
        st.caption(t("membership.terms_help"))
        st.radio(
            t("membership.by"), BYS, BYS.index(terms.by), format_func=lambda one: t(f"membership.by_{one}"), key=KEY_BY, horizontal=True
        )  # fmt: skip
        for key, name, floor in zip(FLOORS, TIERS[1:], terms.floors, strict=True):
            tier = t(f"membership.tier_{name}")
            st.number_input(t("membership.floor_of", tier=tier), 1, LARGEST, floor, key=key)
        st.number_input(t("membership.validity"), 0, MOST_VALIDITY, terms.validity_days, key=VALIDITY)
        st.number_input(
            t("membership.point_value"), 0.0, 1000.0, float(terms.point_value), step=0.001, format="%.4f", key=VALUE
        )
        st.form_submit_button(t("membership.save"), type="primary", on_click=_save)


@guard.guarded("segment.write")
def _save() -> None:
    state = st.session_state
    low, middle, high = (int(state[key]) for key in FLOORS)
    value = Decimal(str(state[VALUE])).quantize(Decimal("0.0001"))
    actions.keep(Terms(state[KEY_BY], (low, middle, high), int(state[VALIDITY]), value))
    guard.note(t("membership.saved"))
