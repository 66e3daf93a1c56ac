"""The people behind a figure of group chats, opened by the address over the page."""

from collections.abc import Callable

import streamlit as st

from dashboard import addresses
from dashboard.actions import guard
from dashboard.data import community
from dashboard.data.community import WHICH, View, Which
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets import people as panel
from dashboard.widgets.community import words
from dashboard.widgets.community.wall import ALL, ONE, PEOPLE


def open_asked(view: View, asked: Filters, of: str | None, filters: Callable[[], str]) -> None:
    """Open the people whom the address names, if anybody is behind that figure and the reader may see people. ``of``: the group
    that is open; ``filters``: what all is cut to, in words."""
    text = st.query_params.get(PEOPLE, "")
    if not text:
        return
    which = _which(view, of, text)
    if which is None or not guard.may("people.see"):
        addresses.leave_out(PEOPLE, text)
        _close()
        return
    whose = of if text.startswith(f"{ONE}.") else None
    st.dialog(t("people.title"), width="large", icon=":material/group:", on_dismiss=_close)(_body)(
        view, asked, whose, which, filters
    )


def _which(view: View, of: str | None, text: str) -> Which | None:
    """The figure that is meant; None where there is none, or nobody behind it."""
    scope, _, name = text.partition(".")
    which = next((one for one in WHICH if one == name), None)
    if which is None or scope not in (ALL, ONE) or (scope == ONE and of is None):
        return None
    row = view.row(of) if scope == ONE and of is not None else view.total
    return which if community.number(row, which) else None


def _close() -> None:
    st.query_params.pop(PEOPLE, None)


def _body(view: View, asked: Filters, of: str | None, which: Which, filters: Callable[[], str]) -> None:
    name = t("community.total") if of is None else words.called(view.row(of), view.by)
    title = f"{name}{t('number.then')}{words.title(which)}"
    st.text(title)
    st.caption(words.means(which))
    panel.show(community.people_of(asked, view, of, which), title, filters())
