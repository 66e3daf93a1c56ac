"""States of the lifecycle: all periods at a glance, the states of one, and what all of it means."""

from collections.abc import Callable
from html import escape

import streamlit as st

from dashboard import charts, i18n, markdown
from dashboard.data.lifecycle import STATES, Answer, Base, Behind, State, View
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import columns, tables, tiles
from dashboard.widgets import lifecycle_chart as pictures
from dashboard.widgets import lifecycle_choices as choices
from dashboard.widgets import lifecycle_who as who
from dashboard.widgets.tiles import Tile, Way

WIDTH = 150
"""Pixels that a card takes at least."""


def over_time(view: View) -> None:
    """Every period at a glance, and what cannot be known about the first ones."""
    answer = view.answer
    st.html(f'<h2>{escape(t("lifecycle.states"))}</h2><p class="lead">{escape(t("lifecycle.states_lead"))}</p>')
    charts.show(
        "lifecycle",
        view.key,
        lambda: pictures.states(answer, view.notes, lambda period: choices.words(answer, period)),
        alt=t("lifecycle.states"),
    )
    unknown = []
    if not answer.is_known(0):
        unknown.append(t("lifecycle.history", day=i18n.day(answer.data_from)))
    if not answer.is_complete(len(answer.periods) - 1):
        unknown.append(t("lifecycle.running_meaning", day=i18n.day(answer.as_of_on)))
    if unknown:
        st.html("".join(f'<p class="lead">{escape(words)}</p>' for words in unknown))
    _all_periods(view)


def _all_periods(view: View) -> None:
    box = st.expander(t("lifecycle.table"), icon=":material/table:", key="lifecycle_table", on_change="rerun")
    if box.open:
        with box:
            table = tables.written("lifecycle", view.key, lambda: _table(view.answer))
            _, *figures = table.column_names
            st.dataframe(table, hide_index=True, column_config=columns.right(*figures), alt=t("lifecycle.table"))


def _table(answer: Answer) -> dict[str, list[str]]:
    """One row per period, the newest first."""
    periods = range(len(answer.periods))[::-1]
    table = {t("lifecycle.period"): [choices.words(answer, period) for period in periods]}
    for state in STATES:
        table[pictures.name(state)] = [i18n.number(answer.count(Behind(period, (state,)))) for period in periods]
    table[t("lifecycle.members")] = [i18n.number(count) for count in answer.members[::-1]]
    table[t("lifecycle.acted")] = [i18n.number(count) for count in answer.acted[::-1]]
    return table


def cards(view: View, period: int, link: str | None) -> None:
    """The six states of the period: how many, what share of the members, and the way to them. ``link``: what an address of people
    begins with; None for those who may not see them."""
    key = f"{view.key}|{period}|{i18n.language()}|{link}"
    st.html(_wall(key=key, _answer=view.answer, _period=period, _link=link))


@kept.by_key(64)
def _wall(key: str, _answer: Answer, _period: int, _link: str | None) -> str:  # noqa: ARG001 - what it is kept by
    """Made once per answer, language and address, which ``key`` names."""
    born = _answer.members[_period]
    shown = tiles.wall([_card(_answer, _period, state, born, _link) for state in STATES], WIDTH)
    return f'{shown}<p class="lead">{escape(t("lifecycle.sum", count=i18n.number(born)))}</p>'


def _card(answer: Answer, period: int, state: State, born: int, link: str | None) -> Tile:
    name, count = state.name.lower(), answer.count(Behind(period, (state,)))
    ways = []
    if link is not None:
        address = f"{link}{who.of_state(state)}" if count else None
        told = t("lifecycle.list_help", count=i18n.number(count))
        ways.append(Way(t("lifecycle.list"), address, "people", told).html(f"open-{name}"))
    return Tile(
        f"state-{name}", pictures.name(state), pictures.figure_of(count), pictures.share(count, born), _means(answer, state),
        ways=tuple(ways),
    )  # fmt: skip


def meaning(view: View, base: Base, period: int, filters: Callable[[], str]) -> None:
    """The number contract of the page. ``filters``: what its figures are cut to, in words."""
    with st.popover(t("contract.open"), icon=":material/function:", type="tertiary", key="lifecycle_contract"):
        key = f"{view.key}|{base}|{period}|{i18n.language()}"
        st.markdown(_contract(key=key, _view=view, _base=base, _period=period, _filters=filters))


@kept.by_key(64)
def _contract(key: str, _view: View, _base: Base, _period: int, _filters: Callable[[], str]) -> str:  # noqa: ARG001 - what it is kept by
    answer = _view.answer
    closing, acted = answer.flows("active")[_period].closing, answer.acted[_period]
    lines = [
        t("lifecycle.means_action"),
        t("lifecycle.means_birth"),
        *(i18n.explained(f"**{pictures.name(state)}**", _means(answer, state)) for state in STATES),
        t("lifecycle.means_sum"),
        t("lifecycle.means_flow"),
        t(f"lifecycle.means_base_{_base}"),
        t(
            "lifecycle.means_overview",
            period=choices.words(answer, _period),
            acted=i18n.number(acted),
            rest=i18n.number(closing - acted),
            closing=i18n.number(closing),
        ),
        t("lifecycle.means_whole"),
        t("lifecycle.means_channels"),
        t("funnel.means_filters", filters=markdown.escaped(_filters())),
        f"**{t('contract.as_of')}** {i18n.aside(i18n.moment(_view.as_of, _view.zone), _view.zone)}",
        t("funnel.means_version", version=_view.version),
    ]
    return "\n".join(f"- {line}" for line in lines)


def _means(answer: Answer, state: State) -> str:
    return t(
        f"lifecycle.means_{state.name.lower()}",
        count=i18n.number(answer.asked.silence),
        unit=t(f"lifecycle.periods_{answer.asked.unit}"),
    )
