"""Surveys and complaints for the Community page: results with their comparison, over time, whose they are, and what was said."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import get_args

from core.metrics.surveys import HIGHEST, SURVEYS, TROUBLES, Grain
from core.periods import Period
from core.privacy import disclosure
from core.work.questions import surveys as question
from core.work.questions.places import TOTAL
from core.work.questions.surveys import By, Standing
from dashboard.data import people
from dashboard.data.ground import Ground, stand
from dashboard.data.people import People
from dashboard.data.rows import SMALL, Number, Row, plain
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = [
    "BYS", "GRAINS", "HIGHEST", "KINDS", "SMALL", "STANDINGS", "SURVEYS", "TROUBLES", "By", "Detail", "Row", "Said", "Standing", "View",
    "complaining", "detail", "people_of", "read", "said",
]  # fmt: skip

BYS: tuple[By, ...] = ("unit", "channel", "staff")
GRAINS: tuple[Grain, ...] = ("week", "month")
KINDS = (*SURVEYS, *TROUBLES)
STANDINGS: tuple[Standing, ...] = get_args(Standing)
MOST_SAID = 100
"""Texts that are read at most; how many there are is told beside them."""


@dataclass(frozen=True, eq=False)
class View:
    """``total``: all together, by survey; of a survey nobody answered there is none. ``rows``: by survey, those who are surely lowest first
    (by the upper bound of the interval), those of fewer than 30 answers, of which no result is shown, after all others. ``troubles``: by kind, the most frequent first.
    ``since``: the first day with feedback; figures of a period before that it does not reach back over are None."""

    key: str
    by: By
    total: Mapping[str, Row]
    rows: Mapping[str, tuple[Row, ...]]
    troubles: Mapping[str, tuple[Row, ...]]
    now: Period
    before: Period
    since: date
    as_of: datetime
    zone: str
    version: int

    def found(self, survey: str) -> dict[str, Row]:
        return {row["key"]: row for row in self.rows.get(survey, ())}

    def count(self, kind: str, suffix: str = "") -> int:
        """Complaints or disputes in all, of the period before as far as they are known."""
        return sum(row[f"count{suffix}"] or 0 for row in self.troubles.get(kind, ()))


@dataclass(frozen=True, eq=False)
class Detail:
    """One survey of one row, or one kind of trouble, over time and by answer. ``buckets``: oldest first, with ``on`` and ``is_whole``."""

    key: str
    grain: Grain
    buckets: tuple[Row, ...]
    distribution: tuple[tuple[int, int], ...] = ()

    @cached_property
    def days(self) -> tuple[date, ...]:
        return tuple(sorted({row["on"] for row in self.buckets}))


@dataclass(frozen=True, eq=False)
class Said:
    """The newest words of a kind, masked, and how many there are in all: ``who member at score category text``."""

    key: str
    rows: tuple[Row, ...]
    count: int


def read(asked: Filters, by: By) -> View | None:
    """None where there is no feedback at all. Raises ``Forbidden``."""
    ground = stand("community.see")
    return _read(key=f"{ground.key}|{asked}|{by}", _ground=ground, _asked=asked, _by=by)


def detail(asked: Filters, view: View, kind: str, of: str | None, grain: Grain) -> Detail:
    """Raises ``Forbidden``."""
    ground = stand("community.see")
    by, key = _row(view, of)
    return _detail(
        key=f"{ground.key}|{asked}|{by}|{key}|{kind}|{grain}", _ground=ground, _asked=asked, _by=by, _of=key, _kind=kind, _grain=grain
    )  # fmt: skip


def people_of(asked: Filters, view: View, survey: str, of: str | None, standing: Standing) -> People:
    """Whose answers a figure counts. Raises ``Forbidden``."""
    ground = stand("people.see")
    by, key = _row(view, of)
    figure: Number = (view.total[survey] if of is None else view.found(survey)[of])[standing]
    return _people(
        key=f"{ground.key}|{asked}|{by}|{key}|{survey}|{standing}", _ground=ground, _asked=asked, _by=by, _of=key, _survey=survey,
        _standing=standing, _figure=figure,
    )  # fmt: skip


def complaining(asked: Filters, view: View, kind: str, category: str | None) -> People:
    """Who complained of a category, or of all. Raises ``Forbidden``."""
    ground = stand("people.see")
    rows = view.troubles.get(kind, ())
    figure = sum(row["count"] for row in rows if category is None or row["category"] == category)
    return _complaining(
        key=f"{ground.key}|{asked}|{kind}|{category is None}|{category}", _ground=ground, _asked=asked, _kind=kind, _category=category,
        _figure=figure,
    )  # fmt: skip


def said(asked: Filters, kind: str) -> Said:
    """People's own words. Raises ``Forbidden`` for those who may not see people."""
    ground = stand("people.see")
    return _said(key=f"{ground.key}|{asked}|{kind}", _ground=ground, _asked=asked, _kind=kind)


def _row(view: View, of: str | None) -> tuple[By, str]:
    return ("total", TOTAL) if of is None else (view.by, of)


@kept.by_key(16)
def _read(key: str, _ground: Ground, _asked: Filters, _by: By) -> View | None:
    with _ground.open(_asked) as lake:
        found, whole, troubles = question.results(lake, _by), question.results(lake), question.troubles(lake)
        if found is None or whole is None or troubles is None:
            return None
        assert lake.as_of is not None
        rows, trouble = plain(found.rows), plain(troubles.rows)
        return View(
            key,
            _by,
            {row["survey"]: row for row in plain(whole.rows)},
            {one: tuple(sorted((r for r in rows if r["survey"] == one), key=_lowness)) for one in SURVEYS},
            {one: tuple(row for row in trouble if row["kind"] == one) for one in TROUBLES},
            found.now, found.before, found.since, lake.as_of, lake.zone, _ground.version,
        )  # fmt: skip


def _lowness(row: Row) -> tuple[bool, float, int, str]:
    most = row["value_high"] if row["answers"] >= SMALL else None
    return most is None, most or 0.0, -row["answers"], row["key"]


@kept.by_key(32)
def _detail(key: str, _ground: Ground, _asked: Filters, _by: By, _of: str, _kind: str, _grain: Grain) -> Detail:
    with _ground.open(_asked) as lake:
        if _kind in TROUBLES:
            return Detail(key, _grain, tuple(plain(question.trouble_trend(lake, _kind, _grain))))
        buckets = plain(question.trend(lake, _kind, _grain, _by, _of))
        spread = question.distribution(lake, _kind, _by, _of)
        return Detail(key, _grain, tuple(buckets), tuple(spread.itertuples(index=False, name=None)))


@kept.by_key(16)
def _people(
    key: str, _ground: Ground, _asked: Filters, _by: By, _of: str, _survey: str, _standing: Standing, _figure: Number
) -> People:
    with _ground.open(_asked) as lake:
        frame = question.behind(lake, _survey, _standing, _by, _of)
        currency = lake.currency
    told = {
        "kind": "surveys",
        "metric": f"{_survey}-{_standing}",
        "survey": _survey,
        "by": _by,
        "key": _of,
        "which": _standing,
    }
    return People(
        key, frame, people.definition(_asked) | told, "rows", "answers", int(frame["value"].sum()), _figure, currency, _ground.version
    )  # fmt: skip


@kept.by_key(16)
def _complaining(
    key: str, _ground: Ground, _asked: Filters, _kind: str, _category: str | None, _figure: Number
) -> People:  # fmt: skip
    with _ground.open(_asked) as lake:
        frame = question.complaining(lake, _kind, _category)
        currency = lake.currency
    told = {"kind": "surveys", "metric": _kind, "survey": _kind, "category": _category}
    return People(
        key, frame, people.definition(_asked) | told, "rows", "rows", int(frame["value"].sum()), _figure, currency, _ground.version
    )  # fmt: skip


@kept.by_key(16)
def _said(key: str, _ground: Ground, _asked: Filters, _kind: str) -> Said:
    with _ground.open(_asked) as lake:
        frame, count = question.words(lake, _kind, MOST_SAID)
    rows = plain(frame)
    known = frame["member_id"].dropna()
    names = dict(zip(known.tolist(), people.links(known), strict=True)) if len(known) else {}
    return Said(
        key,
        tuple(
            row
            | {
                "who": names.get(row["member_id"]),
                "at": row["occurred_at"].to_pydatetime().replace(tzinfo=UTC),
                "text": disclosure.words(row["text"]),
            }
            for row in rows
        ),
        count,
    )
