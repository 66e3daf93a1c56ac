"""What every way out to customers has in common: a parcel, what became of it, and what the way can do.

A way gets parcels that are all of one campaign, step and variant. It answers for every single one; it raises ``NotSent`` only where nothing was handed over at
all, and then the same became of each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from core.senders.sender import NotSent

State = Literal["accepted", "delivered"]


@dataclass(frozen=True, slots=True)
class Card:
    """Of a mini-program. ``media``: what the platform calls the cover, ``until``: the moment from which it does not have it any more."""

    title: str
    app_id: str
    page: str
    media: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message as one member gets it, personal fields filled in.

    ``message_id`` stays the same however often it is tried. ``address``: what the channel sends to (external user id, openid, number, address of e-mail, group chat; of a
    webhook the member's pseudonym). ``title``: of letters and cards. ``link``: where it leads, ``link_title``, ``link_text``, ``picture``: how a card shows that. ``template`` and
    ``values``: of providers that know templates only. ``way_out``: where its reader unsubscribes, empty where the channel has no such link. ``sender``: the employee who is asked to
    send it, where one is. ``reference``: of the campaign, without personal data. ``data``: for receivers that are programs. ``card``: of a mini-program, beside the rest.
    """

    message_id: str
    address: str = field(repr=False)
    text: str = field(repr=False)
    purpose: Literal["marketing", "service"] = "marketing"
    title: str = field(default="", repr=False)
    link: str = field(default="", repr=False)
    link_title: str = field(default="", repr=False)
    link_text: str = field(default="", repr=False)
    picture: str = field(default="", repr=False)
    template: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    page: str = field(default="", repr=False)
    way_out: str = field(default="", repr=False)
    sender: str = field(default="", repr=False)
    reference: str = ""
    data: Mapping[str, object] = field(default_factory=dict, repr=False)
    card: Card | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one parcel. ``state``: ``accepted`` (the platform has it, and tells later) or ``delivered`` (nothing more will be told); null where ``trouble`` says why it was not
    taken. ``provider_id``: what the platform calls it; null where it gives no name."""

    message_id: str
    state: State | None
    provider_id: str | None = None
    trouble: NotSent | None = None


class Way(Protocol):
    """One way out. ``is_repeatable``: its receiver can tell that it has had a parcel, so that after ``Uncertain`` it may be sent again. ``most_at_once``: parcels that one call may hold; where that is
    above 1 they must be ``alike``."""

    is_repeatable: bool
    most_at_once: int

    def send(self, parcels: Sequence[Parcel], now: datetime) -> list[Fate]:
        """One fate per parcel, in their order. Raises ``Temporary``, ``Permanent``, ``Halted``, ``Unfit``, ``Uncertain`` where it is the same of all."""
        ...


def alike(one: Parcel) -> tuple[object, ...]:
    """Parcels of which this is equal say the same to everybody, and may go in one call."""
    shown = (one.purpose, one.title, one.text, one.link, one.link_title, one.link_text, one.picture, one.template)
    return (*shown, tuple(one.values.items()), one.page, one.sender, one.reference, one.card)
