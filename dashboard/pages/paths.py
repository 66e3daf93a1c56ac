"""路径: where do members go after an event, or where do they come from."""

import streamlit as st

from core.errors import Refusal
from dashboard import addresses, filters
from dashboard.data import freshness, paths
from dashboard.data.paths import Asked, View
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import (
    columns,
    contract,
    heading,
    path_builder,
    path_chart,
    path_links,
    path_menu,
    path_people,
    path_sessions,
    path_words,
    saved,
    tables,
)

PAGE = Page("insight", 40, "funnel.see", ":material/route:")
KEPT = (*path_builder.KEYS, *filters.KEYS)
"""Parameters of the address that saved paths keep."""


def show() -> None:
    if addresses.went():
        _forget()
    fresh = freshness.read(PAGE.permission)
    heading.show(t("paths.title"), fresh)
    menu = paths.menu()
    if fresh.choices is None or not menu.events:
        heading.empty(t("funnel.empty"), t("path.empty_lead"))
        return
    asked = filters.bar(fresh.choices)
    with st.container(border=True, horizontal=True, vertical_alignment="bottom", gap="small", key="card_builder"):
        saved.bar("paths", KEPT, _forget)
        wanted = path_builder.show(menu)
        changed = path_words.active(wanted) if wanted is not None else []
        if changed:
            st.caption(" ".join(changed))
    if wanted is None:
        path_menu.refused(t("path.problem_anchor"))
        return
    said = contract.in_words(asked, fresh.choices, with_period=True)
    view = _answer(asked, wanted, said)
    address = path_links.address()
    st.html((path_menu.top(view, address) if view else "") + path_sessions.written(paths.sessions(asked), address))
    path_people.open_asked(view, asked, said)


def _answer(asked: Filters, wanted: Asked, said: str) -> View | None:
    """None where nothing can be shown, which is said."""
    try:
        view = paths.answer(asked, wanted, lambda: st.spinner(t("path.counting")))
    except Refusal as error:
        path_menu.refused(path_words.refusal(error))
        return None
    if not view.members:
        path_menu.nobody(view, asked)
        return None
    _result(view, said)
    return view


def _result(view: View, said: str) -> None:
    address, opened = path_links.address(), path_links.opened(view)
    with st.container(border=True, key="card_paths"):
        path_chart.show(view, opened, path_menu.over_node(view, opened, address) if opened else "", address)
        chosen = path_menu.choose(view, opened)
        st.html(path_menu.of_node(view, chosen, address) + path_words.rules(view, said))
        _tables(view)


def _tables(view: View) -> None:
    """All figures, written only while somebody looks at them."""
    place = st.expander(t("funnel.table"), icon=":material/table:", key="path_table", on_change="rerun")
    if not place.open:
        return
    figures = columns.right(t("path.members"), t("path.share"))
    with place:
        nodes = tables.written("path_nodes", view.key, lambda: path_chart.rows(view))
        st.dataframe(nodes, hide_index=True, alt=t("funnel.table"), column_config=figures)
        top = tables.written("path_top", view.key, lambda: path_menu.rows(view))
        numbers = {"#": st.column_config.NumberColumn(width=50)}
        st.dataframe(top, hide_index=True, alt=t("path.top_paths"), column_config=figures | numbers)


def _forget() -> None:
    """What was chosen in this session makes room for what the address says."""
    filters.forget()
    path_builder.forget()
