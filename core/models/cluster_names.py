"""What is telling of clusters, for their names: only what is true of most of a cluster's people. Arrays in, codes out.

Clusters are fitted to features with what nobody knows filled in (``core.models.clusters``); what is told of them is of those whom it is
known of, so that somebody who never ordered is not told to have ordered long ago.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.models.clusters import FEATURE, Floats, Ints, Scaling

Trait = tuple[str, Literal["high", "low", "none"]]
"""A feature, and where it stands: above or below everybody, or not there at all."""
TELLING = 0.4
"""Standard deviations from everybody at which a feature is worth a word. Rule of thumb."""
MOST_WORDS = 3


def known_scaling(raw: Mapping[str, Floats], names: Sequence[str]) -> Scaling:
    """The scaling of features over those members whom each is known of; of others nothing comes out. 0 where all known are alike."""
    scaling = Scaling(tuple(names), np.full(len(names), np.nan), np.zeros(len(names)), np.ones(len(names)))
    straight = np.column_stack([scaling.straight(raw[name], place) for place, name in enumerate(names)])
    is_known = np.isfinite(straight)
    count = np.maximum(is_known.sum(axis=0), 1)
    mean = np.where(is_known, straight, 0.0).sum(axis=0) / count
    deviation = np.sqrt((np.where(is_known, straight - mean, 0.0) ** 2).sum(axis=0) / count)
    alike = deviation <= 1e-9 * np.maximum(1.0, np.abs(mean))
    return Scaling(scaling.names, scaling.missing, mean, np.where(alike, np.inf, deviation))


@dataclass(frozen=True, eq=False)
class Likeness:
    """Of each cluster (row) and feature (column). ``away``: mean of those whom it is known of, in standard deviations from everybody whom it
    is known of; NaN where it is known of nobody. ``above``, ``below``: shares of all people of the cluster whose own value is known and
    above, or below, the mean of everybody. ``lack``: share whom it is not known of, and ``lack_away`` how far that is from everybody's, in
    standard deviations; 0 where it is known of everybody or nobody."""

    names: tuple[str, ...]
    away: Floats
    above: Floats
    below: Floats
    lack: Floats
    lack_away: Floats


def likeness(
    everybody: Mapping[str, Floats], raw: Mapping[str, Floats], codes: Ints, k: int, names: Sequence[str]
) -> Likeness:
    """Of the clusters of some members. ``raw``, ``codes``: their features, and the place of each one's cluster among ``k``. ``everybody``:
    features of all whom they are held against, ``names``: which features."""
    scaling = known_scaling(everybody, names)
    points = scaling.of(raw)
    is_known = np.isfinite(points)
    known = _summed(is_known, codes, k)
    size = np.maximum(np.bincount(codes, minlength=k), 1)[:, None]
    with np.errstate(invalid="ignore"):
        away = np.where(known > 0, _summed(np.where(is_known, points, 0.0), codes, k) / known, np.nan)
    above, below = (_summed(one, codes, k) / size for one in (points > 0, points < 0))
    lack = np.where(np.bincount(codes, minlength=k)[:, None] > 0, 1 - known / size, 0.0)
    usual = np.array([1 - np.isfinite(everybody[name]).mean() for name in names])
    spread = np.sqrt(usual * (1 - usual))
    lack_away = np.where(spread > 0, (lack - usual) / np.where(spread > 0, spread, 1.0), 0.0)
    return Likeness(tuple(names), away, above, below, lack, lack_away)


def _summed(values: NDArray[np.float64] | NDArray[np.bool_], codes: Ints, k: int) -> Floats:
    columns = [np.bincount(codes, weights=values[:, place], minlength=k) for place in range(values.shape[1])]
    return np.stack(columns, axis=1)


def traits(found: Likeness) -> list[tuple[Trait, ...]]:
    """What is most telling of each cluster, in codes: what lies farthest from everybody (at least ``TELLING`` standard deviations) and is
    true of more than half of its people, the farthest first, of each thing that features are about one; two, and as many more as it takes
    to differ from the others. Empty for a cluster of which nothing stands out."""
    told = [_telling(found, place) for place in range(len(found.away))]
    words = [min(2, len(one)) for one in told]
    while True:
        said = [one[:count] for one, count in zip(told, words, strict=True)]
        again = [
            place
            for place, one in enumerate(said)
            if said.count(one) > 1 and words[place] < min(len(told[place]), MOST_WORDS)
        ]
        if not again:
            return said
        for place in again:
            words[place] += 1


def _telling(found: Likeness, cluster: int) -> tuple[Trait, ...]:
    """All that may be said, in the order of saying it."""
    true: list[tuple[float, Trait]] = []
    for place, name in enumerate(found.names):
        away, lack_away = found.away[cluster, place], found.lack_away[cluster, place]
        if away >= TELLING and found.above[cluster, place] > 0.5:
            true.append((away, (name, "high")))
        elif away <= -TELLING and found.below[cluster, place] > 0.5:
            true.append((-away, (name, "low")))
        elif FEATURE[name].is_lack_told and lack_away >= TELLING and found.lack[cluster, place] > 0.5:
            true.append((lack_away, (name, "none")))
    if any(level == "none" for _, (_, level) in true):  # who bought nothing buys little: not said twice
        true = [one for one in true if FEATURE[one[1][0]].about != "buying"]
    true.sort(key=lambda one: -one[0])
    first: dict[str, Trait] = {}
    for _, trait in true:
        first.setdefault(FEATURE[trait[0]].about, trait)
    return (*first.values(), *(trait for _, trait in true if trait not in first.values()))
