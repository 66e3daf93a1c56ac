"""Looking up one member: callbacks, guarded and audited."""

import streamlit as st

from core.work import lookups
from dashboard.actions import guard, identity, tags
from dashboard.actions.guard import guarded
from dashboard.data import worlds
from dashboard.i18n import t
from dashboard.web import wiring

OF = "m"
"""Parameter of the address: the member's whole number."""
KEPT = ("look", "mk")
"""What of the address stays for the next member: part of the file, kind of entries. All is written at once, so that Back is one step."""
TEXT = "member_search"
GIVEN, TAKEN, REASON = "member_tag_given", "member_tag_taken", "member_tag_reason"
"""Fields of the forms that give a tag and take one: number and name of the tag, and why it is given."""
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
    one = {OF: str(found[0].member_id)} if len(found) == 1 else {}
    st.query_params.from_dict(one | {key: st.query_params[key] for key in KEPT if one and key in st.query_params})


@guarded("segment.write")
def give_tag(member_id: int) -> None:
    tag_id, name = st.session_state[GIVEN]
    tags.give(tag_id, members=[member_id], reason=st.session_state.get(REASON, ""))
    st.session_state[REASON] = ""
    guard.note(t("member.tag_gave", name=name))


@guarded("segment.write")
def take_tag(member_id: int) -> None:
    tag_id, name = st.session_state[TAKEN]
    tags.take(tag_id, members=[member_id])
    guard.note(t("member.tag_took", name=name))
