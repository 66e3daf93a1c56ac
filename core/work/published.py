"""Forecasts that the house stands by: published with all that they rest on, never changed, and held against the days that come."""

import math
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from core.errors import InvalidForecast, Unknown
from core.models.forecast.line import Line
from core.models.forecast.outcome import Outcome, Path
from core.models.forecast.spec import Spec
from core.models.forecast.supposing import supposed
from core.scope import Operator, Scope
from core.store import audit, forecasts
from core.store.session import Store
from core.store.tables import Forecast, ForecastFit
from core.work.forecasts import spec_key
from core.work.home import Home
from core.work.questions import forecasts as questions
from core.work.questions.reading import Reading, reading

LONGEST_NAME = 60


def publish(
    home: Home, log: Store, operator: Operator, key: str, spec: Spec, now: datetime, *, name: str = ""
) -> Forecast:
    """Stand by the forecast of a fit, with what the spec supposes. It supersedes the one before of its series. ``name``: of the scenario.

    Raises ``Forbidden``, ``Unknown``, and ``InvalidForecast`` for a fit without an outcome or of another spec."""
    operator.require("forecast.write")
    with audit.told(home.store, log) as (session, logged):
        row = forecasts.fit(session, key)
        if row is None or row.scope != operator.scope.key():
            raise Unknown("fit", key)
        if row.outcome is None or row.spec_sha256 != spec_key(spec):
            raise InvalidForecast("This has not been fitted.", field="fit", reason="fit")
        outcome = Outcome.from_json(row.outcome)
        base = outcome.path if row.adding_up is None else Path.from_json(row.adding_up)
        path = supposed(base, spec, outcome.effects)
        made = forecasts.publish(session, _values(row, outcome, spec, operator, name, now), _days(path, row.last_on))
        details = {
            "series": row.series, "last_on": row.last_on.isoformat(), "headline": outcome.headline, "name": made.name,
            "supersedes": made.supersedes_id, "world": home.world,
        }  # fmt: skip
        audit.append(logged, operator, "forecast.published", f"forecast:{made.id}", details, now=now)
    return made


def score(home: Home, now: datetime) -> int:
    """Write what came beside what was published, and correct it where the data was corrected. Returns how many days were written."""
    with home.store.reading() as session:
        lines = forecasts.lines(session)
    done = 0
    for text, scope in lines:
        with reading(home, scope=scope_of(scope)) as lake:
            values = came(lake, Line.read(text))
        with home.store.transaction() as session:
            done += forecasts.come(session, text, scope, values, now=now)
    return done


def came(lake: Reading, line: Line) -> dict[date, float]:
    """What the data says of each day of a series that it knows; empty where it knows the series no more."""
    found = questions.of(lake, line)
    if found is None:
        return {}
    days = ((found.start_on + timedelta(days=n), float(value)) for n, value in enumerate(found.values))
    return {on: value for on, value in days if not math.isnan(value)}


def scope_of(key: str) -> Scope:
    """The scope that has this key."""
    return Scope() if key == "*" else Scope(frozenset(one for one in key.split(",") if one))


def _values(
    row: ForecastFit, outcome: Outcome, spec: Spec, operator: Operator, name: str, now: datetime
) -> dict[str, Any]:
    return {
        "series": row.series, "scope": row.scope, "fit_key": row.key, "spec": spec.to_json(), "events": row.told["events"],
        "lake_version": row.lake_version, "last_on": row.last_on, "headline": outcome.headline,
        "weights": dict(outcome.weights), "summary": summary(outcome), "scale": outcome.unit,
        "name": " ".join(name.split())[:LONGEST_NAME], "published_by": operator.name, "published_at": now,
    }  # fmt: skip


def summary(outcome: Outcome) -> dict[str, Any]:
    """The backtest of the headline: its score, and the error of every fold."""
    told = asdict(outcome.score)
    return told | {"by_horizon": list(told["by_horizon"]), "folds_mase": [one.mase for one in outcome.folds]}


def _days(path: Path, last_on: date) -> list[dict[str, Any]]:
    first = (path.start_on - last_on).days
    return [
        {
            "day_on": path.start_on + timedelta(days=n), "horizon": first + n, "point": path.point[n],
            "lower80": path.lower80[n], "upper80": path.upper80[n], "lower95": path.lower95[n],
            "upper95": path.upper95[n], "actual": None, "scored_at": None,
        }
        for n in range(path.days)
    ]  # fmt: skip
