"""Figures of group chats for the Community page, and who stands behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.metrics.community import Spans
from core.metrics.health import PARTS, Name, Part
from core.work.questions import community as question
from core.work.questions.community import Which
from core.work.questions.places import TOTAL, By
from dashboard.data import people
from dashboard.data.ground import Ground, stand
from dashboard.data.people import People
from dashboard.data.rows import SMALL
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = [
    "BYS",
    "PARTS",
    "TOTAL",
    "WARNED",
    "WHICH",
    "By",
    "Name",
    "Part",
    "Row",
    "View",
    "Warned",
    "Which",
    "course",
    "number",
    "people_of",
    "read",
]

Number = float | int | None
Row = Mapping[str, Any]
"""Figures of one group, owner, unit or of all, by their names; undefined is None, what the lake does not know is not there."""
BYS: tuple[By, ...] = ("group", "owner", "unit")
WHICH: tuple[Which, ...] = get_args(Which)
LEAST_KNOWN = 0.5
"""Share of speakers who should be members of a group at the end of the period, a rule of thumb."""
YOUNG = 60
"""Days since its opening for which a group is a new one."""
Warned = Literal["lurkers", "silent", "leaving", "fresh"]
"""A rule of thumb that a row breaks. ``leaving``: of a grown group in 30 days; ``fresh``: of a new one within 7 days of joining."""
WARNED: tuple[Warned, ...] = get_args(Warned)
LURKERS_ABOVE, SPEAKING_BELOW, LEAVING_ABOVE, FRESH_ABOVE = 0.7, 0.03, 0.1, 0.15
VALUES: dict[str, str] = {"joined": "moves", "left": "moves", "lost_speakers": "said_before"} | dict.fromkeys(
    ("speakers", "new_speakers", "kept_speakers", "reactivated_speakers", "speaking"), "said"
)
"""What a person behind a figure counts for, where that says more than being there."""


@dataclass(frozen=True, eq=False)
class View:
    """One answer: ``frame`` has a row per key, the most urgent first; ``total`` is all of it together.

    Most urgent: the lowest health; then those without a score by the lowest speaking rate, where it is no rate of fewer than 30; then
    the others, the more members the earlier. ``has_before``: messages reach back over the whole period before.
    """

    key: str
    by: By
    frame: pd.DataFrame
    total: Row
    days: pd.DataFrame
    spans: Spans
    has_before: bool
    as_of: datetime
    zone: str
    version: int

    @cached_property
    def place(self) -> dict[str, int]:
        """Where each key stands."""
        return {key: place for place, key in enumerate(self.frame["key"])}

    def row(self, key: str) -> Row:
        return _plain(self.frame.iloc[[self.place[key]]])

    @cached_property
    def warned(self) -> dict[Warned, NDArray[np.bool_]]:
        """Which rows break which rule of thumb. None is judged of fewer than 30."""
        members = self.column("members")
        is_new = np.zeros(len(self.frame), bool)
        if "opened_on" in self.frame:
            age = pd.Timestamp(self.spans.now.end_on) - pd.to_datetime(self.frame["opened_on"])
            is_new = (age.dt.days < YOUNG).to_numpy()
        large = members >= SMALL
        came, went = self.column("early_joined"), self.column("early_left")
        with np.errstate(invalid="ignore", divide="ignore"):
            fresh = np.where(came >= SMALL, went / came, np.nan)
            return {
                "lurkers": large & (self.column("lurking") > LURKERS_ABOVE),
                "silent": large & (self.column("speaking_now") < SPEAKING_BELOW),
                "leaving": ~is_new & (self.column("staying_now") > LEAVING_ABOVE),
                "fresh": is_new & (fresh > FRESH_ABOVE),
            }

    def column(self, name: str) -> NDArray[np.float64]:
        """Figures as numbers, undefined and unknown ones as not a number."""
        if name not in self.frame:
            return np.full(len(self.frame), np.nan)
        return self.frame[name].to_numpy("float64", na_value=np.nan)

    @property
    def has_messages(self) -> bool:
        return "said" in self.total

    @property
    def has_moves(self) -> bool:
        return "members" in self.total

    @property
    def has_strangers(self) -> bool:
        """Most of those who speak are in no group as far as is known: messages and moves may name people in different ways."""
        speakers, speaking = self.total.get("speakers"), self.total.get("speaking")
        return speakers is not None and speaking is not None and speakers >= SMALL and speaking < speakers * LEAST_KNOWN

    @property
    def is_empty(self) -> bool:
        """Without any group, or without anything that was ever written or moved in one."""
        return self.frame.empty or not (self.has_messages or self.has_moves)


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
        _figure=number(view.total if of is None else view.row(of), which),
    )  # fmt: skip


def number(row: Row, name: str) -> Number:
    """A figure of a row. None where it is undefined."""
    if name == "absence" and not row.get("speakers"):
        return None
    found: Number = row.get(name)
    return found


def course(asked: Filters, view: View, of: str | None) -> pd.DataFrame:
    """Days of the period of a row, of all together where ``of`` is None: see ``core.work.questions.community.course``."""
    if of is None:
        return view.days
    ground = stand("community.see")
    return _course(key=f"{ground.key}|{asked}|{view.by}|{of}", _ground=ground, _asked=asked, _by=view.by, _of=of)


@kept.by_key(32)
def _course(key: str, _ground: Ground, _asked: Filters, _by: By, _of: str) -> pd.DataFrame:  # noqa: ARG001 - what it is kept by
    with _ground.open(_asked) as lake:
        return question.course(lake, _by, _of)


@kept.by_key(16)
def _read(key: str, _ground: Ground, _asked: Filters, _by: By) -> View | None:
    with _ground.open(_asked) as lake:
        found = question.groups(lake, _by)
        if found is None:
            return None
        assert lake.as_of is not None
        total = _plain(_lurking(found.total))
        rows = _ordered(_lurking(found.rows))
        return View(
            key, _by, rows, total, found.days, found.spans, found.has_before, lake.as_of, lake.zone, _ground.version
        )


def _lurking(rows: pd.DataFrame) -> pd.DataFrame:
    """With ``lurkers``, members who never spoke, and ``lurking``, their share."""
    if "members" not in rows or "ever_spoke" not in rows:
        return rows
    lurkers = rows["members"] - rows["ever_spoke"]
    return rows.assign(lurkers=lurkers, lurking=(lurkers / rows["members"].replace(0, pd.NA)).astype("Float64"))


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    def of(name: str) -> NDArray[np.float64]:
        return rows[name].to_numpy("float64", na_value=np.nan) if name in rows else np.full(len(rows), np.nan)

    members = np.nan_to_num(of("members"))
    rate = np.where(members >= SMALL, of("speaking_rate"), np.nan)
    order = np.lexsort((rows["key"].to_numpy(str), of("speakers"), -members, rate, of("health")))
    return rows.iloc[order].reset_index(drop=True)


def _plain(frame: pd.DataFrame) -> Row:
    """Its first row, of plain values."""
    return {str(name): None if pd.isna(value) else value for name, value in frame.iloc[0].items()}


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
