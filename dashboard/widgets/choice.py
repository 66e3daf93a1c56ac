"""Choices of one of a few as rows of links: what a row of radio buttons is, as text that goes with what it stands beside.

The choice is in the address; what was chosen earlier in the session stays where the address says nothing, as for every other
field (``addresses.read``), so every link names its option, the first one too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from dashboard import addresses
from dashboard.i18n import t

Option = TypeVar("Option", bound=str)


@dataclass(frozen=True, slots=True)
class Choice:
    """``key``: parameter of the address. ``labels``: of the options, by what the address says. ``meaning``: what it is about."""

    key: str
    title: str
    labels: Mapping[str, str]
    chosen: str
    meaning: str = ""


def among(key: str, text: str, options: Iterable[str], chosen: str) -> Choice:
    """``text``: its title, and what those of the options begin with, as ``care.by`` and ``care.by_staff``."""
    return Choice(key, t(text), {one: t(f"{text}_{one}") for one in options}, chosen)


def read(key: str, options: Sequence[Option]) -> Option:
    """What the address says, else what was chosen in this session, else the first, which leaves the address. What cannot be
    chosen is told as unread."""
    state, given = st.session_state, st.query_params.get(key)
    if addresses.went():
        state.pop(key, None)
    if given in options:
        state[key] = given
    elif given is not None:
        addresses.leave_out(key, given)
    chosen: Option = state[key] if state.get(key) in options else options[0]
    if chosen == options[0]:
        st.query_params.pop(key, None)
    elif chosen != given:
        st.query_params[key] = chosen
    return chosen


def choose(key: str, option: str) -> None:
    """As if it had been chosen here. For callbacks."""
    st.session_state[key] = option
    st.query_params.pop(key, None)


def row(one: Choice, address: str) -> str:
    """The links alone, ready for ``st.html``. ``address``: the page as it is (``addresses.beside``)."""
    others = [(key, value) for key, value in parse_qsl(address, keep_blank_values=True) if key != one.key]
    links = []
    for option, label in one.labels.items():
        current = ' aria-current="true"' if option == one.chosen else ""
        links.append(f'<a href="?{escape(urlencode([*others, (one.key, option)]))}"{current}>{escape(label)}</a>')
    return f'<nav class="choice" aria-label="{escape(one.title)}">{"".join(links)}</nav>'


def fields(choices: Sequence[Choice], address: str) -> str:
    """Rows under their titles."""
    return f'<div class="fields">{"".join(_field(one, address) for one in choices)}</div>'


def _field(one: Choice, address: str) -> str:
    meaning = f'<i class="help" role="note" tabindex="0" aria-label="{escape(one.meaning)}"></i>' if one.meaning else ""
    return f'<div id="field-{one.key}"><span class="name">{escape(one.title)}{meaning}</span>{row(one, address)}</div>'
