"""The filters that all pages share: period, channels, units, segment. They live in the address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import streamlit as st

from core.periods import Period
from core.schema import CHANNELS
from core.scope import Filters
from dashboard import addresses, i18n
from dashboard.i18n import t

PRESETS = ("7", "28", "90", "364", "month", "last_month", "all", "custom")
DEFAULT = "28"
__all__ = ["Choices", "Filters", "bar", "period_of"]
KEYS = ("period", "from", "to", "channel", "unit", "segment")
"""Parameters of the address that belong to the filters."""
_DAYS = {"7", "28", "90", "364"}


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from: the business days that data exists for, and the units and segments the reader may
    see.

    ``units`` and ``segments`` map what is kept in the address to the name that is shown.
    """

    as_of_on: date
    first_on: date | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    segments: Mapping[int, str] = field(default_factory=dict)


def period_of(preset: str, *, as_of_on: date, first_on: date | None, custom: Period | None = None) -> Period:
    """The business days a preset stands for, counted back from the newest day with data.

    ``month`` is the whole running month; pages hold its part to date against the same days of the month before.
    """
    following = as_of_on + timedelta(days=1)
    if preset in _DAYS:
        return Period(following - timedelta(days=int(preset)), following)
    if preset == "custom" and custom is not None:
        return custom
    this_month = as_of_on.replace(day=1)
    if preset == "month":
        return Period(this_month, (this_month + timedelta(days=32)).replace(day=1))
    if preset == "last_month":
        return Period((this_month - timedelta(days=1)).replace(day=1), this_month)
    if preset == "all" and first_on is not None and first_on <= as_of_on:
        return Period(first_on, following)
    return Period(following - timedelta(days=int(DEFAULT)), following)


def bar(
    choices: Choices, *, periods: bool = True, channels: bool = True, units: bool = True, segments: bool = True
) -> Filters:
    """Draw the filters, and say what is chosen. A page without one of them leaves it out; what was chosen there is
    kept. Without a period it is all days.
    """
    with st.container(key="filters", horizontal=True, vertical_alignment="bottom", gap="small"):
        whole = period_of("all", as_of_on=choices.as_of_on, first_on=choices.first_on)
        period = _period(choices) if periods else whole
        return Filters(
            period,
            _several("channel", list(CHANNELS), {c: t(f"channel.{c}") for c in CHANNELS}) if channels else (),
            _several("unit", list(choices.units), choices.units) if units and _any(choices.units, "unit") else (),
            _segment(choices.segments) if segments and _any(choices.segments, "segment") else None,
        )


def _any(known: Mapping[str, str] | Mapping[int, str], key: str) -> bool:
    """Whether there is anything to choose from; where there is not, what the address asks for is told as unread."""
    if not known:
        for text in st.query_params.get_all(key):
            addresses.leave_out(key, text)
        st.query_params.pop(key, None)
    return bool(known)


def forget() -> None:
    """Let the address decide anew, as in a new session."""
    for key in (*KEYS, "_custom", "days"):
        st.session_state.pop(key, None)


def _period(choices: Choices) -> Period:
    addresses.read("period", DEFAULT, PRESETS)
    labels = {preset: t(f"filters.period_{preset}") for preset in PRESETS}
    st.selectbox(
        t("filters.period"), PRESETS, format_func=labels.get, key="period", persist_state="session", width=150
    )  # fmt: skip
    addresses.write("period", DEFAULT)
    custom = _custom(choices) if st.session_state["period"] == "custom" else None
    if custom is None:
        st.query_params.pop("from", None)
        st.query_params.pop("to", None)
    return period_of(st.session_state["period"], as_of_on=choices.as_of_on, first_on=choices.first_on, custom=custom)


def _custom(choices: Choices) -> Period:
    """Days chosen by hand. While only the first of the two is chosen, the days before stay."""
    if addresses.went():
        st.session_state.pop("days", None)
    if "_custom" not in st.session_state or addresses.went():
        st.session_state["_custom"] = addresses.period("from", "to") or period_of(
            DEFAULT, as_of_on=choices.as_of_on, first_on=choices.first_on
        )
    known: Period = st.session_state["_custom"]
    picked = st.date_input(
        t("filters.days"),
        (known.start_on, known.last_on),
        key="days",
        persist_state="session",
        format="YYYY-MM-DD",
        width=230,
    )
    if isinstance(picked, tuple) and len(picked) == 2:
        known = Period(picked[0], picked[1] + timedelta(days=1))
        st.session_state["_custom"] = known
    st.query_params["from"], st.query_params["to"] = known.start_on.isoformat(), known.last_on.isoformat()
    return known


def _several(key: str, allowed: list[str], names: Mapping[str, str]) -> tuple[str, ...]:
    addresses.read(key, [], allowed, multi=True)
    labels = dict(names)
    st.multiselect(
        t(f"filters.{key}"), allowed, format_func=lambda one: labels.get(one, one), key=key, persist_state="session",
        placeholder=t(f"filters.all_{key}s"), width=260,
    )  # fmt: skip
    addresses.write(key, [])
    return tuple(st.session_state[key])


def _segment(names: Mapping[int, str]) -> int | None:
    addresses.read("segment", None, list(names))
    labels = dict(names)
    st.selectbox(
        t("filters.segment"), list(names), index=None, format_func=lambda one: labels.get(one, i18n.UNDEFINED), key="segment",
        persist_state="session", placeholder=t("filters.all_segments"), width=200,
    )  # fmt: skip
    addresses.write("segment", None)
    chosen: int | None = st.session_state["segment"]
    return chosen
