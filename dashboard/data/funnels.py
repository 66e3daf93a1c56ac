"""Funnel questions of a page: what can be asked, how a question stands in an address, and its answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypeVar

import numpy as np
from pandas import DataFrame

from core.errors import InvalidFunnel
from core.metrics.proportions import Comparison
from core.periods import Period, comparable
from core.sequences.funnel import SHORTEST_WINDOW, Count, Duration, Trend
from core.sequences.reasons import Explanation
from core.work.questions import conditions, spans
from core.work.questions import funnels as question
from core.work.questions.funnels import COUNTED, Along, Answer, Asked, Barrier, Entered
from core.work.questions.sequences import either, parse_barrier, parse_window
from dashboard.data import people
from dashboard.data.ground import Ground, stand
from dashboard.data.people import People
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = [
    "Along", "Asked", "Barrier", "Comparison", "Count", "Course", "Duration", "Entered", "Explanation", "Menu", "Trend", "View", "Why",
    "address", "answer", "asked_of", "barrier_text", "menu", "parse_window", "window_text",
]  # fmt: skip

ORDERS = ("sequential", "strict", "any")
ENTRIES = ("every", "first")
KEYS = (
    "step", "if", "order", "within", "step_within", "exclude", "count", "by", "entries", "path",
)  # fmt: skip
"""Parameters of the address that make up a funnel."""
MOST_STEPS = 10
LONGEST_SHOWN = timedelta(days=100_000)
"""Longest window that the builder can show, to be refused in words."""
WEEK = timedelta(days=7)
Against = Literal["before", "year", "days"]
Grain = Literal["day", "week"]
Words = Mapping[str, Sequence[str]]
LeaveOut = Callable[[str, str], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Template:
    """A common journey: names of each step, any of which fills it, and the usual window."""

    steps: tuple[tuple[str, ...], ...]
    within: timedelta = WEEK

    def where(self, known: frozenset[str]) -> "Template | None":
        """The journey with the names that exist; None where a step is left without one."""
        steps = tuple(tuple(name for name in names if name in known) for names in self.steps)
        return replace(self, steps=steps) if all(steps) else None


def _journey(*steps: str, within: timedelta = WEEK) -> Template:
    return Template(tuple(tuple(step.split("|")) for step in steps), within)


MONTH, QUARTER = timedelta(days=30), timedelta(days=90)
TEMPLATES: dict[str, Template] = {
    "purchase": _journey("product_view", "add_to_cart", "checkout", "order_placed"),
    "touch": _journey("touch_sent", "touch_clicked", "add_to_cart", "order_placed", "order_placed", within=QUARTER),
    "joining": _journey(
        "qr_scan", "add_contact", "join_group|group_join", "group_message", "order_placed", within=MONTH
    ),
    "checkout": _journey(
        "product_view", "add_to_cart", "cart", "shipping_details", "payment_details", "purchase"
    ),
    "content": _journey("content_view", "product_view", "add_to_cart", "order_placed"),
    "live": _journey("live_enter", "product_view", "add_to_cart", "order_placed"),
    "coupon": _journey("coupon_claim", "product_view", "add_to_cart", "order_placed"),
    "booking": _journey("booking_view", "booking_submit", "booking_pay", "booking_visit"),
}  # fmt: skip
"""Common journeys; each is offered where its events exist."""


@dataclass(frozen=True, slots=True)
class Menu:
    """What a funnel can be built from in this lake, which ``key`` names. ``properties``: to break down by; conditions also know
    ``amount``."""

    key: str
    events: tuple[str, ...]
    properties: tuple[str, ...]
    templates: dict[str, Template]


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


@dataclass(frozen=True, eq=False)
class Course:
    """Conversion by day or week of entry. ``starts``: first days; ``found.open_from``: the first of them whose entries may
    still convert. ``edges``: instants of the starts and of the end."""

    key: str
    grain: Grain
    starts: tuple[date, ...]
    found: Trend

    def place(self, text: str) -> int | None:
        """Of the day or week that begins on the day of this text; None where none does."""
        return {day.isoformat(): place for place, day in enumerate(self.starts)}.get(text)

    def entered(self, place: int) -> Entered:
        """Those who entered in one of the days or weeks."""
        edges = self.found.edges
        return Entered(since=int(edges[place]), until=int(edges[place + 1]))


@dataclass(frozen=True, eq=False)
class Beside:
    """Two answers side by side: ``second`` against ``first``, step by step. ``compared`` is empty where shares of
    independent people are not what is counted, or where some people stand on both sides (``common``)."""

    key: str
    first: tuple[Count, ...]
    second: tuple[Count, ...]
    compared: tuple[Comparison, ...]
    common: int
    first_period: Period | None = None
    second_period: Period | None = None
    is_known: bool = True
    """Whether the lake has data for the whole of the second period."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a member got no further, ``moments`` of the funnel as name and time, and until when there still is time to go on;
    ``open_until`` is None when there is none, or no end to it."""

    explained: Explanation
    moments: tuple[tuple[str, datetime], ...]
    open_until: datetime | None


# -- what can be asked -------------------------------------------------------------------------------------------------


def menu() -> Menu:
    """Raises ``Forbidden``."""
    ground = stand("funnel.see")
    return _menu(key=ground.key, _ground=ground)


def usual() -> Asked | None:
    """The first common journey that the lake has events for, as it is asked when nobody chose anything."""
    found = next(iter(menu().templates.values()), None)
    return Asked(found.steps, within=found.within) if found else None


# -- a question in the address -----------------------------------------------------------------------------------------


def address(asked: Asked) -> dict[str, list[str]]:
    """The question as parameters of the page's address, in words that no language changes; what is usual is left out.
    The path that it may be one of is not in it (see ``paths.along_text``)."""
    given: dict[str, list[str]] = {
        "step": [conditions.joined(step, "|") for step in asked.steps],
        "if": [f"{k}:{conditions.written(one)}" for k, part in enumerate(asked.conditions, 1) for one in part],
        "order": [asked.order] if asked.order != "sequential" else [],
        "within": [window_text(asked.within)] if asked.within != WEEK else [],
        "step_within": [window_text(asked.step_within)] if asked.step_within else [],
        "exclude": [barrier_text(one) for one in asked.barriers],
        "count": [asked.count] if asked.count != "members" else [],
        "by": [asked.by] if asked.by else [],
        "entries": [asked.entries] if asked.entries != "every" else [],
    }
    return {key: found for key, found in given.items() if found}


def barrier_text(barrier: Barrier) -> str:
    """What ``parse_barrier`` reads as this one."""
    return f"{conditions.joined(barrier.names, '|')}:{barrier.from_step}-{barrier.to_step}"


def asked_of(given: Words, along: Along | None = None, *, leave_out: LeaveOut = lambda _key, _text: None) -> Asked:
    """The question that an address holds, ``along`` a path where it names one. What cannot be read is left out, and said to
    ``leave_out`` by key and text; a funnel without steps is none yet."""
    texts = given.get("step", ())
    found = {number: either(text) for number, text in enumerate(texts[:MOST_STEPS], 1)}
    place = {number: at for at, number in enumerate((number for number, step in found.items() if step), 1)}
    for number, text in enumerate(texts, 1):
        if number not in place:
            leave_out("step", text)

    def of_step(text: str) -> tuple[int, conditions.Condition]:
        number, condition = conditions.parse_of_step(text)
        if number not in place:
            raise InvalidFunnel(f"There is no step {number}.", problem="condition", text=text)
        return place[number], condition

    return Asked(
        tuple(found[number] for number in place),
        order="strict" if along else _one(given, "order", ORDERS, leave_out),  # type: ignore[arg-type]
        within=_window(given, "within", WEEK, leave_out),
        by=next(iter(given.get("by", ())), None),
        count=_one(given, "count", COUNTED, leave_out),  # type: ignore[arg-type]
        conditions=conditions.by_step(_read(given, "if", of_step, leave_out), len(place)),
        step_within=_window(given, "step_within", None, leave_out),
        barriers=tuple(_read(given, "exclude", parse_barrier, leave_out)),
        entries=along.entries if along else _one(given, "entries", ENTRIES, leave_out),  # type: ignore[arg-type]
        along=along,
    )


def _one(given: Words, key: str, allowed: Sequence[str], leave_out: LeaveOut) -> str:
    """The value of a key; the first that is allowed where it says none of them."""
    found = next(iter(given.get(key, ())), allowed[0])
    if found in allowed:
        return found
    leave_out(key, found)
    return allowed[0]


def _window(given: Words, key: str, usual: timedelta | None, leave_out: LeaveOut) -> timedelta | None:
    """A window in the address; ``usual`` where it says none that the builder can show."""

    def shown(text: str) -> timedelta | None:
        found = parse_window(text)
        if found is not None and not SHORTEST_WINDOW <= found <= LONGEST_SHOWN:
            raise InvalidFunnel(f"{text!r} cannot be shown.", problem=key)
        return found

    return next(iter(_read(given, key, shown, leave_out)), usual)


def _read(given: Words, key: str, parse: Callable[[str], T], leave_out: LeaveOut) -> list[T]:
    """What the texts of a key say, as far as they say something."""
    found: list[T] = []
    for text in given.get(key, ()):
        try:
            found.append(parse(text))
        except InvalidFunnel:
            leave_out(key, text)
    return found


def window_text(within: timedelta | None) -> str:
    """The shortest text that ``parse_window`` reads as this window: ``7d``, ``12h``, ``30m``, ``none``."""
    if within is None:
        return "none"
    minutes = int(within.total_seconds() // 60)
    for unit, length in (("d", 1440), ("h", 60)):
        if minutes % length == 0:
            return f"{minutes // length}{unit}"
    return f"{minutes}m"


# -- answers -----------------------------------------------------------------------------------------------------------


def answer(filters: Filters, asked: Asked) -> View:
    """Raises ``InvalidFunnel``, ``Unknown`` and ``Forbidden``."""
    ground = stand("funnel.see")
    return _answer(key=f"{ground.key}|{filters}|{asked}", _ground=ground, _filters=filters, _asked=asked)


def course(view: View, filters: Filters, grain: Grain) -> Course:
    """Conversion of the view by day or ISO week of entry. Raises ``Forbidden``."""
    ground = stand("funnel.see")
    return _course(key=f"{view.key}|{grain}", _ground=ground, _view=view, _filters=filters, _grain=grain)


def period_beside(filters: Filters, asked: Asked, against: Against, days: Period | None = None) -> Beside:
    """The period to date beside another of as many days: the one before, the same weekdays 52 weeks earlier, or chosen
    days. Both are watched for equally long after their end. ``first`` is the other one, so that a difference above 0 is a
    rise. Raises ``InvalidFunnel``, ``Unknown`` and ``Forbidden``."""
    ground = stand("funnel.see")
    key = f"{ground.key}|{filters}|{asked}|{against}|{days}"
    return _period_beside(key=key, _ground=ground, _filters=filters, _asked=asked, _against=against, _days=days)


def segments_beside(view: View, one: int, other: int | None) -> Beside:
    """Members of a segment (second) beside those of another, or beside all who are not in it (first). Raises ``Unknown``,
    ``InvalidFunnel`` of attempts, and ``Forbidden``."""
    ground = stand("funnel.see")
    with ground.open() as lake:
        inside = lake.of_segment(one)
        rest = None if other is None else lake.of_segment(other)
    second = view.answer.among(inside)
    first = view.answer.among(inside, inside=False) if rest is None else view.answer.among(rest)
    return _beside(f"{view.key}|{one}|{other}", view.asked, first, second)


def people_of(filters: Filters, asked: Asked, step: int, *, dropped: bool, of: Entered = Entered()) -> People:
    """Who got to a step, or got to it and no further. Where sessions are counted, whose they are. Raises ``Forbidden``,
    ``InvalidFunnel`` and ``Unknown``."""
    guarded = stand("people.see")
    view = answer(filters, asked)
    frame = view.answer.dropped(step, of) if dropped else view.answer.reached(step, of)
    with guarded.open(filters) as lake:
        currency = lake.currency
    chosen = {"kind": "funnel", "step": step, "dropped": dropped, "of": _of_as_json(of)}
    rows = frame.assign(value=frame["depth"].astype("int64"))
    how, unit, total, figure = "depth", "steps", None, _figure(view, step, of, dropped=dropped)
    if asked.count == "sessions":
        rows = _owners(frame)
        how, unit, total = "rows", "rows", int(rows["value"].sum())
    return People(
        f"{view.key}|{step}|{dropped}|{of}", rows, people.definition(filters) | definition(asked) | chosen,
        how, unit, total, figure, currency, view.version,
    )  # fmt: skip


def why(filters: Filters, asked: Asked, member_id: int) -> Why:
    """Why a member got no further. Of somebody outside the operator's scope nothing is known. Raises ``Forbidden``,
    ``InvalidFunnel`` and ``Unknown``."""
    ground = stand("people.see")
    key = f"{ground.key}|{filters}|{asked}|{member_id}"
    return _why(key=key, _ground=ground, _filters=filters, _asked=asked, _member_id=member_id)


def moment(microseconds: int) -> datetime:
    """A kernel's time as an aware one."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def definition(asked: Asked) -> dict[str, object]:
    """A funnel as JSON, under ``funnel``: the parameters of its address, and the path it is one of."""
    along = {"along": asdict(asked.along) | {"gap": window_text(asked.along.gap)}} if asked.along else {}
    return {"funnel": address(asked) | along}


def _figure(view: View, step: int, of: Entered, *, dropped: bool) -> int:
    """The number on the page that a list stands behind, counted without the list."""
    if of.values is not None and view.asked.count != "attempts":
        places = range(step - 1, min(step + 1, len(view.steps)))
        steps = [sum(view.by_value[value][place].members for value in of.values) for place in places]
    elif of.since is not None and of.until is not None:
        steps = view.answer.trend(np.array([of.since, of.until]), of.until).by_step[0][step - 1 : step + 1].tolist()
    else:
        steps = list(view.answer.members(of)[step - 1 : step + 1])
    return int(steps[0] - (steps[1] if dropped and len(steps) > 1 else 0))


def _of_as_json(of: Entered) -> dict[str, object]:
    given = {"values": None if of.values is None else list(of.values), "since": of.since, "until": of.until}
    return {name: value for name, value in given.items() if value is not None}


def _owners(frame: DataFrame) -> DataFrame:
    """Members by how many of the sessions are theirs, the most first; sessions of nobody known are left out."""
    known = frame[frame["member_id"] != 0]
    counted = known.groupby("member_id").size().rename("value").reset_index()
    return counted.sort_values(["value", "member_id"], ascending=[False, True], ignore_index=True)


def _beside(
    key: str, asked: Asked, first: Answer, second: Answer, *, may_overlap: bool = True, **more: object
) -> Beside:
    """Somebody who enters in two periods is asked twice, as two people would be; within one period nobody may count twice."""
    common = len(set(first.entrants.tolist()) & set(second.entrants.tolist())) if may_overlap else 0
    is_tested = asked.count == "members" and not common
    compared = tuple(question.versus(first, second)) if is_tested else ()
    return Beside(key, first.steps, second.steps, compared, common, **more)  # type: ignore[arg-type]


def _other_period(now: Period, before: Period, against: Against, days: Period | None) -> Period:
    if against == "year":
        return Period(now.start_on - 52 * WEEK, now.end_on - 52 * WEEK)
    return days if against == "days" and days else before


@kept.by_key(16)
def _menu(key: str, _ground: Ground) -> Menu:
    with _ground.open() as lake:
        events = tuple(question.event_names(lake)) if lake.as_of else ()
        properties = tuple(question.properties(lake)) if lake.as_of else ()
    found = {name: template.where(frozenset(events)) for name, template in TEMPLATES.items()}
    return Menu(key, events, properties, {name: template for name, template in found.items() if template})


@kept.by_key(8)
def _answer(key: str, _ground: Ground, _filters: Filters, _asked: Asked) -> View:
    with _ground.open(_filters) as lake:
        found = question.conversion(lake, _asked)
    return View(key, _asked, found.steps, found.by_value if _asked.by else {}, found, _ground.version)


@kept.by_key(16)
def _course(key: str, _ground: Ground, _view: View, _filters: Filters, _grain: Grain) -> Course:
    with _ground.open(_filters) as lake:
        assert lake.as_of is not None and lake.as_of_on is not None and _filters.period is not None
        period, zone, as_of = _filters.period.to_date(lake.as_of_on), lake.zone, lake.as_of
    starts = [max(day, period.start_on) for day in spans.starts(period, _grain)[:-1]]
    edges = spans.edges([*starts, period.end_on], zone)
    known_until = (as_of - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) + 1
    return Course(key, _grain, tuple(starts), _view.answer.trend(edges, known_until))


@kept.by_key(8)
def _period_beside(
    key: str, _ground: Ground, _filters: Filters, _asked: Asked, _against: Against, _days: Period | None
) -> Beside:
    with _ground.open(_filters) as lake:
        assert lake.as_of is not None and lake.as_of_on is not None and lake.whole is not None
        now, before = comparable(_filters.period, lake.as_of_on)
        other = _other_period(now, before, _against, _days)
        is_known = lake.whole.start_on <= other.start_on and other.start_on <= lake.as_of_on
        now_until, other_until = question.watched_until(now, other, lake.as_of, lake.zone)
    first, second = (
        _watched(_ground, replace(_filters, period=period), _asked, until)
        for period, until in ((other, other_until), (now, now_until))
    )
    overlap = other.start_on < now.end_on and now.start_on < other.end_on
    periods = {"first_period": other, "second_period": now, "is_known": is_known}
    return _beside(key, _asked, first, second, may_overlap=overlap, **periods)


def _watched(ground: Ground, filters: Filters, asked: Asked, until: int) -> Answer:
    with ground.open(filters) as lake:
        return question.conversion(lake, asked, known_until=until)


def _open_until(asked: Asked, explained: Explanation, as_of: datetime | None) -> datetime | None:
    """Until when the attempt that is shown may still go on; None when its time is over, or has no end."""
    if as_of is None or not explained.step_at or explained.reason not in ("never", "before"):
        return None
    ends = [(min(explained.step_at), asked.within), (explained.step_at[-1], asked.step_within)]
    until = min((moment(at) + window for at, window in ends if window is not None), default=None)
    return until if until is not None and until > as_of else None


@kept.by_key(64)
def _why(key: str, _ground: Ground, _filters: Filters, _asked: Asked, _member_id: int) -> Why:  # noqa: ARG001 - cached by
    with _ground.open(_filters) as lake:
        explained, moments = question.why(lake, _asked, _member_id)
        return Why(explained, moments, _open_until(_asked, explained, lake.as_of))
