"""Keeping figures that no data tells: typed, read from a file, corrected; and naming kinds of them."""

from datetime import date

from core.work import readings
from core.work.readings import LONGEST_NAME, LONGEST_NOTE, MOST_BYTES, MOST_LINES, Bad, Imported
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.data.readings import Kind, Told, Unit, newest
from dashboard.web import wiring

__all__ = [
    "LONGEST_NAME", "LONGEST_NOTE", "MOST_BYTES", "MOST_LINES", "WRITE", "Bad", "Imported", "add_kind", "bring_in", "change_kind", "correct", "may",
    "put", "remove",
]  # fmt: skip

WRITE = "risk.write"


def may() -> bool:
    """Whether to draw what changes readings."""
    return guard.may(WRITE)


def put(kind: Kind, on: date, value: float, note: str, *, seen: Told | None) -> Told:
    """``seen``: what stood of that day as the asker saw it, where a day has one. Raises ``Forbidden``, ``InvalidReading``, ``RegisterChanged``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    revision = 0 if seen is None else seen.revision
    if seen is None and kind.is_of_days:
        last = newest(kind.key, on.isoformat())
        revision = last.revision if last is not None and last.is_removed else 0
    return readings.put(home, log, operator, kind.key, on, value, note=note, revision=revision, now=now)


def correct(seen: Told, on: date, value: float, note: str) -> Told:
    """The same of one that stands. Raises as ``put``, and ``Unknown``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    return readings.put(
        home, log, operator, seen.kind, on, value, note=note, key=seen.key, revision=seen.revision, now=now
    )


def remove(seen: Told) -> None:
    """Raises as ``correct``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    readings.remove(home, log, operator, seen.kind, seen.key, revision=seen.revision, now=now)


def bring_in(kind: str, content: bytes) -> Imported:
    """Raises ``Forbidden``, ``Unknown``, ``InvalidReading``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    return readings.import_csv(home, log, operator, kind, content, now=now)


def add_kind(name: str, unit: Unit) -> Kind:
    """Raises ``Forbidden``, ``InvalidReading``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    return readings.add_kind(home, log, operator, name, unit, now=now)


def change_kind(key: str, name: str, *, is_archived: bool) -> Kind:
    """Raises as ``add_kind``, and ``Unknown``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    return readings.change_kind(home, log, operator, key, name=name, is_archived=is_archived, now=now)
