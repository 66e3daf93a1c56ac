"""Marks that people give and shares of them: the value, and how sure one is of it. Arrays in, arrays out; nothing of nobody."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

Floats = NDArray[np.float64]

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Bounds:
    """One entry per group. ``low`` to ``high`` hold the value with so much confidence; not a number where there is nothing to say."""

    value: Floats
    low: Floats
    high: Floats


def shares(count: ArrayLike, of: ArrayLike, level: float = LEVEL) -> Bounds:
    """``count`` of ``of`` each, by the score interval (E. B. Wilson, JASA 22, 1927), as ``core.metrics.proportions.wilson``."""
    top, n, z = np.asarray(count, np.float64), np.asarray(of, np.float64), _z(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = top / n
        middle = (2 * top + z * z) / (2 * (n + z * z))
        reach = z * np.sqrt(z * z + 4 * top * (1 - value)) / (2 * (n + z * z))
    low, high = np.where(top == 0, 0.0, middle - reach), np.where(top == n, 1.0, middle + reach)
    known = np.where(n > 0, 0.0, np.nan)
    return Bounds(value + known, low + known, high + known)


def means(count: ArrayLike, total: ArrayLike, squares: ArrayLike, ends: tuple[float, float]) -> Bounds:
    """Means of ``count`` marks that add up to ``total``, their squares to ``squares``: mean ± t · s / √n (Student, Biometrika 6, 1908),
    kept within what a mark can be. Of a single mark there is a mean and no interval."""
    n, sum_, sum_squares = (np.asarray(one, np.float64) for one in (count, total, squares))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = sum_ / n
        variance = np.maximum(sum_squares - n * value * value, 0.0) / (n - 1)
        reach = stdtrit(n - 1, (1 + LEVEL) / 2) * np.sqrt(variance / n)
    reach = np.where(n > 1, reach, np.nan)
    value = np.where(n > 0, value, np.nan)
    return Bounds(value, np.maximum(value - reach, ends[0]), np.minimum(value + reach, ends[1]))


def differences(up: ArrayLike, down: ArrayLike, of: ArrayLike, level: float = LEVEL) -> Bounds:
    """Share of ``up`` less share of ``down`` among the same ``of`` people, each of whom is one, the other or neither.

    Interval: adjusted Wald (D. G. Bonett, R. M. Price, Adjusted Wald confidence interval for a difference of binomial proportions based
    on paired data, J. Educ. Behav. Stat. 37, 2012): with p = (up + 1) / (n + 2) and q = (down + 1) / (n + 2) it is
    p - q ± z √((p + q - (p - q)²) / (n + 2)), kept within -1 and 1. It holds for small n, and where all say the same.
    """
    p, q, n = (np.asarray(one, np.float64) for one in (up, down, of))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(n > 0, (p - q) / n, np.nan)
    more, less = (p + 1) / (n + 2), (q + 1) / (n + 2)
    reach = _z(level) * np.sqrt((more + less - (more - less) ** 2) / (n + 2))
    known = np.where(n > 0, 0.0, np.nan)
    return Bounds(
        value, np.maximum(more - less - reach, -1.0) + known, np.minimum(more - less + reach, 1.0) + known
    )  # fmt: skip


def errors_of_differences(up: ArrayLike, down: ArrayLike, of: ArrayLike) -> Floats:
    """Standard error of such a difference: √((p + q - (p - q)²) / n) of the shares p and q as they were counted."""
    p, q, n = (np.asarray(one, np.float64) for one in (up, down, of))
    with np.errstate(divide="ignore", invalid="ignore"):
        p, q = p / n, q / n
        found: Floats = np.where(n > 0, np.sqrt(np.maximum(p + q - (p - q) ** 2, 0.0) / n), np.nan)
    return found


def _z(level: float) -> float:
    return float(ndtri((1 + level) / 2))
