"""Accounts of points: what is outstanding and owed, what came and went, what expires, and who stands behind each."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import ibis
import numpy as np

from core.errors import Unknown
from core.lake.reader import Snapshot
from core.lake.writer import local_date
from core.metrics import facts as f
from core.metrics import membership as m
from core.schema import POINT_KINDS
from core.sequences.arrays import Array, Int64s
from core.work.questions import population
from core.work.questions.kept import per_version

EXPIRING = (30, 60, 90)
"""Days ahead for which it is told what expires."""
EPOCH = date(1970, 1, 1)
NEVER = 1 << 19
"""A day on which points that do not expire expire."""


def day_of(on: date) -> int:
    """Days since 1970."""
    return (on - EPOCH).days


@dataclass(frozen=True, eq=False)
class Accounts:
    """Entries up to a day: ``member`` (place among the ids of the population), ``day``, ``expires``, ``points``, ``left``, ``kind`` (place in
    ``POINT_KINDS``); and of every member ``balance`` and ``has_entry``."""

    member: Int64s
    day: Int64s
    expires: Int64s
    points: Int64s
    left: Int64s
    kind: Int64s
    balance: Int64s
    has_entry: Array


@dataclass(frozen=True, eq=False)
class Asked:
    """``inside``: whom scope and filters leave of all members. The period begins with ``start_on`` and ends with ``on``, the day of the
    accounts."""

    inside: Array
    start_on: date
    on: date


@dataclass(frozen=True, slots=True)
class Points:
    """Accounts on a day. ``outstanding``: sum of the balances above 0, of ``holders``; ``liability_minor``: their worth. ``earned``, ``spent``,
    ``expired``, ``adjusted``: net points of entries in the period, spent and expired below 0. ``expiring``: days ahead -> (points, members).
    ``overdue``: points whose day has come and that nobody has booked as expired; they are outstanding still. ``negative``: members below 0.
    ``movers``: members with an entry of each kind in the period.
    """

    holders: int
    outstanding: int
    liability_minor: int
    earned: int
    spent: int
    expired: int
    adjusted: int
    expiring: dict[int, tuple[int, int]]
    overdue: int
    negative: int
    movers: dict[str, int]


@per_version("points", "identity_map", most=4)
def accounts(snapshot: Snapshot, on: date, zone: str) -> Accounts:
    """Of all members on a day."""
    ids = population.of(snapshot).ids
    rows = f.known(f.linked(snapshot.table("points"), population.links(snapshot)))
    rows = rows.filter(rows.local_date <= on)
    expires = local_date(rows.expires_at, zone).delta(EPOCH, unit="day").cast("int64").fill_null(NEVER)
    kinds = [(rows.kind == kind, place) for place, kind in enumerate(POINT_KINDS)]
    arrays = snapshot.stream(
        rows.select(
            "member_id", "points", day=rows.local_date.delta(EPOCH, unit="day").cast("int64"), expires=expires,
            kind=ibis.cases(*kinds, else_=-1).cast("int64"), order=rows.row_number, batch=rows.batch_id,
        ).order_by("member_id", "expires", "batch", "order").drop("order", "batch")
    )  # fmt: skip
    member = np.searchsorted(ids, arrays["member_id"])
    balance = np.zeros(ids.size, np.int64)
    np.add.at(balance, member, arrays["points"])
    has_entry = np.zeros(ids.size, bool)
    has_entry[member] = True
    left = m.left(member, arrays["expires"], arrays["points"])
    return Accounts(
        member, arrays["day"], arrays["expires"], arrays["points"], left, arrays["kind"], balance, has_entry
    )


def told(known: Accounts, asked: Asked, worth_minor: Decimal) -> Points | None:
    """None where nobody asked for has an entry. ``worth_minor``: of a point, in the smallest unit."""
    if not (known.has_entry & asked.inside).any():
        return None
    held = np.where(asked.inside, np.maximum(known.balance, 0), 0)
    entries = {kind: _moved(known, asked, kind) for kind in POINT_KINDS}
    moved = {kind: int(points.sum()) for kind, (_, points) in entries.items()}
    expiring = {days: _expiring(known, asked, days) for days in EXPIRING}
    outstanding = int(held.sum())
    late = (known.expires <= day_of(asked.on)) & asked.inside[known.member]
    return Points(
        int((held > 0).sum()), outstanding, int((outstanding * worth_minor).to_integral_value()), moved["earned"], moved["spent"],
        moved["expired"], moved["adjusted"], {days: (int(value.sum()), int(who.size)) for days, (who, value) in expiring.items()},
        int(known.left[late].sum()), int((asked.inside & (known.balance < 0)).sum()),
        {kind: int(who.size) for kind, (who, _) in entries.items()},
    )  # fmt: skip


def behind(known: Accounts, asked: Asked, name: str) -> tuple[Int64s, Int64s]:
    """Places of the members behind a figure, and their points. ``name``: ``holders``, ``negative``, a kind, ``expiring.30``. Raises
    ``Unknown``."""
    if name in ("holders", "negative"):
        is_so = known.balance > 0 if name == "holders" else known.balance < 0
        who = np.flatnonzero(asked.inside & is_so)
        return who, known.balance[who]
    if name in POINT_KINDS:
        return _moved(known, asked, name)
    kind, _, days = name.partition(".")
    if kind != "expiring" or not days.isdigit() or int(days) not in EXPIRING:
        raise Unknown("figure", f"points.{name}", ["points.holders", "points.expiring.30"])
    return _expiring(known, asked, int(days))


def _moved(known: Accounts, asked: Asked, kind: str) -> tuple[Int64s, Int64s]:
    """Members with an entry of a kind in the period, and their net points."""
    mine = (known.kind == POINT_KINDS.index(kind)) & (known.day >= day_of(asked.start_on)) & asked.inside[known.member]
    return _summed(known.member[mine], known.points[mine])


def _expiring(known: Accounts, asked: Asked, days: int) -> tuple[Int64s, Int64s]:
    """Members with points that expire in the days after the day of the accounts, and how many."""
    today = day_of(asked.on)
    soon = (known.expires > today) & (known.expires <= today + days) & (known.left > 0)
    mine = soon & asked.inside[known.member]
    return _summed(known.member[mine], known.left[mine])


def _summed(member: Int64s, points: Int64s) -> tuple[Int64s, Int64s]:
    who, place = np.unique(member, return_inverse=True)
    total = np.zeros(who.size, np.int64)
    np.add.at(total, place, points)
    return who, total
