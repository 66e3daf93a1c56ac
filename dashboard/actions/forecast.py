"""Asking for fits, and what is written of forecasts: scenarios, publishing, the strategy matrix. All guarded."""

from collections.abc import Sequence

from core.models.forecast.line import Line
from core.models.forecast.spec import Spec
from core.store.tables import Forecast
from core.work import forecasts, published, scenarios, strategy
from core.work.forecasts import Asked, Fit
from core.work.scenarios import LONGEST_NAME, Scenario
from core.work.strategy import Row
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import wiring

__all__ = [
    "LONGEST_NAME",
    "again",
    "ask",
    "cancel",
    "keep_matrix",
    "may",
    "may_cancel",
    "may_keep_matrix",
    "publish",
    "put_away",
    "rename",
    "save",
    "save_over",
]

SEE, WRITE = "forecast.see", "forecast.write"


def may() -> bool:
    """Whether to draw what writes."""
    return guard.may(WRITE)


def ask(asked: Asked) -> Fit:
    """The fit as it stands, which somebody does from now on. Raises ``Forbidden``, ``TooShort``."""
    operator = guard.require(SEE)
    return forecasts.ask(worlds.home(), wiring.accounts_store(), operator, asked, wiring.now())


def again(key: str) -> Fit:
    """Raises ``Forbidden``, ``Unknown``."""
    return forecasts.again(worlds.home(), wiring.accounts_store(), guard.require(SEE), key, wiring.now())


def cancel(key: str) -> Fit:
    """Raises ``Forbidden``, ``Unknown``."""
    return forecasts.cancel(worlds.home(), wiring.accounts_store(), guard.require(SEE), key, wiring.now())


def may_keep_matrix() -> bool:
    """Whether to draw what changes the strategy matrix, which is that of the whole house."""
    return may() and guard.operator().scope.sees_all


def may_cancel(fit: Fit) -> bool:
    """Whether to draw what cancels it."""
    return guard.may(SEE) and forecasts.may_cancel(guard.operator(), fit)


def publish(key: str, spec: Spec, name: str = "") -> Forecast:
    """Raises ``Forbidden``, ``Unknown``, ``InvalidForecast``."""
    operator = guard.require(WRITE)
    return published.publish(worlds.home(), wiring.accounts_store(), operator, key, spec, wiring.now(), name=name)


def save(line: Line, name: str, spec: Spec) -> Scenario:
    """Raises ``Forbidden``, ``InvalidScenario``."""
    return scenarios.save(
        worlds.home(), wiring.accounts_store(), guard.require(WRITE), line, name, spec, wiring.now()
    )  # fmt: skip


def save_over(one: Scenario, spec: Spec) -> Scenario:
    """Raises ``Forbidden``, ``Unknown``, ``ScenarioChanged``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return scenarios.overwrite(home, log, operator, one.scenario_id, one.revision, spec, wiring.now())


def rename(one: Scenario, name: str) -> Scenario:
    """Raises ``Forbidden``, ``Unknown``, ``InvalidScenario``, ``ScenarioChanged``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return scenarios.rename(home, log, operator, one.scenario_id, one.revision, name, wiring.now())


def put_away(one: Scenario) -> Scenario:
    """Raises ``Forbidden``, ``Unknown``, ``ScenarioChanged``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return scenarios.archive(home, log, operator, one.scenario_id, one.revision, wiring.now())


def keep_matrix(rows: Sequence[Row], was: Sequence[Row]) -> None:
    """Raises ``Forbidden``, ``InvalidStrategy``, ``StrategyChanged``."""
    operator = guard.require(WRITE)
    strategy.keep(worlds.home(), wiring.accounts_store(), operator, rows, wiring.now(), was=was)
