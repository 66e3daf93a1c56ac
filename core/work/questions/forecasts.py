"""What pages and ``ask`` read of forecasts: which series there are, what a fit is told of one, what was published and how it did."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from core.errors import NothingVaries, TooShort, Unknown
from core.models.forecast import diary as diaries
from core.models.forecast import gate, hours
from core.models.forecast.diary import Came, Drift, Errors
from core.models.forecast.history import History
from core.models.forecast.hours import HourHistory, HourPath, HourScore
from core.models.forecast.line import By, Line
from core.models.forecast.outcome import Outcome, Path
from core.models.forecast.spec import BEST, HORIZONS, Spec
from core.models.forecast.supposing import NAMES
from core.scope import Operator
from core.store import forecasts
from core.store.tables import Forecast, ForecastDay
from core.work.forecasts import Asked, Span
from core.work.home import Home
from core.work.questions import calendar, series
from core.work.questions.reading import Reading
from core.work.questions.series import MEASURES, MONEY, OTHER, UNKNOWN, Series

__all__ = [
    "MEASURES",
    "MONEY",
    "OTHER",
    "UNKNOWN",
    "Diary",
    "Published",
    "asked",
    "diary",
    "drifting",
    "house",
    "measures",
    "of",
    "parts",
]

MOST_OF_HOUSE = 50
ENSEMBLE = "ensemble"
PARTED = ("orders", "gmv", "new_members", "traffic", "active_members", "messages")
"""Whose parts come first where there is no room for all."""
AHEAD = timedelta(days=HORIZONS[1] + 31)
"""How far beyond the last day the calendar is told: a forecast may begin before an event whose window it lies in."""
LAST_DAYS = 28
"""Parts are ordered by what they were in these days."""


# -- series ------------------------------------------------------------------------------------------------------------


def measures(reading: Reading) -> tuple[str, ...]:
    """Those that the data has."""
    return series.measures(reading)


def parts(reading: Reading, measure: str, by: By) -> tuple[str, ...]:
    """The parts that a measure has, the largest first; none where it is not told apart by that. Raises ``Unknown``."""
    if by not in series.breakdowns(measure):
        return ()
    return tuple(str(one.part) for one in series.parts(reading, measure, by))


def of(reading: Reading, line: Line) -> Series | None:
    """A series as the data says now; None where it has no such measure or part."""
    if line.measure not in series.measures(reading):
        return None
    if line.by is None:
        return series.total(reading, line.measure)
    if line.by not in series.breakdowns(line.measure):
        return None
    return next((one for one in series.parts(reading, line.measure, line.by) if one.part == line.part), None)


def asked(home: Home, reading: Reading, line: Line, spec: Spec, span: Span = "headline") -> Asked:
    """What a fit of a series is told. Raises ``Unknown`` where the data has no such series."""
    found = of(reading, line)
    if found is None:
        raise Unknown("series", line.text, measures(reading))
    return _asked(home, reading, line, found, spec, span)


def house(home: Home, reading: Reading, spec: Spec = Spec()) -> list[Asked]:
    """The house's own series, up to 50: every measure in total, then by channel, then by unit; all parts of a measure or none of them, for only all of them add
    up to it. What is too short to be forecast is left out."""
    known = measures(reading)
    wanted: list[Asked] = []
    groups: list[tuple[str, By | None]] = [(measure, None) for measure in known]
    groups += [(measure, by) for by in series.BY for measure in sorted(known, key=PARTED.index)]
    for measure, by in groups:
        found = _cut(reading, measure, by)
        if len(wanted) + len(found) > MOST_OF_HOUSE:
            continue
        told = [_asked(home, reading, _line(one), one, spec, "headline") for one in found]
        wanted += [one for one in told if _is_long(one)]
    return wanted


def whole(reading: Reading, lines: Iterable[Line]) -> frozenset[tuple[str, By]]:
    """Measures of which all parts of a kind are among the lines."""
    there: dict[tuple[str, By], set[str]] = {}
    for one in lines:
        if one.by is not None and one.part is not None:
            there.setdefault((one.measure, one.by), set()).add(one.part)
    return frozenset(key for key, found in there.items() if found == set(parts(reading, *key)))


def _is_long(asked: Asked) -> bool:
    try:
        gate.refuse(asked.history, asked.known, asked.spec)
    except (TooShort, NothingVaries):
        return False
    return True


def _cut(reading: Reading, measure: str, by: By | None) -> list[Series]:
    if by is None:
        return [series.total(reading, measure)]
    if by not in series.breakdowns(measure):
        return []
    return sorted(series.parts(reading, measure, by), key=lambda one: -float(np.nansum(one.values[-LAST_DAYS:])))


def _line(one: Series) -> Line:
    return Line(one.measure, one.by, one.part)


def _asked(home: Home, reading: Reading, line: Line, found: Series, spec: Spec, span: Span) -> Asked:
    history = History(found.start_on, found.values)
    known = calendar.known(home, history.start_on, history.end_on + AHEAD)
    manifest = reading.snapshot.manifest
    models = None if span == "all" else tuple(dict.fromkeys((*gate.HEADLINE, *_named(spec))))
    return Asked(line, history, known, spec, span, reading.scope, manifest.lake_id, manifest.version, models)


def _named(spec: Spec) -> tuple[str, ...]:
    return () if spec.model in (BEST, ENSEMBLE) else (spec.model,)


def by_hour(reading: Reading, asked: Asked, outcome: Outcome, path: Path) -> tuple[HourPath, HourScore]:
    """A forecast shared out by hour, and how that did on the days of the backtest. Raises ``Unknown`` where the data has no such series."""
    found = series.hours(reading, asked.line.measure, asked.line.by, asked.line.part)
    history = HourHistory(found.start_on, found.values.copy())
    for on in {*asked.known.closed} - {*asked.spec.kept}:
        if 0 <= history.place(on) < history.days:
            history.values[history.place(on)] = np.nan
    folds = [fold.path for fold in outcome.folds]
    return hours.forecast(history, path, asked.known.events, folds), hours.backtest(history, folds, asked.known.events)


# -- what was published ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Published:
    """A published forecast as it was. ``summary``: its backtest. ``superseded_at``: when a later one took its place; null of the current one."""

    forecast_id: int
    line: Line
    name: str
    spec: Spec
    headline: str
    weights: Mapping[str, float]
    summary: Mapping[str, Any]
    lake_version: int
    last_on: date
    published_by: str
    published_at: datetime
    superseded_at: datetime | None
    path: Path


@dataclass(frozen=True, slots=True)
class Diary:
    """What was published of a series, newest first, and how it did. ``came``: days that have come in, oldest first, each forecast's own. ``judged``: the last 28
    of them, each by the newest forecast before it; ``live``: their errors."""

    published: tuple[Published, ...]
    came: tuple[Came, ...]
    judged: tuple[Came, ...]
    live: Errors
    by_horizon: tuple[tuple[tuple[int, int], Errors], ...]
    drift: Drift

    @property
    def current(self) -> Published:
        return self.published[0]


def diary(home: Home, operator: Operator, line: Line) -> Diary | None:
    """None where nothing was published of the series in the operator's scope. Raises ``Forbidden``."""
    operator.require("forecast.see")
    with home.store.reading() as session:
        rows = forecasts.published(session, line.text, operator.scope.key())
        days = forecasts.days(session, [row.id for row in rows])
    if not rows:
        return None
    scales = {row.id: row.scale for row in rows}
    of_row: dict[int, list[ForecastDay]] = {row.id: [] for row in rows}
    for day in days:
        of_row[day.forecast_id].append(day)
    later = [None, *(row.published_at for row in rows[:-1])]
    published = tuple(_published(row, of_row[row.id], after) for row, after in zip(rows, later, strict=True))
    came = tuple(
        _came(day, scales[day.forecast_id])
        for day in sorted(days, key=lambda one: one.day_on)
        if day.actual is not None
    )
    judged = diaries.live(came)
    folds = published[0].summary.get("folds_mase", ())
    return Diary(
        published, came, judged, diaries.errors(judged), diaries.by_horizon(came), diaries.drift(came, folds)
    )  # fmt: skip


def drifting(home: Home, operator: Operator) -> tuple[Line, ...]:
    """Series of the operator's scope whose published forecasts err more than they were tested to. Raises ``Forbidden``."""
    operator.require("forecast.see")
    with home.store.reading() as session:
        known = [Line.read(series) for series, scope in forecasts.lines(session) if scope == operator.scope.key()]
    diaries_ = [(line, diary(home, operator, line)) for line in known]
    return tuple(line for line, found in diaries_ if found is not None and found.drift.is_drifting)


def _published(row: Forecast, days: Sequence[ForecastDay], superseded_at: datetime | None) -> Published:
    path = Path(days[0].day_on, *(tuple(getattr(day, name) for day in days) for name in NAMES))
    return Published(
        row.id, Line.read(row.series), row.name, Spec.from_json(row.spec), row.headline, row.weights, row.summary,
        row.lake_version, row.last_on, row.published_by, row.published_at, superseded_at, path,
    )  # fmt: skip


def _came(day: ForecastDay, scale: float | None) -> Came:
    assert day.actual is not None
    return Came(
        day.forecast_id, day.day_on, day.horizon, day.point, day.lower80, day.upper80, day.lower95, day.upper95,
        day.actual, scale,
    )  # fmt: skip
