"""What moved an indicator on the days of a warning: which part of which dimension, adding up exactly, and what else happened on these days."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from core import calendar
from core.errors import Unknown
from core.lake.reader import Snapshot
from core.metrics import facts as f
from core.metrics import splits
from core.metrics.catalog import Metric
from core.metrics.facts import Facts
from core.metrics.parts import Part
from core.periods import Period
from core.risk import cause
from core.risk.cause import Compared, Effects, Explained, Floats, Mix, Numbers
from core.risk.indicators import Indicator, Place, find
from core.schema import TABLES
from core.scope import EVERYTHING, Filters
from core.settings import DEFAULT_CURRENCY
from core.work.questions import units
from core.work.questions.apart import Apart
from core.work.questions.called import names_of
from core.work.questions.days import days_with_facts
from core.work.questions.kept import per_version
from core.work.questions.occurrences import ACTED, EPOCH
from core.work.questions.reading import Reading, births

Within = Mapping[str, str | None]
"""One part of each of several dimensions; None = of what names none."""
HOUSE = Place("", "")
NOWHERE: Within = MappingProxyType({})
_NOW = "now"
_COLUMN = {"unit": "unit_id", "group": "group_id", "product": "product_id", "main_product": "product_id", "content": "content_id", "campaign": "campaign_id"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Share:
    """One part of the change. ``key``: what the rows name, None where they name nothing; ``name``: what it is called. ``value`` and ``expected``: the part's own figure now and
    before; of a ratio its own ratio, None where undefined, and where the top alone is told by part the part over the whole bottom. ``change``: what it contributes to the whole
    change, which of a ratio is ``rate`` (its own ratio moved) and ``mix`` (it became a larger or smaller part; where the top alone is told: the bottom moved). ``change_share``: of
    the whole change, None where that is 0. ``is_chosen``: one of the fewest that explain enough. Money in the smallest unit."""

    key: str | None
    name: str | None
    value: float | None
    expected: float | None
    change: float
    rate: float | None
    mix: float | None
    change_share: float | None
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Dimension:
    """The whole change by one dimension, the part that did most in its direction first. ``is_of_top``: the bottom of the ratio does not know this dimension."""

    name: str
    rows: tuple[Share, ...]
    is_of_top: bool
    explained: Explained


@dataclass(frozen=True, slots=True)
class Causes:
    """The change of an indicator from ``expected`` to ``value``, by each dimension that its rows have: the one that explains it best first.

    ``compared``: the days of both; ``expected`` is the mean of the copies, of a ratio that of all copies together. None where undefined or nothing is known of before, and then there are no dimensions.
    ``is_everywhere``: no dimension has a few parts that changed by clearly more than all did.
    """

    metric: Metric
    compared: Compared
    value: float | None
    expected: float | None
    dimensions: tuple[Dimension, ...]

    @property
    def change(self) -> float | None:
        return None if self.value is None or self.expected is None else self.value - self.expected

    @property
    def is_everywhere(self) -> bool:
        return bool(self.dimensions) and not any(one.explained.is_telling for one in self.dimensions)


def causes(
    reading: Reading,
    name: str,
    first: date,
    last: date,
    *,
    place: Place = HOUSE,
    within: Within = NOWHERE,
    left_out: Collection[date] = (),
) -> Causes:
    """What moved an indicator on the days ``[first, last]``, within a place and a part of other dimensions (``within``).

    See ``core.risk.cause.compared`` for the days that it is held against; ``left_out`` are further days that are not usual (those of other episodes, closed ones), beside public holidays
    and the days of shopping festivals. Everything counts once, with one value of each dimension (``core.metrics.splits``), so each dimension adds up to the whole change; a ratio whose bottom does not
    know a dimension is told by its top. ``within`` a dimension that only the top knows, the bottom stays whole. Raises ``Unknown`` for an indicator, a place by which it cannot be told, or a
    dimension that its rows do not have.
    """
    indicator = _indicator(name, place)
    return of_metric(
        reading, indicator.metric, indicator.window_days, first, last, place=place, within=within, left_out=left_out
    )


def of_metric(
    reading: Reading,
    metric: Metric,
    window_days: int,
    first: date,
    last: date,
    *,
    place: Place = HOUSE,
    within: Within = NOWHERE,
    left_out: Collection[date] = (),
) -> Causes:
    """As ``causes``, of any metric whose parts can be told apart: without a median."""
    span = _compared(reading, first, last, window_days, left_out)
    asked = _Asked.of(reading, metric, span, place, within)
    read = _read(asked)
    factor = metric.scale / (span.now.days if metric.per_day else 1)
    value, expected = (None if one is None else one * factor for one in read.whole(len(span.copies)))
    if value is None or expected is None:
        return Causes(metric, span, value, expected, ())
    told = (_dimension(asked, read, name, factor) for name in asked.names if name not in within)
    found = sorted(
        (one for one in told if one is not None),
        key=lambda one: (
            not one.explained.is_telling,
            not one.explained.parts,
            -one.explained.evidence,
            asked.names.index(one.name),
        ),
    )
    return Causes(metric, span, value, expected, tuple(found))


def behind(
    reading: Reading,
    name: str,
    first: date,
    last: date,
    dimension: str,
    key: str | None,
    *,
    place: Place = HOUSE,
    within: Within = NOWHERE,
) -> pd.DataFrame:
    """The people of a part of an indicator's top on the days ``now`` of ``causes``: ``member_id``, ``value``, the greatest first. Where the top counts members, as many as the part's
    figure; else their values add up to it, but for rows of nobody known. Raises as ``causes``."""
    indicator = _indicator(name, place)
    span = _compared(reading, first, last, indicator.window_days, ())
    asked = _Asked.of(reading, indicator.metric, span, place, {**within, dimension: key})
    rows = f.known(splits.only(asked.told(indicator.metric.top, {_NOW: span.now}), asked.within))
    people = rows.group_by("member_id").aggregate(value=rows.amount.sum())
    return reading.snapshot.frame(people.order_by([ibis.desc("value"), "member_id"]))


def tables(name: str) -> tuple[str, ...]:
    """Fact tables whose rows an indicator is made of, for what happened beside it (``beside``). Raises ``Unknown``."""
    needs = find(name).metric.needs
    found = [one for one in needs if one in TABLES and TABLES[one].is_fact]
    return tuple(dict.fromkeys([*found, *(ACTED if "identities" in needs else ())]))


def _indicator(name: str, place: Place) -> Indicator:
    """Raises ``Unknown``, also for a place by which it is not told."""
    found = find(name)
    if place.by not in found.by:
        raise Unknown("place", place.by, found.by)
    return found


# -- what is read ------------------------------------------------------------------------------------------------------


def _compared(reading: Reading, first: date, last: date, window_days: int, left_out: Collection[date]) -> Compared:
    length = max(window_days, (last - first).days + 1)
    span = Period(last - timedelta(days=length + 7 * (cause.FARTHEST + 1)), last + timedelta(days=1))
    special = {one.on for one in calendar.days(span.start_on, span.end_on) if one.kind != "workday"}
    if reading.whole is None:
        return cause.compared(first, last, window_days, last)
    known = set(days_with_facts(reading.snapshot, reading.zone).tolist())
    every = (span.start_on + timedelta(days=place) for place in range(span.days))
    unknown = {day for day in every if (day - EPOCH).days not in known}
    return cause.compared(first, last, window_days, reading.whole.start_on, special | unknown | set(left_out))


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """The question: of these days and this place, whatever period the reading was of. ``names``: the dimensions of the top; ``of_both``: those that the bottom knows as well."""

    reading: Reading
    facts: Facts
    metric: Metric
    span: Compared
    place: Place
    within: Within
    names: tuple[str, ...]
    of_both: frozenset[str]

    @staticmethod
    def of(reading: Reading, metric: Metric, span: Compared, place: Place, within: Within) -> "_Asked":
        """Raises ``Unknown`` for a part of a dimension that the top has not, a unit outside the scope, and a metric that adds up to nothing."""
        if any(one.how not in splits.SPLIT for one in metric.parts):
            raise Unknown("split", metric.name)
        days = Period(min(one.start_on for one in _spans(span).values()), span.now.end_on)
        cut = _narrowed(reading, place, days)
        facts = Apart(cut, "group" if place.by == "group" else "", days)
        names = splits.dimensions(facts, [one for one in (metric.top, metric.minus) if one is not None])
        for name in within:
            if name not in names:
                raise Unknown("dimension", name, names)
        return _Asked(cut, facts, metric, span, place, within, names, frozenset(splits.dimensions(facts, metric.parts)))

    def told(self, part: Part, spans: Mapping[str, Period]) -> ir.Table:
        """See ``splits.told``."""
        snapshot = self.reading.snapshot
        members = ibis.memtable(_members(snapshot, self.reading.zone))
        products = snapshot.current("products").select("product_id", "category")
        place = self.place.key if self.place.by == "group" else None
        return splits.told(self.facts, part, spans, members, products, place)


def _narrowed(reading: Reading, place: Place, days: Period) -> Reading:
    """The reading of some days and a place, whatever it was of. A group is told of everybody in it. Raises ``Unknown`` for a unit or group that does not lie inside what is seen."""
    filters = replace(reading.filters, period=days)
    if place.by == "channel":
        return replace(reading, filters=replace(filters, channels=(place.key,)))
    if place.by == "unit":
        if reading.units is not None and not units.within(reading.snapshot, (place.key,)) <= reading.units:
            raise Unknown("place", place.key)
        return replace(reading, filters=replace(filters, units=(place.key,)))
    if place.by == "group":
        known = reading.snapshot.arrow(reading.chats.select("group_id"))["group_id"].to_pylist()
        if reading.units is not None and place.key not in known:
            raise Unknown("place", place.key)
        return replace(reading, scope=EVERYTHING, filters=Filters(period=days, channels=filters.channels))
    return replace(reading, filters=filters)


def _spans(span: Compared) -> dict[str, Period]:
    found = {_NOW: span.now, **{f"copy{number}": one for number, one in enumerate(span.copies)}}
    return found if span.usual is None else found | {splits.USUAL: span.usual}


@per_version(
    "events", "order_lines", "group_messages", "group_membership", "member_profiles", "identity_map", "event_names", most=2
)  # fmt: skip
def _members(snapshot: Snapshot, zone: str) -> pa.Table:
    """``member_id``, ``unit_id``, ``city``, ``tier``, ``born_on`` of all members: the first of their units by id; city and tier as last told."""
    everybody = Reading(snapshot, zone, DEFAULT_CURRENCY, EVERYTHING, Filters())
    born = ibis.memtable(births(everybody).rename_columns(["member_id", "born_on"]))
    profiles = f.known(f.linked(snapshot.current("member_profiles"), everybody.members))
    order = ibis.struct({"batch": profiles.batch_id, "row": profiles.row_number})
    said = profiles.group_by("member_id").aggregate(
        unit_id=profiles.unit_id.min(),
        city=profiles.city.argmax(order, where=profiles.city.notnull()),
        tier=profiles.tier.argmax(order, where=profiles.tier.notnull()),
    )
    found = born.left_join(said, "member_id")
    return snapshot.arrow(found.select("member_id", "unit_id", "city", "tier", "born_on").order_by("member_id"))


_Told = dict[str, dict[str, dict[str | None, tuple[Any, float]]]]
"""By dimension, span and value: the total and the squares."""
_NOTHING: tuple[Any, float] = (0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """One side of the figure by the parts of one dimension, in the order of ``keys``."""

    keys: tuple[str | None, ...]
    now: Numbers
    base: Numbers
    mix: Mix


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """What the engine said."""

    top: _Told
    bottom: _Told | None
    whole_top: _Told
    """Before anything was taken off: how many facts the top rests on."""

    def whole(self, copies: int) -> tuple[float | None, float | None]:
        """The figure now and before; None where it is undefined, or nothing is known of before."""
        top = self.sums("")
        now, before = float(top.now.sum()), float(top.base.sum())
        if self.bottom is None:
            return now, before / copies if copies else None
        bottom = self.sums("", is_bottom=True)
        below, below_before = float(bottom.now.sum()), float(bottom.base.sum())
        return now / below if below else None, before / below_before if below_before else None

    def sums(self, name: str, keys: Sequence[str | None] | None = None, *, is_bottom: bool = False) -> _Sums:
        side = self.bottom if is_bottom else self.top
        assert side is not None
        told = side.get(name, {})
        found = keys if keys is not None else self.keys(name)
        now, usual = told.get(_NOW, {}), told.get(splits.USUAL, {})
        base = [sum(copy.get(key, _NOTHING)[0] for span, copy in told.items() if span.startswith("copy")) for key in found]  # fmt: skip
        whole = told if is_bottom else self.whole_top.get(name, {})
        facts = (_facts(whole.get(one, {})) for one in (splits.USUAL, _NOW))
        mix = Mix(_totals(usual, found), _totals(now, found), *facts)
        return _Sums(tuple(found), _totals(now, found), np.array(base), mix)

    def keys(self, name: str) -> list[str | None]:
        """Every value that occurs on a side, in order, the null one last."""
        sides = [self.top, *([self.bottom] if self.bottom is not None else [])]
        found = {key for side in sides for span in side.get(name, {}).values() for key in span}
        return sorted(found, key=lambda key: (key is None, key or ""))


def _read(asked: _Asked) -> _Read:
    """What the engine says: of each part one scan, kept, and one question for all its dimensions."""
    read, metric, snapshot = {}, asked.metric, asked.reading.snapshot
    for part in metric.parts:
        rows = splits.only(asked.told(part, _spans(asked.span)), asked.within)
        names = [name for name in asked.names if f"by_{name}" in rows.columns]
        kept = snapshot.keep(splits.gathered(rows, names))
        read[part.name] = _by_dimension(snapshot.arrow(splits.summed(kept, names)))
    whole = read[metric.top.name]
    top = _less(whole, read[metric.minus.name]) if metric.minus else whole
    return _Read(top, read[metric.bottom.name] if metric.bottom else None, whole)


def _by_dimension(rows: pa.Table) -> _Told:
    found: _Told = {}
    columns = (rows[name].to_pylist() for name in ("dimension", "span", "value", "total", "squares"))
    for dimension, span, value, total, squares in zip(*columns, strict=True):
        found.setdefault(dimension, {}).setdefault(span, {})[value] = (total, squares)
    return found


def _less(top: _Told, minus: _Told) -> _Told:
    """The totals less those that are taken off."""
    found = {name: {span: dict(values) for span, values in spans.items()} for name, spans in top.items()}
    for name, spans in minus.items():
        for span, values in spans.items():
            side = found.setdefault(name, {}).setdefault(span, {})
            for key, (total, _) in values.items():
                side[key] = (side.get(key, _NOTHING)[0] - total, 0.0)
    return found


def _totals(told: Mapping[str | None, tuple[Any, float]], keys: Sequence[str | None]) -> Numbers:
    return np.array([told.get(key, _NOTHING)[0] for key in keys])


def _facts(told: Mapping[str | None, tuple[Any, float]]) -> float:
    squares = sum(one[1] for one in told.values())
    return float(sum(one[0] for one in told.values())) ** 2 / squares if squares else 0.0


def _dimension(asked: _Asked, read: _Read, name: str, factor: float) -> Dimension | None:
    """None where everything has one and the same value, so that there is nothing to tell apart."""
    copies, is_in_all = len(asked.span.copies), name in asked.of_both
    keys = read.keys(name)
    if len(keys) < 2:
        return None
    top = read.sums(name, keys)
    if read.bottom is None:
        effects: Effects | None = cause.of_sum(top.now, top.base, copies)
        own = top.now.astype(np.float64), top.base / copies
        mixes = [top.mix]
    elif is_in_all:
        bottom = read.sums(name, keys, is_bottom=True)
        effects = cause.of_ratio(top.now, top.base, bottom.now, bottom.base)
        own = _ratio(top.now, bottom.now), _ratio(top.base, bottom.base)
        mixes = [top.mix, bottom.mix]
    else:
        whole = read.sums("", is_bottom=True)
        now, base = float(whole.now.sum()), float(whole.base.sum())
        effects = cause.of_top(top.now, top.base, now, base, copies)
        own = top.now / now, top.base / base
        mixes = [top.mix]
    if effects is None:
        return None
    told = cause.explained(effects.change, mixes)
    rows = _rows(keys, names_of(asked.reading, _COLUMN.get(name, "")), effects, own, factor, told)
    return Dimension(name, rows, read.bottom is not None and not is_in_all, told)


def _ratio(top: Numbers, bottom: Numbers) -> Floats:
    found: Floats = np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom != 0)
    return found


def _rows(
    keys: Sequence[str | None],
    names: Mapping[str, str],
    effects: Effects,
    own: tuple[Floats, Floats],
    factor: float,
    told: Explained,
) -> tuple[Share, ...]:
    whole = float(effects.change.sum())
    rows = []
    for place in cause.in_order(effects.change, ["\uffff" if key is None else key for key in keys]):
        key, change = keys[place], float(effects.change[place])
        rate, mix = (float(one[place]) * factor if len(one) else None for one in (effects.rate, effects.mix))
        now, before = (None if np.isnan(one[place]) else float(one[place]) * factor for one in own)
        share = change / whole if whole else None
        name = None if key is None else names.get(key, key)
        rows.append(Share(key, name, now, before, change * factor, rate, mix, share, place in told.parts))
    return tuple(rows)
