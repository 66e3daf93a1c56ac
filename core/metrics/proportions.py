"""Shares of people: how sure one is, how far apart two are, and whether that may be chance.

Only for independent people, each counted once: a conversion of members, of sessions at best roughly, never of attempts.
"""

from dataclasses import dataclass
from math import erfc, sqrt
from statistics import NormalDist

FEWEST_EXPECTED = 5
"""Below this expected count in any of the four cells the normal approximation is not to be trusted (W. G. Cochran, Some
methods for strengthening the common chi-squared tests, Biometrics 10, 1954)."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """``count`` people out of ``of``. Raises ``ValueError`` unless 0 <= count <= of."""

    count: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.of:
            raise ValueError(f"{self.count} out of {self.of} is no proportion")

    @property
    def share(self) -> float | None:
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Interval:
    """From ``low`` to ``high``, both within what a share (or a difference of shares) can be."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Test:
    """``z``: how many standard errors the second share lies above the first. ``p_value``: two-sided."""

    __test__ = False

    z: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The second share against the first. ``difference`` = second - first, and ``interval`` around it; null where
    nobody was asked. ``test`` is null where numbers are too small to tell (``is_enough`` says so)."""

    first: Proportion
    second: Proportion
    difference: float | None
    interval: Interval | None
    test: Test | None

    @property
    def is_enough(self) -> bool:
        return self.test is not None


def wilson(proportion: Proportion, *, confidence: float = 0.95) -> Interval | None:
    """Score interval of one share, without continuity correction; null of nobody.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22, 1927:
    (2np + z² ± z √(z² + 4npq)) / 2(n + z²).
    """
    if not proportion.of:
        return None
    z, n, share = _z(confidence), proportion.of, proportion.count / proportion.of
    middle = 2 * proportion.count + z * z
    reach = z * sqrt(z * z + 4 * proportion.count * (1 - share))
    low, high = ((middle + sign * reach) / (2 * (n + z * z)) for sign in (-1, 1))
    # Rounding must not leave a trace where the formula gives 0 and 1 exactly.
    return Interval(0.0 if proportion.count == 0 else low, 1.0 if proportion.count == n else high)


def newcombe(first: Proportion, second: Proportion, *, confidence: float = 0.95) -> Interval | None:
    """Interval of second - first, from the score intervals of both; null where either is of nobody.

    R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17,
    1998, method 10: d - √((p₂ - l₂)² + (u₁ - p₁)²) to d + √((u₂ - p₂)² + (p₁ - l₁)²).
    """
    around_first, around_second = wilson(first, confidence=confidence), wilson(second, confidence=confidence)
    if around_first is None or around_second is None:
        return None
    p1, p2 = first.count / first.of, second.count / second.of
    return Interval(
        p2 - p1 - sqrt((p2 - around_second.low) ** 2 + (around_first.high - p1) ** 2),
        p2 - p1 + sqrt((around_second.high - p2) ** 2 + (p1 - around_first.low) ** 2),
    )


def z_test(first: Proportion, second: Proportion) -> Test | None:
    """Whether two shares are the same, with the pooled standard error; its square is Pearson's chi-squared of the two by
    two table. Null where that error is 0: nobody was asked, or all said the same.

    J. L. Fleiss, B. Levin, M. C. Paik, Statistical Methods for Rates and Proportions, 3rd ed. 2003, section 3.1, without
    the continuity correction.
    """
    both, asked = first.count + second.count, first.of + second.of
    if not first.of or not second.of or both in (0, asked):
        return None
    pooled = both / asked
    error = sqrt(pooled * (1 - pooled) * (1 / first.of + 1 / second.of))
    z = (second.count / second.of - first.count / first.of) / error
    return Test(z, erfc(abs(z) / sqrt(2)))


def fewest_expected(first: Proportion, second: Proportion) -> float:
    """Smallest of the four counts one would expect if both shares were the same; 0 of nobody."""
    both, asked = first.count + second.count, first.of + second.of
    return min(first.of, second.of) * min(both, asked - both) / asked if asked else 0.0


def compare(first: Proportion, second: Proportion, *, confidence: float = 0.95) -> Comparison:
    """Second against first; the test only where every expected count is at least ``FEWEST_EXPECTED``."""
    interval = newcombe(first, second, confidence=confidence)
    difference = None if interval is None else second.count / second.of - first.count / first.of
    is_enough = fewest_expected(first, second) >= FEWEST_EXPECTED
    return Comparison(first, second, difference, interval, z_test(first, second) if is_enough else None)


def _z(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    return NormalDist().inv_cdf((1 + confidence) / 2)
