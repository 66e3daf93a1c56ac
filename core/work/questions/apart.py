"""Facts told apart by where they happened, for metrics that are told of many places at once; and facts that warnings alone derive.

What a place holds is what ``figures`` says with a filter for it. **A channel**: facts of tables that tell a channel, of that one; an order is what is seen of it on the
channel. Facts that tell none by their kind (messages and memberships of groups, and when somebody was new) belong to every channel. **A unit**: facts of
members whose profile names the unit or one below it; an order is what is seen of these members' lines, and posts of the staff are of the unit of their group.
**A group**: facts of the group chat, whoever they are of.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core import schema
from core.lake.reader import Snapshot
from core.metrics import facts as f
from core.metrics import posts, sensitive
from core.metrics.daily import NOWHERE
from core.metrics.facts import PLACE, Facts
from core.metrics.sensitive import Rule
from core.metrics.talk import NOT_SAID
from core.periods import Period
from core.risk.measures import SELLING
from core.risk.rules import By
from core.scope import EVERYTHING, Filters
from core.sequences.arrays import Int64s
from core.settings import DEFAULT_CURRENCY
from core.work import rollups
from core.work.questions import occurrences, units, wordlists
from core.work.questions.days import days_with_facts
from core.work.questions.kept import per_version
from core.work.questions.reading import DATED, Reading

Floats = NDArray[np.float64]
ESCALATING = ("escalation",)
"""Categories of the sensitive words by which a message in a group counts as a complaint."""
COMPLAINING = ("complaint", "dispute")
_BESIDE = "\x1f"
"""Between units that a member belongs to: no key holds it."""


class Apart(Facts):
    """``by``: what the facts are told apart by. Those with a column ``place`` name theirs; others belong to every place, or by unit to those of their member.
    ``inside``: days that actions are wanted of. ``is_raw``: actions are one row each, for whoever counts the members of a day anyway."""

    def __init__(self, reading: Reading, by: By, inside: Period, *, is_raw: bool = False) -> None:
        told = {"reading": reading, "by": by, "inside": inside, "is_raw": is_raw}
        self.__dict__.update(told, table=self._table, keep=reading.snapshot.keep)

    reading: Reading
    by: By
    inside: Period
    is_raw: bool

    def _table(self, name: str) -> ir.Table:
        if name in DERIVED:
            found: ir.Table = DERIVED[name](self)
            return found
        return self._placed(name, self._bare(self.reading.table(name)))

    def _bare(self, rows: ir.Table) -> ir.Table:
        """Without the texts of messages, the dearest column of the lake, where all were marked by their words."""
        if "reply_to" in rows.columns and rollups.all_marked(self.reading.snapshot):
            return rows.drop("text")
        return rows

    def _placed(self, name: str, rows: ir.Table) -> ir.Table:
        column = {"channel": "channel", "group": "group_id"}.get(self.by)
        if column is None or not schema.table(name).has(column):
            return rows
        return named(rows, rows[column])

    @cached_property
    def births(self) -> ir.Table:  # type: ignore[override]
        return self.reading.births

    @cached_property
    def actions(self) -> ir.Table:  # type: ignore[override]
        """See ``Facts.actions``; by channel of each member, day and channel."""
        acted, members = f.actions(self._inside), self.reading.members
        rows = acted.inner_join(members, "identity_key") if self.is_raw else f.member_days(acted, members)
        return _cut(rows, self.reading.allowed)

    def _inside(self, name: str) -> ir.Table:
        rows = self.reading.in_channels(name)
        rows = rows.filter((rows.local_date >= self.inside.start_on) & (rows.local_date < self.inside.end_on))
        if self.by != "channel":
            return rows
        if schema.table(name).has("channel"):
            return self._placed(name, rows)
        every = pa.table({PLACE: pa.array(channels(self.reading.snapshot), pa.string())})
        days = rows.select("identity_key", "local_date", "sender_kind").distinct()
        return days.cross_join(ibis.memtable(every))

    @cached_property
    def orders(self) -> ir.Table:
        """As ``Facts.orders``, with ``main_product_id``; what lies between two orders of a member is not looked up."""
        lines = self._table("order_lines")
        if self.by == "unit":
            lines = lines.inner_join(ibis.memtable(belonging(self.reading.snapshot).rows()), "member_id")
        return f.orders(lines, with_product=True).mutate(gap_days=ibis.null("int64"))


def _cut(rows: ir.Table, allowed: ir.Table | None) -> ir.Table:
    return rows if allowed is None else rows.semi_join(allowed, "member_id")


def named(rows: ir.Table, place: ir.Value) -> ir.Table:
    """Rows that name a place, with it."""
    return rows.mutate(**{PLACE: place.cast("string")}).filter(ibis._[PLACE].notnull())


# -- which places there are --------------------------------------------------------------------------------------------


@per_version(*DATED)
def channels(snapshot: Snapshot) -> tuple[str, ...]:
    """Channels that facts name, in order."""
    return tuple(sorted(_distinct(snapshot, "channel")))


@per_version(*DATED)
def groups(snapshot: Snapshot) -> dict[str, int]:
    """Groups that facts name, in order, each with the first day of any, in days since 1970."""
    rows = [
        named(snapshot.table(name), snapshot.table(name).group_id).select(PLACE, "local_date")
        for name in ("group_messages", "group_membership", "group_rosters")
        if snapshot.files(name)
    ]
    if not rows:
        return {}
    every = ibis.union(*rows) if len(rows) > 1 else rows[0]
    found = snapshot.arrow(every.group_by(PLACE).aggregate(local_date=every.local_date.min()).order_by(PLACE))
    return dict(zip(found[PLACE].to_pylist(), occurrences.since_1970(found).tolist(), strict=True))


def _distinct(snapshot: Snapshot, column: str) -> set[str]:
    tables = [
        snapshot.table(name).select(column) for name in DATED if snapshot.files(name) and schema.table(name).has(column)
    ]
    if not tables:
        return set()
    every = ibis.union(*[one.distinct() for one in tables]) if len(tables) > 1 else tables[0]
    return {one for one in snapshot.arrow(every.distinct())[column].to_pylist() if one is not None}


@dataclass(frozen=True, slots=True, eq=False)
class Belonging:
    """``units``: all that data names, in order. Members who belong to the same units are of one sort: ``member`` (ids, ascending) and ``sort`` of those who belong to any;
    ``has[sort, unit]``: 1 where the sort belongs to the unit, itself or by one below it. The last sort belongs to none."""

    units: tuple[str, ...]
    member: Int64s
    sort: Int64s
    has: Floats

    def rows(self) -> pa.Table:
        """``member_id``, ``place``: one row per member and unit."""
        sort, unit = np.nonzero(self.has)
        low, high = np.searchsorted(sort, self.sort, side="left"), np.searchsorted(sort, self.sort, side="right")
        count = high - low
        which = np.repeat(np.arange(len(count)), count)
        row = np.arange(len(which)) + np.repeat(low - (np.cumsum(count) - count), count)
        names = pa.DictionaryArray.from_arrays(pa.array(unit[row], pa.int32()), pa.array(self.units, pa.string()))
        return pa.table({"member_id": self.member[which], PLACE: names.cast(pa.string())})

    def sorts(self, member: Int64s) -> Int64s:
        """The sort of each of some members."""
        nobody = len(self.has) - 1
        if not len(self.member):
            return np.full(len(member), nobody, np.int64)
        at = np.minimum(np.searchsorted(self.member, member), len(self.member) - 1)
        return np.where(self.member[at] == member, self.sort[at], nobody)


@per_version("units", "member_profiles", "identity_map", "groups", most=4)
def belonging(snapshot: Snapshot) -> Belonging:
    everybody = Reading(snapshot, "UTC", DEFAULT_CURRENCY, EVERYTHING, Filters())
    profiles = f.known(f.linked(snapshot.current("member_profiles"), everybody.members))
    named = profiles.filter(profiles.unit_id.notnull()).select("member_id", "unit_id").distinct()
    together = named.group_by("member_id").aggregate(units=named.unit_id.collect(order_by="unit_id").join(_BESIDE))
    rows = snapshot.arrow(together.order_by("member_id"))
    sorts = rows["units"].combine_chunks().dictionary_encode()
    known, above = units_of(snapshot), above_each(snapshot)
    code = {one: number for number, one in enumerate(known)}
    has = np.zeros((len(sorts.dictionary) + 1, len(known)))
    for number, joined in enumerate(sorts.dictionary.to_pylist()):
        has[number, [code[up] for one in joined.split(_BESIDE) for up in above[one]]] = 1
    return Belonging(known, rows["member_id"].to_numpy(), sorts.indices.to_numpy().astype(np.int64), has)


def units_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Units that data names: of their own, of members and of groups."""
    rows = [snapshot.table(name).select("unit_id") for name in ("units", "member_profiles", "groups")]
    found = snapshot.arrow(ibis.union(*rows).distinct())["unit_id"].to_pylist()
    return tuple(sorted({one for one in found if one}))


def above_each(snapshot: Snapshot) -> dict[str, list[str]]:
    """Each unit with itself and those above it, in order."""
    found: dict[str, list[str]] = {one: [] for one in units_of(snapshot)}
    for one in found:
        for lower in units.within(snapshot, (one,)):
            if lower in found:
                found[lower].append(one)
    return found


# -- facts derived for warnings ----------------------------------------------------------------------------------------


def _visits(facts: Apart) -> ir.Table:
    reading = facts.reading
    told = occurrences.visits(reading.snapshot, reading.zone)
    day = pa.array((told["hour"].to_numpy() // occurrences.HOURS).astype(np.int32)).cast(pa.date32())
    rows = ibis.memtable(told.select(["member_id", "channel", "unit_id"]).append_column("local_date", day))
    where = {name: rows[name].cast("string").nullif(NOWHERE) for name in ("channel", "unit_id")}
    rows = rows.mutate(member_id=rows.member_id.nullif(0), **where)
    if reading.filters.channels:
        rows = rows.filter(rows.channel.isin(reading.filters.channels))
    rows = _cut(rows, reading.allowed)
    rows = named(rows, rows.channel) if facts.by == "channel" else rows
    return f.told(rows, "member_id", "local_date", "channel", "unit_id")


def _posts(facts: Apart) -> ir.Table:
    """Of groups in the scope and filters."""
    reading = facts.reading
    rows = reading.in_channels("group_messages")
    rows = rows.filter(posts.is_post(rows) & rows.group_id.notnull())
    kind = rows.message_kind.fill_null("text")
    is_selling = rows.text.fill_null("").re_search(SELLING) | (kind == "mini_program")
    rows = rows.select("group_id", "local_date", is_selling=is_selling, is_content=posts.sort(rows) == "content")
    if reading.units is not None:
        rows = rows.semi_join(reading.chats, "group_id")
    if facts.by == "unit":
        told = reading.snapshot.current("groups").select("group_id", "unit_id")
        above = above_each(reading.snapshot)
        pairs = [{"unit_id": one, PLACE: up} for one, ups in above.items() for up in ups]
        tree = ibis.memtable(pa.Table.from_pylist(pairs, pa.schema([("unit_id", pa.string()), (PLACE, pa.string())])))
        rows = rows.inner_join(told, "group_id").inner_join(tree, "unit_id")
    if facts.by == "group":
        rows = named(rows, rows.group_id)
    return f.told(rows, "group_id", "local_date", "is_selling", "is_content")


def _memberships(facts: Apart) -> ir.Table:
    reading = facts.reading
    rows = rollups.rows(reading.snapshot, reading.zone, "states")
    if rows is None:
        states = {
            "group_id": "string",
            "member_id": "int64",
            "local_date": "date",
            "is_in": "boolean",
            "was_in": "boolean",
            "is_first": "boolean",
        }
        rows = ibis.memtable(pa.table({name: pa.array([], pa.null()) for name in states})).cast(states)
    rows = _cut(rows, reading.allowed)
    rows = named(rows, rows.group_id) if facts.by == "group" else rows
    return f.told(rows, "group_id", "member_id", "local_date", "is_in", "was_in", "is_first")


def _alarming(facts: Apart) -> ir.Table:
    reading = facts.reading
    answers, said = reading.table("feedback"), reading.table("group_messages")
    answers = answers.filter(answers.feedback_kind.isin(COMPLAINING))
    is_said = (said.sender_kind == "member") & said.message_kind.fill_null("text").notin(NOT_SAID)
    rules = [rule for rule in wordlists.rules() if rule.of in ("member", "both")]
    loud = [rule for rule in rules if rule.category in ESCALATING]
    nowhere = ibis.null("string")
    rows = _broken(reading, answers.mutate(group_id=nowhere, category=answers.category.cast("string")), rules)
    loudly = said.filter(is_said).mutate(group_id=said.group_id.cast("string"), category=nowhere)
    rows = rows.union(_broken(reading, loudly, loud))
    rows = named(rows, rows.group_id) if facts.by == "group" else rows
    return f.told(rows, "member_id", "local_date", "group_id", "category")


def _broken(reading: Reading, rows: ir.Table, rules: Sequence[Rule]) -> ir.Table:
    """Rows whose text breaks one of the rules. Each distinct text is looked at once."""
    rows = rows.filter(rows.text.notnull())
    texts = rows.select("text").distinct()
    is_broken = ibis.literal(False)
    for rule in rules:
        is_broken = is_broken | sensitive.breaks(texts.text, rule)
    return rows.semi_join(reading.snapshot.keep(texts.filter(is_broken)), "text").select(
        "member_id", "local_date", "group_id", "category"
    )


def _days(facts: Apart) -> ir.Table:
    known = days_with_facts(facts.reading.snapshot, facts.reading.zone)
    return ibis.memtable(pa.table({"local_date": pa.array(known.astype(np.int32), pa.int32()).cast(pa.date32())}))


DERIVED: dict[str, Callable[[Apart], ir.Table]] = {
    "visits": _visits, "posts": _posts, "memberships": _memberships, "alarming": _alarming, "days": _days,
}  # fmt: skip
