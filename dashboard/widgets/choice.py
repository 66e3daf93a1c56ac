"""One of a few, as links: the choice is in the address alone, and a row of links is text that goes with what it stands above."""

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote_plus

import streamlit as st

from dashboard import addresses


def read(parameter: str, options: Sequence[str]) -> str:
    """What the address says, or the first; what cannot be chosen is dropped and told as unread."""
    given = st.query_params.get(parameter)
    if given is None or given in options:
        return given or options[0]
    addresses.leave_out(parameter, given)
    st.query_params.pop(parameter, None)
    return options[0]


def written(parameter: str, labels: Mapping[str, str], chosen: str, title: str, *, usual: str = "") -> str:
    """The row, ready for ``st.html``. ``labels``: by what the address says; ``title``: what is chosen here, for those who do not
    see it; ``usual``: what the address leaves out, where it is not the first.
    """
    others = addresses.beside(parameter)
    first = usual or next(iter(labels))
    links = []
    for one, label in labels.items():
        address = others.removesuffix("&") if one == first else f"{others}{parameter}={quote_plus(one)}"
        current = ' aria-current="true"' if one == chosen else ""
        links.append(f'<a href="?{escape(address)}"{current}>{escape(label)}</a>')
    return f'<nav class="choice" aria-label="{escape(title)}">{"".join(links)}</nav>'
