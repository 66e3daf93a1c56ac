"""Who stands behind a node, a whole path or the sessions, opened by the address."""

from collections.abc import Callable

import streamlit as st

from dashboard import addresses
from dashboard.actions import guard
from dashboard.data import paths
from dashboard.data.paths import View
from dashboard.data.people import People
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets import path_links, path_words
from dashboard.widgets import people as panel

Behind = tuple[Callable[[], People], str]
"""Reads the people; what they are called."""


def open_asked(view: View | None, asked: Filters, filters: str) -> None:
    """List whom the address asks for, if this answer has them and the reader may see people. ``view``: None where there is no
    answer, but sessions all the same; ``filters``: what they were cut to, in words."""
    text = st.query_params.get(path_links.WHO, "")
    if not text:
        return
    found = _behind(view, asked, text)
    if found is None or not guard.may("people.see"):
        addresses.leave_out(path_links.WHO, text)
        _close()
        return
    read, title = found
    st.dialog(t("people.title"), width="large", icon=":material/group:", on_dismiss=_close)(_body)(read, title, filters)


def _close() -> None:
    st.query_params.pop(path_links.WHO, None)


def _body(read: Callable[[], People], title: str, filters: str) -> None:
    guard.require("people.see")
    panel.show(read(), title, filters)


def _behind(view: View | None, asked: Filters, text: str) -> Behind | None:
    if text == path_links.SESSIONS:
        return lambda: paths.people_of_sessions(asked), t("path.session_people")
    if view is None:
        return None
    start = path_words.sentence(view, (view.columns[0].nodes[0].code,))
    if (place := view.places.get(text)) is not None:
        nodes = {place.column: place.code}
        head = path_words.column(place.column, view.asked)
        count = path_words.count(place.members, view.members)
        said = f"{head} · {path_words.node(view, place.code)} · {count}"
        return lambda: paths.people_of(asked, view.asked, nodes, place.members), f"{start}{t('number.then')}{said}"
    path = next((path for path in view.top if path_links.path_text(view, path.nodes) == text), None)
    if path is None:
        return None
    said = path_words.nodes(view, path.nodes)
    return lambda: paths.people_of(asked, view.asked, path.nodes, path.members), f"{start}{t('number.then')}{said}"
