"""路径: where do members go after an event, or where do they come from."""

import pandas as pd
import streamlit as st

from core.errors import Refusal
from dashboard import filters, i18n
from dashboard.data import freshness, paths
from dashboard.data.paths import Asked, View
from dashboard.filters import Choices, Filters
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import (
    columns,
    contract,
    heading,
    path_builder,
    path_chart,
    path_menu,
    path_sessions,
    path_words,
    saved,
)

PAGE = Page("insight", 40, "funnel.see", ":material/route:")
KEPT = (*path_builder.KEYS, *filters.KEYS)
"""Parameters of the address that saved paths keep."""


def show() -> None:
    fresh = freshness.read(PAGE.permission)
    heading.show(t("paths.title"), fresh)
    menu = paths.menu()
    if fresh.choices is None or not menu.events:
        heading.empty(t("funnel.empty"), t("path.empty_lead"))
        return
    asked = filters.bar(fresh.choices)
    with st.container(border=True, key="card_builder"):
        with st.container(width=saved.WIDTH):
            saved.bar("paths", KEPT, _forget)
        wanted = path_builder.show(menu)
        changed = path_words.active(wanted) if wanted is not None else []
        if changed:
            st.caption(" ".join(changed))
    if wanted is None:
        path_menu.refused(t("path.problem_anchor"))
        return
    _answer(asked, wanted, fresh.choices)
    with st.container(border=True, key="card_sessions"):
        words = contract.in_words(asked, fresh.choices, with_period=True)
        path_sessions.show(paths.sessions(asked), asked, words)


def _answer(asked: Filters, wanted: Asked, choices: Choices) -> None:
    try:
        with st.spinner(t("path.counting")):
            view = paths.answer(asked, wanted)
    except Refusal as error:
        path_menu.refused(path_words.refusal(error))
        return
    if view.members:
        _result(view, asked, choices)
    else:
        path_menu.nobody(view, asked)


def _result(view: View, asked: Filters, choices: Choices) -> None:
    said = contract.in_words(asked, choices, with_period=True)
    with st.container(border=True, key="card_paths"):
        st.markdown(t("path.lead", count=i18n.number(view.members), gap=path_words.gap(view.asked)))
        if view.members < path_words.SMALL:
            st.caption(t("number.small_meaning", count=i18n.number(view.members)))
        path_chart.show(view)
        path_menu.node(view, asked, said)
        with st.expander(t("funnel.table"), icon=":material/table:"):
            st.dataframe(
                pd.DataFrame(path_chart.rows(view)), hide_index=True, alt=t("funnel.table"),
                column_config=columns.right(t("path.members"), t("path.share")),
            )  # fmt: skip
        path_words.rules(view, said)
    with st.container(border=True, key="card_top_paths"):
        path_menu.top(view, asked, said)


def _forget() -> None:
    """What was chosen in this session makes room for what the address says."""
    filters.forget()
    path_builder.forget()
