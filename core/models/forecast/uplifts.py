"""What events do to their days, for models that do not learn it themselves: series are taken down by it before they learn, and what they say is taken up.

A day of a window is held against the level around it (its weekday's median over the fortnights before and after, days of windows aside). The log ratios of one day of one
event's window are averaged over its occurrences, and shrunk towards nothing by what single days vary anyway (normal prior, empirical Bayes): a window that was seen once
says less than one that was seen often.
"""

import numpy as np

from core.models.forecast.history import Event, Floats, History

AROUND = 3
"""Same weekdays on either side of a day that tell its level."""
PRIOR_SPREAD, LEAST_NOISE = 0.5, 0.05
"""Of log ratios: what events usually do, and what a day varies by at least."""
MOST_LOG = 2.5


def factors(filled: History, events: tuple[Event, ...], horizon: int, is_learnt: np.ndarray | bool = True) -> Floats:
    """By how many times every day, past and ahead, is above what it would be without events; 1 outside windows and where nothing was learnt. ``is_learnt``: which past days
    say anything of events."""
    days = filled.days + horizon
    label = _labels(filled, events, days)
    told = np.zeros(days)
    inside = label >= 0
    ratio, noise = _ratios(filled.values, inside[: filled.days])
    seen = inside[: filled.days] & ~np.isnan(ratio) & is_learnt
    if not seen.any():
        return np.ones(days)
    kinds = int(label.max()) + 1
    count = np.bincount(label[: filled.days][seen], minlength=kinds)
    total = np.bincount(label[: filled.days][seen], ratio[seen], minlength=kinds)
    mean = total / np.maximum(count, 1)
    shrunk = mean * PRIOR_SPREAD**2 / (PRIOR_SPREAD**2 + noise**2 / np.maximum(count, 1)) * (count > 0)
    told[inside] = np.clip(shrunk, -MOST_LOG, MOST_LOG)[label[inside]]
    return np.exp(told)


def _labels(history: History, events: tuple[Event, ...], days: int) -> np.ndarray:
    """Which day of which event's window each day is, -1 outside; of several windows that of the nearer day itself."""
    label, near = np.full(days, -1), np.full(days, 10_000)
    numbers: dict[tuple[str, int], int] = {}
    for one in sorted(events):
        for offset in range(-one.before_days, one.after_days + 1):
            place = history.place(one.on) + offset
            if 0 <= place < days and abs(offset) < near[place]:
                near[place] = abs(offset)
                label[place] = numbers.setdefault((one.name, offset), len(numbers))
    return label


def _ratios(values: Floats, inside: np.ndarray) -> tuple[Floats, float]:
    """Logs of every day over its level, NaN where either is nothing, and what they vary by outside windows."""
    free = np.where(inside | (values <= 0), np.nan, values)
    padded = np.pad(free, 7 * 2 * AROUND, constant_values=np.nan)
    width = 7 * 2 * AROUND
    beside = np.stack(
        [padded[width + 7 * k : width + 7 * k + len(values)] for k in range(-2 * AROUND, 2 * AROUND + 1) if k]
    )
    order = np.argsort([abs(k) for k in range(-2 * AROUND, 2 * AROUND + 1) if k], kind="stable")
    beside = beside[order]
    rank = np.cumsum(~np.isnan(beside), axis=0)
    beside = np.where(rank <= 2 * AROUND, beside, np.nan)
    known = (~np.isnan(beside)).sum(axis=0) >= AROUND
    level = np.full(len(values), np.nan)
    if known.any():
        level[known] = np.nanmedian(beside[:, known], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(values > 0, np.log(values / level), np.nan)
    outside = ratio[~inside & ~np.isnan(ratio)]
    noise = float(np.median(np.abs(outside)) * 1.4826) if len(outside) else 1.0
    return ratio, max(noise, LEAST_NOISE)
