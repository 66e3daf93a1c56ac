"""Rows of links, each a choice of one of a few under its own words: what a row of radio buttons is, as text in one piece of HTML.

The choice is in the address; what was chosen earlier in the session stays where the address says nothing, as for every other
field (``addresses.read``), so every link names its option, the first one too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from dashboard import addresses


@dataclass(frozen=True, slots=True)
class Field:
    """``key``: parameter of the address. ``labels``: of the options, by what the address says. ``meaning``: what it is about."""

    key: str
    title: str
    labels: Mapping[str, str]
    chosen: str
    meaning: str = ""


def read(key: str, options: Sequence[str]) -> str:
    """What the address says, else what was chosen in this session, else the first, which leaves the address. What cannot be
    chosen is told as unread."""
    state, given = st.session_state, st.query_params.get(key)
    if given in options:
        state[key] = given
    elif given is not None:
        addresses.leave_out(key, given)
    if state.get(key) not in options:
        state[key] = options[0]
    chosen: str = state[key]
    if chosen == options[0]:
        st.query_params.pop(key, None)
    elif chosen != given:
        st.query_params[key] = chosen
    return chosen


def choose(key: str, option: str) -> None:
    """As if it had been chosen here. For callbacks."""
    st.session_state[key] = option
    st.query_params.pop(key, None)


def written(fields: Sequence[Field], address: str) -> str:
    """The rows, ready for ``st.html``. ``address``: the page as it is (``addresses.beside``)."""
    return f'<div class="fields">{"".join(_field(field, address) for field in fields)}</div>'


def _field(field: Field, address: str) -> str:
    others = [(key, value) for key, value in parse_qsl(address, keep_blank_values=True) if key != field.key]
    meaning = (
        f'<i class="help" role="note" tabindex="0" aria-label="{escape(field.meaning)}"></i>' if field.meaning else ""
    )
    links = []
    for one, label in field.labels.items():
        current = ' aria-current="true"' if one == field.chosen else ""
        links.append(f'<a href="?{escape(urlencode([*others, (field.key, one)]))}"{current}>{escape(label)}</a>')
    return (
        f'<div id="field-{field.key}"><span class="name">{escape(field.title)}{meaning}</span>'
        f'<nav class="choice" aria-label="{escape(field.title)}">{"".join(links)}</nav></div>'
    )
