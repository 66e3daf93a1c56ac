"""Looking up whom a list from elsewhere names."""

from collections.abc import Sequence

from core.work import lists
from core.work.lists import AMBIGUOUS, KINDS, MOST_BYTES, UNKNOWN, Columns, Matched, Missed
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import wiring

__all__ = ["AMBIGUOUS", "KINDS", "MOST_BYTES", "UNKNOWN", "Columns", "Matched", "Missed", "columns", "match"]


def match(kind: str, texts: Sequence[str]) -> Matched:
    """Whom each line names. Raises ``Forbidden``, ``InvalidList``."""
    operator = guard.require("segment.write")
    return lists.match(worlds.home(), wiring.accounts_store(), operator, kind, texts, now=wiring.now())


def columns(name: str, content: bytes) -> Columns:
    """Columns of a file that was handed in. Raises ``Forbidden``, ``Unreadable``, ``InvalidList``."""
    guard.require("segment.write")
    return lists.columns(worlds.home(), name, content)
