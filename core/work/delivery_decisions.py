"""What a person decides of a message that did not simply arrive."""

from datetime import datetime

from core.errors import Refusal, Unknown
from core.scope import Operator
from core.store import audit, deliveries, topics
from core.store.session import Store
from core.work.home import Home
from core.work.notices import TOPIC


class InvalidDelivery(Refusal):
    """A message is not in the state that this needs: it was sent, waits, or its target is gone."""

    code = "delivery.state"


def again(home: Home, log: Store, operator: Operator, delivery_id: int, *, now: datetime) -> None:
    """Send a message again that failed, or of which nobody knows, under the same identity. Raises ``Forbidden``, ``Unknown``, ``InvalidDelivery``."""
    _decide(home, log, operator, "delivery.again", delivery_id, now)


def arrived(home: Home, log: Store, operator: Operator, delivery_id: int, *, now: datetime) -> None:
    """A message of which nobody knew did arrive. Raises as ``again``."""
    _decide(home, log, operator, "delivery.arrived", delivery_id, now)


def _decide(home: Home, log: Store, operator: Operator, action: str, delivery_id: int, now: datetime) -> None:
    operator.require("notice.write")
    act = deliveries.requeue if action == "delivery.again" else deliveries.settle
    with audit.told(home.store, log) as (session, logged):
        delivery = deliveries.one(session, delivery_id)
        if delivery is None:
            raise Unknown("delivery", str(delivery_id))
        if not act(session, delivery_id, now=now):
            raise InvalidDelivery("This message does not wait for a decision any more.", state=delivery.state)
        details = {"target": delivery.target_name, "world": home.world}
        audit.append(logged, operator, action, f"delivery:{delivery_id}", details, now=now)
        topics.bump(session, TOPIC)
