"""Keeping the register of risks."""

from datetime import date
from typing import Literal

from core.work import register
from core.work.register import LONGEST, LONGEST_TITLE, MOST_LINKS
from dashboard import i18n
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.data.register import Described, Risk
from dashboard.web import wiring

__all__ = [
    "LONGEST",
    "LONGEST_TITLE",
    "MOST_LINKS",
    "WRITE",
    "add",
    "adopt",
    "change",
    "end",
    "may",
    "reopen",
    "review",
]

WRITE = "risk.write"


def may() -> bool:
    """Whether to draw what changes the register."""
    return guard.may(WRITE)


def add(described: Described) -> Risk:
    """Raises ``Forbidden``, ``InvalidRisk``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    return register.add(home, log, operator, described, now=now)


def adopt() -> int:
    """Take over the usual risks, in the reader's language. Returns how many. Raises ``Forbidden``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    return len(register.adopt(home, log, operator, i18n.language(), now=now))


def change(key: str, described: Described, *, revision: int, note: str) -> Risk:
    """Raises ``Forbidden``, ``Unknown``, ``InvalidRisk``, ``RegisterChanged``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    return register.change(home, log, operator, key, described, revision=revision, note=note, now=now)


def review(key: str, *, note: str, next_on: date, revision: int) -> Risk:
    """Raises as ``change``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    return register.review(home, log, operator, key, note=note, next_on=next_on, revision=revision, now=now)


def end(key: str, how: Literal["treated", "closed"], *, note: str, revision: int) -> Risk:
    """Raises as ``change``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    done = register.treat if how == "treated" else register.close
    return done(home, log, operator, key, note=note, revision=revision, now=now)


def reopen(key: str, *, note: str, next_on: date, revision: int) -> Risk:
    """Raises as ``change``."""
    operator, home, log, now = guard.require(WRITE), worlds.home(), wiring.accounts_store(), wiring.now()
    return register.reopen(home, log, operator, key, note=note, next_on=next_on, revision=revision, now=now)
