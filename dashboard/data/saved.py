"""Saved views that the operator may open."""

from core.work import saved
from core.work.saved import LONGEST_NAME, PAGES, View
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import kept

__all__ = ["LONGEST_NAME", "View", "listed", "opened"]


def listed(page: str) -> list[View]:
    """Their own by name, then what others share. Raises ``Forbidden``."""
    home, operator = worlds.home(), guard.require(PAGES[page])
    return kept.while_unwritten(home.store, ("saved", page, operator), lambda: saved.listed(home, operator, page))


def opened(page: str, view_id: int) -> View:
    """Raises ``Forbidden``, and ``Unknown`` where it is gone or no longer shared."""
    return saved.opened(worlds.home(), guard.require(PAGES[page]), page, view_id)
