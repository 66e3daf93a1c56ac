"""Funnels read by brute force: every possible attempt is listed and the best is taken. Slow, and plain."""

from collections.abc import Iterator
from itertools import combinations, permutations
from typing import NamedTuple


class Event(NamedTuple):
    """One event of one subject. ``fits``: numbers of the steps it fits, from 0. ``row``: its place in the file."""

    at: int
    fits: frozenset[int]
    row: int
    is_barred: bool = False
    code: int = 0

    @property
    def can_fill(self) -> frozenset[int]:
        return self.fits - {0} if self.is_barred else self.fits


Attempt = tuple[int, ...]
"""Which event, by its place in the ordered history, fills step 0, 1, 2 …"""


def in_order(history: list[Event]) -> list[Event]:
    return sorted(history, key=lambda event: (event.at, min(event.fits), event.row))


def best(history: list[Event], steps: int, order: str, window: int | None) -> Attempt:
    """The deepest attempt; of equally deep ones the earliest, judged from its first step on. Empty when none began."""
    events = in_order(history)
    if order == "any":
        return _best_in_any_order(events, steps, window)
    attempts = [
        attempt
        for depth in range(1, steps + 1)
        for attempt in combinations(range(len(events)), depth)
        if _fills(events, attempt)
        and _lasts(events, attempt, window)
        and (order == "sequential" or list(attempt) == list(range(attempt[0], attempt[0] + depth)))
    ]
    return min(attempts, key=lambda attempt: (-len(attempt), attempt), default=())


def _best_in_any_order(events: list[Event], steps: int, window: int | None) -> Attempt:
    """In the earliest of the windows that hold the most steps, the earliest choice, judged from step 1 on."""
    chosen: Attempt = ()
    for first in range(len(events)):
        inside = [
            place
            for place in range(first, len(events))
            if window is None or events[place].at - events[first].at <= window
        ]
        deepest = min(_arrangements(events, inside, steps), key=lambda attempt: (-len(attempt), attempt), default=())
        if len(deepest) > len(chosen):
            chosen = deepest
    return chosen


def _arrangements(events: list[Event], places: list[int], steps: int) -> Iterator[Attempt]:
    for depth in range(1, steps + 1):
        for attempt in permutations(places, depth):
            if _fills(events, attempt):
                yield attempt


def _fills(events: list[Event], attempt: Attempt) -> bool:
    return all(step in events[place].can_fill for step, place in enumerate(attempt))


def _lasts(events: list[Event], attempt: Attempt, window: int | None) -> bool:
    return window is None or events[attempt[-1]].at - events[attempt[0]].at <= window
