"""Funnel questions of a page."""

from dataclasses import dataclass
from datetime import timedelta

import streamlit as st

from core.errors import InvalidFunnel
from core.sequences.funnel import Count, Duration
from core.work.questions import funnels as question
from core.work.questions.answers import parse_window
from core.work.questions.funnels import Answer, Asked
from dashboard.data import people
from dashboard.data.ground import KEPT_SECONDS, Ground, stand
from dashboard.data.people import People
from dashboard.filters import Filters

__all__ = ["Asked", "Count", "Duration", "Menu", "View", "answer", "menu", "parse_window", "window_text"]

TEMPLATES: dict[str, tuple[str, ...]] = {
    "purchase": ("product_view", "add_to_cart", "checkout", "order_placed"),
    "checkout": ("product_view", "add_to_cart", "cart", "shipping_details", "payment_details", "purchase"),
    "content": ("content_view", "product_view", "add_to_cart", "order_placed"),
    "live": ("live_enter", "product_view", "add_to_cart", "order_placed"),
    "joining": ("qr_scan", "add_contact", "join_group", "order_placed"),
    "coupon": ("coupon_claim", "product_view", "add_to_cart", "order_placed"),
    "booking": ("booking_view", "booking_submit", "booking_pay", "booking_visit"),
}
"""Common journeys; each is offered where all its events exist."""


@dataclass(frozen=True, slots=True)
class Menu:
    """What a funnel can be built from in this lake."""

    events: tuple[str, ...]
    properties: tuple[str, ...]
    templates: dict[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class View:
    """One answer. ``by_value``: steps by the breakdown's value at entry, None = the entry event had none."""

    key: str
    asked: Asked
    steps: tuple[Count, ...]
    by_value: dict[str | None, tuple[Count, ...]]
    answer: Answer
    version: int

    @property
    def is_empty(self) -> bool:
        return not self.steps[0].members

    @property
    def missing(self) -> int:
        """How many entered by an event that names no value for the breakdown."""
        steps = self.by_value.get(None)
        return steps[0].members if steps else 0

    def duration(self, from_step: int, to_step: int) -> Duration:
        return self.answer.duration(from_step, to_step)


def menu() -> Menu:
    """Raises ``Forbidden``."""
    ground = stand("funnel.see")
    return _menu(key=ground.key, _ground=ground)


def usual() -> Asked | None:
    """The first common journey that the lake has events for, as it is asked when nobody chose anything."""
    steps = next(iter(menu().templates.values()), None)
    return Asked(tuple((name,) for name in steps)) if steps else None


def answer(filters: Filters, asked: Asked) -> View:
    """Raises ``InvalidFunnel``, ``Unknown`` and ``Forbidden``."""
    ground = stand("funnel.see")
    return _answer(key=f"{ground.key}|{filters}|{asked}", _ground=ground, _filters=filters, _asked=asked)


def people_of(filters: Filters, asked: Asked, step: int, *, dropped: bool) -> People:
    """Who got to a step, or got to it and no further. Raises ``Forbidden``, and ``InvalidFunnel`` for sessions."""
    guarded = stand("people.see")
    if asked.count == "sessions":
        raise InvalidFunnel("Sessions are not people.", problem="sessions_people")
    view = answer(filters, asked)
    frame = view.answer.dropped(step) if dropped else view.answer.reached(step)
    count = view.steps[step - 1].members
    figure = count - view.steps[step].members if dropped and step < len(view.steps) else count
    with guarded.open(filters) as lake:
        currency = lake.currency
    return People(
        f"{view.key}|{step}|{dropped}",
        frame.assign(value=frame["depth"].astype("int64")),
        people.definition(filters) | definition(asked) | {"kind": "funnel", "step": step, "dropped": dropped},
        "depth",
        "steps",
        None,
        figure,
        currency,
        view.version,
    )


def definition(asked: Asked) -> dict[str, object]:
    """A funnel as JSON."""
    steps = ["|".join(step) for step in asked.steps]
    return {"steps": steps, "order": asked.order, "within": window_text(asked.within), "count": asked.count}


def window_text(within: timedelta | None) -> str:
    """The shortest text that ``parse_window`` reads as this window: ``7d``, ``12h``, ``30m``, ``none``."""
    if within is None:
        return "none"
    minutes = int(within.total_seconds() // 60)
    for unit, length in (("d", 1440), ("h", 60)):
        if minutes % length == 0:
            return f"{minutes // length}{unit}"
    return f"{minutes}m"


@st.cache_resource(ttl=KEPT_SECONDS, max_entries=16, show_spinner=False)
def _menu(key: str, _ground: Ground) -> Menu:  # noqa: ARG001 - what it is cached by
    with _ground.open() as lake:
        events = tuple(question.event_names(lake)) if lake.as_of else ()
        properties = tuple(question.properties(lake)) if lake.as_of else ()
    return Menu(events, properties, {k: steps for k, steps in TEMPLATES.items() if set(steps) <= set(events)})


@st.cache_resource(ttl=KEPT_SECONDS, max_entries=8, show_spinner=False)
def _answer(key: str, _ground: Ground, _filters: Filters, _asked: Asked) -> View:
    with _ground.open(_filters) as lake:
        found = question.conversion(lake, _asked)
    return View(key, _asked, found.steps, found.by_value if _asked.by else {}, found, _ground.version)
