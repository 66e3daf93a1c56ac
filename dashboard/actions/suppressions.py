"""Members stopped by hand and by list, and taken back. All guarded."""

from collections.abc import Collection, Sequence

from core.work import lists, suppressions
from core.work.lists import Columns, Matched
from core.work.suppressions import Added, Consent, Wanted
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.data.suppressions import WRITE
from dashboard.web import wiring

__all__ = ["WRITE", "Consent", "Wanted", "add", "columns", "lift", "match", "may"]


def may() -> bool:
    return guard.may(WRITE)


def add(members: Collection[int], wanted: Wanted) -> Added:
    """Raises ``Forbidden``, ``InvalidSuppression``, ``InvalidDecision``, ``Unknown``."""
    operator = guard.require(WRITE)
    return suppressions.add(worlds.home(), wiring.accounts_store(), operator, members, wanted, now=wiring.now())


def lift(suppression_id: int, reason: str, consent: Consent | None) -> None:
    """Raises ``Forbidden``, ``ConsentMissing``, ``AlreadyLifted``, ``InvalidSuppression``, ``InvalidDecision``, ``Unknown``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    suppressions.lift(home, log, operator, suppression_id, reason, consent=consent, now=wiring.now())


def match(kind: str, texts: Sequence[str], numbers: Sequence[int]) -> Matched:
    """Whom each line of a file names. Raises ``Forbidden``, ``InvalidList``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return suppressions.match(home, log, operator, kind, texts, now=wiring.now(), numbers=numbers)


def columns(name: str, content: bytes) -> Columns:
    """Columns of a file that was handed in. Raises ``Forbidden``, ``Unreadable``, ``InvalidList``."""
    guard.require(WRITE)
    return lists.columns(worlds.home(), name, content)
