"""What an analyst tunes of a forecast. The defaults are the house's."""

from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any, Literal, get_args

from core.errors import InvalidForecast

Growth = Literal["linear", "flat"]
Yearly = Literal["auto", "on", "off"]
Mode = Literal["multiplicative", "additive"]
Outliers = Literal["auto", "keep"]

HORIZONS = (7, 90)
TRAINING = (56, 3650)
PRIORS = (0.001, 50.0)
RANGE = (0.5, 1.0)
LEVELS = (0.5, 0.8, 0.9, 0.95)
UPLIFTS = (-0.95, 20.0)
MOST_DAYS = 400
BEST = "best"
"""Of the models: the one that its backtest makes the headline."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Something that might be: ``days`` days from ``start_on`` on are ``1 + uplift_share`` times what they would be, or, with ``event``, as that
    event of the calendar was found to make them; then ``uplift_share`` is null."""

    name: str
    start_on: date
    days: int
    uplift_share: float | None = None
    event: str | None = None


@dataclass(frozen=True, slots=True)
class Spec:
    """How a series is forecast. ``training_days``: span that models learn from. ``changepoint_prior``, ``changepoint_range``, ``seasonality_prior``,
    ``holidays_prior``, ``growth``, ``mode``, ``weekly``, ``yearly``: Prophet's, by its names. ``holidays``: whether events of the calendar are learnt, but
    for ``without_events``. ``regressors``: names of further figures of every day. ``outliers``: whether unusual days are set aside by
    themselves; ``set_aside``: days that are, ``kept``: days that never are. ``model``: the headline, ``best`` = as the backtest says.
    ``level``: the interval shown first."""

    horizon: int = 30
    training_days: int = 1095
    growth: Growth = "linear"
    changepoint_prior: float = 0.05
    changepoint_range: float = 0.8
    weekly: bool = True
    yearly: Yearly = "auto"
    mode: Mode = "additive"
    seasonality_prior: float = 10.0
    holidays: bool = True
    holidays_prior: float = 10.0
    without_events: tuple[str, ...] = ()
    regressors: tuple[str, ...] = ()
    outliers: Outliers = "auto"
    set_aside: tuple[date, ...] = ()
    kept: tuple[date, ...] = ()
    model: str = BEST
    level: float = 0.8
    what_ifs: tuple[WhatIf, ...] = ()

    def __post_init__(self) -> None:
        _within("horizon", self.horizon, HORIZONS)
        _within("training_days", self.training_days, TRAINING)
        for name in ("changepoint_prior", "seasonality_prior", "holidays_prior"):
            _within(name, getattr(self, name), PRIORS)
        _within("changepoint_range", self.changepoint_range, RANGE)
        for name, kinds in (("growth", Growth), ("yearly", Yearly), ("mode", Mode), ("outliers", Outliers)):
            _among(name, getattr(self, name), get_args(kinds))
        _among("level", self.level, LEVELS)
        for one in self.what_ifs:
            _within("what_if_days", one.days, (1, MOST_DAYS))
            if one.uplift_share is not None:
                _within("uplift_share", one.uplift_share, UPLIFTS)
            if (one.uplift_share is None) == (one.event is None):
                raise InvalidForecast("A what-if says either by how much or which event.", field="what_ifs")

    @property
    def fitted(self) -> "Spec":
        """The part that a fit depends on: what might be and what is shown first are applied to its outcome."""
        return replace(self, what_ifs=(), level=LEVELS[1])

    def to_json(self) -> dict[str, Any]:
        told = asdict(self)
        told |= {name: [one.isoformat() for one in told[name]] for name in ("set_aside", "kept")}
        told |= {name: list(told[name]) for name in ("without_events", "regressors")}
        told["what_ifs"] = [one | {"start_on": one["start_on"].isoformat()} for one in told["what_ifs"]]
        return told

    @staticmethod
    def from_json(told: dict[str, Any]) -> "Spec":
        """Raises ``InvalidForecast`` for what no spec says."""
        known = {one.name for one in fields(Spec)}
        if strange := sorted(set(told) - known):
            raise InvalidForecast(f"A forecast has no {strange[0]!r}.", field=strange[0])
        try:
            values = dict(told)
            for name in ("set_aside", "kept"):
                values[name] = tuple(date.fromisoformat(one) for one in told.get(name, ()))
            for name in ("without_events", "regressors"):
                values[name] = tuple(map(str, told.get(name, ())))
            values["what_ifs"] = tuple(_what_if(one) for one in told.get("what_ifs", ()))
            return Spec(**values)
        except (TypeError, ValueError, KeyError) as error:
            raise InvalidForecast(f"This is no forecast's setting: {error}", field="json") from error


def _what_if(told: dict[str, Any]) -> WhatIf:
    return WhatIf(**told | {"start_on": date.fromisoformat(told["start_on"])})


def _within(name: str, value: float, ends: tuple[float, float]) -> None:
    low, high = ends
    if isinstance(value, bool) or not low <= value <= high:
        raise InvalidForecast(f"{name} is {low} to {high}, not {value}.", field=name, low=low, high=high)


def _among(name: str, value: object, known: tuple[object, ...]) -> None:
    if value not in known:
        raise InvalidForecast(f"{name} is one of {known}, not {value!r}.", field=name, known=known)
