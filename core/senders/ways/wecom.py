"""Customer and group mass messages of WeCom: the platform asks an employee, so that a parcel is accepted here and never sent.

There is no key against doubles: after ``Uncertain`` nobody sends again before the list of messages was looked through.
"""

from collections.abc import Sequence
from datetime import datetime

from core.senders.outcomes import Unfit
from core.senders.parcels import Fate, Parcel
from core.senders.sender import Gone, Permanent
from core.senders.ways.dividing import divided, refused, taken
from core.senders.wecom import mass
from core.senders.wecom.calls import Calls
from core.senders.wecom.errors import EmployeeRefused
from core.senders.wecom.limits import InvalidMessage, is_id
from core.senders.wecom.mass import Attachment, ChatType, Image, Link, MassMessage, MiniProgram

FAILED, IDENTITY, SENDER = "wecom.failed", "wecom.identity", "wecom.sender"
COVER = "wecom.cover"
"""The cover of a card is not kept any more: it has to be uploaded again, whoever is written to."""


class WecomSingle:
    """To customers. Of those that WeCom leaves out it has no way to any; but where an employee was named, it may only be that this one is in no touch with them."""

    is_repeatable = False
    most_at_once = mass.MOST_CUSTOMERS
    chat_type: ChatType = "single"

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def send(self, parcels: Sequence[Parcel], now: datetime) -> list[Fate]:
        """Accepted, with the ``msgid`` that all of one call share. Raises as ``core.senders.parcels.Way``."""
        known = [one for one in parcels if is_id(one.address)]
        told = {one.message_id: refused(one, Gone(IDENTITY)) for one in parcels if not is_id(one.address)}
        fates = divided(known, lambda some: self._asked(some, now)) if known else []
        told |= {fate.message_id: fate for fate in fates}
        return [told[one.message_id] for one in parcels]

    def _asked(self, parcels: Sequence[Parcel], now: datetime) -> list[Fate]:
        card = parcels[0].card
        if card is not None and card.until <= now:
            raise Unfit(COVER)
        try:
            accepted = mass.send(self._calls, self.message(parcels), now)
        except InvalidMessage as error:
            raise _wrong(error) from error
        failed = set(accepted.failed)
        return [
            refused(one, self._left_out(one)) if one.address in failed else taken(one, "accepted", accepted.msgid)
            for one in parcels
        ]

    def message(self, parcels: Sequence[Parcel]) -> MassMessage:
        """What WeCom is asked for, for parcels that say the same. An address that several parcels name is named once."""
        first = parcels[0]
        text, attachments = _content(first)
        addresses = tuple(dict.fromkeys(one.address for one in parcels))
        return MassMessage(self.chat_type, addresses, text, first.sender or None, attachments)

    def _left_out(self, parcel: Parcel) -> Permanent:
        return Permanent(FAILED) if parcel.sender else Gone(FAILED)


class WecomGroup(WecomSingle):
    """To group chats, by their owner, who is the ``sender`` of each parcel."""

    most_at_once = mass.MOST_CHATS
    chat_type: ChatType = "group"

    def send(self, parcels: Sequence[Parcel], now: datetime) -> list[Fate]:
        """As ``WecomSingle.send``. A chat without an owner is refused by itself."""
        owned = [one for one in parcels if one.sender]
        fates = super().send(owned, now) if owned else []
        told = {one.message_id: one for one in fates}
        return [told.get(one.message_id) or refused(one, Permanent(SENDER)) for one in parcels]


def _content(parcel: Parcel) -> tuple[str, tuple[Attachment, ...]]:
    """A link is a card where it has a title, else a line of the text; a picture alone is a picture. A mini-program's card comes last."""
    card: tuple[Attachment, ...] = ()
    if parcel.card is not None:
        card = (MiniProgram(parcel.card.title, parcel.card.media, parcel.card.app_id, parcel.card.page),)
    if parcel.link and parcel.link_title:
        return parcel.text, (Link(parcel.link_title, parcel.link, parcel.link_text, parcel.picture), *card)
    text = parcel.text if not parcel.link or parcel.link in parcel.text else f"{parcel.text}\n{parcel.link}"
    return text, (Image(pic_url=parcel.picture), *card) if parcel.picture else card


def _wrong(error: InvalidMessage) -> Permanent:
    """A text of one member may be too long where that of another is not, so that it is no matter of everybody."""
    return EmployeeRefused(SENDER) if error.field == "sender" else Permanent(f"wecom.{error.reason}")
