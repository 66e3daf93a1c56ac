"""How many clusters the house has, and what they are called."""

from core.work import clusters, segments, tags
from core.work.clusters import LONGEST_NAME
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import wiring

__all__ = ["LONGEST_NAME", "keep", "may", "rename"]


def may() -> bool:
    """Whether the operator may change what everybody's labels mean."""
    return guard.may("segment.write") and guard.operator().scope.sees_all


def keep(k: int) -> None:
    """Counts what stands on clusters anew at once. Raises ``Forbidden`` and ``InvalidClusters``."""
    operator, home, now = guard.require("segment.write"), worlds.home(), wiring.now()
    clusters.keep(home, wiring.accounts_store(), operator, k, now)
    for measure in (segments.refresh_all, tags.refresh_all):
        measure(home, now=now, on="cluster")


def rename(label: str, name: str) -> None:
    """Raises ``Forbidden``, ``InvalidClusterName`` and ``Unknown``."""
    operator = guard.require("segment.write")
    clusters.rename(worlds.home(), wiring.accounts_store(), operator, label, name, wiring.now())
