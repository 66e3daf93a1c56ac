"""How far forecasts were from what came."""

import numpy as np

from core.models.forecast.history import Floats

WEEK = 7
LEAST_SCALE = 1e-12


def scale(values: Floats) -> float | None:
    """Mean absolute change against the same weekday a week before: what MASE is in units of (Hyndman & Koehler, 2006). Null where no two such days are known,
    or all are the same."""
    changes = np.abs(values[WEEK:] - values[:-WEEK])
    known = changes[~np.isnan(changes)]
    mean = float(known.mean()) if len(known) else 0.0
    return mean if mean > LEAST_SCALE else None


def mase(actual: Floats, point: Floats, unit: float | None) -> float | None:
    """Mean absolute scaled error over the known days; ``unit``: ``scale`` of what was learnt from."""
    off = np.abs(actual - point)
    off = off[~np.isnan(off)]
    return None if unit is None or not len(off) else float(off.mean() / unit)


def wape(actual: Floats, point: Floats) -> float | None:
    """Absolute errors over values, both added up over the known days; null where these add up to nothing."""
    known = ~np.isnan(actual)
    total = float(np.abs(actual[known]).sum())
    return float(np.abs(actual - point)[known].sum()) / total if total > 0 else None


def smape(actual: Floats, point: Floats) -> float | None:
    """Mean of 2|e| / (|y| + |f|) over the known days, 0 to 2; a day where both are 0 is without error."""
    known = ~np.isnan(actual)
    if not known.any():
        return None
    off, size = np.abs(actual - point)[known], (np.abs(actual) + np.abs(point))[known]
    return float(np.mean(np.where(size > 0, 2 * off / np.where(size > 0, size, 1.0), 0.0)))


def covered(actual: Floats, lower: Floats, upper: Floats) -> tuple[int, int]:
    """Known days within their bounds, both ends included, and known days."""
    known = ~np.isnan(actual)
    return int(((actual >= lower) & (actual <= upper))[known].sum()), int(known.sum())
