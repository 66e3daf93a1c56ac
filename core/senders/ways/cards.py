"""Cards of WeChat, one to one person at a time: template and subscription messages of an official account, subscription messages of a mini-program."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from core.senders.official_account import Card, MiniProgram, OfficialAccount
from core.senders.parcels import Fate, Parcel
from core.senders.ways.dividing import single, taken

Form = Literal["template", "subscribe"]


class OfficialCards:
    """``forms``: which kind of template each is; of one that nobody named, service goes as a template message and marketing as a subscription, for template messages are no place for it.
    ``mini_app``: the mini-program whose ``page`` a card opens; empty where there is none."""

    is_repeatable = False
    most_at_once = 1

    def __init__(self, account: OfficialAccount, forms: Mapping[str, Form] | None = None, mini_app: str = "") -> None:
        self._account = account
        self._forms = dict(forms or {})
        self._mini_app = mini_app

    def send(self, parcels: Sequence[Parcel], now: datetime) -> list[Fate]:
        """Accepted; the platform tells later whether it arrived, of a subscription without a number. Raises as ``core.senders.parcels.Way``."""
        return single(parcels, self._send, now)

    def _send(self, parcel: Parcel, now: datetime) -> Fate:
        app = self._mini_app if parcel.page else ""
        card = Card(parcel.template, parcel.values, parcel.link, parcel.page if app else "", app)
        if self._form(parcel) == "subscribe":
            address = parcel.page or parcel.link
            card = Card(parcel.template, parcel.values, page=card.page or address, app_id=app)
            self._account.send_subscription(parcel.address, card, now)
            return taken(parcel, "accepted")
        number = self._account.send_template(parcel.address, card, parcel.message_id, parcel.purpose, now)
        return taken(parcel, "accepted", number)

    def _form(self, parcel: Parcel) -> Form:
        return self._forms.get(parcel.template) or ("template" if parcel.purpose == "service" else "subscribe")


class MiniCards:
    is_repeatable = False
    most_at_once = 1

    def __init__(self, program: MiniProgram) -> None:
        self._program = program

    def send(self, parcels: Sequence[Parcel], now: datetime) -> list[Fate]:
        """Accepted; whether it arrived is told without a number. Raises as ``core.senders.parcels.Way``."""
        return single(parcels, self._send, now)

    def _send(self, parcel: Parcel, now: datetime) -> Fate:
        self._program.send_subscription(parcel.address, Card(parcel.template, parcel.values, page=parcel.page), now)
        return taken(parcel, "accepted")
