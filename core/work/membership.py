"""What the house means by its tiers, and what a point is worth."""

from datetime import datetime

from core.errors import Forbidden
from core.scope import Operator
from core.store import audit, choices, topics
from core.store.session import Store
from core.work.home import Home
from core.work.questions.membership import KEPT, Terms, refuse

TOPIC = "segments"
"""A tier may stand in a segment's definition, so whoever keeps what a segment says keeps what a tier says."""


def keep(home: Home, log: Store, operator: Operator, terms: Terms, now: datetime) -> None:
    """From now on tiers are told by these terms. ``log``: the store that keeps the audit log. Raises ``Forbidden`` and
    ``InvalidMembership``."""
    operator.require("segment.write")
    if not operator.scope.sees_all:
        raise Forbidden("The tiers are those of the whole house.", permission="segment.write", role=operator.role)
    refuse(terms)
    with audit.told(home.store, log) as (session, logged):
        choices.write(session, KEPT, terms.to_json(), by=operator.name, now=now)
        topics.bump(session, TOPIC)
        audit.append(
            logged, operator, "membership.kept", "membership", terms.to_json() | {"world": home.world}, now=now
        )
