"""Funnels read by brute force: every possible attempt is listed and the best is taken. Slow, and plain."""

from collections.abc import Iterator
from itertools import combinations, pairwise, permutations
from typing import NamedTuple


class Event(NamedTuple):
    """One event of one subject. ``fits``: numbers of the steps it fits, from 0. ``row``: its place in the file.
    ``excludes``: numbers of the exclusions it belongs to, from 0."""

    at: int
    fits: frozenset[int]
    row: int
    is_barred: bool = False
    code: int = 0
    excludes: frozenset[int] = frozenset()
    is_present: bool = False

    @property
    def can_fill(self) -> frozenset[int]:
        return self.fits - {0} if self.is_barred else self.fits


class Rules(NamedTuple):
    """``exclusions``: the steps, from 0, between which each exclusion stands."""

    steps: int
    order: str
    window: int | None = None
    step_window: int | None = None
    exclusions: tuple[tuple[int, int], ...] = ()
    is_first: bool = False


Attempt = tuple[int, ...]
"""Which event, by its place in the ordered history, fills step 0, 1, 2 …"""


def in_order(history: list[Event]) -> list[Event]:
    return sorted(history, key=lambda event: (event.at, _rank(event), event.row))


def _rank(event: Event) -> int:
    if event.fits:
        return min(event.fits)
    return 100 + min(event.excludes, default=100)


def best(history: list[Event], rules: Rules) -> Attempt:
    """The deepest attempt; of equally deep ones the earliest, judged from its first step on. Empty when none began."""
    events = in_order(history)
    if rules.order == "any":
        return _best_in_any_order(events, rules)
    return min(_chains(events, rules), key=lambda attempt: (-len(attempt), attempt), default=())


def depths(history: list[Event], rules: Rules) -> dict[int, int]:
    """How deep the attempt gets that each event starts which may fill step 1, by the event's place."""
    events = in_order(history)
    found: dict[int, int] = {}
    attempts = _in_windows(events, rules) if rules.order == "any" else _chains(events, rules)
    for attempt in attempts:
        found[attempt[0]] = max(len(attempt), found.get(attempt[0], 0))
    return found


def _chains(events: list[Event], rules: Rules) -> Iterator[Attempt]:
    for depth in range(1, rules.steps + 1):
        for attempt in combinations(range(len(events)), depth):
            if (
                _fills(events, attempt, rules)
                and _lasts(events, attempt, rules.window)
                and all(_passes(events, step, *pair, rules) for step, pair in enumerate(pairwise(attempt)))
            ):
                yield attempt


def _passes(events: list[Event], step: int, here: int, there: int, rules: Rules) -> bool:
    between = events[here + 1 : there]
    if rules.order == "strict" and any(event.fits or event.is_present for event in between):
        return False
    if any(
        first <= step < last and number in event.excludes
        for number, (first, last) in enumerate(rules.exclusions)
        for event in between
    ):
        return False
    return rules.step_window is None or events[there].at - events[here].at <= rules.step_window


def _best_in_any_order(events: list[Event], rules: Rules) -> Attempt:
    """In the earliest of the windows that hold the most steps, the earliest choice, judged from step 1 on."""
    chosen: Attempt = ()
    for inside in _windows(events, rules.window):
        deepest = min(_arrangements(events, inside, rules), key=lambda attempt: (-len(attempt), attempt), default=())
        if len(deepest) > len(chosen):
            chosen = deepest
    return chosen


def _in_windows(events: list[Event], rules: Rules) -> Iterator[Attempt]:
    for inside in _windows(events, rules.window):
        yield from _arrangements(events, inside, rules)


def _windows(events: list[Event], window: int | None) -> Iterator[list[int]]:
    for first in range(len(events)):
        if events[first].fits:
            yield [
                place
                for place in range(first, len(events))
                if window is None or events[place].at - events[first].at <= window
            ]


def _arrangements(events: list[Event], places: list[int], rules: Rules) -> Iterator[Attempt]:
    for depth in range(1, rules.steps + 1):
        for attempt in permutations(places, depth):
            if _fills(events, attempt, rules):
                yield attempt


def _fills(events: list[Event], attempt: Attempt, rules: Rules) -> bool:
    if rules.is_first and attempt[0] != next((p for p, event in enumerate(events) if 0 in event.can_fill), None):
        return False
    return all(step in events[place].can_fill for step, place in enumerate(attempt))


def _lasts(events: list[Event], attempt: Attempt, window: int | None) -> bool:
    return window is None or events[attempt[-1]].at - events[attempt[0]].at <= window
