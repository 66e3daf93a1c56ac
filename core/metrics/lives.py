"""Viewers of live sessions who come back to a later one. Arrays in, arrays out."""

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]
NEVER = np.iinfo(np.int64).max


def next_session(who: Longs, session: Longs, at: Longs) -> tuple[Longs, Longs, Longs, Longs]:
    """One row per viewer and session, by viewer and first entry: ``who``, ``session``, ``first_at``, ``next_at``: when the viewer first
    entered another session after that (``NEVER`` where it did not happen).

    One row per entry, in any order; of entries at the same moment the lower session comes first.
    """
    order = np.lexsort((session, at, who))
    who, session, at = who[order], session[order], at[order]
    if not len(who):
        return who, session, at, at
    is_new = np.ones(len(who), bool)
    is_new[1:] = (who[1:] != who[:-1]) | (session[1:] != session[:-1])
    stay = np.cumsum(is_new) - 1  # entries of one session without another between them
    start = np.flatnonzero(is_new)
    following = np.append(start[1:], len(who))
    is_same = np.zeros(len(start), bool)
    is_same[:-1] = who[start[1:]] == who[start[:-1]]
    later = np.full(len(start), NEVER)
    later[is_same] = at[following[is_same]]
    code = np.lexsort((at, session, who))  # the first entry of each viewer and session
    firsts = np.ones(len(code), bool)
    firsts[1:] = (who[code][1:] != who[code][:-1]) | (session[code][1:] != session[code][:-1])
    chosen = np.sort(code[firsts])
    return who[chosen], session[chosen], at[chosen], later[stay[chosen]]
