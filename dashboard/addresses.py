"""State that lives in the address, in words that are the same in every language, so that it can be shared and
survives a refresh.

Read before the widget is drawn, written after it. ``bind="query-params"`` of Streamlit is not used: it writes translated labels.
"""

from collections.abc import Hashable, Sequence
from datetime import timedelta
from typing import Any

import streamlit as st

from core.errors import InvalidPeriod
from core.periods import Period, parse_day


def read(key: str, default: Any, allowed: Sequence[Hashable], *, multi: bool = False) -> None:
    """Put what the address says under ``key``, or the default; what is not allowed is dropped.

    A value chosen earlier in the session stays, unless it is no longer allowed.
    """
    if key not in st.session_state:
        by_text = {str(one): one for one in allowed}
        given = [by_text[text] for text in st.query_params.get_all(key) if text in by_text]
        st.session_state[key] = (given or default) if multi else (given[0] if given else default)
    elif multi:
        st.session_state[key] = [one for one in st.session_state[key] if one in allowed]
    elif st.session_state[key] not in allowed:
        st.session_state[key] = default


def write(key: str, default: Any) -> None:
    """Put what was chosen into the address; the default leaves it."""
    value = st.session_state[key]
    if value == default or (not value and value != 0):
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = [str(one) for one in value] if isinstance(value, list) else str(value)


def period(first: str, last: str) -> Period | None:
    """The days from a first to a last one that the address names; None where it names none, or the wrong way round."""
    try:
        start = parse_day(st.query_params.get(first, ""))
        end = parse_day(st.query_params.get(last, ""))
    except InvalidPeriod:
        return None
    return Period(start, end + timedelta(days=1)) if start <= end else None
