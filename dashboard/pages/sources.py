"""数据源与质量: bring files in, see what became of them, and whether the data can be trusted."""

import streamlit as st

from dashboard.actions import demo as demo_actions
from dashboard.actions import guard
from dashboard.data import freshness, worlds
from dashboard.data import sources as data
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import heading, importing, quality, tabs, update_log

PAGE = Page("data", 10, "sources.see", ":material/database:")


def show() -> None:
    heading.show(t("sources.title"), freshness.read(PAGE.permission), t("sources.lead"))
    importing.running()
    importing.result()
    held = data.held()
    if any(not one.is_settled for one in held):
        quality.held(held)
    drawn: dict[str, tabs.Draw] = {
        t("sources.tab_log"): update_log.show, t("sources.tab_quality"): quality.show,
    }  # fmt: skip
    bringing = t("sources.tab_import")
    if guard.may("sources.write"):
        drawn = {bringing: _import, **drawn}
    tabs.show("sources_tab", drawn, always=[bringing] if importing.has_begun() else [])
    _demo()


def _import() -> None:
    if worlds.shown() == "demo":
        st.caption(f":material/info: {t('sources.into_live')}")
    importing.form()


def _demo() -> None:
    """The way out of the demo."""
    if not data.has_demo() or not guard.may("demo.remove"):
        return
    with (
        st.container(border=True, key="card_demo"),
        st.container(horizontal=True, vertical_alignment="center"),
    ):
        st.markdown(f":orange-badge[{t('world.demo')}] {t('sources.demo_lead')}")
        with st.popover(t("sources.demo_remove"), icon=":material/delete:", key="pop_demo"):
            st.write(t("sources.demo_confirm"))
            st.button(t("sources.demo_remove_yes"), type="primary", key="remove_demo", on_click=demo_actions.remove)
