"""The bell: what the operator is to know, in words. (What goes out elsewhere: the page of notices.)"""

from core.work import notice_words
from core.work.notice_words import Said
from core.work.questions import notices
from core.work.questions.notices import Bell, Told
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.data.ground import stand
from dashboard.i18n import language
from dashboard.web import kept, wiring

__all__ = ["Bell", "Told", "address", "bell", "title", "zone"]

SEE = "risk.see"


def bell() -> Bell:
    """Asked of the store only when somebody has written to it. Raises ``Forbidden``."""
    operator, home = guard.require(SEE), worlds.home()
    version = stand(SEE).version if operator.scope.units is not None else 0
    name = ("bell", home.world, operator.name, operator.scope.key(), operator.role, version)
    return kept.while_unwritten(home.store, name, lambda: notices.unseen(home, operator))


def title(one: Told) -> str:
    return notice_words.words(Said(one.kind, one.params), language(), world="live").title


def address(one: Told) -> str | None:
    """Where on our pages the thing is to be seen."""
    return notice_words.address(Said(one.kind, one.params), worlds.shown())


def zone() -> str:
    return wiring.house().settings.zone
