"""Service of the staff for the Community page: employees or units, the worst first, their weeks, and whom they served."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import get_args

from core.periods import Period
from core.work.questions import care as question
from core.work.questions.care import By, Which
from core.work.questions.places import TOTAL
from dashboard.data import people
from dashboard.data.ground import Ground, stand
from dashboard.data.people import People
from dashboard.data.rows import SMALL, Number, Row, plain
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = ["BYS", "SMALL", "WHICH", "By", "Row", "View", "Week", "Which", "people_of", "read", "weeks"]

BYS: tuple[By, ...] = ("staff", "unit")
WHICH: tuple[Which, ...] = get_args(Which)


@dataclass(frozen=True, eq=False)
class View:
    """One answer. ``rows``: the worst first, by the lower bound of the share of settled conversations that went wrong, then the more
    conversations the earlier; whoever has settled fewer than 30, of whom no rate is shown, after all others. ``total``: all together. ``since``: the first day with
    conversations; figures of a period before that they do not reach back over are None."""

    key: str
    by: By
    rows: tuple[Row, ...]
    total: Row
    now: Period
    before: Period
    since: date
    as_of: datetime
    zone: str
    version: int

    @cached_property
    def found(self) -> dict[str, Row]:
        return {row["key"]: row for row in self.rows}


@dataclass(frozen=True, slots=True)
class Week:
    """``on``: its Monday. ``is_whole``: all of it lies in the period, up to the newest data."""

    on: date
    is_whole: bool
    conversations: int
    answered: int
    overtime: int
    missed: int
    open: int
    overtime_hours: int


def read(asked: Filters, by: By) -> View | None:
    """None where there are no conversations at all. Raises ``Forbidden``."""
    ground = stand("community.see")
    return _read(key=f"{ground.key}|{asked}|{by}", _ground=ground, _asked=asked, _by=by)


def weeks(asked: Filters, view: View, of: str | None) -> tuple[Week, ...]:
    """Of one employee or unit, or of all where ``of`` is None. Raises ``Forbidden``."""
    ground = stand("community.see")
    by, key = _row(view, of)
    return _weeks(key=f"{ground.key}|{asked}|{by}|{key}", _ground=ground, _asked=asked, _by=by, _of=key)


def people_of(asked: Filters, view: View, of: str | None, which: Which) -> People:
    """Whose conversations a figure counts. Raises ``Forbidden``."""
    ground = stand("people.see")
    by, key = _row(view, of)
    figure: Number = (view.total if of is None else view.found[of])[which]
    return _people(
        key=f"{ground.key}|{asked}|{by}|{key}|{which}", _ground=ground, _asked=asked, _by=by, _of=key, _which=which, _figure=figure,
    )  # fmt: skip


def _row(view: View, of: str | None) -> tuple[By, str]:
    return ("total", TOTAL) if of is None else (view.by, of)


@kept.by_key(16)
def _read(key: str, _ground: Ground, _asked: Filters, _by: By) -> View | None:
    with _ground.open(_asked) as lake:
        found, whole = question.quality(lake, _by), question.quality(lake, "total")
        if found is None or whole is None:
            return None
        assert lake.as_of is not None
        rows = sorted(plain(found.rows), key=_badness)
        total = plain(whole.rows)[0]
        return View(
            key, _by, tuple(rows), total, found.now, found.before, found.since, lake.as_of, lake.zone, _ground.version
        )


def _badness(row: Row) -> tuple[bool, float, int, str]:
    is_judged = row["settled"] >= SMALL
    return not is_judged, -row["wrong_share_low"] if is_judged else 0.0, -row["conversations"], row["key"]


@kept.by_key(32)
def _weeks(key: str, _ground: Ground, _asked: Filters, _by: By, _of: str) -> tuple[Week, ...]:  # noqa: ARG001 - kept by it
    with _ground.open(_asked) as lake:
        return tuple(Week(**row) for row in plain(question.weeks(lake, _by, _of)))


@kept.by_key(16)
def _people(key: str, _ground: Ground, _asked: Filters, _by: By, _of: str, _which: Which, _figure: Number) -> People:
    with _ground.open(_asked) as lake:
        frame = question.behind(lake, _by, _of, _which)
        currency = lake.currency
    told = {"kind": "care", "metric": f"care-{_which}", "by": _by, "key": _of, "which": _which}
    return People(
        key, frame, people.definition(_asked) | told, "rows", "talks", int(frame["value"].sum()), _figure, currency, _ground.version
    )  # fmt: skip
