"""What stands around every page: who you are, where you can go, which world you look at."""

import pkgutil
from base64 import b64encode
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape
from importlib import import_module
from pathlib import Path
from types import ModuleType

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.errors import Forbidden
from core.scope import Role
from dashboard import addresses, faults, i18n, runs
from dashboard import pages as folder
from dashboard.actions import accounts, guard, identity
from dashboard.actions.guard import Visitor
from dashboard.data import worlds
from dashboard.i18n import t
from dashboard.pages import SECTIONS, Page
from dashboard.widgets import bell, heading, unread

_ICON = (Path(__file__).parent / "web" / "assets" / "icon.svg").read_bytes()
LOGO = f"data:image/svg+xml;base64,{b64encode(_ICON).decode()}"
_SUBJECT, _ASKED_FOR = "_subject", "_asked_for"


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that exists: its name (also its address), its place, and its code."""

    name: str
    place: Page
    module: ModuleType


@cache
def pages() -> tuple[Entry, ...]:
    """Every module in ``dashboard/pages``, in the order of the navigation. Adding a page is adding a file there."""
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
    modules = [(name, import_module(f"dashboard.pages.{name}")) for name in names]
    found = [Entry(name, module.PAGE, module) for name, module in modules]
    return tuple(sorted(found, key=lambda entry: (SECTIONS.index(entry.place.section), entry.place.order)))


def run() -> None:
    """One run of the app, for one person."""
    with runs.one():
        who = guard.visitor()
        if who is not None:
            _forget_another(who)
        _configure()
        if who is None or who.must_change_password:
            _say_it_is_over()
            return
        page = st.navigation(_navigation(who), position="sidebar", expanded=True)
        addresses.enter(page.url_path)
        _account_box(who)
        bell.show()
        worlds.banner(who.operator)
        guard.show_notes()
        with unread.told():
            page.run()
        identity.hide_unless_drawn()


def _configure() -> None:
    """The icon of the page stands in the shell (web/shell.py)."""
    st.set_page_config(
        page_title=t("app.name"), layout="wide", initial_sidebar_state="auto", menu_items={"About": t("app.about")}
    )
    st.logo(LOGO, size="large")


def _navigation(who: Visitor) -> dict[str, list[st.Page]]:
    """All pages, those that the role may not see hidden: their address then answers with our own words, not with
    Streamlit's.
    """
    visible = frozenset(entry.name for entry in pages() if who.operator.can(entry.place.permission))
    # Streamlit notes in a page whether it is its turn, so every run has its own.
    found = {section: list(map(copy, found)) for section, found in _sections(i18n.language(), visible).items()}
    asked = _asked_for()
    if asked:
        next(iter(found.values())).append(_elsewhere(asked))
    return found


def _asked_for() -> str:
    """A name in the address that no page of the navigation has. It is told by the first run only, so the session keeps it."""
    context = get_script_run_ctx()
    name = context.pages_manager.intended_page_name if context else None
    entry = next((entry for entry in pages() if entry.name == name), None)
    if name and entry is None:
        st.session_state[_ASKED_FOR] = name
    elif context and entry is not None and entry.place.is_start:
        context.pages_manager.set_script_intent("", "")  # it is called ``/``, and answers to its name as well
    kept: str = st.session_state.get(_ASKED_FOR, "")
    return kept


def _elsewhere(name: str) -> st.Page:
    """A page of that name, hidden, so that the address is answered in our own words: Streamlit would say it in English only, and
    show the start page."""
    return st.Page(_no_page, title=t("frame.no_page"), url_path=name, visibility="hidden")


def _no_page() -> None:
    heading.plain(t("frame.no_page"), "")
    with st.container(border=True, key="card_no_page"):
        st.html(f'<p>{escape(t("frame.no_page_lead"))}</p><a href="/">{escape(t("frame.to_start"))}</a>')


@lru_cache(32)
def _sections(language: i18n.Language, visible: frozenset[str]) -> dict[str, list[st.Page]]:  # noqa: ARG001 - of its texts
    sections: dict[str, list[st.Page]] = {}
    for entry in pages():
        page = st.Page(
            _shower(entry),
            title=t(f"{entry.name}.title"),
            icon=entry.place.icon,
            url_path=entry.name,
            default=entry.place.is_start,
            visibility="visible" if entry.name in visible else "hidden",
        )
        sections.setdefault(t(f"section.{entry.place.section}"), []).append(page)
    return sections


@cache
def _shower(entry: Entry) -> Callable[[], None]:
    """Draws the page, after asking whether this person may see it: a hidden page still has an address."""

    def show() -> None:
        try:
            guard.require(entry.place.permission)
        except Forbidden as refusal:
            heading.plain(t(f"{entry.name}.title"), "")
            faults.show(refusal)
            return
        entry.module.show()

    show.__name__ = entry.name
    return show


def _forget_another(who: Visitor) -> None:
    """Nothing that one person chose may meet another who logs in on the same open page."""
    if st.session_state.get(_SUBJECT, who.session_id) != who.session_id:
        st.session_state.clear()
    st.session_state[_SUBJECT] = who.session_id
    i18n.set_language("en" if who.language == "en" else "zh")


def _say_it_is_over() -> None:
    """The browser sees the marker and goes to the log-in page (assets/chrome.js)."""
    with st.container(key="session_over"):
        st.info(t("login.over"))


def _account_box(who: Visitor) -> None:
    units = who.operator.scope.units
    known = None if units is None else i18n.listed(sorted(units)) or i18n.UNDEFINED
    st.sidebar.html(_account(i18n.language(), who.display_name, who.operator.role, known))
    st.sidebar.button(
        t("frame.log_out"), icon=":material/logout:", type="tertiary", key="log_out", on_click=accounts.log_out
    )


@lru_cache(64)
def _account(language: i18n.Language, name: str, role: Role, units: str | None) -> str:
    """Who it is, and plain links, so that the whole page comes back in the other language, Streamlit's own parts included."""
    other: i18n.Language = "zh" if language == "en" else "en"
    limits = "" if units is None else f"<small>{escape(t('frame.units', units=units))}</small>"
    return (
        f'<div class="account"><p><b>{escape(name)}</b> <span>{escape(t(f"role.{role}"))}</span></p>{limits}<nav>'
        f'<a href="/account/language?to={other}" lang="{i18n.HTML_NAMES[other]}">{i18n.NAMES[other]}</a>'
        f'<a href="/account/password">{escape(t("frame.change_password"))}</a></nav></div>'
    )
