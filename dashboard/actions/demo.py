"""Taking the demo away."""

import streamlit as st

from core.store import audit
from core.work.demo import filling
from dashboard.actions import guard
from dashboard.actions.guard import guarded
from dashboard.i18n import t
from dashboard.web import wiring


@guarded("demo.remove")
def remove() -> None:
    """Delete the demo world, for everybody; its pages show the live world from now on."""
    house, operator = wiring.house(), guard.operator()
    with wiring.accounts_store().transaction() as session:
        audit.append(session, operator, "demo.removed", "world:demo", now=wiring.now())
    filling.remove(house.demo)
    house.forget("demo")
    st.session_state.pop("_world", None)
    st.query_params.pop("world", None)
    guard.note(t("sources.demo_gone"))
