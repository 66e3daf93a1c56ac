"""What of a link could not be read, told above the page whose figures are without it."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard import addresses, i18n, markdown
from dashboard.i18n import t

LONGEST = 80


@contextmanager
def told(page: str) -> Iterator[None]:
    """While the page is drawn; what it could not read of its address then stands above it, until somebody has seen it."""
    place = st.container()
    addresses.enter(page)
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
    short = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return t("unread.part", name=t(name) if i18n.has(name) else key, text=markdown.escaped(short))
