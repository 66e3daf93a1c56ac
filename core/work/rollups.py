"""Rollups of group chats: made when the lake changes, read by every question about groups.

A question asks ``rows`` for one and gets it in any case: from its file, or made on the spot where the worker has not come to it yet.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import ibis.expr.types as ir
import pyarrow.parquet as pq

from core.lake.engine.duckdb import as_instant
from core.lake.reader import Snapshot
from core.lake.rollups import Rollups, named
from core.lake.writer import PARQUET, local_date, local_time
from core.metrics import community, facts, replies, rosters, talk, voices
from core.schema import Column
from core.work.home import Home
from core.work.questions.kept import per_version

SOON = 200_000
"""Rows that whoever changes the lake rolls up at once; it takes a moment. More are left to the worker."""
_GROUP, _WHO = Column("group_id", "code", "group chat", True), Column("member_id", "key", "member")
_ON = Column("local_date", "day", "business date", True)


@dataclass(frozen=True)
class Rollup:
    """``needs``: tables of which at least one must be there; ``also``: others that its rows depend on. ``make``: of a snapshot and the
    business zone."""

    columns: tuple[Column, ...]
    needs: tuple[str, ...]
    also: tuple[str, ...]
    make: Callable[[Snapshot, str], ir.Table]

    def name(self, kind: str, snapshot: Snapshot, zone: str) -> str:
        return named(kind, snapshot.manifest, (*self.needs, *self.also), zone)

    def is_possible(self, snapshot: Snapshot) -> bool:
        return any(snapshot.files(table) for table in self.needs)


def rows(snapshot: Snapshot, zone: str, kind: str) -> ir.Table | None:
    """A rollup of this version of the lake, kept as long as the snapshot is open; None where nothing of it was ever brought."""
    rollup = KINDS[kind]
    if not rollup.is_possible(snapshot):
        return None
    name = rollup.name(kind, snapshot, zone)
    file = Rollups(snapshot.root).find(name)
    if file is None:
        return snapshot.keep(rollup.make(snapshot, zone))
    return snapshot.cursor.parquet(name, [str(file)], rollup.columns)


def refresh(home: Home, *, most: int | None = None) -> int:
    """Make the rollups that the newest version of the lake lacks. Returns how many were made.

    ``most``: rows beyond which nothing is done, for callers that somebody waits for. May be called by several processes at
    once, and killed: what is half made is never seen.
    """
    made = 0
    with home.lake.open() as snapshot:
        for kind, name in _wanted(home, snapshot).items():
            rollups = Rollups(snapshot.root)
            if rollups.find(name) or (most is not None and _size(snapshot, KINDS[kind].needs) > most):
                continue
            found = _stored(KINDS[kind], KINDS[kind].make(snapshot, home.settings.zone))
            rollups.publish(name, partial(snapshot.cursor.backend.to_parquet, found, **PARQUET))
            made += 1
    return made


def sweep(home: Home) -> int:
    """Remove rollups that nobody needs any more. Returns how many."""
    with home.lake.open() as snapshot:
        return Rollups(snapshot.root).sweep(_wanted(home, snapshot).values())


def follow(home: Home) -> None:
    """Roll up what a change brought, when that is quickly done. The change stands already, so a full disk is no fault of it: the
    worker tries again, and says so."""
    with suppress(OSError):
        refresh(home, most=SOON)


def _wanted(home: Home, snapshot: Snapshot) -> dict[str, str]:
    zone = home.settings.zone
    return {kind: r.name(kind, snapshot, zone) for kind, r in KINDS.items() if r.is_possible(snapshot)}


def _stored(rollup: Rollup, found: ir.Table) -> ir.Table:
    """As a file holds it: times as instants, as in the lake's own files."""
    return found.mutate(**{c.name: as_instant(found[c.name]) for c in rollup.columns if c.kind == "time"})


def _size(snapshot: Snapshot, tables: tuple[str, ...]) -> int:
    return sum(pq.read_metadata(Path(file)).num_rows for table in tables for file in snapshot.files(table))


# -- how each is made --------------------------------------------------------------------------------------------------


def _linked(snapshot: Snapshot, table: str) -> ir.Table:
    """Rows with ``member_id``, without their texts where every message was marked by its words when it was brought."""
    found = snapshot.table(table)
    if "text" in found.columns and all_marked(snapshot):
        found = found.drop("text")  # the dearest column of the lake
    return facts.linked(found, _members(snapshot))


def _members(snapshot: Snapshot) -> ir.Table:
    known = snapshot.member_map()
    return known.filter(known.is_known).select("identity_key", "member_id")


def _talked(snapshot: Snapshot, _zone: str) -> ir.Table:
    return community.talked(_linked(snapshot, "group_messages")).order_by("local_date", "group_id")


def _first_words(snapshot: Snapshot, zone: str) -> ir.Table:
    talked = rows(snapshot, zone, "talked")
    assert talked is not None
    return community.first_words(talked)


def _written(snapshot: Snapshot, _zone: str) -> ir.Table:
    return community.written(snapshot.table("group_messages"))


def _answered(snapshot: Snapshot, zone: str) -> ir.Table:
    messages = _linked(snapshot, "group_messages")
    messages = messages.filter(messages.group_id.notnull())
    found = replies.answered(replies.questions(messages), messages)
    waited = replies.waited(local_time(found.occurred_at, zone), local_time(found.answered_at, zone))
    return found.mutate(waited_seconds=waited.cast("int64"))


def _states(snapshot: Snapshot, zone: str) -> ir.Table:
    return states(snapshot, zone)


def states(snapshot: Snapshot, zone: str, before: date | None = None) -> ir.Table:
    """Who was in which group when (``rosters.states``), from what callbacks and lists told before a day."""

    def known(rows: ir.Table) -> ir.Table:
        return rows if before is None else rows.filter(rows.local_date < before)

    told = rosters.told(known(_linked(snapshot, "group_membership")).filter(lambda t: t.group_id.notnull()))
    if not snapshot.files("group_rosters"):
        return rosters.states(told)
    lists = known(_linked(snapshot, "group_rosters"))
    listed = rosters.listed(lists.mutate(joined_on=local_date(lists.joined_at, zone)))
    looks = snapshot.keep(rosters.looks(known(snapshot.table("group_rosters"))))
    told, listed = snapshot.keep(told), snapshot.keep(listed)
    return rosters.states(rosters.evidence(told, listed, looks))


def _exchanges(snapshot: Snapshot, _zone: str) -> ir.Table:
    messages = _linked(snapshot, "group_messages")
    asks = messages.is_question
    if "text" in messages.columns:
        asks = asks.fill_null(talk.is_question(messages.text))
    turns = snapshot.keep(voices.turns(messages.mutate(is_question=asks.fill_null(False))))
    return voices.exchanges(turns).order_by("local_date", "group_id")


def _worded(snapshot: Snapshot) -> ir.Table:
    """Messages with what their words say; the dearest to read."""
    return voices.marked(facts.linked(snapshot.table("group_messages"), _members(snapshot)))


def _pieces(snapshot: Snapshot, _zone: str) -> ir.Table:
    return voices.pieces(_worded(snapshot))


def _adopted(snapshot: Snapshot, _zone: str) -> ir.Table:
    return voices.adopted(_worded(snapshot))


@per_version("group_messages")
def all_marked(snapshot: Snapshot) -> bool:
    """Whether every message was marked by its words when it was brought in."""
    found = snapshot.table("group_messages")
    return not snapshot.value(found.filter(found.is_heard.isnull()).count())


KINDS = {
    "talked": Rollup(
        (_GROUP, _WHO, _ON, Column("said", "count", "messages that count", True)), ("group_messages",), ("identity_map",), _talked
    ),
    "first_words": Rollup(
        (_GROUP, _WHO, Column("first_on", "day", "day of the first message", True)), ("group_messages",), ("identity_map",), _first_words
    ),
    "written": Rollup((_GROUP, _ON, Column("messages", "count", "all messages", True)), ("group_messages",), (), _written),
    "answered": Rollup(
        (
            _GROUP, _WHO, Column("occurred_at", "time", "asked", True), _ON, Column("answered_at", "time", "answered; null = not"),
            Column("waited_seconds", "count", "between the two, on duty"),
        ),
        ("group_messages",), ("identity_map",), _answered,
    ),
    "exchanges": Rollup(
        (
            _GROUP, _WHO, Column("other_id", "key", "member who reacted"), _ON, Column("since_on", "day", "day of what was reacted to"),
            Column("asked_batch", "count", "batch of the question that it answers"), Column("asked_row", "count", "row of that question"),
        ),
        ("group_messages",), ("identity_map",), _exchanges,
    ),
    "pieces": Rollup(
        (_GROUP, _WHO, _ON, Column("made", "count", "content of one's own", True), Column("suggested", "count", "suggestions", True)),
        ("group_messages",), ("identity_map",), _pieces,
    ),
    "adopted": Rollup((_GROUP, _WHO, _ON), ("group_messages",), ("identity_map",), _adopted),
    "states": Rollup(
        (
            _GROUP, _WHO, _ON, Column("tick", "count", "when: microseconds since 1970, twice", True), Column("is_in", "flag", "in from then on", True), Column("is_listed", "flag", "known from a list alone", True),
            Column("next_on", "day", "day of what is known next"), Column("until_on", "day", "day since when out again"),
            Column("is_first", "flag", "nothing earlier is known", True), Column("was_in", "flag", "in before", True),
        ),
        ("group_membership", "group_rosters"), ("identity_map",), _states,
    ),
}  # fmt: skip
"""``talked``, ``first_words``, ``written``: see ``core.metrics.community``; ``answered``: ``core.metrics.replies`` with the seconds waited on duty;
``states``: ``core.metrics.rosters``; ``exchanges``, ``pieces``, ``adopted``: ``core.metrics.voices``."""
