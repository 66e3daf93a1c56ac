"""Which contact came last before something happened: to it an order is credited whole. Arrays in, arrays out."""

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]
NOTHING = -1


def latest(who: Longs, at: Longs, by: Longs, happened: Longs, within: int) -> Longs:
    """For each thing that happened, the position of the latest contact of the same person at or before it, at most ``within``
    before it (the edge included); ``NOTHING`` where there is none.

    ``who`` and ``at``: person and time of each contact; ``by`` and ``happened``: of each thing. Times are whole numbers of one unit.
    Of contacts at the same time the last in the given order counts.
    """
    contacts = len(who)
    subject, time = np.concatenate([who, by]), np.concatenate([at, happened])
    is_thing = np.arange(len(subject)) >= contacts
    order = np.lexsort((is_thing, time, subject))  # stable: contacts at the same time keep their order
    place = np.maximum.accumulate(np.where(is_thing[order], -1, np.arange(len(order))))
    things = np.flatnonzero(is_thing[order])
    found = np.full(len(by), NOTHING, np.int64)
    before = place[things]
    is_any = before >= 0
    contact, thing = order[before[is_any]], order[things[is_any]]
    fits = (subject[contact] == subject[thing]) & (time[thing] - time[contact] <= within)
    found[thing[fits] - contacts] = contact[fits]
    return found
