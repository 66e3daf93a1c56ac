"""Declaring the market situation, and keeping what each one unlocks."""

from collections.abc import Sequence
from datetime import date

from core.work import situations
from core.work.situations import LONGEST, LONGEST_REASON, MOST_MEASURES
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.data.situations import Measure, Turn
from dashboard.web import wiring

__all__ = ["LONGEST", "LONGEST_REASON", "MOST_MEASURES", "WRITE", "declare", "keep_measures", "may"]

WRITE = "risk.write"


def may() -> bool:
    """Whether to draw what declares a situation."""
    return guard.may(WRITE)


def declare(situation: str, *, reason: str, since_on: date, after: int) -> Turn:
    """Raises ``Forbidden``, ``Unknown``, ``InvalidSituation``, ``RegisterChanged``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    return situations.declare(home, log, operator, situation, reason=reason, since_on=since_on, after=after, now=now)


def keep_measures(situation: str, measures: Sequence[Measure] | None, *, was: Sequence[Measure]) -> None:
    """None: the usual ones again. Raises as ``declare``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    situations.keep_measures(home, log, operator, situation, measures, was=was, now=now)
