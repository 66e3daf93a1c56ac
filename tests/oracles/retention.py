"""Retention read by brute force: every entry is held against every later event. Slow, and plain."""

from bisect import bisect_right
from typing import NamedTuple


class Event(NamedTuple):
    """One event of one subject, in the order of its history."""

    at: int
    is_start: bool
    is_back: bool
    is_barred: bool = False
    code: int = 0
    value: int = 0


class Asked(NamedTuple):
    """``calendar``: edges of units, or None where a unit is ``length`` long."""

    cohorts: tuple[int, ...]
    brackets: tuple[int, ...]
    calendar: tuple[int, ...] | None
    length: int
    entry: str
    counting: str


class Entered(NamedTuple):
    """One subject in one cohort. ``returned``: intervals; ``values``: interval to sum."""

    cohort: int
    code: int
    returned: frozenset[int]
    values: dict[int, int]
    entry_value: int


def entered(history: list[Event], asked: Asked) -> list[Entered]:
    known = [event for event in history if asked.calendar is None or event.at < asked.calendar[-1]]
    return [_entered(known, place, asked) for place in _entries(known, asked)]


def _entries(history: list[Event], asked: Asked) -> list[int]:
    starts = [place for place, event in enumerate(history) if event.is_start and not event.is_barred]
    if asked.entry == "first_ever":
        starts = starts[:1]
    inside = [place for place in starts if asked.cohorts[0] <= history[place].at < asked.cohorts[-1]]
    if asked.entry == "first_in_period":
        return inside[:1]
    first: dict[int, int] = {}
    for place in inside:
        first.setdefault(_period(history[place].at, asked.cohorts), place)
    return list(first.values())


def _entered(history: list[Event], place: int, asked: Asked) -> Entered:
    entry = history[place]
    intervals = len(asked.brackets) - 1
    back = [event for event in history[place + 1 :] if event.is_back]
    where = [bisect_right(asked.brackets, _age(entry, event, asked)) - 1 for event in back]
    exactly = {interval for interval in where if interval < intervals}
    if asked.counting == "on_or_after":
        returned = {interval for interval in range(intervals) if any(interval <= other for other in where)}
    else:
        returned = exactly
    values = {i: sum(e.value for e, w in zip(back, where, strict=True) if w == i) for i in exactly}
    cohort = _period(entry.at, asked.cohorts)
    return Entered(cohort, entry.code, frozenset(returned), values, entry.value if entry.is_back else 0)


def _age(entry: Event, event: Event, asked: Asked) -> int:
    if asked.calendar is None:
        return (event.at - entry.at) // asked.length
    return _period(event.at, asked.calendar) - _period(entry.at, asked.calendar)


def _period(at: int, edges: tuple[int, ...]) -> int:
    return next(i for i in range(len(edges) - 1) if edges[i] <= at < edges[i + 1])
