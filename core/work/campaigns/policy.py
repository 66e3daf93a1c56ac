"""The house's rules of sending: who writes, who may approve how much, and how often anybody may be written to."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from core.errors import Refusal
from core.scope import Operator
from core.segments.reach import USUAL_CAP, Cap
from core.store import audit, campaigns, choices, topics
from core.store.session import Session, Store
from core.work.home import Home

KEPT = "campaigns.policy"
MOST_NAMES, LONGEST_NAME = 10, 40
MOST_MESSAGES, MOST_DAYS, MOST_PEOPLE = 100, 31, 10**9


class InvalidPolicy(Refusal):
    """``field`` cannot be like this."""

    code = "campaign.policy"


class PolicyChanged(Refusal):
    """Somebody else changed the rules since the asker read them."""

    code = "campaign.policy_changed"


@dataclass(frozen=True, slots=True)
class Policy:
    """``names``: under which members know the house. ``alone``: up to so many messages the author may approve without anybody else. ``grand``: more than these only who answers for the whole house may
    approve. ``growth``: by which share an audience may have grown between approval and launch. ``messages`` in ``days`` rolling business days: the cap on frequency. ``trial_from``: from so many messages on each
    text must have been tried before it is handed in; 0 = never. All but the cap are rules of thumb of ours."""

    names: tuple[str, ...] = ()
    alone: int = 20
    grand: int = 100_000
    growth: float = 0.1
    messages: int = USUAL_CAP.messages
    days: int = USUAL_CAP.days
    trial_from: int = 1_000

    @property
    def cap(self) -> Cap:
        return Cap(self.messages, self.days)


def read(session: Session) -> Policy:
    """As it stands."""
    return _told(choices.read(session, KEPT, None))


def change(home: Home, log: Store, operator: Operator, policy: Policy, *, was: Policy, now: datetime) -> None:
    """From now on. ``was``: the rules as the asker saw them. Raises ``Forbidden``, ``InvalidPolicy``, ``PolicyChanged``."""
    operator.require("connector.write")
    _refuse(policy)
    with audit.told(home.store, log) as (session, logged):
        if _told(choices.held(session, KEPT, by=operator.name, now=now)) != was:
            raise PolicyChanged("Somebody else changed the rules of sending meanwhile.")
        choices.write(session, KEPT, asdict(policy) | {"names": list(policy.names)}, by=operator.name, now=now)
        topics.bump(session, campaigns.TOPIC)
        details = {"before": asdict(was), "after": asdict(policy), "world": home.world}
        audit.append(logged, operator, "campaign.policy", "campaigns:policy", details, now=now)


def _told(kept: Mapping[str, Any] | None) -> Policy:
    return Policy() if kept is None else Policy(**{**kept, "names": tuple(kept["names"])})


def _refuse(policy: Policy) -> None:
    fits = {
        "names": len(policy.names) <= MOST_NAMES and all(_is_name(one) for one in policy.names),
        "alone": 0 <= policy.alone <= MOST_PEOPLE,
        "grand": policy.alone <= policy.grand <= MOST_PEOPLE,
        "growth": 0 <= policy.growth <= 1,
        "messages": 1 <= policy.messages <= MOST_MESSAGES,
        "days": 1 <= policy.days <= MOST_DAYS,
        "trial_from": 0 <= policy.trial_from <= MOST_PEOPLE,
    }
    wrong = next((name for name, fit in fits.items() if not fit), None)
    if wrong is not None:
        raise InvalidPolicy(f"The rules of sending cannot have this {wrong}.", field=wrong)


def _is_name(name: str) -> bool:
    return 0 < len(name) <= LONGEST_NAME and name == name.strip() and name.isprintable()
