"""Who is acting, and whether they may. Pages, callbacks and fragments all ask here; the store is asked once while a page
is drawn, and each time elsewhere.

Hiding a button is not a guard: callbacks run before the page, fragments without it.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from core.errors import Forbidden, Refusal
from core.scope import Operator
from core.work import logins
from core.work.logins import Visitor
from dashboard import i18n, markdown, runs
from dashboard.web import kept, wiring

SESSION = "session"
"""Key of ``st.user`` under which the gate hands over the number of the log-in session."""
_NOTES = "_notes"
P = ParamSpec("P")


class LoggedOut(Refusal):
    """The session was ended, here or elsewhere."""

    code = "login.over"


def visitor() -> Visitor | None:
    """Whoever is logged in, as the store knew them at the start of this run; None when the session is over."""
    return runs.once("visitor", _asked)


def _asked() -> Visitor | None:
    number = st.user.to_dict().get(SESSION)
    if not str(number or "").isdecimal():
        return None
    store, session_id = wiring.accounts_store(), int(str(number))
    known = kept.while_unwritten(store, ("login", session_id), lambda: logins.login(store, session_id))
    return logins.visit(store, known, now=wiring.now())


def operator() -> Operator:
    """In whose name the page acts. Raises ``LoggedOut``."""
    who = visitor()
    if who is None or who.must_change_password:
        raise LoggedOut("The session is over. Log in again.")
    return who.operator


def require(permission: str) -> Operator:
    """The operator, who holds this permission. Raises ``Forbidden`` and ``LoggedOut``."""
    acting = operator()
    acting.require(permission)
    return acting


def guarded(permission: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Decorates callbacks and fragments. Without the permission nothing runs; a refusal becomes a note on the next
    page drawn.
    """

    def decorate(function: Callable[P, None]) -> Callable[P, None]:
        @wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> None:
            with runs.anew():
                try:
                    require(permission)
                    function(*args, **kwargs)
                except Refusal as error:
                    note(i18n.refusal(error), is_error=True)

        return checked

    return decorate


def may(permission: str) -> bool:
    """Whether to draw what needs the permission. Not a guard."""
    try:
        require(permission)
    except (Forbidden, LoggedOut):
        return False
    return True


def note(text: str, *, is_error: bool = False) -> None:
    """Say something with the next page that is drawn. Safe in callbacks."""
    st.session_state.setdefault(_NOTES, []).append((text, is_error))


def show_notes() -> None:
    """Called by the frame above the page."""
    for text, is_error in st.session_state.pop(_NOTES, []):
        (st.error if is_error else st.success)(markdown.escaped(text))
