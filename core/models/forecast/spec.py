"""What an analyst tunes of a forecast. The defaults are the house's."""

from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
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
LONGEST_NAME = 60
"""Letters of what is supposed."""
FIRST_ON, LAST_ON = date(2000, 1, 1), date(2099, 12, 31)
"""Between these something may be supposed."""
BEST = "best"
"""Of the models: the one that its backtest makes the headline."""
MODELS = ("ensemble", "prophet", "naive", "theta", "linear", "tree", "forest", "extra_trees", "boosting", "network")
"""Names of ``core.models.forecast.models``, which loads them all."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Something that might be: ``days`` days from ``start_on`` on are ``1 + uplift_share`` times what they would be, or, with ``event``, as that
    event of the calendar was found to make them; then ``uplift_share`` is null."""

    name: str
    start_on: date
    days: int
    uplift_share: float | None = None
    event: str | None = None

    def __post_init__(self) -> None:
        _whole(self, "days", (1, MOST_DAYS), "what_if_days")
        on = self.start_on
        if isinstance(on, datetime) or not isinstance(on, date) or not FIRST_ON <= on <= LAST_ON:
            raise InvalidForecast(f"A what-if starts from {FIRST_ON} to {LAST_ON}, not on {on}.", field="what_if_start")
        if self.uplift_share is not None:
            _float(self, "uplift_share", UPLIFTS)
        is_named = (
            isinstance(self.name, str) and len(self.name) <= LONGEST_NAME and isinstance(self.event, (str, type(None)))
        )
        if not is_named or (self.uplift_share is None) == (self.event is None):
            raise InvalidForecast("A what-if says either by how much or which event.", field="what_ifs")


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
        _whole(self, "horizon", HORIZONS)
        _whole(self, "training_days", TRAINING)
        for name in ("changepoint_prior", "seasonality_prior", "holidays_prior"):
            _float(self, name, PRIORS)
        _float(self, "changepoint_range", RANGE)
        for name, kinds in (("growth", Growth), ("yearly", Yearly), ("mode", Mode), ("outliers", Outliers)):
            _among(name, getattr(self, name), get_args(kinds))
        for name in ("weekly", "holidays"):
            if not isinstance(getattr(self, name), bool):
                raise InvalidForecast(f"{name} is either so or not.", field=name)
        _among("model", self.model, (BEST, *MODELS))
        _among("level", self.level, LEVELS)

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
                values[name] = tuple(date.fromisoformat(one) for one in dict.fromkeys(told.get(name, ())))
            for name in ("without_events", "regressors"):
                values[name] = tuple(dict.fromkeys(map(str, told.get(name, ()))))
            values["what_ifs"] = tuple(_what_if(one) for one in told.get("what_ifs", ()))
            return Spec(**values)
        except (TypeError, ValueError, KeyError) as error:
            raise InvalidForecast(f"This is no forecast's setting: {error}", field="json") from error


def _what_if(told: dict[str, Any]) -> WhatIf:
    return WhatIf(**told | {"start_on": date.fromisoformat(told["start_on"])})


def _whole(told: object, name: str, ends: tuple[int, int], field: str = "") -> None:
    if not isinstance(getattr(told, name), int):
        raise InvalidForecast(f"{name} is a whole number.", field=field or name)
    _within(field or name, getattr(told, name), ends)


def _float(told: object, name: str, ends: tuple[float, float]) -> None:
    """A whole number is the same as a float: pages draw fields of floats, and keys of fits are made of what is written."""
    _within(name, getattr(told, name), ends)
    object.__setattr__(told, name, float(getattr(told, name)))


def _within(name: str, value: float, ends: tuple[float, float]) -> None:
    low, high = ends
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise InvalidForecast(f"{name} is {low} to {high}, not {value}.", field=name, low=low, high=high)


def _among(name: str, value: object, known: tuple[object, ...]) -> None:
    if value not in known:
        raise InvalidForecast(f"{name} is one of {known}, not {value!r}.", field=name, known=known)
