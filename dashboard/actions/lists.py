"""Looking up whom a list from elsewhere names."""

from collections.abc import Sequence

from core.work import lists
from core.work.lists import (
    AMBIGUOUS,
    KINDS,
    LEFT_OUT,
    MOST_BYTES,
    UNKNOWN,
    Columns,
    Matched,
    Missed,
    best_column,
    kind_of,
)
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import wiring

__all__ = [
    "AMBIGUOUS", "KINDS", "LEFT_OUT", "MOST_BYTES", "UNKNOWN", "Columns", "Matched", "Missed", "best_column", "columns", "kind_of", "match",
]  # fmt: skip


def match(kind: str, texts: Sequence[str], numbers: Sequence[int] | None = None) -> Matched:
    """Whom each line names. ``numbers``: of the lines, without them from 1. Raises ``Forbidden``, ``InvalidList``."""
    operator = guard.require("segment.write")
    return lists.match(worlds.home(), wiring.accounts_store(), operator, kind, texts, now=wiring.now(), numbers=numbers)


def columns(name: str, content: bytes) -> Columns:
    """Columns of a file that was handed in. Raises ``Forbidden``, ``Unreadable``, ``InvalidList``."""
    guard.require("segment.write")
    return lists.columns(worlds.home(), name, content)
