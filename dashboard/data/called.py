"""What ids are called on screen."""

import streamlit as st

from core.work.questions import called
from core.work.questions.called import NAMED
from dashboard.data.ground import KEPT_SECONDS, Ground, stand

__all__ = ["NAMED", "names_of"]


def names_of(column: str) -> dict[str, str]:
    """Name by id of units, groups, products, content and campaigns. Raises ``Forbidden``."""
    ground = stand("funnel.see")
    return _names_of(key=f"{ground.key}|{column}", _ground=ground, _column=column)


@st.cache_resource(ttl=KEPT_SECONDS, max_entries=16, show_spinner=False)
def _names_of(key: str, _ground: Ground, _column: str) -> dict[str, str]:  # noqa: ARG001 - what it is cached by
    with _ground.open() as lake:
        return called.names_of(lake, _column)
