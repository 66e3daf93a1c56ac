"""Forecasts: which series there are, what a fit is told of one, fits as they stand, scenarios, the diary."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from core import calendar
from core.errors import Refusal
from core.models.forecast.diary import Came, Drift, Errors
from core.models.forecast.gate import FEWEST_DAYS
from core.models.forecast.history import Event, Floats, History
from core.models.forecast.line import BYS, By, Line
from core.models.forecast.outcome import BUCKETS, Components, Effect, Fold, ModelScore, Outcome, Path, SetAside
from core.models.forecast.spec import (
    BEST,
    HORIZONS,
    LEVELS,
    MODELS,
    MOST_DAYS,
    PRIORS,
    RANGE,
    TRAINING,
    UPLIFTS,
    Spec,
    WhatIf,
)
from core.models.forecast.spec import LONGEST_NAME as LONGEST_WHAT_IF
from core.models.forecast.supposing import supposed
from core.periods import Period
from core.scope import Scope
from core.store import topics
from core.store.calendar import TOPIC as CALENDAR
from core.work import forecasts, scenarios, strategy
from core.work.forecasts import Asked, Fit, Span
from core.work.questions import forecasts as question
from core.work.questions import today
from core.work.questions.forecasts import MONEY, OTHER, UNKNOWN, Diary, Published
from core.work.scenarios import Scenario
from core.work.strategy import LONGEST, START, WAYS, Row
from dashboard.actions import guard
from dashboard.data import freshness, notes
from dashboard.data.ground import Ground, stand
from dashboard.data.notes import Note
from dashboard.web import kept, wiring

__all__ = [
    "ALL", "BEST", "BUCKETS", "BYS", "FEWEST_DAYS", "HORIZONS", "LEVELS", "LONGEST", "LONGEST_WHAT_IF", "MODELS", "MONEY", "MOST_DAYS", "OTHER", "PRIORS", "RANGE", "START", "TRAINING",
    "UNKNOWN", "UPLIFTS", "WAYS", "Asked", "By", "Came", "Components", "Diary", "Drift", "Effect", "Errors", "Event", "Fit", "Fold", "History", "Hours", "Line", "Lines",
    "ModelScore", "Note", "Outcome", "Path", "Published", "Refusal", "Row", "Scenario", "SetAside", "Span", "Spec", "WhatIf", "asked", "dated", "diary", "done", "has_worker", "hours",
    "latest", "lines", "matrix", "of_line", "sees_all", "standing", "supposed", "year_before",
]  # fmt: skip

SEE, WRITE = "forecast.see", "forecast.write"
ALL = Scope().key()
"""The scope of a fit of everybody's data."""
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Lines:
    """Measures that the data has, and their parts by measure and way of parting, the largest first. ``units``: names by id. ``happened``: campaigns and imports of
    the year before the newest data and the days after it that anything is forecast for. ``key`` changes with any of it."""

    key: str
    measures: tuple[str, ...]
    parts: Mapping[tuple[str, By], tuple[str, ...]]
    units: Mapping[str, str]
    currency: str
    as_of_on: date
    happened: tuple[Note, ...]


def sees_all() -> bool:
    """Whether the reader sees the whole house."""
    return guard.require(SEE).scope.sees_all


def lines() -> Lines | None:
    """None in a lake without dated facts. Raises ``Forbidden``."""
    ground, fresh = stand(SEE), freshness.read(SEE)
    if fresh.as_of_on is None:
        return None
    return _lines(key=ground.key, _ground=ground, _fresh=fresh)


@kept.by_key(16)
def _lines(key: str, _ground: Ground, _fresh: freshness.Freshness) -> Lines:
    assert _fresh.as_of_on is not None
    around = Period(_fresh.as_of_on - YEAR, _fresh.as_of_on + timedelta(days=HORIZONS[1] + 1))
    with _ground.open() as lake:
        measures = question.measures(lake)
        parts = {(measure, by): question.parts(lake, measure, by) for measure in measures for by in BYS}
        happened = notes.happened(lake, _ground, around)
    units = _fresh.choices.units if _fresh.choices else {}
    return Lines(key, measures, parts, units, _fresh.currency, _fresh.as_of_on, happened)


def asked(line: Line, spec: Spec, span: Span) -> Asked:
    """What a fit is told now. Raises ``Forbidden``, ``Unknown``."""
    ground = stand(SEE)
    revision = kept.while_unwritten(ground.home.store, "calendar revision", lambda: _revision(ground))
    key = f"forecast|{ground.key}|{revision}|{line.text}|{spec.fitted}|{span}"
    return _asked(key=key, _ground=ground, _line=line, _spec=spec.fitted, _span=span)


def _revision(ground: Ground) -> int:
    with ground.home.store.reading() as session:
        return topics.revision(session, CALENDAR)


def done(asked: Asked) -> Fit | None:
    """The fit of what is asked, once it has been made. Raises ``Forbidden``."""
    ground = stand(SEE)

    def read() -> Fit | None:
        found = forecasts.standing(ground.home, wiring.accounts_store(), ground.operator, asked.key)
        return found if found is not None and found.state == "done" else None

    return kept.while_unwritten(ground.home.store, ("fit", asked.key), read)


@kept.by_key(32)
def _asked(key: str, _ground: Ground, _line: Line, _spec: Spec, _span: Span) -> Asked:  # noqa: ARG001 - as above
    with _ground.open() as lake:
        return question.asked(_ground.home, lake, _line, _spec, _span)


@dataclass(frozen=True, eq=False)
class Hours:
    """``point[day, hour]`` and bounds, which are empty rows where too little is known; how hours were forecast before, beside the same hour a week before."""

    point: Floats
    lower80: Floats
    upper80: Floats
    mase: float | None
    naive_mase: float | None
    folds: int


def hours(asked: Asked, outcome: Outcome, path: Path, key: str) -> Hours:
    """A forecast by hour. ``key``: names the look at it. Raises ``Forbidden``, ``Unknown``."""
    ground = stand(SEE)
    return _hours(
        key=f"hours|{ground.key}|{key}|{asked.line.text}", _ground=ground, _asked=asked, _outcome=outcome, _path=path
    )


@kept.by_key(16)
def _hours(key: str, _ground: Ground, _asked: Asked, _outcome: Outcome, _path: Path) -> Hours:  # noqa: ARG001 - as above
    with _ground.open() as lake:
        path, score = question.by_hour(lake, _asked, _outcome, _path)
    empty = np.zeros((path.point.shape[0], 0))
    has = len(path.lower80) > 0
    return Hours(
        path.point, path.lower80 if has else empty, path.upper80 if has else empty, score.mase, score.naive_mase, score.folds
    )  # fmt: skip


def standing(key: str) -> Fit | None:
    """The fit as it stands at this moment. Raises ``Forbidden``."""
    ground = stand(SEE)
    return forecasts.standing(ground.home, wiring.accounts_store(), ground.operator, key)


def year_before(history: History, path: Path, days: int) -> float | None:
    """What the days were that the first ``days`` ahead are held against like for like, a year before (``core.calendar.alike``), added up; None where one of them is not
    known."""
    places = [history.place(calendar.alike(path.start_on + timedelta(days=day))) for day in range(days)]
    if min(places) < 0 or max(places) >= history.days:
        return None
    total = float(history.values[places].sum())
    return total if total == total else None


@dataclass(frozen=True, slots=True)
class Dated:
    """How new the data behind a fit is."""

    key: str
    as_of: datetime
    zone: str
    version: int


def dated(fit: Fit) -> Dated:
    """Raises ``Forbidden``."""
    fresh = freshness.read(SEE)
    assert fresh.as_of is not None
    return Dated(fit.key, fresh.as_of, fresh.zone, fit.lake_version)


def latest(line: Line, spec: Spec, span: Span) -> Fit | None:
    """The newest that was fitted of a series by a spec, whatever the data said then. Raises ``Forbidden``."""
    ground = stand(SEE)
    return forecasts.latest(ground.home, ground.operator, line, spec, spans=(span,))


def of_line(line: Line) -> list[Scenario]:
    """Scenarios of a series, by letter. Raises ``Forbidden``."""
    ground = stand(SEE)
    name = ("scenarios", line, ground.operator.scope.key())
    return kept.while_unwritten(ground.home.store, name, lambda: scenarios.listed(ground.home, ground.operator, line))


def diary(line: Line) -> Diary | None:
    """Raises ``Forbidden``."""
    ground = stand(SEE)
    name = ("diary", line, ground.operator.scope.key())
    return kept.while_unwritten(ground.home.store, name, lambda: question.diary(ground.home, ground.operator, line))


def matrix() -> tuple[Row, ...]:
    """The strategy matrix. Raises ``Forbidden``."""
    ground = stand(SEE)
    return strategy.kept(ground.home, ground.operator)


def has_worker() -> bool:
    """Whether anybody does what is asked for."""
    with wiring.accounts_store().reading() as session:
        return today.worker_item(session, now=wiring.now()) is None
