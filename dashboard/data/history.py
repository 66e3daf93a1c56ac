"""Since when each source tells of groups, and what the platform counted beside what was told, for the Community page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from core.periods import Period
from core.work.questions import group_statistics as question
from core.work.questions.group_statistics import PAIRS, SOURCES
from core.work.questions.places import By
from dashboard.data.ground import Ground, stand
from dashboard.data.rows import Row, plain
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = ["BYS", "PAIRS", "SOURCES", "By", "Row", "Source", "View", "read"]

BYS: tuple[By, ...] = ("group", "owner", "unit")


@dataclass(frozen=True, slots=True)
class Source:
    """``days``: with anything; ``missing_days``: without, between the first and the last."""

    since_on: date
    until_on: date
    days: int
    missing_days: int
    count: int


@dataclass(frozen=True, eq=False)
class View:
    """``rows``: those that lack most first: joins, then messages. ``total``: None without statistics in the period. ``sources``: those the
    lake has."""

    key: str
    by: By
    rows: tuple[Row, ...]
    total: Row | None
    sources: Mapping[str, Source]
    now: Period
    as_of: datetime
    zone: str
    version: int


def read(asked: Filters, by: By) -> View | None:
    """None where there is no data at all. Raises ``Forbidden``."""
    ground = stand("community.see")
    return _read(key=f"{ground.key}|{asked}|{by}", _ground=ground, _asked=asked, _by=by)


@kept.by_key(16)
def _read(key: str, _ground: Ground, _asked: Filters, _by: By) -> View | None:
    with _ground.open(_asked) as lake:
        found = question.reconciled(lake, _by)
        if found is None:
            return None
        assert lake.as_of is not None
        rows, total = sorted(plain(found.rows), key=_lacking), plain(found.total)
        sources = {
            row["source"]: Source(**{k: v for k, v in row.items() if k != "source"}) for row in plain(found.sources)
        }
        return View(
            key,
            _by,
            tuple(rows),
            total[0] if total else None,
            sources,
            found.now,
            lake.as_of,
            lake.zone,
            _ground.version,
        )


def _lacking(row: Row) -> tuple[int, int, str]:
    return -(row["joined_lost"] or 0), -(row["messages_lost"] or 0), row["key"]
