"""Letters of a campaign. The return path of each names its message, so that what comes back is known."""

from collections.abc import Sequence
from datetime import datetime

from core.senders.letters import Letter, Letters
from core.senders.outcomes import Unfit
from core.senders.parcels import Fate, Parcel
from core.senders.ways.dividing import single, taken


class LettersWay:
    """``sender_name``: who writes, as people know the brand."""

    is_repeatable = False
    most_at_once = 1

    def __init__(self, letters: Letters, sender_name: str) -> None:
        self._letters = letters
        self._sender_name = sender_name

    def send(self, parcels: Sequence[Parcel], now: datetime) -> list[Fate]:
        """Accepted: the server has it; only what comes back says more. Raises as ``core.senders.parcels.Way``; ``Unfit`` for marketing without a way out."""
        return single(parcels, self._send, now)

    def _send(self, parcel: Parcel, now: datetime) -> Fate:
        if parcel.purpose == "marketing" and not parcel.way_out:
            raise Unfit("smtp.way_out")
        name = name_of(parcel.message_id)
        letter = Letter(name, self._sender_name, parcel.title, _text(parcel), parcel.way_out)
        try:
            self._letters.send(parcel.address, letter, now)
        except ValueError as error:  # a way out or a return path that is none is the same for everybody
            raise Unfit("smtp.way_out") from error
        return taken(parcel, "accepted", name)


def name_of(message_id: str) -> str:
    """As return paths can hold it: ``c12-345`` is ``c12_345``."""
    return message_id.replace("-", "_")


def message_of(name: str) -> str:
    """The message of a name that ``core.senders.bounces.message_of`` read from a return path."""
    return name.replace("_", "-")


def _text(parcel: Parcel) -> str:
    """The link stands below the text where the text does not name it."""
    if not parcel.link or parcel.link in parcel.text:
        return parcel.text
    return "\n".join((parcel.text, "", *filter(None, (parcel.link_title,)), parcel.link))
