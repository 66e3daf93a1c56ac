"""What people chose on a page and gave a name: private to its owner, or shared with everybody who may see the page."""

from datetime import datetime

from sqlalchemy import or_, select

from core.errors import Unknown
from core.store import topics
from core.store.session import Session, insert_new
from core.store.tables import SavedView

TOPIC = "saved_views"


def visible(session: Session, page: str, account: str) -> list[SavedView]:
    """Views of a page that the account may open: its own by name, then those that others share, by name and owner."""
    seen = or_(SavedView.account == account, SavedView.is_shared)
    found = session.scalars(select(SavedView).where(SavedView.page == page, seen))
    return sorted(found, key=lambda view: (view.account != account, view.name, view.account))


def find(session: Session, view_id: int, account: str) -> SavedView:
    """A view that the account may open. Raises ``Unknown``, for another's private one too: nobody learns that it exists."""
    found = session.get(SavedView, view_id)
    if found is None or not (found.account == account or found.is_shared):
        raise Unknown("saved view", str(view_id))
    return found


def add(
    session: Session, page: str, account: str, name: str, query: str, *, is_shared: bool, now: datetime
) -> SavedView | None:
    """Keep a new view; None when the account has one of that name on that page."""
    values = {"page": page, "account": account, "name": name, "query": query, "is_shared": is_shared, "saved_at": now}
    view = insert_new(session, SavedView, values, unique=("page", "account", "name"))
    if view is not None:
        topics.bump(session, TOPIC)
    return view


def change(session: Session, view: SavedView, query: str, *, is_shared: bool, now: datetime) -> None:
    view.query, view.is_shared, view.saved_at = query, is_shared, now
    topics.bump(session, TOPIC)


def remove(session: Session, view: SavedView) -> None:
    session.delete(view)
    topics.bump(session, TOPIC)
