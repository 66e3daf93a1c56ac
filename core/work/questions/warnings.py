"""Warnings as pages show them: a list, one with its line, the matrix, and what Today and the bell count."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from core.errors import Unknown
from core.risk import matrix
from core.risk.indicators import INDICATORS, Field, Place
from core.risk.matrix import LEVELS, Cell, Level
from core.risk.rules import Rule
from core.scope import Operator
from core.store import incidents, risk_rules, warnings
from core.store.risk_tables import RiskEvaluation, RiskVerdict, RiskWarning
from core.store.session import Session
from core.work.home import Home
from core.work.questions import indicators, readings
from core.work.questions import risk_rules as rules_of
from core.work.questions.indicators import Lines
from core.work.questions.reading import reading
from core.work.questions.risk_rules import NOTHING_SAID, Kept, Precision
from core.work.segments import covers

BEFORE, AFTER = timedelta(days=90), timedelta(days=14)
"""Days around a warning that its line is shown of."""
TYPED: Field = "compliance"
"""The class of figures that are typed or imported."""
MOST = 500


@dataclass(frozen=True, slots=True)
class Said:
    """A person's word on a warning."""

    verdict: str
    note: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning. ``rule_name``: what the house calls the rule of its own; empty for one that the product brings, which is called by its key; ``detector`` is empty as well of one that there is no more. ``verdict``: the newest word
    of anybody. ``is_silent``: it says nothing before ``snoozed_until``. ``incident_id``: of the incident that it belongs to."""

    id: int
    kind: str
    rule_key: str
    rule_name: str
    rule_revision: int
    detector: str
    indicator: str
    field: Field
    place_by: str
    place_key: str
    place_name: str
    unit_id: str | None
    started_on: date
    last_on: date
    peak_on: date
    ended_on: date | None
    raised_at: datetime
    value: float | None
    expected: float | None
    limit: float | None
    unit: str
    details: Mapping[str, str]
    likelihood: int
    impact: int
    level: Level
    owner: str
    state: str
    closed_how: str | None
    closed_by: str | None
    closed_at: datetime | None
    reason: str
    snoozed_until: datetime | None
    is_silent: bool
    merged_into_id: int | None
    is_test: bool
    verdict: str | None
    incident_id: int | None
    revision: int

    @property
    def days(self) -> int:
        return (self.last_on - self.started_on).days + 1


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """The line of a warning around it: values of consecutive days from ``start_on`` on, NaN where nobody knows."""

    start_on: date
    values: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """One warning with all that is known of it. ``rule``: as it was when it raised the warning; ``precision``: of the rule as it stands. ``course`` is null of what is no figure, and where the
    data has its place no more. ``parts``: what was merged into it. ``verdicts``: the newest first."""

    warned: Warned
    rule: Rule | None
    precision: Precision
    course: Course | None
    verdicts: tuple[Said, ...]
    parts: tuple[Warned, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Open warnings that speak, by level, and ``silent`` ones; ``worst``: null where none is open."""

    by_level: Mapping[Level, int]
    silent: int

    @property
    def open(self) -> int:
        return sum(self.by_level.values())

    @property
    def worst(self) -> Level | None:
        return matrix.worst(level for level, count in self.by_level.items() if count)


@dataclass(frozen=True, slots=True)
class Looked:
    """When rules were last looked at, at which version of the lake, for how long, and what could not be: ``indicator``, ``by``, ``code``, ``message``."""

    at: datetime
    lake_version: int
    seconds: float
    rules: int
    lines: int
    raised: int
    closed: int
    failed: tuple[Mapping[str, str], ...]


def listed(
    home: Home,
    operator: Operator,
    now: datetime,
    *,
    states: Collection[str] = ("open",),
    fields: Collection[str] = (),
    levels: Collection[str] = (),
    place: Place | None = None,
    owner: str | None = None,
    since: date | None = None,
    with_tests: bool = False,
    most: int = MOST,
) -> list[Warned]:
    """Those that the operator sees: the gravest first, then the newest. What is not asked for (no ``fields``, ``levels``, ``states`` …) is not narrowed; ``owner`` empty: nobody's.
    Raises ``Forbidden``."""
    found = [
        one
        for one in _seen(home, operator, now, states, since)
        if (not fields or one.field in fields)
        and (not levels or one.level in levels)
        and (place is None or (one.place_by, one.place_key) == (place.by, place.key))
        and (owner is None or one.owner == owner)
        and (with_tests or not one.is_test)
    ]
    return sorted(found, key=lambda one: (-LEVELS.index(one.level), -one.started_on.toordinal(), -one.id))[:most]


def open_ones(home: Home, operator: Operator, now: datetime) -> list[Warned]:
    """As ``listed``. Raises ``Forbidden``."""
    return listed(home, operator, now)


def one(home: Home, operator: Operator, warning_id: int, now: datetime) -> Whole:
    """Raises ``Forbidden``, ``Unknown``, for one beyond the operator's units too."""
    operator.require("risk.see")
    mine = covers(home, operator)
    with home.store.reading() as session:
        row = warnings.one(session, warning_id)
        if not mine(None if row.unit_id is None else [row.unit_id]):
            raise Unknown("warning", str(warning_id))
        parts = warnings.merged_into(session, warning_id)
        told = _told(session, [row, *parts], now)
        rule = _rule_then(session, row, rules_of.standing(session))
        said = warnings.verdicts(session, [warning_id]).get(warning_id, [])
        precision = rules_of.precisions(session, mine).get(row.rule_key, NOTHING_SAID)
    return Whole(told[0], rule, precision, _course(home, operator, row, now), tuple(map(_word, said)), tuple(told[1:]))


def of(home: Home, operator: Operator, warning_ids: Collection[int], now: datetime) -> list[Warned]:
    """These, those that the operator sees, without their lines: the gravest first. Raises ``Forbidden``, ``Unknown``."""
    operator.require("risk.see")
    mine = covers(home, operator)
    with home.store.reading() as session:
        rows = [warnings.one(session, number) for number in warning_ids]
        found = _told(session, [row for row in rows if mine(None if row.unit_id is None else [row.unit_id])], now)
    return sorted(found, key=lambda one: (-LEVELS.index(one.level), one.id))


def board(home: Home, operator: Operator, now: datetime) -> dict[Cell, tuple[Warned, ...]]:
    """Open warnings by likelihood and impact, all 25 cells. Raises ``Forbidden``."""
    return matrix.board(((one.likelihood, one.impact), one) for one in open_ones(home, operator, now))


def counts(home: Home, operator: Operator, now: datetime) -> Counts:
    """Raises ``Forbidden``."""
    found = open_ones(home, operator, now)
    speaking = [one.level for one in found if not one.is_silent]
    return Counts({level: speaking.count(level) for level in LEVELS}, len(found) - len(speaking))


def looks(home: Home, operator: Operator, most: int = 20) -> list[Looked]:
    """The newest first. Raises ``Forbidden``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        return [_looked(row) for row in warnings.evaluations(session, most)]


# -- rows as values ----------------------------------------------------------------------------------------------------


def _seen(home: Home, operator: Operator, now: datetime, states: Collection[str], since: date | None) -> list[Warned]:
    operator.require("risk.see")
    mine = covers(home, operator)
    with home.store.reading() as session:
        rows = warnings.listed(session, states=states, since=since)
        return _told(session, [row for row in rows if mine(None if row.unit_id is None else [row.unit_id])], now)


def _told(session: Session, rows: Sequence[RiskWarning], now: datetime) -> list[Warned]:
    ids = [row.id for row in rows]
    words = {number: said[0].verdict for number, said in warnings.verdicts(session, ids).items()}
    of_incidents = incidents.of_warnings(session, ids)
    then = {(row.rule_key, row.rule_revision): row for row in rows}
    standing = rules_of.standing(session)
    rules = {key: _rule_then(session, row, standing) for key, row in then.items()}
    names = {key: ("", "") if rule is None else (rule.name, rule.detector) for key, rule in rules.items()}
    return [
        Warned(
            row.id, row.kind, row.rule_key, names[row.rule_key, row.rule_revision][0], row.rule_revision, names[row.rule_key, row.rule_revision][1],
            row.indicator, field_of(row.indicator, row.kind), row.place_by, row.place_key, row.place_name, row.unit_id, row.started_on, row.last_on,
            row.peak_on, row.ended_on, row.raised_at, row.value, row.expected, row.limit, row.unit, row.details or {}, row.likelihood, row.impact,
            matrix.level(row.likelihood, row.impact), row.owner, row.state, row.closed_how, row.closed_by, row.closed_at, row.reason, row.snoozed_until,
            row.snoozed_until is not None and row.snoozed_until > now, row.merged_into_id, row.is_test, words.get(row.id), of_incidents.get(row.id),
            row.revision,
        )
        for row in rows
    ]  # fmt: skip


def field_of(indicator: str, kind: str) -> Field:
    """The class that a warning is shown in: what the data lacks is the system's."""
    if kind != "figure":
        return "system"
    known = INDICATORS.get(indicator)
    return TYPED if known is None else known.field


def _rule_then(session: Session, row: RiskWarning, standing: Mapping[str, Kept]) -> Rule | None:
    """As it was when it raised the warning. One that the product brought and nobody had changed is told as it is now; null where it brings it no more."""
    if row.rule_revision:
        said = risk_rules.revised(session, row.rule_key, row.rule_revision)
        if not said.is_removed:
            rule, fault = rules_of.read(said.body)
            return None if fault else rule
    known = standing.get(row.rule_key)
    return None if known is None else known.rule


def _course(home: Home, operator: Operator, row: RiskWarning, now: datetime) -> Course | None:
    if row.kind != "figure":
        return None
    if row.indicator not in INDICATORS:
        typed = readings.lines(home).get(row.indicator) if operator.scope.sees_all else None
        return None if typed is None else _around(typed, row)
    with reading(home, scope=operator.scope, now=now) as lake:
        return _around(indicators.lines(lake, row.indicator, row.place_by), row)  # type: ignore[arg-type]


def _around(lines: Lines, row: RiskWarning) -> Course | None:
    place = next((n for n, one in enumerate(lines.places) if (one.by, one.key) == (row.place_by, row.place_key)), None)
    if place is None:
        return None
    first = max(0, (row.started_on - BEFORE - lines.start_on).days)
    last = max(first, (row.last_on + AFTER - lines.start_on).days + 1)
    return Course(lines.start_on + timedelta(days=first), lines.values[place, first:last])


def _word(row: RiskVerdict) -> Said:
    return Said(row.verdict, row.note, row.by, row.at)


def _looked(row: RiskEvaluation) -> Looked:
    return Looked(
        row.at, row.lake_version, row.seconds, row.rule_count, row.line_count, row.raised_count, row.closed_count, tuple(row.failed),
    )  # fmt: skip
