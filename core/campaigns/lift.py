"""What a campaign changed: those who were to be written to against those held out, with an interval, and whether the two may be compared at all.

Who belongs to which side was decided by the holdout, before anything was sent. Everybody of a side counts, also who was skipped, capped or never reached: to leave them out of one side
only would compare other people. Values per head are whole numbers (money in the smallest unit), 0 for who did nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum, isfinite, sqrt
from typing import Literal

from scipy.special import chdtrc, stdtr, stdtrit

from core.metrics import proportions
from core.metrics.proportions import Interval, Proportion

Code = Literal["nobody", "sample_ratio", "too_small", "unclear", "up", "down"]
TELLING: tuple[Code, ...] = ("unclear", "up", "down")
"""Verdicts beside which a difference means something."""
MISMATCH = 0.001
"""Below this chance of so uneven a split something is wrong with who was counted (A. Fabijan et al., Diagnosing sample ratio mismatch in online controlled experiments, KDD 2019)."""
PER_SKEWNESS = 355
"""People that each side needs, times the square of the values' skewness, before their mean is near enough to normal (R. Kohavi et al., Seven rules of thumb for web
site experimenters, KDD 2014, rule 7)."""

FEWEST_HEADS = 30
"""People that each side needs however even their values are (rule of thumb)."""


@dataclass(frozen=True, slots=True)
class Heads:
    """Sums over the members of one side: of their values, their squares and their cubes. Exact, and can be added up by the engine."""

    count: int
    total: int
    squares: int
    cubes: int

    @classmethod
    def of(cls, values: Iterable[int]) -> "Heads":
        every = tuple(values)
        return cls(len(every), *(sum(value**power for value in every) for power in (1, 2, 3)))

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None

    @property
    def variance(self) -> float | None:
        """Of the sample (n - 1); null of fewer than two."""
        return self._spread() / (self.count * (self.count - 1)) if self.count > 1 else None

    @property
    def skewness(self) -> float | None:
        """Of the population; null where all are the same."""
        spread, n = self._spread(), self.count
        if not spread:
            return None
        return (n * n * self.cubes - 3 * n * self.total * self.squares + 2 * self.total**3) / float(spread) ** 1.5

    @property
    def is_enough(self) -> bool:
        """Whether the mean of so many is near enough to normal."""
        skewness = self.skewness
        return skewness is not None and self.count >= max(PER_SKEWNESS * skewness * skewness, FEWEST_HEADS)

    def _spread(self) -> int:
        return self.count * self.squares - self.total * self.total


@dataclass(frozen=True, slots=True)
class Lift:
    """``treated`` and ``holdout``: share (0 to 1) or value per head, null of nobody. ``difference`` = treated - holdout and ``interval`` around it (95 % where nothing else was asked for);
    null where either side is of nobody, of values also of fewer than two or where all are the same. ``relative``: difference over holdout, null where that is not above 0. ``extra``: people or
    value that the campaign brought, difference times ``treated_count``. ``p_value``: two-sided; null with ``interval``, and for shares too small to test."""

    treated_count: int
    holdout_count: int
    treated: float | None
    holdout: float | None
    difference: float | None
    interval: Interval | None
    relative: float | None
    extra: float | None
    p_value: float | None
    is_enough: bool


@dataclass(frozen=True, slots=True)
class Ratio:
    """``chi_squared`` and ``p_value`` of the split that was seen, if it had been made as planned; null where fewer than five are expected on a side."""

    observed: tuple[int, ...]
    expected: tuple[float, ...]
    chi_squared: float | None
    p_value: float | None

    @property
    def is_warning(self) -> bool:
        return self.p_value is not None and self.p_value < MISMATCH


@dataclass(frozen=True, slots=True)
class Verdict:
    """``nobody``: a side is empty. ``sample_ratio``: the sides are not those that were planned, and no difference between them means anything. ``too_small``: not
    enough to tell. ``unclear``: the interval holds 0. ``up``, ``down``: it does not."""

    code: Code
    lift: Lift
    ratio: Ratio | None


def shares(treated: Proportion, holdout: Proportion, *, confidence: float = 0.95) -> Lift:
    """Of people: who bought, came back, left. Newcombe's interval (``core.metrics.proportions``)."""
    compared = proportions.compare(holdout, treated, confidence=confidence)
    return _lift(
        (treated.of, holdout.of),
        (treated.share, holdout.share),
        compared.interval,
        compared.test.p_value if compared.test else None,
        compared.is_enough,
    )


def heads(treated: Heads, holdout: Heads, *, confidence: float = 0.95) -> Lift:
    """Of values per head. B. L. Welch, The generalization of Student's problem when several different population variances are involved, Biometrika 34, 1947;
    degrees of freedom by Welch and Satterthwaite."""
    interval, p_value = _welch(treated, holdout, confidence)
    is_enough = interval is not None and treated.is_enough and holdout.is_enough
    return _lift((treated.count, holdout.count), (treated.mean, holdout.mean), interval, p_value, is_enough)


def ratio(observed: Sequence[int], weights: Sequence[float]) -> Ratio:
    """Pearson's chi-squared of how many are on each side against the weights planned (in any unit). Raises ``ValueError`` unless there are two or more of both, counts not below 0
    and weights above it."""
    is_right = len(observed) == len(weights) >= 2 and min(observed) >= 0
    if not is_right or not all(isfinite(one) and one > 0 for one in weights):
        raise ValueError("A split is of two or more sides, each of a weight above 0.")
    people, whole = sum(observed), fsum(weights)
    expected = tuple(people * one / whole for one in weights)
    if min(expected) < proportions.FEWEST_EXPECTED:
        return Ratio(tuple(observed), expected, None, None)
    statistic = fsum((seen - one) ** 2 / one for seen, one in zip(observed, expected, strict=True))
    return Ratio(tuple(observed), expected, statistic, float(chdtrc(len(observed) - 1, statistic)))


def verdict(lift: Lift, split: Ratio | None = None) -> Verdict:
    """What may be said of a lift; ``split``: of the sides that it compares."""
    return Verdict(_code(lift, split), lift, split)


def _code(lift: Lift, split: Ratio | None) -> Code:
    if not lift.treated_count or not lift.holdout_count:
        return "nobody"
    if split is not None and split.is_warning:
        return "sample_ratio"
    if not lift.is_enough or lift.interval is None:
        return "too_small"
    if lift.interval.low > 0:
        return "up"
    return "down" if lift.interval.high < 0 else "unclear"


def _lift(
    counts: tuple[int, int],
    values: tuple[float | None, float | None],
    interval: Interval | None,
    p_value: float | None,
    is_enough: bool,
) -> Lift:
    treated, holdout = values
    difference = None if treated is None or holdout is None else treated - holdout
    relative = None if difference is None or holdout is None or holdout <= 0 else difference / holdout
    extra = None if difference is None else difference * counts[0]
    return Lift(*counts, treated, holdout, difference, interval, relative, extra, p_value, is_enough)


def _welch(treated: Heads, holdout: Heads, confidence: float) -> tuple[Interval | None, float | None]:
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    if treated.mean is None or holdout.mean is None or treated.variance is None or holdout.variance is None:
        return None, None
    parts = (treated.variance / treated.count, holdout.variance / holdout.count)
    error = sqrt(sum(parts))
    if not error:
        return None, None
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (treated.count - 1) + parts[1] ** 2 / (holdout.count - 1))
    difference = treated.mean - holdout.mean
    reach = error * float(stdtrit(freedom, (1 + confidence) / 2))
    return Interval(difference - reach, difference + reach), float(2 * stdtr(freedom, -abs(difference) / error))
