"""Connectors: set up, tried, switched. All guarded."""

from collections.abc import Mapping
from typing import Any

from core.work.campaigns.ways_out import connection_tests, connectors
from core.work.campaigns.ways_out.connectors import Added
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import wiring

__all__ = ["WRITE", "add", "change", "remove", "resume", "rotate", "switch", "try_out"]

WRITE = "connector.write"


def add(kind: str, name: str, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Added:
    """Raises ``Forbidden``, ``InvalidConnector``, ``DemoConnector``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return connectors.add(home, log, operator, kind, name, settings, secrets, now=wiring.now())


def change(connector_id: int, name: str, settings: Mapping[str, Any], secrets: Mapping[str, str], revision: int) -> None:  # fmt: skip
    """Secrets that are empty stay as they were. Raises as ``add``, and ``ConnectorChanged``, ``Unknown``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    connectors.change(home, log, operator, connector_id, name, settings, secrets, revision=revision, now=wiring.now())


def rotate(connector_id: int, revision: int) -> str:
    """The new secret of a webhook, to be shown once. Raises ``Forbidden``, ``ConnectorChanged``, ``Unknown``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return connectors.rotate(home, log, operator, connector_id, revision=revision, now=wiring.now())


def switch(connector_id: int, revision: int, *, is_on: bool) -> None:
    """Raises ``ConnectorInUse``, ``DemoConnector``, ``Forbidden``, ``ConnectorChanged``, ``Unknown``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    connectors.switch(home, log, operator, connector_id, is_on=is_on, revision=revision, now=wiring.now())


def remove(connector_id: int, revision: int) -> None:
    """Raises ``ConnectorInUse``, ``Forbidden``, ``ConnectorChanged``, ``Unknown``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    connectors.remove(home, log, operator, connector_id, revision=revision, now=wiring.now())


def resume(connector_id: int) -> None:
    """Raises ``Forbidden``, ``Unknown``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    connectors.resume(home, log, operator, connector_id, now=wiring.now())


def try_out(connector_id: int) -> str | None:
    """The code of what is wrong, null where all is well. Takes seconds. Raises ``Forbidden``, ``Unknown``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return connection_tests.test(home, log, operator, connector_id, now=wiring.now())
