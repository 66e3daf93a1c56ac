"""The fields of a target."""

from collections.abc import Iterable

import streamlit as st

from dashboard import i18n
from dashboard.data import notices
from dashboard.data.notices import (
    CHOSEN,
    LANGUAGES,
    LONGEST_DIGEST_MINUTES,
    LONGEST_NAME,
    MOST_PER_HOUR,
    URGENCIES,
    Target,
    Wanted,
)
from dashboard.i18n import t
from dashboard.widgets.notices import words

LONGEST_ADDRESS = 2000


def draw(prefix: str, kind: str, was: Target | None) -> None:
    """``was``: None of a new one. What was typed as an address or a secret is never shown again."""
    st.text_input(t("notices.field_name"), was.name if was else "", max_chars=LONGEST_NAME, key=f"{prefix}_name")
    st.text_input(
        t(f"notices.address_{kind}"), "", max_chars=LONGEST_ADDRESS, key=f"{prefix}_address",
        placeholder=t("notices.address_kept", address=was.address) if was else t(f"notices.address_{kind}_example"),
    )  # fmt: skip
    if kind == "webhook" and was is None:
        st.text_input(
            t("notices.field_secret"),
            "",
            type="password",
            key=f"{prefix}_secret",
            help=t("notices.field_secret_help"),
            autocomplete="off",
        )
    left, right = st.columns(2)
    language = was.language if was else i18n.language()
    left.selectbox(
        t("notices.field_language"),
        LANGUAGES,
        LANGUAGES.index(language),
        format_func=i18n.NAMES.get,
        key=f"{prefix}_language",
    )
    urgencies = {one: t(f"notices.urgency_{one}") for one in URGENCIES}
    right.selectbox(
        t("notices.field_urgency"), URGENCIES, URGENCIES.index(was.least_urgency if was else "normal"), format_func=urgencies.get, key=f"{prefix}_urgency"
    )  # fmt: skip
    kinds = {one: words.kind(one) for one in CHOSEN}
    st.multiselect(
        t("notices.field_kinds"), CHOSEN, _of(was.kinds if was else None, CHOSEN), format_func=kinds.get, key=f"{prefix}_kinds", placeholder=t("notices.all_kinds")
    )  # fmt: skip
    units = notices.units()
    if units or (was and was.units):
        known = {**{one: one for one in (was.units if was and was.units else ())}, **units}
        st.multiselect(
            t("notices.field_units"), list(known), list(was.units or ()) if was else [], format_func=known.get, key=f"{prefix}_units", placeholder=t("notices.all_units"),
            help=t("notices.field_units_help"),
        )  # fmt: skip
    low, high = st.columns(2)
    low.number_input(
        t("notices.field_cap"),
        1,
        MOST_PER_HOUR,
        was.most_per_hour if was else 20,
        key=f"{prefix}_cap",
        help=t("notices.field_cap_help"),
    )
    high.number_input(
        t("notices.field_digest"), 0, LONGEST_DIGEST_MINUTES, was.digest_minutes if was else 0, key=f"{prefix}_digest", help=t("notices.field_digest_help")
    )  # fmt: skip


def wanted(prefix: str, *, is_on: bool) -> Wanted:
    """What they say. Nothing chosen means all."""
    said = {name: st.session_state.get(f"{prefix}_{name}") for name in ("kinds", "units")}
    state = st.session_state
    return Wanted(
        state[f"{prefix}_name"], state[f"{prefix}_language"], state[f"{prefix}_urgency"], tuple(said["kinds"]) if said["kinds"] else None,
        tuple(said["units"]) if said["units"] else None, int(state[f"{prefix}_cap"]), int(state[f"{prefix}_digest"]), is_on,
    )  # fmt: skip


def as_is(one: Target, *, is_on: bool) -> Wanted:
    """The target as it stands, but for this."""
    return Wanted(
        one.name, one.language, one.least_urgency, one.kinds, one.units, one.most_per_hour, one.digest_minutes, is_on
    )


def _of(some: Iterable[str] | None, known: Iterable[str]) -> list[str]:
    inside = set(known)
    return [one for one in some or () if one in inside]
