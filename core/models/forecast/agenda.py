"""The calendar of a house: the built-in events as it changed them, and its own.

What somebody says is an ``Entry``; what is on in a span are ``Occasion``\\ s, those that are switched off among them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, get_args

from core.errors import InvalidCalendar
from core.models.forecast.festivals import BUILT_IN, occurrences
from core.models.forecast.history import Event

Kind = Literal["event", "occurrence", "own", "campaign", "closed"]
RuleKind = Literal["dates", "weekly", "monthly"]
OWN_KINDS: tuple[Kind, ...] = ("own", "campaign", "closed")
MOST_BEFORE, MOST_AFTER = 60, 60
MOST_DATES = 366


@dataclass(frozen=True, slots=True)
class Rule:
    """Days of an event of the house. ``dates``: exactly ``dates``; ``weekly``: each ``weekday`` (Monday = 0); ``monthly``: each of
    ``month_days``, where a month is shorter its last day. Weekly and monthly ones begin with ``from_on`` and end with ``until_on``; null = open."""

    kind: RuleKind
    dates: tuple[date, ...] = ()
    weekday: int | None = None
    month_days: tuple[int, ...] = ()
    from_on: date | None = None
    until_on: date | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(RuleKind):
            raise _invalid("rule", f"A rule is one of {get_args(RuleKind)}, not {self.kind!r}.")
        if self.kind == "dates" and not 1 <= len(self.dates) <= MOST_DATES:
            raise _invalid("dates", f"Name 1 to {MOST_DATES} days.", most=MOST_DATES)
        if self.kind == "weekly" and (self.weekday is None or not 0 <= self.weekday <= 6):
            raise _invalid("weekday", "A weekday is 0 (Monday) to 6.")
        if self.kind == "monthly" and not (self.month_days and all(1 <= one <= 31 for one in self.month_days)):
            raise _invalid("month_days", "Days of a month are 1 to 31.")
        if self.from_on and self.until_on and self.until_on < self.from_on:
            raise _invalid("span", "It ends before it begins.")

    def on(self, start_on: date, end_on: date) -> list[date]:
        """Its days within ``[start_on, end_on)``, oldest first, each once."""
        first = max(start_on, self.from_on or start_on)
        end = min(end_on, self.until_on + timedelta(days=1)) if self.until_on else end_on
        if self.kind == "dates":
            return sorted({one for one in self.dates if start_on <= one < end_on})
        return [one for one in _days(first, end) if self._fits(one)]

    def _fits(self, on: date) -> bool:
        if self.kind == "weekly":
            return on.weekday() == self.weekday
        is_last = (on + timedelta(days=1)).month != on.month
        return on.day in self.month_days or (is_last and max(self.month_days) > on.day)

    def to_json(self) -> dict[str, Any]:
        """Plain values; what says nothing is left out."""
        told = {
            "kind": self.kind,
            "dates": [one.isoformat() for one in sorted(set(self.dates))],
            "weekday": self.weekday,
            "month_days": sorted(set(self.month_days)),
            "from_on": self.from_on and self.from_on.isoformat(),
            "until_on": self.until_on and self.until_on.isoformat(),
        }
        return {name: value for name, value in told.items() if value not in (None, [])}

    @staticmethod
    def from_json(told: dict[str, Any]) -> "Rule":
        """Raises ``InvalidCalendar``."""
        try:
            return Rule(
                told["kind"],
                tuple(date.fromisoformat(one) for one in told.get("dates", ())),
                told.get("weekday"),
                tuple(int(one) for one in told.get("month_days", ())),
                *(date.fromisoformat(told[name]) if told.get(name) else None for name in ("from_on", "until_on")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise _invalid("rule", f"This is no rule: {error}") from error


@dataclass(frozen=True, slots=True)
class Entry:
    """What the house says of its calendar; the columns are those of ``calendar_entries``. ``key``: of a change of a built-in event its
    name (``double11``) or name and day (``double11@2026-11-11``)."""

    key: str
    kind: Kind
    name: str
    occurs_on: date | None = None
    moved_on: date | None = None
    rule: Rule | None = None
    before_days: int | None = None
    after_days: int | None = None
    is_off: bool = False

    def __post_init__(self) -> None:
        for days, most in ((self.before_days, MOST_BEFORE), (self.after_days, MOST_AFTER)):
            if days is not None and not 0 <= days <= most:
                raise _invalid("window", f"A window reaches 0 to {most} days, not {days}.", most=most)
        if self.kind in ("event", "occurrence") and self.name not in BUILT_IN:
            raise _invalid("event", f"There is no event {self.name!r}.", name=self.name)
        if self.kind == "occurrence" and self.occurs_on not in {one.on for one in occurrences(self.name)}:
            raise _invalid("occurrence", f"{self.name} is not on {self.occurs_on}.", name=self.name)
        if self.kind in OWN_KINDS and self.rule is None:
            raise _invalid("rule", "It needs a rule for its days.")


def event_key(name: str) -> str:
    """Of a change of a built-in event as a whole."""
    return name


def occurrence_key(name: str, occurs_on: date) -> str:
    """Of a change of one occurrence of it."""
    return f"{name}@{occurs_on.isoformat()}"


@dataclass(frozen=True, slots=True)
class Occasion:
    """One occurrence as the house has it. ``occurs_on``: the day that the calendar gives it, which ``event.on`` is not where it was moved.
    ``key``: of the entry of the house that it is or that changes it; null for one as built in. ``kind``: ``event`` = built in."""

    event: Event
    kind: Kind
    occurs_on: date
    is_off: bool
    key: str | None

    @property
    def is_moved(self) -> bool:
        return self.event.on != self.occurs_on


def occasions(entries: Iterable[Entry], start_on: date, end_on: date) -> tuple[Occasion, ...]:
    """Everything whose window touches the days ``[start_on, end_on)``, by day, then name; what is off among it."""
    known = tuple(entries)
    by_key = {one.key: one for one in known}
    every = [_changed(event, by_key) for name in BUILT_IN for event in occurrences(name)]
    every += [one for entry in known if entry.kind in OWN_KINDS for one in _own(entry, start_on, end_on)]
    found = [one for one in every if one.event.last_on >= start_on and one.event.first_on < end_on]
    return tuple(sorted(found, key=lambda one: (one.event.on, one.event.name, one.occurs_on)))


def events(found: Iterable[Occasion]) -> tuple[Event, ...]:
    """What models are told: those that are on and are no closed days, in their order, each once."""
    return tuple(dict.fromkeys(one.event for one in found if not one.is_off and one.kind != "closed"))


def closed_days(found: Iterable[Occasion], start_on: date, end_on: date) -> tuple[date, ...]:
    """Days of ``[start_on, end_on)`` on which the house was or will be closed, oldest first: no model learns from them, and nothing is forecast on them."""
    shut = [one.event for one in found if one.kind == "closed" and not one.is_off]
    days = {day for one in shut for day in _days(one.first_on, one.last_on + timedelta(days=1))}
    return tuple(sorted(day for day in days if start_on <= day < end_on))


def _changed(event: Event, by_key: dict[str, Entry]) -> Occasion:
    """A built-in occurrence with what the house says of the event and, before that, of this one."""
    whole, one = by_key.get(event_key(event.name)), by_key.get(occurrence_key(event.name, event.on))
    before, after = event.before_days, event.after_days
    for said in (whole, one):
        if said is not None:
            before = before if said.before_days is None else said.before_days
            after = after if said.after_days is None else said.after_days
    on = one.moved_on if one is not None and one.moved_on else event.on
    is_off = any(said is not None and said.is_off for said in (whole, one))
    key = one.key if one is not None else whole.key if whole is not None else None
    return Occasion(Event(event.name, on, before, after), "event", event.on, is_off, key)


def _own(entry: Entry, start_on: date, end_on: date) -> Iterator[Occasion]:
    assert entry.rule is not None
    before, after = timedelta(days=entry.before_days or 0), timedelta(days=entry.after_days or 0)
    for on in entry.rule.on(start_on - after, end_on + before):
        yield Occasion(Event(entry.name, on, before.days, after.days), entry.kind, on, entry.is_off, entry.key)


def _days(start_on: date, end_on: date) -> Sequence[date]:
    return [start_on + timedelta(days=place) for place in range((end_on - start_on).days)]


def _invalid(reason: str, message: str, **details: Any) -> InvalidCalendar:
    return InvalidCalendar(message, reason=reason, **details)
