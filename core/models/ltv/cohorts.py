"""What a cohort has brought per customer by age, and which of it is known as a whole."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

AGE_DAYS = 30
"""Days of one step of age. Age k ends ``AGE_DAYS`` x (k + 1) days after a customer's first day."""


@dataclass(frozen=True, eq=False)
class Curves:
    """``customers`` by cohort. ``per_customer[c, k]``: amount by the end of age k per customer of the cohort, nan where the age has
    begun for nobody; ``is_mature``: every customer of the cohort has lived through it. What is not mature is too low, and no average
    takes it."""

    customers: Ints
    per_customer: Floats
    is_mature: Bools


def curves(
    cohort: Ints, first_day: Ints, cohort_end: Ints, owner: Ints, day: Ints, amount: Floats, newest_day: int
) -> Curves:
    """``cohort`` and ``first_day`` by customer; ``cohort_end`` by cohort: the day after the last on which one could join it, so that a
    cohort still open is mature at no age. ``owner`` (a customer's place), ``day`` and ``amount`` by row; rows before the first day of
    their customer count at age 0."""
    size = len(cohort_end)
    customers = np.bincount(cohort, minlength=size)
    starts = np.full(size, newest_day + 1)
    np.minimum.at(starts, cohort, first_day)
    ages = int(max((newest_day - starts.min()) // AGE_DAYS + 1, 0)) if size else 0
    age = np.maximum((day - first_day[owner]) // AGE_DAYS, 0)
    summed = (
        np.bincount(cohort[owner] * ages + age, amount, size * ages).reshape(size, ages)
        if ages
        else np.zeros((size, 0))
    )
    step = np.arange(ages)
    with np.errstate(invalid="ignore", divide="ignore"):
        per_customer = np.cumsum(summed, axis=1) / customers[:, None]
    has_begun = starts[:, None] + AGE_DAYS * step <= newest_day
    is_mature = cohort_end[:, None] - 1 + AGE_DAYS * (step + 1) <= newest_day + 1
    return Curves(
        customers, np.where(has_begun & (customers[:, None] > 0), per_customer, np.nan), is_mature & has_begun
    )


def pace(first_day: Ints, owner: Ints, day: Ints, amount: Floats, newest_day: int, fewest: int = 1) -> Floats:
    """Amount per customer added up by the end of each age, over customers who have lived through that age: each step is the mean of
    those who can tell. As long as ``fewest`` have lived through it."""
    whole = np.maximum((newest_day + 1 - first_day) // AGE_DAYS, 0)
    living = len(whole) - np.cumsum(np.bincount(whole))[:-1]
    living = living[living >= fewest]
    age = np.maximum((day - first_day[owner]) // AGE_DAYS, 0)
    kept = age < np.minimum(whole[owner], len(living))
    return np.asarray(np.cumsum(np.bincount(age[kept], amount[kept], len(living)) / living))


def payback(paces: Floats, cost: float) -> int | None:
    """First age, counted from 1, by whose end what came in covers the cost of winning a customer; None where it has not yet."""
    covered = np.flatnonzero(paces >= cost)
    return int(covered[0]) + 1 if len(covered) else None
