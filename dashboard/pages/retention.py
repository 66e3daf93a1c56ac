"""留存: who comes back, after how long, and who does not."""

from html import escape

import streamlit as st

from core.errors import InvalidFunnel, InvalidRetention, Unknown
from dashboard import addresses, charts, filters
from dashboard.data import freshness, retention
from dashboard.data.retention import Asked, View
from dashboard.filters import Choices, Filters
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import contract, heading, names, saved
from dashboard.widgets import retention_builder as builder
from dashboard.widgets import retention_chart as curves
from dashboard.widgets import retention_figures as figures
from dashboard.widgets import retention_people as behind
from dashboard.widgets import retention_table as cohorts

PAGE = Page("insight", 30, "funnel.see", ":material/replay:")
KEPT = (*builder.KEYS, *figures.KEYS, *filters.KEYS)
"""Parameters of the address that a saved table keeps."""


def show() -> None:
    if addresses.went():
        _forget()
    fresh = freshness.read(PAGE.permission)
    heading.show(t("retention.title"), fresh)
    menu = retention.menu()
    if fresh.choices is None or not menu.events:
        heading.empty(t("retention.empty"), t("retention.empty_lead"))
        return
    asked = filters.bar(fresh.choices)
    left, right = st.columns([3, 10], gap="medium")
    with left, st.container(border=True, key="card_builder"):
        saved.bar("retention", KEPT, _forget)
        wanted = builder.show(menu)
    with right:
        _answer(asked, wanted, fresh.choices)


def _answer(asked: Filters, wanted: Asked | InvalidRetention, choices: Choices) -> None:
    if isinstance(wanted, InvalidRetention):
        figures.refused(wanted)
        return
    try:
        view = retention.answer(asked, wanted, lambda: st.spinner(t("retention.loading")))
    except (InvalidRetention, InvalidFunnel, Unknown) as error:
        figures.refused(error)
        return
    if view.is_empty:
        figures.nobody(wanted, asked)
        return
    _result(view, asked, choices)


def _result(view: View, asked: Filters, choices: Choices) -> None:
    def words() -> str:
        return contract.in_words(asked, choices, with_period=True)

    with st.container(border=True, key="card_cohorts"):
        shown = figures.choose(view)
        cohorts.show(view, shown)
        with st.container(horizontal=True, gap="small", vertical_alignment="center", key="cohort_foot"):
            figures.meaning(view, words)
            figures.export(view)
    with st.container(border=True, key="card_curves"):
        st.html(f"<h2>{escape(t('retention.curves'))}</h2>")
        key = f"{view.key}|{shown}"
        charts.show("retention", key, lambda: curves.of_cohorts(view, shown), alt=t("retention.curves"))
        curves.left_out(view, shown)
    if view.asked.by:
        with st.container(border=True, key="card_groups"):
            st.html(f"<h2>{escape(t('retention.groups', name=names.property_of(view.asked.by)))}</h2>")
            charts.show("retention_groups", key, lambda: curves.of_groups(view, shown), alt=t("retention.by"))
            cohorts.show_groups(view, shown)
    behind.open_asked(view, asked, shown, words)


def _forget() -> None:
    """What was chosen in this session makes room for what the address says."""
    filters.forget()
    builder.forget()
    for key in figures.KEYS:
        st.session_state.pop(key, None)
