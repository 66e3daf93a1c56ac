"""The first part of the Community page: the groups that need somebody most and why, the one that is open, all together, and a table."""

from html import escape

import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import community
from dashboard.data.community import BYS, View
from dashboard.i18n import t
from dashboard.widgets import behind, choice, heading
from dashboard.widgets.community import course, people, table, wall, words
from dashboard.widgets.parts import Asked

BY = "per"
"""Where the address says what the rows of the table are."""
KEYS = (BY, wall.PLACES.of)
"""Parameters of the address that a saved view keeps."""


def show(asked: Asked) -> None:
    by = choice.read(BY, BYS)
    view = community.read(asked.filters, by)
    if view is None or view.is_empty:
        nothing = view is not None and (view.has_messages or view.has_moves)
        heading.empty(t("community.no_groups"), t("community.no_groups_here" if nothing else "community.empty_lead"))
        return
    of = addresses.opened(wall.PLACES.of, view.place)
    with st.container(border=True, key="card_urgent"):
        by_row = choice.row(choice.among(BY, "community.by", BYS, by), wall.PLACES.beside())
        behind.head("community", by_row, view, words.contract(), asked.in_words)
        table.urgent(view, of)
    if of is not None:
        with st.container(border=True, key="card_group"):
            wall.one(view, of)
            course.show(view, asked.filters, of)
    with st.container(border=True, key="card_community"):
        wall.total(view)
        _missing(view)
        if of is None:
            course.show(view, asked.filters, None)
    with st.container(border=True, key="card_groups"):
        table.show(view, of)
    behind.open_asked(lambda text: people.find(view, asked.filters, of, text), asked.in_words, wall.PLACES.people)


def _missing(view: View) -> None:
    """What the lake does not know, and what would tell it."""
    keys = [key for key, there in (("no_messages", view.has_messages), ("no_moves", view.has_moves)) if not there]
    lines = [t(f"community.{key}") for key in keys]
    if view.has_strangers:
        counts = {name: i18n.number(view.total[name]) for name in ("speakers", "speaking")}
        lines.append(t("community.strangers", **counts))
    if lines:
        told = "".join(heading.line(line) for line in lines)
        st.html(f'{told}<a href="/sources">{escape(t("overview.to_sources"))}</a>')
