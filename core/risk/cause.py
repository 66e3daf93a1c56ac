"""Which part of a change came from where: contributions that add up to it exactly, and which split of it explains the most.

A figure is told now and in several copies of the same days before (``compared``). What stood before is the mean of the copies; all functions take
the copies added up, so that whole numbers stay whole until the last division.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from core.periods import Period

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64] | NDArray[np.float64]
WEEKS, FARTHEST = 4, 8
"""Copies of the days before that a change is held against, and how many weeks back they are looked for."""
LONGEST_MASKED = 7
"""Longer spans nearly always hold a holiday: of them no copy is left out for one."""
LEAST_SHARE = 0.1
"""A part that explains less of the change is not named (Adtributor's T_EEP)."""
ENOUGH_SHARE = 0.67
"""Parts that together explain so much are enough (Adtributor's T_EP)."""
LEAST_EXCESS = 0.2
"""Parts whose share of the change is less than this above their usual share of the whole explain nothing: it is everywhere."""
LEAST_EVIDENCE, EVIDENCE_OF_EACH = 5.0, 5.0
"""Evidence (``_evidence``) that parts are no accident: so much, and so much more for each of them, since whoever picks the most surprising of many parts finds some.
Of one part 10, which chance alone reaches once in 640 times."""


# -- what is held against what -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compared:
    """``now`` and its ``copies``: as long and on the same weekdays, the newest first; none where the data tells nothing to hold it against. ``usual``: the days
    before ``now`` by whose mix of parts a change is judged."""

    now: Period
    copies: tuple[Period, ...]
    usual: Period | None


def compared(first: date, last: date, window_days: int, since: date, left_out: Collection[date] = ()) -> Compared:
    """What to hold the days ``[first, last]`` of an indicator against.

    ``now`` ends with ``last`` and is as long as the days asked for or, where it is longer, as the indicator's window. Its copies lie whole weeks before, so that
    they have the same weekdays, and neither touch it nor begin before ``since`` (the first day of the data). Of a week or less: the nearest ``WEEKS`` of the last ``FARTHEST`` weeks that hold no
    day ``left_out`` (a holiday, a day of another episode, one that nobody knows); where all hold one, and of longer spans, the nearest ``WEEKS``. ``usual`` are the days from the
    oldest copy on, and four weeks at least, as far as data reaches.
    """
    length = max((last - first).days + 1, window_days)
    now = Period(last - timedelta(days=length - 1), last + timedelta(days=1))
    nearest = -(-length // 7)
    every = [_weeks_before(now, nearest + place) for place in range(FARTHEST)]
    reached = [one for one in every if one.start_on >= since]
    plain = [one for one in reached if not any(one.start_on <= day < one.end_on for day in left_out)]
    copies = plain if plain and length <= LONGEST_MASKED else [one for one in reached if one in every[:WEEKS]]
    oldest = min([_weeks_before(now, WEEKS).start_on, *(one.start_on for one in copies[:WEEKS])])
    start = max(oldest, since)
    return Compared(now, tuple(copies[:WEEKS]), Period(start, now.start_on) if start < now.start_on else None)


def _weeks_before(span: Period, weeks: int) -> Period:
    return Period(span.start_on - timedelta(weeks=weeks), span.end_on - timedelta(weeks=weeks))


# -- contributions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """Of each part: what it contributes to the change. Of a ratio ``change = rate + mix``; of a sum both are empty."""

    change: Floats
    rate: Floats
    mix: Floats


_NONE: Floats = np.zeros(0)


def of_sum(now: Numbers, base: Numbers, copies: int) -> Effects:
    """Of a sum or count: each part now less the mean of its copies. Whole numbers are subtracted before they are divided, so that the parts add up to the
    whole as exactly as their division by ``copies`` does."""
    return Effects((now * copies - base) / copies, _NONE, _NONE)


def of_ratio(top_now: Numbers, top_base: Numbers, bottom_now: Numbers, bottom_base: Numbers) -> Effects | None:
    """Of a ratio whose top and bottom are both told by part; None where the whole ratio is undefined on a side.

    With w = a part's share of the bottom, r = its own ratio and R = the whole one, the change of R = sum of w r is split as Kitagawa does (1955, "Components of a difference
    between two rates", JASA 50, 1168-1194), which is Shapley's split of two factors and leaves no rest:
    ``rate`` = mean of w x change of r; ``mix`` = change of w x (mean of r - mean of R). The mean of R is taken off because shares of the bottom change by 0 in all: a part
    whose ratio is as the whole one does no harm by growing. A part without a bottom on one side (new or gone) has the same ratio on both, so that all of it is mix; a top
    without a bottom is all rate. The ratio before is that of all copies together.
    """
    whole_now, whole_base = bottom_now.sum(), bottom_base.sum()
    if not whole_now or not whole_base:
        return None
    share_now, share_base = bottom_now / whole_now, bottom_base / whole_base
    told_now, told_base = top_now / whole_now, top_base / whole_base
    mean = (told_now.sum() + told_base.sum()) / 2
    own_now, own_base = _over(top_now, bottom_now), _over(top_base, bottom_base)
    own_now, own_base = np.where(np.isnan(own_now), own_base, own_now), np.where(np.isnan(own_base), own_now, own_base)
    moved = share_now - share_base
    change = told_now - told_base - mean * moved
    mix = moved * (np.where(np.isnan(own_now), mean, (own_now + own_base) / 2) - mean)
    return Effects(change, change - mix, mix)


def of_top(top_now: Numbers, top_base: Numbers, bottom_now: float, bottom_base: float, copies: int) -> Effects | None:
    """Of a ratio whose top alone is told by part: each part of the top over the whole bottom, now less before. None where the ratio is undefined on a side.

    ``rate`` = change of the part x mean of 1/bottom; ``mix`` = mean of the part x change of 1/bottom (the two factors of a product, split as above)."""
    if not bottom_now or not bottom_base:
        return None
    before, over_now, over_base = top_base / copies, 1 / bottom_now, copies / bottom_base
    rate = (top_now - before) * (over_now + over_base) / 2
    mix = (top_now + before) / 2 * (over_now - over_base)
    return Effects(rate + mix, rate, mix)


def _over(top: Numbers, bottom: Numbers) -> Floats:
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom != 0)


def in_order(change: Floats, names: Sequence[str]) -> list[int]:
    """Parts by what they contribute in the direction of the whole change, the most first; of equal ones by name."""
    way = -1.0 if change.sum() < 0 else 1.0
    return sorted(range(len(change)), key=lambda place: (-way * change[place], names[place]))


# -- which split explains it -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """How a quantity is made up of parts, usually and now. ``facts_…``: how many equal facts these rest on (of amounts that differ, the square of their
    sum over the sum of their squares)."""

    usual: Numbers
    now: Numbers
    facts_usual: float
    facts_now: float


@dataclass(frozen=True, slots=True)
class Explained:
    """What a split of the change says. ``parts``: the fewest that are enough, the most surprising first; ``share``: theirs of the change; ``usual``: theirs of the
    whole on usual days; ``surprise``: theirs, beyond what chance does, 0 at least; ``evidence``: that they are no accident, beyond what picking so many of them takes. ``is_telling``: they explain
    two thirds of the change, changed by clearly more than all did, and are no accident."""

    parts: tuple[int, ...]
    share: float
    usual: float
    surprise: float
    evidence: float
    is_telling: bool


def explained(change: Floats, mixes: Sequence[Mix]) -> Explained:
    """The parts that explain a change, as Adtributor finds them (Bhagwan et al., NSDI 2014): those that each explain a tenth of it, the most surprising first, until
    together they explain two thirds. Surprise is the Jensen-Shannon divergence of the mix of parts now from the usual one, term by term; of a ratio that of its
    top and that of its bottom added (``mixes``).

    Ours: what two samples of so many facts differ by alone is taken off (to first order (1 - m) (1/n + 1/n') / 8 for a part of share m), for else a split into many parts would always
    surprise more. A part that did less than its usual share is none of them, however it surprises. And what is no more than chance, or no more than every part did, is not called a cause.
    Splits compare by their evidence, which few facts do not raise as they raise surprise.
    """
    whole = float(change.sum())
    if not whole:
        return Explained((), 0.0, 0.0, 0.0, -LEAST_EVIDENCE, False)
    share = change / whole
    surprise: Floats = np.sum([_surprise(one) - _chance(one) for one in mixes], axis=0)
    usually = _share(mixes[0].usual)
    chosen: list[int] = []
    for place in np.lexsort((-share, -surprise)):
        if share[place] >= max(LEAST_SHARE, usually[place]) and share[chosen].sum() < ENOUGH_SHARE:
            chosen.append(int(place))
    told, usual = float(share[chosen].sum()), float(usually[chosen].sum())
    evidence = _evidence(mixes[0], chosen) - LEAST_EVIDENCE - EVIDENCE_OF_EACH * len(chosen)
    is_telling = told >= ENOUGH_SHARE and told - usual >= LEAST_EXCESS and evidence >= 0
    return Explained(tuple(chosen), told, usual, max(0.0, float(surprise[chosen].sum())), evidence, is_telling)


def _surprise(mix: Mix) -> Floats:
    """Of each part."""
    usual, now = _share(mix.usual), _share(mix.now)
    mean = (usual + now) / 2
    found: Floats = (_entropy(usual, mean) + _entropy(now, mean)) / 2
    return found


def _evidence(mix: Mix, chosen: Sequence[int]) -> float:
    """That the share of some parts together is another one than usual: the likelihood ratio statistic G, by chance distributed as chi square of one degree of freedom."""
    shares = [float(_share(one)[chosen].sum()) for one in (mix.usual, mix.now)]
    facts = mix.facts_usual, mix.facts_now
    if not all(facts):
        return 0.0
    mean = sum(share * count for share, count in zip(shares, facts, strict=True)) / sum(facts)
    found = 0.0
    for share, count in zip(shares, facts, strict=True):
        for side, whole in ((share, mean), (1 - share, 1 - mean)):
            found += 2 * count * side * float(np.log(side / whole)) if side > 1e-12 else 0.0
    return found


def _chance(mix: Mix) -> Floats:
    """What each part is expected to surprise where nothing but chance is at work; no more than a part can."""
    mean = (_share(mix.usual) + _share(mix.now)) / 2
    found: Floats = np.minimum((1 - mean) * _unit(mix), mean * np.log(2))
    return found


def _unit(mix: Mix) -> float:
    """Surprise of one degree of freedom by chance, for parts that are not rare; where nothing is known of a side, more than there can be."""
    return sum(1 / facts if facts > 0 else 8.0 for facts in (mix.facts_usual, mix.facts_now)) / 8


def _share(values: Numbers) -> Floats:
    """Of the whole; parts below 0 (refunds beyond sales) count as none."""
    kept = np.maximum(values, 0).astype(np.float64)
    whole = kept.sum()
    return kept / whole if whole else kept


def _entropy(share: Floats, mean: Floats) -> Floats:
    held = share > 0
    found = np.zeros(len(share))
    found[held] = share[held] * np.log(share[held] / mean[held])
    return found
