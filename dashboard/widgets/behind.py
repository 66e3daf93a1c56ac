"""People behind figures, opened by the address over the page, and the number contract of a part of a page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import streamlit as st

from dashboard import addresses, i18n, markdown
from dashboard.actions import guard
from dashboard.data.people import People
from dashboard.i18n import t
from dashboard.widgets import people as panel
from dashboard.widgets.tiles import Way

PARAMETER = "who"
"""Where the address says whose people are open."""


@dataclass(frozen=True, slots=True)
class Behind:
    """Who they are in words, what that means, and how they are read."""

    title: str
    meaning: str
    read: Callable[[], People]


def link() -> str | None:
    """What an address of people begins with, the page as it is; None for those who may not see any."""
    return f"?{addresses.beside(PARAMETER)}{PARAMETER}=" if guard.may("people.see") else None


def way(begins: str | None, name: str, words: str, count: int | None) -> tuple[str, ...]:
    """The way to the people of a figure, which leads nowhere where nobody is; none for those who may not see people."""
    if begins is None or count is None:
        return ()
    identity = "people-" + name.replace(".", "-")
    return (Way(words, f"{begins}{name}" if count else None, "people").html(identity),)


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
        f"**{t('contract.as_of')}** {i18n.moment(answer.as_of, answer.zone)} ({answer.zone})",
        f"**{t('contract.version')}** {answer.version}",
    ]
    with box:
        st.markdown("\n".join(f"- {line}" for line in every))


def meanings(page: str, names: Sequence[str]) -> list[str]:
    """Names and meanings of figures, for a contract."""
    return [f"**{t(f'{page}.figure_{name}')}**: {t(f'{page}.means_{name}')}" for name in names]
