"""Rhythm and reach for the Community page: when groups live, what is posted against plan, what the slots draw, leaves after sends."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from core.metrics import posts as kernel
from core.metrics.posts import SORTS, Sort
from core.metrics.rhythm import DAY, SLOTS, WEEK
from core.periods import Period
from core.work.questions import aftermath as question
from core.work.questions.aftermath import REASONS
from core.work.questions.places import TOTAL, By
from core.work.questions.rhythm import OUTSIDE, rhythm
from dashboard.data import people
from dashboard.data.ground import Ground, stand
from dashboard.data.people import People
from dashboard.data.rows import SMALL, Number, Row, plain
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = [
    "BYS", "DAY", "OUTSIDE", "PLAN", "REASONS", "SLOTS", "SMALL", "SORTS", "WEEK", "By", "Plan", "Row", "Sends", "Sort", "View", "each", "people_of",
    "read", "sends",
]  # fmt: skip

BYS: tuple[By, ...] = ("group", "owner", "unit")
Plan = Mapping[Sort, float]
PLAN: Plan = kernel.PLAN


@dataclass(frozen=True, eq=False)
class View:
    """The rhythm of one group, owner or unit, or of all. ``heat``: 7 rows from Monday on of 24 hours each; ``mix``: posts by sort, None where
    there are none; ``slots``: by their names, ``OUTSIDE`` last. Without any fact all are empty."""

    key: str
    heat: tuple[tuple[Row, ...], ...]
    mix: Row | None
    slots: Mapping[str, Row]
    now: Period
    as_of: datetime
    zone: str
    version: int

    @property
    def said(self) -> int:
        return sum(cell["said"] for day in self.heat for cell in day)


@dataclass(frozen=True, eq=False)
class Sends:
    """Leaves after sends. ``rows``: those that are flagged first, then those that surely have the highest rate after sends for each of their
    own otherwise; without such a rate the more sends the earlier. ``total``: all together. ``baseline``: the days compared, four weeks or
    several times four."""

    key: str
    by: By
    rows: tuple[Row, ...]
    total: Row
    baseline: Period

    @cached_property
    def found(self) -> dict[str, Row]:
        return {row["key"]: row for row in self.rows}

    @property
    def flagged(self) -> int:
        return sum(row["is_flagged"] for row in self.rows)

    @property
    def judged(self) -> int:
        return sum(row["excess"] is not None for row in self.rows)


def read(asked: Filters, by: By, of: str | None) -> View | None:
    """Of all together where ``of`` is None. None where there are no messages at all. Raises ``Forbidden``."""
    ground = stand("community.see")
    which, key = _row(by, of)
    return _read(key=f"{ground.key}|{asked}|{which}|{key}", _ground=ground, _asked=asked, _by=which, _of=key)


def sends(asked: Filters, by: By) -> Sends | None:
    """None where the lake lacks messages, or who joins and leaves. Raises ``Forbidden``."""
    ground = stand("community.see")
    return _sends(key=f"{ground.key}|{asked}|{by}", _ground=ground, _asked=asked, _by=by)


def each(asked: Filters, group: str) -> tuple[Row, ...]:
    """Every send of a group in the period, the newest first. Raises ``Forbidden``."""
    ground = stand("community.see")
    return _each(key=f"{ground.key}|{asked}|{group}", _ground=ground, _asked=asked, _group=group)


def people_of(asked: Filters, found: Sends, of: str | None) -> People:
    """Who left after sends. Raises ``Forbidden``."""
    ground = stand("people.see")
    by, key = _row(found.by, of)
    figure: Number = (found.total if of is None else found.found[of])["left"]
    return _people(
        key=f"{ground.key}|{asked}|{by}|{key}", _ground=ground, _asked=asked, _by=by, _of=key, _figure=figure
    )


def _row(by: By, of: str | None) -> tuple[By, str]:
    return ("total", TOTAL) if of is None else (by, of)


@kept.by_key(32)
def _read(key: str, _ground: Ground, _asked: Filters, _by: By, _of: str) -> View | None:
    with _ground.open(_asked) as lake:
        found = rhythm(lake, _by, _of)
        if found is None:
            return None
        assert lake.as_of is not None
        heat = plain(found.rows["heat"])
        mix = plain(found.rows["mix"])
        slots = {row["slot"]: row for row in plain(found.rows["slots"])}
        days = tuple(tuple(heat[place * DAY : (place + 1) * DAY]) for place in range(WEEK)) if heat else ()
        return View(key, days, mix[0] if mix else None, slots, found.period, lake.as_of, lake.zone, _ground.version)


@kept.by_key(16)
def _sends(key: str, _ground: Ground, _asked: Filters, _by: By) -> Sends | None:
    with _ground.open(_asked) as lake:
        found = question.sends(lake, _by)
    if found is None or found.rows.empty:
        return None
    return Sends(key, _by, tuple(sorted(plain(found.rows), key=_badness)), plain(found.total)[0], found.baseline)


def _badness(row: Row) -> tuple[bool, bool, float, int, str]:
    surely = row["times_low"]
    return not row["is_flagged"], surely is None, -(surely or 0.0), -row["sends"], row["key"]


@kept.by_key(16)
def _each(key: str, _ground: Ground, _asked: Filters, _group: str) -> tuple[Row, ...]:  # noqa: ARG001 - what it is kept by
    with _ground.open(_asked) as lake:
        found = question.each(lake, _group)
    return () if found is None else tuple(plain(found))


@kept.by_key(16)
def _people(key: str, _ground: Ground, _asked: Filters, _by: By, _of: str, _figure: Number) -> People:
    with _ground.open(_asked) as lake:
        frame = question.left_after(lake, _by, _of)
        currency = lake.currency
    told = {"kind": "aftermath", "metric": "community-left-after-sends", "by": _by, "key": _of}
    definition = people.definition(_asked) | told
    return People(
        key, frame, definition, "moves", "moves", int(frame["value"].sum()), _figure, currency, _ground.version
    )
