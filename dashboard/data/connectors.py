"""Ways out to customers as they stand. Kept no longer than until somebody writes."""

from typing import Literal

from core.senders import official_account
from core.senders.outcomes import Halted, Unfit, Ungranted
from core.senders.sender import Gone, NotSent, Temporary, Uncertain
from core.senders.sms import aliyun, tencent
from core.senders.wecom import errors
from core.work.campaigns.ways_out.connector_kinds import (
    CARD_FORMS,
    KINDS,
    LONGEST_NAME,
    Field,
    InvalidConnector,
    Secret,
)
from core.work.questions import connectors
from core.work.questions.connectors import Seen
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import kept, wiring

__all__ = [
    "CARD_FORMS", "KINDS", "LONGEST_NAME", "Field", "InvalidConnector", "Secret", "Seen", "Verdict", "heard_at", "is_demo", "is_over", "listed", "verdict", "zone",
]  # fmt: skip

WRITE = "connector.write"
Verdict = Literal["halted", "unfit", "ungranted", "gone", "temporary", "uncertain", "permanent"]
VERDICTS: tuple[tuple[type[NotSent], Verdict], ...] = (
    (Halted, "halted"), (Unfit, "unfit"), (Ungranted, "ungranted"), (Gone, "gone"), (Temporary, "temporary"), (Uncertain, "uncertain"),
)  # fmt: skip


def listed() -> list[Seen]:
    """All of them, those of one channel together. Raises ``Forbidden``."""
    operator, home = guard.require(WRITE), worlds.home()
    return kept.while_unwritten(home.store, "connectors", lambda: connectors.listed(home, operator))


def heard_at(one: Seen) -> dict[str, str] | None:
    """Addresses to be typed in at its platform, by what it tells there; null where the house has not said how it is reached. Raises ``Forbidden``."""
    return connectors.heard_at(worlds.home(), guard.require(WRITE), one.connector_id, one.kind)


def is_demo() -> bool:
    """Whether the world that is shown is of invented people, to whom nothing may be sent."""
    return worlds.home().world == "demo"


def is_over(one: Seen) -> bool:
    """Whether the time is over for which it is left alone."""
    return one.paused_until is not None and one.paused_until <= wiring.now()


def zone() -> str:
    return wiring.house().settings.zone


def verdict(code: str) -> Verdict | None:
    """What a platform means by one of its own codes (``wecom.40001``, ``aliyun.isv.OUT_OF_SERVICE``); null of any other."""
    provider, _, said = code.partition(".")
    now = wiring.now()
    number = int(said) if said.lstrip("-").isdecimal() else None
    match provider:
        case "aliyun":
            trouble: NotSent = aliyun.JUDGEMENT.trouble(said, now)
        case "tencent":
            trouble = tencent.JUDGEMENT.trouble(said, now)
        case "wechat" if number is not None:
            trouble = official_account.trouble(number, now)
        case "wecom" if number is not None:
            trouble = errors.refusal(number, 1)
        case _:
            return None
    return next((name for kind, name in VERDICTS if isinstance(trouble, kind)), "permanent")
