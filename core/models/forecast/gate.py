"""What can be forecast at all, and by which models the house does it: known without loading any of them, for whoever only asks."""

from dataclasses import replace

import numpy as np

from core.errors import NothingVaries, TooShort
from core.models.forecast.history import History, Known
from core.models.forecast.spec import Spec

FORM = 2
"""Number of what models say: fits made by another one are made anew. Raise it with every change of a model, of cleaning or of bounds."""
FEWEST_DAYS, BESIDE_HORIZON = 56, 28
FEWEST_OF_SPAN = 28
"""Days to be learnt of a training span."""
HEADLINE = ("naive", "theta", "extra_trees", "prophet")
"""The seasonal naive and the voices of the ensemble (``core.models.forecast.models``)."""


def fewest_days(horizon: int) -> int:
    """Known days below which nothing is forecast: eight weeks, because a week is the season of every model, and four weeks more than are forecast."""
    return max(FEWEST_DAYS, horizon + BESIDE_HORIZON)


def learnable(history: History, known: Known, spec: Spec) -> History:
    """The same without the days that no model learns, whatever they look like: those set aside, and those on which the house is closed."""
    without = {*spec.set_aside, *known.closed} - {*spec.kept}
    if not without:
        return history
    values = history.values.copy()
    values[[history.place(on) for on in without if 0 <= history.place(on) < history.days]] = np.nan
    return replace(history, values=values)


def refuse(history: History, known: Known, spec: Spec) -> None:
    """Raises ``TooShort`` and ``NothingVaries``."""
    learnt = learnable(history, known, spec)
    for reason, days, fewest in (
        ("history", _known(learnt), fewest_days(spec.horizon)),
        ("span", _known(learnt.last(spec.training_days)), FEWEST_OF_SPAN),
    ):
        if days < fewest:
            raise TooShort(f"{days} days can be learnt; {fewest} are needed.", reason=reason, days=days, fewest=fewest)
    if np.nanmin(learnt.values) == np.nanmax(learnt.values):
        raise NothingVaries("Every known day is the same.")


def folds(history: History, known: Known, spec: Spec, most: int) -> list[int]:
    """Places where folds of a backtest begin, oldest first: every horizon's days back from the end, as long as the house can learn enough before. Specs that differ in
    what they set aside have the same folds, but for those before which nearly all is set aside."""
    usual, own = (learnable(history, known, one) for one in (Spec(horizon=spec.horizon), spec))
    found = [history.days - spec.horizon * back for back in range(most, 0, -1)]
    return [
        place
        for place in found
        if place > 0
        and _known(usual.before(place)) >= fewest_days(spec.horizon)
        and _known(own.before(place).last(spec.training_days)) >= FEWEST_OF_SPAN
    ]


def _known(history: History) -> int:
    return int(np.count_nonzero(~np.isnan(history.values)))
