"""经营总览: are we on target, what moved, how new is it."""

from html import escape

import streamlit as st

from dashboard import addresses, charts, filters, i18n
from dashboard.actions import guard
from dashboard.data import freshness, funnels, overview
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import cards, columns, contract, heading, names, teaser, values

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
        now=f"{i18n.day(first.period.start_on)} – {i18n.day(first.period.last_on)}",
        before=f"{i18n.day(first.compared.start_on)} – {i18n.day(first.compared.last_on)}",
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
    addresses.read("goal", there[0], there)
    labels = {goal: t(f"goal.{goal}") for goal in there}
    st.segmented_control(
        t("overview.goal"), there, format_func=labels.get, required=True, key="goal", label_visibility="collapsed"
    )  # fmt: skip
    addresses.write("goal", there[0])
    chosen = st.session_state["goal"]
    cards.wall(view.by_goal[chosen], view, contract.PARAMETER, lead=t(f"goal.{chosen}_help"))


def _trend(view: overview.Overview, asked: Filters) -> None:
    """The chosen figure over time, and what moved it."""
    addresses.read("chart", view.charts[0], view.charts)
    labels = {name: t(f"metric.{name}.title") for name in view.charts}
    with st.container(border=True, key="card_trend"):
        found = overview.trend(asked, st.session_state["chart"], _split())
        metric = found.figure.metric

        def words(value: values.Value) -> str:
            return values.drawn(metric, value, view.currency)

        def exact(value: values.Value) -> str:
            return values.exact(metric, value, view.currency)

        def axis(value: values.Value) -> str:
            return values.tick(metric, value, view.currency)

        left, right = st.columns([5, 3], gap="medium") if found.by else (st.container(), None)
        with left:
            st.segmented_control(
                t("overview.chart"), view.charts, format_func=labels.get, required=True, key="chart", label_visibility="collapsed"
            )  # fmt: skip
            addresses.write("chart", view.charts[0])
            name = labels[metric.name]
            st.caption(t(f"overview.by_{'week' if len(found.figure.series) != found.figure.period.days else 'day'}"))
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


def _split() -> overview.By | None:
    """As chosen, or as the address says; what this figure does not have is left aside by the answer."""
    return st.session_state.get("split") or st.query_params.get("split")


def _moved(found: overview.Trend, words: charts.Format, exact: charts.Format) -> None:
    """Shares of the change, adding up to it: in short in the picture, to the last digit in the table."""
    assert found.moved is not None and found.by is not None
    moved = found.moved
    lead = t(
        "overview.moved_lead",
        change=charts.signed(moved.change, words),
        days=f"{i18n.day(moved.compared.start_on, with_year=False)} – {i18n.day(moved.compared.last_on, with_year=False)}",
    )
    st.html(f'<h2>{escape(t("overview.moved"))}</h2><p class="lead">{escape(lead)}</p>')
    if len(found.splits) > 1:
        labels = {by: t(f"overview.split_{by}") for by in found.splits}
        addresses.read("split", found.splits[0], found.splits)
        st.segmented_control(
            t("overview.split"), found.splits, format_func=labels.get, required=True, key="split", label_visibility="collapsed"
        )  # fmt: skip
        addresses.write("split", found.splits[0])
    label = names.of_split(found.by)
    charts.show("moved", found.key, lambda: charts.waterfall(moved, words, label), alt=t("overview.moved"))
    table = st.expander(t("overview.table"), icon=":material/table:", key="moved_table", on_change="rerun")
    if table.open:
        with table:
            shares = names.contributions(moved, exact, label)
            _, *figures = shares.columns
            st.dataframe(shares, hide_index=True, column_config=columns.right(*figures), alt=t("overview.moved"))
