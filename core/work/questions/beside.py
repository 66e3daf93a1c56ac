"""What else happened on some days: incidents, campaigns, feasts, the house's own events, imports that brought rows of them or took some back, and data that is not there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import ibis
import pyarrow as pa

from core import calendar as public
from core.calendar import DayKind
from core.errors import VersionGone
from core.lake.reader import Snapshot
from core.models.forecast.agenda import Kind as OwnKind
from core.periods import Period, business_date
from core.scope import Operator
from core.store.tables import Batch
from core.work.home import Home
from core.work.questions import calendar, incidents
from core.work.questions.calendar import Offered
from core.work.questions.reading import Reading

Kind = Literal["import", "rollback", "missing", "late", "incident"] | DayKind | OwnKind
"""``campaign``: one of the data, or one that the house wrote into its calendar. ``event``: a built-in one with its run-up. ``missing``: days without a row of a table that has some every
day; ``late``: such days that nothing follows."""
BEFORE_DAYS = 3
"""Causes may lie so many days before what they cause."""
USUAL_DAYS = 14
"""A table with rows on all of so many days before has some every day."""


@dataclass(frozen=True, slots=True)
class Beside:
    """``name``: of the feast, event or campaign, of an import its file (empty for who may not see the sources), of missing data its table. ``key``: id of the campaign or incident, or number of the batch. ``from_on``, ``to_on``: first and last
    day; of imports those of the days asked about that it has rows of. ``count``: of imports, rows of these days that it brought or took away; null where nobody can tell any more. ``at``: when an
    import was or was taken back."""

    kind: Kind
    name: str
    from_on: date
    to_on: date
    key: str = ""
    count: int | None = None
    at: datetime | None = None


def happened(
    home: Home, operator: Operator, reading: Reading, tables: Sequence[str], first: date, last: date, *, now: datetime
) -> tuple[Beside, ...]:
    """Everything on the days from ``BEFORE_DAYS`` before ``first`` to ``last``, by first day, then kind and name. ``tables``: the fact tables whose rows matter.

    It is of the whole house, but for incidents, of which the operator sees those in own units. Raises ``Forbidden``."""
    span = Period(first - timedelta(days=BEFORE_DAYS), last + timedelta(days=1))
    rows = _rows(reading.snapshot, tables, Period(span.start_on - timedelta(days=USUAL_DAYS), span.end_on))
    found = [
        *_incidents(home, operator, span, now),
        *_planned(home, reading, span),
        *_imported(home, operator, rows, span),
        *_taken_back(home, operator, tables, span),
        *_missing(rows, tables, span),
    ]
    return tuple(sorted(found, key=lambda one: (one.from_on, one.kind, one.name, one.key)))


def campaigns(reading: Reading, span: Period) -> list[Offered]:
    """Campaigns of the data that touch some days, by first day, then name."""
    found = [one for one in calendar.campaigns(reading) if one.last_on >= span.start_on and one.first_on < span.end_on]
    return sorted(found, key=lambda one: (one.first_on, one.name))


def feasts(span: Period) -> list[tuple[DayKind, str, date, date]]:
    """Holidays and festivals on some days: kind, name, first and last day. Days of one feast that follow each other are one."""
    runs: list[tuple[DayKind, str, date, date]] = []
    for day in public.days(span.start_on, span.end_on):
        if day.kind == "workday":
            continue
        run = next((one for one in runs if one[1] == day.name and (day.on - one[3]).days == 1), None)
        if run:
            runs[runs.index(run)] = (*run[:3], day.on)
        else:
            runs.append((day.kind, day.name, day.on, day.on))
    return runs


def _incidents(home: Home, operator: Operator, span: Period, now: datetime) -> Iterator[Beside]:
    for one in incidents.during(home, operator, span.start_on, span.end_on, now=now):
        yield Beside("incident", one.title, one.first_on, one.last_on, str(one.id))


def _planned(home: Home, reading: Reading, span: Period) -> Iterator[Beside]:
    for one in campaigns(reading, span):
        yield Beside("campaign", one.name, one.first_on, one.last_on, one.campaign_id)
    for kind, name, first, last in feasts(span):
        yield Beside(kind, name, first, last)
    for occasion in calendar.occasions(home, span.start_on, span.end_on):
        if not occasion.is_off:
            event = occasion.event
            yield Beside(occasion.kind, event.name, event.first_on, event.last_on, occasion.key or "")


# -- imports -----------------------------------------------------------------------------------------------------------


def _rows(snapshot: Snapshot, tables: Iterable[str], span: Period) -> pa.Table:
    """Rows per table, day and batch: ``name``, ``local_date``, ``batch_id``, ``count``."""
    each = []
    for name in tables:
        rows = snapshot.table(name)
        inside = rows.filter((rows.local_date >= span.start_on) & (rows.local_date < span.end_on))
        counted = inside.group_by("local_date", "batch_id").aggregate(count=inside.count())
        each.append(counted.select("local_date", "batch_id", "count", name=ibis.literal(name)))
    return snapshot.arrow(ibis.union(*each) if len(each) > 1 else each[0])


def _by_batch(rows: pa.Table, span: Period) -> dict[int, tuple[date, date, int]]:
    """First and last day of each batch's rows of some days, and how many they are."""
    found: dict[int, tuple[date, date, int]] = {}
    for row in rows.to_pylist():
        day, batch = row["local_date"], row["batch_id"]
        if span.start_on <= day < span.end_on:
            first, last, count = found.get(batch, (day, day, 0))
            found[batch] = (min(first, day), max(last, day), count + row["count"])
    return found


def _imported(home: Home, operator: Operator, rows: pa.Table, span: Period) -> Iterator[Beside]:
    brought = _by_batch(rows, span)
    with home.store.reading() as session:
        for number, (first, last, count) in brought.items():
            batch = session.get(Batch, number)
            at = None if batch is None else batch.finished_at
            yield Beside("import", _file(batch, operator), first, last, str(number), count, at)


def _file(batch: Batch | None, operator: Operator) -> str:
    return batch.file_name if batch is not None and operator.can("sources.see") else ""


def _taken_back(home: Home, operator: Operator, tables: Sequence[str], span: Period) -> Iterator[Beside]:
    """Batches that were rolled back from the first of the days on, where they had rows of them by the version before."""
    for manifest in home.lake.manifests.log():
        if (
            manifest.kind != "rollback"
            or manifest.batch_id is None
            or business_date(manifest.at, home.settings.zone) < span.start_on
        ):
            continue
        with home.store.reading() as session:
            name = _file(session.get(Batch, manifest.batch_id), operator)
        try:
            with home.lake.open(manifest.version - 1) as before:
                held = _by_batch(_rows(before, tables, span), span).get(manifest.batch_id)
        except VersionGone:
            on = span.start_on, span.last_on
            yield Beside("rollback", name, *on, str(manifest.batch_id), None, manifest.at)
            continue
        if held is not None:
            yield Beside("rollback", name, held[0], held[1], str(manifest.batch_id), held[2], manifest.at)


def _missing(rows: pa.Table, tables: Iterable[str], span: Period) -> Iterator[Beside]:
    told = {(row["name"], row["local_date"]) for row in rows.to_pylist()}
    for name in tables:
        before = (span.start_on - timedelta(days=place + 1) for place in range(USUAL_DAYS))
        if not all((name, day) in told for day in before):
            continue
        gaps = [day for day in _days(span) if (name, day) not in told]
        for first, last in _runs(gaps):
            is_late = last == span.last_on
            yield Beside("late" if is_late else "missing", name, first, last)


def _days(span: Period) -> list[date]:
    return [span.start_on + timedelta(days=place) for place in range(span.days)]


def _runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """First and last of days that follow each other."""
    runs: list[tuple[date, date]] = []
    for day in days:
        if runs and (day - runs[-1][1]).days == 1:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs
