"""Putting a segment or tag away, and bringing it back."""

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard import i18n, markdown
from dashboard.actions import guard
from dashboard.i18n import t
from dashboard.widgets.segments.trying import tried


def putting_away(of: str, name: str, used: Callable[[], Sequence[str]], act: Callable[[], object], means: str) -> None:
    """``of``: the parameter that says which is open. ``used``: names of the definitions that refer to it, which has to end first."""
    fold = st.popover(t("segments.archive"), icon=":material/archive:", key=f"{of}_archive_fold", on_change="rerun")
    if not fold.open:
        return
    with fold:
        if by := used():
            st.write(t("segments.used_by", names=markdown.escaped(i18n.listed(by))))
            return
        st.write(means)
        done = t("segments.archived", name=name)
        st.button(t("segments.archive"), key=f"{of}_archive", type="primary", on_click=_do, args=(of, act, done))


def bringing_back(of: str, name: str, act: Callable[[], object]) -> None:
    done = t("segments.restored", name=name)
    st.button(
        t("segments.restore"), icon=":material/unarchive:", key=f"{of}_restore", on_click=_do, args=(of, act, done)
    )


def _do(of: str, act: Callable[[], object], done: str) -> None:
    if tried(act) is not None:
        guard.note(done)
        st.query_params.pop(of, None)
