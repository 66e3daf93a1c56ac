"""Daily and hourly series of what a forecast is made of: of all there is, and by channel or unit so that parts add up to it, day by day."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from core.errors import Unknown
from core.lake.reader import Snapshot
from core.metrics.daily import NOWHERE
from core.scope import EVERYTHING, Filters
from core.sequences.arrays import Int64s
from core.settings import DEFAULT_CURRENCY
from core.work.questions.counted import BY, ROWS, TABLES, By, Rows
from core.work.questions.days import days_with_facts
from core.work.questions.kept import per_version
from core.work.questions.occurrences import BORN, EPOCH, HOURS
from core.work.questions.reading import DATED, Reading

Floats = NDArray[np.float64]
MEASURES = ("traffic", "new_members", "active_members", "messages", "orders", "gmv")
MONEY = ("gmv",)
UNKNOWN, OTHER = "unknown", "other"
"""Parts of what names no channel or unit, and of what lies beyond the largest."""
MOST_PARTS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Values of consecutive business days from ``start_on`` on; whole days only. Money in minor units. NaN: a day on which no table of the
    lake holds any fact, so that nobody knows; a day without facts of this measure alone is 0. ``by`` and ``part``: what it is a part of,
    null for all together.

    ``traffic``: visits of everybody, known or not: sessions that the source tells, and for events of others runs without a pause longer
    than 30 minutes (``core.sequences.sessions``); at the day, hour, channel and unit of its first event. Events of nobody at all (no
    identity, no session) are no visit. Of some members only (units, segment): theirs.
    ``new_members``: members by the day of their first action ever or joining (``Facts.births``); by the channel that brought them (the profile of
    their earliest joining) and the first by id of their units.
    ``active_members``: members with an action of their own on the day; by channel and hour of the first action of the day, and unit as above.
    ``messages``: messages in groups that count (``core.metrics.talk.is_activity``) by known members, by unit of the group; they have one channel.
    ``orders``, ``gmv``: orders of members whose gross is above 0 (``Facts.orders``), and their gross, by day and hour of the first line and the order's
    channel and unit.
    """

    measure: str
    by: By | None
    part: str | None
    start_on: date
    values: Floats

    @property
    def days(self) -> int:
        return len(self.values)

    @property
    def end_on(self) -> date:
        """The day after the last."""
        return self.start_on + timedelta(days=self.days)


@dataclass(frozen=True, slots=True, eq=False)
class HourSeries:
    """As ``Series``, with 24 values a day (``values[day, hour]``, hours of the business zone's clock) that add up to it."""

    measure: str
    start_on: date
    values: Floats


def measures(reading: Reading) -> tuple[str, ...]:
    """Those that the lake has facts for, in the order of ``MEASURES``."""
    there = {name for name in {*DATED, *BORN} if reading.snapshot.files(name)}
    found = tuple(name for name in MEASURES if there.intersection(TABLES[name]))
    return found if reading.whole is not None else ()


def breakdowns(measure: str) -> tuple[By, ...]:
    """What a measure can be told apart by."""
    return ("unit",) if measure == "messages" else BY


def total(reading: Reading, measure: str) -> Series:
    """All together, within scope and filters; of a period only its days. Channels asked for are those of the parts by channel (messages are of
    ``group_chat``). Raises ``Unknown`` for a measure that the lake has no facts for."""
    told, days = _told(reading, measure)
    return Series(measure, None, None, days.start_on, _dressed(told.hours.sum(axis=1), days, told))


def parts(reading: Reading, measure: str, by: By) -> list[Series]:
    """The parts of ``total``, the largest first, that add up to it exactly: the 12 largest, then ``other`` (all beyond them) and ``unknown`` (what names
    none), where there are any. Raises ``Unknown`` for a measure without facts or that has no such parts."""
    if by not in breakdowns(measure):
        raise Unknown("breakdown", by, breakdowns(measure))
    told, days = _told(reading, measure)
    return [
        Series(
            measure,
            by,
            part,
            days.start_on,
            _dressed(np.sum([told.parts[by][name] for name in names], axis=0), days, told),
        )
        for part, names in _held(told, days, by).items()
    ]


def hours(reading: Reading, measure: str, by: By | None = None, part: str | None = None) -> HourSeries:
    """All together by hour, or one of its ``parts``. Raises as these, and ``Unknown`` for a part that there is not."""
    told, days = _told(reading, measure)
    if by is None:
        return HourSeries(measure, days.start_on, _dressed(told.hours, days, told))
    held = _held(told, days, by) if by in breakdowns(measure) else {}
    if part not in held:
        raise Unknown("part", str(part), tuple(held))
    if reading.allowed is None:
        counts = _hours_of_all(reading.snapshot, reading.zone, measure, reading.filters.channels, by, held[part])
    else:
        counts = _by_hour(ROWS[measure](reading), told.start_on, len(told.hours), by, held[part])
    return HourSeries(measure, days.start_on, _dressed(counts, days, told))


def _held(told: "_Told", days: "_Days", by: By) -> dict[str, tuple[str, ...]]:
    """The parts, and what each holds of what the data names."""
    found = {
        name: int(values[days.inside(told)].sum())
        for name, values in told.parts[by].items()
        if values[days.inside(told)].any()
    }
    largest = sorted(found.keys() - {NOWHERE}, key=lambda name: (-found[name], name))
    held: dict[str, tuple[str, ...]] = {name: (name,) for name in largest[:MOST_PARTS]}
    for part, names in ((OTHER, largest[MOST_PARTS:]), (UNKNOWN, [NOWHERE] if NOWHERE in found else [])):
        if names:
            held[part] = (*held.get(part, ()), *names)
    return held


# -- days --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Days:
    """The days that a series is of, and which of them hold any fact (``is_known``)."""

    start_on: date
    is_known: NDArray[np.bool_]

    def inside(self, told: "_Told") -> slice:
        place = (self.start_on - told.start_on).days
        return slice(place, place + len(self.is_known))


def _dressed(counts: Int64s, days: _Days, told: "_Told") -> Floats:
    """The days that are asked for, NaN where nobody knows."""
    found: Floats = counts[days.inside(told)].astype(np.float64)
    found[~days.is_known] = np.nan
    return found


def _days(reading: Reading, told: "_Told") -> _Days:
    known, start, end = days_with_facts(reading.snapshot, reading.zone), told.start_on, told.end_on
    asked = reading.filters.period
    if asked is not None:
        start, end = max(start, asked.start_on), min(end, asked.end_on)
    if end <= start:
        return _Days(told.start_on, np.zeros(0, np.bool_))
    span = np.arange((start - EPOCH).days, (end - EPOCH).days)
    return _Days(start, np.isin(span, known))


# -- what a measure tells ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """Counts from ``start_on`` on: ``hours[day, hour]``, and ``parts`` per day, which add up to its days."""

    start_on: date
    hours: Int64s
    parts: Mapping[By, Mapping[str, Int64s]]

    @property
    def end_on(self) -> date:
        return self.start_on + timedelta(days=len(self.hours))


def _told(reading: Reading, measure: str) -> tuple[_Told, _Days]:
    known = measures(reading)
    if measure not in known:
        raise Unknown("measure", measure, known or MEASURES)
    if reading.allowed is None:
        told = _of_all(reading.snapshot, reading.zone, measure, reading.filters.channels)
    else:
        told = _tallied(reading, measure)
    return told, _days(reading, told)


@per_version(*DATED, "member_profiles", "identity_map", "event_names", "groups", most=24)
def _of_all(snapshot: Snapshot, zone: str, measure: str, asked: tuple[str, ...]) -> _Told:
    return _tallied(Reading(snapshot, zone, DEFAULT_CURRENCY, EVERYTHING, Filters(channels=asked)), measure)


@per_version(*DATED, "member_profiles", "identity_map", "event_names", "groups", most=24)
def _hours_of_all(
    snapshot: Snapshot, zone: str, measure: str, asked: tuple[str, ...], by: By, names: tuple[str, ...]
) -> Int64s:
    reading = Reading(snapshot, zone, DEFAULT_CURRENCY, EVERYTHING, Filters(channels=asked))
    told = _of_all(snapshot, zone, measure, asked)
    return _by_hour(ROWS[measure](reading), told.start_on, len(told.hours), by, names)


def _tallied(reading: Reading, measure: str) -> _Told:
    """From the first day on which its tables say anything to the newest that is over."""
    assert reading.whole is not None
    start = reading.first_on(*(name for name in TABLES[measure] if name in DATED)) or reading.whole.start_on
    known = days_with_facts(reading.snapshot, reading.zone)
    first, days = (start - EPOCH).days, max(0, int(known[-1]) + 1 - (start - EPOCH).days)
    rows = ROWS[measure](reading)
    day = rows.hour // HOURS - first
    kept = (day >= 0) & (day < days)
    weights = None if rows.amount is None else rows.amount[kept]
    by_place: dict[By, dict[str, Int64s]] = {}
    for by, (codes, names) in rows.place.items():
        both = _added(codes[kept] * days + day[kept], len(names) * days, weights).reshape(len(names), days)
        by_place[by] = dict(zip(names, both, strict=True))
    return _Told(start, _by_hour(rows, start, days), by_place)


def _by_hour(rows: Rows, start_on: date, days: int, by: By | None = None, names: Collection[str] = ()) -> Int64s:
    """Counts per day and hour, with ``by`` only of what has one of ``names``."""
    hour = rows.hour - (start_on - EPOCH).days * HOURS
    kept = (hour >= 0) & (hour < days * HOURS)
    if by is not None:
        codes, known = rows.place[by]
        kept &= np.isin(known, list(names))[codes]
    weights = None if rows.amount is None else rows.amount[kept]
    return _added(hour[kept], days * HOURS, weights).reshape(days, HOURS)


def _added(place: Int64s, places: int, weights: Int64s | None) -> Int64s:
    """Whole numbers added up by place; without ``bincount``'s weights, which are floats."""
    if weights is None:
        found: Int64s = np.bincount(place, minlength=places)
        return found
    found = np.zeros(places, np.int64)
    np.add.at(found, place, weights)
    return found
