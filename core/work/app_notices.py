"""Notices to employees in WeCom, as texts of the house's own app: through the WeCom connector that is in use and names its app."""

from datetime import datetime

from core.errors import Refusal
from core.senders import robot
from core.senders.outcomes import Halted
from core.senders.sender import Destination, Gone, Message, Permanent, Temporary
from core.senders.wecom import app_message
from core.senders.wecom.app_message import AppMessage
from core.senders.wecom.calls import Calls
from core.senders.wecom.limits import InvalidMessage
from core.store import connectors
from core.work.campaigns.ways_out.ways import Ways
from core.work.home import Home

NONE, SOME = "wecom.connector", "wecom.users"
"""No connector to send through; and of a message that was taken: not everybody is reached."""
AGAIN_S = 600.0


class AppNotices:
    """Of one world. After a lost answer a person decides; who has it sent again within four hours doubles nothing, for WeCom knows it again."""

    is_repeatable = False
    most_per_minute: int | None = app_message.ROOM[0][0]

    def __init__(self, home: Home) -> None:
        self._store = home.store
        self._ways = Ways(home)

    def send(self, to: Destination, message: Message, now: datetime) -> str | None:
        """``SOME`` where it was taken and some of those named are out of the app's reach. Without a connector ``Temporary``: somebody may switch it on."""
        calls, agent = self._through()
        mark = app_message.marked("", message.message_id)
        text = robot.cut(robot.written(message), app_message.TEXT_BYTES - len(mark.encode()))
        told = AppMessage(message.message_id, app_message.users(to.address), text, app_message.LONGEST_S)
        try:
            taken = app_message.send(calls, agent, told, now)
        except InvalidMessage as error:
            raise Permanent(f"wecom.{error.reason}") from error
        except Halted as error:
            raise Gone(error.code) from error
        return SOME if taken.invalid or taken.unlicensed else None

    def _through(self) -> tuple[Calls, int]:
        with self._store.reading() as session:
            row = connectors.app_in_use(session)
            if row is None:
                raise Temporary(NONE, AGAIN_S)
            try:
                calls = self._ways.client(row).calls
            except Refusal as refusal:  # the key of this home does not open it
                raise Gone(refusal.code) from refusal
            assert isinstance(calls, Calls)
            return calls, int(row.settings["agent_id"])
