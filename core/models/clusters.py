"""Clusters of members: K-means on standardised features (S. Lloyd, Least squares quantization in PCM, IEEE Transactions on Information
Theory 28, 1982; D. Arthur, S. Vassilvitskii, k-means++, SODA 2007). Arrays in, labels out.

What nobody knows of a member takes the feature's ``missing`` value. Skewed features are taken as ln(1 + x), all are set to mean 0 and
standard deviation 1 over everybody and cut at ``MOST_DEVIATIONS``, so that no single feature and no single member decides. Features
that are the same for everybody are left out.

How many clusters: for each k of ``KS`` K-means is fitted to the same random sample, and the mean silhouette (P. Rousseeuw, Silhouettes,
Journal of Computational and Applied Mathematics 20, 1987) read off the same part of it. The usual k has the greatest silhouette; where
several lie as close to it as chance does (``tie``), the fewest clusters. Two are never the usual k where more can be told apart: they nearly always divide those
who bought from all others, which is known already. The centroids of the chosen k then go on over everybody until they rest.

Samples are drawn by a number made of the member's own: the same people each time, in whatever order they come, and mostly the same
people when others join.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import ClustersOfFew, ClustersOfSame, InvalidClusters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Unit = Literal["days", "count", "money", "share"]

WINDOW_DAYS = 365
"""Days that the features look back over, the day of the newest data included."""
KS = tuple(range(2, 11))
SEED = 20_240_601
TRIED = 20_000
"""Members whom every k is fitted to; more are drawn."""
LOOKED_AT = 5_000
"""Those of them whose silhouettes are read."""
STARTS = 4
"""k-means++ starts of each k, of which the one with the least inertia counts."""
TIE = 0.01
"""Silhouettes of however many members that lie closer together are not told apart."""
SPREAD = 0.2
"""Standard deviation of the silhouettes of members. Rule of thumb."""
USUAL_FROM = 3
FEWEST = 30
"""Of fewer members nothing is told (product.md 4, rule of thumb)."""
MOST_DEVIATIONS = 4.0
BLOCK = 65_536


@dataclass(frozen=True, slots=True)
class Feature:
    """``missing``: what a member takes of whom it is undefined; None = the median of the others. ``about``: what it tells of; a name
    says one thing about each first. ``is_lack_told``: whether it tells something of a member that there is none."""

    name: str
    unit: Unit
    about: str
    is_skewed: bool = True
    missing: float | None = None
    is_lack_told: bool = False


FEATURES = (
    Feature("days_since_last_order", "days", "recency", missing=float(WINDOW_DAYS), is_lack_told=True),
    Feature("orders", "count", "buying", missing=0.0),
    Feature("net_minor", "money", "buying", missing=0.0),
    Feature("aov_minor", "money", "basket"),
    Feature("active_days", "days", "activity", missing=0.0),
    Feature("views", "count", "activity", missing=0.0),
    Feature("messages", "count", "talk", missing=0.0),
    Feature("redeemed_share", "share", "coupons", is_skewed=False),
    Feature("member_days", "days", "age"),
)
"""What members are clustered by, all over the last ``WINDOW_DAYS`` days but the last: days since the last order (of nobody who ordered:
``WINDOW_DAYS``), orders, net amount (refunds taken off, at least 0), net amount an order, days with an action of one's own, products and
pieces looked at, messages in groups, redeemed among coupons issued, and days since the member was new."""
FEATURE = {feature.name: feature for feature in FEATURES}


@dataclass(frozen=True, eq=False)
class Scaling:
    """How raw features become standardised ones. ``names``: of the features that differ between members; ``missing``, ``mean`` and
    ``deviation``: of each, the last two after the logarithm."""

    names: tuple[str, ...]
    missing: Floats
    mean: Floats
    deviation: Floats

    @cached_property
    def is_skewed(self) -> NDArray[np.bool_]:
        return np.array([FEATURE[name].is_skewed for name in self.names])

    def of(self, raw: Mapping[str, Floats]) -> Floats:
        """Standardised features, one row per member."""
        columns = [self.straight(raw[name], place) for place, name in enumerate(self.names)]
        found = (np.column_stack(columns) - self.mean) / self.deviation
        return np.clip(found, -MOST_DEVIATIONS, MOST_DEVIATIONS)

    def raw(self, standardised: Floats) -> Floats:
        """Raw features of standardised ones, as centroids are kept across scalings."""
        straight = standardised * self.deviation + self.mean
        return np.where(self.is_skewed, np.expm1(np.minimum(straight, 50.0)), straight)

    def straight(self, values: Floats, place: int) -> Floats:
        """Values of the feature at a place, what is missing filled in, after the logarithm."""
        filled = np.where(np.isfinite(values), values, self.missing[place])
        return np.log1p(np.maximum(filled, 0.0)) if self.is_skewed[place] else filled


def scaling(raw: Mapping[str, Floats]) -> Scaling:
    """The scaling of all members' features: null and infinite values are missing. Raises ``ClustersOfSame`` where no feature differs."""
    names, missing, mean, deviation = [], [], [], []
    for name, values in raw.items():
        feature = FEATURE[name]
        known = values[np.isfinite(values)]
        fill = feature.missing if feature.missing is not None else float(np.median(known)) if len(known) else 0.0
        one = Scaling((name,), np.array([fill]), np.zeros(1), np.ones(1)).straight(values, 0)
        spread = float(one.std()) if len(one) else 0.0
        if spread > 1e-9 * max(1.0, float(np.abs(one).max(initial=0.0))):
            names.append(name)
            missing.append(fill)
            mean.append(float(one.mean()))
            deviation.append(spread)
    if not names:
        raise ClustersOfSame("No feature differs between members.", distinct=1, k=2)
    return Scaling(tuple(names), np.array(missing), np.array(mean), np.array(deviation))


@dataclass(frozen=True, eq=False)
class Model:
    """What labels are given by: kept, so that they mean the same people tomorrow.

    ``labels``: of the clusters, in the order of ``centroids`` (standardised). ``next_label``: the first number that no cluster ever had.
    ``silhouettes``: mean silhouette of each k tried. ``best``: the usual k. ``sampled`` and ``looked_at``: members whom the ks were
    fitted to, and whose silhouettes were read. ``members``: whom the centroids rest among. ``stability``: adjusted Rand index between this model and the one before
    over the same members; None for the first.
    """

    scaling: Scaling
    centroids: Floats
    labels: tuple[str, ...]
    next_label: int
    silhouettes: dict[int, float]
    best: int
    sampled: int
    looked_at: int
    members: int
    stability: float | None = None

    @property
    def k(self) -> int:
        return len(self.labels)

    def assigned(self, raw: Mapping[str, Floats]) -> Ints:
        """The place in ``labels`` of each member's nearest centroid, the first of equals."""
        return assigned(self.scaling.of(raw), self.centroids)

    def fits(self, raw: Mapping[str, Floats]) -> bool:
        """Whether all features that the model knows are there."""
        return set(self.scaling.names) <= set(raw)

    def to_json(self) -> dict[str, Any]:
        return {
            "features": list(self.scaling.names),
            "missing": self.scaling.missing.tolist(),
            "mean": self.scaling.mean.tolist(),
            "deviation": self.scaling.deviation.tolist(),
            "centroids": self.centroids.tolist(),
            "labels": list(self.labels),
            "next_label": self.next_label,
            "silhouettes": {str(k): value for k, value in self.silhouettes.items()},
            "best": self.best,
            "sampled": self.sampled,
            "looked_at": self.looked_at,
            "members": self.members,
            "stability": self.stability,
        }

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Model":
        numbers = [np.array(told[name], np.float64) for name in ("missing", "mean", "deviation")]
        return cls(
            Scaling(tuple(told["features"]), *numbers),
            np.array(told["centroids"], np.float64),
            tuple(told["labels"]),
            told["next_label"],
            {int(k): told["silhouettes"][k] for k in sorted(told["silhouettes"], key=int)},
            told["best"],
            told["sampled"],
            told["looked_at"],
            told["members"],
            told["stability"],
        )


def fit(
    ids: Ints, raw: Mapping[str, Floats], k: int | None = None, kept: Model | None = None, past: Model | None = None
) -> Model:
    """Clusters of all members. ``ids``: who they are, each once; ``raw``: features by name, one value per member, NaN where undefined.
    ``k``: how many clusters; None = as many as ``kept`` has, else the usual. ``kept``: the model whose labels go on; ``past``: the one
    that was kept when there were as many clusters last, whose labels come back.

    Without a kept model the clusters are numbered by net amount a member, the greatest first. Raises ``InvalidClusters``,
    ``ClustersOfFew`` and ``ClustersOfSame``.
    """
    if k is not None and k not in KS:
        raise InvalidClusters(f"{KS[0]} to {KS[-1]} clusters, not {k}.", k=k, low=KS[0], high=KS[-1])
    fewest = max(FEWEST, k or 0)
    if len(ids) < fewest:
        raise ClustersOfFew(f"{len(ids)} members are too few for clusters.", members=len(ids), fewest=fewest)
    found = scaling(raw)
    points = found.of(raw)
    drawn = sample(ids, TRIED)
    tried = points[drawn]
    distinct = len(np.unique(tried, axis=0))
    if distinct < (k or KS[0]):
        raise ClustersOfSame(f"Only {distinct} members differ.", distinct=distinct, k=k or KS[0])
    fits = {one: centroids(tried, one) for one in KS if one <= distinct}
    judged = tried[:LOOKED_AT]
    widths = silhouettes(judged, {one: assigned(judged, found_) for one, found_ in fits.items()})
    best = usual(widths, len(judged))
    chosen = k or (kept.k if kept is not None and kept.k in fits else best)
    old = None if kept is None else _carried(kept, found)
    centers = _rested(points, fits[chosen], old if old is not None and len(old) == chosen else None)
    labels, following = _labelled(
        centers, found, _going_on(raw, assigned(points, centers), centers, kept, old, past), kept
    )
    order = sorted(range(len(labels)), key=lambda place: int(labels[place]))
    centers, labels = centers[order], tuple(labels[place] for place in order)
    model = Model(found, centers, labels, following, widths, best, len(tried), len(judged), len(ids))
    if kept is None or not kept.fits(raw):
        return model
    return replace(model, stability=rand(kept.assigned(raw), assigned(points, centers)))


def sample(ids: Ints, most: int) -> Ints:
    """Places of at most ``most`` members, drawn evenly: those with the least mixed numbers, the least first."""
    mixed = _mixed(ids)
    if len(ids) > most:
        least = np.argpartition(mixed, most)[:most]
        return least[np.lexsort((ids[least], mixed[least]))]
    return np.lexsort((ids, mixed))


def _mixed(ids: Ints) -> NDArray[np.uint64]:
    """Numbers close to each other far apart (the finaliser of splitmix64)."""
    numbers = ids.view(np.uint64) + np.uint64(SEED)
    with np.errstate(over="ignore"):
        numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def centroids(points: Floats, k: int, starts: int = STARTS) -> Floats:
    """K-means by k-means++ with a fixed seed, the best of so many starts."""
    from sklearn.cluster import KMeans  # takes a second to import, which processes that fit nothing need not wait for
    from threadpoolctl import threadpool_limits

    # Its threads wait for each other by spinning: beside other work two of them take twenty times as long as one.
    with threadpool_limits(1, "openmp"):
        found: Floats = KMeans(k, n_init=starts, random_state=SEED, algorithm="lloyd").fit(points).cluster_centers_
    return found


def _rested(points: Floats, *starts: Floats | None) -> Floats:
    """Centroids after Lloyd's steps over everybody, from the start that ends with the least inertia; the later one of ``starts`` unless
    the first is better by more than one in a thousand, so that clusters do not jump."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    best: Floats | None = None
    least = np.inf
    for start in starts:
        if start is None:
            continue
        with threadpool_limits(1, "openmp"):
            model = KMeans(len(start), init=start, n_init=1, max_iter=100, algorithm="lloyd").fit(points)
        if best is None or model.inertia_ <= least * 1.001:
            best, least = model.cluster_centers_, model.inertia_
    assert best is not None
    return best


def assigned(points: Floats, centers: Floats) -> Ints:
    """The nearest centroid of each point, the first of equals."""
    found = np.empty(len(points), np.int64)
    half = (centers**2).sum(axis=1) / 2
    for first in range(0, len(points), BLOCK):
        found[first : first + BLOCK] = np.argmin(half - points[first : first + BLOCK] @ centers.T, axis=1)
    return found


def silhouettes(points: Floats, codes: Mapping[int, Ints]) -> dict[int, float]:
    """Mean silhouette of each partition of the same points: (b - a) / max(a, b) with a the mean distance to the others of one's own
    cluster and b that to the nearest other cluster; 0 of a point alone in its cluster. Distances are reckoned once for all partitions.
    Those into fewer than two clusters that anybody is in are left out."""
    owned: dict[int, tuple[Ints, Ints]] = {}
    for key, code in codes.items():
        _, dense, sizes = np.unique(code, return_inverse=True, return_counts=True)
        if len(sizes) > 1:
            owned[key] = dense.astype(np.int64), sizes.astype(np.int64)
    if not owned:
        return {}
    belongs = np.concatenate([np.eye(len(sizes))[dense] for dense, sizes in owned.values()], axis=1)
    squares = (points**2).sum(axis=1)
    total = dict.fromkeys(owned, 0.0)
    for first in range(0, len(points), 1024):
        rows = np.arange(first, min(first + 1024, len(points)))
        apart = np.sqrt(np.maximum(squares[rows, None] + squares - 2 * points[rows] @ points.T, 0.0))
        apart[np.arange(len(rows)), rows] = 0.0
        sums = apart @ belongs
        start = 0
        for key, (dense, sizes) in owned.items():
            total[key] += _widths(sums[:, start : start + len(sizes)], dense[rows], sizes)
            start += len(sizes)
    return {key: value / len(points) for key, value in total.items()}


def _widths(sums: Floats, own: Ints, sizes: Ints) -> float:
    rows = np.arange(len(own))
    within = sums[rows, own] / np.maximum(sizes[own] - 1, 1)
    others = sums / sizes
    others[rows, own] = np.inf
    nearest = others.min(axis=1)
    most = np.maximum(within, nearest)
    is_told = (sizes[own] > 1) & (most > 0)
    return float(np.where(is_told, (nearest - within) / np.where(most > 0, most, 1.0), 0.0).sum())


def tie(looked_at: int) -> float:
    """Silhouettes of so many members that lie closer together are not told apart: the error of their mean, where widths spread as they
    mostly do, and at least ``TIE``."""
    return max(TIE, SPREAD / float(np.sqrt(max(looked_at, 1))))


def usual(widths: Mapping[int, float], looked_at: int) -> int:
    """The fewest clusters, from ``USUAL_FROM`` up where there are such, whose silhouette lies within a ``tie`` of the greatest."""
    told = {k: width for k, width in widths.items() if k >= USUAL_FROM} or widths
    least = max(told.values()) - tie(looked_at)
    return min(k for k, width in told.items() if width >= least)


def rand(one: Ints, other: Ints) -> float:
    """Adjusted Rand index of two partitions of the same members (L. Hubert, P. Arabie, Comparing partitions, Journal of Classification
    2, 1985): 1 = the same, 0 = no more alike than by chance."""
    _, left = np.unique(one, return_inverse=True)
    _, right = np.unique(other, return_inverse=True)
    width = int(right.max(initial=0)) + 1
    table = np.bincount(left * width + right, minlength=(int(left.max(initial=0)) + 1) * width).reshape(-1, width)
    both, rows, columns = _pairs(table), _pairs(table.sum(axis=1)), _pairs(table.sum(axis=0))
    expected = rows * columns / max(_pairs(np.array([len(one)])), 1.0)
    most = (rows + columns) / 2
    return 1.0 if most == expected else float((both - expected) / (most - expected))


def _pairs(counts: Ints) -> float:
    counted = counts.astype(np.float64)
    return float((counted * (counted - 1) / 2).sum())


# -- labels -----------------------------------------------------------------------------------------------------------


def matched(old: Floats, new: Floats) -> list[int | None]:
    """For each new centroid the old one that it goes on from: together the least squared distances (H. Kuhn, The Hungarian method,
    1955). A new one farther from its old one than the closest two old ones from each other goes on from none."""
    from scipy.optimize import linear_sum_assignment

    apart = ((new[:, None, :] - old[None, :, :]) ** 2).sum(axis=2)
    between = ((old[:, None, :] - old[None, :, :]) ** 2).sum(axis=2)
    nearest = between[~np.eye(len(old), dtype=bool)].min(initial=np.inf)
    found: list[int | None] = [None] * len(new)
    for row, column in zip(*linear_sum_assignment(apart), strict=True):
        if apart[row, column] <= nearest:
            found[row] = int(column)
    return found


def _carried(kept: Model, now: Scaling) -> Floats:
    """Kept centroids under today's scaling. A feature that only one of the two knows stands at everybody's mean."""
    raw = dict(zip(kept.scaling.names, kept.scaling.raw(kept.centroids).T, strict=True))
    none = np.full(kept.k, np.nan)
    standardised = now.of({name: raw.get(name, none) for name in now.names})
    standardised[:, [name not in raw for name in now.names]] = 0.0
    return standardised


def shared(labels: Sequence[str], before: Ints, now: Ints, k: int) -> list[str | None]:
    """For each of ``k`` clusters the label of the one before that is more than half the same people: of all who are in either, more than
    half are in both. ``before``: places in ``labels``, ``now``: clusters, of the same members. No two are given one label."""
    both = np.bincount(now * len(labels) + before, minlength=k * len(labels)).reshape(k, len(labels))
    either = both.sum(axis=1)[:, None] + both.sum(axis=0)[None, :] - both
    mostly = 2 * both > either
    return [labels[int(row.argmax())] if row.any() else None for row in mostly]


def _going_on(
    raw: Mapping[str, Floats], codes: Ints, centers: Floats, kept: Model | None, old: Floats | None, past: Model | None
) -> list[str | None]:
    """The label that each cluster goes on with. Where there are as many as before, that of the centroid it is nearest to; of another
    number, or of a number that comes back, only where it is mostly the same people."""
    size = len(centers)
    found: list[str | None] = [None] * size
    if kept is None or old is None:
        return found
    if past is not None and past.k == size and past.fits(raw):
        found = shared(past.labels, past.assigned(raw), codes, size)
    if kept.k == size or not kept.fits(raw):
        present = [None if at is None else kept.labels[at] for at in matched(old, centers)]
    else:
        present = shared(kept.labels, kept.assigned(raw), codes, size)
    return [one or (other if other not in found else None) for one, other in zip(found, present, strict=True)]


def _labelled(
    centers: Floats, now: Scaling, going_on: Sequence[str | None], kept: Model | None
) -> tuple[tuple[str, ...], int]:
    """The label of each centroid, and the first number that none ever had."""
    following = 1 if kept is None else kept.next_label
    worth = "net_minor" if "net_minor" in now.names else now.names[0]
    labels = [""] * len(centers)
    for place in np.argsort(-centers[:, now.names.index(worth)], kind="stable").tolist():
        past = going_on[place]
        if past is not None:
            labels[place] = past
        else:
            labels[place] = str(following)
            following += 1
    return tuple(labels), following
