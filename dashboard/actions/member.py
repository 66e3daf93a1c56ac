"""Looking up one member: callbacks, guarded and audited."""

import streamlit as st

from core.work import lookups
from dashboard.actions import guard, identity
from dashboard.actions.guard import guarded
from dashboard.data import worlds
from dashboard.web import wiring

OF = "m"
"""Parameter of the address: the member's whole number."""
TEXT = "member_search"
FOUND = "_member_found"
"""Where the page finds the members that a search gave, until one of them is open."""


@guarded("people.see")
def search() -> None:
    """Look up what was typed, and forget it: neither the address nor the session keeps a phone number."""
    text = st.session_state[TEXT].strip()
    st.session_state[TEXT] = ""
    st.session_state.pop(identity.REVEALED, None)
    if not text:
        return
    found = lookups.find(worlds.home(), wiring.accounts_store(), guard.operator(), text, now=wiring.now())
    st.session_state[FOUND] = found
    st.query_params.clear()
    if len(found) == 1:
        st.query_params[OF] = str(found[0].member_id)
