"""Tabs of which only the open one is drawn: what nobody looks at is neither read nor sent."""

from collections.abc import Callable, Collection, Mapping

import streamlit as st

Draw = Callable[[], object]


def show(key: str, drawn: Mapping[str, Draw], *, always: Collection[str] = ()) -> None:
    """``drawn``: what draws a tab, by its title; ``always``: titles of those whose input must outlive a look at another one.

    Which one is open is kept on the server: notes that appear above must not close it.
    """
    tabs = st.tabs(list(drawn), key=key, on_change="rerun")
    for (title, draw), tab in zip(drawn.items(), tabs, strict=True):
        if tab.open or title in always:
            with tab:
                draw()
