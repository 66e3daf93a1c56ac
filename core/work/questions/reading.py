"""What every question starts from: the lake at one version, cut to a scope and filters, and joined to members."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache, cached_property
from typing import Any, Literal

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from core import schema
from core.errors import InvalidSegment
from core.lake.reader import Snapshot
from core.lake.writer import local_date
from core.metrics import facts as f
from core.metrics.facts import Facts
from core.periods import Period, business_date, comparable
from core.scope import EVERYTHING, Filters, Scope
from core.segments import language
from core.sequences.arrays import Int64s
from core.sequences.subjects import NOBODY
from core.settings import DEFAULT_CURRENCY
from core.store import choices, segments
from core.work.home import Home
from core.work.questions import units as known_units
from core.work.questions.kept import filed, per_version
from core.work.questions.references import References, Referred
from core.work.questions.references import kept as kept_members

CURRENCY = "currency"
"""Choice of a world's store: ISO code of its money."""
DATED = (
    "events",
    "order_lines",
    "group_messages",
    "group_membership",
    "group_rosters",
    "touches",
    "offer_events",
    "feedback",
    "service_conversations",
    "group_statistics",
    "points",
)
"""Tables by which the days with data begin and end. Consents are none of them: a signature of years ago is no history."""


@dataclass(frozen=True)
class Reading:
    """An open snapshot with the question's facts."""

    snapshot: Snapshot
    zone: str
    currency: str
    scope: Scope
    filters: Filters
    references: References | None = None
    """Segments and tags that are referred to by number; None where a question refers to none."""
    inside: frozenset[tuple[str, int]] = frozenset()
    """Definitions that are being evaluated: one that leads back to itself says nothing."""

    @cached_property
    def span(self) -> tuple[datetime, datetime] | None:
        """Time of the oldest and the newest fact (UTC); None in an empty lake."""
        return _span(self.snapshot)

    @property
    def as_of(self) -> datetime | None:
        """Time of the newest data, never of the reading."""
        return self.span[1] if self.span else None

    @property
    def as_of_on(self) -> date | None:
        return business_date(self.as_of, self.zone) if self.as_of else None

    @cached_property
    def whole(self) -> Period | None:
        """From the first to the last day with data."""
        if not self.span:
            return None
        first, last = (business_date(at, self.zone) for at in self.span)
        return Period(first, date.fromordinal(last.toordinal() + 1))

    @property
    def period(self) -> Period | None:
        return self.filters.period or self.whole

    def reaches(self, period: Period) -> bool:
        """Whether the data begins with the period or before it: else the period is not known as a whole."""
        return self.whole is not None and self.whole.start_on <= period.start_on

    def first_on(self, *tables: str) -> date | None:
        """First business day on which any of these fact tables says anything, whatever was asked; None where all are empty."""
        return min((first for first, _ in self._days(tables)), default=None)

    def last_on(self, *tables: str) -> date | None:
        """Last business day on which any of these fact tables says anything, whatever was asked; None where all are empty."""
        return max((last for _, last in self._days(tables)), default=None)

    def _days(self, tables: Sequence[str]) -> list[tuple[date, date]]:
        days = [_days_of(name)(self.snapshot) for name in tables if self.snapshot.files(name)]
        return [one for one in days if one is not None]

    def since(self, table: str) -> date:
        """First business day on which a fact table that is not empty says anything."""
        day = self.first_on(table)
        assert day is not None
        return day

    def reaches_back(self, on: date, *tables: str) -> bool:
        """Whether these tables tell of a day and of all after it: what begins later says nothing of what was before, not even none."""
        first = self.first_on(*tables)
        return first is not None and first <= on

    @cached_property
    def allowed(self) -> ir.Table | None:
        """``member_id`` of the members that scope and filters leave; None when they leave everybody."""
        found: ir.Table | None = None
        if self.units is not None:
            of_units = self._profiles
            inside = of_units.unit_id.isin(sorted(self.units)) if self.units else ibis.literal(False)
            found = of_units.filter(inside)
            found = found.select("member_id").distinct()
        if self.filters.segment is not None:
            chosen_ids = pa.array(self.of_segment(self.filters.segment), pa.int64())
            chosen = ibis.memtable(pa.table({"member_id": chosen_ids}))
            found = chosen if found is None else found.semi_join(chosen, "member_id")
        return None if found is None else self.snapshot.keep(found)

    def of_segment(self, segment_id: int) -> Int64s:
        """``member_id`` of all members of a segment, ascending, whatever scope and filters: a live one as its definition says now.

        Raises ``Unknown``, ``InvalidSegment`` of a definition that leads back to itself, and what its conditions refuse.
        """
        return self._referred("segment", segment_id)

    def of_tag(self, tag_id: int) -> Int64s:
        """``member_id`` of all members who have a tag now, ascending, whatever scope and filters. Raises as ``of_segment``."""
        return self._referred("tag", tag_id)

    def _referred(self, kind: Literal["segment", "tag"], number: int) -> Int64s:
        known = self.references
        if known is None:
            raise RuntimeError("This question was opened without the segments and tags of a store.")
        if (kind, number) in self.inside:
            raise InvalidSegment(f"The {kind} {number} leads back to itself.", reason="cycle", path="", kind=kind)
        found = known.segment(number) if kind == "segment" else known.tag(number)
        manifest = self.snapshot.manifest
        key = (str(self.snapshot.root), manifest.lake_id, manifest.version, known.key, kind, number)
        return kept_members(key, lambda: self._fitting(found, kind, number))

    def _fitting(self, found: Referred, kind: str, number: int) -> Int64s:
        """A definition is evaluated in the scope it was saved in, so that a member is in a segment or not, whoever looks. Whoever looks sees those in
        their own scope."""
        # Evaluating a definition asks other questions, which all start from here.
        from core.work.questions import population, segments

        if found.tree is None:  # kept members may have become one with others since
            now = population.of(self.snapshot).current(found.members)
            return np.unique(now[now != NOBODY])
        scope = EVERYTHING if found.units is None else Scope(frozenset(found.units))
        inside = replace(self, scope=scope, filters=Filters(), inside=self.inside | {(kind, number)})
        return segments.member_ids(inside, language.parse(found.tree))

    @cached_property
    def units(self) -> frozenset[str] | None:
        """Units whose members scope and filters leave, those below them included; None when they leave all."""
        asked = known_units.within(self.snapshot, self.filters.units) if self.filters.units else None
        if self.scope.units is None:
            return asked
        seen = known_units.within(self.snapshot, self.scope.units)
        return seen if asked is None else seen & asked

    @cached_property
    def chats(self) -> ir.Table:
        """``group_id``, ``staff_id``, ``unit_id``, ``created_at`` of the groups that the data describes, in scope and filters."""
        known = self.snapshot.current("groups")
        if self.units is not None:
            known = known.filter(known.unit_id.isin(sorted(self.units)) if self.units else ibis.literal(False))
        return self.snapshot.keep(known.select("group_id", "staff_id", "unit_id", "created_at"))

    @cached_property
    def facts(self) -> Facts:
        return Facts(self.table, self.births, self.actions, self.snapshot.keep)

    @cached_property
    def member_map(self) -> ir.Table:
        return self.snapshot.member_map()

    @cached_property
    def members(self) -> ir.Table:
        """``identity_key``, ``member_id`` of all members. Kept, because nearly every figure joins it."""
        known = self.member_map.filter(self.member_map.is_known)
        return self.snapshot.keep(known.select("identity_key", "member_id"))

    def table(self, name: str) -> ir.Table:
        """A fact table joined to members, without held events, cut to scope and filters."""
        return self._cut(self._linked(name, self.in_channels(name)))

    def anywhere(self, name: str) -> ir.Table:
        """As ``table``, in all channels whatever was asked: where somebody bought says nothing of where they read."""
        return self._cut(self._linked(name, self.visible(name)))

    def visible(self, name: str) -> ir.Table:
        """A fact table as it is, without held events."""
        rows = self.snapshot.table(name)
        return f.visible(rows, self.held) if name == "events" else rows

    @cached_property
    def held(self) -> tuple[str, ...]:
        """Names of events that wait for approval."""
        return _held(self.snapshot)

    @cached_property
    def hull(self) -> Period | None:
        """All days the question is about: the period to date and the one it is held against."""
        if self.period is None or self.as_of_on is None:
            return None
        now, before = comparable(self.period, self.as_of_on)
        return Period(min(now.start_on, before.start_on), max(now.end_on, before.end_on))

    @cached_property
    def actions(self) -> ir.Table:
        """See ``Facts.actions``. Kept, because most figures about members share it."""
        return self.snapshot.keep(self._cut(f.member_days(f.actions(self._in_hull), self.members)))

    def _in_hull(self, name: str) -> ir.Table:
        rows = self.in_channels(name)
        if self.hull is None:
            return rows
        return rows.filter((rows.local_date >= self.hull.start_on) & (rows.local_date < self.hull.end_on))

    def in_channels(self, name: str) -> ir.Table:
        """A fact table as it is, without held events, in the channels asked for where it tells them."""
        rows = self.visible(name)
        if self.filters.channels and schema.table(name).has("channel"):
            rows = rows.filter(rows.channel.isin(self.filters.channels))
        return rows

    def _linked(self, name: str, rows: ir.Table) -> ir.Table:
        if not schema.table(name).has("identity_key"):
            return rows.mutate(member_id=ibis.null("int64"))
        rows = f.linked(rows, self.members)
        if name == "referrals":
            named = self.members.select(referred_key="identity_key", referred_id="member_id")
            rows = rows.left_join(named, "referred_key").drop("referred_key_right")
        return rows

    def _cut(self, rows: ir.Table) -> ir.Table:
        return rows if self.allowed is None else rows.semi_join(self.allowed, "member_id")

    @cached_property
    def births(self) -> ir.Table:
        """See ``facts.births``. Kept, because every figure about members shares it."""
        return self.snapshot.keep(self._cut(ibis.memtable(births(self))))

    @cached_property
    def _profiles(self) -> ir.Table:
        return f.known(f.linked(self.snapshot.current("member_profiles"), self.members))


def births(reading: Reading) -> pa.Table:
    """See ``facts.births``: of all members, ascending, scope and filters aside."""
    return _births(reading.snapshot, reading.zone)


@filed(
    "births1", "events", "order_lines", "group_messages", "group_membership", "member_profiles", "identity_map", "event_names", most=4
)  # fmt: skip
def _births(snapshot: Snapshot, zone: str) -> pa.Table:
    everybody = Reading(snapshot, zone, DEFAULT_CURRENCY, EVERYTHING, Filters())
    profiles = snapshot.current("member_profiles")
    joined = profiles.select("identity_key", local_date=local_date(profiles.joined_at, zone))
    days = ibis.union(f.first_days(everybody.visible), joined)
    return snapshot.arrow(f.births(days, everybody.members).order_by("member_id"))


@per_version(*DATED)
def _span(snapshot: Snapshot) -> tuple[datetime, datetime] | None:
    tables = [snapshot.table(name) for name in DATED if snapshot.files(name)]
    days = _ends(snapshot, tables, "local_date")
    if days is None:
        return None
    # Times are read for the first and the last day only: they are the dearest column to read whole.
    ends = _ends(snapshot, [t.filter(t.local_date.isin(days)) for t in tables], "occurred_at")
    return None if ends is None else (ends[0].replace(tzinfo=UTC), ends[1].replace(tzinfo=UTC))


def _ends(snapshot: Snapshot, tables: Sequence[ir.Table], column: str) -> tuple[Any, Any] | None:
    if not tables:
        return None
    ends = ibis.union(*[t.aggregate(first=t[column].min(), last=t[column].max()) for t in tables])
    row = snapshot.arrow(ends.aggregate(first=ends.first.min(), last=ends.last.max())).to_pylist()[0]
    return None if row["last"] is None else (row["first"], row["last"])


@cache
def _days_of(name: str) -> Callable[[Snapshot], tuple[date, date] | None]:
    """How the first and the last day of a table are read, once per version of it."""

    @per_version(name)
    def read(snapshot: Snapshot) -> tuple[date, date] | None:
        return _ends(snapshot, [snapshot.table(name)], "local_date")

    return read


@per_version("event_names")
def _held(snapshot: Snapshot) -> tuple[str, ...]:
    if not snapshot.files("event_names"):
        return ()
    names = snapshot.current("event_names")
    return tuple(snapshot.arrow(names.filter(names.is_held).select("name"))["name"].to_pylist())


@contextmanager
def reading(
    home: Home,
    filters: Filters = Filters(),
    scope: Scope = EVERYTHING,
    version: int | None = None,
    now: datetime | None = None,
) -> Iterator[Reading]:
    """Open the lake for one question. ``now``: when tags must hold; default: this moment.

    Raises ``VersionGone``, and ``Unknown`` for a segment that does not exist."""
    with home.store.reading() as session:
        if filters.segment is not None:
            segments.one(session, filters.segment)
        money = str(choices.read(session, CURRENCY, DEFAULT_CURRENCY))
    references = References(home.store, now or datetime.now(UTC))
    with home.lake.open(version) as snapshot:
        yield Reading(snapshot, home.settings.zone, money, scope, filters, references)


def options(reading: Reading) -> dict[str, Sequence[tuple[str, str]]]:
    """What the shared filters can be set to: channels in use, and units in scope or below, as (id, name)."""
    channels = [
        reading.snapshot.table(t).select("channel") for t in ("events", "order_lines") if reading.snapshot.files(t)
    ]
    seen: list[str] = []
    if channels:
        found = ibis.union(*channels) if len(channels) > 1 else channels[0]
        seen = sorted(c for c in reading.snapshot.arrow(found.distinct())["channel"].to_pylist() if c)
    named = reading.snapshot.frame(reading.snapshot.current("units").select("unit_id", "name").order_by("unit_id"))
    if reading.scope.units is not None:
        named = named[named["unit_id"].isin(known_units.within(reading.snapshot, reading.scope.units))]
    return {"channels": [(c, c) for c in seen], "units": list(named.itertuples(index=False, name=None))}
