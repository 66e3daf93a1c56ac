"""Who fits a definition: each leaf as one boolean per member, the tree as algebra over them.

Members are the codes of ``population.of(snapshot)``. A leaf is asked of everybody, so that its answer can be kept for the version
of the lake whoever asks; scope and filters of the reading cut the universe at the end (its channels and its period say nothing of
who somebody is): NOT of a leaf is everybody in the universe who does not fit. What a member has no value for fits nothing.

What members did is told in ``behaviours``; what their profiles say, and which of several counts, in ``traits``.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from operator import and_, or_
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from babel.numbers import get_currency_precision

from core.lake.reader import Snapshot
from core.periods import Period
from core.scope import EVERYTHING, Filters
from core.segments import language
from core.segments.language import AllOf, AnyOf, Event, Leaf, Node, Not, OneOf, Profile, Score, Value
from core.sequences.arrays import Array, Int64s
from core.sequences.lifecycle import State
from core.work import rollups
from core.work.questions import behaviours, clusters, lifecycle, ltv, membership, population, rfm, scores, spans, traits
from core.work.questions.kept import per_version
from core.work.questions.population import Flags, marked
from core.work.questions.reading import Reading

MOST_KEPT_BYTES = 64 * 1024 * 1024
"""Of leaves' answers that a process keeps, an eighth of a byte per member and leaf."""
_IN_MINOR = ("net_amount", "aov", "value_365d")


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
        fresh: dict[Leaf, Flags] = (
            dict(zip(events, behaviours.fitting(self.reading, events), strict=True)) if events else {}
        )
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
                return traits.fitting(self.reading, leaf)
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
    if isinstance(leaf, Score):
        return leaf.name not in _MODELLED
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


# -- what is counted elsewhere -----------------------------------------------------------------------------------------

Provider = Callable[[Reading], pa.Table]
_MODELLED = (*language.MODEL_CHANCES, *language.MODEL_TOPS)
_PROVIDERS: dict[str, tuple[Provider, str]] = {
    "rfm": (rfm.standings, "rfm_class"), "value_tier": (rfm.standings, "value_tier"), "tier": (membership.standings, "tier"),
    "cluster": (clusters.labels, "cluster"), "points": (membership.standings, "points"),
    "days_since_last_order": (rfm.standings, "days_since_last_order"), "orders": (rfm.standings, "orders"),
    "net_amount": (rfm.standings, "net_minor"), "aov": (rfm.standings, "net_minor"),
    **{name: (ltv.predictions, name) for name in (*language.CHANCES, "orders_365d")}, "value_365d": (ltv.predictions, "value_365d_minor"),
    **{name: scores.provider(name) for name in _MODELLED},
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
    return marked(who[fits], len(population.of(reading.snapshot).ids))


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
    return marked(who[fits], len(population.of(reading.snapshot).ids))


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
