"""The market situation that the house declared, what each one unlocks, and which one the figures look like."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Literal

import numpy as np

from core.metrics.catalog import METRICS
from core.periods import Period
from core.scope import Operator
from core.store import choices, register
from core.store.register_tables import SituationTurn
from core.store.session import Session
from core.work.home import Home
from core.work.questions import figures, series, wordlists
from core.work.questions.reading import Reading

KEPT = "situations"
"""Choice of a world's store: by situation, the measures of the house."""
LANGUAGES = ("zh", "en")
DAYS = 28
LEAST_DAYS = 21
"""Days of each side that must be known, of ``DAYS``."""
MOVED = 0.1
"""From how large a change on a figure rises or falls; below it, it is steady. Rule of thumb."""
PAGE = re.compile(r"[a-z_]{1,40}")

Name = Literal["traffic", "orders", "conversion_rate", "cac"]
Course = Literal["rising", "falling", "steady"]


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that a situation unlocks. ``told``: by language; what a house wrote is the same in all. ``page``: where it is done, by the page's name, with its ``part``;
    ``field``: whose playbook (``core.risk.playbooks``) goes with it. Empty = none."""

    told: Mapping[str, str]
    page: str = ""
    part: str = ""
    field: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"told": dict(self.told), "page": self.page, "part": self.part, "field": self.field}

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Measure":
        return cls(told["told"], told["page"], told["part"], told["field"])


@dataclass(frozen=True, slots=True)
class Turn:
    """A situation holds from ``since_on`` on, until the next was declared. ``number``: to be handed over by whoever declares the next."""

    number: int
    situation: str
    reason: str
    since_on: date
    by: str
    at: datetime


def written(text: str, page: str = "", part: str = "", field: str = "") -> Measure:
    """A measure as somebody types it."""
    return Measure(dict.fromkeys(LANGUAGES, " ".join(text.split())), page, part, field)


def holding(home: Home, operator: Operator) -> Turn | None:
    """What holds now; None where nobody ever declared anything. Raises ``Forbidden``."""
    return next(iter(history(home, operator, most=1)), None)


def history(home: Home, operator: Operator, *, most: int | None = None) -> tuple[Turn, ...]:
    """What was declared, the newest first. Raises ``Forbidden``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        return tuple(of_row(row) for row in register.turns(session, most=most))


def measures(home: Home, operator: Operator) -> dict[str, tuple[Measure, ...]]:
    """What each situation unlocks: the house's own, else the usual ones of those that the product knows by name. Raises ``Forbidden``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        return measures_of(session)


def measures_of(session: Session) -> dict[str, tuple[Measure, ...]]:
    return dict(usual()) | own(choices.read(session, KEPT))


def own(told: Mapping[str, Sequence[Mapping[str, Any]]] | None) -> dict[str, tuple[Measure, ...]]:
    """Of what is kept."""
    return {situation: tuple(map(Measure.of_json, rows)) for situation, rows in (told or {}).items()}


@cache
def usual() -> Mapping[str, tuple[Measure, ...]]:
    """From ``data/words/situations.toml``."""
    return {
        situation: tuple(
            Measure({one: row[one] for one in LANGUAGES}, row["page"], row.get("part", ""), row.get("field", ""))
            for row in rows
        )
        for situation, rows in wordlists.document("situations").items()
    }


def of_row(row: SituationTurn) -> Turn:
    return Turn(row.number, row.situation, row.reason, row.since_on, row.by, row.at)


# -- which one the figures look like -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sign:
    """A figure of the last 28 whole days, and of the 28 before; money in minor units. Traffic and orders are means of a day over the days that are known. None where it is not
    known, or rests on fewer than 30."""

    name: Name
    value: float | None
    before: float | None

    @property
    def change_share(self) -> float | None:
        return None if self.value is None or not self.before else self.value / self.before - 1

    @property
    def course(self) -> Course | None:
        """From 10 % on it rises or falls (rule of thumb)."""
        change = self.change_share
        if change is None:
            return None
        return "steady" if abs(change) < MOVED - 1e-9 else "rising" if change > 0 else "falling"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the figures look like; ``situation`` None: like none of the three. ``period`` and ``compared``: the days they are of. Seasons and holidays are not taken out."""

    situation: str | None
    signs: tuple[Sign, ...]
    period: Period
    compared: Period


def suggestion(reading: Reading) -> Suggestion | None:
    """A rule of thumb, for a person to weigh; it never declares anything. Of everybody in scope and filters. None where fewer than 56 days are over."""
    end = _end(reading)
    if end is None or reading.whole is None or reading.whole.start_on > end - timedelta(days=2 * DAYS):
        return None
    period = Period(end - timedelta(days=DAYS), end)
    compared = period.before()
    now, before = (_figures(reading, one) for one in (period, compared))
    signs = tuple(Sign(name, now[name], before[name]) for name in now)
    return Suggestion(looks_like({one.name: one.course for one in signs}), signs, period, compared)


def looks_like(courses: Mapping[Name, Course | None]) -> str | None:
    """``window``: traffic and conversion rise. ``competition``: orders fall, and winning a member costs more or, where nobody tells what was spent, conversion falls.
    ``growth``: orders are steady, and so is what winning a member costs or, where nobody tells it, traffic."""
    traffic, orders, conversion, cac = (courses.get(one) for one in ("traffic", "orders", "conversion_rate", "cac"))
    if traffic == conversion == "rising":
        return "window"
    if orders == "falling" and (cac == "rising" or (cac is None and conversion == "falling")):
        return "competition"
    if orders == "steady" and (cac == "steady" or (cac is None and traffic == "steady")):
        return "growth"
    return None


def _end(reading: Reading) -> date | None:
    """The day after the last whole one."""
    known = series.measures(reading)
    return series.total(_of(reading, None), known[0]).end_on if known else None


def _of(reading: Reading, period: Period | None) -> Reading:
    return replace(reading, filters=replace(reading.filters, period=period))


def _figures(reading: Reading, period: Period) -> dict[Name, float | None]:
    inside = _of(reading, period)
    there = series.measures(inside)
    found: dict[Name, float | None] = {
        name: _mean(series.total(inside, name).values) if name in there else None for name in ("traffic", "orders")
    }
    available = {one.name for one in figures.available(inside)}
    for name in ("conversion_rate", "cac"):
        found[name] = None
        if name in available:
            (told,) = figures.overview(inside, [METRICS[name]], with_series=False)
            is_known = told.value is not None and (told.count or 0) >= figures.SMALL and reading.reaches(period)
            found[name] = float(told.value) if is_known and told.value is not None else None
    return found


def _mean(values: series.Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) >= LEAST_DAYS else None
