"""The house's own steps against a cause of churn."""

from collections.abc import Sequence
from datetime import datetime

from core.errors import Unknown
from core.metrics.causes import CAUSES
from core.scope import Operator
from core.store import audit, choices, scores, topics
from core.store.session import Store
from core.work.home import Home
from core.work.questions import playbooks
from core.work.questions.playbooks import KEPT, Step


def keep(home: Home, log: Store, operator: Operator, cause: str, steps: Sequence[Step] | None, now: datetime) -> None:
    """From now on these are the steps against a cause; None = the usual ones again. ``log``: the store that keeps the audit log. Raises ``Forbidden``, ``Unknown`` and
    ``InvalidPlaybook``."""
    operator.require("scores.write")
    if cause not in CAUSES:
        raise Unknown("cause", cause, CAUSES)
    if steps is not None:
        playbooks.refuse(steps)
    with audit.told(home.store, log) as (session, logged):
        own = dict(choices.read(session, KEPT) or {})
        own.pop(cause, None)
        if steps is not None and tuple(steps) != playbooks.usual()[cause]:
            own[cause] = [step.to_json() for step in steps]
        choices.write(session, KEPT, own, by=operator.name, now=now)
        topics.bump(session, scores.TOPIC)
        details = {"steps": own.get(cause), "world": home.world}
        audit.append(logged, operator, "playbook.kept", f"playbook:{cause}", details, now=now)
