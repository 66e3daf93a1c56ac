"""Daily statistics of groups beside what messages and callbacks told, and since when each source tells anything."""

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from core.metrics import community, group_statistics
from core.metrics.community import within
from core.periods import Period
from core.work import rollups
from core.work.questions.places import TOTAL, By, dimension, placed
from core.work.questions.reading import Reading

SOURCES = {
    "statistics": "group_statistics", "rosters": "group_rosters", "callbacks": "group_membership", "messages": "group_messages",
}  # fmt: skip
"""What tells of groups: the platform's daily statistics, lists of members, joins and leaves as they happened, messages."""
PAIRS = ("messages", "joined", "members")


@dataclass(frozen=True, slots=True)
class Statistics:
    """``rows``: one per key with statistics in the period, ordered by it: ``key``, ``name``, ``days``, ``first_on``, ``last_on`` and for messages,
    joins and members ``…_told`` by the platform, ``…_counted``, ``…_lost`` (told less counted; null where either is unknown).
    ``total``: the same of all, one row or none. ``sources``: one per source that the lake has: ``source``, ``since_on``, ``until_on``,
    ``days`` (with anything), ``missing_days`` (between the two), ``count`` of rows."""

    by: By
    now: Period
    as_of_on: date
    rows: pd.DataFrame
    total: pd.DataFrame
    sources: pd.DataFrame


def reconciled(reading: Reading, by: By = "group") -> Statistics | None:
    """None in a lake without data. All that is written and everybody who joins counts, whatever segment is asked for: the platform's
    statistics name nobody. A scope of units leaves its groups; statistics of an owner count where all of the owner's groups lie in it."""
    if reading.period is None or reading.as_of_on is None:
        return None
    now = reading.period.to_date(reading.as_of_on)
    rows = _compared(reading, now, by)
    total = rows if by == "total" else _compared(reading, now, "total")
    return Statistics(by, now, reading.as_of_on, rows, total, sources(reading))


def sources(reading: Reading) -> pd.DataFrame:
    """Since when each source tells of the groups in scope; whatever the period is."""
    found = []
    for source, table in SOURCES.items():
        if not reading.snapshot.files(table):
            continue
        rows = _in_scope(reading, reading.visible(table))
        said = reading.snapshot.arrow(
            rows.aggregate(
                since_on=rows.local_date.min(),
                until_on=rows.local_date.max(),
                days=rows.local_date.nunique(),
                count=rows.count(),
            )
        ).to_pylist()[0]
        if said["count"]:
            span = (said["until_on"] - said["since_on"]).days + 1
            found.append({"source": source, **said, "missing_days": span - said["days"]})
    names = ["source", "since_on", "until_on", "days", "missing_days", "count"]
    return pd.DataFrame(found, columns=names)


def _compared(reading: Reading, now: Period, by: By) -> pd.DataFrame:
    told = _told(reading, now, by)
    names = [
        "key",
        "name",
        "days",
        "first_on",
        "last_on",
        *(f"{p}_{s}" for p in PAIRS for s in ("told", "counted", "lost")),
    ]
    if told is None:
        return pd.DataFrame(columns=names)
    owners = _owners(reading)
    messages = _written(reading, owners, now)
    joins = _joins(reading, owners, now)
    inside = _inside(reading, told, owners)
    none = ibis.memtable({"series": [""], "local_date": [date(1970, 1, 1)], "counted": [0]})
    at = none.select("series", "counted")
    table = group_statistics.compared(
        told, none if messages is None else messages, none if joins is None else joins, at if inside is None else inside
    )
    found = reading.snapshot.frame(table).astype({"key": object})
    for pair, known in zip(PAIRS, (messages, joins, inside), strict=True):
        if known is None:
            found[f"{pair}_counted"] = pd.array([None] * len(found), "Int64")
        for side in ("told", "counted"):
            found[f"{pair}_{side}"] = found[f"{pair}_{side}"].astype("Int64")
        found[f"{pair}_lost"] = found[f"{pair}_told"] - found[f"{pair}_counted"]
    called = dimension(reading, by).astype({"key": object})
    named = dict(zip(called["key"], called["name"], strict=True))
    found["name"] = [named.get(key) for key in found["key"]]
    for name in ("first_on", "last_on"):
        found[name] = pd.to_datetime(found[name]).dt.date
    return found[names].sort_values("key", ignore_index=True)


def _told(reading: Reading, now: Period, by: By) -> ir.Table | None:
    """Statistics of the period with ``key`` and ``series`` (``g:`` a group, ``o:`` an owner, ``all``)."""
    if not reading.snapshot.files("group_statistics"):
        return None
    rows = reading.visible("group_statistics")
    newest = reading.snapshot.keep(group_statistics.newest(rows.filter(within(rows, now))))
    owners = _owners(reading)
    groups = _in_scope(reading, newest.filter(newest.group_id.notnull()))
    parts = [groups.mutate(series=ibis.literal("g:") + groups.group_id)]
    if by != "group":
        lone = group_statistics.of_owners(newest, owners)
        if reading.units is not None:
            lone = lone.semi_join(
                _whole_owners(reading, owners), [lone.staff_id == _whole_owners(reading, owners).owner]
            )
        parts.append(lone.mutate(series=ibis.literal("o:") + lone.staff_id))
    if by == "total" and reading.units is None:
        every = newest.filter(newest.group_id.isnull() & newest.staff_id.isnull())
        dated = reading.snapshot.keep(ibis.union(*parts).select(_on="local_date").distinct())
        alone = every.anti_join(dated, every.local_date == dated._on)
        parts.append(alone.mutate(series=ibis.literal("all")))
    every = reading.snapshot.keep(ibis.union(*parts) if len(parts) > 1 else parts[0])
    return reading.snapshot.keep(_keyed(reading, every, by))


def _keyed(reading: Reading, rows: ir.Table, by: By) -> ir.Table:
    if by == "total":
        return rows.mutate(key=ibis.literal(TOTAL))
    if by == "group":
        return rows.mutate(key=rows.group_id)
    place = placed(reading, by).rename(_group="group_id", _key="key")
    joined = rows.left_join(place, rows.group_id == place._group)
    if by == "owner":
        return joined.mutate(key=joined._key.coalesce(joined.staff_id).fill_null("")).drop("_group", "_key")
    staff = reading.snapshot.current("staff").select(_staff="staff_id", _unit="unit_id")
    joined = reading.snapshot.keep(joined.select(*rows.columns, "_key"))
    found = joined.left_join(staff, joined.staff_id == staff._staff)
    return found.mutate(key=found._key.coalesce(found._unit).fill_null("")).drop("_key", "_staff", "_unit")


def _owners(reading: Reading) -> ir.Table:
    """``group_id``, ``owner`` of all groups."""
    known = reading.snapshot.current("groups")
    return reading.snapshot.keep(known.select("group_id", owner=known.staff_id, unit_id=known.unit_id))


def _whole_owners(reading: Reading, owners: ir.Table) -> ir.Table:
    """``owner``: those all of whose groups lie in the scope."""
    assert reading.units is not None
    inside = owners.unit_id.isin(sorted(reading.units)) if reading.units else ibis.literal(False)
    whole = owners.mutate(_inside=inside.fill_null(False)).group_by("owner").aggregate(_all=ibis._._inside.all())
    return whole.filter(whole._all & whole.owner.notnull()).select("owner")


def _in_scope(reading: Reading, rows: ir.Table) -> ir.Table:
    """Rows of groups in the scope; without one, all."""
    return rows if reading.units is None else rows.semi_join(placed(reading, "group"), "group_id")


def _series(reading: Reading, rows: ir.Table, owners: ir.Table, *by: str) -> ir.Table:
    """Counts of groups as counts of every series they are in: their own, their owner's, and all. ``rows``: ``group_id``, ``by``, ``n``."""
    joined = reading.snapshot.keep(
        rows.left_join(owners.select("group_id", "owner"), "group_id").select(*rows.columns, "owner")
    )
    parts = [
        joined.select(*by, "n", series=ibis.literal("g:") + joined.group_id),
        joined.filter(joined.owner.notnull()).select(*by, "n", series=ibis.literal("o:") + joined.owner),
        joined.select(*by, "n", series=ibis.literal("all")),
    ]
    every = ibis.union(*parts)
    return reading.snapshot.keep(every.group_by("series", *by).aggregate(counted=every.n.sum()))


def _written(reading: Reading, owners: ir.Table, now: Period) -> ir.Table | None:
    rows = rollups.rows(reading.snapshot, reading.zone, "written")
    if rows is None:
        return None
    rows = rows.filter(within(rows, now)).select("group_id", "local_date", n="messages")
    return _series(reading, rows, owners, "local_date")


def _joins(reading: Reading, owners: ir.Table, now: Period) -> ir.Table | None:
    """Joins that callbacks told."""
    if not reading.snapshot.files("group_membership"):
        return None
    moves = reading.visible("group_membership")
    joins = moves.filter((moves.change == "join") & within(moves, now) & moves.group_id.notnull())
    rows = joins.group_by("group_id", "local_date").aggregate(n=joins.count())
    return _series(reading, rows, owners, "local_date")


def _inside(reading: Reading, told: ir.Table, owners: ir.Table) -> ir.Table | None:
    """Who was in each series' groups at the end of its last day, each person once per group."""
    states = rollups.rows(reading.snapshot, reading.zone, "states")
    if states is None:
        return None
    last = reading.snapshot.keep(group_statistics.lasts(told).select("series", on="local_date"))
    groups = reading.snapshot.keep(owners.select("group_id", "owner"))
    own = last.filter(last.series.startswith("g:"))
    own = own.select("series", "on", group_id=own.series.substr(2))
    theirs = last.filter(last.series.startswith("o:"))
    theirs = theirs.mutate(_owner=theirs.series.substr(2))
    theirs = theirs.inner_join(groups, theirs._owner == groups.owner).select("series", "on", "group_id")
    every = (
        states.select("group_id")
        .distinct()
        .cross_join(last.filter(last.series == "all"))
        .select("series", "on", "group_id")
    )
    asked = reading.snapshot.keep(ibis.union(own, theirs, every).rename(_group="group_id"))
    joined = states.inner_join(asked, states.group_id == asked._group)
    until = joined["on"] + ibis.interval(days=1)
    there = joined.filter(community.inside(joined, until.cast("date")))  # type: ignore[arg-type]
    counted = there.group_by("series").aggregate(counted=there.count())
    return reading.snapshot.keep(counted)
