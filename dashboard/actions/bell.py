"""The bell: what was seen."""

from core.work import notices
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import wiring

SEE = "risk.see"


def seen(notice_id: int) -> None:
    """All up to this one. Raises ``Forbidden``."""
    notices.seen(worlds.home(), guard.require(SEE), notice_id, now=wiring.now())
