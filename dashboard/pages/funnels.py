"""漏斗: where do people drop, how long does it take, who are they."""

import streamlit as st

from core.errors import InvalidFunnel, Unknown
from dashboard import addresses, filters
from dashboard.data import freshness, funnels
from dashboard.data.funnels import Course, View
from dashboard.filters import Choices, Filters
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import builder, choice, comparing, contract, courses, dropped, heading, saved, steps
from dashboard.widgets.choice import Choice

PAGE = Page("insight", 20, "funnel.see", ":material/filter_alt:")
LOOKS = ("trend", "time", "versus")
KEPT = (*funnels.KEYS, *filters.KEYS, *comparing.KEYS, "look", "grain")
"""Parameters of the address that a saved funnel keeps."""


def show() -> None:
    if addresses.went():
        _forget()
    fresh = freshness.read(PAGE.permission)
    heading.show(t("funnels.title"), fresh)
    menu = funnels.menu()
    if fresh.choices is None or not menu.events:
        heading.empty(t("funnel.empty"), t("funnel.empty_lead"))
        return
    asked = filters.bar(fresh.choices)
    left, right = st.columns([4, 9], gap="medium")
    with left, st.container(border=True, key="card_builder"):
        saved.bar("funnels", KEPT, _forget)
        wanted = builder.show(menu)
    with right:
        _answer(asked, wanted, fresh.choices)


def _answer(asked: Filters, wanted: funnels.Asked, choices: Choices) -> None:
    try:
        view = funnels.answer(asked, wanted)
    except (InvalidFunnel, Unknown) as error:
        steps.refused(error)
        return
    if view.is_empty:
        steps.nobody(wanted, asked)
        return
    _result(view, asked, choices)


def _result(view: View, asked: Filters, choices: Choices) -> None:
    called, cut = steps.called(view.asked), contract.in_words(asked, choices, with_period=True)
    with st.container(border=True, key="card_funnel"):
        steps.head(view, called)
        steps.table(view, called)
        steps.meaning(view, cut)
    of = dropped.show(view, called)
    if view.asked.by:
        with st.container(border=True, key="card_breakdown"):
            steps.breakdown(view, called)
    with st.container(border=True, key="card_look"):
        course = _look(view, asked, choices, called)
    dropped.open_asked(view, asked, called, cut, of, course)


def _look(view: View, asked: Filters, choices: Choices, called: list[str]) -> Course | None:
    """One more look at the answer; only the chosen one is asked for. Who comes to an anchor may have entered long before the
    period, so that no day of it can tell how many did."""
    along = view.asked.along
    looks = LOOKS if along is None or along.direction == "after" else LOOKS[1:]
    look = choice.read("look", looks)
    labels = {one: t(f"funnel.look_{one}") for one in looks}
    row = choice.row(Choice("look", t("funnel.look"), labels, look), addresses.beside(dropped.PARAMETER))
    course = courses.read(view, asked) if look == "trend" else None
    st.html(row + (courses.choose(course) if course else ""))
    if course:
        courses.show(course, view, called)
    elif look == "time":
        steps.time(view, called)
    else:
        comparing.show(view, asked, choices, called)
    return course


def _forget() -> None:
    """What was chosen in this session makes room for what the address says."""
    filters.forget()
    for key in ("look", "grain", "versus", "versus_days", "versus_in", "versus_out"):
        st.session_state.pop(key, None)
