"""指标目录: what every figure means."""

import streamlit as st

from dashboard import markdown
from dashboard.data import catalog
from dashboard.data.overview import Metric
from dashboard.i18n import number, t
from dashboard.pages import Page

PAGE = Page("data", 90, "catalog.see", ":material/menu_book:")


def show() -> None:
    by_goal = catalog.read()
    st.title(t("catalog.title"), anchor=False)
    st.caption(t("catalog.lead", count=number(sum(len(metrics) for metrics in by_goal.values()))))
    wanted = (
        st.text_input(t("catalog.search"), placeholder=t("catalog.search_hint"), key="catalog_search")
        .strip()
        .casefold()
    )
    found = {goal: [metric for metric in metrics if wanted in _words(metric)] for goal, metrics in by_goal.items()}
    if not any(found.values()):
        st.info(t("catalog.nothing", words=markdown.escaped(wanted)), icon=":material/search_off:")
    for goal, metrics in found.items():
        if metrics:
            st.header(f"{t(f'goal.{goal}')} :gray-badge[{len(metrics)}]", anchor=False)
            st.caption(t(f"goal.{goal}_help"))
            with st.grid("auto", min_column_width=340, gap="small", key=f"catalog_{goal}"):
                for metric in metrics:
                    _entry(metric)


def _words(metric: Metric) -> str:
    """What the search looks through: title, name and formula in the reader's language, and the contract."""
    texts = (t(f"metric.{metric.name}.title"), metric.name, t(f"metric.{metric.name}.formula"), metric.text)
    return " ".join(texts).casefold()


def _entry(metric: Metric) -> None:
    with st.container(border=True, key=f"card_metric_{metric.name}", height="stretch"):
        st.subheader(t(f"metric.{metric.name}.title"), anchor=False)
        st.markdown(t(f"metric.{metric.name}.formula"))
        needs = " ".join(f":gray-badge[{t(f'table.{table}')}]" for table in metric.needs)
        st.caption(
            f"{t('catalog.unit')} **{t(f'metric_unit.{metric.unit}')}** · {t(f'catalog.better_{metric.better}')} · "
            f"{t('catalog.needs')} {needs}"
        )
        with st.expander(t("catalog.contract"), icon=":material/menu_book:"):
            st.text(f"{metric.name}\n\n{metric.text}")
