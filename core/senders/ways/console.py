"""A way out that leads nowhere: for trying a campaign from its first to its last step."""

from collections.abc import Sequence
from datetime import datetime

from core.senders.parcels import Fate, Parcel
from core.senders.ways.dividing import taken

NAME = "console"
MOST = 1000


class ConsoleWay:
    """Nothing leaves the house; that a message went here its ``provider_id`` says."""

    is_repeatable = True
    most_at_once = MOST

    def send(self, parcels: Sequence[Parcel], _now: datetime) -> list[Fate]:
        return [taken(one, "delivered", NAME) for one in parcels]
