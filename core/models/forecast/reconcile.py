"""Forecasts of a total and of its parts, made to add up.

All are forecast apart, and then moved as little as can be so that the parts add up to the total, each the less the better it was in its backtest: least
squares weighted by the variance of its errors (WLS_var of MinT: S. L. Wickramasuriya, G. Athanasopoulos & R. J. Hyndman, Optimal forecast reconciliation
through trace minimization, JASA 2019). For one total that is: the gap ``total - sum of parts`` is shared out by variance, the total taking its own share of it.
What would fall below 0 is 0, and the rest is solved again without it (the non-negative least squares of S. L. Wickramasuriya et al., Optimal non-negative
forecast reconciliation, Statistics and Computing 2020). The reconciled total lies between the total and the sum of the parts as they were forecast.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.models.forecast.history import Floats
from core.models.forecast.outcome import Fold, Path

_LEAST = 1e-9
"""Share of the greatest variance below which nobody's errors are taken to be: a series that never erred would take no share of any gap."""
_FAR = -1e200
"""A multiplier at which all parts are 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Reconciled:
    """``total[day]`` and ``parts[part, day]``, all at least 0; the parts of each day add up to its total but for the rounding of floats."""

    total: Floats
    parts: Floats


def reconcile(total: Floats, parts: Floats, total_variance: float, variances: Floats) -> Reconciled:
    """Forecasts of a total (``[day]``) and its parts (``[part, day]``), at least 0, with the variance of the backtest errors of each. ``total_variance`` of 0 holds
    the total as it is, so that several ways of parting it agree. A variance that is not known (NaN), and those of parts that all are 0, count like the square
    of the mean forecast. Raises ``ValueError`` without parts and for forecasts below 0."""
    total, parts = np.asarray(total, np.float64), np.asarray(parts, np.float64)
    if not len(parts) or (parts < 0).any() or (total < 0).any():
        raise ValueError("a total and parts of at least 0 are reconciled")
    if not total.size:
        return Reconciled(total, parts)
    of_parts = np.asarray(variances, np.float64)
    usual = np.mean(parts, axis=1) ** 2
    of_parts = np.where(np.isnan(of_parts) | (of_parts <= 0).all(), usual, of_parts)
    of_parts = of_parts if of_parts.max() > 0 else np.ones(len(parts))
    greatest = of_parts.max()
    of_total = float(np.mean(total)) ** 2 if np.isnan(total_variance) else total_variance
    return _solved(total, parts, of_total / greatest, np.maximum(of_parts / greatest, _LEAST))


def _solved(total: Floats, parts: Floats, of_total: float, of_parts: Floats) -> Reconciled:
    """Minimise (t - total)² / v0 + sum (x_i - parts_i)² / v_i with t = sum x and x >= 0, day by day.

    At the minimum x_i = max(0, parts_i + v_i g) with one multiplier g = (total - t) / v0 for all parts of a day, where t = sum x. So it is the root of a
    falling function that is straight between the points at which a part reaches 0, and is found exactly among these.
    """
    # Below g = -parts_i / v_i part i is 0. From the highest such point down, parts leave one by one.
    edges = -parts / of_parts[:, None]
    order = np.argsort(-edges, axis=0, kind="stable")
    held = np.take_along_axis(parts, order, axis=0)
    weight = of_parts[order]
    # With the first k parts of that order at 0: t = sum of the rest + g * their variances, and g v0 = total - t.
    zero = np.zeros((1, parts.shape[1]))
    rest = np.vstack([held, zero])[::-1].cumsum(axis=0)[::-1]
    variance = np.vstack([weight, zero])[::-1].cumsum(axis=0)[::-1]
    most = of_total + variance
    gaps = np.where(most > 0, (total - rest) / np.where(most > 0, most, 1.0), _FAR)
    upper = np.vstack([np.full_like(zero, np.inf), np.take_along_axis(edges, order, axis=0)])
    lower = np.vstack([np.take_along_axis(edges, order, axis=0), np.full_like(zero, -np.inf)])
    is_it = (gaps <= upper) & (gaps >= lower)
    # Rounding may leave a root just outside of both pieces that meet at it: then the nearest.
    off = np.maximum(gaps - upper, lower - gaps)
    first = np.where(is_it.any(axis=0), is_it.argmax(axis=0), off.argmin(axis=0))
    gap = np.take_along_axis(gaps, first[None, :], axis=0)[0]
    found = np.maximum(0.0, parts + of_parts[:, None] * gap)
    return Reconciled(found.sum(axis=0), found)


def variance(folds: Sequence[Fold]) -> float:
    """Mean squared error of a backtest over all days that are known; NaN where there are none."""
    errors = [
        (actual - point) ** 2
        for fold in folds
        for actual, point in zip(fold.actual, fold.path.point, strict=True)
        if actual is not None
    ]
    return float(np.mean(errors)) if errors else float("nan")


def paths(
    total: Path, parts: Sequence[Path], total_variance: float, variances: Floats
) -> tuple[Path, tuple[Path, ...]]:
    """Whole forecasts made to add up: points as ``reconcile``; the bounds of each are moved in proportion to its point (where that was 0: by as much),
    because what is known of its spread is how far it errs from it; where a point becomes 0 its spread is left. Bounds are not added up: the parts are not all at their ends at once. Raises ``ValueError`` for paths
    of other days."""
    if any((one.start_on, one.days) != (total.start_on, total.days) for one in parts):
        raise ValueError("forecasts of the same days are reconciled")
    points = np.array([one.point for one in parts], np.float64).reshape(len(parts), total.days)
    found = reconcile(np.array(total.point), points, total_variance, variances)
    return _moved(total, found.total), tuple(_moved(one, now) for one, now in zip(parts, found.parts, strict=True))


def _moved(path: Path, point: Floats) -> Path:
    before = np.array(path.point)
    is_scaled = (before > 0) & (point > 0)
    factor = np.where(is_scaled, point / np.where(is_scaled, before, 1.0), 1.0)
    shift = np.where(is_scaled, 0.0, point - before)

    def bound(values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(np.maximum(np.array(values) * factor + shift, 0.0).tolist())

    bounds = (bound(one) for one in (path.lower80, path.upper80, path.lower95, path.upper95))
    return Path(path.start_on, tuple(point.tolist()), *bounds)
