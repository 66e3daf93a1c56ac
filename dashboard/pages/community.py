"""社群: which group chats live, which fall silent, on whom they hang, and whether anybody answers."""

from collections.abc import Callable

import streamlit as st

from dashboard import addresses, filters
from dashboard.data import freshness
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import choice, contract, heading
from dashboard.widgets.choice import Choice
from dashboard.widgets.community import activities, care, groups, history, rhythm, sensitive, surveys, topics, voices
from dashboard.widgets.community.asked import Asked

PAGE = Page("insight", 50, "community.see", ":material/forum:")
PART = "part"
"""Where the address says which part of the page is shown."""
PARTS: dict[str, Callable[[Asked], None]] = {
    "groups": groups.show,
    "rhythm": rhythm.show,
    "voices": voices.show,
    "topics": topics.show,
    "sensitive": sensitive.show,
    "care": care.show,
    "activities": activities.show,
    "surveys": surveys.show,
    "history": history.show,
}


def show() -> None:
    fresh = freshness.read(PAGE.permission)
    heading.show(t("community.title"), fresh)
    known = fresh.choices
    if known is None:
        heading.empty(t("community.empty"), t("community.empty_lead"))
        return
    asked = filters.bar(known, channels=False)
    part = choice.read(PART, tuple(PARTS))
    labels = {one: t(f"community.part_{one}") for one in PARTS}
    st.html(choice.row(Choice(PART, t("community.parts"), labels, part), addresses.only(*filters.KEYS)))
    PARTS[part](Asked(asked, lambda: contract.in_words(asked, known, with_period=True)))
