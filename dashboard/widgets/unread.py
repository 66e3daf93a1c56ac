"""What of a link could not be read, told above the page whose figures are without it."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard import addresses, i18n, markdown
from dashboard.i18n import t


@contextmanager
def told() -> Iterator[None]:
    """While a page is drawn; what could not be read of its address then stands above it, until somebody has seen it."""
    place = st.container()
    yield
    found = addresses.unread()
    if found:
        with place, st.container(horizontal=True, vertical_alignment="center", gap="small", key="unread"):
            parts = i18n.listed((_part(key, text) for key, texts in found.items() for text in texts), long=True)
            st.warning(t("unread.told", parts=parts), icon=":material/link_off:")
            st.button(
                t("unread.seen"),
                icon=":material/check:",
                key="unread_seen",
                type="tertiary",
                on_click=addresses.forget_unread,
            )


def _part(key: str, text: str) -> str:
    name = f"unread.key_{key}"
    named = t(name) if i18n.has(name) else markdown.escaped(i18n.cut(key))
    return t("unread.part", name=named, text=markdown.escaped(i18n.cut(text)))
