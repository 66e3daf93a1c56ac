"""A robot of a group chat: a text to a place, not to members."""

from collections.abc import Sequence
from datetime import datetime

from core.senders.outcomes import Halted
from core.senders.parcels import Fate, Parcel
from core.senders.robot import Robot
from core.senders.sender import Destination, Gone, Message
from core.senders.ways.dividing import single, taken


class RobotWay:
    """``key``: of the robot. Whoever removed it closed this way out; nobody is to be suppressed for that."""

    is_repeatable = False
    most_at_once = 1

    def __init__(self, robot: Robot, key: str) -> None:
        self._robot = robot
        self._to = Destination("", (key,))

    def send(self, parcels: Sequence[Parcel], now: datetime) -> list[Fate]:
        """Delivered: the group has read it, and nothing more is told. Raises as ``core.senders.parcels.Way``."""
        return single(parcels, self._send, now)

    def _send(self, parcel: Parcel, now: datetime) -> Fate:
        lines = [parcel.text, *(line for line in (parcel.link_title, parcel.link) if line and line not in parcel.text)]
        message = Message(parcel.message_id, "campaign.message", "", "\n".join(lines), now)
        try:
            self._robot.send(self._to, message, now)
        except Gone as error:
            raise Halted(error.code) from error
        return taken(parcel, "delivered")
