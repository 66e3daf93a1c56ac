"""Where notices go besides the bell, and what became of each message. Kept no longer than until somebody writes."""

from core.errors import Unknown
from core.senders import robot
from core.store.tables import LANGUAGES
from core.work.delivery_decisions import InvalidDelivery
from core.work.notice_targets import (
    LONGEST_DIGEST_MINUTES,
    LONGEST_NAME,
    MOST_PER_HOUR,
    InvalidTarget,
    TargetChanged,
    TargetKind,
    Wanted,
)
from core.work.notices import KINDS, TO_ONE_TARGET, URGENCIES
from core.work.questions import notices, today
from core.work.questions.notices import LOGGED, Delivery, Target
from core.work.questions.reading import options, reading
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import kept, wiring

__all__ = [
    "CHOSEN", "DECIDED", "ENDED", "KINDS", "LANGUAGES", "LOGGED", "LONGEST_DIGEST_MINUTES", "LONGEST_NAME", "MOST_PER_HOUR", "ROBOT", "TARGET_KINDS", "URGENCIES", "Delivery", "InvalidDelivery", "InvalidTarget",
    "Target", "TargetChanged", "TargetKind", "Unknown", "Wanted", "has_mail", "has_worker", "log", "targets", "units", "zone",
]  # fmt: skip

WRITE = "notice.write"
ROBOT = robot.BASE
TARGET_KINDS: tuple[TargetKind, ...] = ("email", "webhook", "robot", "app")
ENDED = ("sent", "failed", "unknown", "cancelled")
DECIDED = ("failed", "unknown")
"""States of a message of which a person decides what becomes of it."""
CHOSEN = tuple(one for one in KINDS if one not in TO_ONE_TARGET)


def targets() -> list[Target]:
    """All of them, by name. Raises ``Forbidden``."""
    operator, home = guard.require(WRITE), worlds.home()
    return kept.while_unwritten(home.store, "notice targets", lambda: notices.targets(home, operator))


def log(target_id: int | None = None) -> list[Delivery]:
    """The newest messages. Raises ``Forbidden``."""
    operator, home = guard.require(WRITE), worlds.home()
    return kept.while_unwritten(
        home.store, ("notice log", target_id), lambda: notices.log(home, operator, target_id=target_id)
    )


def units() -> dict[str, str]:
    """Units of the world that is shown, id to name. Raises ``Forbidden``."""
    with reading(worlds.home(), scope=guard.require(WRITE).scope) as lake:
        return dict(options(lake)["units"])


def has_mail() -> bool:
    """Whether the house has a server for e-mail."""
    return worlds.home().settings.mail is not None


def has_worker() -> bool:
    """Whether anybody sends."""
    with wiring.accounts_store().reading() as session:
        return today.worker_item(session, now=wiring.now()) is None


def zone() -> str:
    return wiring.house().settings.zone
