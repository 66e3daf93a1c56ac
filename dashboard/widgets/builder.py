"""Building a funnel. Everything chosen is in the address, in words that no language changes, so a link reproduces it."""

from dataclasses import replace
from datetime import timedelta

import streamlit as st

from dashboard import addresses, markdown
from dashboard.data import funnels, paths
from dashboard.data.conditions import by_step
from dashboard.data.funnels import ENTRIES, KEYS, MOST_STEPS, ORDERS, Asked, Barrier, Menu
from dashboard.i18n import t
from dashboard.widgets import conditions, names, steps

WINDOWS = ("1h", "1d", "7d", "30d", "90d", "none", "custom")
STEP_WINDOWS = ("none", "1h", "1d", "7d", "custom")
LENGTHS = {"m": "minutes", "h": "hours", "d": "days"}
COUNTS = ("members", "attempts", "sessions")
FEWEST, MOST_BARRIERS = 2, 4
_ROWS, _BARRIERS, _NEXT = "_funnel_rows", "_funnel_barriers", "_funnel_next"
_ALONG, _WRITTEN = "_funnel_along", "_funnel_written"


def show(menu: Menu) -> Asked:
    """Draw the builder, and say what is asked."""
    _start(menu)
    along: Asked | None = st.session_state[_ALONG]
    if along is not None:
        _show_along(along)
    asked = along if along is not None else _built(menu)
    _write(asked)
    return asked


def _built(menu: Menu) -> Asked:
    _templates(menu)
    rows = list(st.session_state[_ROWS])
    tested = [_step(menu, place, row, rows) for place, row in enumerate(rows, 1)]
    with st.container(horizontal=True, gap="small", key="step_buttons"):
        st.button(
            t("funnel.add_step"), icon=":material/add:", type="tertiary", key="add_step", on_click=_add,
            disabled=len(rows) >= MOST_STEPS,
        )  # fmt: skip
        st.button(
            t("funnel.clear"), icon=":material/backspace:", type="tertiary", key="clear_steps", on_click=_clear,
            help=t("funnel.clear_help"),
        )  # fmt: skip
    chosen = [tuple(st.session_state[f"step_{row}"]) for row in rows]
    within = _window("window", WINDOWS, t("funnel.within"))
    _choice("count", COUNTS, t("funnel.count"), t("funnel.count_help"))
    _breakdown(menu)
    state = st.session_state
    order, step_within, barriers, entries = _more(menu, len(rows))
    filled = [number for number, step in enumerate(chosen, 1) if step]
    place = {number: at for at, number in enumerate(filled, 1)}
    some = [(place[number], one) for number in filled for one in tested[number - 1]]
    return Asked(
        tuple(chosen[number - 1] for number in filled), order, within, state["by"], state["count"],
        by_step(some, len(filled)), step_within, barriers, entries,
    )  # fmt: skip


# -- from and to the address -------------------------------------------------------------------------------------------


def _start(menu: Menu) -> None:
    """What the address asks, where it is not what was written there last: a link was followed, a saved funnel opened. Else
    what was chosen in this session; at the very first the first journey whose events exist, or two empty steps."""
    given = {key: st.query_params.get_all(key) for key in KEYS if key in st.query_params}
    if _ROWS in st.session_state and (not given or given == st.session_state.get(_WRITTEN)):
        return
    along = paths.along_of(given["path"][0], menu.events) if given.get("path") else None
    if given.get("path") and along is None:
        addresses.leave_out("path", given["path"][0])
    asked = _shown(funnels.asked_of(given, along, leave_out=addresses.leave_out), menu)
    usual = next(iter(menu.templates.values()), None)
    if asked.steps or usual is None:
        _fill(asked)
    else:
        within = asked.within if "within" in given else usual.within
        _fill(Asked(usual.steps, asked.order, within, asked.by, asked.count, step_within=asked.step_within))


def _shown(asked: Asked, menu: Menu) -> Asked:
    """The question as far as the fields can show it; the rest is told as unread."""
    by = asked.by if asked.by in menu.properties else None
    if asked.by and by is None:
        addresses.leave_out("by", asked.by)
    fitting = [one for one in asked.barriers if 1 <= one.from_step < min(one.to_step, len(asked.steps))]
    kept = replace(asked, by=by, barriers=tuple(fitting[:MOST_BARRIERS]))
    for barrier in asked.barriers:
        if barrier not in kept.barriers:
            addresses.leave_out("exclude", funnels.barrier_text(barrier))
    return kept


def _fill(asked: Asked) -> None:
    """Put a whole question into the fields."""
    state = st.session_state
    _fill_steps(asked.steps or ((), ()), asked)
    _fill_window("window", funnels.window_text(asked.within), WINDOWS)
    _fill_window("step_window", funnels.window_text(asked.step_within), STEP_WINDOWS)
    state["order"], state["count"], state["entries"] = asked.order, asked.count, asked.entries
    state["by"] = asked.by
    state[_ALONG] = asked if asked.along and asked.steps else None
    state[_BARRIERS] = []
    for barrier in asked.barriers:
        number = _number()
        state[_BARRIERS].append(number)
        state[f"barrier_{number}"] = list(barrier.names)
        state[f"barrier_{number}_from"], state[f"barrier_{number}_to"] = barrier.from_step, barrier.to_step


def _fill_steps(chosen: tuple[tuple[str, ...], ...], asked: Asked | None = None) -> None:
    """Give every step a row of its own. Rows are numbered on, never reused, so that no widget keeps another's choice."""
    state = st.session_state
    state[_ROWS] = [_number() for _ in chosen]
    for place, (row, step) in enumerate(zip(state[_ROWS], chosen, strict=True)):
        state[f"step_{row}"] = list(step)
        conditions.fill(f"if_{row}", asked.tested(place) if asked else ())


def _fill_window(key: str, text: str, usual: tuple[str, ...]) -> None:
    state = st.session_state
    is_usual = text in usual[:-1]
    state[key] = text if is_usual else "custom"
    state[f"{key}_length"], state[f"{key}_unit"] = (7, "d") if is_usual else (max(int(text[:-1]), 1), text[-1])


def _write(asked: Asked) -> None:
    """The address says what is asked."""
    given = funnels.address(asked)
    if asked.along:
        # A path has an order and entries of its own; they need no place in the address.
        given = {key: some for key, some in given.items() if key not in ("order", "entries")}
        given["path"] = [paths.along_text(asked.along)]
    for key in KEYS:
        if key not in given:
            st.query_params.pop(key, None)
        elif st.query_params.get_all(key) != given[key]:
            st.query_params[key] = given[key]
    st.session_state[_WRITTEN] = given


def _number() -> int:
    state = st.session_state
    state[_NEXT] = state.get(_NEXT, 0) + 1
    return int(state[_NEXT])


# -- steps -------------------------------------------------------------------------------------------------------------


def _templates(menu: Menu) -> None:
    if not menu.templates:
        return
    labels = {name: t(f"funnel.template_{name}") for name in menu.templates}
    st.pills(
        t("funnel.templates"), list(menu.templates), format_func=labels.get, key="template", on_change=_use_template,
        args=(menu,),
    )  # fmt: skip


def _use_template(menu: Menu) -> None:
    chosen = menu.templates.get(st.session_state.get("template") or "")
    if chosen is not None:
        _fill_steps(chosen.steps)
        _fill_window("window", funnels.window_text(chosen.within), WINDOWS)
        st.session_state[_BARRIERS] = []


def _step(menu: Menu, place: int, row: int, rows: list[int]) -> tuple[conditions.Condition, ...]:
    """One step: its events, any of which fills it; behind the dots its conditions, its place, and the way to take it out."""
    key = f"step_{row}"
    # A name that the address brought and the lake does not know stays a choice, so that the answer can say it is unknown.
    options = list(menu.events) + [one for one in st.session_state.get(key, []) if one not in menu.events]
    with st.container(key=f"row_{row}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", wrap=False):
            _events(t("funnel.step", number=place), options, key)
            label = t("funnel.step_more", number=place)
            with st.popover(label, icon=":material/more_vert:", type="tertiary", help=label, key=f"more_{row}"):
                found = conditions.edit(f"if_{row}")
                _places(place, row, rows)
        if found:
            st.caption(t("funnel.only_where", conditions=markdown.escaped(conditions.listed(found))))
    return found


def _events(label: str, options: list[str], key: str) -> None:
    labels = names.apart({one: names.event(one) for one in options})
    st.multiselect(
        label, options, format_func=labels.get, key=key, persist_state="session",
        placeholder=t("funnel.choose_event"), select_all=False,
    )  # fmt: skip


def _places(place: int, row: int, rows: list[int]) -> None:
    with st.container(horizontal=True, gap="xsmall", key=f"places_{row}"):
        st.button(
            t("funnel.move_up"), icon=":material/arrow_upward:", type="tertiary", key=f"up_{row}", on_click=_move,
            args=(row, -1), disabled=place == 1,
        )  # fmt: skip
        st.button(
            t("funnel.move_down"), icon=":material/arrow_downward:", type="tertiary", key=f"down_{row}", on_click=_move,
            args=(row, 1), disabled=place == len(rows),
        )  # fmt: skip
        st.button(
            t("funnel.remove_step", number=place), icon=":material/delete:", type="tertiary", key=f"remove_{row}",
            on_click=_remove, args=(row,), disabled=len(rows) <= FEWEST,
        )  # fmt: skip


def _add() -> None:
    state, row = st.session_state, _number()
    state[_ROWS] = [*state[_ROWS], row]
    state[f"step_{row}"] = []
    conditions.fill(f"if_{row}", ())


def _clear() -> None:
    """Two empty steps, and everything else as usual."""
    _fill(Asked(()))
    st.session_state["template"] = None


def _remove(row: int) -> None:
    st.session_state[_ROWS] = [one for one in st.session_state[_ROWS] if one != row]


def _move(row: int, by: int) -> None:
    rows = list(st.session_state[_ROWS])
    at = rows.index(row)
    rows.insert(at + by, rows.pop(at))
    st.session_state[_ROWS] = rows


# -- rules -------------------------------------------------------------------------------------------------------------


def _choice(key: str, options: tuple[str, ...], label: str, help_text: str | None = None) -> None:
    labels = {one: t(f"funnel.{key}_{one}") for one in options}
    st.segmented_control(
        label, options, format_func=labels.get, required=True, key=key, persist_state="session", help=help_text
    )  # fmt: skip


def _window(key: str, usual: tuple[str, ...], label: str, help_text: str | None = None) -> timedelta | None:
    """A window, of the usual ones or any other, as the command line writes it: ``7d``, ``12h``, ``none``."""
    labels = {one: t(f"funnel.within_{one}") for one in usual}
    st.selectbox(label, usual, format_func=labels.get, key=key, persist_state="session", help=help_text)
    text = st.session_state[key]
    if text == "custom":
        with st.container(horizontal=True, gap="small", wrap=False):
            st.number_input(t("funnel.length"), 1, 600_000, key=f"{key}_length", persist_state="session")
            units = {one: t(f"funnel.unit_{one}") for one in LENGTHS}
            st.selectbox(
                t("funnel.unit"), list(LENGTHS), format_func=units.get, key=f"{key}_unit", persist_state="session"
            )
        text = f"{st.session_state[f'{key}_length']}{st.session_state[f'{key}_unit']}"
    return funnels.parse_window(text)


def _breakdown(menu: Menu) -> None:
    labels = {one: names.property_of(one) for one in menu.properties}
    st.selectbox(
        t("funnel.by"), menu.properties, index=None, format_func=lambda one: labels.get(one, one), key="by",
        persist_state="session", placeholder=t("funnel.by_none"), help=t("funnel.by_help"),
    )  # fmt: skip


def _more(menu: Menu, last: int) -> tuple[str, timedelta | None, tuple[Barrier, ...], str]:
    """What few need: order, the window between steps, exclusions, which entries count. How many of them are set stands on the
    fold."""
    state = st.session_state
    is_set = (
        state["order"] != "sequential", state["step_window"] != "none", state["entries"] != "every", *state[_BARRIERS]
    )  # fmt: skip
    count = sum(bool(one) for one in is_set)
    label = t("funnel.more_set", count=count) if count else t("funnel.more")
    with st.expander(label, icon=":material/tune:", key="funnel_more"):
        _choice("order", ORDERS, t("funnel.order"), t("funnel.order_help"))
        in_any_order = state["order"] == "any"
        step_within, barriers = None, ()
        if in_any_order:
            st.caption(t("funnel.any_order_limits"))
        else:
            step_within = _window("step_window", STEP_WINDOWS, t("funnel.step_window"), t("funnel.step_window_help"))
            barriers = _barriers(menu, last)
        _choice("entries", ENTRIES, t("funnel.entries"), t("funnel.entries_help"))
    return state["order"], step_within, barriers, state["entries"]


def _barriers(menu: Menu, last: int) -> tuple[Barrier, ...]:
    """Names that end an attempt between two steps, with what exactly that means."""
    state = st.session_state
    found = [_barrier(menu, place, number, last) for place, number in enumerate(state[_BARRIERS], 1)]
    st.button(
        t("funnel.add_exclusion"), icon=":material/block:", type="tertiary", key="add_barrier", on_click=_add_barrier,
        disabled=len(state[_BARRIERS]) >= MOST_BARRIERS,
    )  # fmt: skip
    if state[_BARRIERS]:
        st.caption(t("funnel.exclusion_means"))
    return tuple(one for one in found if one.names)


def _barrier(menu: Menu, place: int, number: int, last: int) -> Barrier:
    state, key = st.session_state, f"barrier_{number}"
    state[f"{key}_from"] = min(state[f"{key}_from"], last - 1)
    state[f"{key}_to"] = min(max(state[f"{key}_to"], state[f"{key}_from"] + 1), last)
    options = list(menu.events) + [one for one in state[key] if one not in menu.events]
    labels = {one: t("funnel.step", number=one) for one in range(1, last + 1)}
    with st.container(key=f"barrier_box_{number}", gap="xsmall"):
        _events(t("funnel.exclusion", number=place), options, key)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", wrap=False):
            st.selectbox(
                t("funnel.exclusion_from"), range(1, last), format_func=labels.get, key=f"{key}_from",
                persist_state="session",
            )  # fmt: skip
            st.selectbox(
                t("funnel.exclusion_to"), range(state[f"{key}_from"] + 1, last + 1), format_func=labels.get,
                key=f"{key}_to", persist_state="session",
            )  # fmt: skip
            st.button(
                t("funnel.remove_exclusion", number=place), icon=":material/close:", type="tertiary",
                key=f"remove_barrier_{number}", help=t("funnel.remove_exclusion", number=place),
                on_click=_remove_barrier, args=(number,),
            )  # fmt: skip
    return Barrier(tuple(state[key]), state[f"{key}_from"], state[f"{key}_to"])


def _add_barrier() -> None:
    state, number = st.session_state, _number()
    state[_BARRIERS] = [*state[_BARRIERS], number]
    state[f"barrier_{number}"] = []
    state[f"barrier_{number}_from"], state[f"barrier_{number}_to"] = 1, len(state[_ROWS])


def _remove_barrier(number: int) -> None:
    st.session_state[_BARRIERS] = [one for one in st.session_state[_BARRIERS] if one != number]


# -- the funnel of a path ----------------------------------------------------------------------------------------------


def _show_along(asked: Asked) -> None:
    """The funnel of a path is asked as the path showed it; its steps can be taken over into a funnel of one's own."""
    st.markdown(f"**{t('funnel.along')}**")
    lines = [f"{number}. {markdown.escaped(words)}" for number, words in enumerate(steps.called(asked), 1)]
    st.markdown("\n".join(lines))
    assert asked.along is not None
    st.caption(t(f"funnel.along_lead_{asked.along.direction}"))
    st.button(t("funnel.along_free"), icon=":material/edit:", key="free_along", on_click=_free, args=(asked,))


def _free(asked: Asked) -> None:
    """An ordinary funnel of the same steps: in order, within the usual window."""
    _fill(replace(asked, along=None, order="sequential", entries="every", within=timedelta(days=7)))
