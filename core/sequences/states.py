"""The compiled half of ``lifecycle``, where it is said what the states mean; here is how they are found.

numba's cache notices a change of the file that a function stands in and of no other: a compiled function only calls
compiled functions of its own module.
"""
# mypy: disable-error-code="no-untyped-def"

from numba import njit

NOT_YET, NEW, RETURNING, ACTIVE, RESURRECTED, DORMANT, LOST = range(7)
FAR = -(2**31)
"""Number of a period before the history: longer ago than any silence that is asked for."""


@njit(nogil=True, cache=True)
def classify(offset, at, born_at, edges, history, lost_after, states):
    """Fill ``states``: a row for each subject, a column for each period from the last of the history on."""
    periods = edges.size - 1
    has_births = born_at.size > 0
    for segment in range(offset.size - 1):
        i, stop = offset[segment], offset[segment + 1]
        born = at[i] if i < stop else edges[periods]
        if has_births:
            born = min(born, born_at[segment])
        alive = FAR
        birth = FAR
        while i < stop and at[i] < edges[0]:
            i += 1
        for period in range(periods):
            end = edges[period + 1]
            has_acted = i < stop and at[i] < end
            while i < stop and at[i] < end:
                i += 1
            if born >= end:
                state = NOT_YET
            elif born >= edges[period]:
                state = NEW
                birth = period
            elif has_acted:
                state = RESURRECTED
                if alive == period - 1:
                    state = RETURNING if birth == alive else ACTIVE
            else:
                state = DORMANT if period - alive <= lost_after else LOST
            if has_acted or state == NEW:
                alive = period
            if period >= history - 1:
                states[segment, period - history + 1] = state


@njit(nogil=True, cache=True)
def tally(states, counts, moves):
    """Add up how many subjects stand in each state, and how many came from which to which."""
    for segment in range(states.shape[0]):
        for period in range(1, states.shape[1]):
            before, now = states[segment, period - 1], states[segment, period]
            counts[period - 1, now] += 1
            moves[period - 1, before, now] += 1
