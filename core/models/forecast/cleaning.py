"""What is set aside before a model learns, and said: days that nobody knows, that somebody named, on which nothing was open, and faults of
recording.

Every day is held against its usual level, the median of the four known same weekdays before it and the four after. An **outlier** is a day
outside the window of any event whose ratio to its level lies more than ``Z`` robust deviations from what it usually is, when that lasts one or two
days: what lasts longer is a shift or something that happened, and is learnt, unless it is beyond a factor of ``GROSS`` on every day and over within
``LONGEST`` days, which is a fault of recording. The deviation is that of log ratios of 180 days (1.4826 x their median absolute deviation, F. R. Hampel,
1974, or by their 90 % quantile where that is more), never less than ``LEAST_SPREAD`` nor than counts of that size vary by themselves.

Zeros: a weekday that is 0 on at least 80 % of the eight same days around it is one on which nothing is open, and kept as it is. Three or more other zeros in a row
are **closed** days and set aside, where so many would be unlikely by chance: in a series in which every second day is 0 they are nothing
special. Days on which the house is closed by its calendar are set aside whatever they look like.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.models.forecast.history import Event, Floats, History
from core.models.forecast.outcome import SetAside, Why

Flags = NDArray[np.bool_]
Z = 5.0
LEAST_SPREAD = 0.15
"""Of log ratios: no day between half and twice of its level is an outlier, however smooth the series."""
SHORT, LONGEST, GROSS = 2, 28, 5.0
SPREAD_DAYS = 180
BESIDE = 4
"""Same weekdays on either side that tell a day's level."""
FEWEST_BESIDE = 3
CLOSED, CLOSED_CHANCE = 3, 1e-4
"""Zeros in a row that are closed days, and the greatest chance of so many by themselves."""
RARE_SHARE = 0.25
"""Beyond so many zeros among the days around them, zeros are the nature of the series."""
NEAR_DAYS = 28
STRUCTURAL_SHARE = 0.8
WIDE = 0.9
_MAD, _WIDE = 1.4826, 1.6449
"""What makes a median and a 90 % quantile of absolute deviations a standard deviation, were they normal."""


@dataclass(frozen=True, slots=True, eq=False)
class Cleaned:
    """``history``: NaN on days that are not learnt. ``filled``: the same with these days as such days usually are, for models that need every day; 0 where nothing is known
    at all. ``notes``: which days, oldest first, one each, and why."""

    history: History
    filled: History
    notes: tuple[SetAside, ...]


def clean(
    history: History,
    events: Sequence[Event] = (),
    *,
    set_aside: Collection[date] = (),
    kept: Collection[date] = (),
    closed: Collection[date] = (),
    outliers: Literal["auto", "keep"] = "auto",
) -> Cleaned:
    """Set aside what no model shall learn (see above). ``set_aside``: days that somebody named; ``kept``: days that are learnt whatever they look like, also if
    both name them; ``closed``: days on which the house was closed by its calendar. ``keep``: no day is an outlier or closed by itself. Days within the window of an event
    are neither by themselves: what they look like is the event's doing."""
    values = history.values.astype(np.float64)
    is_kept, is_typed, is_closed = (_named(history, days) for days in (kept, set_aside, closed))
    is_known = ~np.isnan(values)
    may_go = is_known & ~is_kept
    why: dict[Why, Flags] = {
        "missing": ~is_known, "typed": is_typed & may_go, "closed": is_closed & ~is_typed & may_go,
    }  # fmt: skip
    if outliers == "auto":
        is_free = ~(_during(history, events) | is_kept)
        learnt = np.where(why["typed"] | why["closed"], np.nan, values)
        why["closed"] |= _closed(history, learnt) & is_free
        learnt = np.where(why["closed"], np.nan, learnt)
        why["outlier"] = _outliers(history, learnt, is_free)
    off = np.logical_or.reduce(list(why.values()))
    learnt = np.where(off, np.nan, values)
    usual = levels(learnt)
    filled = np.where(off, _at_last(usual, learnt), values)
    notes = [
        SetAside(history.on(place), reason, _told(values[place]), _told(usual[place]))
        for reason, flags in why.items()
        for place in np.flatnonzero(flags).tolist()
    ]
    return Cleaned(
        History(history.start_on, learnt),
        History(history.start_on, filled),
        tuple(sorted(notes, key=lambda one: one.on)),
    )


def levels(values: Floats) -> Floats:
    """What each day is usually like: median of the four known same weekdays before it and the four after, itself apart. NaN where
    fewer than 3 are known."""
    return _median(_beside(values), FEWEST_BESIDE)


# -- outliers ----------------------------------------------------------------------------------------------------------


def _outliers(history: History, values: Floats, is_free: Flags) -> Flags:
    level = levels(values)
    by_chance = 1 / np.sqrt(np.nan_to_num(level) + 1)
    with np.errstate(invalid="ignore"):
        ratio = np.log1p(np.maximum(values, 0)) - np.log1p(level)
        middle, narrow, wide = _spread(np.where(is_free, ratio, np.nan))
        away = np.where(is_free & ~np.isnan(ratio), ratio - middle, 0.0)
        least = np.maximum(by_chance, LEAST_SPREAD)
        strange = np.abs(away) / np.maximum(wide, least)
        is_gross = (np.abs(away) > Z * np.maximum(narrow, least)) & (np.abs(ratio) > np.log(GROSS))
    found = np.zeros(history.days, np.bool_)
    for start, stop in _runs(strange > Z / 2, np.sign(away)):  # how long something lasts is told by milder signs of it
        if stop - start <= SHORT:
            found[start:stop] = strange[start:stop] > Z
    for start, stop in _runs(is_gross, np.sign(away)):
        if SHORT < stop - start <= LONGEST and _is_as_before(values, start, stop):
            found[start:stop] = True
    return found


def _is_as_before(values: Floats, start: int, stop: int) -> bool:
    """Whether the week after a run is more like the week before it than like the run."""
    beside = values[max(0, start - 7) : start], values[start:stop], values[stop : stop + 7]
    if np.isnan(beside[0]).all() or np.isnan(beside[2]).all():
        return False
    before, inside, after = (float(np.log1p(np.nanmedian(one))) for one in beside)
    return abs(after - before) < abs(after - inside)


def _spread(ratio: Floats) -> tuple[Floats, Floats, Floats]:
    """Median of the 180 days up to each day, of the first ones of the first 180, and their deviation: by the median, which half of them cannot
    move, and at least by the 90 % quantile, which knows of rainy days and the like; told anew every week. 0 and infinite where nothing is known."""
    days = len(ratio)
    middle, narrow, wide = np.zeros(days), np.full(days, np.inf), np.full(days, np.inf)
    for start in range(0, days, 7):
        week = slice(start, min(start + 7, days))
        window = ratio[max(0, week.stop - SPREAD_DAYS) : max(week.stop, SPREAD_DAYS)]
        known = window[~np.isnan(window)]
        if len(known):
            middle[week] = np.median(known)
            away = np.abs(known - middle[start])
            narrow[week] = _MAD * np.median(away)
            wide[week] = max(narrow[start], float(np.quantile(away, WIDE)) / _WIDE)
    return middle, narrow, wide


# -- zeros -------------------------------------------------------------------------------------------------------------


def _closed(history: History, values: Floats) -> Flags:
    """Zeros in a row on days that are usually none; a weekday that is always 0 neither counts nor parts them."""
    is_zero = values == 0
    beside = _beside(values)
    known = ~np.isnan(beside)
    zeros = (np.where(known, beside, 1) == 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    is_structural = is_zero & (zeros >= STRUCTURAL_SHARE)
    found = np.zeros(history.days, np.bool_)
    for start, stop in _runs(is_zero, np.zeros(history.days)):
        open_days = np.flatnonzero(~is_structural[start:stop])
        if not len(open_days):
            continue
        own = np.zeros(stop - start, np.bool_)
        if stop - start >= 7:  # a long closing looks like a weekday's habit from within
            own[open_days[0] : open_days[-1] + 1] = True
        else:
            own[open_days] = True
        count = int(own.sum())
        is_new_level = stop == history.days and stop - start > LONGEST
        share = _zero_share(values, is_structural, start, stop)
        if count >= CLOSED and not is_new_level and share <= RARE_SHARE and share**count < CLOSED_CHANCE:
            found[start:stop] = own
    return found


def _zero_share(values: Floats, is_structural: Flags, start: int, stop: int) -> float:
    """How many of the open days around a run are 0, one more and one less than were seen taken along: few days prove little."""
    around = np.r_[max(0, start - NEAR_DAYS) : start, stop : min(len(values), stop + NEAR_DAYS)]
    seen = values[around][~is_structural[around] & ~np.isnan(values[around])]
    return float((np.count_nonzero(seen == 0) + 1) / (len(seen) + 2))


# -- days --------------------------------------------------------------------------------------------------------------


def _named(history: History, days: Collection[date]) -> Flags:
    found = np.zeros(history.days, np.bool_)
    places = [history.place(on) for on in days]
    found[[place for place in places if 0 <= place < history.days]] = True
    return found


def _during(history: History, events: Sequence[Event]) -> Flags:
    found = np.zeros(history.days, np.bool_)
    for one in events:
        first, last = history.place(one.first_on), history.place(one.last_on + timedelta(days=1))
        found[max(0, first) : max(0, last)] = True
    return found


def _runs(flags: Flags, kinds: Floats) -> list[tuple[int, int]]:
    """Runs of flagged days of one kind, ``[from, to)``."""
    kind = np.where(flags, kinds + 2, 0)
    edges = np.flatnonzero(np.diff(kind, prepend=0, append=0))
    return [(start, stop) for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True) if flags[start]]


def _beside(values: Floats) -> Floats:
    """Per day the four known same weekdays before it and the four after, NaN where there are no more."""
    found = np.full((len(values), 2 * BESIDE), np.nan)
    for weekday in range(min(7, len(values))):
        own = values[weekday::7]
        known = ~np.isnan(own)
        padded = np.concatenate([np.full(BESIDE, np.nan), own[known], np.full(BESIDE, np.nan)])
        before = np.cumsum(known) - known  # known ones before each, so its own place among them
        after = before + known
        found[weekday::7] = np.hstack(
            [padded[before[:, None] + np.arange(BESIDE)], padded[after[:, None] + BESIDE + np.arange(BESIDE)]]
        )
    return found


def _median(rows: Floats, fewest: int) -> Floats:
    """Median of what each row knows; NaN where that is less than ``fewest``."""
    known = (~np.isnan(rows)).sum(axis=1)
    ordered = np.sort(rows, axis=1)  # what is not known comes last
    place = np.maximum(known - 1, 0)
    at = np.arange(len(rows))
    middle: Floats = (ordered[at, place // 2] + ordered[at, (place + 1) // 2]) / 2
    return np.where(known >= fewest, middle, np.nan)


def _at_last(usual: Floats, values: Floats) -> Floats:
    """``usual`` where it is known, else the median of all days, else 0."""
    known = values[~np.isnan(values)]
    otherwise = float(np.median(known)) if len(known) else 0.0
    return np.where(np.isnan(usual), otherwise, usual)


def _told(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
