"""The compiled half of ``stream``: a counting sort by subject, then a small sort of each subject's events.

numba's cache notices a change of the file that a function stands in and of no other: a compiled function only calls
compiled functions of its own module, and a changed constant of ``arrays`` needs a change here.
"""
# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import njit

from core.sequences.arrays import KEPT

LONG = 64
"""Segments up to this length are sorted by insertion, which is linear on the nearly sorted runs that files hold."""


@njit(nogil=True, cache=True)
def count(subject, steps, counts):
    for i in range(subject.size):
        if subject[i] >= 0 and steps[i] & KEPT:
            counts[subject[i]] += 1


@njit(nogil=True, cache=True)
def lay_out(counts, subject, offset):
    present = 0
    position = 0
    offset[0] = 0
    for code in range(counts.shape[1]):
        before = position
        for thread in range(counts.shape[0]):
            count = counts[thread, code]
            counts[thread, code] = position
            position += count
        if position > before:
            subject[present] = code
            present += 1
            offset[present] = position
    return present


@njit(nogil=True, cache=True)
def scatter(subject, at, steps, code, row, cursor, into_at, into_steps, into_code, into_row):
    has_code = code.size > 0
    has_row = row.size > 0
    for i in range(subject.size):
        if subject[i] < 0 or not steps[i] & KEPT:
            continue
        to = cursor[subject[i]]
        cursor[subject[i]] = to + 1
        into_at[to] = at[i]
        into_steps[to] = steps[i]
        if has_code:
            into_code[to] = code[i]
        if has_row:
            into_row[to] = row[i]


@njit(nogil=True, cache=True, inline="always")
def _is_before(at_a, steps_a, row_a, at_b, steps_b, row_b):
    """Whether a stands before b: by time, then by the lowest bit (so steps before exclusions before the merely present),
    then by row."""
    if at_a != at_b:
        return at_a < at_b
    first_a = np.int64(steps_a) & -np.int64(steps_a)
    first_b = np.int64(steps_b) & -np.int64(steps_b)
    if first_a != first_b:
        return first_a < first_b
    return row_a < row_b


@njit(nogil=True, cache=True)
def sort(offset, low, high, at, steps, code, row):
    for segment in range(low, high):
        if offset[segment + 1] - offset[segment] <= LONG:
            _sort_short(offset[segment], offset[segment + 1], at, steps, code, row)
        elif not _ascends(offset[segment], offset[segment + 1], at):
            _sort_long(offset[segment], offset[segment + 1], at, steps, code, row)


@njit(nogil=True, cache=True)
def _ascends(low, high, at):
    for i in range(low + 1, high):  # noqa: SIM110 - compiled code has no generators
        if at[i - 1] >= at[i]:
            return False
    return True


@njit(nogil=True, cache=True)
def _sort_short(low, high, at, steps, code, row):
    has_code = code.size > 0
    has_row = row.size > 0
    a_code = np.int32(0)
    a_row = np.int64(0)
    for i in range(low + 1, high):
        a_at = at[i]
        a_steps = steps[i]
        if has_row:
            a_row = row[i]
        to = i
        while to > low and _is_before(
            a_at, a_steps, a_row, at[to - 1], steps[to - 1], row[to - 1] if has_row else np.int64(0)
        ):
            to -= 1
        if to == i:
            continue
        if has_code:
            a_code = code[i]
        for j in range(i, to, -1):
            at[j] = at[j - 1]
            steps[j] = steps[j - 1]
            if has_code:
                code[j] = code[j - 1]
            if has_row:
                row[j] = row[j - 1]
        at[to] = a_at
        steps[to] = a_steps
        if has_code:
            code[to] = a_code
        if has_row:
            row[to] = a_row


@njit(nogil=True, cache=True)
def _sort_long(low, high, at, steps, code, row):
    """Merge sort of a permutation, from runs of one, two, four …; then every column is moved once."""
    has_row = row.size > 0
    size = high - low
    order = np.arange(low, high)
    other = np.empty(size, np.int64)
    width = 1
    while width < size:
        for start in range(0, size, 2 * width):
            middle = min(start + width, size)
            stop = min(start + 2 * width, size)
            left = start
            right = middle
            for to in range(start, stop):
                take_right = left == middle
                if left < middle and right < stop:
                    a = order[right]
                    b = order[left]
                    row_a = row[a] if has_row else np.int64(0)
                    row_b = row[b] if has_row else np.int64(0)
                    take_right = _is_before(at[a], steps[a], row_a, at[b], steps[b], row_b)
                if take_right:
                    other[to] = order[right]
                    right += 1
                else:
                    other[to] = order[left]
                    left += 1
        order, other = other, order
        width *= 2
    at[low:high] = at[order]
    steps[low:high] = steps[order]
    if code.size > 0:
        code[low:high] = code[order]
    if has_row:
        row[low:high] = row[order]
