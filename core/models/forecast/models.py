"""The models, behind one interface: what is learnt of a series in, values of the days ahead out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from core.models.forecast import lags, prophets, theta, uplifts
from core.models.forecast.cleaning import clean
from core.models.forecast.history import Floats, History, Known
from core.models.forecast.outcome import SetAside
from core.models.forecast.prophets import Fitted
from core.models.forecast.spec import Spec

WEEK, CLOSED_WEEKS = 7, 8


@dataclass(frozen=True, eq=False)
class Learnt:
    """A series as models see it at the end of ``history``. ``history``: the training span, NaN on days that are not learnt; ``filled``: the same with
    these days as usual. ``known``: of the span and of the ``horizon`` days ahead; without the events and figures that the spec leaves out, and closed days that it keeps. ``notes``: which days were
    set aside."""

    history: History
    filled: History
    known: Known
    spec: Spec
    horizon: int
    notes: tuple[SetAside, ...]
    _kept: dict[str, Fitted] = field(default_factory=dict)

    @cached_property
    def uplift(self) -> Floats:
        """By how many times each day, past and ahead, is above one without events."""
        return uplifts.factors(self.filled, self.known.events, self.horizon, ~np.isnan(self.history.values))

    @cached_property
    def calm(self) -> Floats:
        """Past days as they would be without events."""
        told: Floats = self.filled.values / self.uplift[: self.filled.days]
        return told

    def lifted(self, ahead: Floats) -> Floats:
        """Days ahead with the events they hold."""
        told: Floats = ahead * self.uplift[self.filled.days :]
        return told

    @cached_property
    def is_closed(self) -> np.ndarray:
        """Days ahead on which the calendar says the house is closed: nothing is forecast there, for certain."""
        ahead = range(self.filled.days, self.filled.days + self.horizon)
        return np.array([self.filled.on(place) in self.known.closed for place in ahead])

    @cached_property
    def is_open(self) -> np.ndarray:
        """Days ahead but for closed ones and those of weekdays on which nothing was for eight weeks: nothing is forecast there."""
        weeks = self.filled.values[-WEEK * CLOSED_WEEKS :]
        by_weekday = weeks[len(weeks) % WEEK :].reshape(-1, WEEK)
        return np.resize((by_weekday > 0).any(axis=0), self.horizon) & ~self.is_closed

    @property
    def prophet(self) -> Fitted:
        """Fitted once. Not a ``cached_property``: before Python 3.12 those of one class wait for each other, whatever thread asks."""
        if "prophet" not in self._kept:
            self._kept["prophet"] = prophets.fit(self.history, self.known, self.spec, self.horizon)
        return self._kept["prophet"]


def learn(history: History, known: Known, spec: Spec, horizon: int | None = None) -> Learnt:
    """What is learnt at the end of ``history``, and of nothing after it."""
    span = history.last(spec.training_days)
    ahead = spec.horizon if horizon is None else horizon
    told = known.of(span.start_on, span.days + ahead)
    events = tuple(one for one in told.events if spec.holidays and one.name not in spec.without_events)
    figures = {name: told.regressors[name] for name in spec.regressors if name in told.regressors}
    closed = tuple(on for on in told.closed if on not in spec.kept)
    told = replace(told, events=events, regressors=figures, closed=closed)
    cleaned = clean(span, events, set_aside=spec.set_aside, kept=spec.kept, closed=closed, outliers=spec.outliers)
    return Learnt(cleaned.history, cleaned.filled, told, spec, ahead, cleaned.notes)


def _prophet(learnt: Learnt) -> Floats:
    return prophets.path(learnt.history, learnt.prophet)


def _naive(learnt: Learnt) -> Floats:
    """Every day as the same weekday of the last known week."""
    week = learnt.filled.values[-WEEK:]
    return np.resize(week, learnt.horizon)


def _theta(learnt: Learnt) -> Floats:
    return learnt.lifted(theta.path(learnt.calm, learnt.horizon))


def _learner(name: str) -> Callable[[Learnt], Floats]:
    def path(learnt: Learnt) -> Floats:
        figures = list(learnt.known.regressors.values())
        days = learnt.filled.days + learnt.horizon
        extra = np.column_stack(figures) if figures else np.empty((days, 0))
        is_learnt = ~np.isnan(learnt.history.values)
        known = lags.Days(learnt.filled.start_on, learnt.calm, is_learnt, extra)
        return learnt.lifted(lags.path(name, known, learnt.horizon))

    return path


def path(name: str, learnt: Learnt) -> Floats:
    """What a model of ``MODELS`` says of the days ahead, never negative."""
    return np.where(learnt.is_open, MODELS[name](learnt), 0.0)


NAIVE, ENSEMBLE = "naive", "ensemble"
MODELS: Mapping[str, Callable[[Learnt], Floats]] = {
    "prophet": _prophet,
    NAIVE: _naive,
    "theta": _theta,
    **{name: _learner(name) for name in lags.LEARNERS},
}
"""Prophet with its last weeks' bias, as the spec tunes it; the seasonal naive; the theta method; learners on lags and calendar."""
VOICES = ("theta", "extra_trees", "prophet")
"""Of the ensemble: a statistical model, a learner and Prophet, which err differently."""
