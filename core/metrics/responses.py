"""How people answer messages: by how often the same was sent to them before, and by hour. Arrays in, arrays out.

A rate here is of messages, of which one person gets several: their answers hang together. Its interval is therefore that of Wilson for
as many independent messages as say the same (n divided by the design effect, never below 1): L. Kish, Survey Sampling, 1965, and
E. L. Korn, B. I. Graubard, Confidence intervals for proportions with small expected number of positive counts estimated from survey data,
Survey Methodology 24, 1998.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

LEVEL = 0.95
MOST = 4
"""Exposures from the fourth on are counted together."""


def ordinals(who: Longs, what: Longs, at: Longs, window: int) -> Longs:
    """Which exposure of the same person to the same thing each one is, from 1: those at most ``window`` before it count (the edge
    included). Of exposures at the same moment each counts those before it in the given order. ``at`` and ``window`` in seconds: the
    time of all chains of exposures, one after the other, fits 63 bits for a thousand million of them over centuries."""
    if not len(who):
        return np.empty(0, np.int64)
    order = np.lexsort((at, what, who))
    person, thing, time = who[order], what[order], at[order]
    is_new = np.ones(len(order), bool)
    is_new[1:] = (person[1:] != person[:-1]) | (thing[1:] != thing[:-1])
    since = time - time.min()
    # One axis for all chains, each so far from the next that no window reaches across.
    axis = (np.cumsum(is_new) - 1) * (int(since.max()) + window + 1) + since
    found = np.empty(len(order), np.int64)
    found[order] = np.arange(len(order)) - np.searchsorted(axis, axis - window, side="left") + 1
    return found


@dataclass(frozen=True, slots=True)
class Rates:
    """One entry per class, of ``classes``. ``low`` and ``high``: not a number where nothing was sent. ``people``: of the messages."""

    sent: Longs
    answered: Longs
    people: Longs
    share: Floats
    low: Floats
    high: Floats


def rates(kind: Longs, who: Longs, is_answered: Flags, classes: int, level: float = LEVEL) -> Rates:
    """Share answered of each class of messages, with its interval by persons. ``kind``: from 0 to ``classes`` - 1."""
    sent = np.bincount(kind, minlength=classes)
    answered = np.bincount(kind, weights=is_answered, minlength=classes).astype(np.int64)
    people, code = np.unique(who, return_inverse=True)
    cell, number = np.unique(kind * max(len(people), 1) + code, return_inverse=True)
    own_sent = np.bincount(number, minlength=len(cell)) if len(cell) else np.empty(0, np.int64)
    own_answered = np.bincount(number, weights=is_answered, minlength=len(cell)) if len(cell) else np.empty(0)
    of = cell // max(len(people), 1)
    persons = np.bincount(of, minlength=classes)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = answered / sent
        left = own_answered - share[of] * own_sent
        spread = np.bincount(of, weights=left**2, minlength=classes)
        variance = persons / (persons - 1) * spread / sent.astype(float) ** 2
        effect = variance / (share * (1 - share) / sent)
        # Of one person, and where all or nobody answered, the spread says nothing: then persons count, not messages.
        is_told = (persons > 1) & (answered > 0) & (answered < sent)
        effective = np.where(is_told, sent / np.maximum(effect, 1.0), persons)
    low, high = wilson(answered, sent, effective, level)
    return Rates(sent, answered, persons, share, low, high)


def wilson(count: Longs, of: Longs, effective: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Score intervals of shares for so many effective trials (E. B. Wilson, JASA 22, 1927). Not a number of none."""
    z = float(ndtri((1 + level) / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = count / of
        middle = (share + z * z / (2 * effective)) / (1 + z * z / effective)
        reach = z / (1 + z * z / effective) * np.sqrt(share * (1 - share) / effective + z * z / (4 * effective**2))
    low, high = np.maximum(middle - reach, 0.0), np.minimum(middle + reach, 1.0)
    return np.where(count == 0, np.where(of > 0, 0.0, np.nan), low), np.where(
        count == of, np.where(of > 0, 1.0, np.nan), high
    )


@dataclass(frozen=True, slots=True)
class Change:
    """How the same people answer from the fourth exposure on, against their first: mean of the differences, with its interval by
    persons. None where fewer than two people had both."""

    people: int
    first_share: float | None
    last_share: float | None
    change: float | None
    low: float | None
    high: float | None

    @property
    def is_falling(self) -> bool:
        return self.high is not None and self.high < 0


def within_people(who: Longs, what: Longs, ordinal: Longs, is_answered: Flags, level: float = LEVEL) -> Change:
    """Only those who had the first and the fourth or a later exposure to the same thing, each weighing the same: what differs between
    people who got few and people who got many is then no part of the difference. Time still is: the fourth comes after the first."""
    if not len(who):
        return Change(0, None, None, None, None, None)
    size = int(what.max()) + 1
    chains, code = np.unique(who * size + what, return_inverse=True)
    shares = []
    for chosen in (ordinal == 1, ordinal >= MOST):
        sent = np.bincount(code[chosen], minlength=len(chains))
        answered = np.bincount(code[chosen], weights=is_answered[chosen], minlength=len(chains))
        with np.errstate(invalid="ignore"):
            shares.append(answered / sent)
    both = ~np.isnan(shares[0]) & ~np.isnan(shares[1])
    person, own = np.unique(chains[both] // size, return_inverse=True)
    if len(person) < 2:
        return Change(len(person), None, None, None, None, None)
    each = np.bincount(own)
    first, last = (np.bincount(own, weights=share[both]) / each for share in shares)
    change = last - first
    mean = float(change.mean())
    reach = float(stdtrit(len(person) - 1, (1 + level) / 2)) * float(change.std(ddof=1)) / sqrt(len(person))
    return Change(
        len(person), float(first.mean()), float(last.mean()), mean, max(mean - reach, -1.0), min(mean + reach, 1.0)
    )


def best(rates: Rates, others: Rates) -> Flags:
    """Classes whose interval lies wholly above that of all others together. ``others``: for each class, the rates of the rest; make both
    with a level that allows for as many looks as there are classes (``corrected``)."""
    return np.nan_to_num(rates.low, nan=-1.0) > np.nan_to_num(others.high, nan=2.0)


def corrected(classes: int, level: float = LEVEL) -> float:
    """The level of each of several intervals that together hold ``level`` (Bonferroni)."""
    return 1 - (1 - level) / max(classes, 1)


def of_others(kind: Longs, who: Longs, is_answered: Flags, classes: int, level: float = LEVEL) -> Rates:
    """For each class, the rates of all messages of other classes."""
    found = [
        rates(np.zeros(int((kind != one).sum()), np.int64), who[kind != one], is_answered[kind != one], 1, level)
        for one in range(classes)
    ]
    return Rates(*(np.concatenate([getattr(one, name) for one in found]) for name in Rates.__slots__))
