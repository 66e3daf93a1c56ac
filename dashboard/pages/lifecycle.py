"""生命周期: how many members are new, active, silent or lost, how they move, and what to do for whom."""

from collections.abc import Callable

import streamlit as st

from core.errors import InvalidLifecycle
from dashboard import addresses, filters
from dashboard.data import freshness, lifecycle
from dashboard.data.lifecycle import Base, View
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import contract, heading, saved
from dashboard.widgets import lifecycle_choices as choices
from dashboard.widgets import lifecycle_moves as moves
from dashboard.widgets import lifecycle_people as people
from dashboard.widgets import lifecycle_stages as stages
from dashboard.widgets import lifecycle_states as states
from dashboard.widgets import lifecycle_who as who
from dashboard.widgets.lifecycle_choices import Chosen

PAGE = Page("insight", 35, "funnel.see", ":material/cycle:")
KEPT = (*choices.KEYS, *filters.KEYS)
"""Parameters of the address that a saved view keeps."""


def show() -> None:
    if addresses.went():
        _forget()
    fresh = freshness.read(PAGE.permission)
    heading.show(t("lifecycle.title"), fresh)
    known = fresh.choices
    if known is None:
        heading.empty(t("lifecycle.empty"), t("lifecycle.empty_lead"))
        return
    asked = filters.bar(known)
    with st.container(border=True, key="card_states"):
        with st.container(width=saved.WIDTH):
            saved.bar("lifecycle", KEPT, _forget)
        chosen = choices.show()
        view = _answered(asked, chosen)
        if view is None:
            return
        states.over_time(view)
    _figures(view, asked, chosen.base, lambda: contract.in_words(asked, known, with_period=True))


def _answered(asked: Filters, chosen: Chosen) -> View | None:
    """The answer; None where there is none, of which the page has then said why."""
    try:
        view = lifecycle.answer(asked, chosen.asked, lambda: st.spinner(t("lifecycle.counting")))
    except InvalidLifecycle as error:
        stages.refused(error)
        return None
    if view.is_empty:
        st.markdown(f":material/info: {t('lifecycle.nobody')}")
        return None
    return view


def _figures(view: View, asked: Filters, base: Base, words: Callable[[], str]) -> None:
    """One period and the stages, every figure of which is a link to its people."""
    with st.container(border=True, key="card_period"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="period_head"):
            period = choices.period(view.answer, view.key)
            states.meaning(view, base, period, words)
        limits = choices.limits()
        link = who.link()
        states.cards(view, period, link)
    moves.show(view, period, base, link)
    with st.container(border=True, key="card_stages"):
        staged = stages.show(asked, *limits, link)
    people.open_asked(people.Shown(view, staged, period, base, asked, words))


def _forget() -> None:
    """What was chosen in this session makes room for what the address says."""
    filters.forget()
    choices.forget()
