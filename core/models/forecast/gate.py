"""What can be forecast at all, and by which models the house does it: known without loading any of them, for whoever only asks."""

import numpy as np

from core.errors import NothingVaries, TooShort
from core.models.forecast.history import History
from core.models.forecast.spec import Spec

FORM = 2
"""Number of what models say: fits made by another one are made anew. Raise it with every change of a model, of cleaning or of bounds."""
FEWEST_DAYS, BESIDE_HORIZON = 56, 28
HEADLINE = ("naive", "theta", "extra_trees", "prophet")
"""The seasonal naive and the voices of the ensemble (``core.models.forecast.models``)."""


def fewest_days(horizon: int) -> int:
    """Known days below which nothing is forecast: eight weeks, because a week is the season of every model, and four weeks more than are forecast."""
    return max(FEWEST_DAYS, horizon + BESIDE_HORIZON)


def refuse(history: History, spec: Spec) -> None:
    """Raises ``TooShort`` and ``NothingVaries``."""
    seen = history.values[~np.isnan(history.values)]
    fewest = fewest_days(spec.horizon)
    if len(seen) < fewest:
        raise TooShort(f"{len(seen)} days are known; {fewest} are needed.", days=len(seen), fewest=fewest)
    if seen.min() == seen.max():
        raise NothingVaries("Every known day is the same.")
