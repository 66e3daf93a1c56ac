"""What ``ask forecast`` prints: days ahead as plain values, money in major units. A fit that was made before is not made again."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from babel.numbers import get_currency_precision

from core.errors import Refusal, Unknown
from core.models.forecast import gate
from core.models.forecast.line import BYS, Line
from core.models.forecast.outcome import Outcome, Path
from core.models.forecast.spec import Spec
from core.models.forecast.supposing import NAMES
from core.models.forecast.told import Told
from core.scope import Filters
from core.store import forecasts as store
from core.work.forecasts import Asked, spec_key
from core.work.home import Home
from core.work.questions import forecasts, series
from core.work.questions.reading import reading

Row = dict[str, Any]
TOTAL = "total"


def told(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row per day ahead of ``measure`` (see ``core.work.questions.series.Series``), in total or by channel or unit: ``measure on value lower80 upper80
    lower95 upper95 model mase``; ``days``: how many (default 30). By the house's settings; parts as they add up where the worker made them. A part that is too
    short to be forecast is left out; a total is refused. Raises ``TooShort``, ``Unknown``, and ``Refusal`` for filters."""
    by = str(options.get("by") or TOTAL)
    if by not in (TOTAL, *BYS):
        raise Unknown("breakdown", by, (TOTAL, *BYS))
    if not options.get("measure"):
        raise Refusal(f"Say which: --measure {'|'.join(series.MEASURES)}.", option="--measure")
    if filters != Filters():
        raise Refusal("A forecast is of all data: narrow it with --by.", option="--by")
    measure, spec = str(options["measure"]), _spec(options)
    with reading(home) as lake:
        digits = get_currency_precision(lake.currency) if measure in series.MONEY else 0
        if measure not in forecasts.measures(lake):
            raise Unknown("measure", measure, forecasts.measures(lake))
        lines = [Line(measure)] if by == TOTAL else [Line(measure, way, part) for way in BYS if way == by for part in forecasts.parts(lake, measure, way)]  # fmt: skip
        wanted = [forecasts.asked(home, lake, line, spec) for line in lines]
    found: list[Row] = []
    for one in wanted:
        try:
            gate.refuse(one.history, one.known, one.spec)
            outcome, path = _fitted(home, one)
        except Refusal:
            if one.line.by is None:
                raise
            continue
        found += _rows(one.line, outcome, path, digits)
    return found


def _spec(options: Row) -> Spec:
    days = options.get("days")
    if days is None:
        return Spec()
    if not str(days).isdecimal():
        raise Refusal(f"--days is a number of days, not {days!r}.", option="--days")
    return Spec(horizon=int(days))


def _fitted(home: Home, asked: Asked) -> tuple[Outcome, Path]:
    """As it was fitted before, by anybody who sees everything, else on the spot; then it is kept."""
    with home.store.reading() as session:
        row = store.fit(session, asked.key)
    if row is not None and row.outcome is not None:
        outcome = Outcome.from_json(row.outcome)
        return outcome, outcome.path if row.adding_up is None else Path.from_json(row.adding_up)
    from core.models.forecast import fits  # loads every model

    given, started = Told.from_json(asked.told), time.perf_counter()
    outcome = fits.fit(
        given.history, given.known, given.spec, models=given.models, told=lambda *_: None, stop=lambda: False
    )  # fmt: skip
    now, seconds = datetime.now(UTC), time.perf_counter() - started
    values = {
        "key": asked.key, "series": asked.line.text, "scope": asked.scope.key(), "span": asked.span,
        "spec_sha256": spec_key(asked.spec), "told": asked.told, "last_on": asked.last_on,
        "lake_version": asked.lake_version, "job_id": 0, "asked_by": "system", "asked_at": now,
    }  # fmt: skip
    with home.store.transaction() as session:
        store.add(session, values)
        store.tell(session, asked.key, outcome.to_json(), fit_seconds=seconds, now=now)
    return outcome, outcome.path


def _rows(line: Line, outcome: Outcome, path: Path, digits: int) -> list[Row]:
    score = outcome.score
    mase = None if score.mase is None else round(score.mase, 4)
    return [
        {
            "measure": line.measure,
            "on": str(path.start_on + timedelta(days=day)),
            **({} if line.by is None else {line.by: line.part}),
            **{"value" if name == "point" else name: round(getattr(path, name)[day] / 10**digits, 2) for name in NAMES},
            "model": outcome.headline,
            "mase": mase,
        }
        for day in range(path.days)
    ]
