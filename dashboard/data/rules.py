"""Rules of warnings as the page shows them: how each stands, what it raised, what a draft of one would have raised, and when all were last looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import get_args

import numpy as np

from core.errors import Refusal, Unknown
from core.risk.defaults import DEFAULTS
from core.risk.indicators import INDICATORS, Place
from core.risk.matrix import Level, level
from core.risk.rules import MOST_DAYS, OF_DAYS, OF_THE_SYSTEM, OF_USUAL, By, Detector, Direction, InvalidRule, Rule
from core.store import calendar, forecasts, register, topics
from core.store import risk_rules as rows
from core.work import risk_rules
from core.work.questions import indicators, readings, today, warnings
from core.work.questions import risk_rules as questions
from core.work.questions.findings import SERIES, Failed, Finding, Where
from core.work.questions.risk_rules import NOTHING_SAID, Kept, Precision
from core.work.questions.untold import SMALL
from core.work.questions.warnings import Looked
from core.work.risk_rules import LONGEST_NAME, PREVIEW_DAYS, Preview
from dashboard.actions import guard
from dashboard.data import freshness
from dashboard.data.ground import Ground, stand
from dashboard.web import kept, wiring

__all__ = [
    "DEFAULTS", "DETECTORS", "DIRECTIONS", "INDICATORS", "LONGEST_NAME", "MOST_DAYS", "NEWEST", "OF_DAYS", "OF_THE_SYSTEM", "OF_USUAL", "PREVIEW_DAYS", "SERIES", "SMALL", "By", "Course",
    "Detector", "Direction", "Failed", "Finding", "InvalidRule", "Kept", "Level", "Listed", "Looked", "Precision", "Preview", "Refusal", "Rule", "Rules", "Unknown", "Where", "bys", "course", "has_worker",
    "history", "looks", "preview", "read", "sees_all",
]  # fmt: skip

SEE, WRITE = "risk.see", "risk.write"
DETECTORS: tuple[Detector, ...] = get_args(Detector)
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
SPAN = timedelta(days=PREVIEW_DAYS)
NEWEST = 10
"""Looks at all rules that are told."""
EVERY = 1_000_000


@dataclass(frozen=True, slots=True)
class Listed:
    """One rule. ``fired``: warnings of which any day lies in the last 180, as the preview counts them; ``last_on``: when the newest of all began, null where there never was one."""

    kept: Kept
    level: Level
    precision: Precision
    fired: int
    last_on: date | None

    @property
    def rule(self) -> Rule:
        return self.kept.rule


@dataclass(frozen=True)
class Rules:
    """By key. ``typed``: readings that people type or import, by key, with their units. ``key`` changes with any of it."""

    key: str
    every: dict[str, Listed]
    removed: tuple[Kept, ...]
    typed: dict[str, str]
    zone: str
    currency: str


def read() -> Rules:
    """What was raised in the reader's units. Raises ``Forbidden``."""
    ground, fresh = stand(SEE), freshness.read(SEE)
    newest = fresh.as_of_on or wiring.now().date()
    revision = kept.while_unwritten(ground.home.store, "risk revision", lambda: _revision(ground))
    return _read(key=f"rules|{ground.key}|{revision}|{newest}", _ground=ground, _newest=newest, _fresh=fresh)


@kept.by_key(8, seconds=60)
def _read(key: str, _ground: Ground, _newest: date, _fresh: freshness.Freshness) -> Rules:
    home, operator = _ground.home, _ground.operator
    said = questions.precision(home, operator)
    raised = warnings.listed(home, operator, wiring.now(), states=(), most=EVERY)
    every = {}
    for name, one in questions.rules(home, operator).items():
        mine = [row for row in raised if row.rule_key == name]
        fired = sum(row.last_on > _newest - SPAN for row in mine)
        last = max((row.started_on for row in mine), default=None)
        every[name] = Listed(
            one, level(one.rule.likelihood, one.rule.impact), said.get(name, NOTHING_SAID), fired, last
        )
    with home.store.reading() as session:
        typed = {name: one.unit for name, one in readings.known(session).items()}
    gone = tuple(questions.removed(home, operator).values())
    return Rules(key, every, gone, typed, _fresh.zone, _fresh.currency)


def _revision(ground: Ground) -> tuple[object, ...]:
    with ground.home.store.reading() as session:
        asked = (rows.TOPIC, calendar.TOPIC, forecasts.TOPIC, register.TOPIC)
        return topics.revisions(session, asked)


def bys(indicator: str) -> tuple[By, ...]:
    """What an indicator may be told by; readings are of the whole house."""
    found = INDICATORS.get(indicator)
    return ("",) if found is None else found.by


def preview(rule: Rule) -> Preview:
    """What the rule would have raised in 180 days. Raises ``Forbidden``, ``InvalidRule``, ``Unknown``."""
    ground = stand(WRITE)
    revision = kept.while_unwritten(ground.home.store, "risk revision", lambda: _revision(ground))
    told = {
        name: one
        for name, one in rule.to_json().items()
        if name not in ("name", "owner", "likelihood", "impact", "is_on")
    }
    return _preview(key=f"preview|{ground.key}|{revision}|{told}", _ground=ground, _rule=rule)


@kept.by_key(32)
def _preview(key: str, _ground: Ground, _rule: Rule) -> Preview:  # noqa: ARG001 - what it is cached by
    return risk_rules.preview(_ground.home, _ground.operator, _rule, wiring.now())


@dataclass(frozen=True, eq=False)
class Course:
    """Values of consecutive days of one place, null where nobody knows; ``key`` names it."""

    key: str
    start_on: date
    values: tuple[float | None, ...]


def course(rule: Rule, place: Where, days: int = PREVIEW_DAYS) -> Course | None:
    """Of the rule's indicator, as far as the data goes; None where there is none. Raises ``Forbidden``, ``Unknown``."""
    ground = stand(WRITE)
    revision = kept.while_unwritten(ground.home.store, "risk revision", lambda: _revision(ground))
    key = f"rule course|{ground.key}|{revision}|{rule.indicator}|{place.by}|{place.key}|{days}"
    return _course(key=key, _ground=ground, _rule=rule, _place=place, _days=days)


@kept.by_key(32)
def _course(key: str, _ground: Ground, _rule: Rule, _place: Where, _days: int) -> Course | None:
    if _rule.indicator in INDICATORS:
        with _ground.open() as lake:
            found = indicators.lines(lake, _rule.indicator, _rule.by)
    else:
        typed = readings.lines(_ground.home).get(_rule.indicator)
        if typed is None:
            return None
        found = typed
    at = next((n for n, one in enumerate(found.places) if one == Place(_rule.by, _place.key)), None)
    if at is None:
        return None
    first = max(found.days - _days, 0)
    values = tuple(float(one) if np.isfinite(one) else None for one in found.values[at, first:])
    return Course(key, found.start_on + timedelta(days=first), values)


def looks() -> Sequence[Looked]:
    """When all rules were looked at, the newest first. Raises ``Forbidden``."""
    ground = stand(SEE)
    return kept.while_unwritten(
        ground.home.store, "risk looks", lambda: warnings.looks(ground.home, ground.operator, NEWEST)
    )


def history(key: str) -> list[Kept]:
    """All that was ever said of a rule, the newest first. Raises ``Forbidden``."""
    ground = stand(SEE)
    return kept.while_unwritten(
        ground.home.store, ("rule history", key), lambda: questions.history(ground.home, ground.operator, key)
    )


def sees_all() -> bool:
    """Whether the reader sees the whole house."""
    return guard.require(SEE).scope.sees_all


def has_worker() -> bool:
    """Whether anybody looks at all."""
    with wiring.accounts_store().reading() as session:
        return today.worker_item(session, now=wiring.now()) is None
