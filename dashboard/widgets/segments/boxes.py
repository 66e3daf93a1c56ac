"""Boxes of the builder on screen: what has to hold in each, its conditions one below the other, and what can be done with them."""

from collections.abc import Mapping
from dataclasses import replace
from html import escape

import streamlit as st

from dashboard.data import definitions
from dashboard.i18n import t
from dashboard.widgets.segments import draft, rows, tree
from dashboard.widgets.segments.tree import BOXES, Box, Part, Row

DEEPEST = 4
"""Boxes within each other that can be added by hand: what nobody can read needs no button."""
OF_A_ROW = ("up", "down", "double", "wrap", "not")
OF_A_BOX = ("up", "down", "double", "wrap", "not", "open")


def show(box: Box, faults: Mapping[int, str], *, depth: int = 1) -> None:
    """``faults``: what is wrong with a part, in words, by its number."""
    count = sum(1 for _ in tree.rows(draft.now()))
    with st.container(border=True, key=f"sgbox_{box.kind}_{box.number}", gap="small"):
        _head(box, depth)
        _fault(box.number, faults)
        for place, part in enumerate(box.parts):
            _part(box, part, place, faults, depth)
        _adding(box, depth, count)


def _head(box: Box, depth: int) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"sg_head_{box.number}", wrap=True
    ):
        key = f"sg_{box.number}_box"
        if st.session_state.get(key) != box.kind:
            st.session_state[key] = box.kind
        st.segmented_control(
            t("segments.box"), BOXES, format_func={one: t(f"segments.box_{one}") for one in BOXES}.get, required=True, key=key,
            label_visibility="collapsed", on_change=_rekind, args=(box.number,),
        )  # fmt: skip
        st.html(f'<span class="quiet">{escape(t(f"segments.box_{box.kind}_means"))}</span>', width="stretch")
        if depth > 1:
            _actions(box, OF_A_BOX)


def _part(box: Box, part: Part, place: int, faults: Mapping[int, str], depth: int) -> None:
    joint = t(f"segments.joint_{box.kind}") if place else ""
    if isinstance(part, Box):
        if joint:
            st.html(f'<span class="joint">{escape(joint)}</span>')
        show(part, faults, depth=depth + 1)
        return
    with st.container(
        horizontal=True, vertical_alignment="center", gap="xsmall", key=f"sgrow_{part.number}", wrap=True
    ):
        st.html(f'<span class="joint">{escape(joint)}</span>', width=30)
        rows.show(part)
        _actions(part, OF_A_ROW)
    if part.number in faults:
        _fault(part.number, faults)
    elif not part.is_complete:
        st.html(f'<p class="unfilled" role="status">{escape(t("segments.unfilled"))}</p>')


def _fault(number: int, faults: Mapping[int, str]) -> None:
    if number in faults:
        st.html(f'<p class="fault" role="alert">{escape(faults[number])}</p>')


def _actions(part: Part, every: tuple[str, ...]) -> None:
    """What can be done with a part, behind its dots, and beside them the way to take it out."""
    n = part.number
    key = f"sg_{n}_do"
    labels = {one: t(f"segments.do_{one}") for one in every}
    with st.container(horizontal=True, gap=None, width="content", key=f"sg_acts_{n}", wrap=False):
        st.menu_button(
            t("segments.do"), every, format_func=labels.get, key=key, on_click=_do, args=(n,), type="tertiary",
            icon=":material/more_vert:", help=t("segments.do"),
        )  # fmt: skip
        st.button(
            t("segments.remove"), icon=":material/delete:", type="tertiary", key=f"sg_{n}_drop", help=t("segments.remove"),
            on_click=_drop, args=(n,),
        )  # fmt: skip


def _adding(box: Box, depth: int, count: int) -> None:
    is_full = len(box.parts) >= definitions.MOST_CHILDREN or count >= definitions.MOST_LEAVES
    with st.container(horizontal=True, gap="small", key=f"sg_add_{box.number}"):
        st.button(
            t("segments.add_condition"), icon=":material/add:", type="tertiary", key=f"sg_{box.number}_row", on_click=_add_row,
            args=(box.number,), disabled=is_full,
        )  # fmt: skip
        if depth < DEEPEST:
            st.button(
                t("segments.add_box"), icon=":material/data_object:", type="tertiary", key=f"sg_{box.number}_nest", on_click=_add_box,
                args=(box.number,), disabled=is_full, help=t("segments.add_box_help"),
            )  # fmt: skip


# -- changes -----------------------------------------------------------------------------------------------------------


def _rekind(number: int) -> None:
    kind = st.session_state[f"sg_{number}_box"]
    draft.put(
        tree.changed(draft.now(), number, lambda part: replace(part, kind=kind) if isinstance(part, Box) else part)
    )


def _do(number: int) -> None:
    one, now = st.session_state[f"sg_{number}_do"], draft.now()
    if one in ("up", "down"):
        draft.put(tree.moved(now, number, -1 if one == "up" else 1))
    elif one == "double":
        draft.put(tree.doubled(now, number, draft.numbers))
    elif one == "open":
        draft.put(tree.opened(now, number))
    elif one is not None:
        draft.put(tree.wrapped(now, number, "none" if one == "not" else "any", draft.numbers))


def _drop(number: int) -> None:
    draft.put(tree.removed(draft.now(), number))


def _add_row(number: int) -> None:
    draft.put(tree.added(draft.now(), number, Row(draft.numbers(), definitions.blank("profile"))))


def _add_box(number: int) -> None:
    """One that asks for any of two: what a box of its own is mostly wanted for."""
    some = tuple(Row(draft.numbers(), definitions.blank("profile")) for _ in range(1))
    draft.put(tree.added(draft.now(), number, Box(draft.numbers(), "any", some)))
