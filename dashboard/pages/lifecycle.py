"""生命周期: how many members are new, active, silent or lost, how they move, and what to do for whom."""

import streamlit as st

from core.errors import InvalidLifecycle
from dashboard import filters
from dashboard.data import freshness, lifecycle
from dashboard.data.lifecycle import View
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import contract, heading, saved
from dashboard.widgets import lifecycle_choices as choices
from dashboard.widgets import lifecycle_stages as stages
from dashboard.widgets import lifecycle_states as states
from dashboard.widgets.lifecycle_choices import Chosen

PAGE = Page("insight", 35, "funnel.see", ":material/cycle:")
KEPT = (*choices.KEYS, *filters.KEYS)
"""Parameters of the address that a saved view keeps."""


def show() -> None:
    fresh = freshness.read(PAGE.permission)
    heading.show(t("lifecycle.title"), fresh)
    if fresh.choices is None:
        heading.empty(t("lifecycle.empty"), t("lifecycle.empty_lead"))
        return
    asked = filters.bar(fresh.choices)
    words = contract.in_words(asked, fresh.choices, with_period=True)
    with st.container(border=True, key="card_states"):
        with st.container(width=saved.WIDTH):
            saved.bar("lifecycle", KEPT, _forget)
        chosen = choices.show()
        view = _answered(asked, chosen)
        if view is None:
            return
        states.over_time(view)
    _one_period(view, asked, chosen, words)
    with st.container(border=True, key="card_stages"):
        stages.show(asked, words)


def _answered(asked: Filters, chosen: Chosen) -> View | None:
    """The answer; None where there is none, of which the page has then said why."""
    try:
        with st.spinner(t("lifecycle.counting")):
            view = lifecycle.answer(asked, chosen.asked)
    except InvalidLifecycle as error:
        stages.refused(error)
        return None
    if view.is_empty:
        st.markdown(f":material/info: {t('lifecycle.nobody')}")
        return None
    return view


def _one_period(view: View, asked: Filters, chosen: Chosen, words: str) -> None:
    with st.container(border=True, key="card_period"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="period_head"):
            period = choices.period(view.answer)
            states.meaning(view, chosen.base, period, words)
        states.cards(view, period, asked, words)
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, key="card_bridge", height="stretch"):
        states.bridge(view, period, chosen.base, asked, words)
    with right, st.container(border=True, key="card_matrix", height="stretch"):
        states.matrix(view, period, asked, words)


def _forget() -> None:
    """What was chosen in this session makes room for what the address says."""
    filters.forget()
    choices.forget()
