"""The compiled walks of funnels. What they mean stands in ``funnel``; here is how it is found.

A segment is the events ``low`` to ``high`` of one subject, in the order of the stream.

numba's cache notices a change of the file that a function stands in and of no other: a compiled function only calls
compiled functions of its own module, and a changed constant of ``arrays`` needs a change here.
"""
# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import njit

from core.sequences.arrays import BARRED, MOST_STEPS, STEPS

SEQUENTIAL, STRICT, ANY = range(3)
NO_WINDOW = 2**62
"""Longer than any two times are apart, and far enough from the largest int64 to be added and subtracted."""
NEVER = -(2**62)


@njit(nogil=True, cache=True)
def walk(offset, at, steps, entry_code, low, high, order, window, depth, step_at, code):
    """Fill the rows ``low`` to ``high`` of depth, step_at and code."""
    has_code = entry_code.size > 0
    count = step_at.shape[1]
    latest = np.empty(count, np.int64)
    filled = np.empty(count, np.int64)
    scratch = _scratch(count)
    for segment in range(low, high):
        start, stop = offset[segment], offset[segment + 1]
        if order == SEQUENTIAL:
            reached = _sequential(at, steps, start, stop, window, latest, filled)
        elif order == STRICT:
            reached = _strict(at, steps, start, stop, window, filled)
        else:
            reached = _any_order(at, steps, start, stop, window, filled, scratch)
        depth[segment] = reached
        for k in range(reached):
            step_at[segment, k] = at[filled[k]]
        if has_code and reached > 0:
            code[segment] = entry_code[filled[0]]


@njit(nogil=True, cache=True, inline="always")
def _fits(bits):
    """Steps that an event can fill; a barred one cannot fill step 1."""
    fits = np.int64(bits) & np.int64(STEPS)
    if bits & BARRED:
        fits &= ~np.int64(1)
    return fits


@njit(nogil=True, cache=True)
def _sequential(at, steps, low, high, window, latest, filled):
    """Depth of the chosen attempt; ``filled``: which event fills each step.

    One pass finds how deep any attempt gets and when the first does: for every depth it keeps the latest start that got
    there, since no earlier one can do better from here on. Of the attempts that reach the greatest depth at that same
    event, the earliest is the one whose start is the first in the window before it.
    """
    count = latest.size
    latest[:] = NEVER
    reached = 0
    done_at = np.int64(0)
    for i in range(low, high):
        fits = _fits(steps[i])
        # From the last step down, so that one event does not fill two steps of an attempt.
        for k in range(min(reached, count - 1), 0, -1):
            if fits >> k & 1 and latest[k - 1] != NEVER and at[i] - latest[k - 1] <= window:
                latest[k] = latest[k - 1]
                if k >= reached:
                    reached = k + 1
                    done_at = at[i]
        if fits & 1:
            latest[0] = at[i]
            if reached == 0:
                reached = 1
                done_at = at[i]
        if reached == count:
            break
    k = 0
    for i in range(low, high):
        if k == reached:
            break
        fits = _fits(steps[i])
        if k == 0 and at[i] < done_at - window:
            continue
        if fits >> k & 1:
            filled[k] = i
            k += 1
    return reached


@njit(nogil=True, cache=True)
def _strict(at, steps, low, high, window, filled):
    count = filled.size
    reached = 0
    for i in range(low, high):
        if not _fits(steps[i]) & 1:
            continue
        k = 1
        while k < count and i + k < high and _fits(steps[i + k]) >> k & 1 and at[i + k] - at[i] <= window:
            k += 1
        if k > reached:
            reached = k
            for j in range(k):
                filled[j] = i + j
            if reached == count:
                break
    return reached


@njit(nogil=True, cache=True)
def _scratch(count):
    """Work space of any-order questions: a *kind* is a set of steps that some event fits.

    Rows: the sets, how many events of each are in the window, how many of those a matching uses, by which step the
    search came to it; then, per step, the kind it was given and the queue of the search.
    """
    return np.zeros((4, 1 << MOST_STEPS), np.int64), np.zeros((2, count), np.int64)


@njit(nogil=True, cache=True)
def _any_order(at, steps, low, high, window, filled, scratch):
    """The earliest window that holds the most leading steps; in it, step by step, the earliest event that still
    leaves an event for each of the others."""
    kinds, _ = scratch
    count = filled.size
    known = 0
    shared = False
    for i in range(low, high):
        fits = _fits(steps[i])
        shared |= fits & (fits - 1) != 0
        known = _know(kinds, known, fits)
    reached = 0
    best_low = low
    best_high = low
    j = low
    for i in range(low, high):
        while j < high and at[j] - at[i] <= window:
            kinds[1, _kind(kinds, known, _fits(steps[j]))] += 1
            j += 1
        holds = _matched(scratch, known, 0, count) if shared else _leading(kinds, known, count)
        if holds > reached:
            reached = holds
            best_low = i
            best_high = j
        if reached == count or j == high:
            break
        kinds[1, _kind(kinds, known, _fits(steps[i]))] -= 1
    _fill_any(steps, best_low, best_high, reached, shared, known, filled, scratch)
    return reached


@njit(nogil=True, cache=True)
def _fill_any(steps, low, high, reached, shared, known, filled, scratch):
    kinds, _ = scratch
    kinds[1, :known] = 0
    for i in range(low, high):
        kinds[1, _kind(kinds, known, _fits(steps[i]))] += 1
    for k in range(reached):
        for i in range(low, high):
            fits = _fits(steps[i])
            if not fits >> k & 1 or (shared and _is_used(filled, k, i)):
                continue
            kind = _kind(kinds, known, fits)
            kinds[1, kind] -= 1
            if not shared or _matched(scratch, known, k + 1, reached) == reached - k - 1:
                filled[k] = i
                break
            kinds[1, kind] += 1


@njit(nogil=True, cache=True)
def _is_used(filled, k, i):
    for step in range(k):  # noqa: SIM110 - compiled code has no generators
        if filled[step] == i:
            return True
    return False


@njit(nogil=True, cache=True)
def _kind(kinds, known, fits):
    kind = 0
    while kind < known and kinds[0, kind] != fits:
        kind += 1
    return kind


@njit(nogil=True, cache=True)
def _know(kinds, known, fits):
    kind = _kind(kinds, known, fits)
    if kind == known:
        kinds[0, kind] = fits
        kinds[1, kind] = 0
        known += 1
    return known


@njit(nogil=True, cache=True)
def _leading(kinds, known, count):
    """Leading steps that some event in the window fits."""
    present = np.int64(0)
    for kind in range(known):
        if kinds[1, kind] > 0:
            present |= kinds[0, kind]
    k = 0
    while k < count and present >> k & 1:
        k += 1
    return k


@njit(nogil=True, cache=True)
def _matched(scratch, known, first, last):
    """How many of the steps ``first`` to ``last`` can, from ``first`` on without a gap, each have an event of its own.

    Augmenting paths from steps to kinds, a kind holding as many steps as it has events.
    """
    kinds, paths = scratch
    given, queue = paths[0], paths[1]
    kinds[2, :known] = 0
    for k in range(first, last):
        kinds[3, :known] = -1
        queue[0] = k
        waiting = 1
        head = 0
        free = -1
        while head < waiting and free < 0:
            step = queue[head]
            head += 1
            for kind in range(known):
                if kinds[3, kind] >= 0 or not kinds[0, kind] >> step & 1:
                    continue
                kinds[3, kind] = step
                if kinds[2, kind] < kinds[1, kind]:
                    free = kind
                    break
                for other in range(first, k):
                    if given[other] == kind:
                        queue[waiting] = other
                        waiting += 1
        if free < 0:
            return k - first
        kinds[2, free] += 1
        while True:
            step = kinds[3, free]
            before = given[step]
            given[step] = free
            if step == k:
                break
            free = before
    return last - first
