"""Changing the house's calendar."""

from datetime import date

from core.work import calendar_entries
from core.work.calendar_entries import LONGEST_NAME
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.data.calendar import Kind, Rule
from dashboard.web import wiring

__all__ = ["LONGEST_NAME", "WRITE", "add", "change", "change_event", "change_occurrence", "may", "remove", "restore"]

WRITE = "forecast.write"


def may() -> bool:
    """Whether the operator may change what every forecast knows of the calendar."""
    return guard.may(WRITE) and guard.operator().scope.sees_all


def add(kind: Kind, name: str, rule: Rule, *, before_days: int, after_days: int) -> None:
    """Raises ``Forbidden`` and ``InvalidCalendar``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    calendar_entries.add(home, log, operator, kind, name, rule, before_days=before_days, after_days=after_days, now=now)


def change(key: str, name: str, rule: Rule, *, before_days: int, after_days: int, is_off: bool, revision: int) -> None:
    """Raises ``Forbidden``, ``InvalidCalendar``, ``CalendarChanged`` and ``Unknown``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    calendar_entries.change(
        home, log, operator, key, name=name, rule=rule, before_days=before_days, after_days=after_days, is_off=is_off,
        revision=revision, now=now,
    )  # fmt: skip


def change_event(name: str, *, before_days: int, after_days: int, is_off: bool, revision: int) -> None:
    """Raises ``Forbidden``, ``InvalidCalendar`` and ``CalendarChanged``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    calendar_entries.change_event(
        home, log, operator, name, before_days=before_days, after_days=after_days, is_off=is_off, revision=revision, now=now
    )  # fmt: skip


def change_occurrence(
    name: str, occurs_on: date, *, moved_on: date, before_days: int, after_days: int, is_off: bool, revision: int
) -> None:
    """Raises ``Forbidden``, ``InvalidCalendar`` and ``CalendarChanged``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    calendar_entries.change_occurrence(
        home, log, operator, name, occurs_on, moved_on=moved_on, before_days=before_days, after_days=after_days, is_off=is_off,
        revision=revision, now=now,
    )  # fmt: skip


def remove(key: str, revision: int) -> None:
    """Raises ``Forbidden``, ``Unknown`` and ``CalendarChanged``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    calendar_entries.remove(home, log, operator, key, revision=revision, now=now)


def restore(key: str, revision: int) -> None:
    """Raises as ``remove``, and ``InvalidCalendar``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    calendar_entries.restore(home, log, operator, key, revision=revision, now=now)
