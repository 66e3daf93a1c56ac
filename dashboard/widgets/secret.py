"""A signing secret that was just made, shown until somebody says that it was noted. It is kept nowhere in the open but in the session."""

from typing import Any

import streamlit as st

from dashboard import markdown
from dashboard.i18n import t

KEPT = "_signing_secret"
"""Where the session keeps it, with the page that it belongs to and the name of what signs with it."""


def keep(page: str, name: str, secret: str) -> None:
    st.session_state[KEPT] = page, name, secret


def show(page: str) -> None:
    """Nothing where none was made on this page."""
    made: Any = st.session_state.get(KEPT)
    if made is None or made[0] != page:
        return
    _, name, secret = made
    with st.container(border=True, key="card_secret"):
        st.write(markdown.escaped(t("secret.once", name=name)))
        st.code(secret, language=None)
        st.button(t("secret.seen"), key="secret_seen", on_click=lambda: st.session_state.pop(KEPT, None))
