"""The settings that a forecast is looked at with: the house's, or an analyst's own, which stand in the address."""

import json

import streamlit as st

from core.errors import InvalidForecast
from dashboard import addresses
from dashboard.data.forecast import Spec

SPEC = "fc_spec"


def read() -> Spec:
    """What the address says differs from the house's settings, else what was tuned in this session. What cannot be read is told as unread."""
    given = st.query_params.get(SPEC)
    if addresses.went():
        st.session_state.pop(SPEC, None)
    if given is None:
        given = st.session_state.get(SPEC)
    if not given:
        return Spec()
    try:
        told = json.loads(given)
        found = Spec.from_json(Spec().to_json() | told)
    except (InvalidForecast, ValueError, TypeError, RecursionError):
        addresses.leave_out(SPEC, given)
        st.session_state.pop(SPEC, None)
        st.query_params.pop(SPEC, None)
        return Spec()
    put(found)
    return found


def put(spec: Spec) -> None:
    """From now on these. For callbacks too."""
    own = changes(spec)
    if own:
        text = json.dumps(own, ensure_ascii=False, separators=(",", ":"))
        st.session_state[SPEC] = text
        st.query_params[SPEC] = text
    else:
        st.session_state.pop(SPEC, None)
        st.query_params.pop(SPEC, None)


def changes(spec: Spec) -> dict[str, object]:
    """Settings that are not the house's."""
    usual = Spec().to_json()
    return {name: value for name, value in spec.to_json().items() if value != usual[name]}
