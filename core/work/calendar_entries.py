"""Keeping the house's calendar: built-in events changed, switched off and moved, and the house's own added.

Every change is a further revision of its entry and bumps the topic: forecasts keep the events that they were made with.
"""

import secrets
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from core.errors import Forbidden, InvalidCalendar
from core.models.forecast import agenda
from core.models.forecast.agenda import OWN_KINDS, Entry, Kind, Rule
from core.models.forecast.festivals import BUILT_IN
from core.scope import Operator
from core.store import audit, calendar
from core.store.session import Session, Store
from core.work.home import Home
from core.work.questions.calendar import Said, said

LONGEST_NAME = 60


def change_event(
    home: Home,
    log: Store,
    operator: Operator,
    name: str,
    *,
    before_days: int | None = None,
    after_days: int | None = None,
    is_off: bool = False,
    revision: int = 0,
    now: datetime,
) -> Said:
    """Say of a built-in event that its window is another, or that models shall not be told of it. ``revision``: the one that the asker
    has seen, 0 where nothing was said of it. ``log``: the store that keeps the audit log.

    Raises ``Forbidden``, ``InvalidCalendar``, ``CalendarChanged``."""
    entry = Entry(agenda.event_key(name), "event", name, before_days=before_days, after_days=after_days, is_off=is_off)
    return _say(home, log, operator, "calendar.changed", entry, revision, now)


def change_occurrence(
    home: Home,
    log: Store,
    operator: Operator,
    name: str,
    occurs_on: date,
    *,
    moved_on: date | None = None,
    before_days: int | None = None,
    after_days: int | None = None,
    is_off: bool = False,
    revision: int = 0,
    now: datetime,
) -> Said:
    """Say the same of one occurrence, the one that the calendar has on ``occurs_on``, or that it was or will be on another day."""
    entry = Entry(
        agenda.occurrence_key(name, occurs_on), "occurrence", name, occurs_on, moved_on if moved_on != occurs_on else None,
        before_days=before_days, after_days=after_days, is_off=is_off,
    )  # fmt: skip
    return _say(home, log, operator, "calendar.changed", entry, revision, now)


def add(
    home: Home,
    log: Store,
    operator: Operator,
    kind: Kind,
    name: str,
    rule: Rule,
    *,
    before_days: int = 0,
    after_days: int = 0,
    now: datetime,
) -> Said:
    """An event of the house: a day or days of its own, a campaign, or days on which it is closed. Raises ``Forbidden``, ``InvalidCalendar``
    also for a name that an event has already."""
    entry = Entry(secrets.token_hex(8), _own(kind), _named(name), None, None, rule, before_days, after_days)
    return _say(home, log, operator, "calendar.added", entry, 0, now)


def change(
    home: Home,
    log: Store,
    operator: Operator,
    key: str,
    *,
    name: str,
    rule: Rule,
    before_days: int = 0,
    after_days: int = 0,
    is_off: bool = False,
    revision: int,
    now: datetime,
) -> Said:
    """An event of the house from now on. Raises ``Unknown``, and as ``add`` and ``change_event``."""
    _require(operator)
    with home.store.reading() as session:
        kind = said(calendar.one(session, key)).entry.kind
    entry = Entry(key, _own(kind), _named(name), None, None, rule, before_days, after_days, is_off)
    return _say(home, log, operator, "calendar.changed", entry, revision, now)


def remove(home: Home, log: Store, operator: Operator, key: str, *, revision: int, now: datetime) -> Said:
    """An event of the house is gone; of a built-in one what was said of it is. Raises ``Forbidden``, ``Unknown``, ``CalendarChanged``."""
    return _put(home, log, operator, key, "calendar.removed", revision, is_removed=True, now=now)


def restore(home: Home, log: Store, operator: Operator, key: str, *, revision: int, now: datetime) -> Said:
    """It stands again as it was when it was removed. Raises as ``remove``, and ``InvalidCalendar`` where another has its name."""
    return _put(home, log, operator, key, "calendar.restored", revision, is_removed=False, now=now)


def _say(home: Home, log: Store, operator: Operator, action: str, entry: Entry, revision: int, now: datetime) -> Said:
    def write(session: Session) -> Said:
        _refuse_taken(session, entry)
        return said(calendar.write(session, entry.key, _values(entry), after=revision, by=operator.name, now=now))

    return _written(home, log, operator, action, write, now)


def _put(
    home: Home, log: Store, operator: Operator, key: str, action: str, revision: int, *, is_removed: bool, now: datetime
) -> Said:
    def write(session: Session) -> Said:
        entry = said(calendar.one(session, key)).entry
        if not is_removed:
            _refuse_taken(session, entry)
        row = calendar.write(
            session, key, _values(entry), after=revision, is_removed=is_removed, by=operator.name, now=now
        )
        return said(row)

    return _written(home, log, operator, action, write, now)


def _written(
    home: Home, log: Store, operator: Operator, action: str, write: Callable[[Session], Said], now: datetime
) -> Said:
    """Write, and tell the audit log what holds now."""
    _require(operator)
    with audit.told(home.store, log) as (session, logged):
        done = write(session)
        details = _plain(done.entry) | {"revision": done.revision, "world": home.world}
        audit.append(logged, operator, action, f"calendar:{done.entry.key}", details, now=now)
    return done


def _require(operator: Operator) -> None:
    """There is one calendar: who sees some units only does not change it."""
    operator.require("forecast.write")
    if not operator.scope.sees_all:
        raise Forbidden("The calendar is that of the whole house.", permission="forecast.write", role=operator.role)


def _refuse_taken(session: Session, entry: Entry) -> None:
    """Models know events by their names: no two may share one, nor have that of a built-in one."""
    if entry.kind not in OWN_KINDS:
        return
    others = [row.name for row in calendar.standing(session) if row.kind in OWN_KINDS and row.key != entry.key]
    if entry.name.casefold() in {one.casefold() for one in (*others, *BUILT_IN)}:
        raise InvalidCalendar(f"There is an event {entry.name!r} already.", reason="taken", name=entry.name)


def _own(kind: Kind) -> Kind:
    if kind not in OWN_KINDS:
        raise InvalidCalendar(f"An event of the house is one of {OWN_KINDS}.", reason="event", name=kind)
    return kind


def _named(name: str) -> str:
    written = " ".join(name.split())
    if not 1 <= len(written) <= LONGEST_NAME or not written.isprintable():
        raise InvalidCalendar(f"A name has 1 to {LONGEST_NAME} letters.", reason="name", most=LONGEST_NAME)
    return written


def _values(entry: Entry) -> dict[str, Any]:
    """Columns of an entry."""
    columns = {
        name: getattr(entry, name)
        for name in ("kind", "name", "occurs_on", "moved_on", "before_days", "after_days", "is_off")
    }
    return columns | {"rule": None if entry.rule is None else entry.rule.to_json()}


def _plain(entry: Entry) -> dict[str, Any]:
    """The same as JSON has them; what says nothing is left out."""
    told = {name: one.isoformat() if isinstance(one, date) else one for name, one in _values(entry).items()}
    return {name: one for name, one in told.items() if one is not None}
