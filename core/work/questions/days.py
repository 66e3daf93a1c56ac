"""Which days the lake tells of, and whether the newest of them is over."""

from collections.abc import Callable
from datetime import timedelta

import ibis
import ibis.expr.types as ir
import numpy as np

from core.lake.reader import Snapshot
from core.lake.writer import local_time
from core.sequences.arrays import Int64s
from core.work.questions.kept import per_version
from core.work.questions.occurrences import EPOCH, since_1970
from core.work.questions.reading import DATED

USUAL_DAYS = 28
"""Days before the newest that tell at what time of day data usually ends."""
LATE_SECONDS = 3600
"""The newest day is not over while its data ends so much earlier than that."""


@per_version(*DATED)
def days_with_facts(snapshot: Snapshot, zone: str) -> Int64s:
    """Days since 1970 on which any table holds a fact, ascending; without the newest where it is not over."""
    days = np.sort(
        since_1970(snapshot.arrow(_dated(snapshot, lambda rows: rows.select("local_date").distinct()).distinct()))
    )
    return days[:-1] if len(days) > 1 and not _is_over(snapshot, zone, int(days[-1])) else days


def _is_over(snapshot: Snapshot, zone: str, newest: int) -> bool:
    """Whether the data of the newest day ends no more than an hour before the time of day at which the days of the four weeks before it end,
    by the median. Where no such day is known nobody can say, and it counts."""
    since = EPOCH + timedelta(days=newest - USUAL_DAYS)

    def last(rows: ir.Table) -> ir.Table:
        return rows.filter(rows.local_date >= since).group_by("local_date").aggregate(last_at=rows.occurred_at.max())

    ends = _dated(snapshot, last)
    at = local_time(ends.last_at, zone)
    second = at.hour() * 3600 + at.minute() * 60 + at.second()
    rows = snapshot.arrow(ends.group_by("local_date").aggregate(second=second.max()))
    day, seconds = since_1970(rows), rows["second"].to_numpy()
    before = seconds[day < newest]
    return not len(before) or int(seconds[day == newest][0]) >= float(np.median(before)) - LATE_SECONDS


def _dated(snapshot: Snapshot, told: Callable[[ir.Table], ir.Table]) -> ir.Table:
    """What is told of each table of dated facts that is there, one under the other."""
    tables = [told(snapshot.table(name)) for name in DATED if snapshot.files(name)]
    return ibis.union(*tables) if len(tables) > 1 else tables[0]
