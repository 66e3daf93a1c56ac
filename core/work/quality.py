"""Data quality: what each import was worth, per batch and per source over time.

Every check yields at most one finding per batch, with a code (its text key is ``quality.<code>``), a severity and a count of rows.
Limits are rules of thumb.
"""

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import ibis
import ibis.expr.types as ir
import pandas as pd
from sqlalchemy import delete, select

from core import schema
from core.errors import Unknown
from core.lake.reader import Snapshot
from core.schema import Table
from core.store.tables import Batch, QualityFinding, QualityScore
from core.work.home import Home

Severity = Literal["info", "warning", "error"]
MANY_REJECTED = 0.05
MANY_NAMELESS = 0.2
MANY_IN_A_MINUTE = 60
FAR_OUT = 6.0
"""Robust deviations (median absolute deviation x 1.4826) from the median of the logarithm of amounts."""
SAME_WEEKDAYS = 8
FEW_WEEKDAYS = 4
QUIET, BUSY = 0.5, 2.0
STALE_DAYS = 2.0
LISTED = 10
ORDERS = "orders"


@dataclass(frozen=True, slots=True)
class Finding:
    """``count``: rows concerned. ``details``: JSON values for the text."""

    check: str
    severity: Severity
    count: int
    details: Dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Score:
    """Shares 0 to 1, shown as 0 to 100; null = could not be judged.

    Accuracy = 1 - (rejected + outliers + rows of scripted bursts) / rows read. Completeness = filled cells / cells, over the person and
    all columns that the batch fills at all. Consistency = 1 - (duplicates + rows under unknown event names) / rows read.
    """

    accuracy_share: float | None
    completeness_share: float | None
    consistency_share: float | None


def check(home: Home, batch_id: int, *, now: datetime, reasons: Dict[str, int] | None = None) -> list[Finding]:
    """Judge a committed batch and keep the findings and the source's score. Judging again replaces what was found before.

    ``reasons``: rejected rows per first reason. A batch that brought nothing and had nothing rejected gets no score.
    """
    with home.store.reading() as session:
        batch = session.get(Batch, batch_id)
    if batch is None:
        raise Unknown("batch", str(batch_id))
    table = schema.table("order_lines" if batch.table_name == ORDERS else batch.table_name)
    with home.lake.open() as snapshot:
        found = list(_findings(snapshot, table, batch, now, reasons or {}))
        score = _score(snapshot, table, batch, found)
    with home.store.transaction() as session:
        session.execute(delete(QualityFinding).where(QualityFinding.batch_id == batch_id))
        session.execute(delete(QualityScore).where(QualityScore.batch_id == batch_id))
        session.add_all(
            QualityFinding(
                batch_id=batch_id, check=f.check, severity=f.severity, count=f.count, details=dict(f.details), at=now
            )
            for f in found
        )
        if batch.accepted_count or batch.rejected_count:
            session.add(
                QualityScore(
                    source=batch.source, batch_id=batch_id, at=now, accuracy_share=score.accuracy_share,
                    completeness_share=score.completeness_share, consistency_share=score.consistency_share,
                    details={"read": batch.read_count, "table": batch.table_name},
                )
            )  # fmt: skip
    return found


def findings(home: Home, batch_id: int) -> list[Finding]:
    """What was found in a batch, the gravest first."""
    order = {"error": 0, "warning": 1, "info": 2}
    with home.store.reading() as session:
        rows = list(session.scalars(select(QualityFinding).where(QualityFinding.batch_id == batch_id)))
    return [
        Finding(r.check, r.severity, r.count, r.details)  # type: ignore[arg-type]
        for r in sorted(rows, key=lambda r: (order[r.severity], r.id))
    ]


def history(home: Home, source: str | None = None) -> list[QualityScore]:
    """Scores of a source, or of all, oldest first."""
    query = select(QualityScore).order_by(QualityScore.at, QualityScore.id)
    with home.store.reading() as session:
        return list(session.scalars(query.where(QualityScore.source == source) if source else query))


def newest(home: Home) -> dict[str, datetime]:
    """Time of the newest fact per source (naive UTC)."""
    with home.lake.open() as snapshot:
        tables = [snapshot.table(t.name) for t in schema.TABLES.values() if t.is_fact and snapshot.files(t.name)]
        if not tables:
            return {}
        dated = [t.group_by("source").aggregate(at=t.occurred_at.max()) for t in tables]
        union = dated[0] if len(dated) == 1 else ibis.union(*dated)
        rows = snapshot.arrow(union.group_by("source").aggregate(at=union["at"].max())).to_pylist()
    return {row["source"]: row["at"] for row in rows}


# -- checks ----------------------------------------------------------------------------------------------------------


def _findings(
    snapshot: Snapshot, table: Table, batch: Batch, now: datetime, reasons: Dict[str, int]
) -> Iterator[Finding]:
    if batch.rejected_count:
        is_many = batch.rejected_count > MANY_REJECTED * batch.read_count
        yield Finding("rejected", "error" if is_many else "warning", batch.rejected_count, {"reasons": dict(reasons)})
    for code, name in (("time.future", "future"), ("refund.unmarked", "unmarked_refund")):
        if reasons.get(code):
            yield Finding(name, "warning", reasons[code])
    if batch.duplicate_count:
        yield Finding("duplicate", "info", batch.duplicate_count, {"is_all": batch.duplicate_count == batch.read_count})
    if not batch.read_count:
        yield Finding("empty", "warning", 0)
    if not batch.accepted_count:
        return
    rows = _rows(snapshot, table, batch.id)
    if table.has("identity_key"):
        yield from _nameless(snapshot, rows, batch)
    if table.name == "order_lines":
        yield from _adjustments(snapshot, rows)
        yield from _outliers(snapshot, rows)
    if table.name == "events":
        yield from _unknown_names(snapshot, rows)
    if table.is_fact:
        yield from _bursts(snapshot, table, rows)
        yield from _volume(snapshot, table, batch)
        yield from _stale(snapshot, rows, now)


def _rows(snapshot: Snapshot, table: Table, batch_id: int) -> ir.Table:
    rows = snapshot.table(table.name)
    return rows.filter(rows.batch_id == batch_id)


def _nameless(snapshot: Snapshot, rows: ir.Table, batch: Batch) -> Iterator[Finding]:
    count = _count(snapshot, rows.filter(rows.identity_key.isnull()))
    if count:
        share = count / batch.accepted_count
        yield Finding("nameless", "warning" if share > MANY_NAMELESS else "info", count, {"share": round(share, 4)})


def _adjustments(snapshot: Snapshot, rows: ir.Table) -> Iterator[Finding]:
    count = _count(snapshot, rows.filter(rows.line_kind == "adjustment"))
    if count:
        yield Finding("adjustment", "info", count)


def _outliers(snapshot: Snapshot, rows: ir.Table) -> Iterator[Finding]:
    sized = rows.filter(rows.amount_minor != 0).select(size=rows.amount_minor.abs().cast("float64").log10())
    middle = snapshot.value(sized["size"].median())
    if middle is None:
        return
    spread = snapshot.value((sized["size"] - float(middle)).abs().median())  # type: ignore[arg-type]
    if not spread:
        return
    limit = FAR_OUT * 1.4826 * float(spread)  # type: ignore[arg-type]
    count = _count(snapshot, sized.filter((sized["size"] - float(middle)).abs() > limit))  # type: ignore[arg-type]
    if count:
        largest = snapshot.value(rows.amount_minor.abs().max())
        yield Finding(
            "outlier", "warning", count,
            {"largest_minor": largest, "usual_minor": round(10 ** float(middle))},  # type: ignore[arg-type]
        )  # fmt: skip


def _unknown_names(snapshot: Snapshot, rows: ir.Table) -> Iterator[Finding]:
    held = snapshot.current("event_names").filter(ibis._.is_held).select("name")
    found = rows.semi_join(held, "name").group_by("name").aggregate(n=ibis._.count()).order_by(ibis.desc("n"), "name")
    names = snapshot.arrow(found).to_pylist()
    if names:
        listed = [row["name"] for row in names[:LISTED]]
        yield Finding(
            "unknown_name", "warning", sum(row["n"] for row in names), {"names": listed, "name_count": len(names)}
        )


def _bursts(snapshot: Snapshot, table: Table, rows: ir.Table) -> Iterator[Finding]:
    """More facts of one person within one minute than hands can make; what machines write is left out. Counts per person come first: most are ruled out by it."""
    if not table.has("identity_key") or table.name in ("touches", "group_rosters", "consents", "points"):
        return
    known = rows.filter(rows.identity_key.notnull())
    key = ["identity_key", *(["order_no"] if table.name == "order_lines" else [])]
    busy = known.group_by(key[:1]).aggregate(n=known.count()).filter(ibis._.n > MANY_IN_A_MINUTE).select("identity_key")
    few = known.semi_join(busy, "identity_key")
    if table.name == "order_lines":  # an order of a hundred lines is one act
        few = few.select("identity_key", "order_no", "occurred_at").distinct()
    minutes = few.group_by("identity_key", minute=few.occurred_at.truncate("m")).aggregate(n=few.count())
    bursts = minutes.filter(minutes.n > MANY_IN_A_MINUTE)
    said = snapshot.arrow(
        bursts.aggregate(rows=bursts.n.sum(), people=bursts.identity_key.nunique(), most=bursts.n.max())
    ).to_pylist()[0]
    if said["rows"]:
        yield Finding(
            "burst", "warning", int(said["rows"]), {"people": said["people"], "most_in_a_minute": said["most"]}
        )


def _volume(snapshot: Snapshot, table: Table, batch: Batch) -> Iterator[Finding]:
    """Days of the batch on which the source brought less than half or more than twice of the usual for that weekday."""
    rows = snapshot.table(table.name)
    per_day = rows.filter(rows.source == batch.source).group_by("local_date").aggregate(
        n=ibis._.count(), here=(ibis._.batch_id == batch.id).cast("int64").max()
    )  # fmt: skip
    odd = odd_days(snapshot.frame(per_day))
    if odd:
        shown = [{"day": str(day), "count": n, "usual": usual} for day, n, usual in odd[-LISTED:]]
        yield Finding(
            "volume",
            "info" if len(odd) < 3 else "warning",
            sum(n for _, n, _ in odd),
            {"days": shown, "day_count": len(odd)},
        )


def odd_days(days: pd.DataFrame) -> list[tuple[Any, int, float]]:
    """``local_date, n, here`` (1: the batch has that day) -> day, count, usual count. Usual = the median of up to eight earlier
    days of that weekday, where there are four; the newest day, which may be incomplete, is left out."""
    days = days.sort_values("local_date")
    earlier: dict[int, list[int]] = {}
    odd = []
    for position, (day, n, here) in enumerate(zip(days["local_date"], days["n"], days["here"], strict=True)):
        before = earlier.setdefault(pd.Timestamp(day).day_of_week, [])
        if here and len(before) >= FEW_WEEKDAYS and position < len(days) - 1:
            usual = float(pd.Series(before[-SAME_WEEKDAYS:]).median())
            if n < QUIET * usual or n > BUSY * usual:
                odd.append((pd.Timestamp(day).date(), int(n), usual))
        before.append(int(n))
    return odd


def _stale(snapshot: Snapshot, rows: ir.Table, now: datetime) -> Iterator[Finding]:
    last = snapshot.value(rows.occurred_at.max())
    age = (now.replace(tzinfo=None) - now.utcoffset() - last).total_seconds() / 86400  # type: ignore[operator]
    if age > STALE_DAYS:
        yield Finding("stale", "info", 0, {"newest_at": last.isoformat(), "days": round(age, 1)})  # type: ignore[union-attr,attr-defined]


def _score(snapshot: Snapshot, table: Table, batch: Batch, found: list[Finding]) -> Score:
    count = {f.check: f.count for f in found}
    read = batch.read_count
    if not read:
        return Score(None, None, None)
    wrong = batch.rejected_count + count.get("outlier", 0) + count.get("burst", 0)
    torn = batch.duplicate_count + count.get("unknown_name", 0)
    return Score(max(0.0, 1 - wrong / read), _completeness(snapshot, table, batch), max(0.0, 1 - torn / read))


def _completeness(snapshot: Snapshot, table: Table, batch: Batch) -> float | None:
    if not batch.accepted_count:
        return None
    rows = _rows(snapshot, table, batch.id)
    optional = {c.name: rows[c.name].count() for c in table.columns if not c.is_needed}
    filled = snapshot.arrow(rows.aggregate(**optional)).to_pylist()[0] if optional else {}
    counted = [n for name, n in filled.items() if n or name == "identity_key"]
    counted += [batch.accepted_count] * (len(table.columns) - len(optional))  # needed ones are never empty
    return sum(counted) / (len(counted) * batch.accepted_count)


def _count(snapshot: Snapshot, rows: ir.Table) -> int:
    return int(snapshot.value(rows.count()))  # type: ignore[call-overload]
