"""State that lives in the address, in words that are the same in every language, so that it can be shared and
survives a refresh.

Read before the widget is drawn, written after it. ``bind="query-params"`` of Streamlit is not used: it writes translated labels.

What an address says that cannot be read here is left out of the figures, so it is kept to be told (``unread``): a shared link
must never show other figures than it seems to ask for in silence.
"""

from collections.abc import Container, Hashable, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.errors import InvalidPeriod
from core.periods import Period, parse_day

SEVERAL = frozenset(
    {
        "channel",
        "unit",
        "step",
        "if",
        "exclude",
        "r_start",
        "r_back",
        "r_start_if",
        "r_back_if",
        "hide",
        "end",
        "together",
    }
)
"""Parameters of any page that may stand several times; all others mean one thing."""
_PAGE, _UNREAD = "_unread_page", "_unread"
_WENT, _NEW = "went", "_new_page"
"""``went``: how the browser marks an address that somebody went back or forward to (chrome.js)."""


def read(key: str, default: Any, allowed: Sequence[Hashable], *, multi: bool = False) -> None:
    """Put what the address says under ``key``, or the default; what is not allowed is dropped and told as unread.

    A value chosen earlier in the session stays, unless it is no longer allowed. On another page it is put anew: its widget there
    is another one, which would begin at its own default.
    """
    if key not in st.session_state or went():
        by_text = {str(one): one for one in allowed}
        texts = st.query_params.get_all(key)
        given = [by_text[text] for text in texts if text in by_text]
        for text in texts:
            if text not in by_text:
                leave_out(key, text)
        st.session_state[key] = (given or default) if multi else (given[0] if given else default)
    elif multi:
        kept = [one for one in st.session_state[key] if one in allowed]
        if kept != st.session_state[key] or st.session_state.get(_NEW):
            st.session_state[key] = kept
    elif st.session_state[key] not in allowed:
        st.session_state[key] = default
    elif st.session_state.get(_NEW):
        st.session_state[key] = st.session_state[key]


def went() -> bool:
    """Whether somebody went back or forward to this address: then it decides, and nothing that was chosen since."""
    return bool(st.session_state.get(_WENT))


def write(key: str, default: Any) -> None:
    """Put what was chosen into the address; the default leaves it."""
    value = st.session_state[key]
    if value == default or (not value and value != 0):
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = [str(one) for one in value] if isinstance(value, list) else str(value)


def beside(*parameters: str) -> str:
    """The address as it is now, but for some parameters, ready to be followed by them: ``a=1&b=2&``, or nothing."""
    return _put([key for key in st.query_params if key not in parameters])


def only(*parameters: str) -> str:
    """The address as it is now with nothing but some parameters, as ``beside`` gives it."""
    return _put([key for key in st.query_params if key in parameters])


def _put(keys: Sequence[str]) -> str:
    given = [(key, one) for key in keys for one in st.query_params.get_all(key)]
    return f"{urlencode(given)}&" if given else ""


def period(first: str, last: str) -> Period | None:
    """The days from a first to a last one that the address names; None where it names none, or the wrong way round, which is
    told as unread."""
    given = {key: st.query_params[key] for key in (first, last) if key in st.query_params}
    try:
        start, end = (parse_day(given.get(key, "")) for key in (first, last))
    except InvalidPeriod:
        start, end = date.max, date.min
    if start <= end:
        return Period(start, end + timedelta(days=1))
    for key, text in given.items():
        leave_out(key, text)
    return None


def opened(parameter: str, known: Container[str]) -> str | None:
    """What a page has open, of what there is; what is none of it is told as unread, and leaves the address."""
    text = st.query_params.get(parameter)
    if text is None or text in known:
        return text
    leave_out(parameter, text)
    st.query_params.pop(parameter, None)
    return None


# -- what could not be read --------------------------------------------------------------------------------------------


def leave_out(key: str, text: str) -> None:
    """Keep a part of the address that says nothing here, so that the reader is told."""
    texts = st.session_state.setdefault(_UNREAD, {}).setdefault(key, [])
    if text not in texts:
        texts.append(text)


def enter(page: str) -> None:
    """A page is about to read its address; what another one could not read is no longer of interest. Of what stands there
    several times and means one thing the first counts; the others are told as unread."""
    st.session_state[_NEW] = st.session_state.get(_PAGE) != page
    st.session_state[_WENT] = st.query_params.pop(_WENT, None) is not None
    if st.session_state[_NEW]:
        st.session_state[_PAGE] = page
        forget_unread()
    for key in list(st.query_params):
        first, *others = st.query_params.get_all(key)
        if others and key not in SEVERAL:
            st.query_params[key] = first
            for text in others:
                if text != first:
                    leave_out(key, text)


def unread() -> dict[str, list[str]]:
    """Parts of the page's address that were left out, texts by key, until somebody has seen them."""
    found: dict[str, list[str]] = st.session_state.get(_UNREAD, {})
    return found


def forget_unread() -> None:
    """They were seen, or the address is read anew."""
    st.session_state.pop(_UNREAD, None)
