"""The house's calendar: what pages show of it and models are told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import numpy as np

from core.calendar import days_off
from core.models.forecast import agenda
from core.models.forecast.agenda import Entry, Kind, Occasion, Rule
from core.models.forecast.history import Known
from core.periods import business_date
from core.store import calendar, topics
from core.store.session import Session
from core.store.tables import CalendarEntry
from core.work.home import Home
from core.work.questions.reading import Reading

DAY_OFF = "day_off"
"""Name of the figure of days off among regressors."""


@dataclass(frozen=True, slots=True)
class Said:
    """An entry as it stands: who said it last and when. ``revision``: to be handed over by whoever changes it."""

    entry: Entry
    revision: int
    is_removed: bool
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Offered:
    """A campaign of the data that may become an event. ``last_on``: its last day; of one without an end its first."""

    campaign_id: str
    name: str
    first_on: date
    last_on: date


def entries(home: Home, *, with_removed: bool = False) -> tuple[Said, ...]:
    """What the house said of its calendar, in the order in which it was first said."""
    with home.store.reading() as session:
        return tuple(said(row) for row in calendar.standing(session, with_removed=with_removed))


def revision(home: Home) -> int:
    """How often the calendar was changed: part of the key of what rests on it."""
    with home.store.reading() as session:
        return topics.revision(session, calendar.TOPIC)


def occasions(home: Home, start_on: date, end_on: date) -> tuple[Occasion, ...]:
    """Everything that touches the days ``[start_on, end_on)``, what is off among it."""
    return agenda.occasions(_standing(home), start_on, end_on)


def known(home: Home, start_on: date, end_on: date) -> Known:
    """What models are told of the days ``[start_on, end_on)``: events, by day, then name, days on which the house is closed, and as a figure of every day whether it is a
    day off (``DAY_OFF``: a weekend or public holiday that is not worked)."""
    days = [start_on + timedelta(days=place) for place in range((end_on - start_on).days)]
    off = np.array([float(one) for one in days_off(days)])
    found = occasions(home, start_on, end_on)
    return Known(start_on, agenda.events(found), {DAY_OFF: off}, agenda.closed_days(found, start_on, end_on))


def campaigns(reading: Reading, taken: Iterable[str] = ()) -> tuple[Offered, ...]:
    """Campaigns of the data whose start is known, newest first, but for those whose names are ``taken``."""
    if not reading.snapshot.files("campaigns"):
        return ()
    gone = set(taken)
    rows = reading.snapshot.arrow(
        reading.snapshot.current("campaigns").select("campaign_id", "name", "starts_at", "ends_at")
    ).to_pylist()
    found = [_offered(row, reading.zone) for row in rows if row["starts_at"] is not None and row["name"] not in gone]
    return tuple(sorted(found, key=lambda one: (-one.first_on.toordinal(), one.campaign_id)))


def said(row: CalendarEntry) -> Said:
    """An entry of the store as a value."""
    entry = Entry(
        row.key, cast("Kind", row.kind), row.name, row.occurs_on, row.moved_on, None if row.rule is None else Rule.from_json(row.rule),
        row.before_days, row.after_days, row.is_off,
    )  # fmt: skip
    return Said(entry, row.revision, row.is_removed, row.by, row.at)


def standing(session: Session) -> tuple[Entry, ...]:
    """What holds now."""
    return tuple(said(row).entry for row in calendar.standing(session))


def _standing(home: Home) -> tuple[Entry, ...]:
    with home.store.reading() as session:
        return standing(session)


def _offered(row: dict[str, Any], zone: str) -> Offered:
    """Times of the lake are UTC without saying so. A campaign that ends at midnight has no part in that day."""
    first = business_date(row["starts_at"].replace(tzinfo=UTC), zone)
    ends = row["ends_at"]
    last = first if ends is None else business_date(ends.replace(tzinfo=UTC) - timedelta(microseconds=1), zone)
    return Offered(str(row["campaign_id"]), str(row["name"] or row["campaign_id"]), first, max(first, last))
