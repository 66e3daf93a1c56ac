"""A held-out period: the laws fitted to what was known before it, held against what came."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.models.ltv import bgnbd, worth
from core.models.ltv.purchases import Purchases

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LAST_CLASS = 7
"""Customers with this many repeats or more stand in one class."""
WEEK_DAYS = 7
LONGEST_DAYS = 182
"""The held-out period is the last third of the history, but no longer."""


@dataclass(frozen=True, eq=False)
class Classes:
    """By repeats before the cut, 0 to ``LAST_CLASS`` (or more): customers, and orders per customer after it."""

    repeats: Ints
    customers: Ints
    predicted: Floats
    actual: Floats


@dataclass(frozen=True, eq=False)
class Weeks:
    """Repeat orders of the same customers, added up since the first day, at the end of each week. ``is_held``: after the cut."""

    day: Ints
    predicted: Floats
    actual: Ints
    is_held: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Holdout:
    """``cut_day``: the last day the laws were fitted to. ``predicted`` and ``actual``: orders after it of customers from before it.
    Errors per customer, mean absolute and root mean square, of the laws and of going on at one's own pace (repeats ÷ age)."""

    cut_day: int
    days: int
    customers: int
    fit: bgnbd.Fit
    predicted: float
    actual: int
    naive: float
    mae: float
    naive_mae: float
    rmse: float
    naive_rmse: float
    classes: Classes
    weeks: Weeks


def length(first_day: int, newest_day: int) -> int:
    """Days held out of a history."""
    return min((newest_day - first_day) // 3, LONGEST_DAYS)


def held_out(purchases: Purchases, first_day: int, newest_day: int, days: int) -> Holdout | None:
    """None where nothing was bought before the cut or nothing is held out."""
    cut = newest_day - days
    known = purchases.until(cut)
    if days < 1 or len(known) == 0:
        return None
    people = known.people(cut)
    fitted = worth.fit(people).purchases
    told = worth.predicted(worth.Model(fitted, None), people, (days,)).orders[days]
    later = purchases.of((purchases.day > cut) & np.isin(purchases.member, people.member))
    came = np.bincount(np.searchsorted(people.member, later.member), minlength=len(people)).astype(float)
    pace = np.divide(people.repeats, people.age_days, out=np.zeros(len(people)), where=people.age_days > 0) * days
    return Holdout(
        cut, days, len(people), fitted, float(told.sum()), int(came.sum()), float(pace.sum()),
        float(np.abs(told - came).mean()), float(np.abs(pace - came).mean()),
        float(np.sqrt(((told - came) ** 2).mean())), float(np.sqrt(((pace - came) ** 2).mean())),
        _classes(people.repeats, told, came), _weeks(fitted.law, people.first_day, known, later, (first_day, cut, newest_day)),
    )  # fmt: skip


def _classes(repeats: Floats, told: Floats, came: Floats) -> Classes:
    of = np.minimum(repeats, LAST_CLASS).astype(np.int64)
    customers = np.bincount(of, minlength=LAST_CLASS + 1)
    seen = np.flatnonzero(customers)
    means = [np.asarray(np.bincount(of, each, LAST_CLASS + 1)[seen] / customers[seen], float) for each in (told, came)]
    return Classes(seen, customers[seen], means[0], means[1])


def _weeks(law: bgnbd.Law, first_days: Ints, known: Purchases, later: Purchases, days: tuple[int, int, int]) -> Weeks:
    """``days``: the first, the cut and the newest. Weeks end on the newest day; the first is left out where it is not whole."""
    first, cut, newest = days
    ends = np.arange(newest, first + WEEK_DAYS - 2, -WEEK_DAYS)[::-1]
    starts, counts = np.unique(first_days, return_counts=True)
    ages = np.maximum(ends[:, None] - starts[None, :], 0).astype(float)
    distinct, of = np.unique(ages, return_inverse=True)
    predicted = law.from_first(distinct)[of].reshape(ages.shape) @ counts.astype(float)
    is_first = np.diff(known.member, prepend=known.member[0] - 1) != 0
    repeat_days = np.sort(np.concatenate([known.day[~is_first], later.day]))
    return Weeks(ends, predicted, np.searchsorted(repeat_days, ends, side="right"), ends > cut)
