"""The compiled half of ``retention``, where it is said what is counted; here is how.

Answers are flat here: a cell is (group * cohorts + cohort) * intervals + interval. Entries that are open
stand in columns of one array each, since a view per entry costs more than the counting: the cell of their interval 0,
when they were, their calendar unit, the last interval marked; with a length as unit the interval that the events have
come to and when it ends. ``due``: before it no return can mark anything new.

numba's cache notices a change of the file that a function stands in and of no other: a compiled function only calls
compiled functions of its own module, and a changed constant of ``arrays`` needs a change here.
"""
# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import njit

from core.sequences.arrays import BARRED

FIRST_EVER, FIRST_IN_PERIOD, RECURRING = range(3)
FOREVER, NEVER = 2**62, -(2**62)
ANY = -1
"""Asked for no cohort, no interval, every group."""
START, BACK = 1, 2
"""Bits of an event."""
ENTERED, CAME_BACK = 1, 2
"""Bits of what is found about a subject."""


@njit(nogil=True, cache=True)
def walk(
    offset, at, steps, code, value, cohorts, calendar, length, brackets, entry, is_on, groups,
    cohort_asked, interval_asked, group_asked, size, returned, entry_value, sums, found,
):  # fmt: skip
    """Count every subject into size, returned, entry_value and sums; note in ``found``, unless it is empty, who is
    behind the cell asked for. False when an entry has a code that is no group."""
    count, intervals = cohorts.size - 1, brackets.size - 1
    cell, since, unit, marked, come_to, ends = np.empty((6, count), np.int64)
    interval_of = _interval_of(calendar, brackets)
    is_calendar = calendar.size > 0
    end = calendar[calendar.size - 1] if is_calendar else FOREVER
    has_value = value.size > 0
    for segment in range(offset.size - 1):
        opened = 0
        cohort = 0
        here = 0
        opens = NEVER if entry == FIRST_EVER else cohorts[0]
        due = FOREVER
        for i in range(offset[segment], offset[segment + 1]):
            now = at[i]
            if now >= end or (opens == FOREVER and due == FOREVER and not (has_value and opened > 0)):
                break
            if steps[i] & BACK and (now >= due or (has_value and opened > 0)):
                due = FOREVER
                if is_calendar:
                    while now >= calendar[here + 1]:
                        here += 1
                    due = calendar[here + 1]
                for e in range(opened):
                    if is_calendar:
                        interval = interval_of[here - unit[e]]
                    else:
                        while now >= ends[e]:
                            come_to[e] += 1
                            ends[e] = _end(since[e], come_to[e], length, brackets)
                        interval = come_to[e]
                        due = min(due, ends[e])
                    if has_value and interval < intervals:
                        sums[cell[e] + interval] += value[i]
                    if interval == marked[e]:
                        continue
                    first, last = interval if is_on else marked[e] + 1, min(interval, intervals - 1)
                    for each in range(first, last + 1):
                        returned[cell[e] + each] += 1
                    marked[e] = interval
                    if found.size and first <= interval_asked <= last:
                        if _is_asked(cell[e], count, intervals, cohort_asked, group_asked):
                            found[segment] |= CAME_BACK
            if now < opens or not steps[i] & START or steps[i] & BARRED:
                continue
            opens = FOREVER
            if now < cohorts[0] or now >= cohorts[count]:
                continue
            while now >= cohorts[cohort + 1]:
                cohort += 1
            if entry == RECURRING:
                opens = cohorts[cohort + 1]
            group = 0
            if groups > 0:
                group = groups if code[i] < 0 else int(code[i])
                if code[i] >= groups:
                    return False
            if is_calendar:
                here = _unit(calendar, here, now)
            place = group * count + cohort
            size[place] += 1
            if has_value and steps[i] & BACK:
                entry_value[place] += value[i]
            cell[opened], since[opened], unit[opened], marked[opened] = place * intervals, now, here, -1
            come_to[opened], ends[opened] = 0, _end(now, 0, length, brackets)
            due = NEVER
            if found.size and _is_asked(cell[opened], count, intervals, cohort_asked, group_asked):
                found[segment] |= ENTERED
            opened += 1
    return True


@njit(nogil=True, cache=True)
def _interval_of(calendar, brackets):
    """The interval of every age that the calendar has; one past the last for older ones."""
    found = np.empty(calendar.size, np.int64)
    interval = 0
    for age in range(calendar.size):
        while interval < brackets.size - 1 and age >= brackets[interval + 1]:
            interval += 1
        found[age] = interval
    return found


@njit(nogil=True, cache=True)
def _unit(calendar, low, now):
    """The calendar unit of a time that is not before unit ``low``."""
    high = calendar.size
    while high - low > 1:
        middle = (low + high) // 2
        if now >= calendar[middle]:
            low = middle
        else:
            high = middle
    return low


@njit(nogil=True, cache=True)
def _end(since, interval, length, brackets):
    """When an interval ends that is counted in lengths from the entry; the last one is followed by all that is later."""
    return FOREVER if interval >= brackets.size - 1 else since + brackets[interval + 1] * length


@njit(nogil=True, cache=True)
def _is_asked(cell, cohorts, intervals, cohort, group):
    place = cell // intervals
    return place % cohorts == cohort and (group == ANY or place // cohorts == group)
