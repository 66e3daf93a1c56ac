"""Scenarios: ways of forecasting one series that somebody saved under a name, to compare them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.models.forecast.line import Line
from core.models.forecast.spec import Spec
from core.scope import Operator
from core.store import audit, forecasts
from core.store.forecasts import InvalidScenario
from core.store.session import Session, Store
from core.store.tables import ForecastScenario
from core.work.home import Home

LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Scenario:
    """``slot``: its letter. ``revision``: to be handed over by whoever changes it."""

    scenario_id: int
    line: Line
    slot: str
    name: str
    spec: Spec
    owner: str
    revision: int
    changed_at: datetime


def listed(home: Home, operator: Operator, line: Line) -> list[Scenario]:
    """Those of a series in the operator's scope, by letter. Raises ``Forbidden``."""
    operator.require("forecast.see")
    with home.store.reading() as session:
        return [_seen(row) for row in forecasts.scenarios(session, line.text, operator.scope.key())]


def save(home: Home, log: Store, operator: Operator, line: Line, name: str, spec: Spec, now: datetime) -> Scenario:
    """Keep a spec under a name and the next free letter. Raises ``Forbidden``, ``InvalidScenario``."""
    operator.require("forecast.write")
    called = _name(name)

    def write(session: Session) -> ForecastScenario:
        scope = operator.scope.key()
        return forecasts.save(session, line.text, scope, called, spec.to_json(), by=operator.name, now=now)

    with audit.told(home.store, log) as (session, logged):
        row = write(session)
        _tell(logged, operator, "scenario.saved", row, home, now)
        return _seen(row)


def overwrite(
    home: Home, log: Store, operator: Operator, scenario_id: int, revision: int, spec: Spec, now: datetime
) -> Scenario:
    """Give a scenario another spec. Raises ``Forbidden``, ``Unknown``, ``ScenarioChanged``."""
    told = {"spec": spec.to_json()}
    return _changed(home, log, operator, scenario_id, revision, told, "scenario.overwritten", now)


def rename(
    home: Home, log: Store, operator: Operator, scenario_id: int, revision: int, name: str, now: datetime
) -> Scenario:
    """Raises ``Forbidden``, ``Unknown``, ``InvalidScenario``, ``ScenarioChanged``."""
    return _changed(home, log, operator, scenario_id, revision, {"name": _name(name)}, "scenario.renamed", now)


def archive(home: Home, log: Store, operator: Operator, scenario_id: int, revision: int, now: datetime) -> Scenario:
    """Put a scenario away; its letter and name are free again. Raises ``Forbidden``, ``Unknown``, ``ScenarioChanged``."""
    return _changed(home, log, operator, scenario_id, revision, {"is_archived": True}, "scenario.archived", now)


def _changed(
    home: Home,
    log: Store,
    operator: Operator,
    scenario_id: int,
    revision: int,
    values: Mapping[str, Any],
    action: str,
    now: datetime,
) -> Scenario:
    operator.require("forecast.write")
    with audit.told(home.store, log) as (session, logged):
        scope = operator.scope.key()
        row = forecasts.change(session, scenario_id, scope, values, revision=revision, by=operator.name, now=now)
        _tell(logged, operator, action, row, home, now)
        return _seen(row)


def _tell(logged: Session, operator: Operator, action: str, row: ForecastScenario, home: Home, now: datetime) -> None:
    details = {"series": row.series, "slot": row.slot, "name": row.name, "spec": row.spec, "world": home.world}
    audit.append(logged, operator, action, f"scenario:{row.id}", details, now=now)


def _name(name: str) -> str:
    written = " ".join(name.split())
    if not 1 <= len(written) <= LONGEST_NAME or not written.isprintable():
        raise InvalidScenario(
            f"A scenario needs a name of 1 to {LONGEST_NAME} letters.", reason="name", most=LONGEST_NAME, name=""
        )
    return written


def _seen(row: ForecastScenario) -> Scenario:
    return Scenario(
        row.id, Line.read(row.series), row.slot, row.name, Spec.from_json(row.spec), row.owner, row.revision,
        row.changed_at or row.created_at,
    )  # fmt: skip
