"""Funnel questions: moments of members as streams, the kernel that walks them, and names for what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from core.errors import HeldStep, InvalidFunnel, Unknown
from core.lake.reader import Snapshot
from core.metrics import moments as definitions
from core.metrics import proportions
from core.metrics.moments import AMOUNT, COLUMNS
from core.metrics.proportions import Comparison, Proportion
from core.periods import Period
from core.sequences import funnel as kernel
from core.sequences import paths, reasons, sessions
from core.sequences.arrays import FIRST_EXCLUSION, PRESENT, Array, Int64s
from core.sequences.funnel import Attempts, Count, Duration, Entries, Exclusion, Funnel, Order, Reach, Step, Trend
from core.sequences.gather import Bounds
from core.sequences.reasons import Explanation
from core.sequences.stream import MISSING, Stream
from core.work.questions import moments
from core.work.questions.kept import filed
from core.work.questions.moments import Condition, Fit, Prepared, Wanted, instant
from core.work.questions.reading import Reading

Counted = Literal["members", "attempts", "sessions"]
UNSPEAKABLE = frozenset("'\"")
"""Marks that the engine cannot look for in a property's name; such properties are not offered."""
COUNTED: tuple[Counted, ...] = ("members", "attempts", "sessions")
ALIASES = {name.removesuffix("_id"): name for name in COLUMNS if name.endswith("_id")}


@dataclass(frozen=True, slots=True)
class Barrier:
    """Names that must not happen after step ``from_step`` and before step ``to_step``, numbers from 1."""

    names: tuple[str, ...]
    from_step: int
    to_step: int


@dataclass(frozen=True, slots=True)
class Along:
    """The funnel of a path: its steps are nodes that follow each other directly, from the member's first anchor on, or
    (``direction`` before) up to it, the last step then being the anchor itself and nothing else. ``nodes``:
    what names are called on the path, an empty name hides; names that are missing stand as themselves. ``gap``: pause that
    ends the path; None = none does. ``collapse``: the same node again and again is one. ``anchor``: names, the first of
    which starts the path, whether or not it is step 1; empty = those of step 1. ``to``: names that end it; empty = none."""

    names: tuple[str, ...]
    nodes: tuple[tuple[str, str], ...] = ()
    gap: timedelta | None = sessions.GAP
    collapse: bool = False
    anchor: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    direction: paths.Direction = "after"

    @property
    def entries(self) -> Entries:
        """Who goes on from the anchor enters there; the way to it may begin at any time before."""
        return "first" if self.direction == "after" else "every"

    @property
    def anchor_step(self) -> int:
        """Place of the anchor among the steps."""
        return 0 if self.direction == "after" else -1


@dataclass(frozen=True, slots=True)
class Asked:
    """One funnel question. ``steps``: names of each step, any of which fills it. ``conditions``: per step, what its moments
    must meet; empty = nothing. ``by``: a column or a property's name, taken at the entry. ``along``: the
    path that the funnel is one of; then order, entries, breakdown, count and barriers are given by it."""

    steps: tuple[tuple[str, ...], ...]
    order: Order = "sequential"
    within: timedelta | None = timedelta(days=7)
    by: str | None = None
    count: Counted = "members"
    conditions: tuple[tuple[Condition, ...], ...] = ()
    step_within: timedelta | None = None
    barriers: tuple[Barrier, ...] = ()
    entries: Entries = "every"
    along: Along | None = None

    @property
    def funnel(self) -> Funnel:
        if self.count not in COUNTED:
            raise InvalidFunnel(f"Count {', '.join(COUNTED)}, not {self.count!r}.", problem="count", count=self.count)
        if self.along and (self.count != "members" or self.by or self.barriers):
            raise InvalidFunnel(
                "The funnel of a path counts members, without breakdown and exclusions.", problem="along"
            )
        steps = tuple(Step(" | ".join(names), frozenset(names)) for names in self.steps)
        barred = tuple(Exclusion(frozenset(b.names), b.from_step, b.to_step) for b in self.barriers)
        order, entries = ("strict", self.along.entries) if self.along else (self.order, self.entries)
        return Funnel(steps, order, self.within, self.step_within, barred, entries)  # type: ignore[arg-type]

    @property
    def names(self) -> set[str]:
        along = (self.along.names, self.along.anchor, self.along.to) if self.along else ()
        return {name for part in (*self.steps, *(b.names for b in self.barriers), *along) for name in part}

    def tested(self, step: int) -> tuple[Condition, ...]:
        """Conditions of a step, number from 0."""
        return self.conditions[step] if step < len(self.conditions) else ()


@dataclass(frozen=True, slots=True)
class Entered:
    """Which of those who entered: by the breakdown's value there (``values``; None = had none), by the time of the entry
    (``since`` and before ``until``, microseconds since 1970). Nothing said = all."""

    values: tuple[str | None, ...] | None = None
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, eq=False)
class Answer:
    """``reach`` of each subject; ``ids``: its member id (for sessions, their owner's, 0 where the source tells none);
    ``values``: names of the breakdown's codes; ``attempts`` where these are counted."""

    reach: Reach
    ids: np.ndarray
    values: tuple[str, ...]
    attempts: Attempts | None = None

    @property
    def steps(self) -> tuple[Count, ...]:
        return self.attempts.counts if self.attempts else kernel.conversion(self.reach)

    @property
    def by_value(self) -> dict[str | None, tuple[Count, ...]]:
        """Steps by the breakdown's value at entry, the most entered first; None = the entry had no value."""
        found = self.attempts.counts_by if self.attempts else kernel.conversion_by(self.reach)
        named = {None if code == MISSING else self.values[code]: steps for code, steps in found.items()}
        return dict(sorted(named.items(), key=lambda item: (item[0] is None, -item[1][0].members, item[0] or "")))

    def duration(self, from_step: int, to_step: int) -> Duration:
        return kernel.time_to_convert(self.reach, from_step, to_step)

    def trend(self, edges: Int64s, as_of: int) -> Trend:
        return kernel.trend(self.reach, edges, as_of=as_of)

    def members(self, of: Entered = Entered()) -> tuple[int, ...]:
        """How many subjects reached each step, also where attempts are counted."""
        depth = self.reach.depth[self._entered(of)]
        return tuple(int(np.count_nonzero(depth >= step.step)) for step in self.steps)

    def reached(self, step: int, of: Entered = Entered()) -> pd.DataFrame:
        """Members who got to step ``step`` (from 1) at least: ``member_id, depth, entry_at``, the latest entry first."""
        return self._people((self.reach.depth >= step) & self._entered(of))

    def dropped(self, step: int, of: Entered = Entered()) -> pd.DataFrame:
        """Members who got to step ``step`` (from 1) and no further."""
        return self._people((self.reach.depth == step) & self._entered(of))

    def among(self, member_ids: npt.ArrayLike, *, inside: bool = True) -> "Answer":
        """The answer of these members only, or of all others. Raises ``InvalidFunnel`` of attempts, which are counted for
        everybody at once."""
        if self.attempts:
            raise InvalidFunnel("Attempts are not known by member.", problem="attempts_among")
        kept = np.isin(self.ids, np.asarray(member_ids, np.int64), invert=not inside)
        reach, code = self.reach, self.reach.entry_code
        part = Reach(
            reach.funnel, reach.subject[kept], reach.depth[kept], reach.step_at[kept], code[kept] if code.size else code
        )
        return Answer(part, self.ids[kept], self.values)

    @property
    def entrants(self) -> np.ndarray:
        """Ids of the members who entered, ascending, each once."""
        return np.unique(self.ids[self.reach.depth > 0])

    def _entered(self, of: Entered) -> np.ndarray:
        at, code = self.reach.entry_at, self.reach.entry_code
        chosen = self.reach.depth > 0
        if of.since is not None:
            chosen &= at >= of.since
        if of.until is not None:
            chosen &= at < of.until
        if of.values is not None:
            codes = [MISSING if value is None else self.values.index(value) for value in of.values]
            chosen &= np.isin(code, codes)
        return chosen

    def _people(self, chosen: np.ndarray) -> pd.DataFrame:
        at = pd.to_datetime(self.reach.entry_at[chosen], unit="us", utc=True)
        frame = pd.DataFrame({"member_id": self.ids[chosen], "depth": self.reach.depth[chosen], "entry_at": at})
        return frame.sort_values(["entry_at", "member_id"], ascending=[False, True], ignore_index=True)


def conversion(reading: Reading, asked: Asked, *, known_until: int | None = None) -> Answer:
    """Answer a funnel question within the reading's scope and filters.

    Period and channels are asked of the entry; later steps may lie after the period, within the window. ``known_until``:
    what happened from this time on (microseconds since 1970) is left out, as if asked then. Raises ``InvalidFunnel`` on its
    limits, ``Unknown`` for a step or property that does not exist.
    """
    funnel = asked.funnel
    check(reading, asked)
    wanted = wanted_of(reading, asked, funnel)
    if known_until is not None:
        wanted = replace(wanted, bounds=replace(wanted.bounds, until=min(wanted.bounds.until, known_until)))
    if asked.count == "sessions":
        return _of_sessions(reading, wanted, funnel)
    ready = moments.prepared(reading, wanted)
    reach = kernel.joined(ready.walk(lambda s, _, n: kernel.reach(_as_walked(s, asked, ready), funnel, threads=n)))
    attempts = None
    if asked.count == "attempts":
        attempts = kernel.summed(ready.walk(lambda s, _, n: kernel.attempts(s, funnel, threads=n)))
    return Answer(reach, ready.ids[reach.subject], ready.labels, attempts)


def check(reading: Reading, asked: Asked) -> None:
    """Raise ``Unknown`` for a name that no moment here has, or a property that does not exist, ``HeldStep`` for one that waits."""
    known = moments.names(reading)
    for name in sorted(asked.names - set(known)):
        if name in reading.held:
            raise HeldStep(f"The event {name!r} waits for approval; its events count once it is approved.", name=name)
        raise Unknown("step", name, known)
    tested = {condition.name for part in asked.conditions for condition in part}
    asks = {ALIASES.get(name, name) for name in ({asked.by} if asked.by else set()) | tested} - {*COLUMNS, AMOUNT}
    if asks:
        choices = properties(reading)
        for name in sorted(asks - set(choices)):
            raise Unknown("property", name, [*choices, *ALIASES])


def wanted_of(reading: Reading, asked: Asked, funnel: Funnel) -> Wanted:
    """What the kernel must see for this question."""
    if asked.along:
        place = asked.along.anchor_step % len(asked.steps)
        fits = [Fit(1, frozenset(asked.along.anchor or asked.steps[place]), asked.tested(place))]
    else:
        fits = [Fit(1 << k, frozenset(names), asked.tested(k)) for k, names in enumerate(asked.steps)]
    fits += [Fit(1 << bit, frozenset(b.names)) for bit, b in enumerate(asked.barriers, FIRST_EXCLUSION)]
    if asked.along:
        fits.append(Fit(int(PRESENT), frozenset(asked.along.names)))
        fits += [Fit(2, frozenset(asked.along.to))] if asked.along.to else []
    label, nodes = ("name", asked.along.nodes) if asked.along else (ALIASES.get(asked.by or "", asked.by), ())
    shares = funnel.shares_events or any(asked.conditions) or asked.entries == "first"
    filtered = reading.filters.period or reading.filters.channels
    return Wanted(
        tuple(fits),
        exit_bounds(reading)
        if asked.along and asked.along.direction == "before"
        else entry_bounds(reading, funnel.longest),
        label,
        with_rows=bool(label or shares or filtered or funnel.order == "strict"),
        nodes=nodes,
    )


def entry_bounds(reading: Reading, reach: timedelta | None) -> Bounds:
    """Entries within the filters' period, and what lies up to ``reach`` after them (None = all that lies after)."""
    period = reading.filters.period
    if period is None:
        return Bounds()
    since, until = instant(period.start_on, reading.zone), instant(period.end_on, reading.zone)
    longest = until + (reach // timedelta(microseconds=1) if reach is not None else 0)
    after = Bounds().until if reach is None else longest
    return Bounds(since, after, since, until)


def exit_bounds(reading: Reading) -> Bounds:
    """Anchors within the filters' period, and all that lies before them."""
    period = reading.filters.period
    if period is None:
        return Bounds()
    since, until = instant(period.start_on, reading.zone), instant(period.end_on, reading.zone)
    return Bounds(until=until, enter_since=since, enter_until=until)


def _as_walked(stream: Stream, asked: Asked, ready: Prepared) -> Stream:
    """The stream, or of a path only the events that it shows, in the order of time, with the bits of their steps. The anchor
    of a path is its first event, or before an anchor its last one, and no other."""
    if asked.along is None:
        return stream
    along, called = asked.along, dict(asked.along.nodes)
    shown = paths.seen(
        stream, direction=along.direction, gap=along.gap, collapse_repeats=along.collapse, to=bool(along.to)
    )
    anchor_step = along.anchor_step % len(asked.steps)
    bits = np.full(len(ready.labels), PRESENT, np.uint16)
    is_anchor = np.zeros(len(ready.labels), np.bool_)
    for k, names in enumerate(asked.steps):
        nodes = {called.get(name, name) for name in names}
        is_node = np.array([label in nodes for label in ready.labels], np.bool_)
        if k == anchor_step:
            is_anchor = is_node
        else:
            bits[is_node] |= np.uint16(1 << k)
    steps = bits[shown.entry_code]
    anchors = shown.offset[:-1] if along.direction == "after" else shown.offset[1:] - 1
    steps[anchors[is_anchor[shown.entry_code[anchors]]]] |= np.uint16(1 << anchor_step)
    return Stream(shown.subject, shown.offset, shown.at, steps, shown.entry_code)


def _of_sessions(reading: Reading, wanted: Wanted, funnel: Funnel) -> Answer:
    """Sessions as the source tells them; where it tells none, a member's moments up to a pause of 30 minutes."""
    parts: list[tuple[Reach, Array, tuple[str, ...]]] = []
    if moments.has_sessions(reading):
        stream, owners, labels = moments.by_session(reading, wanted)
        reach = kernel.reach(stream, funnel)
        parts.append((reach, owners[reach.subject], labels))
        wanted = replace(wanted, without_session=True)
    present = Fit(int(PRESENT), frozenset(moments.names(reading)))
    ready = moments.prepared(reading, replace(wanted, fits=(*wanted.fits, present), with_rows=True))
    parts += [(reach, ids, ready.labels) for reach, ids in ready.walk(lambda s, _, n: _by_pause(s, funnel, ready, n))]
    values = tuple(dict.fromkeys(value for _, _, labels in parts for value in labels))
    return Answer(_stacked(parts, values), np.concatenate([ids for _, ids, _ in parts]), values)


def _by_pause(stream: Stream, funnel: Funnel, ready: Prepared, threads: int | None) -> tuple[Reach, Array]:
    split = sessions.split(stream)
    reach = kernel.reach(split.stream, funnel, threads=threads)
    entered = reach.depth > 0
    code = reach.entry_code[entered] if reach.entry_code.size else reach.entry_code
    kept = Reach(funnel, reach.subject[entered], reach.depth[entered], reach.step_at[entered], code)
    return kept, ready.ids[split.owner[kept.subject]]


def _stacked(parts: Sequence[tuple[Reach, Array, tuple[str, ...]]], values: tuple[str, ...]) -> Reach:
    """Sessions of several streams, numbered anew, their entry codes meaning ``values``."""
    place = {value: code for code, value in enumerate(values)}
    codes = [
        np.array([*(place[label] for label in labels), MISSING], np.int32)[reach.entry_code]
        for reach, _, labels in parts
    ]
    reaches = [reach for reach, _, _ in parts]
    depth, step_at = (np.concatenate([getattr(reach, name) for reach in reaches]) for name in ("depth", "step_at"))
    return Reach(reaches[0].funnel, np.arange(depth.size, dtype=np.int32), depth, step_at, np.concatenate(codes))


def why(reading: Reading, asked: Asked, member_id: int) -> tuple[Explanation, tuple[tuple[str, datetime], ...]]:
    """Why one member got no further, and the member's moments of the funnel as name and time, in order."""
    if asked.count == "sessions":
        raise InvalidFunnel("Sessions are not people.", problem="sessions_people")
    funnel = asked.funnel
    check(reading, asked)
    wanted = replace(wanted_of(reading, asked, funnel), label="name", with_rows=True)
    ready = moments.prepared(reading, wanted)
    stream = _as_walked(ready.of_member(member_id), asked, ready)
    named = tuple((ready.labels[code], _moment(at)) for code, at in zip(stream.entry_code, stream.at, strict=True))
    return reasons.why(stream, funnel), named


def versus(answer: Answer, other: Answer) -> list[Comparison]:
    """Each step's share of step 1, the second against the first. Only of members, who count once each."""
    entered, other_entered = answer.steps[0].members, other.steps[0].members
    return [
        proportions.compare(Proportion(mine.members, entered), Proportion(its.members, other_entered))
        for mine, its in zip(answer.steps, other.steps, strict=True)
    ]


def watched_until(first: Period, second: Period, as_of: datetime, zone: str) -> tuple[int, int]:
    """Until when each of two periods is to be watched, so that both had equally long after their last day to convert: as
    long as the data goes on after the later one. Microseconds since 1970; the moment of ``as_of`` itself is known."""
    ends = instant(first.end_on, zone), instant(second.end_on, zone)
    follow = (as_of - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) + 1 - max(ends)
    return ends[0] + follow, ends[1] + follow


def day_edges(period: Period, zone: str, step: timedelta = timedelta(days=1)) -> tuple[tuple[date, ...], Int64s]:
    """First days of the period's days (or of each ``step`` of days), and their instants with the period's end."""
    days = tuple(
        period.start_on + timedelta(days=n) for n in range(0, (period.end_on - period.start_on).days, step.days)
    )
    return days, np.array([instant(day, zone) for day in (*days, period.end_on)], np.int64)


def rows(answer: Answer, asked: Asked) -> list[dict[str, Any]]:
    """The answer as rows: ``step name members share step_share``, and the breakdown's value first where one was asked."""
    if not asked.by:
        return [_row(count) for count in answer.steps]
    return [{asked.by: value} | _row(count) for value, steps in answer.by_value.items() for count in steps]


def _row(count: Count) -> dict[str, Any]:
    return {
        "step": count.step,
        "name": count.name,
        "members": count.members,
        "share": _rounded(count.share),
        "step_share": _rounded(count.step_share),
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 6)


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(microseconds))


def event_names(reading: Reading) -> list[str]:
    """Names that can be a step, in alphabetical order."""
    return moments.names(reading)


def properties(reading: Reading) -> list[str]:
    """What a funnel can be broken down by: columns of events that hold anything, then names of properties in use, of whatever event."""
    return [str(name) for name in _named(reading.snapshot)["name"].to_pylist()]


@filed("properties1", "events")
def _named(snapshot: Snapshot) -> pa.Table:
    """``name``: what ``properties`` tells, in its order."""
    names: list[str] = []
    if snapshot.files("events"):
        events = snapshot.table("events")
        filled = snapshot.arrow(events.aggregate(**{c: events[c].count() for c in COLUMNS})).to_pylist()[0]
        keys = events.filter(events.properties.notnull()).select(
            name=json_keys(events.properties.cast("json")).unnest()
        )
        found = snapshot.arrow(keys.distinct())["name"].to_pylist()
        own = {one for one in found if UNSPEAKABLE.isdisjoint(one)} - {*COLUMNS, AMOUNT}
        names = [c for c in COLUMNS if filled[c]] + sorted(own)
    return pa.table({"name": pa.array(names, pa.string())})


@ibis.udf.scalar.builtin
def json_keys(value: dt.json) -> dt.Array(dt.string):  # type: ignore[empty-body,valid-type]
    """Names that an object of JSON has; none of what is no object."""


def values(reading: Reading, name: str, most: int = 100) -> list[str]:
    """Values that a condition on this property can name, the most frequent first, of ``most`` at most, within the scope. Of
    a property that is no column they come from the first 10,000 events that have it."""
    column = ALIASES.get(name, name)
    if column == AMOUNT or not UNSPEAKABLE.isdisjoint(column):
        return []
    if column in COLUMNS:
        kinds = [kind for kind in definitions.ROWS if column in kind.columns and reading.snapshot.files(kind.table)]
        parts = [_seen(reading, kind.table).select(value=column) for kind in kinds]
    else:
        events = _seen(reading, "events")
        # Names are found at a third of the cost of values, so those who lack it are left out first.
        having = events.filter(events.properties.notnull() & json_keys(events.properties.cast("json")).contains(column))
        told = having.select(value=moments.property_of(having, column))
        parts = [told.filter(told.value.notnull()).limit(10_000)] if reading.snapshot.files("events") else []
    if not parts:
        return []
    rows = definitions.union(parts)
    counted = rows.filter(rows.value.notnull()).group_by("value").aggregate(count=lambda t: t.count())
    found = counted.order_by([counted["count"].desc(), counted.value]).limit(most)
    return [str(value) for value in reading.snapshot.arrow(found)["value"].to_pylist()]


def _seen(reading: Reading, table: str) -> ir.Table:
    """Rows of everybody, or within a scope only those of its members."""
    return reading.visible(table) if reading.scope.sees_all else reading.table(table)
