"""What the platform counted of each group on each of the last 180 days: as true as the world, where callbacks and the archive lost some."""

import numpy as np
import pyarrow as pa

from core.work.demo import columns
from core.work.demo.brand import Brand
from core.work.demo.chat import STAFF, Memberships, Messages
from core.work.demo.rhythm import HOUR_S, Ints

KEPT_DAYS = 180
"""For so long WeCom keeps them."""
NOT_ARCHIVED = 0.03
"""Share of messages that the archive lacks: their writers did not consent."""
OUTAGE_DAYS, LOST_A_GROUP = 2, 1.2
"""Days on which callbacks were lost, and how many came and went unseen in a group on each."""
MISSED_DAYS = 3
"""Days on which nobody asked the platform."""


def table(brand: Brand, stays: Memberships, written: Messages, rng: np.random.Generator) -> pa.Table:
    """Rows of ``group_statistics``, of every group that was open; of one day there is an earlier row that the last one replaces."""
    span, groups = brand.span, len(brand.groups)
    first = span.days - 1 - KEPT_DAYS
    days = np.setdiff1d(
        np.arange(first, span.days - 1), rng.choice(np.arange(first, span.days - 1), MISSED_DAYS, replace=False)
    )
    outages = rng.choice(days, OUTAGE_DAYS, replace=False)
    messages = _grid(written.group, span.day_of(written.at_s), groups, span.days)
    writers = _writers(brand, written)
    joined = _grid(stays.group, span.day_of(stays.join_s), groups, span.days)
    gone = stays.leave_s < span.end_s
    left = _grid(stays.group[gone], span.day_of(stays.leave_s[gone]), groups, span.days)
    members = np.cumsum(joined - left, axis=1)
    group, place = np.nonzero(brand.groups["created_day"][:, None] <= days[None, :])
    day = days[place]
    unseen = np.where(np.isin(day, outages), rng.poisson(LOST_A_GROUP, len(day)), 0)
    told = messages[group, day] + rng.binomial(messages[group, day], NOT_ARCHIVED)
    counts = [
        told,
        members[group, day],
        joined[group, day] + unseen,
        np.minimum(writers[group, day], members[group, day]),
    ]
    early = np.flatnonzero(day == days[-1])  # asked at noon already, and again when the day was over
    at = np.concatenate([span.starts_s[day[early]] + 12 * HOUR_S, span.starts_s[day + 1] + 2 * HOUR_S])
    group, day = np.concatenate([group[early], group]), np.concatenate([day[early], day])
    said, inside, new, talking = (np.concatenate([count[early] // 2, count]) for count in counts)
    rows = columns.rows(
        "group_statistics",
        {
            "occurred_at": columns.times(span.starts_s[day]),
            "group_id": columns.codes(brand.groups.ids, group),
            "taken_at": columns.times(at),
            "message_count": pa.array(said, pa.int64()),
            "member_count": pa.array(inside, pa.int64()),
            "new_member_count": pa.array(new, pa.int64()),
            "talking_member_count": pa.array(np.minimum(talking, inside), pa.int64()),
        },
        "wecom",
    )
    return columns.with_numbers(columns.ordered(rows))


def _grid(group: Ints, day: Ints, groups: int, days: int) -> Ints:
    """How many of each group and day."""
    fits = (day >= 0) & (day < days)
    return np.bincount(group[fits] * days + day[fits], minlength=groups * days).reshape(groups, days)


def _writers(brand: Brand, written: Messages) -> Ints:
    """Members who wrote, per group and day."""
    span, people = brand.span, written.sender < STAFF
    group, day, who = written.group[people], span.day_of(written.at_s[people]), written.who[people]
    once = np.unique(np.stack([group, day, who]), axis=1)
    return _grid(once[0], once[1], len(brand.groups), span.days)
