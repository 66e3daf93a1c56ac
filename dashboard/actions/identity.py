"""Writes of the page about identities: all of them callbacks, all of them guarded."""

import pandas as pd
import streamlit as st

from core.work import disclosures, identity_decisions, lookups
from core.work.identity_decisions import Decided
from dashboard import runs
from dashboard.actions import guard
from dashboard.actions.guard import guarded
from dashboard.data import identity as data
from dashboard.data import worlds
from dashboard.i18n import t
from dashboard.web import wiring

FOUND = "_identity_found"
"""Where the page finds the members that a search gave."""
MEMBER = "_identity_member"
"""Where the page finds which member is open."""
REVEALED = "_identity_revealed"
"""Where the page finds a value that was just revealed, until it is closed."""
NICKNAME = "nickname:"
"""What stands before the identity that a nickname is filed under, where one is chosen to be revealed."""
DRAWN = "revealed"
"""Answer of a run that drew it."""
_SEE, _WRITE = "identity.see", "identity.write"


@guarded(_SEE)
def search() -> None:
    """Look up what was typed, and forget it: neither the address nor the session keeps a phone number."""
    text = st.session_state["identity_search"].strip()
    st.session_state["identity_search"] = ""
    close()
    if not text:
        return
    found = _find(text)
    st.session_state[FOUND] = found
    members = found["member_id"].drop_duplicates().tolist()
    if len(members) == 1:
        open_member(int(members[0]))


@guarded(_SEE)
def open_member(member_id: int) -> None:
    st.session_state[MEMBER] = member_id
    st.session_state.pop(REVEALED, None)


def close() -> None:
    for key in (FOUND, MEMBER, REVEALED):
        st.session_state.pop(key, None)


@guarded("personal.reveal")
def reveal() -> None:
    key = st.session_state["identity_chosen"]
    is_nickname = isinstance(key, str)
    read = disclosures.reveal_nickname if is_nickname else disclosures.reveal
    value = read(*_by(), int(str(key).removeprefix(NICKNAME)), reason=_reason("reveal"), now=wiring.now())
    st.session_state[REVEALED] = (key, value)


def hide() -> None:
    st.session_state.pop(REVEALED, None)


def hide_unless_drawn() -> None:
    """After a run: what it did not show was left, and is not shown to whoever comes back."""
    if not runs.once(DRAWN, lambda: False):
        hide()


@guarded(_WRITE)
def block() -> None:
    key = st.session_state["identity_chosen"]
    done = identity_decisions.block(*_by(), key, reason=_reason("block"), now=wiring.now())
    _said("blocked", done)


@guarded(_WRITE)
def block_shared() -> None:
    key = st.session_state["shared_chosen"]
    done = identity_decisions.block(*_by(), key, reason=_reason("block_shared"), now=wiring.now())
    _said("blocked", done)


@guarded(_WRITE)
def cut() -> None:
    left, right = st.session_state["link_chosen"]
    done = identity_decisions.cut(*_by(), left, right, reason=_reason("cut"), now=wiring.now())
    _said("cut_done", done)


@guarded(_WRITE)
def merge(member_id: int) -> None:
    """Merge with whoever has the phone, e-mail or number that was typed."""
    text = st.session_state["merge_with"].strip()
    reason = _reason("merge")
    others = [int(one) for one in _find(text)["member_id"].drop_duplicates()] if text else []
    if len(others) != 1:
        guard.note(t("identity.merge_none" if not others else "identity.merge_several"), is_error=True)
        return
    st.session_state["merge_with"] = ""
    done = identity_decisions.merge(*_by(), member_id, others[0], reason=reason, now=wiring.now())
    st.session_state.pop(MEMBER, None)
    st.session_state[FOUND] = _find(text)
    members = st.session_state[FOUND]["member_id"].drop_duplicates().tolist()
    if members:
        open_member(int(members[0]))
    _said("merged", done)


@guarded(_WRITE)
def undo(key: str) -> None:
    number = st.session_state[key]
    done = identity_decisions.undo(*_by(), number, reason=_reason(f"undo_{key}"), now=wiring.now())
    _said("undone", done)


@guarded(_WRITE)
def set_limits() -> None:
    before = data.limits()
    wanted = {kind: int(st.session_state[f"limit_{kind}"]) for kind in before if f"limit_{kind}" in st.session_state}
    changed = {kind: most for kind, most in wanted.items() if most != before[kind]}
    if not changed:
        guard.note(t("identity.limits_same"), is_error=True)
        return
    is_moved = identity_decisions.set_limits(*_by(), changed, reason=_reason("limits"), now=wiring.now())
    guard.note(t("identity.limits_saved") + " " + t("identity.map_changed" if is_moved else "identity.map_same"))


def _find(text: str) -> pd.DataFrame:
    """Whoever has this phone, e-mail or number; that it was looked up is in the audit log."""
    return lookups.values(*_by(), text, now=wiring.now())


def _by() -> tuple:  # type: ignore[type-arg]
    return worlds.home(), wiring.accounts_store(), guard.operator()


def _reason(name: str) -> str:
    return str(st.session_state.get(f"reason_{name}", ""))


def _said(key: str, done: Decided) -> None:
    words = t(f"identity.{key}", number=done.decision_id)
    guard.note(f"{words} {t('identity.map_changed' if done.is_map_changed else 'identity.map_same')}")
