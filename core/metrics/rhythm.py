"""When a group lives: what members say by hour and weekday, and what the three slots of the day draw.

Times are of the business zone. What members say is ``core.metrics.talk.is_activity`` of known members, as everywhere.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal

import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from core.metrics import talk
from core.periods import Period

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Shorts = NDArray[np.int16]

WEEK, DAY = 7, 24
EPOCH = date(1970, 1, 1)

Slot = Literal["morning", "noon", "evening"]
SLOTS: dict[Slot, time] = {"morning": time(6, 30), "noon": time(12), "evening": time(20)}
"""When each of the three slots of a day begins, a rule of thumb of the trade. It lasts an hour."""
SLOT_MINUTES = 60
AFTER_MINUTES = 60
"""How long after the first post of a slot what members say is counted as drawn by it."""
REACH = SLOT_MINUTES + AFTER_MINUTES


def said(messages: ir.Table) -> ir.Table:
    """Rows of ``group_messages``, linked and keyed, that members said."""
    return messages.filter(talk.is_activity(messages) & messages.member_id.notnull())


def within(rows: ir.Table, period: Period) -> ir.BooleanValue:
    return (rows.local_date >= period.start_on) & (rows.local_date < period.end_on)


# -- hour and weekday --------------------------------------------------------------------------------------------------


def hours_seen(period: Period, since: date, until: datetime) -> Longs:
    """How often each hour of each weekday was there to be spoken in: 7 x 24 counts.

    ``since``: first day on which anything is known of the group; ``until``: the newest data, in the business zone. Hours after that
    are not there yet; the one it lies in is.
    """
    seen = np.zeros((WEEK, DAY), np.int64)
    first = max(period.start_on, since)
    whole = min(period.end_on, until.date())
    days = max((whole - first).days, 0)
    each, rest = divmod(days, WEEK)
    seen += each
    for further in range(rest):
        seen[(first.weekday() + further) % WEEK] += 1
    if first <= until.date() < period.end_on:
        seen[until.weekday(), : until.hour + 1] += 1
    return seen


# -- the three slots ---------------------------------------------------------------------------------------------------


def minute_of(slot: Slot) -> int:
    return SLOTS[slot].hour * 60 + SLOTS[slot].minute


@dataclass(frozen=True, slots=True)
class Heard:
    """What members said within two hours from the start of a slot: group, day of the period, slot by number, minute since the
    slot began (0 to 119), who."""

    group: Longs
    day: Longs
    slot: Longs
    minute: Longs
    member: Longs


@dataclass(frozen=True, slots=True)
class Posted:
    """Posts of the staff in a slot: group, day of the period, slot by number, minute since the slot began (0 to 59)."""

    group: Longs
    day: Longs
    slot: Longs
    minute: Longs


@dataclass(frozen=True, slots=True)
class Drawn:
    """One entry per group and slot, ``groups x 3``.

    ``group_days``: days on which the group was there and the slot and the hour after are over. ``served``: those with a post in the
    slot. ``compared``: of these, those of a group that also has days without one; the four figures are sums over them, in the hour
    from the minute of the slot's first post on: messages and distinct speakers, and their mean in the same hour of the clock over
    the group's days without a post in the slot.
    """

    group_days: Longs
    served: Longs
    compared: Longs
    messages: Floats
    speakers: Floats
    usual_messages: Floats
    usual_speakers: Floats


def drawn(posted: Posted, heard: Heard, from_day: Longs, until_day: Longs) -> Drawn:
    """``from_day``: of each group, the first whole day of the period on which it was there. ``until_day``: of each slot, the first
    day on which it and the hour after are not over."""
    shape = groups, slots = len(from_day), len(until_day)
    days = max(int(until_day.max(initial=0)), 1)
    first = _first_posts(posted, (groups, slots, days))
    day = np.arange(days)
    is_open = (day >= from_day[:, None, None]) & (day < until_day[None, :, None])
    is_served = is_open & (first >= 0)
    free_days = (is_open & (first < 0)).sum(axis=2)
    is_compared = is_served & (free_days > 0)[:, :, None]
    kept = (heard.day >= from_day[heard.group]) & (heard.day < until_day[heard.slot])
    group, slot, at, minute = (values[kept] for values in (heard.group, heard.slot, heard.day, heard.minute))
    _, member = np.unique(heard.member[kept], return_inverse=True)
    place, start = group * slots + slot, first[group, slot, at]
    one = (place * days + at) * (member.max(initial=0) + 1) + member
    after = is_compared[group, slot, at] & (minute >= start) & (minute < start + AFTER_MINUTES)
    whose = place[after][np.unique(one[after], return_index=True)[1]]
    free = start < 0
    usual = _usual(place[free], one[free], minute[free], free_days.reshape(-1), is_compared, first)
    messages, speakers = (
        np.bincount(which, minlength=groups * slots).astype(np.float64).reshape(shape)
        for which in (place[after], whose)
    )
    return Drawn(
        is_open.sum(axis=2), is_served.sum(axis=2), is_compared.sum(axis=2), messages, speakers, usual[0].reshape(shape),
        usual[1].reshape(shape),
    )  # fmt: skip


def _first_posts(posted: Posted, shape: tuple[int, int, int]) -> Shorts:
    """Minute of the first post by group, slot and day; -1 where there is none. Small numbers: there are many."""
    first = np.full(shape, SLOT_MINUTES, np.int16)
    kept = (posted.day >= 0) & (posted.day < shape[2])
    np.minimum.at(
        first, (posted.group[kept], posted.slot[kept], posted.day[kept]), posted.minute[kept].astype(np.int16)
    )
    return np.where(first == SLOT_MINUTES, np.int16(-1), first)


def _usual(
    place: Longs, one: Longs, minute: Longs, free_days: Longs, is_compared: NDArray[np.bool_], first: Shorts
) -> tuple[Floats, Floats]:
    """Of days without a post: for each that is compared the mean messages and speakers in the same hour, summed by place.

    ``one``: a number for each person on a day of a place. An hour that begins with any minute of a slot has a mean of its own: each
    message is in those that begin up to 59 minutes before it, each speaker in those of any of his messages.
    """
    order = np.lexsort((minute, one))
    place, one, minute = place[order], one[order], minute[order]
    is_again = np.append(False, one[1:] == one[:-1])[: len(one)]
    low = np.maximum(minute - AFTER_MINUTES + 1, 0)
    fresh = np.where(is_again, np.maximum(low, np.append(0, minute[:-1])[: len(minute)] + 1), low)
    high = np.minimum(minute, SLOT_MINUTES - 1)
    group, slot, _ = where = np.nonzero(is_compared)
    cell, starts = group * is_compared.shape[1] + slot, first[where]

    def mean(start: Longs) -> Floats:
        curve = _curve(place, start, high, len(free_days))
        found: Floats = np.bincount(cell, curve[cell, starts] / free_days[cell], len(free_days)).astype(np.float64)
        return found

    return mean(low), mean(fresh)


def _curve(place: Longs, low: Longs, high: Longs, places: int) -> Longs:
    """How many of the ranges ``low`` to ``high``, both included, hold each minute of a slot; empty ranges hold none."""
    held = low <= high
    width = SLOT_MINUTES + 1
    steps = np.bincount((place * width + low)[held], minlength=places * width)
    steps -= np.bincount((place * width + high + 1)[held], minlength=places * width)
    found: Longs = np.cumsum(steps.reshape(places, width), axis=1)[:, :SLOT_MINUTES]
    return found
