"""What stands around every page: who you are, where you can go, which world you look at."""

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import streamlit as st

from dashboard import i18n, markdown, runs
from dashboard import pages as folder
from dashboard.actions import accounts, guard
from dashboard.actions.guard import Visitor
from dashboard.data import worlds
from dashboard.i18n import t
from dashboard.pages import SECTIONS, Page
from dashboard.widgets import unread

ASSETS = Path(__file__).parent / "web" / "assets"
_SUBJECT = "_subject"


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
        with st.sidebar:
            _account_box(who)
        worlds.banner(who.operator)
        guard.show_notes()
        with unread.told(page.url_path):
            page.run()


def _configure() -> None:
    st.set_page_config(
        page_title=t("app.name"),
        page_icon=str(ASSETS / "icon.png"),
        layout="wide",
        initial_sidebar_state="auto",
        menu_items={"About": t("app.about")},
    )
    st.logo(str(ASSETS / "icon.svg"), size="large")


def _navigation(who: Visitor) -> dict[str, list[st.Page]]:
    """All pages, those that the role may not see hidden: their address then answers with our own words, not with
    Streamlit's.
    """
    sections: dict[str, list[st.Page]] = {}
    for entry in pages():
        page = st.Page(
            _shower(entry),
            title=t(f"{entry.name}.title"),
            icon=entry.place.icon,
            url_path=entry.name,
            default=entry.place.is_start,
            visibility="visible" if who.operator.can(entry.place.permission) else "hidden",
        )
        sections.setdefault(t(f"section.{entry.place.section}"), []).append(page)
    return sections


@cache
def _shower(entry: Entry) -> Callable[[], None]:
    """Draws the page, after asking whether this person may see it: a hidden page still has an address."""

    def show() -> None:
        guard.require(entry.place.permission)
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
    with st.container(key="account_box", gap="small"):
        st.markdown(f"**{markdown.escaped(who.display_name)}** :gray-badge[{t(f'role.{who.operator.role}')}]")
        units = who.operator.scope.units
        if units is not None:
            st.caption(t("frame.units", units=markdown.escaped(i18n.listed(sorted(units)) or i18n.UNDEFINED)))
        st.html(_links("zh" if i18n.language() == "en" else "en"))
        st.button(
            t("frame.log_out"), icon=":material/logout:", type="tertiary", key="log_out", on_click=accounts.log_out
        )


def _links(other: i18n.Language) -> str:
    """Plain links, so that the whole page comes back in the other language, Streamlit's own parts included."""
    return (
        f'<a class="link" href="/account/language?to={other}" lang="{i18n.HTML_NAMES[other]}">{i18n.NAMES[other]}</a>'
        f'<a class="link" href="/account/password">{t("frame.change_password")}</a>'
    )
