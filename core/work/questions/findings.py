"""What rules find: in the lines of indicators, in what the tables and sources of the lake bring, and in queries that fail.

Preview and the worker's evaluation ask the same, so that what is shown before saving is what will be raised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

import numpy as np

from core import schema
from core.calendar import days as public_days
from core.errors import Refusal, Unknown
from core.models.forecast.line import BYS, Line
from core.risk import indicators
from core.risk.detectors import Course, judge
from core.risk.episodes import Bools, Episode, Floats, episodes
from core.risk.rules import OF_DAYS, OF_THE_SYSTEM, By, InvalidRule, Rule
from core.scope import EVERYTHING
from core.store import forecasts
from core.work.home import Home
from core.work.questions import calendar, readings, today
from core.work.questions import indicators as questions
from core.work.questions.indicators import Lines
from core.work.questions.reading import DATED, Reading
from core.work.questions.today import Rhythm

Kind = Literal["figure", "missing", "failing", "late"]
MOST_DAYS = 730
COUNTED = ("members", "orders", "rows")
"""Units of what is counted in whole numbers."""
LONGEST_MESSAGE = 300
AROUND_DAYS = 1
"""Holidays reach a day to both sides at least (facts of anomaly rules: public holidays +-1 day), festivals as far as their window does."""
MOST_AROUND = timedelta(days=60)
SERIES: Mapping[str, str] = {
    "visits": "traffic", "new_members": "new_members", "active_members": "active_members", "messages": "messages", "orders": "orders",
    "gross_revenue": "gmv",
}  # fmt: skip
"""Indicators that are forecast, and the measure that is the same."""


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """``by``: as of indicators, and for the data itself ``table`` or ``source``. ``unit_id``: the unit that it is or lies in."""

    by: str = ""
    key: str = ""
    name: str = ""
    unit_id: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One span of days out of order, ``[started_on, last_on]``. ``value``, ``expected``, ``limit`` are of ``peak_on``, in the indicator's ``unit``; null = there is none.
    ``newest_on``: the last day that was looked at."""

    rule: str
    kind: Kind
    indicator: str
    place: Where
    started_on: date
    last_on: date
    peak_on: date
    newest_on: date
    is_open: bool
    value: float | None = None
    expected: float | None = None
    limit: float | None = None
    unit: str = ""
    details: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """An indicator that could not be read or judged, by the rules that ask for it."""

    indicator: str
    by: str
    code: str
    message: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """``lines``: how many were looked at."""

    found: tuple[Finding, ...]
    failed: tuple[Failed, ...]
    lines: int


def of(home: Home, lake: Reading, rules: Mapping[str, Rule], on: date) -> Findings:
    """Of all rules, each indicator read once. What fails is told and stops nothing else. ``on``: the business day that it is."""
    asked = _Asked(home, lake, rules, on)
    found: list[Finding] = []
    for key, rule in rules.items():
        if rule.detector not in OF_THE_SYSTEM:
            found += asked.figures(key, rule)
    for key, rule in rules.items():
        if rule.detector in OF_THE_SYSTEM:
            found += {"missing": _missing, "failing": _failing, "late": _late}[rule.detector](asked, key, rule)
    return Findings(tuple(found), tuple(asked.failures()), asked.line_count)


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """One line as a rule sees it, days from ``start_on`` on: ``values``, what was ``expected`` of each day, and the ``bound`` beyond which the rule is broken; NaN where there is
    none. ``left_out``: days that it does not judge."""

    start_on: date
    values: Floats
    expected: Floats
    bound: Floats
    left_out: Bools


def judgement(home: Home, lake: Reading, rule: Rule, key: str, on: date) -> Judgement | None:
    """Of the rule's place of that key; null where the data has it no more. Raises ``Unknown``, ``InvalidRule``."""
    asked = _Asked(home, lake, {}, on)
    lines = asked.lines(rule.indicator, rule.by)
    place = next((n for n, one in enumerate(lines.places) if one.key == key), None) if lines is not None else None
    if lines is None or place is None:
        return None
    course = asked.course(rule, lines)
    told = judge(rule, course)
    left_out = course.skipped if rule.skips_holidays else course.with_holidays.skipped
    return Judgement(lines.start_on, lines.values[place], told.expected[place], told.bound[place], left_out)


def refuse(home: Home, rule: Rule) -> None:
    """Raises ``Unknown`` for an indicator that there is not, ``InvalidRule`` for one that is not told or not forecast like that."""
    if rule.detector in OF_THE_SYSTEM:
        return
    with home.store.reading() as session:
        typed = readings.known(session)
    for name in (rule.indicator, *(rule.others if rule.detector in OF_DAYS else ())):
        if name not in indicators.INDICATORS and name not in typed:
            raise Unknown("indicator", name, (*indicators.INDICATORS, *typed))
    bys: tuple[str, ...] = ("",) if rule.indicator in typed else indicators.find(rule.indicator).by
    if rule.by not in bys:
        raise InvalidRule(f"{rule.indicator} is not told by {rule.by or 'the house'}.", field="by")
    if rule.detector == "forecast" and (rule.indicator not in SERIES or rule.by not in ("", *BYS)):
        raise InvalidRule(f"{rule.indicator} is not forecast.", field="detector")


# -- figures -----------------------------------------------------------------------------------------------------------


@dataclass
class _Asked:
    """What rules ask for, each read once."""

    home: Home
    lake: Reading
    rules: Mapping[str, Rule]
    on: date
    line_count: int = 0
    _lines: dict[tuple[str, By], Lines | None] = field(default_factory=dict)
    _failed: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    _failed_rules: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _typed: dict[str, Lines] | None = None
    _units: dict[str, str | None] | None = None
    _courses: dict[tuple[object, ...], Course] = field(default_factory=dict)

    def figures(self, key: str, rule: Rule) -> list[Finding]:
        """What one rule finds; nothing where its indicator cannot be read or judged, which is kept among the failures."""
        about = (rule.indicator, rule.by)
        try:
            if about in self._failed:
                raise _Known
            lines = self.lines(rule.indicator, rule.by)
            if lines is None or not lines.days or not lines.places:
                return []
            return [self._finding(key, rule, lines, one) for one in episodes(rule, self.course(rule, lines))]
        except _Known:
            self._failed_rules[about].append(key)
        except Refusal as refusal:
            self._fail(about, key, refusal.code, str(refusal))
        except Exception as error:  # whatever fails is warned of; the other rules go on
            self._fail(about, key, type(error).__name__, str(error))
        return []

    def lines(self, indicator: str, by: By) -> Lines | None:
        """None where nothing was ever said of a reading."""
        if (indicator, by) not in self._lines:
            found = self._read(indicator, by)
            self._lines[indicator, by] = found
            self.line_count += 0 if found is None else len(found.places)
        return self._lines[indicator, by]

    def _read(self, indicator: str, by: By) -> Lines | None:
        if indicator in indicators.INDICATORS:
            return questions.lines(self.lake, indicator, by, days=MOST_DAYS)
        with self.home.store.reading() as session:
            known = readings.known(session)
        if indicator not in known:
            raise Unknown("indicator", indicator, (*indicators.INDICATORS, *known))
        if self._typed is None:
            self._typed = readings.lines(self.home, until_on=self.on + timedelta(days=1))
        return self._typed.get(indicator)

    def course(self, rule: Rule, lines: Lines) -> Course:
        """One for all rules that ask the same of the lines, for what is usual is learnt from them once."""
        about = (
            rule.indicator, rule.by, rule.detector == "forecast", rule.detector == "threshold", rule.others if rule.detector in OF_DAYS else (),
        )  # fmt: skip
        if about not in self._courses:
            known = indicators.INDICATORS.get(rule.indicator)
            is_count = known is not None and known.metric.bottom is None and known.metric.unit in COUNTED
            forecast = _forecast(self.home, lines) if rule.detector == "forecast" else None
            others = self._others(rule, lines) if rule.detector in OF_DAYS else None
            masked = self._masked(lines, with_festivals=rule.detector != "threshold")
            self._courses[about] = Course(lines.values, masked, is_count, forecast, others)
        return self._courses[about]

    def _others(self, rule: Rule, lines: Lines) -> Floats:
        """Further indicators of the whole house on the same days; those that the data does not tell are left out."""
        rows = []
        for name in rule.others:
            other = self.lines(name, "")
            if other is None or not other.places:
                continue
            row = np.full(lines.days, np.nan)
            for n in range(lines.days):
                place = n + (lines.start_on - other.start_on).days
                if 0 <= place < other.days:
                    row[n] = other.values[0, place]
            rows.append(row)
        return np.array(rows, float).reshape(len(rows), lines.days)

    def _masked(self, lines: Lines, *, with_festivals: bool) -> Bools:
        """Days on which the house is closed and days off of public holidays with a day to both sides; and where asked for, all days that feasts and shopping festivals change."""
        end = lines.start_on + timedelta(days=lines.days)
        known = calendar.known(self.home, lines.start_on - MOST_AROUND, end + MOST_AROUND)
        holidays = [
            one.on for one in public_days(lines.start_on - MOST_AROUND, end + MOST_AROUND) if one.kind == "holiday"
        ]
        around = [(on, AROUND_DAYS, AROUND_DAYS) for on in holidays]
        if with_festivals:
            around += [
                (one.on, max(AROUND_DAYS, one.before_days), max(AROUND_DAYS, one.after_days)) for one in known.events
            ]
        off = {on + timedelta(days=n) for on, before, after in around for n in range(-before, after + 1)}
        off |= set(known.closed)
        return np.array([lines.start_on + timedelta(days=n) in off for n in range(lines.days)], np.bool_)

    def _finding(self, key: str, rule: Rule, lines: Lines, one: Episode) -> Finding:
        place, name = lines.places[one.line], lines.names[one.line]

        def day(number: int) -> date:
            return lines.start_on + timedelta(days=number)

        known = indicators.INDICATORS.get(rule.indicator)
        where = Where(place.by, place.key, name if place.by else "", self._unit_of(place.by, place.key))
        return Finding(
            key, "figure", rule.indicator, where, day(one.first), day(one.last), day(one.peak), day(lines.days - 1), one.is_open,
            _number(one.value), _number(one.expected), _number(one.limit), "" if known is None else known.metric.unit,
        )  # fmt: skip

    def _unit_of(self, by: str, key: str) -> str | None:
        if by != "group":
            return key if by == "unit" else None
        if self._units is None:
            rows = self.lake.snapshot.arrow(self.lake.snapshot.current("groups").select("group_id", "unit_id"))
            self._units = dict(zip(rows["group_id"].to_pylist(), rows["unit_id"].to_pylist(), strict=True))
        return self._units.get(key) or None

    def _fail(self, about: tuple[str, str], key: str, code: str, message: str) -> None:
        self._failed[about] = (code, message[:LONGEST_MESSAGE])
        self._failed_rules.setdefault(about, []).append(key)

    def failures(self) -> list[Failed]:
        return [
            Failed(*about, *self._failed[about], tuple(self._failed_rules[about])) for about in sorted(self._failed)
        ]


class _Known(Exception):
    """It failed before."""


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _forecast(home: Home, lines: Lines) -> Floats:
    """What was published for the days, each by the newest forecast that did not know the day yet; NaN where nothing was."""
    found = np.full(lines.values.shape, np.nan)
    measure = SERIES.get(lines.indicator)
    if measure is None:
        raise InvalidRule(f"{lines.indicator} is not forecast.", field="detector")
    with home.store.reading() as session:
        for number, place in enumerate(lines.places):
            line = Line(measure) if not place.by else Line(measure, place.by, place.key)  # type: ignore[arg-type]
            published = forecasts.published(session, line.text, EVERYTHING.key())
            for day in forecasts.days(session, [row.id for row in published]):  # by number: later ones say it again
                n = (day.day_on - lines.start_on).days
                if 0 <= n < lines.days:
                    found[number, n] = day.point
    return found


# -- the data itself ---------------------------------------------------------------------------------------------------


def _missing(asked: _Asked, key: str, rule: Rule) -> list[Finding]:
    """Tables that bring nothing while the lake goes on: for more days than the rule allows, and for longer than they usually pause."""
    lake = asked.lake
    newest = lake.as_of_on
    if newest is None:
        return []
    there = [name for name in DATED if lake.snapshot.files(name)]
    found = [(name, one) for name in there if (one := _rhythm(lake, name, newest)) is not None]
    return [
        _silent(
            key,
            "missing",
            Where("table", name, name),
            one,
            newest,
            max(rule.limit, today.LATE_FACTOR * (one.usual_days or 0.0)),
        )
        for name, one in found
        if one.state == "late" and _is_over(rule, one.age_days)
    ]


def _is_over(rule: Rule, days: int) -> bool:
    return days >= rule.limit if rule.is_inclusive else days > rule.limit


def _rhythm(lake: Reading, table: str, newest: date) -> Rhythm | None:
    assert schema.TABLES[table].is_fact
    rows = lake.snapshot.table(table).select("local_date").distinct().order_by("local_date")
    days = lake.snapshot.arrow(rows)["local_date"].to_pylist()
    return Rhythm(table, days[-1], (newest - days[-1]).days, today.usual_gap(days)) if days else None


def _late(asked: _Asked, key: str, rule: Rule) -> list[Finding]:
    """Sources whose next delivery is overdue by the rule's limit, times their usual gap, and by more than a day."""
    found = []
    for one in today.rhythms(asked.lake, asked.on):
        if one.state == "silent" or one.usual_days is None:
            continue
        limit = max(rule.limit * one.usual_days, 1.0)
        if one.age_days > limit or (rule.is_inclusive and one.age_days == limit):
            found.append(_silent(key, "late", Where("source", one.source, one.source), one, asked.on, limit))
    return found


def _silent(key: str, kind: Kind, place: Where, one: Rhythm, newest: date, limit: float) -> Finding:
    return Finding(
        key, kind, kind, place, one.last_on + timedelta(days=1), newest, newest, newest, True, float(one.age_days), one.usual_days, limit, "days",
    )  # fmt: skip


def _failing(asked: _Asked, key: str, _rule: Rule) -> list[Finding]:
    return [
        Finding(
            key, "failing", one.indicator, Where(), asked.on, asked.on, asked.on, asked.on, True,
            details={"code": one.code, "message": one.message, "by": one.by},
        )
        for one in _one_each(asked.failures())
    ]  # fmt: skip


def _one_each(failed: Sequence[Failed]) -> list[Failed]:
    """The first of each indicator."""
    return list({one.indicator: one for one in reversed(failed)}.values())[::-1]
