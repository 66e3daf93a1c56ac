"""Figures of the Overview, and what moved them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import get_args

from core.metrics.catalog import GOALS, Goal, Metric
from core.metrics.contributions import is_additive
from core.metrics.parts import Part
from core.periods import Period
from core.work.questions import contributions as question
from core.work.questions import figures as figures_question
from core.work.questions.contributions import By, Contributions
from core.work.questions.figures import Figure, Points, Side
from dashboard.data import notes
from dashboard.data.ground import Ground, stand
from dashboard.data.notes import Note
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = ["By", "Contributions", "Figure", "Goal", "Metric", "Overview", "Points", "Side", "Trend", "read", "sides"]

HEADLINES: dict[Goal, tuple[str, ...]] = {
    "conversion": ("net_revenue", "conversion_rate", "add_to_cart_rate"),
    "connection": ("active_members", "stickiness", "interaction_rate"),
    "value": ("repeat_purchase_share", "arpu", "silence_rate"),
    "growth": ("member_growth", "k_factor", "cac"),
}
"""The figure that stands for a goal: the first one that the data supports."""
CHARTS = ("net_revenue", "orders", "buyers", "active_members", "new_members")
"""Figures that the main chart can show, those that the data supports."""
SPLITS: tuple[By, ...] = get_args(By)
"""All that the change of one or another figure can be told apart by."""

MONEY_PARTS = frozenset({"gross", "refunds", "anonymous_gross", "spend"})
NOBODY = frozenset({"anonymous_gross", "anonymous_orders", "spend"})


@dataclass(frozen=True)
class Overview:
    """One answer for the whole page. ``key`` names it for pictures made from it."""

    key: str
    figures: dict[str, Figure]
    headlines: tuple[Figure, ...]
    by_goal: dict[Goal, tuple[Figure, ...]]
    charts: tuple[str, ...]
    splits: dict[str, tuple[By, ...]]
    currency: str
    zone: str
    version: int
    as_of: datetime | None
    events: bool

    @property
    def is_empty(self) -> bool:
        return not self.figures


@dataclass(frozen=True)
class Trend:
    """A figure over time beside the compared period, with what happened then and what moved it.

    ``open_from``: first business day of the period that has no data yet; None when it is complete. ``key``: names the
    answer, for pictures made from it.
    """

    key: str
    figure: Figure
    before: Points
    notes: tuple[Note, ...]
    open_from: date | None
    asked: Period
    by: By | None
    splits: tuple[By, ...]
    is_additive: bool
    moved: Contributions | None


def read(asked: Filters) -> Overview:
    """Everything above the fold: all figures that the data supports. Raises ``Forbidden``."""
    ground = stand("overview.see")
    return _of(ground, asked)


def _of(ground: Ground, asked: Filters) -> Overview:
    # By name: for each value that is given by place, Streamlit takes the signature apart at every call.
    return _read(key=f"{ground.key}|{asked}", _ground=ground, _asked=asked)


def trend(asked: Filters, name: str, by: By | None = None) -> Trend:
    """One of the page's figures over time. ``by``: how its change is told apart, where that can be chosen."""
    ground = stand("overview.see")
    key = f"{ground.key}|{asked}|{name}"
    view = _of(ground, asked)
    splits = view.splits[name]
    chosen = by if by in splits else next(iter(splits), None)
    return _trend(
        key=f"{key}|{chosen}", _ground=ground, _asked=asked, _figure=view.figures[name], _splits=splits, _by=chosen
    )


def sides(metric: Metric) -> tuple[Side, ...]:
    return figures_question.sides(metric)


def part(metric: Metric, side: Side) -> Part:
    return figures_question.part_of(metric, side)


def has_people(metric: Metric, side: Side) -> bool:
    """Whether members stand behind a side: not behind orders nobody is known for, nor behind money spent."""
    return part(metric, side).name not in NOBODY


@kept.by_key(24)
def _read(key: str, _ground: Ground, _asked: Filters) -> Overview:
    with _ground.open(_asked) as lake:
        found = {figure.metric.name: figure for figure in figures_question.overview(lake)}
        headlines = _headlines(found)
        rest = [figure for figure in found.values() if figure not in headlines]
        drawn = tuple(name for name in CHARTS if name in found and found[name].series)
        return Overview(
            key,
            found,
            headlines,
            {goal: tuple(figure for figure in rest if figure.metric.goal == goal) for goal in GOALS},
            drawn,
            {name: question.splits(lake, name) for name in drawn},
            lake.currency,
            lake.zone,
            _ground.version,
            lake.as_of,
            bool(lake.snapshot.files("events")),
        )


def _headlines(found: dict[str, Figure]) -> tuple[Figure, ...]:
    """Figures with a value before those without."""
    chosen = []
    for names in HEADLINES.values():
        there = [found[name] for name in names if name in found]
        chosen += sorted(there, key=lambda figure: figure.value is None or figure.is_small)[:1]
    return tuple(chosen)


@kept.by_key(48)
def _trend(
    key: str, _ground: Ground, _asked: Filters, _figure: Figure, _splits: tuple[By, ...], _by: By | None
) -> Trend:
    with _ground.open(_asked) as lake:
        figure, metric = _figure, _figure.metric
        before = figures_question.series(lake, metric, figure.compared) if figure.previous is not None else ()
        by = _by if figure.previous is not None else None
        is_open = lake.as_of_on is not None and figure.period.end_on < _asked.period.end_on
        return Trend(
            key,
            figure,
            before,
            notes.of(lake, _ground, _asked.period),
            figure.period.end_on if is_open else None,
            _asked.period,
            by,
            _splits,
            is_additive(metric),
            question.contributions(lake, metric.name, by) if by else None,
        )
