"""Building a retention question. Everything chosen is in the address, in words that no language changes."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import streamlit as st

from core.errors import InvalidFunnel, InvalidRetention
from dashboard import addresses, i18n
from dashboard.data import conditions as texts
from dashboard.data import retention
from dashboard.data.conditions import Condition
from dashboard.data.retention import AGES, COUNTINGS, ENTRIES, Age, Asked, Counting, Entry, Menu, Template, Unit
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import choice, conditions, names
from dashboard.widgets.choice import Choice
from dashboard.widgets.retention_words import PARAMETER

EACH: dict[Unit, tuple[int, ...]] = {"day": tuple(range(15)), "week": tuple(range(13)), "month": tuple(range(13))}
"""Ages that bound the intervals when nobody brackets them: each unit one."""
BRACKETED: dict[Unit, str] = {"day": "0,1,3,7,14,30", "week": "0,1,2,4,8,12", "month": "0,1,2,3,6,12"}
"""Where own brackets begin to be edited from."""
UNITS: tuple[Unit, ...] = ("week", "day", "month")
INTERVALS = ("each", "own")
Rows = dict[str, tuple[tuple[str, ...], str]]
"""Options of each row, and which of them is chosen."""
_EVENTS = ("r_start", "r_back")
KEYS = (
    *_EVENTS, "r_start_if", "r_back_if", "r_entry", "r_unit", "r_age", "r_counting", "r_brackets", "r_by",
)  # fmt: skip
"""Parameters of the address that make up a question."""


def show(menu: Menu) -> Asked | InvalidRetention:
    """Draw the builder, and say what is asked, or that brackets cannot be read."""
    _start(menu)
    _templates(menu)
    start = _events(menu, "r_start", t("retention.start"))
    start_if = _conditions("r_start_if")
    back = _events(menu, "r_back", t("retention.back"))
    back_if = _conditions("r_back_if")
    entry: Entry = choice.read("r_entry", ENTRIES)  # type: ignore[assignment]
    unit: Unit = choice.read("r_unit", UNITS)  # type: ignore[assignment]
    age: Age = choice.read("r_age", AGES)  # type: ignore[assignment]
    counting: Counting = choice.read("r_counting", COUNTINGS)  # type: ignore[assignment]
    _rows({"entry": (ENTRIES, entry), "unit": (UNITS, unit), "age": (AGES, age), "counting": (COUNTINGS, counting)})
    brackets = _brackets(unit)
    by = _breakdown(menu)
    try:
        ages = retention.parse_brackets(brackets) if brackets is not None else EACH[unit]
    except InvalidRetention as error:
        return error
    return Asked(start, back, unit, age, ages, entry, counting, by, start_if, back_if)


def forget() -> None:
    """Let the address decide anew, as in a new session."""
    for key in (*KEYS, "r_intervals", "r_template"):
        st.session_state.pop(key, None)


def _start(menu: Menu) -> None:
    """Events from the address, else those of the first common question, else none."""
    state = st.session_state
    if "r_start" in state and "r_back" in state:
        return
    given = [[one for one in st.query_params.get_all(key) if one] for key in _EVENTS]
    usual = next(iter(menu.templates.values()), Template((), (), "first_ever"))
    state["r_start"], state["r_back"] = given if any(given) else (list(usual.start), list(usual.back))


def _templates(menu: Menu) -> None:
    if not menu.templates:
        return
    labels = {name: t(f"retention.template_{name}") for name in menu.templates}
    st.pills(
        t("retention.templates"), list(menu.templates), format_func=labels.get, key="r_template", on_change=_use_template,
        args=(menu,),
    )  # fmt: skip


def _use_template(menu: Menu) -> None:
    state = st.session_state
    chosen = menu.templates.get(state.get("r_template") or "")
    if chosen is not None:
        state["r_start"], state["r_back"] = list(chosen.start), list(chosen.back)
        choice.choose("r_entry", chosen.entry)


def _events(menu: Menu, key: str, label: str) -> tuple[str, ...]:
    """Events of which any counts. One that the address brought and the lake does not know stays a choice, so that the
    answer can say that it is unknown."""
    options = (*menu.events, *(one for one in st.session_state[key] if one not in menu.events))
    labels = _called(i18n.language(), options)
    st.multiselect(
        label, options, format_func=labels.get, key=key, persist_state="session", placeholder=t("funnel.choose_event"),
        select_all=False,
    )  # fmt: skip
    _write(key, st.session_state[key])
    return tuple(st.session_state[key])


@lru_cache(64)
def _called(language: i18n.Language, events: tuple[str, ...]) -> dict[str, str]:  # noqa: ARG001 - of its words
    return names.events(events)


def _write(key: str, texts: Sequence[str]) -> None:
    """Put them into the address, unless they stand there: every change of it is told to the browser."""
    if st.query_params.get_all(key) != list(texts):
        st.query_params[key] = list(texts)


def _conditions(key: str) -> tuple[Condition, ...]:
    """What the events must be like. What the address says that is no condition is left out, and told."""
    if key not in st.session_state:
        conditions.fill(key, tuple(_read(key)))
    found = conditions.edit(key)
    _write(key, [texts.written(one) for one in found])
    return found


def _read(key: str) -> Iterator[Condition]:
    for text in st.query_params.get_all(key):
        try:
            yield texts.parse(text)
        except InvalidFunnel:
            addresses.leave_out(key, text)


def _rows(chosen: Rows) -> None:
    """The choices that are one of a few, below one another."""
    address = addresses.beside(PARAMETER)
    st.html(_written(key=f"{i18n.language()}|{address}|{chosen}", _chosen=chosen, _address=address))


@kept.by_key(256)
def _written(key: str, _chosen: Rows, _address: str) -> str:  # noqa: ARG001 - what it is kept by
    found = [
        Choice(
            f"r_{part}",
            t(f"retention.{part}"),
            {one: t(f"retention.{part}_{one}") for one in options},
            one_of_them,
            t(f"retention.{part}_help"),
        )
        for part, (options, one_of_them) in _chosen.items()
    ]
    return choice.fields(found, _address)


def _brackets(unit: Unit) -> str | None:
    """Own brackets as they were typed; None when each unit is an interval."""
    state = st.session_state
    if "r_intervals" not in state:
        given = st.query_params.get("r_brackets")
        state["r_intervals"] = "own" if given else "each"
        if given:
            state["r_brackets"] = given
    labels = {one: t(f"retention.intervals_{one}") for one in INTERVALS}
    st.segmented_control(
        t("retention.intervals"), INTERVALS, format_func=labels.get, required=True, key="r_intervals", persist_state="session",
        help=t("retention.intervals_help"),
    )  # fmt: skip
    if state["r_intervals"] == "each":
        st.query_params.pop("r_brackets", None)
        return None
    if state.get("r_brackets") is None:
        state["r_brackets"] = BRACKETED[unit]
    st.text_input(
        t(f"retention.brackets_{unit}"), key="r_brackets", persist_state="session", max_chars=200,
        placeholder=BRACKETED[unit], help=t("retention.brackets_help"),
    )  # fmt: skip
    _write("r_brackets", [state["r_brackets"] or " "])
    return str(state["r_brackets"])


def _breakdown(menu: Menu) -> str | None:
    addresses.read("r_by", None, menu.properties)
    labels = {one: names.property_of(one) for one in menu.properties}
    st.selectbox(
        t("retention.by"), menu.properties, index=None, format_func=lambda one: labels.get(one, one), key="r_by",
        persist_state="session", placeholder=t("funnel.by_none"), help=t("retention.by_help"),
    )  # fmt: skip
    addresses.write("r_by", None)
    chosen: str | None = st.session_state["r_by"]
    return chosen
