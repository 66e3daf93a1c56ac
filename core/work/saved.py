"""Saving what was chosen on a page under a name, overwriting it, deleting it.

A saved view is the query part of an address and nothing else: who opens it sees their own figures, within their own scope.
Names are unique per owner and page. Only the owner changes or deletes a view; others see it while it is shared.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from core.errors import Forbidden, Refusal, Unknown
from core.scope import Operator
from core.store import audit, saved_views
from core.store.session import Session, Store
from core.store.tables import SavedView
from core.work.home import Home

PAGES = dict.fromkeys(("funnels", "retention", "lifecycle", "paths"), "funnel.see") | {
    "community": "community.see",
    "content": "content.see",
    "channels": "channels.see",
    "value": "customers.see",
    "scores": "scores.see",
}
"""Pages whose choices can be saved, and the permission that each needs."""
LONGEST_NAME, LONGEST_QUERY = 60, 16_000


class InvalidView(Refusal):
    """A view cannot be saved like this: ``reason`` is ``name``, ``taken`` or ``query``."""

    code = "saved.invalid"


@dataclass(frozen=True, slots=True)
class View:
    """A saved view as one operator sees it."""

    view_id: int
    name: str
    owner: str
    query: str
    is_shared: bool
    is_own: bool
    saved_at: datetime


def listed(home: Home, operator: Operator, page: str) -> list[View]:
    """What the operator may open: their own, then what others share. Raises ``Forbidden``, ``Unknown``."""
    _require(operator, page)
    with home.store.reading() as session:
        return [_seen(view, operator) for view in saved_views.visible(session, page, operator.name)]


def opened(home: Home, operator: Operator, page: str, view_id: int) -> View:
    """One of them. Raises ``Forbidden``, and ``Unknown`` also for another's private one."""
    _require(operator, page)
    with home.store.reading() as session:
        return _seen(_found(session, operator, page, view_id), operator)


def save(
    home: Home, log: Store, operator: Operator, page: str, name: str, query: str, *, is_shared: bool, now: datetime
) -> View:
    """Keep a new view. ``log``: the store that keeps the audit log. Raises ``Forbidden``, ``InvalidView``."""
    _require(operator, page)
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidView(f"A view needs a name of 1 to {LONGEST_NAME} letters.", reason="name", most=LONGEST_NAME)
    _refuse_long(query)

    def write(session: Session) -> SavedView:
        view = saved_views.add(session, page, operator.name, name, query, is_shared=is_shared, now=now)
        if view is None:
            raise InvalidView(f"You have a view named {name!r} already.", reason="taken", name=name)
        return view

    return _written(home, log, operator, "view.saved", write, now)


def overwrite(
    home: Home, log: Store, operator: Operator, page: str, view_id: int, query: str, *, is_shared: bool, now: datetime
) -> View:
    """Give one's own view a new content. Raises ``Forbidden`` for somebody else's, ``Unknown``, ``InvalidView``."""
    _require(operator, page)
    _refuse_long(query)

    def write(session: Session) -> SavedView:
        view = _own(session, operator, page, view_id)
        saved_views.change(session, view, query, is_shared=is_shared, now=now)
        return view

    return _written(home, log, operator, "view.overwritten", write, now)


def delete(home: Home, log: Store, operator: Operator, page: str, view_id: int, *, now: datetime) -> View:
    """Delete one's own view; returns what it was. Raises ``Forbidden`` for somebody else's, ``Unknown``."""
    _require(operator, page)

    def write(session: Session) -> SavedView:
        view = _own(session, operator, page, view_id)
        saved_views.remove(session, view)
        return view

    return _written(home, log, operator, "view.deleted", write, now)


def _written(
    home: Home, log: Store, operator: Operator, action: str, write: Callable[[Session], SavedView], now: datetime
) -> View:
    """Write, and tell the audit log."""
    with audit.told(home.store, log) as (session, logged):
        view = _seen(write(session), operator)
        details = {"name": view.name, "is_shared": view.is_shared, "world": home.world}
        audit.append(logged, operator, action, f"view:{view.view_id}", details, now=now)
    return view


def _require(operator: Operator, page: str) -> None:
    if page not in PAGES:
        raise Unknown("page", page, PAGES)
    operator.require(PAGES[page])


def _found(session: Session, operator: Operator, page: str, view_id: int) -> SavedView:
    found = saved_views.find(session, view_id, operator.name)
    if found.page != page:
        raise Unknown("saved view", str(view_id))
    return found


def _own(session: Session, operator: Operator, page: str, view_id: int) -> SavedView:
    found = _found(session, operator, page, view_id)
    if found.account != operator.name:
        raise Forbidden("Only its owner changes a saved view.", permission=PAGES[page], role=operator.role)
    return found


def _refuse_long(query: str) -> None:
    if len(query) > LONGEST_QUERY:
        raise InvalidView(f"A view has at most {LONGEST_QUERY} letters.", reason="query", most=LONGEST_QUERY)


def _seen(view: SavedView, operator: Operator) -> View:
    return View(
        view.id, view.name, view.account, view.query, view.is_shared, view.account == operator.name, view.saved_at
    )
