"""Lifecycle questions of a page."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from core.periods import Period
from core.sequences.lifecycle import BASES, MOST_LOST_AFTER, Base, Flow, Stage, State
from core.work.questions import lifecycle as question
from core.work.questions.lifecycle import (
    FLOWS,
    LONGEST_STAGE_DAYS,
    STATES,
    USUAL_LOST_AFTER,
    Answer,
    Asked,
    Behind,
    FlowName,
    Limits,
    Stages,
    in_flow,
)  # fmt: skip
from core.work.questions.moments import names
from core.work.questions.spans import UNITS, Unit
from dashboard.data import notes, people
from dashboard.data.ground import Ground, stand
from dashboard.data.notes import Note
from dashboard.data.people import People
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = [
    "BASES", "FLOWS", "LONGEST_STAGE_DAYS", "MOST_LOST_AFTER", "STATES", "UNITS", "USUAL_LOST_AFTER", "Answer", "Asked", "Base", "Behind",
    "Flow", "FlowName", "Limits", "Note", "Stage", "StageView", "Stages", "State", "Unit", "View", "answer", "in_flow", "people_in",
    "people_of", "stages", "to_funnel", "to_repurchase",
]  # fmt: skip


LOOKS = ("page_view", "product_view", "content_view", "live_enter", "booking_view")
CARTS = ("add_to_cart", "cart", "booking_submit")
PURCHASES = ("order_placed", "purchase", "booking_pay")
ORDER = "order_placed"
JOURNEYS: dict[Stage, tuple[tuple[str, ...], ...]] = {
    Stage.POTENTIAL: (
        ("qr_scan",),
        ("add_contact", "follow", "register"),
        ("join_group", "group_join"),
        ("group_message",),
    ),
    Stage.NEW: (LOOKS, CARTS, PURCHASES),
    Stage.ACTIVE: (LOOKS, CARTS, ("checkout", "shipping_details"), PURCHASES),
    Stage.LOST: (("coupon_claim", "touch_clicked"), LOOKS, PURCHASES),
}
"""The way that members of a stage should go: names of each step, any of which fills it."""


@dataclass(frozen=True, eq=False)
class View:
    """One answer. ``as_of``: time of the newest data. ``notes``: what the time axis marks."""

    key: str
    answer: Answer
    notes: tuple[Note, ...]
    as_of: datetime
    zone: str
    version: int

    @cached_property
    def is_empty(self) -> bool:
        return not any(self.answer.members)


@dataclass(frozen=True, eq=False)
class StageView:
    """Stages on the last day of the period to date."""

    key: str
    stages: Stages
    events: frozenset[str]
    version: int

    def journey(self, stage: Stage) -> tuple[tuple[str, ...], ...]:
        """Steps of the stage's journey that this lake has; empty where fewer than two are left."""
        steps = [tuple(name for name in step if name in self.events) for step in JOURNEYS.get(stage, ())]
        known = tuple(step for step in steps if step)
        return known if len(known) > 1 else ()

    @property
    def has_orders(self) -> bool:
        return ORDER in self.events

    @cached_property
    def counts(self) -> dict[Stage, int]:
        """Members in each stage."""
        return self.stages.counts


def to_funnel(filters: Filters, journey: tuple[tuple[str, ...], ...]) -> str:
    """Where the funnel of a journey is, with the same filters."""
    return _address("funnels", filters, [("step", "|".join(step)) for step in journey] + [("within", "30d")])


def to_repurchase(filters: Filters) -> str:
    """Where it is told who of the buyers bought again, with the same filters."""
    return _address("retention", filters, [("r_start", ORDER), ("r_back", ORDER), ("r_unit", "month")])


def _address(page: str, filters: Filters, chosen: list[tuple[str, str]]) -> str:
    assert filters.period is not None
    shared = [
        ("period", "custom"),
        ("from", filters.period.start_on.isoformat()),
        ("to", filters.period.last_on.isoformat()),
    ]
    shared += [("channel", one) for one in filters.channels] + [("unit", one) for one in filters.units]
    shared += [] if filters.segment is None else [("segment", str(filters.segment))]
    return f"/{page}?{urlencode(shared + chosen)}"


def answer(filters: Filters, asked: Asked, meanwhile: Callable[[], AbstractContextManager[None]] = nullcontext) -> View:
    """``meanwhile``: entered while the answer is being made, which nobody has asked for yet. Raises ``InvalidLifecycle`` and
    ``Forbidden``."""
    ground = stand("funnel.see")
    return _answer(
        key=f"{ground.key}|{filters}|{asked}", _ground=ground, _filters=filters, _asked=asked, _meanwhile=meanwhile
    )


def stages(filters: Filters, limits: Limits) -> StageView:
    """Raises ``InvalidLifecycle`` and ``Forbidden``."""
    ground = stand("funnel.see")
    return _stages(key=f"{ground.key}|{filters}|{limits}", _ground=ground, _filters=filters, _limits=limits)


def people_of(filters: Filters, asked: Asked, behind: Behind) -> People:
    """Who stands behind a figure. Raises ``Forbidden`` and ``InvalidLifecycle``."""
    guarded = stand("people.see")
    view = answer(filters, asked)
    return _people(key=f"{view.key}|{behind}", _ground=guarded, _filters=filters, _view=view, _behind=behind)


def people_in(filters: Filters, limits: Limits, stage: Stage) -> People:
    """Who stands in a stage. Raises ``Forbidden`` and ``InvalidLifecycle``."""
    guarded = stand("people.see")
    view = stages(filters, limits)
    told = {
        "kind": "life_stage", "metric": "life-stage", "stage": stage.name.lower(), "on": view.stages.on.isoformat(),
        "new_days": limits.new_days, "lost_days": limits.lost_days,
    }  # fmt: skip
    with guarded.open(filters) as lake:
        currency = lake.currency
    frame = view.stages.people(stage).assign(value=1)
    return _listed(
        f"{view.key}|{stage}",
        frame,
        people.definition(filters) | told,
        view.counts[stage],
        currency,
        view.version,
    )


def definition(asked: Asked, day: date, behind: Behind) -> dict[str, Any]:
    """Whom a figure counts, as JSON."""
    return {
        "kind": "lifecycle",
        "metric": "lifecycle",
        "each": asked.unit,
        "lost_after": asked.silence,
        "period": day.isoformat(),
        "now": [state.name.lower() for state in behind.now],
        "before": None if behind.before is None else [state.name.lower() for state in behind.before],
    }


@kept.by_key(16)
def _answer(
    key: str, _ground: Ground, _filters: Filters, _asked: Asked, _meanwhile: Callable[[], AbstractContextManager[None]]
) -> View:
    with _meanwhile(), _ground.open(_filters) as lake:
        found = question.lifecycle(lake, _asked)
        assert lake.as_of is not None
        noted = notes.of(lake, _ground, Period(found.days[0], found.days[-1]))
        return View(key, found, noted, lake.as_of, lake.zone, _ground.version)


@kept.by_key(8)
def _stages(key: str, _ground: Ground, _filters: Filters, _limits: Limits) -> StageView:
    with _ground.open(_filters) as lake:
        return StageView(key, question.stages(lake, _limits), frozenset(names(lake)), _ground.version)


@kept.by_key(16)
def _people(key: str, _ground: Ground, _filters: Filters, _view: View, _behind: Behind) -> People:
    asked, day = _view.answer.asked, _view.answer.periods[_behind.period]
    with _ground.open(_filters) as lake:
        frame = question.people(lake, asked, _behind).assign(value=1)
        currency = lake.currency
    told = people.definition(_filters) | definition(asked, day, _behind)
    return _listed(key, frame, told, _view.answer.count(_behind), currency, _view.version)


def _listed(key: str, frame: Any, told: dict[str, Any], figure: int, currency: str, version: int) -> People:
    """People who are there or not: what each of them counts for is 1, so the list shows no value."""
    return People(key, frame, told, "stock_end", "rows", figure, figure, currency, version)
