"""The fields of a connector of any kind, each with a line that says what it is. What is secret is typed and never shown again."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

import streamlit as st

from dashboard.data.connectors import CARD_FORMS, KINDS, LONGEST_NAME, Field, Secret, Seen
from dashboard.i18n import has, t
from dashboard.widgets.connectors import words

RULES = (
    "quota", "quiet_start", "quiet_end", "group_quiet_start", "group_quiet_end", "rate_count", "rate_per_s", "burst", "price_minor", "gateway",
)  # fmt: skip
"""Fields that are right for most houses as they are, in the order in which they are shown."""
PAIRS = {
    "corp_id": "agent_id", "app_id": "mini_app_id", "key_id": "signature", "secret_id": "sms_app_id", "region": "signature", "port": "security", "from_address": "from_name",
    "return_mailbox": "user", "callback_token": "callback_key", "quiet_start": "quiet_end", "group_quiet_start": "group_quiet_end", "rate_count": "rate_per_s", "burst": "price_minor",
}  # fmt: skip
"""Fields that stand beside each other."""
LONGEST = 2000


def draw(prefix: str, kind: str, was: Seen | None) -> None:
    """``was``: None of a new one."""
    shape = KINDS[kind]
    st.text_input(t("connectors.field_name"), was.name if was else "", max_chars=LONGEST_NAME, key=f"{prefix}_name", help=t("connectors.help_name"))  # fmt: skip
    _fields(prefix, kind, [one for one in shape.fields if one.name not in RULES], was)
    _fields(prefix, kind, shape.secrets, was)
    rules = sorted((one for one in shape.fields if one.name in RULES), key=lambda one: RULES.index(one.name))
    with st.expander(t("connectors.rules")):
        _fields(prefix, kind, rules, was)


def said(prefix: str, kind: str) -> tuple[str, dict[str, Any], dict[str, str]]:
    """What they say: name, settings, secrets."""
    state, shape = st.session_state, KINDS[kind]
    settings = {one.name: _said(prefix, one) for one in shape.fields}
    secrets = {one.name: str(state.get(f"{prefix}_secret_{one.name}") or "") for one in shape.secrets}
    return state[f"{prefix}_name"], {name: value for name, value in settings.items() if value is not None}, secrets


def _fields(prefix: str, kind: str, fields: Sequence[Field | Secret], was: Seen | None) -> None:
    """One below the other, but for those that stand beside each other."""
    known = {one.name: one for one in fields}
    beside = {PAIRS[name]: name for name in known if PAIRS.get(name) in known}
    for one in fields:
        if one.name in beside:
            continue
        row = [one, known[PAIRS[one.name]]] if one.name in beside.values() else [one]
        for place, each in zip(st.columns(len(row)), row, strict=True):
            with place:
                if isinstance(each, Secret):
                    _secret(prefix, kind, each, was)
                else:
                    _field(prefix, each, was.settings.get(each.name) if was else each.usual)


def _field(prefix: str, one: Field, now: Any) -> None:
    key, label, about = f"{prefix}_{one.name}", words.field(one.name), t(f"connectors.help_{one.name}")
    match one.form:
        case "whole":
            st.number_input(label, one.low, one.high, now, step=1, key=key, help=about, placeholder=_optional(one))
        case "choice":
            begins = "channel." if one.name == "stands_for" else f"connectors.{one.name}_"
            labels = {name: t(f"{begins}{name}") for name in one.choices}
            st.selectbox(label, one.choices, one.choices.index(now), format_func=labels.get, key=key, help=about)
        case "clock":
            st.time_input(label, time.fromisoformat(now), step=1800, key=key, help=about)
        case "forms":
            _forms(key, now or {}, about)
        case _:
            st.text_input(label, now or "", max_chars=LONGEST if one.form == "gateway" else one.high, key=key, help=about, placeholder=_optional(one))  # fmt: skip


def _forms(key: str, now: Mapping[str, str], about: str) -> None:
    """Templates of each kind, one to a line."""
    for form, place in zip(CARD_FORMS, st.columns(len(CARD_FORMS)), strict=True):
        listed = "\n".join(name for name, one in now.items() if one == form)
        place.text_area(t(f"connectors.form_{form}"), listed, key=f"{key}_{form}", help=about, height=68)


def _secret(prefix: str, kind: str, one: Secret, was: Seen | None) -> None:
    own = f"connectors.help_secret_{kind}_{one.name}"
    about = t(own if has(own) else f"connectors.help_secret_{one.name}")
    is_set = was is not None and one.name in was.told
    empty = "connectors.secret_made" if one.is_made else "connectors.optional"
    shown = t("connectors.secret_kept") if is_set else ("" if one.is_needed and not one.is_made else t(empty))
    st.text_input(
        words.secret(kind, one.name), "", max_chars=LONGEST, type="default" if one.form == "web" else "password", key=f"{prefix}_secret_{one.name}", help=about, placeholder=shown,
        autocomplete="off",
    )  # fmt: skip


def _said(prefix: str, one: Field) -> Any:
    state, key = st.session_state, f"{prefix}_{one.name}"
    match one.form:
        case "clock":
            return f"{state[key]:%H:%M}"
        case "whole":
            return None if state[key] is None else int(state[key])
        case "forms":
            listed = {form: str(state[f"{key}_{form}"] or "").split() for form in CARD_FORMS}
            return {name: form for form, names in listed.items() for name in names}
    return state[key]


def _optional(one: Field) -> str:
    return "" if one.is_needed or one.usual is not None else t("connectors.optional")
