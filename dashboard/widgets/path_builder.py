"""Asking for paths. Everything chosen is in the address, in words that no language changes, so a link reproduces it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from urllib.parse import unquote

import streamlit as st

from core.errors import InvalidFunnel
from dashboard import addresses, i18n
from dashboard.data import paths
from dashboard.data.paths import MOST_TOP, Asked, Group, Menu
from dashboard.i18n import t
from dashboard.widgets import names, path_links

WAYS = ("after", "before")
DEPTHS = tuple(range(1, 11))
PAUSES = ("30m", "2h", "1d", "none", "custom")
REPEATS = ("once", "each")
TOPS = tuple(range(3, MOST_TOP + 1))
LONGEST_MINUTES = 366 * 24 * 60
KEYS = ("anchor", "way", "depth", "pause", "repeats", "hide", "end", "top", "together")
"""Parameters of the address that make up a question."""
_ROWS, _NEXT = "_together_rows", "_together_next"


def show(menu: Menu) -> Asked | None:
    """Draw the builder into a container of rows, and say what is asked; None while no start is chosen."""
    _start(menu)
    _change()
    groups = _groups()
    anchor = _anchor(menu, groups)
    way = _one("way", WAYS, "after", width=170)
    depth = _one("depth", DEPTHS, 5, width=110)
    pause = _pause()
    repeats = _one("repeats", REPEATS, "once", width=190)
    top = _more(menu)
    if anchor is None:
        return None
    hidden, end = (tuple(st.session_state[key]) for key in ("hide", "end"))
    return Asked(
        _events(anchor, groups), way, depth, _length(pause), repeats == "once", end, hidden, groups, top,
    )  # fmt: skip


def forget() -> None:
    """Let the address decide anew, as in a new session."""
    for key in (*KEYS, "pause_minutes", _ROWS):
        st.session_state.pop(key, None)


def _start(menu: Menu) -> None:
    """What the address says, where nothing was chosen yet. Names that the lake does not know stay, to be told so."""
    state, query = st.session_state, st.query_params
    if "anchor" not in state:
        state["anchor"] = query.get("anchor") or paths.usual_anchor(menu.events)
    for key in ("hide", "end"):
        if key not in state:
            state[key] = list(dict.fromkeys(query.get_all(key)))
    if _ROWS not in state:
        given = [group for text in query.get_all("together") if (group := _read_group(text)) is not None]
        # Rows are numbered on, never reused, so that no widget keeps another's choice.
        first = state.get(_NEXT, 0)
        state[_ROWS], state[_NEXT] = list(range(first, first + len(given))), first + len(given)
        for row, (name, events) in zip(state[_ROWS], given, strict=True):
            state[f"together_name_{row}"], state[f"together_{row}"] = name, list(events)
    if "pause" not in state:
        text = query.get("pause", "30m")
        is_usual = text in PAUSES[:-1]
        minutes = 30 if is_usual else _minutes(text)
        if minutes is None:
            addresses.leave_out("pause", text)
        state["pause"] = text if is_usual else "30m" if minutes is None else "custom"
        state["pause_minutes"] = minutes or 30


def _change() -> None:
    """What a link in a node's menu asks for: that the node starts the path from now on, or that its events are left out."""
    state, query = st.session_state, st.query_params
    if path_links.START in query:
        state["anchor"] = query.pop(path_links.START)
    if path_links.HIDE in query:
        events = _events(query.pop(path_links.HIDE), _groups())
        state["hide"] = list(dict.fromkeys([*state["hide"], *events]))


def _anchor(menu: Menu, groups: Sequence[Group]) -> str | None:
    """An event or a group, by name."""
    state = st.session_state
    options = list(dict.fromkeys([*(group.node for group in groups), *menu.events]))
    if state["anchor"] and state["anchor"] not in options:
        options.append(state["anchor"])
    labels = _labels(options, groups)
    chosen: str | None = st.selectbox(
        t("path.anchor"), options, index=None, format_func=labels.get, key="anchor", persist_state="session",
        placeholder=t("path.choose_anchor"), width=260,
    )  # fmt: skip
    if chosen:
        st.query_params["anchor"] = chosen
    return chosen


def _events(anchor: str, groups: Sequence[Group]) -> tuple[str, ...]:
    """The events of the start: all of a group."""
    return next((group.names for group in groups if group.node == anchor), (anchor,))


def _one(key: str, options: tuple, default: object, width: int):  # type: ignore[no-untyped-def, type-arg]
    addresses.read(key, default, options)
    label, labels = _words(i18n.language(), key)
    st.selectbox(label, options, format_func=labels.get, key=key, persist_state="session", width=width)
    addresses.write(key, default)
    return st.session_state[key]


@lru_cache
def _words(language: i18n.Language, key: str) -> tuple[str, Mapping[object, str]]:
    """What one of the lists is called, and what stands in it."""
    chosen: dict[str, Sequence[object]] = {
        "way": WAYS,
        "repeats": REPEATS,
        "pause": PAUSES,
        "depth": DEPTHS,
        "top": TOPS,
    }
    named = {one: f"path.{key}_{one}" for one in chosen[key]}
    labels = {one: i18n.text(language, name) if i18n.has(name) else str(one) for one, name in named.items()}
    return i18n.text(language, f"path.{key}"), labels


def _more(menu: Menu) -> int:
    """Rules that few ask for, drawn only while somebody looks at them; what they say counts all the same. Returns how many
    nodes are named per column."""
    addresses.read("top", 8, TOPS)
    more = st.expander(t("path.more"), icon=":material/tune:", key="path_more", on_change="rerun")
    if more.open:
        with more:
            with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="path_second"):
                _several("hide", menu, t("path.hidden"), t("path.hidden_none"), t("path.hidden_help"))
                _several("end", menu, t("path.end"), t("path.end_none"), t("path.end_help"))
                _one("top", TOPS, 8, width=150)
            _together(menu)
    for key, default in (("hide", []), ("end", []), ("top", 8)):
        addresses.write(key, default)
    told = [_written(group) for group in _groups()]
    if told:
        st.query_params["together"] = told
    else:
        st.query_params.pop("together", None)
    return int(st.session_state["top"])


def _several(key: str, menu: Menu, label: str, nothing: str, meaning: str) -> None:
    options = list(dict.fromkeys([*menu.events, *st.session_state[key]]))
    labels = _labels(options)
    st.multiselect(
        label, options, format_func=labels.get, key=key, persist_state="session", placeholder=nothing, help=meaning,
        select_all=False, width=330,
    )  # fmt: skip


def _pause() -> str:
    """The pause that ends a session, as the address has it: ``30m``, ``2h``, ``none``."""
    label, labels = _words(i18n.language(), "pause")
    st.selectbox(
        label, PAUSES, format_func=labels.get, key="pause", persist_state="session", width=150,
        help=t("path.pause_help"),
    )  # fmt: skip
    text = str(st.session_state["pause"])
    if text == "custom":
        st.number_input(
            t("path.pause_minutes"), 1, LONGEST_MINUTES, key="pause_minutes", persist_state="session", width=130
        )  # fmt: skip
        text = f"{st.session_state['pause_minutes']}m"
    if text == "30m":
        st.query_params.pop("pause", None)
    else:
        st.query_params["pause"] = text
    return text


def _minutes(text: str) -> int | None:
    """A pause of the address in minutes; None for one that nobody can mean."""
    try:
        length = paths.parse_window(text)
    except InvalidFunnel:
        return None
    minutes = int(length.total_seconds() // 60) if length else 0
    return minutes if 1 <= minutes <= LONGEST_MINUTES else None


@lru_cache(64)
def _length(pause: str) -> timedelta | None:
    return paths.parse_window(pause)


# -- several events as one --


def _together(menu: Menu) -> None:
    st.caption(t("path.together"))
    for row in list(st.session_state[_ROWS]):
        _group(menu, row)
    st.button(t("path.add_group"), icon=":material/add:", type="tertiary", key="add_group", on_click=_add)


def _group(menu: Menu, row: int) -> None:
    key = f"together_{row}"
    options = list(dict.fromkeys([*menu.events, *st.session_state.get(key, [])]))
    labels = _labels(options)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key=f"row_{row}"):
        st.text_input(
            t("path.group_name"), key=f"together_name_{row}", persist_state="session", max_chars=40, width=180
        )
        st.multiselect(
            t("path.group_events"), options, format_func=labels.get, key=key, persist_state="session",
            placeholder=t("path.choose_events"), select_all=False, width=360,
        )  # fmt: skip
        st.button(
            t("path.remove_group"), icon=":material/close:", type="tertiary", key=f"remove_{row}",
            help=t("path.remove_group"), on_click=_remove, args=(row,),
        )  # fmt: skip


def _groups() -> tuple[Group, ...]:
    """Groups as they are chosen now; one without events is none yet, one without a name is called by its events."""
    state, found = st.session_state, []
    for row in state[_ROWS]:
        events = tuple(state.get(f"together_{row}") or ())
        name = " ".join((state.get(f"together_name_{row}") or "").split())
        if events:
            found.append(Group(name or " + ".join(events), events))
    return tuple(found)


def _add() -> None:
    state = st.session_state
    row = state[_NEXT]
    state[_ROWS], state[_NEXT] = [*state[_ROWS], row], row + 1
    state[f"together_name_{row}"], state[f"together_{row}"] = "", []


def _remove(row: int) -> None:
    """Takes a group out; the start that it was becomes its first event."""
    state = st.session_state
    gone = {group.node: group.names for group in _groups()}
    state[_ROWS] = [one for one in state[_ROWS] if one != row]
    if state["anchor"] in gone and state["anchor"] not in {group.node for group in _groups()}:
        state["anchor"] = gone[state["anchor"]][0]


def _written(group: Group) -> str:
    return ":".join([_quoted(group.node), "|".join(map(_quoted, group.names))])


def _quoted(name: str) -> str:
    return name.replace("%", "%25").replace("|", "%7C").replace(":", "%3A")


def _read_group(text: str) -> tuple[str, tuple[str, ...]] | None:
    """Name and events of a group in the address; None for a text that names no events, which is told."""
    name, _, events = text.partition(":")
    found = tuple(unquote(one) for one in events.split("|") if one)
    if not found:
        addresses.leave_out("together", text)
    return (unquote(name), found) if found else None


def _labels(options: Sequence[str], groups: Sequence[Group] = ()) -> dict[str, str]:
    """Events in the reader's words, groups as they were named; two that are called alike have their own names beside them."""
    return _called(i18n.language(), tuple(options), frozenset(group.node for group in groups))


@lru_cache(64)
def _called(language: i18n.Language, options: tuple[str, ...], own: frozenset[str]) -> dict[str, str]:  # noqa: ARG001 - of its words
    return names.apart(
        names.events(one for one in options if one not in own) | {one: one for one in options if one in own}
    )
