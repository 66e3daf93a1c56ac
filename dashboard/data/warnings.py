"""Warnings for the page of risks: the list, one with its line, what moved it and what happened beside, and who is behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import cast

import numpy as np
import pandas as pd

from core.errors import Refusal
from core.periods import Period, business_date
from core.risk.episodes import Bools, Floats
from core.risk.indicators import INDICATORS, Place
from core.risk.rules import OF_USUAL, By, Rule
from core.scope import Operator
from core.work.questions import alarms as questions
from core.work.questions import (
    beside,
    findings,
    incidents,
    indicators,
    risk_rules,
    root_causes,
    warning_owners,
    warnings,
    wordlists,
)
from core.work.questions.beside import Beside
from core.work.questions.incidents import Case
from core.work.questions.reading import Reading
from core.work.questions.risk_rules import Precision
from core.work.questions.root_causes import Causes, Dimension, Share
from core.work.questions.warnings import MOST, Course, Said, Warned, Whole
from core.work.warnings import LONGEST, MOST_DAYS
from dashboard.actions import guard
from dashboard.data import answers, freshness, notes, people, worlds
from dashboard.data.answers import Answer
from dashboard.data.ground import Ground, stand
from dashboard.data.notes import Note
from dashboard.data.people import People
from dashboard.filters import Filters
from dashboard.i18n import Language, language, moment
from dashboard.web import kept, wiring

__all__ = [
    "FEWEST_DAYS", "LONGEST", "MOST", "MOST_DAYS", "STATES", "Beside", "Case", "Causes", "Course", "Dimension", "Line", "Note", "Overall", "Precision", "Rule", "Said", "Share", "Span", "Warned", "Whole", "Written",
    "alarms", "causes", "currency", "happened", "has_causes", "has_people", "incidents_open", "is_calm", "key", "line", "listed", "one", "overall", "owners", "people_of", "people_of_part", "rule_titles", "since_yesterday",
    "today", "zone",
]  # fmt: skip

SEE = "risk.see"
STATES = ("open", "snoozed", "closed", "merged", "all")
"""What the list may be cut to. ``open``: and speaking."""
FEWEST_DAYS = 2
"""A warning of fewer has no span beside its farthest day."""
DAY = timedelta(days=1)


def key() -> str:
    """Changes whenever anything told of warnings could: with the lake, and with what is written of them. Raises ``Forbidden``."""
    return f"{stand(SEE).key}|{_revision()}"


def _revision() -> int:
    home = worlds.home()
    return kept.while_unwritten(home.store, ("risk revision", home.world), lambda: risk_rules.revision(home))


def listed(state: str = "open") -> list[Warned]:
    """In one of ``STATES``, the gravest first, then the newest; tests beside those that are told. Raises ``Forbidden``."""
    operator, home, now = guard.require(SEE), worlds.home(), wiring.now()
    asked = ("open",) if state in ("open", "snoozed") else () if state == "all" else (state,)
    name = ("warnings", home.world, operator.scope.key(), operator.role, asked, kept.moment(now), _ground().version)
    found = kept.while_unwritten(home.store, name, lambda: warnings.listed(home, operator, now, states=asked))
    if state in ("open", "snoozed"):
        return [one for one in found if one.is_silent == (state == "snoozed")]
    return found


def one(warning_id: int) -> Whole:
    """Raises ``Forbidden``, ``Unknown``."""
    operator, home, now = guard.require(SEE), worlds.home(), wiring.now()
    name = ("warning", home.world, operator.scope.key(), operator.role, warning_id, kept.moment(now), _ground().version)
    return kept.while_unwritten(home.store, name, lambda: warnings.one(home, operator, warning_id, now))


@dataclass(frozen=True, slots=True)
class Overall:
    """Of all rules together: how many of the warnings that people judged were true. ``share``: null where none was judged."""

    true: int
    judged: int

    @property
    def share(self) -> float | None:
        return self.true / self.judged if self.judged else None


def overall() -> Overall:
    """Raises ``Forbidden``."""
    operator, home = guard.require(SEE), worlds.home()
    name = ("precision", home.world, operator.scope.key(), _ground().version)
    found = kept.while_unwritten(home.store, name, lambda: risk_rules.precision(home, operator))
    return Overall(sum(one.true for one in found.values()), sum(one.judged for one in found.values()))


def is_calm(one: Warned) -> bool:
    """Whether an open one has not been spoken of again on the newest days: it is over when that has lasted for its rule's quiet days. Of what people type nobody knows newer days."""
    newest = freshness.read(SEE).as_of_on
    is_figure = one.kind == "figure" and one.indicator in INDICATORS
    return one.state == "open" and is_figure and newest is not None and one.last_on < newest


def today() -> date:
    return business_date(wiring.now(), zone())


def since_yesterday(found: list[Warned]) -> list[Warned]:
    """Those that were raised on the business day of yesterday or later, but for what was over when it was first seen."""
    yesterday = today() - DAY
    return [
        one for one in found if business_date(one.raised_at, zone()) >= yesterday and one.closed_at != one.raised_at
    ]


def owners(warning_id: int) -> tuple[str, ...]:
    """Who may answer for it. Raises ``Forbidden``, ``Unknown``."""
    operator, home, log = guard.require("risk.judge"), worlds.home(), wiring.accounts_store()
    return kept.while_unwritten(
        log, ("owners", home.world, warning_id), lambda: warning_owners.owners(home, log, operator, warning_id)
    )


def incidents_open() -> tuple[Case, ...]:
    """Raises ``Forbidden``."""
    operator, home, now = guard.require(SEE), worlds.home(), wiring.now()
    name = ("cases", home.world, operator.scope.key(), operator.role, kept.moment(now), _ground().version)
    return kept.while_unwritten(home.store, name, lambda: incidents.listed(home, operator, now=now))


def zone() -> str:
    return wiring.house().settings.zone


def currency() -> str:
    return freshness.read(SEE).currency


def _ground() -> Ground:
    return stand(SEE)


# -- its line ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Line:
    """Days around a warning from ``start_on`` on: the figure, what was ``expected``, and the ``bound`` of its rule; NaN where there is none. ``left_out``: days that the
    rule does not judge. ``notes``: feasts, campaigns and imports;
    ``incidents``: title, first and last day."""

    key: str
    start_on: date
    values: Floats
    expected: Floats
    bound: Floats
    left_out: Bools
    notes: tuple[Note, ...]
    incidents: tuple[tuple[str, date, date], ...]


def line(whole: Whole) -> Line | None:
    """None where there is nothing to draw. Raises ``Forbidden``."""
    if whole.course is None:
        return None
    ground, one = _ground(), whole.warned
    told = (one.id, one.started_on, one.last_on, one.revision, whole.rule)
    key = f"line of a warning|{ground.key}|{_revision()}|{told}"
    return _line(key=key, _ground=ground, _whole=whole, _operator=guard.require(SEE))


@kept.by_key(16)
def _line(key: str, _ground: Ground, _whole: Whole, _operator: Operator) -> Line | None:
    course, one, rule = _whole.course, _whole.warned, _whole.rule
    assert course is not None
    days = len(course.values)
    span = Period(course.start_on, course.start_on + timedelta(days=days))
    expected, bound, left_out = np.full(days, np.nan), np.full(days, np.nan), np.zeros(days, np.bool_)
    with _ground.open() as lake:
        try:
            told = None if rule is None else findings.judgement(_ground.home, lake, rule, one.place_key, today())
        except Refusal:
            told = None
        found = notes.of(lake, _ground, span)
    if told is not None:
        shift = (course.start_on - told.start_on).days
        if shift >= 0 and shift + days <= len(told.values):
            expected, left_out = told.expected[shift : shift + days], told.left_out[shift : shift + days]
            # Rules of what is usual ask each day by several measures: their bounds are no line.
            is_line = rule is not None and rule.detector not in OF_USUAL
            bound = told.bound[shift : shift + days] if is_line else bound
    cases = incidents.during(_ground.home, _operator, span.start_on, span.end_on, now=wiring.now())
    known = tuple((case.title, case.first_on, case.last_on) for case in cases)
    return Line(key, course.start_on, course.values, expected, bound, left_out, found, known)


# -- what moved it -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """Days of a warning that are looked into, both counted."""

    first: date
    last: date

    @staticmethod
    def of(one: Warned, *, is_whole: bool) -> "Span":
        """The day farthest out, or all of its days."""
        return Span(one.started_on, one.last_on) if is_whole else Span(one.peak_on, one.peak_on)


def has_causes(one: Warned) -> bool:
    """Whether the data can tell what moved it: not of what people type, nor of what the data lacks."""
    known = INDICATORS.get(one.indicator)
    return one.kind == "figure" and known is not None and one.place_by in known.by


def has_people(one: Warned) -> bool:
    """Whether its figure is of people."""
    return has_causes(one) and INDICATORS[one.indicator].metric.top.is_of_members


def causes(one: Warned, span: Span, within: Mapping[str, str | None]) -> Answer[Causes] | None:
    """Raises ``Forbidden``, ``Unknown``."""
    told = (one.indicator, one.place_by, one.place_key, span, tuple(sorted(within.items())))
    place = _place(one)

    def ask(lake: Reading) -> Causes:
        return root_causes.causes(lake, one.indicator, span.first, span.last, place=place, within=within)

    return answers.read(SEE, "causes of warnings", _of(span), told, ask)


def happened(one: Warned, span: Span) -> tuple[Beside, ...]:
    """What else happened on these days and before. Raises ``Forbidden``."""
    operator, ground = guard.require(SEE), _ground()
    return kept.while_unwritten(
        ground.home.store, ("beside", ground.key, operator.role, one.indicator, span),
        lambda: _beside(one, span),
    )  # fmt: skip


def _beside(one: Warned, span: Span) -> tuple[Beside, ...]:
    operator, ground, now = guard.require(SEE), _ground(), wiring.now()
    tables = root_causes.tables(one.indicator)
    with ground.open() as lake:
        return beside.happened(ground.home, operator, lake, tables, span.first, span.last, now=now) if tables else ()


def _place(one: Warned) -> Place:
    return Place(cast(By, one.place_by), one.place_key)


def _of(span: Span) -> Filters:
    return Filters(Period(span.first, span.last + DAY))


# -- what was written --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Written:
    """``who``: where the page of the member is (``people.links``); null of somebody nobody knows. ``at``: in words."""

    at: str
    kind: str
    source: str
    group: str
    who: str | None
    rules: tuple[str, ...]
    text: str


def alarms(one: Warned, span: Span) -> tuple[Written, ...]:
    """What is counted on these days, masked, the newest first, at most 20. Raises ``Forbidden``."""
    ground = stand("people.see")
    place = _place(one)
    return _alarms(key=f"alarms|{ground.key}|{place}|{span}|{language()}", _ground=ground, _place=place, _span=span)


@kept.by_key(16)
def _alarms(key: str, _ground: Ground, _place: Place, _span: Span) -> tuple[Written, ...]:  # noqa: ARG001 - what it is kept by
    with _ground.open() as lake:
        found = questions.alarms(lake, _place, _span.first, _span.last)
    known = pd.Series([each.member_id for each in found if each.member_id is not None], dtype="int64")
    links = dict(zip(known.tolist(), people.links(known), strict=True))
    return tuple(
        Written(
            moment(each.at.replace(tzinfo=UTC), zone()), each.kind, each.source, each.group or "", links.get(each.member_id or 0), each.rules, each.text
        )
        for each in found
    )  # fmt: skip


def rule_titles(of: Language) -> dict[str, str]:
    """What the rules of sensitive words are called."""
    return {rule.name: rule.title[of] for rule in wordlists.rules()}


# -- people ------------------------------------------------------------------------------------------------------------


def people_of(one: Warned) -> People:
    """Those whose figure it is, on the day farthest out. Raises ``Forbidden``, ``Unknown``."""
    ground, place = stand("people.see"), _place(one)
    days = INDICATORS[one.indicator].window_days
    span = Span(one.peak_on - timedelta(days=days - 1), one.peak_on)
    figure = one.value if INDICATORS[one.indicator].metric.bottom is None else None
    return _people(
        key=f"warning|{ground.key}|{one.indicator}|{place}|{span}", _ground=ground, _one=one, _span=span, _told={"part": "all"}, _figure=figure,
        _ask=lambda lake: indicators.behind(lake, one.indicator, place, one.peak_on),
    )  # fmt: skip


def people_of_part(one: Warned, span: Span, found: Causes, dimension: str, of: str | None, within: Mapping[str, str | None]) -> People:  # fmt: skip
    """Those of one part. Raises ``Forbidden``, ``Unknown``."""
    ground, place, now = stand("people.see"), _place(one), found.compared.now
    rows = next((each.rows for each in found.dimensions if each.name == dimension), ())
    share = next((row for row in rows if row.key == of), None)
    figure = share.value if share is not None and found.metric.bottom is None else None
    told = {"part": dimension, "value": of, "within": dict(within)}
    return _people(
        key=f"warning part|{ground.key}|{one.indicator}|{place}|{span}|{told}", _ground=ground, _one=one, _span=Span(now.start_on, now.last_on), _told=told, _figure=figure,
        _ask=lambda lake: root_causes.behind(lake, one.indicator, span.first, span.last, dimension, of, place=place, within=within),
    )  # fmt: skip


@kept.by_key(16)
def _people(key: str, _ground: Ground, _one: Warned, _span: Span, _told: Mapping[str, object], _figure: float | None, _ask: object) -> People:  # fmt: skip
    metric = INDICATORS[_one.indicator].metric
    with _ground.open(_of(_span)) as lake:
        frame: pd.DataFrame = _ask(lake)  # type: ignore[operator]
        money = lake.currency
    is_counted = metric.top.how == "members"
    total = int(frame["value"].sum()) if len(frame) else 0
    figure = len(frame) if is_counted else total
    definition = people.definition(_of(_span)) | {
        "kind": "warning", "metric": f"warning-{_one.indicator}", "indicator": _one.indicator, "by": _one.place_by, "place": _one.place_key,
    } | dict(_told)  # fmt: skip
    how = "members" if is_counted else "sum" if metric.top.how == "sum" else "rows"
    unit = "money" if metric.unit == "money" or metric.name == "refund_share" else "rows"
    # A ratio has no number of its own for its people to add up to.
    own = figure if _figure is None else round(_figure)
    return People(key, frame, definition, how, unit, total, own, money, _ground.version)
