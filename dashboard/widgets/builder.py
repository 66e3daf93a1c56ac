"""Building a funnel. Everything chosen is in the address, in words that no language changes, so a link reproduces it."""

from collections import Counter
from datetime import timedelta

import streamlit as st

from core.errors import InvalidFunnel
from dashboard import addresses
from dashboard.data import funnels
from dashboard.data.funnels import Asked, Menu
from dashboard.i18n import t
from dashboard.widgets import names

ORDERS = ("sequential", "strict", "any")
WINDOWS = ("1h", "1d", "7d", "30d", "none", "custom")
LENGTHS = {"m": "minutes", "h": "hours", "d": "days"}
COUNTS = ("members", "sessions")
FEWEST, MOST = 2, 10
_ROWS, _NEXT = "_funnel_rows", "_funnel_next"


def show(menu: Menu) -> Asked:
    """Draw the builder, and say what is asked."""
    _start(menu)
    _templates(menu)
    rows = list(st.session_state[_ROWS])
    for place, row in enumerate(rows, 1):
        _step(menu, place, row, len(rows))
    st.button(
        t("funnel.add_step"),
        icon=":material/add:",
        type="tertiary",
        key="add_step",
        on_click=_add,
        disabled=len(rows) >= MOST,
    )
    steps = tuple(tuple(st.session_state[f"step_{row}"]) for row in rows)
    st.query_params["step"] = ["|".join(step) for step in steps if step]
    _choice(
        "order",
        ORDERS,
        t("funnel.order"),
        {one: t(f"funnel.order_{one}") for one in ORDERS},
        help_text=t("funnel.order_help"),
    )
    within = _window()
    _choice("count", COUNTS, t("funnel.count"), {one: t(f"funnel.count_{one}") for one in COUNTS})
    by = _breakdown(menu)
    state = st.session_state
    return Asked(tuple(step for step in steps if step), state["order"], within, by, state["count"])


def _start(menu: Menu) -> None:
    """Steps from the address, else those of the first journey whose events exist, else the two first events' rows, empty."""
    if _ROWS in st.session_state:
        return
    given = [tuple(one for one in text.split("|") if one) for text in st.query_params.get_all("step")][:MOST]
    usual = next(iter(menu.templates.values()), ())
    _fill([step for step in given if step] or [(name,) for name in usual] or [(), ()])


def _fill(steps: list[tuple[str, ...]]) -> None:
    """Give every step a row of its own. Rows are numbered on, never reused, so that no widget keeps another's choice."""
    state = st.session_state
    first = state.get(_NEXT, 0)
    state[_ROWS] = list(range(first, first + len(steps)))
    state[_NEXT] = first + len(steps)
    for row, step in zip(state[_ROWS], steps, strict=True):
        state[f"step_{row}"] = list(step)


def _templates(menu: Menu) -> None:
    if not menu.templates:
        return
    labels = {name: t(f"funnel.template_{name}") for name in menu.templates}
    st.pills(
        t("funnel.templates"),
        list(menu.templates),
        format_func=labels.get,
        key="template",
        on_change=_use_template,
        args=(menu,),
    )


def _use_template(menu: Menu) -> None:
    chosen = st.session_state.get("template")
    if chosen in menu.templates:
        _fill([(name,) for name in menu.templates[chosen]])


def _step(menu: Menu, place: int, row: int, count: int) -> None:
    """One step: its events, any of which fills it, and the way to take it out."""
    key = f"step_{row}"
    # A name that the address brought and the lake does not know stays a choice, so that the answer can say it is unknown.
    options = list(menu.events) + [one for one in st.session_state.get(key, []) if one not in menu.events]
    labels = _labels(options)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key=f"row_{row}", wrap=False):
        st.multiselect(
            t("funnel.step", number=place), options, format_func=labels.get, key=key, persist_state="session",
            placeholder=t("funnel.choose_event"), select_all=False,
        )  # fmt: skip
        st.button(
            t("funnel.remove_step", number=place), icon=":material/close:", type="tertiary", key=f"remove_{row}",
            help=t("funnel.remove_step", number=place), on_click=_remove, args=(row,), disabled=count <= FEWEST,
        )  # fmt: skip


def _labels(options: list[str]) -> dict[str, str]:
    """Events in the reader's words; two that are called alike have their own names beside them."""
    called = {one: names.event(one) for one in options}
    times = Counter(called.values())
    return {one: words if times[words] == 1 else f"{words} · {one}" for one, words in called.items()}


def _add() -> None:
    state = st.session_state
    state[_ROWS] = [*state[_ROWS], state[_NEXT]]
    state[f"step_{state[_NEXT]}"] = []
    state[_NEXT] += 1


def _remove(row: int) -> None:
    st.session_state[_ROWS] = [one for one in st.session_state[_ROWS] if one != row]


def _choice(
    key: str, options: tuple[str, ...], label: str, labels: dict[str, str], help_text: str | None = None
) -> None:
    addresses.read(key, options[0], options)
    st.segmented_control(
        label, options, format_func=labels.get, required=True, key=key, persist_state="session", help=help_text
    )  # fmt: skip
    addresses.write(key, options[0])


def _window() -> timedelta | None:
    """The window, of the usual ones or any other. In the address as the command line writes it: ``7d``, ``12h``, ``none``."""
    _read_window()
    labels = {one: t(f"funnel.within_{one}") for one in WINDOWS}
    st.selectbox(t("funnel.within"), WINDOWS, format_func=labels.get, key="window", persist_state="session")
    text = st.session_state["window"]
    if text == "custom":
        with st.container(horizontal=True, gap="small", wrap=False):
            st.number_input(t("funnel.length"), 1, 100_000, key="window_length", persist_state="session")
            units = {one: t(f"funnel.unit_{one}") for one in LENGTHS}
            st.selectbox(
                t("funnel.unit"), list(LENGTHS), format_func=units.get, key="window_unit", persist_state="session"
            )
        text = f"{st.session_state['window_length']}{st.session_state['window_unit']}"
    if text == "7d":
        st.query_params.pop("within", None)
    else:
        st.query_params["within"] = text
    return funnels.parse_window(text)


def _read_window() -> None:
    state = st.session_state
    if "window" in state:
        return
    text = st.query_params.get("within", "7d")
    state["window"] = text if text in WINDOWS[:-1] else "custom"
    state["window_length"], state["window_unit"] = 7, "d"
    if state["window"] == "custom":
        try:
            funnels.parse_window(text)
        except InvalidFunnel:
            state["window"] = "7d"
        else:
            state["window_length"], state["window_unit"] = int(text[:-1]), text[-1]


def _breakdown(menu: Menu) -> str | None:
    addresses.read("by", None, menu.properties)
    labels = {one: names.property_of(one) for one in menu.properties}
    st.selectbox(
        t("funnel.by"), menu.properties, index=None, format_func=lambda one: labels.get(one, one), key="by",
        persist_state="session", placeholder=t("funnel.by_none"), help=t("funnel.by_help"),
    )  # fmt: skip
    addresses.write("by", None)
    return st.session_state["by"]
