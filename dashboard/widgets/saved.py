"""What was chosen on a page, kept under a name: open one's own and shared ones, save, overwrite, delete.

Opening puts the saved parameters into the address and lets the page read it, as a link would; whoever opens sees their own
figures.
"""

from collections.abc import Callable, Sequence
from urllib.parse import parse_qs, urlencode

import streamlit as st

from core.errors import Refusal
from dashboard import addresses, i18n, markdown
from dashboard.actions import guard
from dashboard.actions import saved as actions
from dashboard.data import saved
from dashboard.data.saved import LONGEST_NAME, View
from dashboard.i18n import t

WIDTH = 480
"""Of the bar where it has a whole card to itself."""
Forget = Callable[[], None]


def bar(page: str, keys: Sequence[str], forget: Forget) -> None:
    """Draw the choice and the way to save. ``keys``: parameters of the address that belong to the page and its filters.
    ``forget``: drops what this session has chosen, so that the address decides."""
    found = saved.listed(page)
    chosen = f"saved_{page}"
    if st.session_state.get(chosen) not in [view.view_id for view in found]:
        st.session_state[chosen] = None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", wrap=False, key=f"saved_bar_{page}"):
        labels = {view.view_id: _label(view) for view in found}
        st.selectbox(
            t(f"saved.{page}"), list(labels), index=None, format_func=lambda one: labels.get(one, ""), key=chosen,
            persist_state="session", placeholder=t("saved.choose" if found else "saved.none"), disabled=not found,
            on_change=_open, args=(page, chosen, tuple(keys), forget),
        )  # fmt: skip
        current = next((view for view in found if view.view_id == st.session_state[chosen]), None)
        save, icon = t("saved.save"), ":material/bookmark_add:"
        form = st.popover(save, icon=icon, help=save, key=f"save_{page}", on_change="rerun")
        if form.open:
            with form:
                _form(page, tuple(keys), current)


def _label(view: View) -> str:
    if not view.is_own:
        return t("saved.of", name=view.name, owner=view.owner)
    return t("saved.shared_own", name=view.name) if view.is_shared else view.name


def _form(page: str, keys: tuple[str, ...], current: View | None) -> None:
    name, shared = f"save_{page}_name", f"save_{page}_shared"
    st.text_input(
        t("saved.name"), max_chars=LONGEST_NAME, key=name, persist_state="session", placeholder=t(f"saved.hint_{page}")
    )  # fmt: skip
    st.toggle(t("saved.share"), key=shared, persist_state="session", help=t("saved.share_help"))
    st.button(
        t("saved.save_new"), icon=":material/bookmark_add:", type="primary", key=f"save_{page}_new", on_click=_save,
        args=(page, keys),
    )  # fmt: skip
    if current is not None and current.is_own:
        with st.container(horizontal=True, gap="xsmall"):
            st.button(
                t("saved.overwrite", name=markdown.escaped(current.name)), icon=":material/save:", key=f"save_{page}_over",
                on_click=_overwrite, args=(page, keys, current),
            )  # fmt: skip
            st.button(
                t("saved.delete", name=markdown.escaped(current.name)), icon=":material/delete:", key=f"save_{page}_delete",
                on_click=_delete, args=(page, current),
            )  # fmt: skip


def query(keys: Sequence[str]) -> str:
    """The page's part of the address."""
    given = [(key, value) for key in keys for value in st.query_params.get_all(key)]
    return urlencode(given)


def _open(page: str, chosen: str, keys: tuple[str, ...], forget: Forget) -> None:
    number = st.session_state[chosen]
    if number is None:
        return
    try:
        view = saved.opened(page, number)
    except Refusal as error:
        st.session_state[chosen] = None
        guard.note(i18n.refusal(error), is_error=True)
        return
    forget()
    addresses.forget_unread()
    given = parse_qs(view.query, keep_blank_values=True)
    for key in keys:
        if key in given:
            st.query_params[key] = given[key]
        else:
            st.query_params.pop(key, None)


def _save(page: str, keys: tuple[str, ...]) -> None:
    state = st.session_state
    view = _tried(
        lambda: actions.save(page, state[f"save_{page}_name"], query(keys), is_shared=state[f"save_{page}_shared"])
    )
    if view is not None:
        state[f"saved_{page}"], state[f"save_{page}_name"] = view.view_id, ""
        guard.note(t("saved.saved", name=view.name))


def _overwrite(page: str, keys: tuple[str, ...], current: View) -> None:
    is_shared = current.is_shared or bool(st.session_state[f"save_{page}_shared"])
    view = _tried(lambda: actions.overwrite(page, current.view_id, query(keys), is_shared=is_shared))
    if view is not None:
        guard.note(t("saved.overwritten", name=view.name))


def _delete(page: str, current: View) -> None:
    view = _tried(lambda: actions.delete(page, current.view_id))
    if view is not None:
        st.session_state[f"saved_{page}"] = None
        guard.note(t("saved.deleted", name=view.name))


def _tried(act: Callable[[], View]) -> View | None:
    """What was done; a refusal becomes a note on the page."""
    try:
        return act()
    except Refusal as error:
        guard.note(i18n.refusal(error), is_error=True)
        return None
