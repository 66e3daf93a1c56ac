"""Who fits a definition: each leaf as one boolean per member, the tree as algebra over them.

Members are the codes of ``population.of(snapshot)``. A leaf is asked of everybody, so that its answer can be kept for the version
of the lake whoever asks; scope and filters of the reading cut the universe at the end (its channels and its period say nothing of
who somebody is): NOT of a leaf is everybody in the universe who does not fit. What a member has no value for fits nothing.

Several profiles of one member: of ``unit`` and ``staff`` any that one of them says (units include those below); ``joined_on`` is
the earliest, ``acquisition_channel`` that of the earliest joining (as on the Channels page, of one moment the first by name);
``is_friend`` and ``is_test`` hold where any says so; of all else the newest that is told counts.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import reduce
from itertools import groupby
from operator import and_, or_
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from babel.numbers import get_currency_precision

from core.errors import HeldStep, Unknown
from core.lake.reader import Snapshot
from core.lake.writer import local_date
from core.metrics import moments as definitions
from core.metrics.moments import AMOUNT, COLUMNS
from core.periods import Period
from core.scope import EVERYTHING, Filters
from core.segments import language
from core.segments.language import AllOf, AnyOf, Dates, Event, LastDays, Leaf, Node, Not, OneOf, Profile, Score, Value
from core.sequences import tallies
from core.sequences.arrays import Array, Int64s
from core.sequences.gather import EVERY, Bounds
from core.sequences.lifecycle import State
from core.sequences.stream import Stream
from core.work import rollups
from core.work.questions import clusters, funnels, lifecycle, ltv, membership, moments, population, rfm, spans
from core.work.questions import units as known_units
from core.work.questions.kept import per_version
from core.work.questions.moments import Condition, Fit, Wanted, instant
from core.work.questions.reading import Reading

Flags = Array
"""One boolean per member code."""
MOST_KEPT_BYTES = 64 * 1024 * 1024
"""Of leaves' answers that a process keeps, an eighth of a byte per member and leaf."""
_COLUMNS = {"unit": "unit_id", "staff": "staff_id"}
_SEVERAL = ("unit", "staff")
_IN_MINOR = ("net_amount", "aov", "value_365d")
_MEASURES = {"count": tallies.COUNT, "days": tallies.DAYS, "amount": tallies.AMOUNT}


def chosen(reading: Reading, node: Node) -> Flags:
    """Who is in, by member code, within scope and filters. Raises ``InvalidSegment`` for segments and tags that contain themselves,
    ``Unknown`` for an event, property, segment or tag that does not exist, ``HeldStep`` for an event that waits for approval, and
    what the model of a score refuses."""
    return _Evaluation(everybody(reading)).flags(node) & universe(reading)


def universe(reading: Reading) -> Flags:
    """Known members within scope and filters, by member code."""
    ids = population.of(reading.snapshot).ids
    if reading.allowed is None:
        return np.ones(len(ids), bool)
    return np.isin(ids, reading.snapshot.stream(reading.allowed.select("member_id"))["member_id"])


def member_ids(reading: Reading, node: Node) -> Int64s:
    """Ids of who is in, ascending."""
    found: Int64s = population.of(reading.snapshot).ids[chosen(reading, node)]
    return found


def count(reading: Reading, node: Node) -> int:
    """How many are in, exactly, at ``reading.as_of``."""
    return int(np.count_nonzero(chosen(reading, node)))


def people(reading: Reading, node: Node) -> pd.DataFrame:
    """``member_id`` of who is in, ascending, and ``value`` 1: as many as the count."""
    found = member_ids(reading, node)
    return pd.DataFrame({"member_id": found, "value": np.ones(len(found), np.int64)})


Part = Literal["only_a", "both", "only_b", "neither"]


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """Members of the universe by which of two segments they are in. ``parts``: who, by member code; exclusive, and together all."""

    parts: dict[Part, Flags]
    ids: Int64s

    def count(self, part: Part) -> int:
        return int(np.count_nonzero(self.parts[part]))

    @property
    def a(self) -> int:
        return self.count("only_a") + self.count("both")

    @property
    def b(self) -> int:
        return self.count("only_b") + self.count("both")

    @property
    def lift(self) -> float | None:
        """How many times as many are in both as would be by chance, were the two independent; None where one of them is empty."""
        whole = self.a + self.count("only_b") + self.count("neither")
        return self.count("both") * whole / (self.a * self.b) if self.a and self.b else None

    def people(self, part: Part) -> pd.DataFrame:
        """``member_id``, ascending, and ``value`` 1."""
        found = self.ids[self.parts[part]]
        return pd.DataFrame({"member_id": found, "value": np.ones(len(found), np.int64)})


def overlap(reading: Reading, a: Node, b: Node) -> Overlap:
    """Two segments against each other. Raises as ``chosen``."""
    inside, evaluation = universe(reading), _Evaluation(everybody(reading))
    in_a, in_b = evaluation.flags(a) & inside, evaluation.flags(b) & inside
    parts: dict[Part, Flags] = {
        "only_a": in_a & ~in_b, "both": in_a & in_b, "only_b": in_b & ~in_a, "neither": inside & ~in_a & ~in_b,
    }  # fmt: skip
    return Overlap(parts, population.of(reading.snapshot).ids)


def everybody(reading: Reading) -> Reading:
    """The same reading without scope and filters."""
    return replace(reading, scope=EVERYTHING, filters=Filters())


# -- the tree ----------------------------------------------------------------------------------------------------------


class _Evaluation:
    """Answers leaves over all members."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.people = population.of(reading.snapshot)
        self._found: dict[Leaf, Flags] = {}

    def flags(self, node: Node) -> Flags:
        wanted = [leaf for leaf in dict.fromkeys(language.leaves(node)) if leaf not in self._found]
        self._found |= self._answered(wanted)
        return self._folded(node)

    def _folded(self, node: Node) -> Flags:
        match node:
            case AllOf(nodes):
                return reduce(and_, map(self._folded, nodes))
            case AnyOf(nodes):
                return reduce(or_, map(self._folded, nodes))
            case Not(child):
                return ~self._folded(child)
            case _:
                return self._found[node]

    def _answered(self, wanted: Sequence[Leaf]) -> dict[Leaf, Flags]:
        found: dict[Leaf, Flags] = {}
        for leaf in wanted:
            kept = _KEPT.get(self._key(leaf), len(self.people.ids)) if _stands(leaf) else None
            if kept is not None:
                found[leaf] = kept
        events: list[Event] = [leaf for leaf in wanted if isinstance(leaf, Event) and leaf not in found]
        fresh: dict[Leaf, Flags] = dict(zip(events, _did(self.reading, events), strict=True)) if events else {}
        fresh |= {leaf: self._leaf(leaf) for leaf in wanted if leaf not in found and leaf not in fresh}
        for leaf, flags in fresh.items():
            if _stands(leaf):
                _KEPT.put(self._key(leaf), flags)
        return found | fresh

    def _key(self, leaf: Leaf) -> tuple[object, ...]:
        snapshot, reading = self.reading.snapshot, self.reading
        return (str(snapshot.root), snapshot.manifest.lake_id, snapshot.version, reading.zone, reading.currency, leaf)

    def _leaf(self, leaf: Leaf) -> Flags:
        match leaf:
            case Profile():
                return _profile(self.reading, leaf)
            case Value() | Score():
                return _number(self.reading, leaf)
            case OneOf("lifecycle", states):
                return _in_lifecycle(self.reading, [str(state) for state in states])
            case OneOf("group", groups):
                return _in_groups(self.reading, [str(group) for group in groups])
            case OneOf("segment", ids):
                return self._members(map(self.reading.of_segment, map(int, ids)))
            case OneOf("tag", ids):
                return self._members(map(self.reading.of_tag, map(int, ids)))
            case OneOf(kind, values):
                return _labelled(self.reading, kind, [str(value) for value in values])
            case _:
                raise AssertionError(leaf)

    def _members(self, found: Iterable[Int64s]) -> Flags:
        return np.isin(self.people.ids, np.concatenate(list(found)))


def _stands(leaf: Leaf) -> bool:
    """Whether an answer depends on the lake alone, and on nothing that the store says."""
    return not (isinstance(leaf, OneOf) and leaf.kind in ("segment", "tag", "cluster", "tier"))


class _Kept:
    """Answers of leaves per version of a lake, the last used, within ``MOST_KEPT_BYTES``."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[object, ...], Array] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: tuple[object, ...], members: int) -> Flags | None:
        with self._lock:
            found = self._answers.get(key)
            if found is None:
                return None
            self._answers.move_to_end(key)
        return np.unpackbits(found, count=members).view(bool)

    def put(self, key: tuple[object, ...], flags: Flags) -> None:
        packed = np.packbits(flags)
        with self._lock:
            self._bytes += packed.nbytes - (self._answers[key].nbytes if key in self._answers else 0)
            self._answers[key] = packed
            while self._bytes > MOST_KEPT_BYTES:
                self._bytes -= self._answers.popitem(last=False)[1].nbytes

    def clear(self) -> None:
        with self._lock:
            self._answers.clear()
            self._bytes = 0


_KEPT = _Kept()


def forget() -> None:
    """Forget all answers of leaves, as a process that begins."""
    _KEPT.clear()


# -- what members did --------------------------------------------------------------------------------------------------


def _did(reading: Reading, leaves: Sequence[Event]) -> list[Flags]:
    """Each leaf's answer. Leaves are walked together where they read the same moments; amounts and properties, which are dearer to
    read, apart from the rest."""
    _refuse_unknown(reading, leaves)
    members = len(population.of(reading.snapshot).ids)
    found: dict[Event, Flags] = {}

    def kind(leaf: Event) -> tuple[bool, bool]:
        return leaf.measure == "amount", not {_column(test.name) for test in leaf.conditions} <= {*COLUMNS, AMOUNT}

    for _, same in groupby(sorted(leaves, key=kind), key=kind):
        waiting = list(same)
        for start in range(0, len(waiting), tallies.MOST_CONDITIONS):
            part = waiting[start : start + tallies.MOST_CONDITIONS]
            bits = _walked(reading, part, members)
            found |= {leaf: (bits >> np.uint16(place) & np.uint16(1)) > 0 for place, leaf in enumerate(part)}
    return [found[leaf] for leaf in leaves]


def _walked(reading: Reading, leaves: Sequence[Event], members: int) -> Array:
    """By member code, a bit per leaf that the member fits."""
    digits = get_currency_precision(reading.currency)
    windows = [_window(reading, leaf) for leaf in leaves]
    limits = [_limits(leaf, digits) for leaf in leaves]
    conditions = [
        tallies.Condition(_MEASURES[leaf.measure], *window) for leaf, window in zip(leaves, windows, strict=True)
    ]
    edges = _day_edges(reading) if any(leaf.measure == "days" for leaf in leaves) else np.empty(0, np.int64)
    wanted = Wanted(
        tuple(Fit(1 << place, frozenset(leaf.names), _tests(leaf)) for place, leaf in enumerate(leaves)),
        Bounds(min(since for since, _ in windows), max(until for _, until in windows)),
        with_amounts=leaves[0].measure == "amount",
    )

    def fitting(measured: Int64s) -> Array:
        bits = np.zeros(len(measured), np.uint16)
        for place, (low, high) in enumerate(limits):
            fits = (measured[:, place] >= low) & (measured[:, place] <= high)
            bits |= fits.astype(np.uint16) << np.uint16(place)
        return bits

    def work(stream: Stream, amounts: Int64s, _threads: int | None) -> tuple[Array, Array]:
        return stream.subject, fitting(tallies.measured(stream, conditions, edges=edges, amounts=amounts))

    found = np.full(members, fitting(np.zeros((1, len(leaves)), np.int64))[0], np.uint16)
    for subject, bits in moments.prepared(reading, wanted).walk(work):
        found[subject] = bits
    return found


def _refuse_unknown(reading: Reading, leaves: Iterable[Event]) -> None:
    """Names made here exist even where nothing is called so yet: nobody did it."""
    known = moments.names(reading)
    virtual = set(definitions.virtual_names(lambda _: True))
    for name in sorted({name for leaf in leaves for name in leaf.names} - set(known) - virtual):
        if name in reading.held:
            raise HeldStep(f"The event {name!r} waits for approval.", problem="held", name=name)
        raise Unknown("event", name, known)
    asked = {_column(test.name) for leaf in leaves for test in leaf.conditions} - {*COLUMNS, AMOUNT}
    if asked:
        choices = funnels.properties(reading)
        for name in sorted(asked - set(choices)):
            raise Unknown("property", name, [*choices, *funnels.ALIASES])


def _tests(leaf: Event) -> tuple[Condition, ...]:
    return tuple(Condition(_column(test.name), test.op, test.values) for test in leaf.conditions)  # type: ignore[arg-type]


def _column(name: str) -> str:
    return funnels.ALIASES.get(name, name)


def _window(reading: Reading, leaf: Event) -> tuple[int, int]:
    """Microseconds, ``[since, until)``."""
    match leaf.window:
        case Dates(start, end):
            return instant(start, reading.zone), instant(end + timedelta(days=1), reading.zone)
        case LastDays(days) if reading.as_of_on is not None:
            after = reading.as_of_on + timedelta(days=1)
            return instant(after - timedelta(days=days), reading.zone), instant(after, reading.zone)
        case _:
            return -EVERY, EVERY


def _limits(leaf: Event, digits: int) -> tuple[int, int]:
    """Lowest and highest measure that fits, both included."""
    scale = digits if leaf.measure == "amount" else 0
    numbers = [Decimal(str(value)).scaleb(scale) for value in leaf.values]
    low, high = int(numbers[0].to_integral_value(ROUND_CEILING)), int(numbers[-1].to_integral_value(ROUND_FLOOR))
    return {
        "at_least": (low, EVERY), "at_most": (-EVERY, high), "exactly": (low, high), "between": (low, high),
    }[leaf.op]  # fmt: skip


def _day_edges(reading: Reading) -> Int64s:
    """When each business day with data begins."""
    whole = reading.whole
    days = [] if whole is None else [whole.start_on + timedelta(days=place) for place in range(whole.days + 1)]
    return np.array([instant(day, reading.zone) for day in days], np.int64)


# -- what profiles say -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """What is told: a row per profile that tells it, oldest first. ``who``: member code. ``value``: a number, or the place in ``names``."""

    who: Array
    value: Array
    names: tuple[str, ...] = ()

    def single(self, members: int) -> tuple[Array, Array]:
        """Of each member the last: whether there is one, and its value."""
        value = np.zeros(members, self.value.dtype)
        value[self.who] = self.value
        return _marked(self.who, members), value

    def places(self, values: Iterable[str]) -> list[int]:
        wanted = set(values)
        return [place for place, name in enumerate(self.names) if name in wanted]


def _profile(reading: Reading, leaf: Profile) -> Flags:
    members = len(population.of(reading.snapshot).ids)
    if leaf.field == "age":
        told, year = _told(reading, "birth_year").single(members)
        newest = 0 if reading.as_of_on is None else reading.as_of_on.year
        return (
            told if leaf.op == "is_set" else ~told if leaf.op == "is_not_set" else told & _ranged(newest - year, leaf)
        )
    column = _told(reading, leaf.field)
    if leaf.op in language.WITHOUT_VALUES:
        told = _marked(column.who, members)
        return told if leaf.op == "is_set" else ~told
    if leaf.field in _SEVERAL:
        asked = [str(value) for value in leaf.values]
        named = known_units.within(reading.snapshot, asked) if leaf.field == "unit" else asked
        inside = _marked(column.who[np.isin(column.value, column.places(named))], members)
        return inside if leaf.op == "is" else _marked(column.who, members) & ~inside
    told, value = column.single(members)
    if leaf.field in language.TEXT_FIELDS:
        fits = np.isin(value, column.places(str(wanted) for wanted in leaf.values))
    elif leaf.field in language.FLAG_FIELDS:
        fits = np.isin(value, [int(bool(wanted)) for wanted in leaf.values])
    else:
        return told & _ranged(value, leaf)
    return told & (~fits if leaf.op == "is_not" else fits)


def _ranged(values: Array, leaf: Profile) -> Flags:
    numbers = [_days_of(value) if isinstance(value, date) else int(value) for value in leaf.values]
    if leaf.op == "at_least":
        return values >= numbers[0]
    return values <= numbers[-1] if leaf.op == "at_most" else (values >= numbers[0]) & (values <= numbers[1])


def _days_of(on: date) -> int:
    return (on - date(1970, 1, 1)).days


def _marked(codes: Array, members: int) -> Flags:
    found = np.zeros(members, bool)
    found[codes] = True
    return found


def _told(reading: Reading, field: str) -> _Column:
    return _columns(reading.snapshot, _COLUMNS.get(field, field), reading.zone)


@per_version("member_profiles", "identity_map", most=24)
def _columns(snapshot: Snapshot, column: str, zone: str) -> _Column:
    if not snapshot.files("member_profiles"):
        return _Column(np.empty(0, np.int32), np.empty(0, np.int32))
    profiles = snapshot.current("member_profiles")
    value = local_date(profiles.joined_at, zone) if column == "joined_on" else profiles[column]
    rows = profiles.select("identity_key", "batch_id", "row_number", "joined_at", value=value)
    if column != "acquisition_channel":
        rows = rows.filter(rows.value.notnull())
    found = snapshot.arrow(rows)
    who = population.of(snapshot).subjects.codes(found["identity_key"].to_numpy())
    values, names = _coded(found["value"])
    order = _oldest_first(found, column, values, names)
    order = order[who[order] >= 0]
    if column != "acquisition_channel":
        return _Column(who[order], values[order], names)
    told, last = _Column(who[order], values[order]).single(int(who.max(initial=-1)) + 1)
    kept = np.flatnonzero(told & (last >= 0)).astype(np.int32)
    return _Column(kept, last[kept], names)


def _coded(column: pa.ChunkedArray) -> tuple[Array, tuple[str, ...]]:
    """Numbers, or places in names in the order of the alphabet; -1 where nothing is told."""
    if pa.types.is_date(column.type):
        column = column.cast(pa.int32())
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return column.cast(pa.int64()).fill_null(-1).to_numpy(), ()
    encoded = pc.dictionary_encode(column.combine_chunks())
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    names = encoded.dictionary.to_pylist()
    sorted_names = tuple(sorted(names))
    place = {name: number for number, name in enumerate(sorted_names)}
    codes = np.array([*(place[name] for name in names), -1], np.int64)
    return codes[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)], sorted_names


def _oldest_first(rows: pa.Table, column: str, values: Array, names: Sequence[str]) -> Array:
    """Places of the rows so that of each member the one that counts stands last."""
    if column in language.FLAG_FIELDS:
        return np.argsort(values, kind="stable")
    if column == "joined_on":
        return np.argsort(-values, kind="stable")
    if column == "acquisition_channel":
        joined = rows["joined_at"].cast(pa.int64()).fill_null(EVERY).to_numpy()
        return np.lexsort((np.where(values < 0, values, len(names) - values), -joined))
    return np.lexsort((rows["row_number"].to_numpy(), rows["batch_id"].to_numpy()))


# -- what is counted elsewhere -----------------------------------------------------------------------------------------

Provider = Callable[[Reading], pa.Table]
_PROVIDERS: dict[str, tuple[Provider, str]] = {
    "rfm": (rfm.standings, "rfm_class"), "value_tier": (rfm.standings, "value_tier"), "tier": (membership.standings, "tier"),
    "cluster": (clusters.labels, "cluster"), "points": (membership.standings, "points"),
    "days_since_last_order": (rfm.standings, "days_since_last_order"), "orders": (rfm.standings, "orders"),
    "net_amount": (rfm.standings, "net_minor"), "aov": (rfm.standings, "net_minor"),
    **{name: (ltv.predictions, name) for name in (*language.CHANCES, "orders_365d")}, "value_365d": (ltv.predictions, "value_365d_minor"),
}  # fmt: skip
"""Leaf, or what it measures: who tells it of every member that has one, and in which column."""


def _provided(reading: Reading, what: str) -> tuple[pa.Table, Array, str]:
    """Rows of a provider, the member code of each, and the column."""
    read, column = _PROVIDERS[what]
    table = read(reading)
    return table, np.searchsorted(population.of(reading.snapshot).ids, table["member_id"].to_numpy()), column


def _labelled(reading: Reading, kind: str, labels: Sequence[str]) -> Flags:
    table, who, column = _provided(reading, kind)
    fits = pc.is_in(table[column].cast(pa.string()), pa.array(labels)).to_numpy()
    return _marked(who[fits], len(population.of(reading.snapshot).ids))


def _number(reading: Reading, leaf: Value | Score) -> Flags:
    table, who, column = _provided(reading, leaf.name)
    values = _floats(table[column])
    if leaf.name == "aov":
        orders = _floats(table["orders"])
        values = np.divide(values, orders, out=np.full(len(values), np.nan), where=orders > 0)
    scale = get_currency_precision(reading.currency) if leaf.name in _IN_MINOR else 0
    numbers = [float(Decimal(str(value)).scaleb(scale)) for value in leaf.values]
    fits = values >= numbers[0] if leaf.op != "at_most" else values <= numbers[0]
    if leaf.op == "between":
        fits &= values <= numbers[1]
    return _marked(who[fits], len(population.of(reading.snapshot).ids))


def _floats(column: pa.ChunkedArray) -> Array:
    """Numbers, NaN where undefined: then no comparison holds."""
    found: Array = pc.fill_null(column.cast(pa.float64()), float("nan")).to_numpy()
    return found


def _in_lifecycle(reading: Reading, names: Sequence[str]) -> Flags:
    """Who was in one of these states in the last whole period, as the Lifecycle page tells it with its defaults."""
    members, on = len(population.of(reading.snapshot).ids), reading.as_of_on
    if on is None:
        return np.zeros(members, bool)
    running = spans.start_of(on, lifecycle.Asked().unit)
    if spans.after(running, lifecycle.Asked().unit) > on + timedelta(days=1):
        running = spans.after(running, lifecycle.Asked().unit, -1)
    states = _standing(reading.snapshot, reading.zone, reading.currency, running)
    return np.isin(states, [State[name.upper()] for name in names])


@per_version(
    "events",
    "order_lines",
    "group_messages",
    "group_membership",
    "member_profiles",
    "identity_map",
    "event_names",
    most=4,
)
def _standing(snapshot: Snapshot, zone: str, currency: str, start_on: date) -> Array:
    """State of each member in the period that begins on a day, by member code."""
    period = Period(start_on, start_on + timedelta(days=1))
    return lifecycle.standing(Reading(snapshot, zone, currency, EVERYTHING, Filters(period=period)), lifecycle.Asked())


def _in_groups(reading: Reading, groups: Sequence[str]) -> Flags:
    """Who is in one of these groups by the newest that is known of them."""
    ids = population.of(reading.snapshot).ids
    states = rollups.rows(reading.snapshot, reading.zone, "states")
    if states is None:
        return np.zeros(len(ids), bool)
    inside = states.filter(states.group_id.isin(list(groups)) & states.is_in & states.next_on.isnull())
    found = reading.snapshot.stream(inside.select("member_id").distinct())["member_id"]
    return np.isin(ids, found)
