"""The compiled walks of funnels. What they mean stands in ``funnel``; here is how it is found.

A segment is the events ``low`` to ``high`` of one subject, in the order of the stream. Gap k lies between the steps k
and k + 1, counted from 0; ``bars`` tells, for each set of exclusions that an event may belong to, which gaps it bars
(bit k for gap k). ``step_window`` and ``window`` are inclusive, ``NO_WINDOW`` where there is none.

Two facts carry the walks over chains of steps. Of two chains that wait at the same step, the one whose last event is
later has the later start and the shorter gap ahead, so the other can be forgotten. And where one chain starts before
another and ends after it, they cross, and changing over at the crossing gives a chain from the earlier start to the
earlier end; so the earliest start also ends first, and filling each step as early as can be loses nothing.

numba's cache notices a change of the file that a function stands in and of no other: a compiled function only calls
compiled functions of its own module, and a changed constant of ``arrays`` needs a change here.
"""
# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import njit

from core.sequences.arrays import BARRED, EXCLUSIONS, FIRST_EXCLUSION, MOST_STEPS, PRESENT, STEPS

SEQUENTIAL, STRICT, ANY = range(3)
NO_WINDOW = 2**62
"""Longer than any two times are apart, and far enough from the largest int64 to be added and subtracted."""
NEVER = -(2**62)
FAR = 2**62
ANY_ENTRY = -1
"""Stands where any event may fill step 1 that fits it."""
STANDS = STEPS | PRESENT
"""Bits of an event that stands between two others in strict order."""


@njit(nogil=True, cache=True)
def walk(offset, at, steps, entry_code, low, high, order, window, step_window, bars, is_first, depth, step_at, code):
    """Fill the rows ``low`` to ``high`` of depth, step_at and code."""
    has_code = entry_code.size > 0
    filled = np.empty(step_at.shape[1], np.int64)
    room = _room(step_at.shape[1], _longest(offset, low, high))
    latest = room[0][0]
    is_plain = order == SEQUENTIAL and step_window == NO_WINDOW and not is_first and not bars[-1]
    for segment in range(low, high):
        start, stop = offset[segment], offset[segment + 1]
        if is_plain:
            reached = _sequential(at, steps, start, stop, window, latest, filled)
        else:
            reached = _chosen(at, steps, start, stop, order, window, step_window, bars, is_first, filled, room)
        depth[segment] = reached
        for k in range(reached):
            step_at[segment, k] = at[filled[k]]
        if has_code and reached > 0:
            code[segment] = entry_code[filled[0]]


@njit(nogil=True, cache=True)
def walk_one(at, steps, order, window, step_window, bars, is_first, filled):
    """Depth of the chosen attempt among all these events; ``filled``: which of them fills each step."""
    return _chosen(
        at, steps, 0, at.size, order, window, step_window, bars, is_first, filled, _room(filled.size, at.size)
    )


@njit(nogil=True, cache=True)
def walk_attempts(offset, at, steps, low, high, order, window, step_window, bars, is_first, count, depth):
    """Depth of the attempt that starts at each event of the segments ``low`` to ``high``; 0 where none may start."""
    room = _room(count, _longest(offset, low, high))
    chains = np.empty((2, count, count), np.int64)
    starts = np.empty((2, _longest(offset, low, high) if order == ANY else 0), np.int64)
    for segment in range(low, high):
        start, stop = offset[segment], offset[segment + 1]
        entry = _first_entry(steps, start, stop) if is_first else ANY_ENTRY
        depth[start:stop] = 0
        if order == SEQUENTIAL:
            _attempts_sequential(at, steps, start, stop, window, step_window, bars, entry, chains, depth)
        elif order == STRICT:
            for i in range(start, stop):
                if _fits(steps[i]) & 1 and (entry == ANY_ENTRY or i == entry):
                    depth[i] = _strict_from(at, steps, i, stop, window, step_window, bars, room[0][0])
        else:
            _attempts_any_order(at, steps, start, stop, window, entry, count, room[2], starts, depth)


@njit(nogil=True, cache=True)
def _room(count, longest):
    """Work space of one thread: two rows of a number per step, a bit set per event, and what any order needs."""
    return np.empty((2, count), np.int64), np.empty(longest, np.uint16), _scratch(count)


@njit(nogil=True, cache=True)
def _longest(offset, low, high):
    longest = np.int64(0)
    for segment in range(low, high):
        longest = max(longest, offset[segment + 1] - offset[segment])
    return longest


@njit(nogil=True, cache=True)
def _chosen(at, steps, low, high, order, window, step_window, bars, is_first, filled, room):
    pairs, leads, scratch = room
    entry = _first_entry(steps, low, high) if is_first else ANY_ENTRY
    if order == SEQUENTIAL:
        return _chained(at, steps, low, high, window, step_window, bars, entry, pairs[0], pairs[1], leads, filled)
    if order == STRICT:
        return _strict(at, steps, low, high, window, step_window, bars, entry, pairs[0], filled)
    return _any_order(at, steps, low, high, window, entry, filled, scratch)


@njit(nogil=True, cache=True, inline="always")
def _fits(bits):
    """Steps that an event can fill; a barred one cannot fill step 1."""
    fits = np.int64(bits) & np.int64(STEPS)
    if bits & BARRED:
        fits &= ~np.int64(1)
    return fits


@njit(nogil=True, cache=True, inline="always")
def _barred_gaps(bits, bars):
    """Gaps that an event bars to whatever waits there."""
    return bars[(np.int64(bits) & np.int64(EXCLUSIONS)) >> FIRST_EXCLUSION]


@njit(nogil=True, cache=True)
def _first_entry(steps, low, high):
    """The first event that may fill step 1; ``high`` when there is none."""
    i = low
    while i < high and not _fits(steps[i]) & 1:
        i += 1
    return i


@njit(nogil=True, cache=True, inline="always")
def _fits_from(bits, i, entry):
    """Steps that event i can fill, where ``entry`` alone may fill step 1 (unless it is ``ANY_ENTRY``)."""
    fits = _fits(bits)
    if entry != ANY_ENTRY and i != entry:
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
def _chained(at, steps, low, high, window, step_window, bars, entry, start, last, leads, filled):
    """What ``_sequential`` does, where gaps between neighbouring steps have conditions of their own.

    Forward, for every step: where the latest chain that waits there starts and where it ends. Backward from the event
    that first completes the deepest chain: the steps from which each event leads there. Forward again over those.
    """
    count = start.size
    start[:] = NEVER
    reached = 0
    done = low
    for i in range(low, high):
        fits = _fits_from(steps[i], i, entry)
        barred = _barred_gaps(steps[i], bars)
        # From the last step down, so that one event does not fill two steps of an attempt. It bars those who wait
        # already, and neither its own step nor, by what it is, the gap behind it.
        for k in range(min(reached, count - 1), 0, -1):
            extends = (
                fits >> k & 1
                and start[k - 1] != NEVER
                and at[i] - last[k - 1] <= step_window
                and at[i] - start[k - 1] <= window
            )
            if barred >> k & 1:
                start[k] = NEVER
            if extends:
                start[k] = start[k - 1]
                last[k] = at[i]
                if k >= reached:
                    reached = k + 1
                    done = i
        if barred & 1:
            start[0] = NEVER
        if fits & 1:
            start[0] = at[i]
            last[0] = at[i]
            if reached == 0:
                reached = 1
                done = i
        if reached == count:
            break
    if reached > 0:
        _fill_chain(at, steps, low, done, reached, window, step_window, bars, entry, last, leads, filled)
    return reached


@njit(nogil=True, cache=True)
def _fill_chain(at, steps, low, done, reached, window, step_window, bars, entry, nearest, leads, filled):
    """The earliest chain to the event ``done``: by its start, then by each step in turn."""
    nearest[:] = FAR
    first = done
    for i in range(done, low - 1, -1):
        if at[done] - at[i] > window:
            break
        fits = _fits_from(steps[i], i, entry)
        barred = _barred_gaps(steps[i], bars)
        leads[i - low] = 0
        for k in range(reached):
            if k == reached - 1:
                is_on_way = i == done
            else:
                is_on_way = fits >> k & 1 and nearest[k + 1] != FAR and nearest[k + 1] - at[i] <= step_window
            if k > 0 and barred >> (k - 1) & 1:
                nearest[k] = FAR
            if is_on_way:
                nearest[k] = at[i]
                leads[i - low] |= np.uint16(1) << np.uint16(k)
                if k == 0:
                    first = i
    filled[0] = first
    k = 1
    for i in range(first + 1, done + 1):
        if k < reached and leads[i - low] >> k & 1:
            filled[k] = i
            k += 1


@njit(nogil=True, cache=True)
def _strict(at, steps, low, high, window, step_window, bars, entry, trial, filled):
    reached = 0
    for i in range(low, high):
        if not _fits_from(steps[i], i, entry) & 1:
            continue
        # Most attempts end at once, and one that does is no deeper than the one before it.
        if reached > 0 and (i + 1 == high or (steps[i + 1] & STANDS and not _fits(steps[i + 1]) >> 1 & 1)):
            continue
        k = _strict_from(at, steps, i, high, window, step_window, bars, trial)
        if k > reached:
            reached = k
            filled[:k] = trial[:k]
            if reached == filled.size:
                break
    return reached


@njit(nogil=True, cache=True, inline="always")
def _strict_from(at, steps, first, high, window, step_window, bars, filled):
    filled[0] = first
    k = 1
    i = first + 1
    while k < filled.size and i < high:
        if steps[i] & STANDS:
            if not (
                _fits(steps[i]) >> k & 1 and at[i] - at[first] <= window and at[i] - at[filled[k - 1]] <= step_window
            ):
                break
            filled[k] = i
            k += 1
        elif _barred_gaps(steps[i], bars) >> (k - 1) & 1:
            break
        i += 1
    return k


@njit(nogil=True, cache=True)
def _attempts_sequential(at, steps, low, high, window, step_window, bars, entry, chains, depth):
    """Backward, for every step k and every later step: the nearest event from which a chain leads from k to there, and
    when the chain gets there. The nearest such event has the shortest gap before it and gets there first."""
    nearest, ends = chains
    count = nearest.shape[0]
    ends[:] = FAR
    for i in range(high - 1, low - 1, -1):
        fits = _fits_from(steps[i], i, entry)
        barred = _barred_gaps(steps[i], bars)
        if fits & 1:
            depth[i] = 1
            while (
                depth[i] < count
                and ends[1, depth[i]] - at[i] <= window
                and ends[1, depth[i]] != FAR
                and nearest[1, depth[i]] - at[i] <= step_window
            ):
                depth[i] += 1
        for k in range(1, count):
            if barred >> (k - 1) & 1:
                ends[k, k:] = FAR
            if fits >> k & 1:
                nearest[k, k] = at[i]
                ends[k, k] = at[i]
                for to in range(k + 1, count):
                    if ends[k + 1, to] != FAR and nearest[k + 1, to] - at[i] <= step_window:
                        nearest[k, to] = at[i]
                        ends[k, to] = ends[k + 1, to]


@njit(nogil=True, cache=True)
def _scratch(count):
    """Work space of any-order questions: a *kind* is a set of steps that some event fits.

    Rows: the sets, how many events of each are in the window, how many of those a matching uses, by which step the
    search came to it; then, per step, the kind it was given and the queue of the search.
    """
    return np.zeros((4, 1 << MOST_STEPS), np.int64), np.zeros((2, count), np.int64)


@njit(nogil=True, cache=True)
def _any_order(at, steps, low, high, window, entry, filled, scratch):
    """The earliest window that holds the most leading steps; in it, step by step, the earliest event that still
    leaves an event for each of the others."""
    kinds, _ = scratch
    count = filled.size
    known = 0
    shared = False
    for i in range(low, high):
        fits = _fits_from(steps[i], i, entry)
        shared |= fits & (fits - 1) != 0
        known = _know(kinds, known, fits)
    reached = 0
    best_low = low
    best_high = low
    j = low
    for i in range(low, high):
        while j < high and at[j] - at[i] <= window:
            kinds[1, _kind(kinds, known, _fits_from(steps[j], j, entry))] += 1
            j += 1
        kind = _kind(kinds, known, _fits_from(steps[i], i, entry))
        if not steps[i] & STEPS:
            kinds[1, kind] -= 1
            continue
        holds = _matched(scratch, known, 0, count) if shared else _leading(kinds, known, count)
        if holds > reached:
            reached = holds
            best_low = i
            best_high = j
        if reached == count or j == high:
            break
        kinds[1, kind] -= 1
    _fill_any(steps, best_low, best_high, entry, reached, shared, known, filled, scratch)
    return reached


@njit(nogil=True, cache=True)
def _attempts_any_order(at, steps, low, high, window, entry, count, scratch, starts, depth):
    """For each event that may fill step 1, the most leading steps of any window that holds it, itself at step 1.

    One pass per kind of such events. ``starts``: a queue of the windows that may still hold a coming event, by where
    they start and how deep they get; never rising, so that its head is the deepest.
    """
    kinds, _ = scratch
    begins, deep = starts
    known = 0
    shared = False
    for i in range(low, high):
        fits = _fits_from(steps[i], i, entry)
        shared |= fits & (fits - 1) != 0
        known = _know(kinds, known, fits)
    for own in range(known):
        if not kinds[0, own] & 1:
            continue
        kinds[1, :known] = 0
        head = 0
        tail = 0
        j = low
        for i in range(low, high):
            while j < high and at[j] - at[i] <= window:
                kinds[1, _kind(kinds, known, _fits_from(steps[j], j, entry))] += 1
                j += 1
            kind = _kind(kinds, known, _fits_from(steps[i], i, entry))
            if steps[i] & STEPS and kinds[1, own] > 0:
                if shared:
                    kinds[1, own] -= 1
                    holds = 1 + _matched(scratch, known, 1, count)
                    kinds[1, own] += 1
                else:
                    holds = _leading(kinds, known, count)
                while tail > head and deep[tail - 1] <= holds:
                    tail -= 1
                begins[tail] = at[i]
                deep[tail] = holds
                tail += 1
            if kind == own:
                while at[i] - begins[head] > window:
                    head += 1
                depth[i] = deep[head]
            kinds[1, kind] -= 1


@njit(nogil=True, cache=True)
def _fill_any(steps, low, high, entry, reached, shared, known, filled, scratch):
    kinds, _ = scratch
    kinds[1, :known] = 0
    for i in range(low, high):
        kinds[1, _kind(kinds, known, _fits_from(steps[i], i, entry))] += 1
    for k in range(reached):
        for i in range(low, high):
            fits = _fits_from(steps[i], i, entry)
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
