"""A fit: clean the series, hold the models against each other on days that they have not seen, forecast with the best."""

from collections.abc import Callable, Sequence

from core.models.forecast.history import History, Known
from core.models.forecast.outcome import Outcome
from core.models.forecast.spec import Spec

Told = Callable[[str, int, int], None]
"""Called with the stage (``backtest``, ``fit``), how many steps are done and how many there are."""
Stop = Callable[[], bool]

FEWEST_DAYS = 56
"""Known days below which nothing is forecast: eight weeks, because a week is the season of every model here."""


def fit(
    history: History, known: Known, spec: Spec, *, models: Sequence[str] | None = None, told: Told, stop: Stop
) -> Outcome:
    """Forecast ``spec.horizon`` days after the last of ``history``. ``models``: those that are held against each other (default: all); the headline of
    the house needs a few only.

    Raises ``TooShort`` for fewer than 56 known days, ``NothingVaries``, and ``Cancelled`` once ``stop`` says so."""
    raise NotImplementedError
