"""Doing what a button asks for: a refusal becomes a note above the page."""

from collections.abc import Callable
from typing import TypeVar

from core.errors import Refusal
from dashboard import i18n, runs
from dashboard.actions import guard

T = TypeVar("T")


def tried(act: Callable[[], T]) -> T | None:
    """What was done; None where it was refused, which the next page drawn says. For callbacks."""
    with runs.anew():
        try:
            return act()
        except Refusal as error:
            guard.note(i18n.refusal(error), is_error=True)
            return None
