"""The settings that a forecast is looked at with: the house's, or an analyst's own, which stand in the address."""

import json
from typing import Any

import streamlit as st

from core.errors import InvalidForecast
from dashboard import addresses, i18n
from dashboard.data.forecast import Spec
from dashboard.i18n import t
from dashboard.widgets.forecast import words

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


def told(spec: Spec) -> list[str]:
    """What of it is not the house's, each in words."""
    return [one for name in changes(spec) for one in _told(name, spec)]


def _told(name: str, spec: Spec) -> list[str]:
    value = getattr(spec, name)
    if name == "what_ifs":
        return [i18n.explained(one.name, words.what_if(one)) for one in value]
    return [i18n.explained(t(f"forecast.field_{name}"), _written(name, value))]


def _written(name: str, value: Any) -> str:
    if name in ("horizon", "training_days"):
        return t("forecast.days", days=i18n.number(value))
    if name in ("set_aside", "kept"):
        return i18n.listed(map(i18n.day, value))
    if name in ("without_events", "regressors"):
        return i18n.listed(map(words.event if name == "without_events" else words.regressor, value))
    if name == "model":
        return words.model(value)
    if name in ("level", "changepoint_range"):
        return i18n.share(value, 0)
    if isinstance(value, bool):
        return t("forecast.is_on" if value else "forecast.is_off")
    return t(f"forecast.{name}_{value}") if isinstance(value, str) else f"{value:g}"


def changes(spec: Spec) -> dict[str, object]:
    """Settings that are not the house's."""
    usual = Spec().to_json()
    return {name: value for name, value in spec.to_json().items() if value != usual[name]}
