"""Who carries the conversation of groups for the Community page: figures by group, owner and unit, members, and boards by month."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, get_args

import pandas as pd

from core.metrics import voices as rules
from core.metrics.voices import CONTACTS, PARTS, WEIGHTS
from core.periods import Period
from core.work.questions import voices as question
from core.work.questions.places import TOTAL, By
from core.work.questions.voices import BOARDS, Which
from dashboard.data import people
from dashboard.data.ground import Ground, stand
from dashboard.data.people import People
from dashboard.data.rows import SMALL, Row, plain
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = [
    "BOARDS", "BYS", "CONTACTS", "HANGING", "LIMITS", "PARTS", "SMALL", "TOP", "WEIGHTS", "WHICH", "By", "Listed", "Row", "View", "Which", "board", "hangs", "members", "months",
    "people_of", "people_of_month", "read",
]  # fmt: skip

BYS: tuple[By, ...] = ("group", "owner", "unit")
WHICH: tuple[Which, ...] = get_args(Which)
TOP = 10
"""Members shown of each list of a month."""
HANGING = 0.5
"""A group hangs on its KOCs when they write more than this share of its messages. A rule of thumb."""
LIMITS: dict[str, object] = {
    "minutes": round(rules.NEAR.total_seconds() / 60), "letters": rules.LONG // 3, "latin": rules.LONG, "least": rules.LEAST_SAID,
    "days": rules.LEAST_DAYS, "fewest": rules.FEWEST, "one_in": rules.ONE_IN, "more": rules.RISE_LEAST,
}  # fmt: skip
"""Numbers of the rules, by their names in texts."""
UNITS = question.OF_PART | {"kocs": "score", "successors": "score"}
MONTHS: dict[str, str] = {"score": "score", "made": "made", "adopted": "adopted"}


@dataclass(frozen=True, eq=False)
class View:
    """One answer. ``rows``: those that hang most on their KOCs first; where fewer than 30 messages were written nothing hangs on anybody,
    and the more messages the earlier. ``total``: all together."""

    key: str
    by: By
    rows: tuple[Row, ...]
    total: Row
    now: Period
    as_of: datetime
    zone: str
    version: int

    @cached_property
    def found(self) -> dict[str, Row]:
        return {row["key"]: row for row in self.rows}

    @property
    def knows_members(self) -> bool:
        """Whether anybody knows who is in which group."""
        return self.total["successors"] is not None


@dataclass(frozen=True, eq=False)
class Listed:
    """Members of one key, the best placed first: rows of the question, and where their pages are (``people.links``)."""

    rows: tuple[Row, ...]
    links: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Month:
    """``count``: members on each whole list. ``first``: page (``people.links``) and value of the first ten."""

    is_running: bool
    count: dict[str, int]
    first: dict[str, tuple[tuple[str, float | int], ...]]


def read(asked: Filters, by: By) -> View | None:
    """None where there are no messages at all. Raises ``Forbidden``."""
    ground = stand("community.see")
    return _read(key=f"{ground.key}|{asked}|{by}", _ground=ground, _asked=asked, _by=by)


def hangs(row: Row) -> bool:
    """Whether a row hangs on its KOCs, as far as enough was written to say so."""
    share = row["koc_share"]
    return share is not None and row["said"] >= SMALL and share > HANGING


def members(asked: Filters, view: View, of: str | None, which: str) -> Listed:
    """KOCs or successors (``which``) of a row, of all together where ``of`` is None. Raises ``Forbidden``."""
    ground = stand("people.see")
    _, key = _row(view, of)
    found = _voices(key=f"{ground.key}|{asked}|{view.by}", _ground=ground, _asked=asked, _by=view.by)
    assert found is not None
    frame = getattr(found[1] if of is None else found[0], which)
    frame = frame[frame["key"] == key]
    return Listed(tuple(plain(frame)), tuple(people.links(frame["member_id"])))


def months(asked: Filters) -> tuple[date, ...]:
    """First days of the calendar months that have a board, the newest first. Raises ``Forbidden``."""
    ground = stand("community.see")
    return _months(key=f"{ground.key}|{asked}", _ground=ground, _asked=asked)


def board(asked: Filters, view: View, of: str | None, month: date) -> Month:
    """The board of a month. Raises ``Forbidden``."""
    found = _boarded(stand("people.see"), asked, view, of, month)
    first = {
        name: tuple(zip(people.links(rows["member_id"][:TOP]), rows["value"][:TOP].tolist(), strict=True))
        for name, rows in found.lists.items()
    }
    return Month(found.is_running, {name: len(rows) for name, rows in found.lists.items()}, first)


def people_of(asked: Filters, view: View, of: str | None, which: Which) -> People:
    """Who stands behind a figure of a row. Raises ``Forbidden``."""
    ground = stand("people.see")
    by, key = _row(view, of)
    row = view.total if of is None else view.found[of]
    return _people(
        key=f"{ground.key}|{asked}|{by}|{key}|{which}", _ground=ground, _asked=asked, _by=by, _of=key, _which=which,
        _figure=row[figure_of(which)],
    )  # fmt: skip


def people_of_month(asked: Filters, view: View, of: str | None, month: date, name: str) -> People:
    """All on one list of a month. Raises ``Forbidden``."""
    ground = stand("people.see")
    by, key = _row(view, of)
    board = _boarded(ground, asked, view, of, month)
    frame = board.lists[name]
    told = people.definition(replace(asked, period=board.month))
    told |= {"kind": "voices_month", "metric": f"voices-month-{name}", "by": by, "key": key, "which": name}
    return People(
        f"{ground.key}|{asked}|{by}|{key}|{month}|{name}", frame, told, "members", MONTHS[name], None, len(frame), "", ground.version
    )  # fmt: skip


def figure_of(which: str) -> str:
    """The number of people behind a list; ``adopted`` counts suggestions."""
    return "adopted_people" if which == "adopted" else which


def _row(view: View, of: str | None) -> tuple[By, str]:
    return ("total", TOTAL) if of is None else (view.by, of)


@kept.by_key(16)
def _voices(
    key: str,  # noqa: ARG001 - what it is kept by
    _ground: Ground,
    _asked: Filters,
    _by: By,
) -> tuple[question.Voices, question.Voices, datetime, str] | None:
    """By the rows of the view, and all together."""
    with _ground.open(_asked) as lake:
        found = question.voices_of(lake, _by, "total")
        return None if not found or lake.as_of is None else (found[0], found[1], lake.as_of, lake.zone)


@kept.by_key(16)
def _read(key: str, _ground: Ground, _asked: Filters, _by: By) -> View | None:
    found = _voices(key=key, _ground=_ground, _asked=_asked, _by=_by)
    if found is None:
        return None
    own, whole, as_of, zone = found
    rows = sorted(map(_told, plain(own.rows)), key=_urgency)
    return View(key, _by, tuple(rows), _told(plain(whole.rows)[0]), own.now, as_of, zone, _ground.version)


def _told(row: Row) -> dict[str, Any]:
    return {**row, "said_rest": row["said"] - row["koc_said"]}


def _urgency(row: Row) -> tuple[bool, float, int, str]:
    is_judged = row["said"] >= SMALL
    return not is_judged, -row["koc_share"] if is_judged else 0.0, -row["said"], row["key"]


@kept.by_key(16)
def _months(key: str, _ground: Ground, _asked: Filters) -> tuple[date, ...]:  # noqa: ARG001 - what it is kept by
    with _ground.open(_asked) as lake:
        return tuple(month.start_on for month in question.months(lake))


def _boarded(ground: Ground, asked: Filters, view: View, of: str | None, month: date) -> question.Board:
    by, key = _row(view, of)
    return _board(
        key=f"{ground.key}|{asked}|{by}|{key}|{month}", _ground=ground, _asked=asked, _by=by, _of=key, _month=month
    )


@kept.by_key(16)
def _board(key: str, _ground: Ground, _asked: Filters, _by: By, _of: str, _month: date) -> question.Board:  # noqa: ARG001 - kept by it
    with _ground.open(_asked) as lake:
        month = next(one for one in question.months(lake) if one.start_on == _month)
        return question.board(lake, _by, _of, month)


@kept.by_key(16)
def _people(key: str, _ground: Ground, _asked: Filters, _by: By, _of: str, _which: Which, _figure: int) -> People:
    with _ground.open(_asked) as lake:
        frame: pd.DataFrame = question.behind(lake, _by, _of, _which)
        currency = lake.currency
    told = {"kind": "voices", "metric": f"voices-{_which}", "by": _by, "key": _of, "which": _which}
    return People(
        key, frame, people.definition(_asked) | told, "members", UNITS[_which], None, _figure, currency, _ground.version
    )  # fmt: skip
