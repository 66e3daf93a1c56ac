"""漏斗: where do people drop, how long does it take, who are they."""

import streamlit as st

from core.errors import InvalidFunnel, Unknown
from dashboard import addresses, charts, filters
from dashboard.data import freshness, funnels
from dashboard.data.funnels import View
from dashboard.filters import Choices, Filters
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import builder, comparing, contract, courses, dropped, heading, names, saved, steps

PAGE = Page("insight", 20, "funnel.see", ":material/filter_alt:")
LOOKS = ("trend", "time", "versus")
KEPT = (*funnels.KEYS, *filters.KEYS, *comparing.KEYS, "look", "grain")
"""Parameters of the address that a saved funnel keeps."""


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
        steps.in_words(view.asked)
        steps.summary(view)
        charts.show("funnel", view.key, lambda: charts.funnel(view.steps, called), alt=t("funnels.title"))
        steps.table(view, called)
        steps.meaning(view, cut)
    with st.container(border=True, key="card_people"):
        dropped.show(view, asked, called, cut)
    if view.asked.by:
        with st.container(border=True, key="card_breakdown"):
            st.subheader(t("funnel.breakdown", name=names.property_of(view.asked.by)), anchor=False)
            steps.breakdown(view, called)
    with st.container(border=True, key="card_look"):
        _look(view, asked, choices, called, cut)


def _look(view: View, asked: Filters, choices: Choices, called: list[str], cut: str) -> None:
    """One more look at the answer; only the chosen one is asked for. Who comes to an anchor may have entered long before the
    period, so that no day of it can tell how many did."""
    along = view.asked.along
    looks = LOOKS if along is None or along.direction == "after" else LOOKS[1:]
    addresses.read("look", looks[0], looks)
    labels = {one: t(f"funnel.look_{one}") for one in looks}
    st.segmented_control(
        t("funnel.look"), looks, format_func=labels.get, required=True, key="look", persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    addresses.write("look", looks[0])
    if st.session_state["look"] == "trend":
        courses.show(view, asked, called, cut)
    elif st.session_state["look"] == "time":
        steps.time(view, called)
    else:
        comparing.show(view, asked, choices, called)


def _forget() -> None:
    """What was chosen in this session makes room for what the address says."""
    filters.forget()
    for key in ("look", "grain", "versus", "versus_days", "versus_in", "versus_out"):
        st.session_state.pop(key, None)
