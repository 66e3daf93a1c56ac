"""How unevenly something is shared out: who carries the conversation of a group. Arrays in, arrays out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

TOP = 10
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Concentration:
    """One entry per group, in the order of ``group``.

    ``people``: with a share at all; ``total``: all shares. ``top_share``: of the ten largest, 1 where there are fewer people.
    ``gini``: 0 when all shares are equal, near 1 when one person has them all (Gini 1912; over the people with a share, so that those
    who never write do not make every group uneven): ``2 Σ i x_i / (n Σ x) - (n + 1) / n`` over shares in ascending order.
    ``absence``: the fewest people who together have half of all, the absence factor of a group: were they gone, so was half of it.
    """

    group: Longs
    people: Longs
    total: Longs
    top_share: Floats
    gini: Floats
    absence: Longs


def concentration(group: Longs, share: Longs) -> Concentration:
    """Of shares, one row per person and group in any order. Shares of 0 and below are nobody's."""
    kept = share > 0
    group, share = _falling(group[kept], share[kept])
    found, start, people = np.unique(group, return_index=True, return_counts=True)
    if not len(found):
        none, no_share = np.empty(0, np.int64), np.empty(0)
        return Concentration(none, none, none, no_share, no_share, none)
    total = np.add.reduceat(share, start)
    rank = np.arange(len(share)) - np.repeat(start, people)
    top = np.add.reduceat(np.where(rank < TOP, share, 0), start)
    upwards = np.repeat(people, people) - rank
    weighted = np.add.reduceat(share * upwards, start)
    gini = 2 * weighted / (people * total) - (people + 1) / people
    return Concentration(found, people, total, top / total, np.maximum(gini, 0.0), _fewest(share, start, total, people))


def _falling(group: Longs, share: Longs) -> tuple[Longs, Longs]:
    """Both by group, the largest share first. Sorted as one number where both fit into it, which is many times faster."""
    largest = int(share.max(initial=0))
    bits = largest.bit_length()
    if int(group.max(initial=0)).bit_length() + bits > 62 or int(group.min(initial=0)) < 0:
        order = np.lexsort((-share, group))
        return group[order], share[order]
    both = np.sort((group << bits) | (largest - share))
    return both >> bits, largest - (both & ((1 << bits) - 1))


def _fewest(share: Longs, start: Longs, total: Longs, people: Longs) -> Longs:
    """People from the largest share down until half is reached."""
    upto = np.cumsum(share)
    before = upto[start] - share[start]
    is_short = 2 * (upto - np.repeat(before, people)) < np.repeat(total, people)
    return np.add.reduceat(is_short.astype(np.int64), start) + 1
