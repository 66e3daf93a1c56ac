"""经营总览: are we on target, what moved, how new is it."""

from html import escape

import streamlit as st

from dashboard import addresses, charts, filters, i18n
from dashboard.actions import guard
from dashboard.data import freshness, funnels, overview
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import cards, choice, columns, contract, heading, names, teaser, values
from dashboard.widgets.choice import Choice

PAGE = Page("business", 10, "overview.see", ":material/monitoring:")


def show() -> None:
    fresh = freshness.read(PAGE.permission)
    heading.show(t("overview.title"), fresh)
    if fresh.choices is None:
        heading.empty(t("overview.empty"), t("overview.empty_lead"))
        return
    asked = filters.bar(fresh.choices)
    view = overview.read(asked)
    if view.is_empty:
        heading.empty(t("overview.empty"), t("overview.empty_lead"))
        return
    first = view.headlines[0]
    compared = t(
        "overview.compare",
        now=i18n.days(first.period),
        before=i18n.days(first.compared),
    )
    cards.wall(view.headlines, view, contract.PARAMETER, lead=compared, large=True)
    if view.charts:
        _trend(view, asked)
    if view.events and guard.may("funnel.see"):
        _teaser(asked)
    _goal(view)
    contract.open_asked(view, asked, fresh.choices)


def _goal(view: overview.Overview) -> None:
    """The other figures of one goal at a time: all of them at once are more than anybody reads."""
    there = [goal for goal, figures in view.by_goal.items() if figures]
    if not there:
        return
    goal = choice.read("goal", there)
    goals = Choice("goal", t("overview.goal"), {one: t(f"goal.{one}") for one in there}, goal)
    row = choice.row(goals, addresses.beside(contract.PARAMETER))
    cards.wall(view.by_goal[goal], view, contract.PARAMETER, lead=t(f"goal.{goal}_help"), above=row)


def _trend(view: overview.Overview, asked: Filters) -> None:
    """The chosen figure over time, and what moved it."""
    with st.container(border=True, key="card_trend"):
        found = overview.trend(asked, choice.read("chart", view.charts), choice.read("split", overview.SPLITS))
        metric = found.figure.metric

        def words(value: values.Value) -> str:
            return values.drawn(metric, value, view.currency)

        def exact(value: values.Value) -> str:
            return values.exact(metric, value, view.currency)

        def axis(value: values.Value) -> str:
            return values.tick(metric, value, view.currency)

        left, right = st.columns([5, 3], gap="medium") if found.by else (st.container(), None)
        with left:
            labels = {one: t(f"metric.{one}.title") for one in view.charts}
            name = labels[metric.name]
            lead = t(f"overview.by_{'week' if len(found.figure.series) != found.figure.period.days else 'day'}")
            row = choice.row(
                Choice("chart", t("overview.chart"), labels, metric.name), addresses.beside(contract.PARAMETER)
            )
            st.html(f'{row}<p class="lead">{escape(lead)}</p>')
            charts.show("trend", found.key, lambda: charts.trend(found, words, axis, name=name), alt=name)
            if not found.by and found.figure.previous is not None:
                st.caption(t("overview.no_split" if found.is_additive else "overview.not_additive"))
        if right is not None:
            with right:
                _moved(found, words, exact)


def _teaser(asked: Filters) -> None:
    """The usual journey in short, and the way to the page that asks further."""
    usual = funnels.usual()
    found = funnels.answer(asked, usual) if usual else None
    if found is None or found.is_empty:
        return
    called = [names.event(step.name) for step in found.steps]
    teaser.show(found.key, found.steps, called)


def _moved(found: overview.Trend, words: charts.Format, exact: charts.Format) -> None:
    """Shares of the change, adding up to it: in short in the picture, to the last digit in the table."""
    assert found.moved is not None and found.by is not None
    moved = found.moved
    lead = t(
        "overview.moved_lead",
        change=charts.signed(moved.change, words),
        days=f"{i18n.day(moved.compared.start_on, with_year=False)} – {i18n.day(moved.compared.last_on, with_year=False)}",
    )
    row = ""
    if len(found.splits) > 1:
        labels = {by: t(f"overview.split_{by}") for by in found.splits}
        row = choice.row(Choice("split", t("overview.split"), labels, found.by), addresses.beside(contract.PARAMETER))
    st.html(f'<h2>{escape(t("overview.moved"))}</h2><p class="lead">{escape(lead)}</p>{row}')
    label = names.of_split(found.by)
    charts.show("moved", found.key, lambda: charts.waterfall(moved, words, label), alt=t("overview.moved"))
    table = st.expander(t("overview.table"), icon=":material/table:", key="moved_table", on_change="rerun")
    if table.open:
        with table:
            shares = names.contributions(moved, exact, label)
            _, *figures = shares.columns
            st.dataframe(shares, hide_index=True, column_config=columns.right(*figures), alt=t("overview.moved"))
