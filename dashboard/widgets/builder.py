"""Building a funnel. Everything chosen is in the address, in words that no language changes, so a link reproduces it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from html import escape
from typing import Any, TypeVar
from urllib.parse import urlencode

import streamlit as st

from dashboard import addresses, i18n, markdown
from dashboard.data import funnels, paths
from dashboard.data.conditions import by_step
from dashboard.data.funnels import ENTRIES, KEYS, MOST_STEPS, ORDERS, Asked, Barrier, Menu
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import choice, conditions, names, steps
from dashboard.widgets.choice import Choice

WINDOWS = ("1h", "1d", "7d", "30d", "90d", "none", "custom")
STEP_WINDOWS = ("none", "1h", "1d", "7d", "custom")
LENGTHS = {"m": "minutes", "h": "hours", "d": "days"}
COUNTS = ("members", "attempts", "sessions")
FEWEST, MOST_BARRIERS = 2, 4
_ROWS, _BARRIERS, _NEXT = "_funnel_rows", "_funnel_barriers", "_funnel_next"
_ALONG, _WRITTEN = "_funnel_along", "_funnel_written"
_OF_A_JOURNEY = ("step", "if", "within", "exclude")
"""Parameters of the address that a common journey brings its own of."""
T = TypeVar("T")


def show(menu: Menu) -> Asked:
    """Draw the builder, and say what is asked. What the fields hold is known, and in the address, before they are drawn, so that
    a field that nobody looks at need not be."""
    read = {key: st.query_params.get_all(key) for key in KEYS if key in st.query_params}
    _start(menu, read)
    along: Asked | None = st.session_state[_ALONG]
    asked = along if along is not None else _chosen(menu)
    _write(asked, read)
    if along is not None:
        _show_along(along)
    else:
        _templates(menu, asked)
        _steps(menu)
        _rules(menu)
    return asked


def _chosen(menu: Menu) -> Asked:
    """What the fields hold; a step without an event is none yet."""
    state = st.session_state
    if state["by"] is not None and state["by"] not in menu.properties:
        state["by"] = None
    chosen = [(tuple(state[f"step_{row}"]), conditions.chosen(f"if_{row}")) for row in state[_ROWS]]
    filled = [(step, tested) for step, tested in chosen if step]
    in_any_order = state["order"] == "any"
    return Asked(
        tuple(step for step, _ in filled),
        order=state["order"],
        within=_window("window"),
        by=state["by"],
        count=state["count"],
        conditions=by_step([(at, one) for at, (_, some) in enumerate(filled, 1) for one in some], len(filled)),
        step_within=None if in_any_order else _window("step_window"),
        barriers=() if in_any_order else _barriers(len(chosen)),
        entries=state["entries"],
    )


def _window(key: str) -> timedelta | None:
    """A window as the command line writes it: ``7d``, ``12h``, ``none``."""
    text = st.session_state[key]
    return funnels.parse_window("".join(map(str, _length(key))) if text == "custom" else text)


def _length(key: str) -> tuple[int, str]:
    """Of a window of one's own, and its unit."""
    state = st.session_state
    return state.get(f"{key}_length", 7), state.get(f"{key}_unit", "d")


def _barriers(last: int) -> tuple[Barrier, ...]:
    """Exclusions that name an event, each held between two steps that there are."""
    state, found = st.session_state, []
    for number in state[_BARRIERS]:
        start, end = f"barrier_{number}_from", f"barrier_{number}_to"
        first = min(state[start], last - 1)
        state[start], state[end] = first, min(max(state[end], first + 1), last)
        if state[f"barrier_{number}"]:
            found.append(Barrier(tuple(state[f"barrier_{number}"]), state[start], state[end]))
    return tuple(found)


# -- from and to the address -------------------------------------------------------------------------------------------


def _start(menu: Menu, given: dict[str, list[str]]) -> None:
    """What the address asks (``given``), where it is not what was written there last: a link was followed, a saved funnel
    opened. Else what was chosen in this session; at the very first the first journey whose events exist, or two empty steps."""
    if _ROWS in st.session_state and ((not given and not addresses.went()) or (given and _is_known(given))):
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


def _is_known(given: dict[str, list[str]]) -> bool:
    """Whether the address is as it was written last. Where it counts something else, no more than that is chosen anew: steps
    without an event stand in no address."""
    known = st.session_state.get(_WRITTEN, {})
    if given == known:
        return True
    if given | {"count": []} != known | {"count": []}:
        return False
    counted = {"count": given.get("count", [])}
    st.session_state["count"] = funnels.asked_of(counted, leave_out=addresses.leave_out).count
    return True


def _shown(asked: Asked, menu: Menu) -> Asked:
    """The question as far as the fields can show it; the rest is told as unread."""
    by = asked.by if asked.by in menu.properties else None
    if asked.by and by is None:
        addresses.leave_out("by", asked.by)
    fitting = [one for one in asked.barriers if 1 <= one.from_step < min(one.to_step, len(asked.steps))]
    kept = replace(asked, by=by, barriers=tuple(fitting[:MOST_BARRIERS]))
    for barrier in asked.barriers:
        if barrier not in kept.barriers or barrier.to_step > len(asked.steps):
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
    state[key] = text if text in usual[:-1] else "custom"
    if state[key] == "custom":
        state[f"{key}_length"], state[f"{key}_unit"] = max(int(text[:-1]), 1), text[-1]


def _write(asked: Asked, read: dict[str, list[str]]) -> None:
    """The address says what is asked; ``read``: what it said before."""
    given = funnels.address(asked)
    if asked.along:
        # A path has an order and entries of its own; they need no place in the address.
        given = {key: some for key, some in given.items() if key not in ("order", "entries")}
        given["path"] = [paths.along_text(asked.along)]
    if given != read:
        for key in KEYS:
            if key not in given:
                st.query_params.pop(key, None)
            elif read.get(key) != given[key]:
                st.query_params[key] = given[key]
    st.session_state[_WRITTEN] = given


def _number() -> int:
    state = st.session_state
    state[_NEXT] = state.get(_NEXT, 0) + 1
    return int(state[_NEXT])


# -- steps -------------------------------------------------------------------------------------------------------------


def _templates(menu: Menu, asked: Asked) -> None:
    """Common journeys as links: each is the page as it is, with the steps and the window of the journey."""
    if menu.templates:
        others = addresses.beside(*_OF_A_JOURNEY, "people")
        st.html(
            _journeys(
                key=f"{menu.key}|{i18n.language()}|{others}|{asked.steps}", _menu=menu, _others=others, _asked=asked
            )
        )


@kept.by_key(64)
def _journeys(key: str, _menu: Menu, _others: str, _asked: Asked) -> str:  # noqa: ARG001 - what it is kept by
    links = []
    for name, journey in _menu.templates.items():
        given = funnels.address(Asked(journey.steps, within=journey.within))
        current = ' aria-current="true"' if journey.steps == _asked.steps else ""
        address = escape(f"?{_others}{urlencode(given, doseq=True)}")
        links.append(f'<a href="{address}"{current}>{escape(t(f"funnel.template_{name}"))}</a>')
    title = escape(t("funnel.templates"))
    return f'<nav class="pills" aria-label="{title}"><p>{title}</p>{"".join(links)}</nav>'


def _steps(menu: Menu) -> None:
    rows = st.session_state[_ROWS]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="steps"):
        for place, row in enumerate(rows, 1):
            _step(menu, place, row, rows)
        st.button(
            t("funnel.add_step"), icon=":material/add:", type="tertiary", key="add_step", on_click=_add,
            disabled=len(rows) >= MOST_STEPS,
        )  # fmt: skip
        st.button(
            t("funnel.clear"), icon=":material/backspace:", type="tertiary", key="clear_steps", on_click=_clear,
            help=t("funnel.clear_help"),
        )  # fmt: skip


def _step(menu: Menu, place: int, row: int, rows: list[int]) -> None:
    """One step: its events, any of which fills it; behind the dots its conditions, its place, and the way to take it out."""
    _events(menu, t("funnel.step", number=place), f"step_{row}")
    label = t("funnel.step_more", number=place)
    behind = _folded(st.popover, label, icon=":material/more_vert:", type="tertiary", help=label, key=f"more_{row}")
    if behind.open:
        with behind:
            conditions.edit(f"if_{row}")
            _places(place, row, rows)
    if found := conditions.chosen(f"if_{row}"):
        st.caption(t("funnel.only_where", conditions=markdown.escaped(conditions.listed(found))))


def _events(menu: Menu, label: str, key: str) -> None:
    # A name that the address brought and the lake does not know stays a choice, so that the answer can say it is unknown.
    options = (*names.in_order(menu.events), *[one for one in st.session_state[key] if one not in menu.events])
    st.multiselect(
        label, options, format_func=_events_called(i18n.language(), options).get, key=key, persist_state="session",
        placeholder=t("funnel.choose_event"), select_all=False,
    )  # fmt: skip


@lru_cache(64)
def _events_called(language: i18n.Language, events: tuple[str, ...]) -> dict[str, str]:  # noqa: ARG001 - of its words
    return names.events(events)


def _folded(kind: Callable[..., T], label: str, *, key: str, **look: Any) -> T:
    """A popover or an expander whose inside is drawn while it is open. One that is open stays so when its label changes, which
    makes another one of it for Streamlit."""
    if st.session_state.get(key):
        st.session_state[key] = True
    return kind(label, key=key, on_change="rerun", **look)


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


def _remove(row: int) -> None:
    st.session_state[_ROWS] = [one for one in st.session_state[_ROWS] if one != row]


def _move(row: int, by: int) -> None:
    rows = list(st.session_state[_ROWS])
    at = rows.index(row)
    rows.insert(at + by, rows.pop(at))
    st.session_state[_ROWS] = rows


# -- rules -------------------------------------------------------------------------------------------------------------


def _rules(menu: Menu) -> None:
    _show_window("window", WINDOWS, t("funnel.within"))
    others, counted = addresses.beside("count", "people"), st.session_state["count"]
    st.html(_counts(key=f"{i18n.language()}|{counted}|{others}", _counted=counted, _others=others))
    st.selectbox(
        t("funnel.by"), menu.properties, index=None, format_func=_properties_called(i18n.language(), menu.properties).get,
        key="by", persist_state="session", placeholder=t("funnel.by_none"), help=t("funnel.by_help"),
    )  # fmt: skip
    _more(menu)


@kept.by_key(64)
def _counts(key: str, _counted: str, _others: str) -> str:  # noqa: ARG001 - what it is kept by
    labels = {one: t(f"funnel.count_{one}") for one in COUNTS}
    return choice.fields([Choice("count", t("funnel.count"), labels, _counted, t("funnel.count_help"))], _others)


@lru_cache(16)
def _properties_called(language: i18n.Language, properties: tuple[str, ...]) -> dict[str, str]:  # noqa: ARG001 - of its words
    return {one: names.property_of(one) for one in properties}


def _choice(key: str, options: tuple[str, ...], label: str, help_text: str | None = None) -> None:
    labels = {one: t(f"funnel.{key}_{one}") for one in options}
    st.segmented_control(
        label, options, format_func=labels.get, required=True, key=key, persist_state="session", help=help_text
    )  # fmt: skip


def _show_window(key: str, usual: tuple[str, ...], label: str, help_text: str | None = None) -> None:
    """One of the usual windows, or any other."""
    labels = {one: t(f"funnel.within_{one}") for one in usual}
    st.selectbox(label, usual, format_func=labels.get, key=key, persist_state="session", help=help_text)
    if st.session_state[key] == "custom":
        for part, value in zip(("length", "unit"), _length(key), strict=True):
            st.session_state.setdefault(f"{key}_{part}", value)
        with st.container(horizontal=True, gap="small", wrap=False):
            st.number_input(t("funnel.length"), 1, 600_000, key=f"{key}_length", persist_state="session")
            units = {one: t(f"funnel.unit_{one}") for one in LENGTHS}
            st.selectbox(
                t("funnel.unit"), list(LENGTHS), format_func=units.get, key=f"{key}_unit", persist_state="session"
            )


def _more(menu: Menu) -> None:
    """What few need: order, the window between steps, exclusions, which entries count. How many of them are set stands on the
    fold."""
    state = st.session_state
    is_set = (
        state["order"] != "sequential", state["step_window"] != "none", state["entries"] != "every", *state[_BARRIERS]
    )  # fmt: skip
    count = sum(bool(one) for one in is_set)
    label = t("funnel.more_set", count=count) if count else t("funnel.more")
    fold = _folded(st.expander, label, icon=":material/tune:", key="funnel_more")
    if not fold.open:
        return
    with fold:
        _choice("order", ORDERS, t("funnel.order"), t("funnel.order_help"))
        if state["order"] == "any":
            st.caption(t("funnel.any_order_limits"))
        else:
            _show_window("step_window", STEP_WINDOWS, t("funnel.step_window"), t("funnel.step_window_help"))
            _show_barriers(menu)
        _choice("entries", ENTRIES, t("funnel.entries"), t("funnel.entries_help"))


def _show_barriers(menu: Menu) -> None:
    """Names that end an attempt between two steps, with what exactly that means."""
    some = st.session_state[_BARRIERS]
    for place, number in enumerate(some, 1):
        _barrier(menu, place, number, len(st.session_state[_ROWS]))
    st.button(
        t("funnel.add_exclusion"), icon=":material/block:", type="tertiary", key="add_barrier", on_click=_add_barrier,
        disabled=len(some) >= MOST_BARRIERS,
    )  # fmt: skip
    if some:
        st.caption(t("funnel.exclusion_means"))


def _barrier(menu: Menu, place: int, number: int, last: int) -> None:
    key = f"barrier_{number}"
    labels = {one: t("funnel.step", number=one) for one in range(1, last + 1)}
    with st.container(key=f"barrier_box_{number}", gap="xsmall"):
        _events(menu, t("funnel.exclusion", number=place), key)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", wrap=False):
            st.selectbox(
                t("funnel.exclusion_from"), range(1, last), format_func=labels.get, key=f"{key}_from",
                persist_state="session",
            )  # fmt: skip
            st.selectbox(
                t("funnel.exclusion_to"), range(st.session_state[f"{key}_from"] + 1, last + 1), format_func=labels.get,
                key=f"{key}_to", persist_state="session",
            )  # fmt: skip
            st.button(
                t("funnel.remove_exclusion", number=place), icon=":material/close:", type="tertiary",
                key=f"remove_barrier_{number}", help=t("funnel.remove_exclusion", number=place),
                on_click=_remove_barrier, args=(number,),
            )  # fmt: skip


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
