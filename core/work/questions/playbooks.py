"""What to do about each known cause of churn: the house's own steps, else the usual ones (``data/words/playbooks.toml``)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from core.errors import InvalidPlaybook
from core.metrics.causes import CAUSES
from core.store import choices
from core.store.session import Session
from core.work.questions import wordlists

KEPT = "playbooks"
"""Choice of a world's store: by cause, the steps of the house."""
WHO = ("manager", "service", "guide", "content", "compliance")
BY = ("call", "message", "offer", "segment", "setting")
LANGUAGES = ("zh", "en")
MOST_STEPS, LONGEST, MOST_DAYS = 8, 200, 90


@dataclass(frozen=True, slots=True)
class Step:
    """``told``: by language; what a house wrote is the same in all. ``who``: does it. ``by``: what with. ``within_days``: at the latest, from the day the cause is told."""

    told: Mapping[str, str]
    who: str
    by: str
    within_days: int

    def to_json(self) -> dict[str, Any]:
        return {"told": dict(self.told), "who": self.who, "by": self.by, "within_days": self.within_days}

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Step":
        return cls(told["told"], told["who"], told["by"], told["within_days"])


def written(text: str, who: str, by: str, within_days: int) -> Step:
    """A step as somebody types it."""
    plain = " ".join(text.split())
    return Step(dict.fromkeys(LANGUAGES, plain), who, by, within_days)


@cache
def usual() -> Mapping[str, tuple[Step, ...]]:
    """By cause."""
    document = wordlists.document("playbooks")
    return {
        cause: tuple(
            Step({one: row[one] for one in LANGUAGES}, row["who"], row["by"], row["within_days"])
            for row in document[cause]
        )
        for cause in CAUSES
    }


def of(session: Session) -> tuple[dict[str, tuple[Step, ...]], frozenset[str]]:
    """Steps by cause, and the causes whose steps the house wrote itself."""
    own = choices.read(session, KEPT) or {}
    found: dict[str, tuple[Step, ...]] = {
        cause: tuple(map(Step.of_json, own[cause])) if cause in own else usual()[cause] for cause in CAUSES
    }
    return found, frozenset(own)


def refuse(steps: Sequence[Step]) -> None:
    """Raise ``InvalidPlaybook``: ``reason`` is ``none``, ``many``, ``empty``, ``long``, ``who``, ``by`` or ``days``."""
    if not steps:
        raise InvalidPlaybook("A playbook has at least one step.", reason="none")
    if len(steps) > MOST_STEPS:
        raise InvalidPlaybook(f"A playbook has at most {MOST_STEPS} steps.", reason="many", most=MOST_STEPS)
    for step in steps:
        for text in step.told.values():
            if not text.strip() or not text.isprintable():
                raise InvalidPlaybook("A step says what to do.", reason="empty")
            if len(text) > LONGEST:
                raise InvalidPlaybook(f"A step has at most {LONGEST} letters.", reason="long", most=LONGEST)
        if step.who not in WHO:
            raise InvalidPlaybook(f"{step.who!r} is nobody who takes steps.", reason="who")
        if step.by not in BY:
            raise InvalidPlaybook(f"{step.by!r} is no way to take a step.", reason="by")
        if not 0 <= step.within_days <= MOST_DAYS:
            raise InvalidPlaybook(f"A step is taken within 0 to {MOST_DAYS} days.", reason="days", most=MOST_DAYS)
