"""Several comparisons at once, and how small a difference so many people can show at all."""

from collections.abc import Sequence
from math import sqrt

from scipy.special import ndtri

from core.campaigns.lift import Heads
from core.metrics.proportions import Proportion

CONFIDENCE, POWER = 0.95, 0.8
"""How often nothing is taken for something (1 - 0.95), and how often something is seen that is there: what is usual."""


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Each chance, corrected for as many as were looked at; who has none stays so and counts as none.

    S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979."""
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    found: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(known):
        highest = max(highest, min(p * (len(known) - rank), 1.0))
        found[place] = highest
    return found


def detectable_share(treated: Proportion, holdout: Proportion) -> float | None:
    """The smallest true difference of shares that four of five such campaigns would show (95 % confidence), if the holdout's share is the usual one; null of nobody, and where that share is
    0 or 1, which says nothing of how much it varies.

    J. L. Fleiss, B. Levin, M. C. Paik, Statistical Methods for Rates and Proportions, 3rd ed. 2003, chapter 4, with one variance for both sides."""
    if not treated.of or not holdout.of or holdout.count in (0, holdout.of):
        return None
    usual = holdout.count / holdout.of
    return _reach() * sqrt(usual * (1 - usual) * (1 / treated.of + 1 / holdout.of))


def detectable_mean(treated: Heads, holdout: Heads) -> float | None:
    """The same of values per head; null of fewer than two on a side, and where all are the same."""
    if treated.variance is None or holdout.variance is None:
        return None
    error = sqrt(treated.variance / treated.count + holdout.variance / holdout.count)
    return _reach() * error if error else None


def _reach() -> float:
    return float(ndtri((1 + CONFIDENCE) / 2) + ndtri(POWER))
