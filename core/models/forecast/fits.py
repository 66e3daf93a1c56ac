"""A fit: clean the series, hold the models against each other on days that they have not seen, forecast with the best."""

import warnings
from collections.abc import Sequence
from dataclasses import replace

from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from core.models.forecast import accuracy, backtest, effects, intervals
from core.models.forecast.backtest import Backtest, Stop, Told
from core.models.forecast.gate import refuse
from core.models.forecast.history import History, Known
from core.models.forecast.models import ENSEMBLE, MODELS, VOICES, Learnt, learn
from core.models.forecast.outcome import Outcome
from core.models.forecast.spec import Spec


def fit(
    history: History, known: Known, spec: Spec, *, models: Sequence[str] | None = None, told: Told, stop: Stop
) -> Outcome:
    """Forecast ``spec.horizon`` days after the last of ``history``. ``models``: those that are held against each other (default: all); the headline of
    the house needs a few only. Repeated, it says the same.

    Raises ``TooShort`` for too few days that can be learnt (``gate.fewest_days``), ``NothingVaries``, and ``Cancelled`` once ``stop`` says so."""
    refuse(history, known, spec)
    wanted = tuple(MODELS) if models is None else tuple(models)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a network that is not done is judged by its errors
        warnings.simplefilter("ignore", DeprecationWarning)  # Prophet's own use of pandas
        found = backtest.run(history, known, spec, wanted, told=told, stop=stop)
        learnt = learn(history, known, spec)
        scored = backtest.scores(found, wanted, learnt.history.days)
        chosen = backtest.headline(found, scored, spec.model)
        unit = accuracy.scale(learn(history, known, Spec(horizon=spec.horizon)).history.values)
        return replace(_told(found, learnt, scored, chosen, told, stop), unit=unit)


def _told(found: Backtest, learnt: Learnt, scored: tuple, chosen: str, told: Told, stop: Stop) -> Outcome:
    names = VOICES if chosen == ENSEMBLE else (chosen,)
    said = backtest.said_by([learnt], names, told=lambda _stage, done, of: told("fit", done, of), stop=stop)[0]
    points = {name: point for name, (point, _) in said.items()}
    weights = found.weights if chosen == ENSEMBLE else {chosen: 1.0}
    point = backtest.mixed(points, weights)
    (lower80, upper80), (lower95, upper95) = intervals.bounds(
        learnt, point, intervals.widths(learnt), found.past.get(chosen, ())
    )
    first_with_bounds = backtest.FEWEST_FOR_BOUNDS - 1
    return Outcome(
        on=learnt.history.on(learnt.history.days - 1),
        training_days=learnt.history.days,
        set_aside=learnt.notes,
        models=scored,
        headline=chosen,
        weights=dict(weights),
        path=backtest.path_of(learnt, point, lower80, upper80, lower95, upper95),
        folds=tuple(backtest.fold(one, chosen, place >= first_with_bounds) for place, one in enumerate(found.origins)),
        effects=tuple(one.effect for one in effects.found(learnt.history, learnt.known.events)),
        components=learnt.prophet.components(learnt.spec),
    )
