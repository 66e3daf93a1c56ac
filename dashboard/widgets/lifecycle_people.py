"""The people behind a figure of the lifecycle, over the page."""

import streamlit as st

from dashboard import i18n
from dashboard.actions import guard
from dashboard.data import lifecycle
from dashboard.data.lifecycle import Behind, Limits, Stage, View
from dashboard.data.people import People
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets import people as panel


def may_open() -> bool:
    return guard.may("people.see")


def open_figure(view: View, asked: Filters, behind: Behind, words: str, filters: str) -> None:
    """``words``: who they are."""
    silence = view.answer.asked.silence
    title = t(
        "lifecycle.who", who=words, count=i18n.number(silence), unit=t(f"lifecycle.periods_{view.answer.asked.unit}")
    )  # fmt: skip

    def body() -> None:
        _list(lifecycle.people_of(asked, view.answer.asked, behind), title, filters)

    st.dialog(t("people.title"), width="large", icon=":material/group:")(body)()


def open_stage(asked: Filters, limits: Limits, stage: Stage, words: str, filters: str) -> None:
    def body() -> None:
        _list(lifecycle.people_in(asked, limits, stage), words, filters)

    st.dialog(t("people.title"), width="large", icon=":material/group:")(body)()


def _list(found: People, title: str, filters: str) -> None:
    st.caption(title)
    panel.show(found, title, filters)
