"""Writes of the page about access: all of them callbacks, all of them guarded."""

import streamlit as st

from core.work import accounts, logins
from core.work.accounts import Created
from core.work.questions import units
from dashboard.actions import guard
from dashboard.actions.guard import guarded
from dashboard.i18n import t
from dashboard.web import wiring

PASSWORD = "_first_password"
"""Where the page finds a password that was just generated."""
TURN = "_turn"
"""Counts what was done to accounts in this session."""
_WRITE = "accounts.write"


def log_out() -> None:
    """End one's own session, in all its tabs. Needs no permission."""
    who = guard.visitor()
    if who is not None:
        logins.log_out(wiring.accounts_store(), who, now=wiring.now())


@guarded(_WRITE)
def create() -> None:
    made = accounts.create(
        wiring.accounts_store(), guard.operator(), name=st.session_state["new_name"], **_fields("new"), now=wiring.now(),
        known_units=_known(),
    )  # fmt: skip
    st.session_state[PASSWORD] = made
    st.session_state.pop("_dialog", None)
    guard.note(t("accounts.new_made", name=made.name))


@guarded(_WRITE)
def change(account_id: int, name: str) -> None:
    fields = _fields(f"edit_{account_id}")
    accounts.change(
        wiring.accounts_store(), guard.operator(), account_id, **fields, now=wiring.now(), known_units=_known()
    )
    guard.note(t("accounts.saved", name=name))


@guarded(_WRITE)
def reset(account_id: int, name: str) -> None:
    password = accounts.reset_password(wiring.accounts_store(), guard.operator(), account_id, now=wiring.now())
    st.session_state[PASSWORD] = Created(account_id, name, password)
    _turned()
    guard.note(t("accounts.reset_done", name=name))


@guarded(_WRITE)
def disable(account_id: int, name: str) -> None:
    accounts.disable(wiring.accounts_store(), guard.operator(), account_id, now=wiring.now())
    _turned()
    guard.note(t("accounts.disabled_done", name=name))


@guarded(_WRITE)
def enable(account_id: int, name: str) -> None:
    accounts.enable(wiring.accounts_store(), guard.operator(), account_id, now=wiring.now())
    _turned()
    guard.note(t("accounts.enabled_done", name=name))


@guarded(_WRITE)
def end_session(session_id: int, name: str) -> None:
    if accounts.end_session(wiring.accounts_store(), guard.operator(), session_id, now=wiring.now()):
        guard.note(t("accounts.end_done", name=name))


def forget_password() -> None:
    st.session_state.pop(PASSWORD, None)


def _turned() -> None:
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1


def _known() -> dict[str, str] | None:
    house = wiring.house()
    return units.anywhere((house.live, house.demo))


def _fields(key: str) -> dict[str, object]:
    state = st.session_state
    chosen = None if state[f"{key}_all"] else list(state[f"{key}_units"])
    return {"display_name": state[f"{key}_display_name"], "role": state[f"{key}_role"], "units": chosen}
