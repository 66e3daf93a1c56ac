"""What a fit tells, and how it is kept."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

Why = Literal["missing", "outlier", "typed", "closed"]
BUCKETS = ((1, 7), (8, 14), (15, 30), (31, 90))
"""Days ahead that errors are told by."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A day that no model learnt from, and why. ``usual``: what such a day is usually like; null where unknown."""

    on: date
    why: Why
    value: float | None
    usual: float | None


@dataclass(frozen=True, slots=True)
class ModelScore:
    """How a model did on days that it had not seen. Errors are means over ``folds``; null where undefined.

    ``mase``: mean absolute error over that of the 7-day seasonal naive within the training span as the house cleans it (Hyndman & Koehler, 2006).
    ``wape``: absolute errors over values, added up (0 to …). ``smape``: 0 to 2 (mean of 2|e|/(|y|+|f|)). ``cover80``, ``cover95``: share of days within its
    interval, whose width was told by earlier folds alone; null with fewer than four folds. ``fit_seconds``: of one fit, mean. ``by_horizon``:
    MASE for the days of ``BUCKETS``."""

    name: str
    mase: float | None
    wape: float | None
    smape: float | None
    cover80: float | None
    cover95: float | None
    fit_seconds: float
    folds: int
    training_days: int
    loses_to_naive: bool
    by_horizon: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """A forecast: one value per day from ``start_on`` on, with bounds that hold the day in 80 and in 95 of 100 cases. Never negative."""

    start_on: date
    point: tuple[float, ...]
    lower80: tuple[float, ...]
    upper80: tuple[float, ...]
    lower95: tuple[float, ...]
    upper95: tuple[float, ...]

    @property
    def days(self) -> int:
        return len(self.point)

    def to_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    @staticmethod
    def from_json(told: dict[str, Any]) -> "Path":
        return _path(told)


@dataclass(frozen=True, slots=True)
class Fold:
    """The headline as it would have been on an earlier day, beside what came. ``actual``: null on days that are not known.
    ``mase``: its error. Bounds are null where earlier folds were too few to tell them."""

    path: Path
    actual: tuple[float | None, ...]
    mase: float | None
    has_bounds: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """What an event does to its days: ``share`` above what they would be without it (0.5 = half as much again), with an 80 % interval; ``days`` of its window,
    ``occurrences`` that were learnt from. ``main``: the same of the day itself; null where it was never known. ``extra``: units that one occurrence brought more than its days would
    have had."""

    event: str
    share: float
    lower: float
    upper: float
    days: int
    occurrences: int
    main: float | None = None
    main_lower: float | None = None
    main_upper: float | None = None
    extra: float | None = None
    extra_lower: float | None = None
    extra_upper: float | None = None


@dataclass(frozen=True, slots=True)
class Components:
    """How Prophet takes the series apart. ``trend``: one value per day from ``start_on`` to the end of the path; ``weekly``: Monday to Sunday; ``yearly``: by
    day of the year, empty without one. Shares of the trend where ``is_share``, else units."""

    start_on: date
    trend: tuple[float, ...]
    weekly: tuple[float, ...]
    yearly: tuple[float, ...]
    is_share: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a fit tells of a series. ``on``: its last known day. ``training_days``: days learnt from. ``headline``: the model whose forecast ``path`` is;
    ``weights``: its parts, where it is the ensemble. ``folds``: oldest first. ``unit``: of the MASE of the days ahead, as each fold has its own; null where there is
    none."""

    on: date
    training_days: int
    set_aside: tuple[SetAside, ...]
    models: tuple[ModelScore, ...]
    headline: str
    weights: Mapping[str, float]
    path: Path
    folds: tuple[Fold, ...]
    effects: tuple[Effect, ...]
    components: Components | None
    unit: float | None = None

    @property
    def score(self) -> ModelScore:
        """Of the headline."""
        return next(one for one in self.models if one.name == self.headline)

    def to_json(self) -> dict[str, Any]:
        """Plain values; days as ISO texts."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    @staticmethod
    def from_json(told: dict[str, Any]) -> "Outcome":
        return Outcome(
            on=_day(told["on"]),
            training_days=told["training_days"],
            set_aside=tuple(
                SetAside(_day(one["on"]), one["why"], one["value"], one["usual"]) for one in told["set_aside"]
            ),
            models=tuple(ModelScore(**one | {"by_horizon": tuple(one["by_horizon"])}) for one in told["models"]),
            headline=told["headline"],
            weights=dict(told["weights"]),
            path=_path(told["path"]),
            folds=tuple(
                Fold(_path(one["path"]), tuple(one["actual"]), one["mase"], one["has_bounds"]) for one in told["folds"]
            ),
            effects=tuple(Effect(**one) for one in told["effects"]),
            components=None if told["components"] is None else _components(told["components"]),
            unit=told.get("unit"),  # what was told by an earlier form has none
        )


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _path(told: dict[str, Any]) -> Path:
    return Path(
        _day(told["start_on"]), *(tuple(told[name]) for name in ("point", "lower80", "upper80", "lower95", "upper95"))
    )


def _components(told: dict[str, Any]) -> Components:
    trend, weekly, yearly = (tuple(told[name]) for name in ("trend", "weekly", "yearly"))
    return Components(_day(told["start_on"]), trend, weekly, yearly, told["is_share"])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
