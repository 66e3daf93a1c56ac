"""Indicators by day: the lake as daily lines of the house and its places, and the people behind a day.

A value is the metric over the days of the window that ends with its day, as ``figures`` would say it with a filter for the place (see ``apart`` for what is whose). All days and
places are told at once: facts are read once per sort of rows and rolled over the windows (``core.risk.rolling``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.errors import Unknown
from core.lake.reader import Snapshot
from core.metrics.facts import PLACE, Facts
from core.metrics.parts import BALANCE, STOCKS, Part, people
from core.periods import Period
from core.risk import indicators as registry
from core.risk import rolling
from core.risk.indicators import INDICATORS, LEAD, WHOLE, Indicator, Place
from core.risk.rolling import Floats, Longs
from core.risk.rules import By
from core.scope import EVERYTHING, Filters
from core.settings import DEFAULT_CURRENCY
from core.work.questions import apart
from core.work.questions.apart import Apart, Belonging
from core.work.questions.days import days_with_facts
from core.work.questions.kept import per_version
from core.work.questions.occurrences import EPOCH
from core.work.questions.reading import DATED, Reading
from core.work.questions.untold import SMALL

MOST_DAYS = 730
Rows = Callable[[Facts], ir.Table]
Rolled = Mapping[tuple[str, int], Floats]
"""Values of parts by name and window: ``[places, days]``; one row for all where facts belong to every place."""
_ALWAYS = -(10**6)
"""The day of what has none: before every other."""


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """One indicator, told by one sort of place. ``values[place, day]`` from ``start_on`` on, whole days only.

    NaN: the metric is undefined; a rate rests on fewer than 30; the window begins before the facts that the metric needs do; the day holds no fact at all; or, of a group, the window
    begins before anything is known of it. ``bases``: what rates rest on, NaN for other metrics and where nobody knows. Money is in minor units.

    ``places``: the whole house; the channels that any fact of the metric names; the units that the data names, in scope; the groups with facts, in scope. ``names``: as
    the data calls them, else their key. Without the facts that the metric needs there is no place.
    """

    indicator: str
    by: By
    start_on: date
    places: tuple[Place, ...]
    names: tuple[str, ...]
    values: Floats
    bases: Floats

    @property
    def days(self) -> int:
        return self.values.shape[1]

    @property
    def last_on(self) -> date:
        return self.start_on + timedelta(days=self.days - 1)


def available(reading: Reading) -> list[Indicator]:
    """Indicators whose metric the lake has facts for."""
    return [one for one in INDICATORS.values() if all(reading.snapshot.files(name) for name in one.metric.needs)]


def lines(reading: Reading, indicator: str, by: By = "", *, days: int = MOST_DAYS) -> Lines:
    """An indicator on the newest whole days, at most so many, within scope and filters (of a period nothing is taken). By group a segment and the members' units cut nothing,
    but only groups of units in the scope are told. Raises ``Unknown`` for an indicator that there is not or that is not told so."""
    one = registry.find(indicator)
    if by not in one.by:
        raise Unknown("breakdown", by, [name or "total" for name in one.by])
    span = _span(reading, days)
    if one not in available(reading):
        nothing = np.zeros((0, span.days))
        return Lines(one.name, by, span.start_on, (), (), nothing, nothing)
    numbers = {part.name: _rolled(reading, part, by, span)[part.name, one.window_days] for part in one.metric.parts}
    keys, size = _keys(reading, by), len(_keys(reading, by))
    every = {name: np.broadcast_to(values, (size, span.days)) for name, values in numbers.items()}
    chosen = _chosen(reading, by, keys, numbers)
    values, bases = _combined(one, {name: values[chosen] for name, values in every.items()})
    unknown = ~_is_known(reading, one, by, [keys[place] for place in chosen], span)
    told = [keys[place] for place in chosen]
    called = _names(reading, by)
    return Lines(
        one.name, by, span.start_on, tuple(Place(by, key) for key in told), tuple(called.get(key) or key for key in told),
        np.where(unknown, np.nan, values), np.where(unknown, np.nan, bases),
    )  # fmt: skip


def behind(reading: Reading, indicator: str, place: Place, on: date) -> pd.DataFrame:
    """The people of the top part of a day's value: ``member_id``, ``value`` (see ``core.metrics.parts.people``), the greatest value first. Posts and days name nobody. Raises ``Unknown``."""
    one = registry.find(indicator)
    if place.by not in one.by:
        raise Unknown("breakdown", place.by, [name or "total" for name in one.by])
    inside = Period(on - timedelta(days=one.window_days - 1), on + timedelta(days=1))
    part = one.metric.top
    if place.by == "group":
        narrowed = _of_groups(reading)
        part = replace(part, where=lambda rows: one.metric.top.condition(rows) & (rows[PLACE] == place.key))
        facts: Facts = Apart(narrowed, "group", inside)
        if place.key not in _keys(reading, "group"):
            return _nobody()
    else:
        narrowed = _narrowed(reading, place)
        facts = Apart(narrowed, WHOLE, inside)
    if "member_id" not in part.rows(facts).columns or not _is_seen(reading, place):
        return _nobody()
    found = people(facts, part, inside)
    return reading.snapshot.frame(found.order_by([found.value.desc(), found.member_id]))


def facts(reading: Reading, inside: Period) -> Facts:
    """The facts that metrics of indicators read, of some days, within scope and filters: those of ``Reading.facts``, and what ``apart`` derives."""
    return Apart(reading, WHOLE, inside)


def _nobody() -> pd.DataFrame:
    return pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})


def _narrowed(reading: Reading, place: Place) -> Reading:
    """As with a filter for a place."""
    filters = reading.filters
    if place.by == "channel":
        filters = replace(filters, channels=(place.key,))
    if place.by == "unit":
        filters = replace(filters, units=(place.key,))
    return replace(reading, filters=filters)


def _is_seen(reading: Reading, place: Place) -> bool:
    return place.by in (WHOLE, "channel") or place.key in _keys(reading, place.by)


# -- days --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Span:
    """Days ``[start, start + days)`` since 1970."""

    start: int
    days: int

    @property
    def start_on(self) -> date:
        return EPOCH + timedelta(days=self.start)

    @property
    def inside(self) -> Period:
        """With the lead."""
        return Period(self.start_on - timedelta(days=LEAD), self.start_on + timedelta(days=max(self.days, 1)))


def _span(reading: Reading, days: int) -> _Span:
    if reading.whole is None:
        return _Span(0, 0)
    known = days_with_facts(reading.snapshot, reading.zone)
    end = int(known[-1]) + 1
    start = max(int(known[0]), end - days)
    return _Span(start, end - start)


def _is_known(reading: Reading, one: Indicator, by: By, keys: list[str], span: _Span) -> NDArray[np.bool_]:
    """``[places, days]``: whether anybody knows the value."""
    day = np.arange(span.start, span.start + span.days)
    has_facts = np.isin(day, days_with_facts(reading.snapshot, reading.zone))
    firsts = [reading.first_on(name) for name in one.metric.needs if name in (*DATED, "consents")]
    since = max(
        [first for first in firsts if first is not None], default=reading.whole.start_on if reading.whole else EPOCH
    )
    begins = np.full(len(keys), (since - EPOCH).days)
    if by == "group":
        opened = apart.groups(reading.snapshot)
        begins = np.maximum(begins, np.array([opened[key] for key in keys], np.int64))
    found: NDArray[np.bool_] = has_facts & (day - one.window_days + 1 >= begins[:, None])
    return found


# -- places ------------------------------------------------------------------------------------------------------------


def _keys(reading: Reading, by: By) -> tuple[str, ...]:
    """All places that the data names; the order of values."""
    snapshot = reading.snapshot
    if by == "channel":
        return apart.channels(snapshot)
    if by == "unit":
        return apart.belonging(snapshot).units
    return tuple(apart.groups(snapshot)) if by == "group" else (WHOLE,)


def _chosen(reading: Reading, by: By, keys: tuple[str, ...], numbers: Mapping[str, Floats]) -> list[int]:
    """Places that are told: see ``Lines``."""
    if by == "channel":
        asked = reading.filters.channels
        named = np.zeros(len(keys), np.bool_)
        for values in numbers.values():
            if len(values) == len(keys):  # others belong to every channel
                named |= values.any(axis=1)
        return [place for place, key in enumerate(keys) if named[place] and (not asked or key in asked)]
    if by == "unit" and reading.units is not None:
        return [place for place, key in enumerate(keys) if key in reading.units]
    if by == "group" and reading.units is not None:
        seen = set(reading.snapshot.arrow(reading.chats.select("group_id"))["group_id"].to_pylist())
        return [place for place, key in enumerate(keys) if key in seen]
    return list(range(len(keys)))


def _names(reading: Reading, by: By) -> dict[str, str]:
    if by not in ("unit", "group"):
        return {}
    rows = reading.snapshot.current(f"{by}s")
    found = reading.snapshot.arrow(rows.select(f"{by}_id", "name"))
    return dict(zip(found[f"{by}_id"].to_pylist(), found["name"].to_pylist(), strict=True))


# -- values ------------------------------------------------------------------------------------------------------------


def _combined(one: Indicator, numbers: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    """As ``figures`` combines them: see there."""
    metric = one.metric
    top = numbers[metric.top.name]
    if metric.minus:
        top = top - numbers[metric.minus.name]
    nobody_knows = np.full(top.shape, np.nan)
    if metric.bottom is None:
        return top.astype(np.float64), nobody_knows
    bottom = numbers[metric.bottom.name]
    least = SMALL if metric.is_rate else 0
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where((bottom != 0) & (bottom >= least), top / bottom * metric.scale, np.nan)
    return value, bottom.astype(np.float64) if metric.is_rate else nobody_knows


def _of_groups(reading: Reading) -> Reading:
    """Groups are told of everybody in them."""
    return replace(reading, scope=EVERYTHING, filters=Filters(channels=reading.filters.channels))


def _rolled(reading: Reading, part: Part, by: By, span: _Span) -> Rolled:
    """All parts that count the same rows, by this."""
    if by == "group":
        reading = _of_groups(reading)
    has_all = reading.filters.segment is None and not reading.filters.channels
    if by == "unit" and has_all:  # what a unit has is the same whoever looks
        reading = replace(reading, scope=EVERYTHING, filters=Filters())
    together: By = WHOLE if by == "unit" else by
    if has_all and reading.units is None:
        return _of_all(reading.snapshot, reading.zone, part.rows, together, span)[by]
    return _scanned(reading, part.rows, together, span)[by]


@per_version(*DATED, "consents", "member_profiles", "identity_map", "event_names", "groups", "units", most=64)
def _of_all(snapshot: Snapshot, zone: str, rows: Rows, by: By, span: _Span) -> Mapping[By, Rolled]:
    return _scanned(Reading(snapshot, zone, DEFAULT_CURRENCY, EVERYTHING, Filters()), rows, by, span)


def _scanned(reading: Reading, rows: Rows, by: By, span: _Span) -> Mapping[By, Rolled]:
    """The parts that count some rows: by channel or group, or of the whole house and by unit, which one reading of the facts serves where a member tells the unit."""
    if by != WHOLE:
        return {
            by: _told(reading, rows(Apart(reading, by, span.inside, is_raw=True)), registry.asked(rows, by), by, span)[
                by
            ]
        }
    wanted = registry.asked(rows, WHOLE)
    found = rows(Apart(reading, "unit", span.inside, is_raw=True))
    if PLACE not in found.columns:
        return _told(reading, found, wanted, WHOLE, span)
    of_house = _told(reading, rows(Apart(reading, WHOLE, span.inside, is_raw=True)), wanted, WHOLE, span)
    return {WHOLE: of_house[WHOLE], "unit": _told(reading, found, wanted, "unit", span)["unit"]}


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """Rows by day and, where told, member and place. ``day``: from the first of the lead on; ``place``: the column's, or the sort of the member (``apart.Belonging``). With
    members in order of place, member and day."""

    amounts: Mapping[str, Floats]
    day: Longs
    place: Longs
    member: Longs
    is_member: NDArray[np.bool_]
    places: int


def _told(
    reading: Reading, rows: ir.Table, parts: Mapping[Part, tuple[int, ...]], by: By, span: _Span
) -> dict[By, Rolled]:
    """``by``: what the column ``place`` names. Of the whole house units as well, by the members of the rows."""
    if PLACE in rows.columns:
        return {by: _rolling(_counted(reading, rows, parts, _keys(reading, by), None, span), parts, span)}
    has_units = by == WHOLE and "member_id" in rows.columns
    units = apart.belonging(reading.snapshot) if has_units else None
    by_sort = _rolling(_counted(reading, rows, parts, (), units, span), parts, span)
    of_house = {key: values.sum(axis=0, keepdims=True) for key, values in by_sort.items()}
    if by != WHOLE:
        return {by: of_house}
    return {WHOLE: of_house, "unit": of_house if units is None else {k: units.has.T @ v for k, v in by_sort.items()}}


def _counted(
    reading: Reading,
    rows: ir.Table,
    parts: Mapping[Part, tuple[int, ...]],
    keys: tuple[str, ...],
    units: Belonging | None,
    span: _Span,
) -> _Counted:
    inside, is_open = span.inside, any(part.how in (*STOCKS, BALANCE) for part in parts)
    dated = rows.local_date < inside.end_on
    if is_open:
        rows = rows.filter(dated | rows.local_date.isnull())
    else:
        rows = rows.filter(dated & (rows.local_date >= inside.start_on))
    counts_members = any(part.how == "members" for part in parts)
    by_member, by_place = counts_members or units is not None, PLACE in rows.columns
    grain = ["local_date", *(["member_id"] if by_member else []), *([PLACE] if by_place else [])]
    found = rows.group_by(grain).aggregate(**{p.name: _amount(p, rows) for p in parts})
    table = reading.snapshot.arrow(found.order_by("member_id", "local_date") if counts_members else found)
    day = pc.fill_null(table["local_date"].cast(pa.date32()).cast(pa.int32()), _ALWAYS).to_numpy().astype(np.int64)
    day -= span.start - LEAD
    member = is_member = place = np.zeros(len(day), np.int64)
    if by_member:
        is_member = pc.is_valid(table["member_id"]).to_numpy()
        member = pc.fill_null(table["member_id"], 0).to_numpy()
    if units is not None:
        place = np.where(is_member, units.sorts(member), len(units.has) - 1)
    if by_place:
        named = pc.index_in(table[PLACE], pa.array(keys, pa.string()))
        place = pc.fill_null(named, -1).to_numpy().astype(np.int64)
    amounts = {part.name: pc.fill_null(table[part.name].cast(pa.float64()), 0.0).to_numpy() for part in parts}
    places = len(keys) if by_place else 1 if units is None else len(units.has)
    found_rows = _Counted(amounts, day, place, member, is_member.astype(np.bool_), places)
    return _in_order(found_rows) if by_place else found_rows


def _in_order(rows: _Counted) -> _Counted:
    """Of rows in order of member and day, those of known places, place by place."""
    order = np.argsort(rows.place.astype(np.int16), kind="stable")  # of short numbers this takes no comparisons
    order = order[rows.place[order] >= 0]
    amounts = {name: values[order] for name, values in rows.amounts.items()}
    return _Counted(amounts, rows.day[order], rows.place[order], rows.member[order], rows.is_member[order], rows.places)


def _amount(part: Part, rows: ir.Table) -> ir.Value:
    where = part.condition(rows)
    if part.how in ("sum", BALANCE):
        return rows[part.of].sum(where=where).fill_null(0).cast("float64")
    return rows.count(where=where)


def _rolling(rows: _Counted, parts: Mapping[Part, tuple[int, ...]], span: _Span) -> Rolled:
    found: dict[tuple[str, int], Floats] = {}
    length = LEAD + span.days
    for part, windows in parts.items():
        amount = rows.amounts[part.name]
        if part.how == "members":
            kept = np.flatnonzero((amount > 0) & rows.is_member & (rows.day >= 0))
            place, day, member = rows.place[kept], rows.day[kept], rows.member[kept]
            is_other = np.ones(len(kept), np.bool_)
            is_other[1:] = (np.diff(member) != 0) | (np.diff(place) != 0)
            gap = rolling.gaps(is_other, day)
            for window in windows:
                told = rolling.distinct(place, day, gap, window, rows.places, length)
                found[part.name, window] = told[:, LEAD:]
            continue
        # Of stocks a day before the lead stands for all that was earlier.
        is_stock = part.how in (*STOCKS, BALANCE)
        before = int(is_stock)
        kept = np.flatnonzero((amount != 0) & (is_stock | (rows.day >= 0)))
        day = np.maximum(rows.day[kept] + before, 0)
        daily = rolling.daily(rows.place[kept], day, amount[kept], rows.places, length + before)
        for window in windows:
            if is_stock:
                found[part.name, window] = rolling.standing(daily, LEAD + 1, 0 if part.how == "stock_end" else window)
            else:
                found[part.name, window] = rolling.summed(daily, window, LEAD)
    return found
