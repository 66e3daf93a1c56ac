"""Figures of group chats for the Community page, and who stands behind them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, get_args

import pandas as pd

from core.periods import Period
from core.work.questions import community as question
from core.work.questions.community import Which
from core.work.questions.places import TOTAL, By
from dashboard.data import people
from dashboard.data.ground import Ground, stand
from dashboard.data.people import People
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = ["BYS", "TOTAL", "WHICH", "By", "Row", "View", "Warned", "Which", "number", "people_of", "read", "warnings"]

Number = float | int | None
Row = Mapping[str, Any]
"""Figures of one group, owner, unit or of all, by their names; undefined is None, what the lake does not know is not there."""
BYS: tuple[By, ...] = ("group", "owner", "unit")
WHICH: tuple[Which, ...] = get_args(Which)
SMALL = 30
"""Below so many a rate says nothing."""
MONTH = 28
"""Days that a period has at least for a monthly rate to be judged."""
LURKERS_ABOVE, SPEAKING_BELOW, LEAVING_ABOVE = 0.7, 0.03, 0.1
VALUES: dict[str, str] = {"joined": "moves", "left": "moves", "lost_speakers": "said_before"} | dict.fromkeys(
    ("speakers", "new_speakers", "kept_speakers", "reactivated_speakers", "speaking"), "said"
)
"""What a person behind a figure counts for, where that says more than being there."""
Warned = str
"""A rule of thumb that a row breaks: ``lurkers``, ``silent``, ``leaving``."""


@dataclass(frozen=True, eq=False)
class View:
    """One answer: rows by their key, the most urgent first, and all of it together.

    Most urgent: the lowest speaking rate, where it is no rate of fewer than 30; then those without one, the more members the
    earlier. A lake that knows no members, or no messages, has no such rate at all.
    """

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
    def has_messages(self) -> bool:
        return "said" in self.total

    @property
    def has_moves(self) -> bool:
        return "members" in self.total

    @property
    def is_empty(self) -> bool:
        """Without any group, or without anything that was ever written or moved in one."""
        return not self.rows or not (self.has_messages or self.has_moves)


def read(asked: Filters, by: By) -> View | None:
    """None where there is no data at all. Raises ``Forbidden``."""
    ground = stand("community.see")
    return _read(key=f"{ground.key}|{asked}|{by}", _ground=ground, _asked=asked, _by=by)


def people_of(asked: Filters, view: View, of: str | None, which: Which) -> People:
    """Who stands behind a figure of a row; of all together where ``of`` is None. Raises ``Forbidden``."""
    ground = stand("people.see")
    by, key = (view.by, of) if of is not None else ("total", TOTAL)
    return _people(
        key=f"{ground.key}|{asked}|{by}|{key}|{which}", _ground=ground, _asked=asked, _by=by, _of=key, _which=which,
        _figure=number(view.total if of is None else view.found[of], which),
    )  # fmt: skip


def number(row: Row, name: str) -> Number:
    """A figure of a row; ``lurkers`` (members who never spoke) and ``lurking`` (their share) as well. None where it is undefined."""
    if name == "lurkers":
        members, spoke = row.get("members"), row.get("ever_spoke")
        return None if members is None or spoke is None else members - spoke
    if name == "lurking":
        return _share(number(row, "lurkers"), row.get("members"))
    if name == "absence" and not row.get("speakers"):
        return None
    found: Number = row.get(name)
    return found


def leaving(row: Row, now: Period) -> Number:
    """Leaves in 30 days for each member at the start of the period."""
    share = _share(row.get("left"), row.get("members_before"))
    return None if share is None else share * 30 / now.days


def warnings(row: Row, now: Period) -> Iterator[Warned]:
    """Rules of thumb that a row breaks. None is judged of fewer than 30 members."""
    if (row.get("members") or 0) >= SMALL:
        lurking, speaking = number(row, "lurking"), row.get("speaking_rate")
        if lurking is not None and lurking > LURKERS_ABOVE:
            yield "lurkers"
        if speaking is not None and speaking < SPEAKING_BELOW:
            yield "silent"
    gone = leaving(row, now)
    is_mature = now.days >= MONTH and (row.get("members_before") or 0) >= SMALL
    if is_mature and gone is not None and gone > LEAVING_ABOVE:
        yield "leaving"


def _share(top: Number, bottom: Number) -> float | None:
    return top / bottom if top is not None and bottom else None


@kept.by_key(16)
def _read(key: str, _ground: Ground, _asked: Filters, _by: By) -> View | None:
    with _ground.open(_asked) as lake:
        found, whole = question.groups(lake, _by), question.groups(lake, "total")
        if found is None or whole is None:
            return None
        assert lake.as_of is not None
        rows = sorted(_plain(found.rows), key=_urgency)
        total = _plain(whole.rows)[0]
        return View(key, _by, tuple(rows), total, found.now, lake.as_of, lake.zone, _ground.version)


def _plain(frame: pd.DataFrame) -> list[Row]:
    """Rows of plain values."""
    held = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in held.to_dict("records")]


def _urgency(row: Row) -> tuple[bool, float, int, int, str]:
    rate, members = row.get("speaking_rate"), row.get("members") or 0
    is_judged = rate is not None and members >= SMALL
    return not is_judged, rate if is_judged else 0.0, -members, row.get("speakers") or 0, row["key"]


@kept.by_key(16)
def _people(key: str, _ground: Ground, _asked: Filters, _by: By, _of: str, _which: Which, _figure: Number) -> People:
    with _ground.open(_asked) as lake:
        frame = question.behind(lake, _by, _of, _which)
        currency = lake.currency
    unit = VALUES.get(_which, "rows")
    how = "moves" if unit == "moves" else "stock_end" if unit == "rows" else "members"
    total = int(frame["value"].sum())
    told = people.definition(_asked) | {
        "kind": "community",
        "metric": f"community-{_which}",
        "by": _by,
        "key": _of,
        "which": _which,
    }
    return People(key, frame, told, how, unit, total, _figure, currency, _ground.version)
