"""Retention questions of a page."""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pandas as pd

from core.errors import InvalidRetention
from core.sequences.retention import Counting, Entry, Shares
from core.work.questions import funnels
from core.work.questions import retention as question
from core.work.questions.conditions import written
from core.work.questions.retention import AGES, COUNTINGS, ENTRIES, Age, Answer, Asked, Table
from core.work.questions.spans import UNITS, Unit, after
from dashboard.data import people
from dashboard.data.ground import Ground, stand
from dashboard.data.people import People
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = [
    "AGES", "COUNTINGS", "ENTRIES", "UNITS", "Age", "Answer", "Asked", "Cell", "Counting", "Entry", "Menu", "Shares", "Table",
    "Template", "Unit", "View", "answer", "menu", "parse_brackets",
]  # fmt: skip

VISITS = ("page_view", "product_view", "content_view", "live_enter", "home", "catalog", "login", "sign_in")
WHOLE, OTHER, NO_VALUE = "~all", "~other", "~none"
"""What the address calls everybody, the smaller values of a breakdown together, and entries without a value."""


@dataclass(frozen=True, slots=True)
class Template:
    """A common question. ``start`` and ``back``: of these, what the lake has."""

    start: tuple[str, ...]
    back: tuple[str, ...]
    entry: Entry

    def among(self, events: Sequence[str]) -> "Template | None":
        """The question as this lake can answer it; None when it cannot."""
        start, back = (tuple(one for one in names if one in events) for names in (self.start, self.back))
        return Template(start, back, self.entry) if start and back else None


TEMPLATES: dict[str, Template] = {
    "visit": Template(VISITS, VISITS, "first_ever"),
    "repurchase": Template(("order_placed",), ("order_placed",), "first_ever"),
    "speaking": Template(("join_group", "group_join"), ("group_message",), "first_ever"),
    "buying": Template(VISITS, ("order_placed",), "first_ever"),
    "contact": Template(("add_contact", "follow", "register"), ("order_placed",), "first_ever"),
    "coupon": Template(("coupon_claim",), ("order_placed",), "recurring"),
    "touch": Template(("touch_clicked",), ("order_placed",), "recurring"),
}
"""Common questions; each is offered where there is something that starts and something that returns."""


@dataclass(frozen=True, slots=True)
class Menu:
    """What can be asked of this lake."""

    events: tuple[str, ...]
    properties: tuple[str, ...]
    templates: dict[str, Template]


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in the table of cohorts. ``age``: first age of the interval, None for all who entered. In the address:
    ``2025-01-06`` or ``2025-01-06.3``."""

    cohort: date
    age: int | None = None

    @property
    def text(self) -> str:
        return self.cohort.isoformat() if self.age is None else f"{self.cohort.isoformat()}.{self.age}"

    @classmethod
    def of(cls, text: str) -> "Cell | None":
        """The place that a text of the address names; None when it names none."""
        found = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:\.(\d{1,5}))?", text, re.ASCII)
        if found is None:
            return None
        try:
            day = date.fromisoformat(found[1])
        except ValueError:
            return None
        return cls(day, None if found[2] is None else int(found[2]))


@dataclass(frozen=True, eq=False)
class View:
    """One answer. ``key``: what it was made from."""

    key: str
    asked: Asked
    answer: Answer
    version: int
    zone: str

    @cached_property
    def is_empty(self) -> bool:
        return not self.answer.whole.size.any()

    @cached_property
    def intervals(self) -> int:
        """How many intervals have begun for any cohort; later ones say nothing yet."""
        return int(self.answer.summary.is_begun.any(axis=0).sum())

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of the breakdown as the address calls them."""
        names = {question.OTHER: OTHER, None: NO_VALUE}
        return tuple(names.get(one, str(one)) for one in self.answer.groups)

    @property
    def missing(self) -> int:
        """How many entered by an event that names no value for the breakdown."""
        return int(self.answer.counts.size[-1].sum()) if self.asked.by else 0

    def table(self, group: str = WHOLE) -> Table:
        return self.answer.whole if group == WHOLE else self.answer.table(_group(group))

    def place(self, cell: Cell) -> tuple[int, int | None] | None:
        """Numbers of cohort and interval from 0; None when the answer has no such cell."""
        starts = self.asked.brackets[: self.intervals]
        if cell.cohort not in self.answer.cohorts or (cell.age is not None and cell.age not in starts):
            return None
        cohort = self.answer.cohorts.index(cell.cohort)
        interval = None if cell.age is None else starts.index(cell.age)
        if interval is not None and not self.answer.summary.is_begun[cohort, interval]:
            return None
        return cohort, interval

    def last_day(self, cohort: int) -> date:
        """Last day of a cohort."""
        return date.fromordinal(self.answer.days[cohort + 1].toordinal() - 1)

    def interval_days(self, cohort: int, interval: int) -> tuple[date, date] | None:
        """First and last day of a cell's interval, of calendar units; None where it lies apart for each member."""
        if self.asked.age == "rolling":
            return None
        low, high = self.asked.brackets[interval : interval + 2]
        start = self.answer.cohorts[cohort]
        end = after(start, self.asked.unit, high)
        return after(start, self.asked.unit, low), date.fromordinal(end.toordinal() - 1)


def menu() -> Menu:
    """Raises ``Forbidden``."""
    ground = stand("funnel.see")
    return _menu(key=ground.key, _ground=ground)


def answer(filters: Filters, asked: Asked, meanwhile: Callable[[], AbstractContextManager[None]] = nullcontext) -> View:
    """``meanwhile``: entered while the answer is being made, which nobody has asked for yet. Raises ``InvalidRetention``,
    ``InvalidFunnel`` (of a condition), ``Unknown`` and ``Forbidden``."""
    ground = stand("funnel.see")
    return _answer(
        key=f"{ground.key}|{filters}|{asked}", _ground=ground, _filters=filters, _asked=asked, _meanwhile=meanwhile
    )


def people_of(filters: Filters, view: View, cell: Cell, *, has_returned: bool, group: str = WHOLE) -> People:
    """Who entered a cohort, or who of them returned in an interval, or did not. Raises ``Forbidden``, and
    ``InvalidRetention`` for a cell that the answer does not have."""
    ground = stand("people.see")
    place = view.place(cell)
    if place is None:
        raise InvalidRetention("There is no such cell.", problem="cell")
    cohort, interval = place
    return _people(
        key=f"{view.key}|{cell.text}|{has_returned}|{group}", _ground=ground, _filters=filters, _view=view, _cohort=cohort,
        _interval=interval, _has_returned=has_returned, _group_text=group,
    )  # fmt: skip


def parse_brackets(text: str) -> tuple[int, ...]:
    """``0,1,3,7`` with commas of any kind or spaces. Raises ``InvalidRetention``."""
    parts = [part for part in re.split(r"[\s,，、;；]+", text.strip()) if part]
    if not parts or not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        raise InvalidRetention(f"{text!r} is no list of ages such as 0,1,3,7.", problem="brackets")
    return tuple(int(part) for part in parts)


def definition(asked: Asked) -> dict[str, object]:
    """A retention question as JSON."""
    return {
        "start": list(asked.start), "back": list(asked.back), "unit": asked.unit, "age": asked.age,
        "brackets": list(asked.brackets), "entry": asked.entry, "counting": asked.counting,
        "start_if": [written(one) for one in asked.start_conditions], "back_if": [written(one) for one in asked.back_conditions],
    }  # fmt: skip


def exported(view: View) -> pd.DataFrame:
    """All cells, one row each, as ``ask`` tells them."""
    return pd.DataFrame(question.rows(view.answer))


def _group(text: str) -> str | None:
    return {OTHER: question.OTHER, NO_VALUE: None}.get(text, text)


@kept.by_key(16)
def _menu(key: str, _ground: Ground) -> Menu:  # noqa: ARG001 - what it is cached by
    with _ground.open() as lake:
        events = tuple(funnels.event_names(lake)) if lake.as_of else ()
        properties = tuple(funnels.properties(lake)) if lake.as_of else ()
    fitting = {name: template.among(events) for name, template in TEMPLATES.items()}
    return Menu(events, properties, {name: found for name, found in fitting.items() if found})


@kept.by_key(8)
def _answer(
    key: str, _ground: Ground, _filters: Filters, _asked: Asked, _meanwhile: Callable[[], AbstractContextManager[None]]
) -> View:
    with _meanwhile(), _ground.open(_filters) as lake:
        return View(key, _asked, question.retention(lake, _asked), _ground.version, lake.zone)


@kept.by_key(16)
def _people(
    key: str, _ground: Ground, _filters: Filters, _view: View, _cohort: int, _interval: int | None, _has_returned: bool,
    _group_text: str,
) -> People:  # fmt: skip
    is_whole = _group_text == WHOLE
    row = None if is_whole else _view.answer.place(_group(_group_text))
    table = _view.table(_group_text)
    with _ground.open(_filters) as lake:
        frame = question.people(
            lake, _view.asked, _cohort, _interval, has_returned=_has_returned, group=row
        )  # fmt: skip
    figure = int(table.size[_cohort])
    if _interval is not None:
        returned = int(table.returned[_cohort, _interval])
        figure = returned if _has_returned else figure - returned
    by = {} if is_whole else {"by": _view.asked.by, "value": _group_text}
    cell = {"cohort": _view.answer.cohorts[_cohort].isoformat(), "has_returned": _has_returned}
    if _interval is not None:
        cell["interval"] = list(_view.asked.brackets[_interval : _interval + 2])
    return People(
        key,
        frame.assign(value=1),
        people.definition(_filters)
        | {"kind": "retention", "metric": "retention"}
        | definition(_view.asked)
        | cell
        | by,
        "stock_end",
        "rows",
        None,
        figure,
        _view.answer.currency,
        _view.version,
    )
