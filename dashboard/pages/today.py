"""今日待办: what needs me now."""

import streamlit as st

from dashboard import markdown
from dashboard.data import today
from dashboard.i18n import day, number, t
from dashboard.pages import Page

PAGE = Page("today", 0, "today.see", ":material/today:", is_start=True)
_ICONS = {
    "late": ":material/schedule:",
    "failed": ":material/error:",
    "rejected": ":material/rule:",
    "running": ":material/progress_activity:",
}


def show() -> None:
    state = today.state()
    st.title(t("today.title"), anchor=False)
    if state.as_of_on is None and not state.has_batches:
        with st.container(border=True, key="card_empty"):
            st.subheader(t("today.nothing"), anchor=False)
            st.write(t("today.nothing_lead"))
        return
    st.caption(t("today.as_of", day=day(state.as_of_on)))
    for item in state.items:
        with st.container(border=True, key=f"card_{item.kind}"):
            st.subheader(f"{_ICONS[item.kind]} {_headline(item)}", anchor=False)
            st.write(t(f"today.{item.kind}_do", file=markdown.escaped(item.file), day=day(item.on)))
    if not state.items:
        with st.container(border=True, key="card_calm"):
            st.write(t("today.calm"))


def _headline(item: today.Item) -> str:
    return t(f"today.{item.kind}", count=number(item.count), days=number(item.count))
