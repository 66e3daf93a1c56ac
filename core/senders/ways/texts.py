"""SMS of both providers. Receipts name the number and the provider's serial, and carry the campaign's reference back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from core.senders.parcels import Fate, Parcel
from core.senders.sender import Gone, NotSent
from core.senders.sms import aliyun, tencent
from core.senders.sms.aliyun import Aliyun
from core.senders.sms.numbers import e164, is_mainland
from core.senders.sms.tencent import Tencent
from core.senders.sms.texting import Outcome, Text
from core.senders.ways.dividing import divided, refused, taken

NUMBER, UNREADABLE = "sms.number", "unreadable"


class _Client(Protocol):
    def send(self, to: Sequence[str], text: Text, now: datetime) -> tuple[Outcome, ...]: ...


class _Texts:
    """``signature``: as the provider approved it. An address that can be no mobile number is gone without the provider being asked."""

    is_repeatable = False
    most_at_once = 1
    longest_reference = 0

    def __init__(self, client: _Client, signature: str) -> None:
        self._client = client
        self._signature = signature

    def send(self, parcels: Sequence[Parcel], now: datetime) -> list[Fate]:
        """Accepted, with the provider's serial. Raises as ``core.senders.parcels.Way``."""
        numbers = {one.message_id: e164(one.address) for one in parcels}
        told = {one.message_id: refused(one, Gone(NUMBER)) for one in parcels if numbers[one.message_id] is None}
        groups = [
            [one for one in parcels if (number := numbers[one.message_id]) and is_mainland(number) is is_inside]
            for is_inside in (True, False)
        ]
        for some in filter(None, groups):
            fates = self._group(some, now, is_alone=len(some) == len(parcels))
            told |= {fate.message_id: fate for fate in fates}
        return [told[one.message_id] for one in parcels]

    def _group(self, parcels: Sequence[Parcel], now: datetime, *, is_alone: bool) -> list[Fate]:
        """All of the mainland, or none. What is the same of all is raised only where there are no others."""
        try:
            return divided(parcels, lambda some: self._asked(some, now))
        except NotSent as error:
            if is_alone:
                raise
            return [refused(one, error) for one in parcels]

    def _asked(self, parcels: Sequence[Parcel], now: datetime) -> list[Fate]:
        """A number that several parcels name gets the text once."""
        first = parcels[0]
        reference = first.reference.encode()[: self.longest_reference].decode(errors="ignore")
        text = Text(self._signature, first.template, first.values, reference, first.purpose == "marketing")
        numbers = [str(e164(one.address)) for one in parcels]
        outcomes = {one.number: one for one in self._client.send(list(dict.fromkeys(numbers)), text, now)}
        return [_fate(parcel, outcomes[number]) for parcel, number in zip(parcels, numbers, strict=True)]


class AliyunTexts(_Texts):
    most_at_once = aliyun.MOST_NUMBERS
    longest_reference = aliyun.LONGEST_REFERENCE

    def __init__(self, client: Aliyun, signature: str) -> None:
        super().__init__(client, signature)


class TencentTexts(_Texts):
    most_at_once = tencent.MOST_NUMBERS
    longest_reference = tencent.LONGEST_REFERENCE

    def __init__(self, client: Tencent, signature: str) -> None:
        super().__init__(client, signature)


def _fate(parcel: Parcel, outcome: Outcome) -> Fate:
    if outcome.trouble is not None:
        return refused(parcel, outcome.trouble)
    return taken(parcel, "accepted", outcome.serial if outcome.serial not in ("", UNREADABLE) else None)
