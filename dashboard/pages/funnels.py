"""漏斗: where do people drop, how long does it take, who are they."""

import streamlit as st

from core.errors import InvalidFunnel, Unknown
from dashboard import charts, filters
from dashboard.data import freshness, funnels
from dashboard.data.funnels import View
from dashboard.filters import Choices, Filters
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import builder, contract, heading, names, steps

PAGE = Page("insight", 20, "funnel.see", ":material/filter_alt:")


def show() -> None:
    fresh = freshness.read(PAGE.permission)
    heading.show(t("funnels.title"), fresh)
    menu = funnels.menu()
    if fresh.choices is None or not menu.events:
        heading.empty(t("funnel.empty"), t("funnel.empty_lead"))
        return
    asked = filters.bar(fresh.choices)
    left, right = st.columns([4, 9], gap="medium")
    with left, st.container(border=True, key="card_builder"):
        wanted = builder.show(menu)
    with right:
        try:
            view = funnels.answer(asked, wanted)
        except (InvalidFunnel, Unknown) as error:
            steps.refused(error)
            return
        if view.is_empty:
            steps.nobody(wanted, asked)
            return
        _result(view, asked, fresh.choices)


def _result(view: View, asked: Filters, choices: Choices) -> None:
    called = [names.event(step.name) for step in view.steps]
    with st.container(border=True, key="card_funnel"):
        steps.summary(view)
        charts.show("funnel", view.key, lambda: charts.funnel(view.steps, called), alt=t("funnels.title"))
        steps.table(view, called)
        steps.meaning(view, contract.in_words(asked, choices, with_period=True))
    with st.container(border=True, key="card_people"):
        steps.drops(view, asked, called, contract.in_words(asked, choices, with_period=True))
    with st.container(border=True, key="card_time"):
        st.subheader(t("funnel.time"), anchor=False)
        steps.time(view, called)
    if view.asked.by:
        with st.container(border=True, key="card_breakdown"):
            st.subheader(t("funnel.breakdown", name=names.property_of(view.asked.by)), anchor=False)
            steps.breakdown(view, called)
