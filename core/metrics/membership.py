"""Tiers by spend, and accounts of points: arrays and expressions.

**Tiers by rule.** On each day a member qualifies for the highest tier whose floor is at most what they spent, net of refunds, in the
``WINDOW_DAYS`` business days that end with that day. A tier is theirs while they qualify for it, and for ``validity_days`` at least from a
purchase by which they came to qualify for it, the day itself included. Of several the highest counts. What is sent back later and not made
up for is taken off what that purchase reached: nobody keeps a tier by goods that went back.

**About to fall.** Who would have a lower tier some days ahead if they bought nothing until then. What is missing is the floor of today's
tier less what of their spend still counts on that day: bought on that day, it keeps the tier.

**Points.** The balance of a member is the sum of all entries. What is taken away is taken from those points first that expire first.
"""

from dataclasses import dataclass
from typing import TypeAlias

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

from core.sequences.arrays import Int64s

Places: TypeAlias = npt.NDArray[np.int8]

WINDOW_DAYS = 365
VALIDITY_DAYS = 365
"""Rule of thumb: a tier is kept for twelve months."""
TIERS = ("basic", "silver", "gold", "diamond")
"""Lowest first. The first has no floor: every member has it at least."""
FLOORS = (500, 2_000, 5_000)
"""Net spend in major units from which the others begin. Rules of thumb."""
NOBODY = np.int8(-1)
_SHIFT = 20
"""Bits of a day beside a member: 2,800 years."""


@dataclass(frozen=True, eq=False)
class Spend:
    """Net spend per member and day, sorted by both: ``member`` from 0, ``day`` since 1970, ``net`` in the smallest unit; refunds on their
    own days, so a day may be below 0. ``size``: how many members there are, those without spend included."""

    member: Int64s
    day: Int64s
    net: Int64s
    size: int

    def until(self, on: int) -> "Spend":
        """What was known on a day."""
        kept = self.day <= on
        return Spend(self.member[kept], self.day[kept], self.net[kept], self.size)

    def within(self, member: Int64s, on: Int64s) -> Int64s:
        """What each of these members had spent in the ``WINDOW_DAYS`` that end with the day named beside them."""
        key = (self.member << _SHIFT) + self.day
        total = np.concatenate(([0], np.cumsum(self.net)))
        first = np.maximum(on - WINDOW_DAYS, -1)
        high = np.searchsorted(key, (member << _SHIFT) + on, side="right")
        low = np.searchsorted(key, (member << _SHIFT) + first, side="right")
        found: Int64s = total[high] - total[low]
        return found

    def lost_after(self, rows: Int64s) -> Int64s:
        """For each of these rows the deepest that its member's net spend of later days together ever stood below 0."""
        total = np.cumsum(self.net)
        starts = np.searchsorted(self.member, self.member, side="left")
        own = total - total[starts] + self.net[starts]
        # Later members stand higher than all of the ones before, so a running minimum from the end stays within a member.
        step = int(own.max(initial=0) - own.min(initial=0)) + 1
        raised = own + self.member * step
        lowest = np.minimum.accumulate(raised[::-1])[::-1]
        found: Int64s = np.minimum(lowest - raised, 0)[rows]
        return found


def spent(spend: Spend, on: int) -> Int64s:
    """Of every member, what they spent in the window that ends with a day."""
    everybody = np.arange(spend.size)
    return spend.within(everybody, np.full(spend.size, on))


def tiers(spend: Spend, floors: tuple[int, ...], validity_days: int, on: int) -> Places:
    """The tier of every member on a day, as a place among tiers of which each but the first has a floor. Spend after the day must be left
    out by the caller (``Spend.until``); the day may lie ahead of the data."""
    edges = np.array(floors, np.int64)
    found = np.searchsorted(edges, spent(spend, on), side="right")
    bought = np.flatnonzero((spend.net > 0) & (spend.day > on - validity_days) & (spend.day <= on))
    member, day = spend.member[bought], spend.day[bought]
    reached = spend.within(member, day)
    came = np.searchsorted(edges, reached, side="right") > np.searchsorted(
        edges, spend.within(member, day - 1), side="right"
    )
    kept = np.searchsorted(edges, reached + spend.lost_after(bought), side="right")
    np.maximum.at(found, member[came], kept[came])
    places: Places = found.astype(np.int8)
    return places


@dataclass(frozen=True, eq=False)
class Falls:
    """Members who fall within some days if they buy nothing: ``member``, the places ``now`` and ``then``, what ``counts`` of their spend
    on that day, and how much is ``missing`` to keep their tier. The least missing first."""

    member: Int64s
    now: Places
    then: Places
    counts: Int64s
    missing: Int64s


def falls(spend: Spend, floors: tuple[int, ...], validity_days: int, on: int, within_days: int) -> Falls:
    now = tiers(spend, floors, validity_days, on)
    then = tiers(spend, floors, validity_days, on + within_days)
    member = np.flatnonzero(then < now)
    counts = spend.within(member, np.full(member.size, on + within_days))
    missing = np.array(floors, np.int64)[now[member] - 1] - counts
    order = np.lexsort((member, missing))
    return Falls(member[order], now[member][order], then[member][order], counts[order], missing[order])


def left(member: Int64s, expires: Int64s, points: Int64s) -> Int64s:
    """What is left of each entry that gave points; 0 of one that took some away. One element per entry, in any order. ``points``: above 0 =
    given, below 0 = taken away; ``expires``: day since 1970 on which what was given expires."""
    order = np.lexsort((expires, member))
    who, amount = member[order], points[order]
    credit = np.maximum(amount, 0)
    size = int(member.max()) + 1 if member.size else 0
    taken = np.zeros(size, np.int64)
    np.subtract.at(taken, who, np.minimum(amount, 0))
    through = np.cumsum(credit)
    starts = np.flatnonzero(np.diff(who, prepend=-1))
    before = np.repeat(through[starts] - credit[starts], np.diff(starts, append=who.size))
    through -= before
    found = np.zeros(points.size, np.int64)
    found[order] = np.clip(through - taken[who], 0, credit)
    return found


def net_by_day(lines: ir.Table) -> ir.Table:
    """``member_id``, ``local_date``, ``net_minor`` of members' sales and refunds; adjustments of stock are none.

    ``lines``: order lines linked to members. Grain: one row per member and day.
    """
    own = lines.filter(lines.member_id.notnull(), lines.line_kind != "adjustment")
    return own.group_by(["member_id", "local_date"]).aggregate(net_minor=own.amount_minor.sum().cast("int64"))
