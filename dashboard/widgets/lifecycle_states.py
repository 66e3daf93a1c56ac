"""One period of the lifecycle: its states, how its base came about, who moved from what to what, and what all of it means."""

import pandas as pd
import streamlit as st

from dashboard import charts, i18n, markdown
from dashboard.data import lifecycle
from dashboard.data.lifecycle import FLOWS, STATES, Answer, Base, Behind, Flow, State, View
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets import columns
from dashboard.widgets import lifecycle_chart as pictures
from dashboard.widgets import lifecycle_choices as choices
from dashboard.widgets import lifecycle_people as behind_it

SMALL = 30
"""Fewer members than this and a share says nothing (product.md 4, rule of thumb)."""
SIGNS = {"opening": "", "new": "+ ", "resurrected": "+ ", "dormant": "− ", "lost": "− ", "closing": "= "}
_ROUND, _MOVE = "_matrix_round", "_matrix_move"


def over_time(view: View) -> None:
    """Every period at a glance, and what cannot be known about the first ones."""
    answer = view.answer
    st.subheader(t("lifecycle.states"), anchor=False)
    st.caption(t("lifecycle.states_lead"))
    charts.show(
        "lifecycle",
        view.key,
        lambda: pictures.states(answer, view.notes, lambda period: choices.words(answer, period)),
        alt=t("lifecycle.states"),
    )
    if not answer.is_known(0):
        st.caption(t("lifecycle.history", day=i18n.day(answer.data_from)))
    if not answer.is_complete(len(answer.periods) - 1):
        st.caption(t("lifecycle.running_meaning", day=i18n.day(answer.as_of_on)))
    _all_periods(answer)


def _all_periods(answer: Answer) -> None:
    with st.expander(t("lifecycle.table"), icon=":material/table:"):
        table = {t("lifecycle.period"): [choices.words(answer, place) for place in range(len(answer.periods))]}
        for state in STATES:
            table[pictures.name(state)] = [
                i18n.number(answer.count(Behind(place, (state,)))) for place in range(len(answer.periods))
            ]
        table[t("lifecycle.members")] = [i18n.number(count) for count in answer.members]
        table[t("lifecycle.acted")] = [i18n.number(count) for count in answer.acted]
        _, *figures = table
        st.dataframe(
            pd.DataFrame(table)[::-1], hide_index=True, column_config=columns.right(*figures), alt=t("lifecycle.table")
        )


def cards(view: View, period: int, asked: Filters, filters: str) -> None:
    """The six states of the period: how many, what share of the members, and the way to them."""
    answer, may_open = view.answer, behind_it.may_open()
    born = answer.members[period]
    with st.grid(6, min_column_width=150, gap="small", key="life_states"):
        for state in STATES:
            count = answer.count(Behind(period, (state,)))
            with st.container(key=f"kpi_{state.name.lower()}", height="stretch", border=True, gap="xsmall"):
                st.metric(
                    pictures.name(state),
                    pictures.figure_of(count),
                    delta=_share(count, born),
                    delta_color="gray",
                    delta_arrow="off",
                    help=t(f"lifecycle.means_{state.name.lower()}", **_silence(answer)),
                )
                if may_open and st.button(
                    t("lifecycle.list"), type="tertiary", icon=":material/group:", key=f"open_{state.name.lower()}", disabled=not count,
                    help=t("lifecycle.list_help", count=i18n.number(count)),
                ):  # fmt: skip
                    words = f"{choices.words(answer, period)} · {pictures.name(state)}"
                    behind_it.open_figure(view, asked, Behind(period, (state,)), words, filters)
    st.caption(t("lifecycle.sum", count=i18n.number(born)))


def bridge(view: View, period: int, base: Base, asked: Filters, filters: str) -> None:
    """How the base of the period came from that of the period before, and who each term counts."""
    answer = view.answer
    flow = answer.flows(base)[period]
    st.subheader(t(f"lifecycle.bridge_{base}"), anchor=False)
    st.caption(f"{choices.words(answer, period)}{t('number.then')}{_equation(flow)}")
    charts.show(
        "bridge", f"{view.key}|{period}|{base}", lambda: pictures.bridge(flow), alt=t(f"lifecycle.bridge_{base}")
    )  # fmt: skip
    if not behind_it.may_open():
        st.caption(t("funnel.people_forbidden"))
        return
    with st.container(horizontal=True, gap="small", key="flows"):
        for term in FLOWS:
            count = getattr(flow, term)
            called = t(f"lifecycle.flow_{term}")
            if st.button(f"{SIGNS[term]}{called} {i18n.number(count)}", key=f"flow_{term}", disabled=not count):
                words = f"{choices.words(answer, period)} · {t(f'lifecycle.base_{base}')} · {called}"
                behind_it.open_figure(view, asked, lifecycle.in_flow(period, term, base), words, filters)


def _equation(flow: Flow) -> str:
    return "".join(f" {SIGNS[term]}{i18n.number(getattr(flow, term))}" for term in FLOWS).strip()


def matrix(view: View, period: int, asked: Filters, filters: str) -> None:
    """From what to what: a cell is opened by clicking it, or by choosing its row and column."""
    answer = view.answer
    st.subheader(t("lifecycle.matrix"), anchor=False)
    st.caption(f"{choices.words(answer, period)}{t('number.then')}{t('lifecycle.matrix_lead')}")
    key = f"{view.key}|{period}"
    if not behind_it.may_open():
        charts.show("matrix", key, lambda: pictures.matrix(answer, period), alt=t("lifecycle.matrix"))
        return
    widget = f"matrix_{period}_{st.session_state.get(_ROUND, 0)}_{charts.theme()}"
    st.plotly_chart(
        _matrix(key=f"{key}|{i18n.language()}|{charts.theme()}", _answer=answer, _period=period),
        key=widget, config=charts.CONFIG, on_select=lambda: _clicked(widget), selection_mode="points", alt=t("lifecycle.matrix"),
    )  # fmt: skip
    moves = [
        (before, now)
        for before in pictures.BEFORE
        for now in STATES
        if answer.count(Behind(period, (now,), (before,)))
    ]  # fmt: skip
    chosen = st.session_state.pop(_MOVE, None)
    labels = {
        move: f"{_arrow(*move)} ({i18n.number(answer.count(Behind(period, (move[1],), (move[0],))))})" for move in moves
    }
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="moves"):
        move = st.selectbox(t("lifecycle.move"), moves, format_func=labels.get, key=f"move_{key}", width=260)
        if st.button(t("lifecycle.list"), icon=":material/group:", key="open_move", disabled=move is None):
            chosen = move
    if chosen in labels:
        before, now = chosen
        words = f"{choices.words(answer, period)} · {_arrow(before, now)}"
        behind_it.open_figure(view, asked, Behind(period, (now,), (before,)), words, filters)


def _clicked(widget: str) -> None:
    """Remember the cell for this run, and begin the chart anew, so that the same cell can be clicked again."""
    points = st.session_state[widget]["selection"]["points"]
    if points:
        before, now, *_ = points[0]["customdata"]
        st.session_state[_MOVE] = (State[before], State[now])
        st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


@st.cache_resource(ttl=3600, max_entries=32, show_spinner=False)
def _matrix(key: str, _answer: Answer, _period: int) -> object:  # noqa: ARG001 - what it is cached by
    return pictures.matrix(_answer, _period)


def _arrow(before: State, now: State) -> str:
    return f"{pictures.name(before)} → {pictures.name(now)}"


def meaning(view: View, base: Base, period: int, filters: str) -> None:
    """The number contract of the page."""
    answer = view.answer
    with st.popover(t("contract.open"), icon=":material/function:", type="tertiary", key="lifecycle_contract"):
        closing = answer.flows("active")[period].closing
        lines = [
            t("lifecycle.means_action"),
            t("lifecycle.means_birth"),
            *(f"**{pictures.name(state)}**: {_means(answer, state)}" for state in STATES),
            t("lifecycle.means_sum"),
            t("lifecycle.means_flow"),
            t(f"lifecycle.means_base_{base}"),
            t(
                "lifecycle.means_overview",
                period=choices.words(answer, period),
                acted=i18n.number(answer.acted[period]),
                rest=i18n.number(closing - answer.acted[period]),
                closing=i18n.number(closing),
            ),
            t("lifecycle.means_whole"),
            t("lifecycle.means_channels"),
            t("funnel.means_filters", filters=markdown.escaped(filters)),
            f"**{t('contract.as_of')}** {i18n.moment(view.as_of, view.zone)} ({view.zone})",
            t("funnel.means_version", version=view.version),
        ]
        st.markdown("\n".join(f"- {line}" for line in lines))


def _means(answer: Answer, state: State) -> str:
    return t(f"lifecycle.means_{state.name.lower()}", **_silence(answer))


def _silence(answer: Answer) -> dict[str, object]:
    return {"count": i18n.number(answer.asked.silence), "unit": t(f"lifecycle.periods_{answer.asked.unit}")}


def _share(count: int, born: int) -> str:
    return i18n.share(count / born) if born >= SMALL else t("number.only", count=i18n.number(born))
