"""A page's title, and how new its data is."""

from functools import lru_cache
from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.data.freshness import Freshness
from dashboard.i18n import t


def show(title: str, fresh: Freshness, lead: str = "") -> None:
    """``data as of`` is the time of the newest data, never that of the drawing."""
    parts = [lead] if lead else []
    if fresh.as_of:
        parts.append(t("overview.as_of", at=i18n.moment(fresh.as_of, fresh.zone), version=fresh.version))
    plain(title, " · ".join(parts))


def plain(title: str, lead: str) -> None:
    """The title of a page, and a line below it."""
    st.html(_heading(title, lead))


@lru_cache(256)
def _heading(title: str, lead: str) -> str:
    return f'<header class="heading"><h1>{escape(title)}</h1><p>{escape(lead)}</p></header>'


def section(title: str, lead: str, name: str = "") -> str:
    """A heading on the page, and a line below it. ``name``: tells it to tests and styles."""
    mark = f' id="{name}"' if name else ""
    return f"<h2{mark}>{escape(title)}</h2>{line(lead)}"


def line(words: str) -> str:
    """What is quietly said."""
    return f'<p class="lead">{escape(words)}</p>'


def empty(title: str, lead: str) -> None:
    """A page without data says what to do."""
    with st.container(border=True, key="card_empty"):
        st.subheader(title, anchor=False)
        st.write(lead)
        st.html(f'<a href="/sources">{t("overview.to_sources")}</a>')
