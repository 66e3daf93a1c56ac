"""Purchases of members as the laws of lifetime value take them.

A purchase is a business day with at least one order, worth what was ordered on it: several orders of a day are one decision to buy, and
the laws know time in days. What a customer is known by counts repeat days only; the first says nothing of coming back.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class People:
    """One entry per customer, ascending. ``member``: their numbers; ``first_day``: as ordinals; ``repeats``, ``last_days``, ``age_days``
    as in ``bgnbd``; ``means``: mean amount of the repeat days, 0 without any."""

    member: Ints
    first_day: Ints
    repeats: Floats
    last_days: Floats
    age_days: Floats
    means: Floats

    def __len__(self) -> int:
        return len(self.member)

    def of(self, chosen: npt.NDArray[np.bool_]) -> "People":
        return People(
            *(
                getattr(self, name)[chosen]
                for name in ("member", "first_day", "repeats", "last_days", "age_days", "means")
            )
        )


@dataclass(frozen=True, eq=False)
class Purchases:
    """Days with an order, ascending by member and day, each pair once. ``amount``: gross of the day, above 0."""

    member: Ints
    day: Ints
    amount: Floats

    def __len__(self) -> int:
        return len(self.member)

    def of(self, chosen: npt.NDArray[np.bool_]) -> "Purchases":
        return Purchases(self.member[chosen], self.day[chosen], self.amount[chosen])

    def until(self, last_day: int) -> "Purchases":
        """Those up to a day, it included."""
        return self.of(self.day <= last_day)

    def people(self, newest_day: int) -> People:
        """Customers as they stand at the end of a day that no purchase is after."""
        starts = np.flatnonzero(np.diff(self.member, prepend=-1 if len(self) == 0 else self.member[0] - 1))
        if len(starts) == 0:
            none, no = np.empty(0, np.int64), np.empty(0)
            return People(none, none, no, no, no, no)
        ends = np.append(starts[1:], len(self))
        first, last = self.day[starts], self.day[ends - 1]
        repeats = (ends - starts - 1).astype(float)
        again = np.add.reduceat(self.amount, starts) - self.amount[starts]
        means = np.divide(again, repeats, out=np.zeros(len(starts)), where=repeats > 0)
        age = (newest_day - first).astype(float)
        return People(self.member[starts], first, repeats, (last - first).astype(float), age, means)
