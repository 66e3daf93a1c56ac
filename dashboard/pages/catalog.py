"""指标目录: what every figure means."""

from functools import lru_cache
from html import escape

import streamlit as st

from dashboard import i18n, markdown
from dashboard.data import catalog
from dashboard.data.overview import Goal, Metric
from dashboard.i18n import number, t
from dashboard.pages import Page
from dashboard.widgets import heading

PAGE = Page("data", 90, "catalog.see", ":material/menu_book:")


def show() -> None:
    by_goal = catalog.read()
    heading.plain(
        t("catalog.title"), t("catalog.lead", count=number(sum(len(metrics) for metrics in by_goal.values())))
    )
    wanted = (
        st.text_input(t("catalog.search"), placeholder=t("catalog.search_hint"), key="catalog_search")
        .strip()
        .casefold()
    )
    found = tuple(
        (goal, tuple(metric for metric in metrics if wanted in _words(i18n.language(), metric)))
        for goal, metrics in by_goal.items()
    )
    if any(metrics for _, metrics in found):
        st.html(_sections(i18n.language(), found))
    else:
        st.info(t("catalog.nothing", words=markdown.escaped(wanted)), icon=":material/search_off:")


@lru_cache(256)
def _words(language: i18n.Language, metric: Metric) -> str:
    """What the search looks through: title, name and formula in the reader's language, and the contract."""
    texts = (i18n.text(language, f"metric.{metric.name}.{part}") for part in ("title", "formula"))
    return " ".join((*texts, metric.name, metric.text)).casefold()


@lru_cache(64)
def _sections(language: i18n.Language, found: tuple[tuple[Goal, tuple[Metric, ...]], ...]) -> str:  # noqa: ARG001
    """One piece of HTML for all goals: it says the same to everybody who reads the language, and opens without the
    server.
    """
    return "".join(_section(goal, metrics) for goal, metrics in found if metrics)


def _section(goal: Goal, metrics: tuple[Metric, ...]) -> str:
    entries = "".join(_entry(metric) for metric in metrics)
    return (
        f'<section class="catalog"><h2>{escape(t(f"goal.{goal}"))} <small>{number(len(metrics))}</small></h2>'
        f"<p>{escape(t(f'goal.{goal}_help'))}</p><div>{entries}</div></section>"
    )


def _entry(metric: Metric) -> str:
    needs = " ".join(f"<span>{escape(t(f'table.{table}'))}</span>" for table in metric.needs)
    facts = (
        f"{escape(t('catalog.unit'))} <b>{escape(t(f'metric_unit.{metric.unit}'))}</b> · "
        f"{escape(t(f'catalog.better_{metric.better}'))} · {escape(t('catalog.needs'))} {needs}"
    )
    definition = escape(f"{metric.name}\n\n{metric.text}")
    return (
        f'<article id="metric-{metric.name}"><h3>{escape(t(f"metric.{metric.name}.title"))}</h3>'
        f"<p>{escape(t(f'metric.{metric.name}.formula'))}</p><footer>{facts}</footer>"
        f"<details><summary>{escape(t('catalog.contract'))}</summary>"
        f"<pre>{definition}</pre></details></article>"
    )
