"""The metric catalogue, as the registry of metrics has it."""

from core.metrics.catalog import GOALS, METRICS, Goal, Metric
from dashboard.actions import guard


def read() -> dict[Goal, tuple[Metric, ...]]:
    """All metrics by goal. Raises ``Forbidden``."""
    guard.require("catalog.see")
    return {goal: tuple(metric for metric in METRICS.values() if metric.goal == goal) for goal in GOALS}
