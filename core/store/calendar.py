"""What operators say of the calendar, as rows: a revision is never changed, the newest of a key stands."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from core.errors import CalendarChanged, Unknown
from core.store import topics
from core.store.session import Session, insert_new
from core.store.tables import CalendarEntry

TOPIC = "calendar"


def standing(session: Session, *, with_removed: bool = False) -> list[CalendarEntry]:
    """The newest revision of every entry, in the order in which they were first said; of those that were removed only when asked."""
    last, first = func.max(CalendarEntry.revision), func.min(CalendarEntry.id)
    said = (
        select(CalendarEntry.key, last.label("revision"), first.label("first")).group_by(CalendarEntry.key).subquery()
    )
    is_newest = (CalendarEntry.key == said.c.key) & (CalendarEntry.revision == said.c.revision)
    rows = session.scalars(select(CalendarEntry).join(said, is_newest).order_by(said.c.first))
    return [row for row in rows if with_removed or not row.is_removed]


def newest(session: Session, key: str) -> CalendarEntry | None:
    """The newest revision of an entry, removed or not; None where nothing was ever said of it."""
    query = select(CalendarEntry).where(CalendarEntry.key == key).order_by(CalendarEntry.revision.desc()).limit(1)
    return session.scalars(query).one_or_none()


def one(session: Session, key: str) -> CalendarEntry:
    """As ``newest``. Raises ``Unknown``."""
    found = newest(session, key)
    if found is None:
        raise Unknown("calendar entry", key)
    return found


def write(
    session: Session,
    key: str,
    values: Mapping[str, Any],
    *,
    after: int,
    is_removed: bool = False,
    by: str,
    now: datetime,
) -> CalendarEntry:
    """The next revision of an entry, after the one numbered ``after`` (0: its first). ``values``: columns from ``kind`` to ``is_off``.
    Raises ``CalendarChanged`` where that is not the newest."""
    found = newest(session, key)
    at = 0 if found is None else found.revision
    if at != after:
        raise _changed(at)
    whole = {**values, "key": key, "revision": after + 1, "is_removed": is_removed, "by": by, "at": now}
    fresh = insert_new(session, CalendarEntry, whole, unique=("key", "revision"))
    if fresh is None:
        raise _changed(after + 1)
    topics.bump(session, TOPIC)
    return fresh


def _changed(revision: int) -> CalendarChanged:
    return CalendarChanged("Somebody else changed this entry of the calendar.", revision=revision)
