"""Saving, overwriting and deleting what was chosen on a page."""

from core.work import saved
from core.work.saved import PAGES, View
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import wiring


def save(page: str, name: str, query: str, *, is_shared: bool) -> View:
    """Raises ``Forbidden``, ``InvalidView``."""
    operator = guard.require(PAGES[page])
    log, now = wiring.accounts_store(), wiring.now()
    return saved.save(worlds.home(), log, operator, page, name, query, is_shared=is_shared, now=now)


def overwrite(page: str, view_id: int, query: str, *, is_shared: bool) -> View:
    """Raises ``Forbidden``, ``InvalidView``, ``Unknown``."""
    operator = guard.require(PAGES[page])
    log, now = wiring.accounts_store(), wiring.now()
    return saved.overwrite(worlds.home(), log, operator, page, view_id, query, is_shared=is_shared, now=now)


def delete(page: str, view_id: int) -> View:
    """Raises ``Forbidden``, ``Unknown``."""
    operator = guard.require(PAGES[page])
    return saved.delete(worlds.home(), wiring.accounts_store(), operator, page, view_id, now=wiring.now())
