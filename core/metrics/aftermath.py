"""Whether people leave a group more often after it was sent to than otherwise. Arrays in, arrays out; times in whole UTC seconds.

The **load** of a group at a time is how many sends it got in the 24 hours before. Its **usual load** is the median of that over the
look-back, from when the group first had a member, or the day of its first message. *After sends* is the time of the period in which the load is above
the usual one; the group's *baseline* is the other time of the same four weeks, so far as its load is not above the usual one. A
group that is sent to now and then has a usual load of 0, and *after sends* is exactly the 24 hours after each send; one that is sent
to evenly has nothing to compare, and says so.

Both are measured in member-hours, so that a group that grows is not taken for one that people flee. They are compared within blocks
of four weeks counted back from the end of the period, because the rate at which people leave drifts: a group that began to die in
the period would else seem to die of its sends, against a time when it was well. A block with time of one kind alone says nothing and
is left out of all figures.

Given how many left in a block, those after sends are binomial with the block's share of member-time after sends, if sends make no
difference. Summed over blocks and groups, that is compared as one binomial with the mean share, whose tails are the wider ones
(Hoeffding, On the distribution of the number of successes in independent trials, Annals of Mathematical Statistics 27, 1956); of one
block it is the exact ratio of two Poisson rates (``core.metrics.excess``). It shows that leaves and sends go together within weeks,
not why.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv

from core.metrics.excess import LEVEL, Excess, excess
from core.periods import Period

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DAY_S = 86_400
BLOCK_DAYS, LOOK_BACK_DAYS = 28, 90
FALSE_SHARE = 0.05
"""Of the groups that are flagged, how many at most are expected to be flagged by chance."""


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds at which things begin: the look-back, the period within it, and its end."""

    look_s: int
    start_s: int
    end_s: int
    block_s: Longs
    """Where each block of four weeks begins, the earliest first; the last one ends with the period as it was asked for."""


def days_before(period: Period) -> tuple[int, tuple[int, ...]]:
    """How many days before the end of a period the look-back begins, and each of its blocks, the earliest first."""
    blocks = tuple(BLOCK_DAYS * number for number in range(-(-period.days // BLOCK_DAYS), 0, -1))
    return max(blocks[0], LOOK_BACK_DAYS), blocks


@dataclass(frozen=True, slots=True)
class Moves:
    """How many came (+) or went (-), by group; those who were in at the start of the look-back came then."""

    group: Longs
    at_s: Longs
    step: Longs


@dataclass(frozen=True, slots=True)
class Pieces:
    """Time of the look-back cut where something changes: ``load`` and ``members`` hold from ``from_s`` on for ``lasts_s``. Sorted by
    group and time; every group has all the time."""

    span: Span
    group: Longs
    from_s: Longs
    lasts_s: Longs
    load: Longs
    members: Longs

    def at(self, group: Longs, at_s: Longs) -> Longs:
        """The piece in which something happens."""
        length = self.span.end_s - self.span.look_s + 1
        places = self.group * length + self.from_s - self.span.look_s
        found: Longs = np.searchsorted(places, group * length + at_s - self.span.look_s, side="right") - 1
        return found

    def member_s(self, group: Longs, at_s: Longs) -> Longs:
        """Member-seconds of a group from the start of the look-back up to a time in it, plus a number that is the group's own."""
        place = self.at(group, at_s)
        upto = np.cumsum(self.lasts_s * self.members) - self.lasts_s * self.members
        found: Longs = upto[place] + (at_s - self.from_s[place]) * self.members[place]
        return found


def pieces(groups: int, sent_group: Longs, sent_s: Longs, moves: Moves, span: Span) -> Pieces:
    """``groups``: how many there are, numbered from 0. Sends of the day before the look-back still weigh in it."""
    cuts = np.unique(np.concatenate([[span.look_s, span.start_s], span.block_s]))
    sends, none = len(sent_s), np.zeros(len(sent_s), np.int64)
    group = np.concatenate([sent_group, sent_group, moves.group, np.repeat(np.arange(groups), len(cuts))])
    at = np.concatenate([sent_s, sent_s + DAY_S, moves.at_s, np.tile(cuts, groups)])
    blank = np.zeros(groups * len(cuts), np.int64)
    load = np.concatenate([none + 1, none - 1, np.zeros(len(moves.at_s), np.int64), blank])
    members = np.concatenate([np.zeros(2 * sends, np.int64), moves.step, blank])
    at = np.maximum(at, span.look_s)
    kept = at < span.end_s
    order = np.argsort(group[kept] * (span.end_s - span.look_s) + at[kept] - span.look_s)
    group, at, load, members = (values[kept][order].astype(np.int64) for values in (group, at, load, members))
    first = np.searchsorted(group, np.arange(groups))
    load, members = (_since_first(values, first, group) for values in (load, members))
    is_last = np.append(group[1:] != group[:-1], True)
    lasts = np.where(is_last, span.end_s, np.append(at[1:], span.end_s)) - at
    real = lasts > 0
    return Pieces(span, group[real], at[real], lasts[real], load[real], members[real])


def _since_first(steps: Longs, first: Longs, group: Longs) -> Longs:
    upto = np.cumsum(steps)
    before = upto[first] - steps[first]
    found: Longs = upto - before[group]
    return found


def usual_load(found: Pieces, since_s: Longs) -> Longs:
    """Per group the least load that it has, or less, in half of the time since ``since_s`` or more; 0 for one without any time."""
    ends = found.from_s + found.lasts_s
    lasts = np.maximum(ends - np.maximum(found.from_s, since_s[found.group]), 0)
    order = np.argsort(found.group * (found.load.max(initial=0) + 1) + found.load)
    group, load, lasts = found.group[order], found.load[order], lasts[order]
    first = np.searchsorted(group, np.arange(len(since_s)))
    upto = _since_first(lasts, first, group)
    whole = np.bincount(group, weights=lasts, minlength=len(since_s)).astype(np.int64)
    reached = 2 * upto >= whole[group]
    place = np.minimum.reduceat(np.where(reached, np.arange(len(group)), len(group)), first)
    return np.where(whole > 0, load[np.minimum(place, len(load) - 1)], 0)


AFTER, BASE, NEITHER = 0, 1, 2


def kinds(found: Pieces, usual: Longs) -> Longs:
    """Of each piece: after sends, baseline, or neither (before the period and after sends, or before the first block)."""
    span = found.span
    is_loaded = found.load > usual[found.group]
    is_after = is_loaded & (found.from_s >= span.start_s)
    is_base = ~is_loaded & (found.from_s >= span.block_s[0])
    return np.where(is_after, AFTER, np.where(is_base, BASE, NEITHER))


@dataclass(frozen=True, slots=True)
class Blocks:
    """One entry per group and block: member-seconds and leaves after sends and in the baseline. ``shape``: groups, blocks."""

    shape: tuple[int, int]
    time: Longs
    usual_time: Longs
    left: Longs
    usual_left: Longs

    @property
    def is_compared(self) -> Bools:
        """Whether there is time of both kinds."""
        return (self.time > 0) & (self.usual_time > 0)


def blocks(groups: int, found: Pieces, kind: Longs, left: Longs) -> Blocks:
    """``kind``: of each piece. ``left``: the piece in which each leave happens."""
    span = found.span
    shape = groups, len(span.block_s)
    block = np.searchsorted(span.block_s, found.from_s, side="right") - 1
    cell = found.group * shape[1] + np.maximum(block, 0)
    size = groups * shape[1]

    def total(which: int) -> Longs:
        chosen = kind == which
        weights = (found.lasts_s * found.members)[chosen]
        return np.bincount(cell[chosen], weights=weights, minlength=size).astype(np.int64)

    def count(which: int) -> Longs:
        return np.bincount(cell[left[kind[left] == which]], minlength=size).astype(np.int64)

    return Blocks(shape, total(AFTER), total(BASE), count(AFTER), count(BASE))


@dataclass(frozen=True, slots=True)
class Aftermath:
    """One entry per key. ``times``: the rate of leaves after sends for each of the baseline, with its bounds at 95 %; infinite where
    nobody left in the baseline. ``chance``: of as many leaves after sends or more, if sends make no difference, twice (so that it goes with
    the interval); not a number where there is none. ``is_flagged``: by Benjamini and Hochberg over all that can be judged."""

    left: Longs
    usual_left: Longs
    time: Longs
    usual_time: Longs
    excess: Excess
    times: Floats
    times_low: Floats
    times_high: Floats
    chance: Floats
    is_flagged: Bools


def compared(found: Blocks, key: Longs, keys: int) -> Aftermath:
    """``key`` of each group, of ``keys``."""
    known = found.is_compared
    of = np.repeat(key, found.shape[1])[known]
    time, usual_time, left, usual_left = (
        values[known] for values in (found.time, found.usual_time, found.left, found.usual_left)
    )
    share = time / (time + usual_time)
    gone = left + usual_left

    def per_key(values: Floats | Longs) -> Floats:
        found: Floats = np.bincount(of, weights=values, minlength=keys).astype(np.float64)
        return found

    after, usual = per_key(left).astype(np.int64), per_key(usual_left).astype(np.int64)
    due = per_key(gone * share)
    more = excess(after, due, usual, after + usual - due)
    chance = _chance(after, usual, due)
    return Aftermath(
        after, usual, per_key(time).astype(np.int64), per_key(usual_time).astype(np.int64), _judged(more, usual, chance),
        *_times(after, usual, due), chance, flagged(chance),
    )  # fmt: skip


def _times(after: Longs, usual: Longs, due: Floats) -> tuple[Floats, Floats, Floats]:
    """The ratio of the two rates and its bounds (Clopper and Pearson); not a number where nobody left."""
    tail, whole = (1 - LEVEL) / 2, after + usual
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = (whole - due) / due
        low = np.where(after > 0, betaincinv(after, usual + 1, tail), 0.0)
        high = np.where(usual > 0, betaincinv(after + 1, usual, 1 - tail), 1.0)
        none = np.where(whole > 0, 0.0, np.nan)
        return after / usual * odds + none, low / (1 - low) * odds + none, high / (1 - high) * odds + none


def _chance(after: Longs, usual: Longs, due: Floats) -> Floats:
    whole = after + usual
    with np.errstate(divide="ignore", invalid="ignore"):
        upper = np.where(after > 0, betainc(after, usual + 1, due / whole), 1.0)
    return np.where(whole > 0, np.minimum(2 * upper, 1.0), np.nan)


def _judged(more: Excess, usual: Longs, chance: Floats) -> Excess:
    """Where nobody left in the baseline, the bounds are those of the count alone; that the count is not 0 is then no proof."""
    unproven = (usual == 0) & (chance > 1 - LEVEL)
    low = np.where(unproven, np.minimum(more.low, 0.0), more.low)
    return Excess(more.observed, more.expected, more.excess, low, more.high)


def flagged(chance: Floats, share: float = FALSE_SHARE) -> Bools:
    """Which are more than chance, so that of all that are, ``share`` at most are expected not to be (Benjamini and Hochberg,
    Controlling the false discovery rate, Journal of the Royal Statistical Society B 57, 1995)."""
    known = np.flatnonzero(~np.isnan(chance))
    order = known[np.argsort(chance[known], kind="stable")]
    passes = np.flatnonzero(chance[order] <= share * np.arange(1, len(order) + 1) / max(len(order), 1))
    found = np.zeros(len(chance), bool)
    found[order[: passes[-1] + 1 if len(passes) else 0]] = True
    return found
