"""People behind figures, opened by the address over the page, and the number contract of a part of a page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar
from urllib.parse import quote

import streamlit as st

from dashboard import addresses, i18n, markdown
from dashboard.actions import guard
from dashboard.data.people import People
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets import people as panel
from dashboard.widgets.tiles import Way

PARAMETER = "who"
"""Where the address says whose people are open."""
ALL, ONE = "all", "one"
"""Whose figures they are: those of all together, or of the one that is open."""
Name = TypeVar("Name", bound=str)


@dataclass(frozen=True, slots=True)
class Behind:
    """Who they are in words, what that means, and how they are read."""

    title: str
    meaning: str
    read: Callable[[], People]


def link(parameter: str = PARAMETER) -> str | None:
    """What an address of people begins with, the page as it is; None for those who may not see any."""
    return f"?{addresses.beside(parameter)}{parameter}=" if guard.may("people.see") else None


def forbidden(begins: str | None) -> str:
    """What those read who may not see people."""
    return heading.line(t("funnel.people_forbidden")) if begins is None else ""


def way(begins: str | None, name: str, words: str, count: int | None) -> tuple[str, ...]:
    """The way to the people of a figure, which leads nowhere where nobody is; none for those who may not see people."""
    if begins is None or count is None:
        return ()
    identity = "people-" + name.replace(".", "-")
    return (Way(words, f"{begins}{quote(name)}" if count else None, "people").html(identity),)


def pointed(text: str, names: Sequence[Name], of: str | None) -> tuple[str | None, Name] | None:
    """Whose figure an address names, and which one: ``all.buyers``, ``one.buyers`` of what is open. None where it names none."""
    scope, _, name = text.partition(".")
    found = next((one for one in names if one == name), None)
    if found is None or scope not in (ALL, ONE) or (scope == ONE and of is None):
        return None
    return (of if scope == ONE else None), found


def open_asked(find: Callable[[str], Behind | None], filters: Callable[[], str], parameter: str = PARAMETER) -> None:
    """Open the people whom the address names. ``find``: who they are; None where it is no figure, or nobody is behind it, which is told
    as unread. ``filters``: what all is cut to, in words."""
    text = st.query_params.get(parameter, "")
    if not text:
        return

    def close() -> None:
        st.query_params.pop(parameter, None)

    found = find(text)
    if found is None or not guard.may("people.see"):
        addresses.leave_out(parameter, text)
        close()
        return
    st.dialog(t("people.title"), width="large", icon=":material/group:", on_dismiss=close)(_body)(found, filters)


def _body(found: Behind, filters: Callable[[], str]) -> None:
    st.text(found.title)
    st.caption(found.meaning)
    panel.show(found.read(), found.title, filters())


class Dated(Protocol):
    """An answer, with how new the data behind it is."""

    @property
    def key(self) -> str: ...

    @property
    def as_of(self) -> datetime: ...

    @property
    def zone(self) -> str: ...

    @property
    def version(self) -> int: ...


def head(name: str, html: str, answer: Dated, lines: Sequence[str], filters: Callable[[], str]) -> None:
    """What a card begins with, and the number contract beside it."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"{name}_head"):
        st.html(html)
        contract(name, answer, lines, filters)


def contract(name: str, answer: Dated, lines: Sequence[str], filters: Callable[[], str]) -> None:
    """The number contract behind its button: rules and formulas, filters, and how new the data is."""
    box = st.popover(
        t("contract.open"), icon=":material/function:", type="tertiary", key=f"{name}_contract", on_change="rerun"
    )
    if not box.open:
        return
    every = [
        *lines,
        f"**{t('contract.filters')}** {markdown.escaped(filters())}",
        f"**{t('contract.as_of')}** {i18n.aside(i18n.moment(answer.as_of, answer.zone), answer.zone)}",
        f"**{t('contract.version')}** {answer.version}",
    ]
    with box:
        st.markdown("\n".join(f"- {line}" for line in every))


def meanings(texts: str, names: Sequence[str], **filling: object) -> list[str]:
    """Names and meanings of figures, for a contract. ``filling``: what meanings leave room for."""
    return [
        i18n.explained(f"**{t(f'{texts}.figure_{name}')}**", t(f"{texts}.means_{name}", **filling)) for name in names
    ]
