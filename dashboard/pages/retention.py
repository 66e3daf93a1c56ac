"""留存: who comes back, after how long, and who does not."""

import streamlit as st

from core.errors import InvalidFunnel, InvalidRetention, Unknown
from dashboard import charts, filters
from dashboard.data import freshness, retention
from dashboard.data.retention import View
from dashboard.filters import Choices, Filters
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import contract, heading, names
from dashboard.widgets import retention_builder as builder
from dashboard.widgets import retention_chart as curves
from dashboard.widgets import retention_figures as figures
from dashboard.widgets import retention_people as behind
from dashboard.widgets import retention_table as cohorts

PAGE = Page("insight", 30, "funnel.see", ":material/replay:")


def show() -> None:
    fresh = freshness.read(PAGE.permission)
    heading.show(t("retention.title"), fresh)
    menu = retention.menu()
    if fresh.choices is None or not menu.events:
        heading.empty(t("retention.empty"), t("retention.empty_lead"))
        return
    asked = filters.bar(fresh.choices)
    left, right = st.columns([3, 10], gap="medium")
    try:
        with left, st.container(border=True, key="card_builder"):
            wanted = builder.show(menu)
        with right, st.spinner(t("retention.loading")):
            view = retention.answer(asked, wanted)
    except (InvalidRetention, InvalidFunnel, Unknown) as error:
        with right:
            figures.refused(error)
        return
    with right:
        if view.is_empty:
            figures.nobody(wanted, asked)
            return
        _result(view, asked, fresh.choices)


def _result(view: View, asked: Filters, choices: Choices) -> None:
    words = contract.in_words(asked, choices, with_period=True)
    with st.container(border=True, key="card_cohorts"):
        shown = figures.choose(view)
        figures.summary(view, shown)
        cohorts.show(view, shown)
        with st.container(horizontal=True, gap="small", vertical_alignment="center", key="cohort_foot"):
            figures.meaning(view, words)
            figures.export(view)
    with st.container(border=True, key="card_curves"):
        st.subheader(t("retention.curves"), anchor=False)
        key = f"{view.key}|{shown}"
        charts.show("retention", key, lambda: curves.of_cohorts(view, shown), alt=t("retention.curves"))
        curves.left_out(view, shown)
    if view.asked.by:
        with st.container(border=True, key="card_groups"):
            st.subheader(t("retention.groups", name=names.property_of(view.asked.by)), anchor=False)
            charts.show("retention_groups", key, lambda: curves.of_groups(view, shown), alt=t("retention.by"))
            cohorts.show_groups(view, shown)
    behind.open_asked(view, asked, shown, words)
